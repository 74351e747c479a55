package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep"
)

// check runs the command, and compares its exit status, and what it prints among other things.
func check(t *testing.T, status int, words string, args ...string) {
	t.Helper()
	var out bytes.Buffer
	if got := run(args, &out, &out); got != status || !strings.Contains(out.String(), words) {
		t.Errorf("samebits %s: status %d, want %d with %q:\n%s", strings.Join(args, " "), got, status, words, &out)
	}
}

// emulated are architectures for which there is an emulator here, and whose instructions fuse.
func emulated(t *testing.T) (list []string) {
	if testing.Short() {
		return nil
	}
	for _, goarch := range []string{"arm64", "s390x", "riscv64", "ppc64le"} {
		_, err := target{goarch: goarch}.emulator()
		if goarch == runtime.GOARCH || runtime.GOOS != "linux" || err != nil {
			t.Logf("%s: not emulated here", goarch)
			continue
		}
		list = append(list, goarch)
	}
	return list
}

func TestSame(t *testing.T) {
	targets := append([]string{runtime.GOARCH, runtime.GOARCH + ":GOMAXPROCS=1"}, emulated(t)...)
	check(t, 0, "the same bytes ", "-on", strings.Join(targets, ","), "./testdata/same")
}

// A program that differs is found, and where.
func TestDifferent(t *testing.T) {
	own := runtime.GOARCH
	check(t, 1, own+":BITSTEP=b differs from "+own+":BITSTEP=a: line 2 is \"b\", not \"a\"\n1 of 2 differ from "+own+
		":BITSTEP=a\n", "-on", own+":BITSTEP=a,"+own+":BITSTEP=b", "./testdata/backend", "argument")
	if own != "amd64" {
		return
	}
	if bitstep.Active() != bitstep.Go { // which has fma
		check(t, 1, "1 of 2 differ", "-on", "amd64:GOAMD64=v1,amd64:GOAMD64=v3", "./testdata/fused")
	}
	for _, goarch := range emulated(t) {
		check(t, 1, goarch+" differs from amd64:GOAMD64=v1: line 2 is ", "-on", "amd64:GOAMD64=v1,386,"+goarch,
			"./testdata/fused")
	}
}

// This machine's GOARCH is all of its backends.
func TestBackends(t *testing.T) {
	targets, err := parse(runtime.GOARCH + ",s390x:A=1:B=2")
	if err != nil || len(targets) != len(bitstep.Backends())+1 {
		t.Fatalf("%v, %v", targets, err)
	}
	if first, last := targets[0].String(), targets[len(targets)-1].String(); first != runtime.GOARCH+":BITSTEP=go" ||
		last != "s390x:A=1:B=2" {
		t.Errorf("first %s, last %s", first, last)
	}
}

// What runs programs of an architecture is printed for scripts.
func TestEmulator(t *testing.T) {
	check(t, 0, "env\n", "-emulator", runtime.GOARCH)
	check(t, 2, "qemu-vax-static", "-emulator", "vax")
	for _, goarch := range emulated(t) {
		check(t, 0, "qemu-", "-emulator", goarch)
	}
	t.Setenv("PATH", t.TempDir())
	name := filepath.Join(os.Getenv("PATH"), "qemu-mips64el-static")
	if err := os.WriteFile(name, []byte("#!"), 0o755); err != nil || runtime.GOOS == "windows" {
		t.Skip("no programs without a suffix: ", err)
	}
	check(t, 0, "env GODEBUG=asyncpreemptoff=1 "+name+"\n", "-emulator", "mips64le")
}

// What cannot be found out is no success.
func TestRefused(t *testing.T) {
	own := runtime.GOARCH
	check(t, 2, "neither a package nor files")
	check(t, 2, "flag provided but not defined", "-unknown")
	check(t, 2, "nothing to compare", "-on", own+":A=1", "./testdata/backend")
	check(t, 2, "nothing was printed", "-on", own, "./testdata/silent")
	check(t, 2, "exit status 3", "-on", own, "./testdata/silent", "fail")
	check(t, 2, "go build ./testdata/missing", "-on", own, "./testdata/missing")
	check(t, 2, "qemu-vax-static", "-on", own+",vax", "./testdata/same")
	check(t, 2, "no GOARCH", "-on", own+",,", "./testdata/same")
	check(t, 2, "not KEY=value", "-on", own+":v3", "./testdata/same")
	check(t, 2, "missing", "-compare", "missing")
	check(t, 2, "-p is 0, want at least 1", "-p", "0", "-on", own, "./testdata/same")
}

// Targets are printed in their order, and a failure is told, however many run at once.
func TestAtOnce(t *testing.T) {
	own := runtime.GOARCH
	for _, p := range []string{"1", "3"} {
		var out bytes.Buffer
		targets := own + ":BITSTEP=c," + own + ":BITSTEP=b," + own + ":BITSTEP=a"
		run([]string{"-p", p, "-on", targets, "./testdata/backend"}, &out, &out)
		c, b, a := strings.Index(out.String(), "BITSTEP=c "), strings.Index(out.String(), "BITSTEP=b "),
			strings.Index(out.String(), "BITSTEP=a ")
		if c < 0 || c > b || b > a {
			t.Errorf("-p %s:\n%s", p, &out)
		}
		targets = own + ":A=1," + own + ":A=2," + own + ":A=3," + own + ":A=4"
		check(t, 2, "exit status 3", "-p", p, "-on", targets, "./testdata/silent", "fail")
	}
}

// What machines wrote is compared elsewhere.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for _, file := range []string{a, b} {
		check(t, 0, "", "-on", runtime.GOARCH, "-o", file, "./testdata/same")
	}
	check(t, 0, "the same bytes 2 times", "-compare", a, b)
	if err := os.WriteFile(b, []byte("other\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	check(t, 1, b+" differs from "+a+": line 1 is \"other\"", "-compare", a, b)
	check(t, 2, "nothing to compare", "-compare", a)
}
