package main_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// Tests build the libraries as README.md tells, compile C programs against bitstep.h, and run them. Nothing of the
// package itself is in the test, since all of it needs a C compiler.

// compiler is the C compiler, as cgo finds it. Programs here are made for Linux, and know the floating-point modes of
// two architectures.
func compiler(t testing.TB) string {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("the C programs are not for ", runtime.GOOS, " on ", runtime.GOARCH)
	}
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "gcc"
	}
	path, err := exec.LookPath(cc)
	if err != nil {
		t.Skip("no C compiler: ", err)
	}
	return path
}

// run runs a command and returns what it prints.
func run(t testing.TB, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return string(out)
}

// libraries builds both libraries, once, and returns their folder.
func libraries(t testing.TB) string {
	t.Helper()
	compiler(t)
	built.Do(func() {
		if folder = os.Getenv(builtFolder); folder != "" {
			return
		}
		// go test keeps results while no file has changed that a test has looked at: here all of the module.
		if err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Name() == ".git" && d.IsDir() {
				return filepath.SkipDir
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		dir, err := os.MkdirTemp("", "bitstep-capi")
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range [][]string{{"c-shared", "libbitstep.so"}, {"c-archive", "libbitstep.a"}} {
			run(t, []string{"CGO_ENABLED=1"}, "go", "build", "-buildmode="+l[0], "-o", filepath.Join(dir, l[1]), ".")
		}
		folder, owner = dir, true
		os.Setenv(builtFolder, dir)
	})
	if folder == "" {
		t.Fatal("the libraries were not built")
	}
	return folder
}

// builtFolder is the variable by which a fuzzer's workers find what the process that started them has built.
const builtFolder = "BITSTEP_CAPI_BUILT"

var (
	built  sync.Once
	folder string
	owner  bool // this process built it
)

func TestMain(m *testing.M) {
	code := m.Run()
	if owner {
		os.RemoveAll(folder)
	}
	os.Exit(code)
}

// warnings are what a C compiler is asked to find in the header and in programs.
var warnings = []string{"-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O2", "-I."}

// program compiles a C file and links it with one of the libraries.
func program(t testing.TB, source, library string, flags ...string) string {
	t.Helper()
	dir := libraries(t)
	binary := filepath.Join(t.TempDir(), strings.TrimSuffix(filepath.Base(source), ".c"))
	args := append(append([]string{}, warnings...), flags...)
	args = append(args, "-o", binary, source, filepath.Join(dir, library), "-lpthread", "-lm", "-Wl,-rpath,"+dir)
	run(t, nil, compiler(t), args...)
	return binary
}

func TestHello(t *testing.T) {
	for _, library := range []string{"libbitstep.so", "libbitstep.a"} {
		if got, want := run(t, nil, program(t, "example/hello.c", library)), "0.875 2.125 2.875\n"; got != want {
			t.Errorf("%s: %q, want %q", library, got, want)
		}
	}
}

// The header is C++, too, and needs nothing before it.
func TestHeader(t *testing.T) {
	compiler(t)
	for _, language := range []string{"c", "c++"} {
		cc := "gcc"
		if language == "c++" {
			cc = "g++"
		}
		if _, err := exec.LookPath(cc); err != nil {
			t.Log("skipped: ", err)
			continue
		}
		run(t, nil, cc, "-x", language, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "bitstep.h")
	}
}
