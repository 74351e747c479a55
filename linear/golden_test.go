package linear_test

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

var updateGolden = flag.Bool("update-golden", false, "write testdata/weights.txt")

const weightsFile = "../testdata/weights.txt"

// Training makes of the small set what it made when the file was written, on every machine, backend and
// number of threads, from pixels and from rows in memory. A changed line is a changed result: say why in
// its commit.
func TestGoldenWeights(t *testing.T) {
	if *updateGolden {
		var b strings.Builder
		for _, c := range golden.Trainings() {
			hash, err := c.Run(bitstep.Go, 1, false)
			if err != nil {
				t.Fatal(err)
			}
			b.WriteString(c.String() + " " + hash + "\n")
		}
		temp := filepath.Join(filepath.Dir(weightsFile), "weights.tmp")
		if err := os.WriteFile(temp, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(temp, weightsFile); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s is written; run the test again, which reads it as it is when compiled", weightsFile)
		return
	}
	want := strings.Split(strings.TrimSuffix(testdata.Weights, "\n"), "\n")
	cases := golden.Trainings()
	if len(want) != len(cases) {
		t.Fatalf("%s has %d lines, want %d", weightsFile, len(want), len(cases))
	}
	for i, c := range cases {
		for _, b := range bitstep.Backends() {
			for _, threads := range []int{1, 2} {
				if b == bitstep.Go && threads > 1 && testing.Short() {
					continue // once is slow enough where this is emulated
				}
				hash, err := c.Run(b, threads, threads > 1)
				if err != nil {
					t.Fatal(err)
				}
				if got := c.String() + " " + hash; got != want[i] {
					t.Errorf("%v, %d threads give\n%s, the file has\n%s", b, threads, got, want[i])
				}
			}
		}
	}
}
