package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

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
		{[]string{"peers", "-quick", "-o", "peers.json"}, 2, "-o: peers.json exists"},
		{[]string{"peers", "-quick", "-o", "none/peers.json"}, 2, "none/peers.json"},
		{[]string{"peers", "x"}, 2, "unexpected argument"},
	})
}

// An interrupted run prints and writes what is finished.
func TestPeersInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no process interrupts another there")
	}
	name, err := built()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var out, errs strings.Builder
	cmd := exec.Command(name, "peers", "-o", "peers.json")
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // of half a minute
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if status := cmd.ProcessState.ExitCode(); status != 130 || !strings.Contains(errs.String(), "interrupted") {
		t.Errorf("status %d, want 130; %q", status, errs.String())
	}
	r, err := record.ReadFile(filepath.Join(dir, "peers.json"))
	if err != nil || r.Complete || !strings.Contains(out.String(), "written: peers.json") {
		t.Errorf("%v, complete: %v, printed %s", err, r.Complete, out.String())
	}
}
