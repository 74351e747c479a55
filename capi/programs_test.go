package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Programs that check what they are about: calls from several threads, fork, settings.
func TestPrograms(t *testing.T) {
	for _, source := range []string{"threads", "fork", "settings"} {
		for _, library := range []string{"libbitstep.so", "libbitstep.a"} {
			if got := run(t, nil, program(t, "testdata/"+source+".c", library)); got != "ok\n" {
				t.Errorf("%s with %s: %q", source, library, got)
			}
		}
	}
}

// A name in BITSTEP that the machine cannot run ends the process when it loads the library.
func TestUnknownBackend(t *testing.T) {
	cmd := exec.Command(program(t, "example/hello.c", "libbitstep.so"))
	cmd.Env = append(os.Environ(), "BITSTEP=mmx")
	out, err := cmd.CombinedOutput()
	const want = "bitstep: BITSTEP=mmx: this machine and build can run go"
	if err == nil || !strings.Contains(string(out), want) {
		t.Errorf("error %v, want %s in\n%s", err, want, out)
	}
}

// The mode of the thread that loads the library is not inherited by those of Go's runtime.
func TestLoadFlushing(t *testing.T) {
	program := program(t, "testdata/load.c", "libbitstep.so", "-ldl")
	got := run(t, []string{"GOMAXPROCS=2"}, program, filepath.Join(libraries(t), "libbitstep.so"))
	if want := "2\n"; got != want {
		t.Errorf("%q threads, want %q", got, want)
	}
}
