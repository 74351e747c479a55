package cli

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// runAudit runs bench audit and returns what it printed.
func runAudit(t *testing.T, args ...string) (string, error) {
	t.Helper()
	set, run := auditCommand.flags()
	words, err := parse(set, args)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = run(t.Context(), &out, words)
	return out.String(), err
}

// A receipt of bench train passes its audit with the same images, and with others it does not.
func TestReceipt(t *testing.T) {
	data, dir := smallData(t), t.TempDir()
	file := filepath.Join(dir, "run.receipt")
	flags := []string{"-data", data, "-validation", "100", "-batch", "50", "-epochs", "4", "-out", dir, "-receipt",
		file, "-lr", "0.001", "-schedule", "warmup:3+cosine", "-type", "float64"}
	text := runTrain(t, append(flags, "-receipt-steps", "5")...)
	for _, part := range []string{"receipt    to " + file, "receipt    written to " + file + "\n           SHA-256 "} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in\n%s", part, text)
		}
	}
	for _, args := range [][]string{{"-segments", "2", "-seed", "4", file}, {file, "-segments=0", "-threads=2"}} {
		text, err := runAudit(t, append(args, "-data", data)...)
		for _, part := range []string{"the chain of 6 states holds", "claims     all ", "replayed   the start, and ",
			" of 5 segments", "results    as claimed; weights SHA-256", "verdict    ",
			" of 24 steps; the longest segment has 5"} {
			if err != nil || !strings.Contains(text, part) {
				t.Errorf("%q: %v, %q is missing in\n%s", args, err, part, text)
			}
		}
	}
	batch := filepath.Join(data, "data_batch_3.bin")
	images, err := os.ReadFile(batch)
	if err != nil {
		t.Fatal(err)
	}
	images[3073*7+100] ^= 1
	if err := os.WriteFile(batch, images, 0o666); err != nil {
		t.Fatal(err)
	}
	text, err = runAudit(t, file, "-data", data)
	if !errors.Is(err, errForged) || !strings.Contains(text, "FOUND      the run: ") ||
		!strings.Contains(text, " pixels ") || strings.Count(text, "FOUND") != 1 || strings.Contains(text, "replayed") {
		t.Errorf("with another pixel: %v\n%s", err, text)
	}
}

// A run that is resumed with a receipt goes on where that ends.
func TestReceiptResumed(t *testing.T) {
	data, dir := smallData(t), t.TempDir()
	file := filepath.Join(dir, "run.receipt")
	flags := []string{"-data", data, "-validation", "0", "-batch", "50", "-epochs", "2", "-out", dir, "-receipt", file,
		"-receipt-steps", "5"}
	runTrain(t, flags...)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cut := bytes.LastIndex(whole, []byte(`{"previous":"`))
	if err := os.WriteFile(file, whole[:cut-1000], 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = runAudit(t, file, "-data", data)
	if err == nil || !strings.Contains(err.Error(), "first 4 states are whole") {
		t.Errorf("audit of a receipt that was cut off: %v", err)
	}
	runTrain(t, append(flags, "-resume")...)
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, whole) {
		t.Errorf("resumed: another receipt, of %d bytes and not %d, %v", len(got), len(whole), err)
	}
}

func TestReceiptMistakes(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"empty": "", "other": "{\"receipt\":1,\"claims\":[]}\n" +
		`{"previous":"c5a0fdc3bb35b5ecd1ce9b9cbeea92dc0ac2fc1c66ef0a0d9eb53dcc1a5a5a53","end":true,"segments":0}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for _, c := range []struct {
		want int
		args string
	}{{2, ""}, {2, "a b"}, {2, "other -segments -1"}, {2, "other -threads -1"}, {1, "empty"}, {1, "other"}, {1, "none"},
		{1, "."}, {0, "-help"}} {
		if got := auditCommand.execute(strings.Fields(c.args)); got != c.want {
			t.Errorf("bench audit %s: status %d, want %d", c.args, got, c.want)
		}
	}
	for _, args := range []string{"-receipt other", "-receipt no/file", "-receipt .", "-receipt-steps 5",
		"-resume -receipt none"} {
		if got := trainCommand.execute(append(strings.Fields(args), "-data=nowhere")); got != 2 {
			t.Errorf("bench train %s: status %d, want 2", args, got)
		}
	}
	if text, err := os.ReadFile("other"); err != nil || !strings.HasPrefix(string(text), `{"receipt":1`) {
		t.Errorf("a file that was there: %q, %v", text, err)
	}
	var f trainFlags
	set := flag.NewFlagSet("", flag.ContinueOnError)
	f.register(set)
	err := f.setClaims(set, nil)
	if err == nil || !strings.Contains(err.Error(), "not a receipt of bench train: it lacks the claims flag -type, ") {
		t.Errorf("without claims: %v", err)
	}
}

func TestRanges(t *testing.T) {
	for _, c := range []struct {
		n    []int
		want string
	}{{nil, ""}, {[]int{3}, "3"}, {[]int{1, 2, 3, 7, 9, 10}, "1-3, 7, 9-10"}} {
		if got := ranges(c.n); got != c.want {
			t.Errorf("%v: %q, want %q", c.n, got, c.want)
		}
	}
}
