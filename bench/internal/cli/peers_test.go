package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/bench/internal/record"
)

func TestPeers(t *testing.T) {
	dir := t.TempDir()
	stdout, stderr, status := bench(t, dir, "peers", "-quick", "-o", "peers.json")
	if status != 0 || stderr != "" {
		t.Fatalf("status %d, %s", status, stderr)
	}
	for _, want := range []string{"float32, one thread", "float64, one thread", "bitstep", "Go loop", "gonum", "square",
		"Adam", "written: peers.json"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is missing in\n%s", want, stdout)
		}
	}
	r, err := record.ReadFile(filepath.Join(dir, "peers.json"))
	if err != nil || !r.Complete || len(r.Rows) < 76 {
		t.Fatalf("%v, %d rows", err, len(r.Rows))
	}
	for _, row := range r.Rows {
		if row.Group != record.Peer || row.Checked != (row.Peer == "bitstep") {
			t.Errorf("%+v", row)
		}
	}
	checkFailures(t, dir, []failure{
		{[]string{"peers", "-quick", "-o", "peers.json"}, 1, "peers.json exists"},
		{[]string{"peers", "-quick", "-o", "none/peers.json"}, 1, "none/peers.json"},
		{[]string{"peers", "x"}, 2, "unexpected argument"},
	})
}
