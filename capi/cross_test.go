package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The same for arm64, under an emulator: its libraries have their own code for floating-point modes, and NEON.
func TestCross(t *testing.T) {
	if os.Getenv("BITSTEP_CROSS") == "" {
		t.Skip("BITSTEP_CROSS is not set")
	}
	const cc, emulator = "aarch64-linux-gnu-gcc", "qemu-aarch64-static"
	for _, program := range []string{cc, emulator} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatal(err)
		}
	}
	crossed = true
	defer func() { crossed = false }()
	dir := t.TempDir()
	library := filepath.Join(dir, "libbitstep.a")
	run(t, []string{"CGO_ENABLED=1", "GOARCH=arm64", "CC=" + cc}, "go", "build", "-buildmode=c-archive", "-o", library,
		".")
	compile := func(source string) string {
		binary := filepath.Join(dir, strings.TrimSuffix(filepath.Base(source), ".c"))
		run(t, nil, cc, append(append([]string{}, warnings...), "-Iexample", "-static", "-o", binary, source, library,
			"-lpthread")...)
		return binary
	}
	driver, train := compile("testdata/driver.c"), compile("example/train.c")
	for _, backend := range []string{"go", "neon"} {
		t.Run(backend, func(t *testing.T) {
			allCalls(t, start(t, []string{"BITSTEP=" + backend}, driver, emulator), []int{0, 1, 5, 16, 33, 100, 300})
		})
	}
	if got := strings.TrimSpace(run(t, nil, emulator, train)); got != trained {
		t.Errorf("training on arm64 gives %s, want %s", got, trained)
	}
	for _, program := range []string{"threads", "settings"} {
		if got := run(t, []string{"BITSTEP=neon"}, emulator, compile("testdata/"+program+".c")); got != "ok\n" {
			t.Errorf("%s on arm64: %q", program, got)
		}
	}
}
