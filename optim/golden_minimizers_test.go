package optim_test

import (
	"os"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/golden"
	"github.com/bitstep-go/bitstep/testdata"
)

// Every backend makes of the problems what the file has. A changed line is a changed result: say why in its
// commit.
func TestGoldenMinimizers(t *testing.T) {
	all := golden.Minimizations()
	if *updateGolden {
		var b strings.Builder
		for _, c := range all {
			b.WriteString(c.String() + " " + c.Follow(bitstep.Go) + "\n")
		}
		if err := os.WriteFile("../testdata/minimizers.txt", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Skip("written; run again to compare")
	}
	want := strings.Split(strings.TrimSuffix(testdata.Minimizers, "\n"), "\n")
	if len(want) != len(all) {
		t.Fatalf("testdata/minimizers.txt has %d lines, want %d", len(want), len(all))
	}
	for i, c := range all {
		for _, b := range bitstep.Backends() {
			if got := c.String() + " " + c.Follow(b); got != want[i] {
				t.Errorf("%v gives\n%s, the file has\n%s", b, got, want[i])
			}
		}
	}
}
