// Package goldentest tests results against the golden files of testdata, and writes these.
package goldentest

import (
	"flag"
	"os"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/golden"
	"github.com/bitstep-go/bitstep/internal/testfile"
)

var update = flag.Bool("update-golden", false,
	"write the golden files of testdata that the tests compare with; then run go generate ./..., which compiles\n"+
		"the lists of hashes in (internal/golden/hashes.go), and test again")

// Compare fails the test for every line that one of the backends gives and the file, as it was compiled in, does
// not have. With -update-golden it writes the file from the first of them and skips the rest of the test. A
// changed line is a changed result: say why in its commit.
func Compare(t *testing.T, f golden.File, backends ...bitstep.Backend) {
	t.Helper()
	Write(t, f.Name, func() string {
		text, err := f.Make(backends[0])
		if err != nil {
			t.Fatal(err)
		}
		return text
	})
	for _, b := range backends {
		if err := f.Compare(b, func() {}); err != nil {
			t.Error(err)
		}
	}
}

// Write does nothing without -update-golden. With it, it makes a file's text, replaces the file and skips the
// rest of the test.
func Write(t *testing.T, name string, text func() string) {
	t.Helper()
	if !*update {
		return
	}
	path := testfile.Path(t, name)
	if err := os.WriteFile(path+".tmp", []byte(text()), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		t.Fatal(err)
	}
	t.Skipf("%s is written: run go generate ./... and test again", path)
}
