package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/bitstep-go/bitstep/kernels"
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
  bench audit run.receipt -data cifar-10-batches-bin -segments 0`,
	register: func(set *flag.FlagSet) runner {
		f := new(auditFlags)
		set.StringVar(&f.dir, "data", "", "`folder` with the run's CIFAR-10 files (default: the synthetic set)")
		set.IntVar(&f.segments, "segments", 5, "`number` of segments to replay, 0 for all")
		set.Uint64Var(&f.seed, "seed", 0, "`number` that decides which; 0 for one that is drawn, and printed")
		set.IntVar(&f.threads, "threads", 0, "`number` of threads, 0 for all of the machine")
		return f.run
	},
}

// auditFlags are the flags of bench audit.
type auditFlags struct {
	dir               string
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
	fmt.Fprintf(w, "receipt    %s: the chain of %d states holds\n           SHA-256 %s\n", args[0], len(r.Segments),
		r.Digest)
	var t trainFlags
	set := flag.NewFlagSet("", flag.ContinueOnError)
	t.register(set)
	if err := t.setClaims(set, r.Claims); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	t.dir, t.threads, t.out = f.dir, f.threads, ""
	audit, err := byType(t.typ, auditRun[float32], auditRun[float64])
	if err != nil {
		return err
	}
	images, err := t.load(w)
	if err != nil {
		return err
	}
	report, err := audit(ctx, f, &t, images, r)
	if err != nil {
		return err
	}
	return report.print(w, f)
}

// auditRun replays what the receipt claims.
func auditRun[T kernels.Float](ctx context.Context, f *auditFlags, t *trainFlags, set images, r *receipt.Receipt) (
	auditReport, error) {
	c, err := t.config()
	if err != nil {
		return auditReport{}, err
	}
	c.Checkpoint = ""
	c.Schedule, err = schedule.Parse(t.schedule, totalSteps(c, set))
	if err != nil {
		return auditReport{}, fmt.Errorf("claim %s: %w", claimOf("schedule"), err)
	}
	data, err := prepare[T](set, &t.dataFlags)
	if err != nil {
		return auditReport{}, err
	}
	p, err := witness.New(c, data, t.claims(set))
	if err != nil {
		return auditReport{}, err
	}
	bar := newProgress("replaying", 1)
	defer bar.Finish()
	report, err := receipt.Audit(ctx, r, p, receipt.Options{Segments: f.segments, Seed: f.seed,
		Progress: func(done, of int) {
			bar.ChangeMax(of)
			bar.Set(done)
		}})
	return auditReport{report, len(r.Claims), r.Results, r.Segments}, err
}

// An auditReport is what was found of so many claims.
type auditReport struct {
	*receipt.Report
	claims   int
	results  []receipt.Claim
	segments []receipt.Segment
}

// shown is how many findings are printed.
const shown = 12

func (r auditReport) print(w io.Writer, f *auditFlags) error {
	if r.Replayed != nil {
		fmt.Fprintf(w, "claims     all %d are those of these images and flags\n", r.claims)
		fmt.Fprintf(w, "replayed   the start, and %d of %d segments: %s (-seed %d)\n", len(r.Replayed), r.Segments,
			ranges(r.Replayed), f.seed)
		replayed, longest := uint64(0), uint64(0)
		for i := 1; i <= r.Segments; i++ {
			steps := r.segments[i].Step - r.segments[i-1].Step
			longest = max(longest, steps)
			if slices.Contains(r.Replayed, i) {
				replayed += steps
			}
		}
		fmt.Fprintf(w, "           %d of %d steps; the longest segment has %d\n", replayed, r.segments[r.Segments].Step,
			longest)
	}
	for i, finding := range r.Findings {
		if i == shown {
			fmt.Fprintf(w, "           and %d findings more\n", len(r.Findings)-shown)
			break
		}
		fmt.Fprintf(w, "FOUND      %v\n", finding)
	}
	if !r.OK() {
		return errForged
	}
	for _, c := range r.results {
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
