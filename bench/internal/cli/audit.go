package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/linear/witness"
	"github.com/bitstep-go/bitstep/optim/schedule"
	"github.com/bitstep-go/bitstep/receipt"
)

var auditCommand = command{
	name:    "audit",
	summary: "check a receipt of bench train by replaying parts of it",
	args:    "FILE",
	about: `Checks a receipt that bench train -receipt has written: that its chain of digests holds, that the images are
those of the run, and that segments of the run, drawn at random, replay from the states in the receipt to the states
that follow, bit for bit, on this machine. What is not as claimed is named, and the exit status is 1.`,
	example: `  bench train -receipt run.receipt -receipt-steps 100
  bench audit run.receipt -segments 5
  bench audit run.receipt -sha256 "$published"
  bench audit run.receipt -data cifar-10-batches-bin -segments 0`,
	register: func(set *flag.FlagSet) runner {
		f := new(auditFlags)
		set.StringVar(&f.dir, "data", "", "`folder` with the run's CIFAR-10 files (default: the synthetic set)")
		set.IntVar(&f.segments, "segments", 5, "`number` of segments to replay, 0 for all")
		set.Uint64Var(&f.seed, "seed", 0, "`number` that decides which; 0 for one that is drawn, and printed")
		set.StringVar(&f.digest, "sha256", "", "`digest` that was published; another receipt is refused")
		set.IntVar(&f.threads, "threads", 0, "`number` of threads, 0 for all of the machine")
		return f.run
	},
}

// auditFlags are the flags of bench audit.
type auditFlags struct {
	dir, digest       string
	segments, threads int
	seed              uint64
}

// errForged is what bench audit ends with after findings, which it has printed.
var errForged = errors.New("the receipt is not that of such a run")

func (f *auditFlags) run(ctx context.Context, w io.Writer, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("%d files, want one receipt", len(args))}
	}
	if f.segments < 0 || f.threads < 0 {
		return usageError{fmt.Errorf("-segments %d, -threads %d, want at least 0", f.segments, f.threads)}
	}
	t := trainFlags{dataFlags: dataFlags{dir: f.dir}}
	if _, err := t.syntheticImages(); err != nil {
		return err
	}
	if published, err := hex.DecodeString(f.digest); err != nil || f.digest != "" && len(published) != sha256.Size {
		return usageError{fmt.Errorf("-sha256 %q, want %d hexadecimal digits", f.digest, 2*sha256.Size)}
	}
	if f.seed == 0 {
		f.seed = rand.Uint64()
	}
	r, err := receipt.Open(args[0])
	var cut *receipt.CutError
	switch {
	case errors.As(err, &cut) && cut.Receipt != nil:
		return fmt.Errorf("%w\nIts first %d states are whole: bench train -resume can go on with the run", err,
			len(cut.Receipt.Segments))
	case err != nil:
		return err
	}
	defer r.Close()
	published := "which is to be compared with the published one: -sha256 does"
	if f.digest != "" {
		if published = "as published"; r.Digest != strings.ToLower(f.digest) {
			return fmt.Errorf("%s: its SHA-256 is %s, and -sha256 says %s: this is another receipt than the published "+
				"one", args[0], r.Digest, f.digest)
		}
	}
	fmt.Fprintf(w, "receipt    %s: the chain of %d states holds\n           SHA-256 %s,\n           %s\n", args[0],
		len(r.Segments), r.Digest, published)
	set := flag.NewFlagSet("", flag.ContinueOnError)
	t.register(set)
	if err := t.setClaims(set, r.Claims); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	t.dir, t.threads, t.out, t.claimed = f.dir, f.threads, "", true
	printClaimed(w, set, r)
	c, err := t.checked()
	if err != nil {
		return fmt.Errorf("%s claims what bench train refuses: %w", args[0], plainly(err))
	}
	images, err := t.load(w)
	if err != nil {
		return plainly(err)
	}
	audit, _ := byType(t.typ, auditRun[float32], auditRun[float64])
	report, err := audit(ctx, f, &t, c, images, r)
	if err != nil {
		return err
	}
	return report.print(w, f)
}

// plainly returns an error about flags that a receipt claims, which is no mistake in the command line: that one's own
// were found before.
func plainly(err error) error {
	var usage usageError
	if errors.As(err, &usage) {
		return usage.error
	}
	return err
}

// printClaimed prints what decides the run's bits, as the receipt claims it.
func printClaimed(w io.Writer, flags *flag.FlagSet, r *receipt.Receipt) {
	line := "claimed    bench train"
	for _, name := range decided(flags) {
		word := quote("-" + name + "=" + flags.Lookup(name).Value.String())
		if len(line)+1+len(word) > 110 {
			fmt.Fprintln(w, line)
			line = "          "
		}
		line += " " + word
	}
	fmt.Fprintln(w, line)
	fmt.Fprintf(w, "           %d steps, a state every %d\n", r.Segments[len(r.Segments)-1].Step, r.Every)
	for _, c := range r.Claims {
		if c.Name == "training set" {
			fmt.Fprintf(w, "           %s  %s\n", c.Name, receipt.Printable(c.Value))
		}
	}
}

// auditRun replays what the receipt claims.
func auditRun[T kernels.Float](ctx context.Context, f *auditFlags, t *trainFlags, c linear.TrainConfig, set images,
	r *receipt.Receipt) (report auditReport, err error) {
	c.Checkpoint = ""
	c.Schedule, err = schedule.Parse(t.schedule, totalSteps(c, set))
	if err != nil {
		return report, fmt.Errorf("claim %s: %w", claimOf("schedule"), err)
	}
	data, err := prepare[T](set, &t.dataFlags)
	if err != nil {
		return report, err
	}
	p, err := witness.New(c, data, t.claims(set))
	if err != nil {
		return report, err
	}
	bar := newProgress("replaying", 1)
	defer bar.Finish()
	report.of = r
	report.Report, err = receipt.Audit(ctx, r, p, receipt.Options{Segments: f.segments, Seed: f.seed,
		Progress: func(done, of int) {
			bar.ChangeMax(of)
			bar.Set(done)
		}})
	return report, err
}

// An auditReport is what was found of a receipt.
type auditReport struct {
	*receipt.Report
	of *receipt.Receipt
}

// shown is how many findings are printed.
const shown = 12

func (r auditReport) print(w io.Writer, f *auditFlags) error {
	if r.Replayed != nil {
		fmt.Fprintf(w, "claims     all %d are those of these images and flags\n", len(r.of.Claims))
		fmt.Fprintf(w, "replayed   the start, and %d of %d segments: %s (-seed %d)\n", len(r.Replayed), r.Segments,
			ranges(r.Replayed), f.seed)
	}
	for i, finding := range r.Findings {
		if i == shown {
			fmt.Fprintf(w, "           and %d findings more\n", len(r.Findings)-shown)
			break
		}
		fmt.Fprintf(w, "FOUND      %v\n", finding)
	}
	if r.Replayed == nil && f.dir == "" {
		fmt.Fprintln(w, "           These images are the synthetic ones: -data names the folder with others.")
	}
	if !r.OK() {
		return errForged
	}
	for _, c := range r.of.Results {
		if c.Name == "weights" {
			fmt.Fprintf(w, "results    as claimed; weights %s\n", c.Value)
		}
	}
	n, k := r.Segments, len(r.Replayed)
	if k == n {
		fmt.Fprintln(w, "verdict    the whole run was replayed: it is what the receipt claims")
		return nil
	}
	fmt.Fprintln(w, "verdict    nothing contradicts the receipt")
	for _, f := range slices.Compact([]int{1, max(1, n/10)}) {
		fmt.Fprintf(w, "           an audit like this one misses %d forged of %d segments with probability %s\n", f, n,
			percent(receipt.Missed(n, f, k)))
	}
	return nil
}

// ranges writes ascending numbers as 1-3, 7.
func ranges(n []int) string {
	var parts []string
	for i := 0; i < len(n); {
		j := i
		for j+1 < len(n) && n[j+1] == n[j]+1 {
			j++
		}
		if i == j {
			parts = append(parts, fmt.Sprint(n[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", n[i], n[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, ", ")
}
