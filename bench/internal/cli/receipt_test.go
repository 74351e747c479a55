package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/receipt"
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
	written := regexp.MustCompile(`receipt    written to .*\n           SHA-256 ([0-9a-f]{64})\n`)
	digest := written.FindStringSubmatch(text)
	if digest == nil {
		t.Fatalf("no digest in\n%s", text)
	}
	if !strings.Contains(text, "receipt    to "+file) {
		t.Errorf("nothing of the receipt in\n%s", text)
	}
	for _, args := range [][]string{{"-segments", "2", "-seed", "4", file, "-sha256", digest[1]},
		{file, "-segments=0", "-threads=2", "-sha256", strings.ToUpper(digest[1])}} {
		text, err := runAudit(t, append(args, "-data", data)...)
		for _, part := range []string{"the chain of 6 states holds", "claims     all ", "replayed   the start, and ",
			" of 5 segments", "results    as claimed; weights SHA-256", "verdict    ",
			"SHA-256 " + digest[1] + ",\n           as published\n", "claimed    bench train -type=float64 -seed=1 ",
			"-lr=0.001 -schedule=warmup:3+cosine ", " -epochs=4 ", "24 steps, a state every 5\n",
			"training set  SHA-256 "} {
			if err != nil || !strings.Contains(text, part) {
				t.Errorf("%q: %v, %q is missing in\n%s", args, err, part, text)
			}
		}
	}
	other := strings.Repeat("0", 64)
	text, err := runAudit(t, file, "-data", data, "-sha256", other)
	if err == nil || text != "" || !strings.Contains(err.Error(), digest[1]+", and -sha256 says "+other) {
		t.Errorf("another digest: %v\n%s", err, text)
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
		!strings.Contains(text, " pixels ") || strings.Count(text, "FOUND") != 2 ||
		strings.Contains(text, "replayed") || strings.Contains(text, "-data") {
		t.Errorf("with another pixel: %v\n%s", err, text)
	}
}

// A receipt says how states and weights are stored, where that is not as it always was.
func TestReceiptStorage(t *testing.T) {
	data, dir := smallData(t), t.TempDir()
	for i, flags := range [][]string{{"-states=full", "-weights=full"}, {"-states=bf16"}, {"-states=block8"},
		{"-weights=bf16"}, {"-weights=bf16+master"}, {"-states=block8", "-weights=bf16+master"}} {
		file := filepath.Join(dir, fmt.Sprint(i, ".receipt"))
		runTrain(t, append(flags, "-data", data, "-validation", "100", "-batch", "50", "-epochs", "1", "-out", dir,
			"-receipt", file, "-receipt-steps", "2")...)
		text, err := runAudit(t, file, "-data", data)
		_, claimed, _ := strings.Cut(text, "claimed ")
		claimed, _, _ = strings.Cut(claimed, " 6 steps")
		claimed = strings.Join(strings.Fields(claimed), " ")
		if err != nil || strings.Contains(claimed, strings.Join(flags, " ")) != (i > 0) ||
			i == 0 && (strings.Contains(claimed, "-states") || strings.Contains(claimed, "-weights")) {
			t.Errorf("%v: %v\n%s", flags, err, text)
		}
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
	cut := bytes.LastIndex(whole, []byte(`{"previous":"`)) - 1000
	if err := os.WriteFile(file, whole[:cut], 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = runAudit(t, file, "-data", data)
	if err == nil || !strings.Contains(err.Error(), "first 4 states are whole") {
		t.Errorf("audit of a receipt that was cut off: %v", err)
	}
	for _, other := range []string{"-lr=0.5", "-receipt-steps=6"} { // nothing is lost by a mistake
		var f trainFlags
		set := flag.NewFlagSet("train", flag.ContinueOnError)
		f.register(set)
		if err := set.Parse(append(flags, "-resume", other)); err != nil {
			t.Fatal(err)
		}
		err := f.run(t.Context(), io.Discard, nil)
		if left, unread := os.ReadFile(file); err == nil || unread != nil || !bytes.Equal(left, whole[:cut]) {
			t.Errorf("resumed with %s: %v; the receipt has %d bytes, want %d; %v", other, err, len(left), cut, unread)
		}
	}
	runTrain(t, append(flags, "-resume")...)
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, whole) {
		t.Errorf("resumed: another receipt, of %d bytes and not %d, %v", len(got), len(whole), err)
	}
	var f trainFlags
	set := flag.NewFlagSet("train", flag.ContinueOnError)
	f.register(set)
	if err := set.Parse(append(flags, "-resume")); err != nil {
		t.Fatal(err)
	}
	err = f.run(t.Context(), io.Discard, nil)
	if !errors.Is(err, receipt.ErrEnded) || !strings.Contains(err.Error(), "-resume without -receipt shows") {
		t.Errorf("resumed at its end: %v", err)
	}
	text := runTrain(t, append(flags, "-receipt", file+"2")...)
	saved := "; saved to " + filepath.Join(dir, "checkpoint.safetensors") + "\n           where an earlier run is"
	if !strings.Contains(text, saved) {
		t.Errorf("a run in the place of another:\n%s", text)
	}
}

// A writer that calls stop when a text is written.
type stopper struct {
	text string
	stop func()
}

func (s stopper) Write(b []byte) (int, error) {
	if strings.Contains(string(b), s.text) {
		s.stop()
	}
	return len(b), nil
}

// Who interrupts a run with a receipt is told from where it goes on: not from the step that the checkpoint has.
func TestReceiptInterrupted(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "run.receipt")
	var f trainFlags
	set := flag.NewFlagSet("train", flag.ContinueOnError)
	f.register(set)
	if err := set.Parse([]string{"-data", smallData(t), "-validation", "0", "-batch", "50", "-epochs", "9", "-out", dir,
		"-receipt", file, "-receipt-steps", "5"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := f.run(ctx, stopper{"     1       8 ", cancel}, nil) // of 400 images, in the table of epochs
	var interrupted *linear.InterruptedError
	var kept *interruption
	if !errors.As(err, &interrupted) || interrupted.Step != 8 || !errors.As(err, &kept) ||
		kept.saved() != "; the run goes on after step 5, the last state in "+file {
		t.Fatalf("interrupted: %v", err)
	}
	train := command{name: "train", register: func(*flag.FlagSet) runner {
		return func(context.Context, io.Writer, []string) error { return err }
	}}
	for lines := 3; lines <= 4; lines++ {
		stderr, restore := redirected(t)
		status := train.execute(nil)
		restore()
		want := "\nInterrupted after step 8; the run goes on after step 5, the last state in " + file + ".\nTo go on:  "
		if got := stderr(); status != 130 || !strings.HasPrefix(got, want) || strings.Count(got, "\n") != lines ||
			strings.Contains(got, "the disk is full") != (lines == 4) {
			t.Errorf("status %d, %q", status, got)
		}
		// The receipt is there even if the checkpoint is not.
		interrupted.Checkpoint, interrupted.Unsaved = "", errors.New("the disk is full")
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
	}{{2, ""}, {2, "a b"}, {2, "other -segments -1"}, {2, "other -threads -1"}, {2, "other -sha256 x"},
		{2, "other -sha256 00"}, {1, "empty"}, {1, "other"}, {1, "none"}, {1, "."}, {0, "-help"}} {
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

// What a receipt claims that no run does is no mistake of who audits it, and moves no cursor.
func TestReceiptForeign(t *testing.T) {
	data := smallData(t)
	for wrong, value := range map[string]string{"validation": "1000", "type": "int", "loss": "l1", "batch": "0",
		"seed": "x", "optimizer": "\x1b[2J", "sampling": strings.Repeat("x", 1000), "schedule": "never", "lr": "-1"} {
		var f trainFlags
		set := flag.NewFlagSet("", flag.ContinueOnError)
		f.register(set)
		f.validation = 100
		var claims []receipt.Claim
		for _, name := range decisive {
			claims = append(claims, receipt.Claim{Name: claimOf(name), Value: set.Lookup(name).Value.String()})
			if name == wrong {
				claims[len(claims)-1].Value = value
			}
		}
		name := filepath.Join(t.TempDir(), "receipt")
		file, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		to, err := receipt.NewWriter(file, 1, claims)
		if err == nil {
			err = to.Add(0, nil, nil)
		}
		if err == nil {
			_, err = to.End(nil)
		}
		if err != nil || file.Close() != nil {
			t.Fatal(err)
		}
		_, stderr, status := bench(t, "", "audit", name, "-data", data)
		if status != 1 || !strings.Contains(strings.ToLower(stderr), wrong) || strings.Contains(stderr, "\x1b") ||
			len(stderr) > 500 {
			t.Errorf("-%s %.20q: status %d\n%s", wrong, value, status, stderr)
		}
	}
}

// Who gives no -data is told that the images are the synthetic ones, where claims differ.
func TestAuditHint(t *testing.T) {
	differs := auditReport{Report: &receipt.Report{Findings: []receipt.Finding{{Segment: -1, What: "training set"}}}}
	for dir, want := range map[string]bool{"": true, "folder": false} {
		var out bytes.Buffer
		if err := differs.print(&out, &auditFlags{dir: dir}); !errors.Is(err, errForged) ||
			strings.Contains(out.String(), "-data names the folder") != want {
			t.Errorf("-data %q: %v\n%s", dir, err, &out)
		}
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
