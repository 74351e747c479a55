package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/linear/dataset"
)

// smallData writes a small set and returns its folder.
func smallData(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := (dataset.Synthetic{Seed: 3, Train: 400, Test: 100}).WriteCIFAR10(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// runTrain runs bench train and returns what it printed.
func runTrain(t *testing.T, args ...string) string {
	t.Helper()
	var f trainFlags
	set := flag.NewFlagSet("train", flag.ContinueOnError)
	f.register(set)
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := f.run(context.Background(), &out, nil); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return out.String()
}

func checkPNG(t *testing.T, name string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := png.Decode(f); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// The command trains, writes its files and prints one hash however the run was made.
func TestTrain(t *testing.T) {
	data, out := smallData(t), t.TempDir()
	flags := []string{"-data", data, "-validation", "100", "-batch", "50", "-epochs", "4", "-out", out}
	hash := regexp.MustCompile(`SHA-256 [0-9a-f]{64}`)
	text := runTrain(t, append(flags, "-threads", "1", "-times")...)
	want := hash.FindString(text)
	for _, part := range []string{want, "300 images to train, 100 to validate, 100 to test", "test accuracy",
		"Confusion", "backward"} {
		if part == "" || !strings.Contains(text, part) {
			t.Errorf("%q is missing in\n%s", part, text)
		}
	}
	for _, name := range []string{"curves.png", "templates.png"} {
		checkPNG(t, filepath.Join(out, name))
	}
	if got := hash.FindString(runTrain(t, append(flags, "-threads", "2", "-rows")...)); got != want {
		t.Errorf("from rows, with two threads: %s, want %s", got, want)
	}
	text = runTrain(t, append(flags, "-resume")...)
	if got := hash.FindString(text); got != want || !strings.Contains(text, "resumed    after step 24") {
		t.Errorf("resumed at the end: %s, want %s, in\n%s", got, want, text)
	}
	text = runTrain(t, append(flags, "-validation", "0", "-type", "float64", "-loss", "softmax",
		"-optimizer", "sgd", "-batch", "1000")...)
	if strings.Contains(text, "valid. loss") {
		t.Errorf("without a validation set:\n%s", text)
	}
	if !strings.Contains(text, "4 epochs of 1 batches of 400,") {
		t.Errorf("a batch larger than the set:\n%s", text)
	}
}

func TestRandomSearch(t *testing.T) {
	var f searchFlags
	set := flag.NewFlagSet("random-search", flag.ContinueOnError)
	f.register(set)
	dir := t.TempDir()
	err := set.Parse([]string{"-data", smallData(t), "-validation", "100", "-tries", "20", "-out", dir})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := f.run(context.Background(), &out, nil); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"try     1", "the best was try", "random search", "gradient descent",
		"test accuracy"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%q is missing in\n%s", part, out.String())
		}
	}
	checkPNG(t, filepath.Join(dir, "random-search.png"))
	checkPNG(t, filepath.Join(dir, "gradient-descent.png"))
}

// Mistakes in the command line exit with status 2, before data is loaded (there is none); other errors with 1.
func TestExitStatus(t *testing.T) {
	t.Chdir(t.TempDir()) // for the folder of -out
	if err := os.WriteFile("file", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"one/curves.png", "two/gradient-descent.png"} {
		if err := os.MkdirAll(folder, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("one", "link"); err != nil {
		t.Log(err) // "link" is no folder then, which is a mistake, too
	}
	for _, c := range []struct {
		want int
		args string
	}{{2, "-json no/file"}, {2, "-json ."}, {2, "-nonsense"}, {2, "-quick more"}, {0, "-help"}, {0, "help"},
		{2, "nonsense"}} {
		if got := Main(strings.Fields(c.args)); got != c.want {
			t.Errorf("bench %s: status %d, want %d", c.args, got, c.want)
		}
	}
	for _, c := range []struct {
		want int
		args string
	}{
		{2, "-optimizer newton"}, {2, "-schedule sometimes"}, {2, "-loss l1"}, {2, "-batch 0"}, {2, "-type int"},
		{2, "-threads -1"}, {2, "-lr -1"}, {2, "-nonsense"}, {2, "more"}, {1, ""}, {0, "-help"},
		{2, "-patience 2 -validation 0"}, {2, "-lr 1e-50"}, {2, "-lambda -1"}, {2, "-lambda NaN"}, {2, "-lambda 1e-50"},
		{1, "-lr 1e-50 -type float64"}, {2, "-validation -1"}, {2, "-sampling all"}, {2, "-checkpoint ."},
		{2, "-checkpoint no/file"}, {2, "-loss squared-error"}, {2, "-out="}, {2, "-out file"},
		{2, "-out one"}, {2, "-receipt new -checkpoint ./new"}, {2, "-receipt bench-train/curves.png"},
		{2, "-receipt bench-train/checkpoint.safetensors"}, {2, "-checkpoint bench-train/templates.png"},
		{2, "-weights block8"}, {2, "-weights bf16 -type float64"}, {2, "-weights bf16 -optimizer muon"},
		{1, "-weights bf16+master -optimizer muon"}, {2, "-weights bf16+master -optimizer muon -states bf16"},
		{2, "-receipt link/new -checkpoint one/new"}, {1, "-receipt bench-train/new -checkpoint new"},
	} {
		if got := trainCommand.execute(append(strings.Fields(c.args), "-data=nowhere")); got != c.want {
			t.Errorf("bench train %s: status %d, want %d", c.args, got, c.want)
		}
	}
	for _, c := range []struct {
		want int
		args string
	}{
		{2, "-tries 0"}, {2, "-scale -1"}, {2, "-scale 0"}, {2, "-scale 1e-50"}, {2, "-lambda -1"}, {2, "-lr 1e-50"},
		{2, "-validation -1"}, {2, "-loss l1"}, {2, "-out="}, {2, "-out two"}, {1, ""},
	} {
		if got := randomSearchCommand.execute(append(strings.Fields(c.args), "-data=nowhere")); got != c.want {
			t.Errorf("bench random-search %s: status %d, want %d", c.args, got, c.want)
		}
	}
}

// What a mistake is told to want is what the flag takes.
func TestLossMessage(t *testing.T) {
	for _, name := range []string{"l1", "squared-error"} {
		want := "-loss " + name + ", want " + either(lossNames())
		if _, err := parseLoss(name); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// Flags may stand before, between and after words; what follows -- are words.
func TestParse(t *testing.T) {
	for _, c := range []struct{ args, words, v string }{
		{"", "", ""}, {"a b", "a b", ""}, {"-v 1 a b", "a b", "1"}, {"a -v=1 b", "a b", "1"}, {"a b -v 1", "a b", "1"},
		{"a -- -v 1", "a -v 1", ""}, {"-- -v", "-v", ""}, {"-v -- a", "a", "--"}, {"a -v 1 -v 2", "a", "2"},
	} {
		set := flag.NewFlagSet("test", flag.ContinueOnError)
		v := set.String("v", "", "")
		words, err := parse(set, strings.Fields(c.args))
		if err != nil || strings.Join(words, " ") != c.words || *v != c.v {
			t.Errorf("%q: words %q, -v %q, %v; want %q, %q", c.args, words, *v, err, c.words, c.v)
		}
	}
	set := flag.NewFlagSet("test", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	if _, err := parse(set, []string{"a", "-unknown"}); err == nil {
		t.Error("an unknown flag after a word passed")
	}
}

// What goes on with a run has -resume, whatever else has that text, and words that a shell takes as they were.
func TestResumeCommand(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "train -resume"},
		{[]string{"-epochs", "3", "--rows"}, "train -resume -epochs=3 -rows=true"},
		{[]string{"-resume", "-lr=1e-3"}, "train -resume -lr=0.001"},
		{[]string{"-resume=false", "-batch", "7"}, "train -resume -batch=7"},
		{[]string{"-out", "try -resume "}, "train -resume '-out=try -resume '"},
		{[]string{"-out", "-resume"}, "train -resume -out=-resume"},
		{[]string{"-data", "it's $HOME", "--"}, `train -resume '-data=it'\''s $HOME'`},
	} {
		set, _ := trainCommand.flags()
		if _, err := parse(set, c.args); err != nil {
			t.Fatal(err)
		}
		if got := trainCommand.resume(set); !strings.HasSuffix(got, c.want) {
			t.Errorf("%q: %s, want %s", c.args, got, c.want)
		}
	}
}

// A run that is resumed with another rate, which would print the one and use the other, is refused.
func TestResumeOtherRate(t *testing.T) {
	flags := []string{"-data", smallData(t), "-validation=0", "-batch=50", "-epochs=1", "-out", t.TempDir()}
	runTrain(t, flags...)
	var f trainFlags
	set := flag.NewFlagSet("train", flag.ContinueOnError)
	f.register(set)
	if err := set.Parse(append(flags, "-epochs=2", "-resume", "-lr=0.5")); err != nil {
		t.Fatal(err)
	}
	err := f.run(context.Background(), io.Discard, nil)
	want := "-lr 0.5, but the run in " + f.checkpoint + " began with -lr 0.0003\n(-resume goes on with the flags"
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("resumed with another rate: %v", err)
	}
}

// With weights in bfloat16 a run says so, and one that is interrupted and resumed prints the hash of one that was not,
// which is that of no other way to store them. What does not fit is an error that says which flag.
func TestTrainWeights(t *testing.T) {
	data, hash, hashes := smallData(t), regexp.MustCompile(`SHA-256 [0-9a-f]{64}`), map[string]string{}
	for _, weights := range weightsNames() {
		flags := []string{"-data", data, "-validation=100", "-batch=50", "-epochs=3", "-weights", weights}
		whole := runTrain(t, append(flags, "-out", t.TempDir(), "-threads=1")...)
		want := hash.FindString(whole)
		if other, ok := hashes[want]; ok {
			t.Errorf("-weights %s has the hash of %s", weights, other)
		}
		hashes[want] = weights
		line := "\n           weights as " + weights + ", states as full\n"
		if strings.Contains(whole, line) != (weights != "full") {
			t.Errorf("-weights %s: want %q if it is not the default, in\n%s", weights, line, whole)
		}
		out := t.TempDir()
		var f trainFlags
		set := flag.NewFlagSet("train", flag.ContinueOnError)
		f.register(set)
		if err := set.Parse(append(flags, "-out", out)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		err := f.run(ctx, stopper{"     1       6 ", cancel}, nil) // of 300 images, in the table of epochs
		cancel()
		var interrupted *linear.InterruptedError
		if !errors.As(err, &interrupted) || interrupted.Step != 6 {
			t.Fatalf("interrupted: %v", err)
		}
		for _, other := range weightsNames() {
			var f trainFlags
			set := flag.NewFlagSet("train", flag.ContinueOnError)
			f.register(set)
			if err := set.Parse(append(flags, "-out", out, "-resume", "-weights", other)); err != nil {
				t.Fatal(err)
			}
			err := f.run(t.Context(), io.Discard, nil)
			mistake := err != nil && strings.Contains(err.Error(), "with the flags that the run began with")
			if other != weights && !mistake {
				t.Errorf("-weights %s, resumed with %s: %v", weights, other, err)
			}
		}
		resumed := runTrain(t, append(flags, "-out", out, "-resume")...)
		if got := hash.FindString(resumed); got != want || !strings.Contains(resumed, "resumed    after step ") {
			t.Errorf("-weights %s, resumed: %s, want %s, in\n%s", weights, got, want, resumed)
		}
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-weights=half"}, "-weights half, want full, bf16 or bf16+master"},
		{[]string{"-weights=bf16", "-type=float64"}, "Weights = BF16 with elements of float64, want float32"},
		{[]string{"-weights=bf16", "-optimizer=adafactor"}, "beside a kernel; -weights bf16+master can"},
	} {
		var f trainFlags
		set := flag.NewFlagSet("train", flag.ContinueOnError)
		f.register(set)
		if err := set.Parse(c.args); err != nil {
			t.Fatal(err)
		}
		if _, err := f.checked(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %s", c.args, err, c.want)
		}
	}
}

// An interrupted run whose checkpoint cannot be written says so.
func TestInterruptedUnsaved(t *testing.T) {
	stderr, restore := redirected(t)
	defer restore()
	full := command{name: "train", register: func(*flag.FlagSet) runner {
		return func(context.Context, io.Writer, []string) error {
			return errors.Join(context.Canceled, errors.New("the disk is full"))
		}
	}}
	got := full.execute(nil)
	if text := stderr(); got != 130 || !strings.Contains(text, "the disk is full") {
		t.Errorf("status %d, message %q", got, text)
	}
}

// redirected sends what is written to os.Stderr to a file, of which text returns what it has, until restore.
func redirected(t *testing.T) (text func() string, restore func()) {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	before := os.Stderr
	os.Stderr = file
	return func() string {
		text, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}, func() { os.Stderr = before }
}

// Losses that are not finite are left out of the curves, even if none is left.
func TestCurvesNotFinite(t *testing.T) {
	inf := linear.Epoch{TrainLoss: 9, TrainAccuracy: 0.1, ValidationLoss: math.Inf(1)}
	for _, epochs := range [][]linear.Epoch{{inf}, {inf, {TrainLoss: 8, ValidationLoss: math.NaN()}, inf}} {
		name := filepath.Join(t.TempDir(), "curves.png")
		if err := writeCurves(name, epochs, true); err != nil {
			t.Fatal(err)
		}
		checkPNG(t, name)
	}
}
