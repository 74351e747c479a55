package optim_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/golden"
	"github.com/bitstep-go/bitstep/testdata"
)

var updateGolden = flag.Bool("update-golden", false, "write ../testdata/trajectories.txt with the backend go")

// Every backend makes of fixed runs of 1,000 steps what the file has. A changed line is a changed result:
// say why in its commit.
func TestGoldenTrajectories(t *testing.T) {
	follow := func(c golden.Trajectory, b bitstep.Backend) string {
		hash, err := c.Follow(b)
		if err != nil {
			t.Fatal(err)
		}
		return c.String() + " " + hash
	}
	all := golden.Trajectories()
	if *updateGolden {
		text := ""
		for _, c := range all {
			text += follow(c, bitstep.Go) + "\n"
		}
		if err := os.WriteFile("../testdata/trajectories.txt", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Skip("written; run again to compare")
	}
	want := strings.Split(strings.TrimSuffix(testdata.Trajectories, "\n"), "\n")
	if len(want) != len(all) {
		t.Fatalf("testdata/trajectories.txt has %d lines, want %d", len(want), len(all))
	}
	seen := map[string]string{}
	for i, c := range all {
		for _, b := range bitstep.Backends() {
			if got := follow(c, b); got != want[i] {
				t.Errorf("%v gives\n%s, the file has\n%s", b, got, want[i])
			}
		}
		_, hash, _ := strings.Cut(want[i], c.Type)
		if other, ok := seen[hash]; ok { // an option that has no effect would hide here
			t.Errorf("%v and %s are the same", c, other)
		}
		seen[hash] = c.String()
	}
}
