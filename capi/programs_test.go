package main_test

import (
	"path/filepath"
	"testing"
)

// Calls from several threads, with both libraries.
func TestThreads(t *testing.T) {
	for _, library := range []string{"libbitstep.so", "libbitstep.a"} {
		if got := run(t, nil, program(t, "testdata/threads.c", library)); got != "ok\n" {
			t.Errorf("%s: %q", library, got)
		}
	}
}

// A fork's child is refused, and the parent and a child that calls exec go on.
func TestFork(t *testing.T) {
	for _, library := range []string{"libbitstep.so", "libbitstep.a"} {
		if got := run(t, nil, program(t, "testdata/fork.c", library)); got != "ok\n" {
			t.Errorf("%s: %q", library, got)
		}
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
