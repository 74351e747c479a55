package bitstep_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/golden"
	"github.com/bitstep-go/bitstep/testdata"
)

var updateGolden = flag.Bool("update-golden", false, "write testdata/golden.txt from the definitions")

const goldenFile = "testdata/golden.txt"

// Definitions and backends make of fixed inputs what they made when the file was written. A changed
// line is a changed result: say why in its commit.
func TestGolden(t *testing.T) {
	cases, written := golden.Cases(), ""
	if *updateGolden {
		var b strings.Builder
		for _, c := range cases {
			b.WriteString(c.String() + " " + golden.Define(c) + "\n")
		}
		written = b.String()
		temp := filepath.Join(filepath.Dir(goldenFile), "golden.tmp")
		if err := os.WriteFile(temp, []byte(written), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(temp, goldenFile); err != nil {
			t.Fatal(err)
		}
	}
	text := testdata.Golden
	if *updateGolden {
		text = written
	}
	want := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(want) != len(cases) {
		t.Fatalf("%s has %d lines, want %d", goldenFile, len(want), len(cases))
	}
	seen := map[string]string{}
	for i, c := range cases {
		name, hash, _ := strings.Cut(want[i], " "+c.Type+" ")
		if _, hash, _ = strings.Cut(hash, " "); seen[hash] != "" { // as of results that are all NaN
			t.Errorf("%s and %s have the same hash", seen[hash], name)
		}
		seen[hash] = name
		if got := c.String() + " " + golden.Define(c); got != want[i] {
			t.Errorf("the definition gives\n%s, the file has\n%s", got, want[i])
		}
		for _, b := range bitstep.Backends()[1:] {
			if got := c.String() + " " + golden.Call(c, b); got != want[i] {
				t.Errorf("%v gives\n%s, the file has\n%s", b, got, want[i])
			}
		}
	}
}
