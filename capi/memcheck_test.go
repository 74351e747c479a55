package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Under valgrind, which sees what is used without having been set. Go's runtime tells valgrind of its stacks if it is
// built so. Valgrind knows one floating-point mode, no AVX-512 (the library then has no such backend), and an fma that
// loses the sign of what underflows, so that bits are not compared.
func TestValgrind(t *testing.T) {
	if os.Getenv("BITSTEP_VALGRIND") == "" {
		t.Skip("BITSTEP_VALGRIND is not set")
	}
	if _, err := exec.LookPath("valgrind"); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	library, driver := filepath.Join(dir, "libbitstep.so"), filepath.Join(dir, "driver")
	run(t, []string{"CGO_ENABLED=1"}, "go", "build", "-tags=valgrind", "-ldflags=-w", "-buildmode=c-shared", "-o",
		library, ".")
	run(t, nil, compiler(t), "-std=c99", "-O2", "-I.", "-o", driver, "testdata/driver.c", library, "-Wl,-rpath,"+dir)
	checked = true
	defer func() { checked = false }()
	allCalls(t, start(t, nil, driver, "valgrind", "-q", "--error-exitcode=9"), []int{0, 1, 5, 16, 33, 100})
}
