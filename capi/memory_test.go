package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// wantMemory skips a test of memory unless it is asked for.
func wantMemory(t *testing.T) {
	t.Helper()
	if os.Getenv("BITSTEP_MEMORY") == "" {
		t.Skip("BITSTEP_MEMORY is not set")
	}
}

// Under valgrind, which sees what is used without having been set. Go's runtime tells valgrind of its stacks if it is
// built so. Valgrind knows one floating-point mode, no AVX-512 (the library then has no such backend), and an fma that
// loses the sign of what underflows, so that bits are not compared.
func TestValgrind(t *testing.T) {
	wantMemory(t)
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

// C programs with AddressSanitizer, which also finds what is never freed.
func TestSanitizer(t *testing.T) {
	wantMemory(t)
	build := func(source string) string {
		return program(t, source, "libbitstep.so", "-g", "-fsanitize=address,undefined", "-Iexample")
	}
	for _, source := range []string{"testdata/threads.c", "testdata/settings.c"} {
		if got := run(t, nil, build(source)); got != "ok\n" {
			t.Errorf("%s: %q", source, got)
		}
	}
	if got := strings.TrimSpace(run(t, nil, build("example/train.c"))); got != trained {
		t.Errorf("example/train.c gives %s, want %s", got, trained)
	}
	allCalls(t, start(t, nil, build("testdata/driver.c")), []int{0, 1, 5, 16, 33, 100})
}
