package cli

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/linear/witness"
	"github.com/bitstep-go/bitstep/receipt"
)

// A run is a run of bench train, with a receipt or not.
type run[T kernels.Float] struct {
	trainer *linear.Trainer[T]
	witness *witness.Witness[T] // nil without a receipt
	file    *os.File            // the receipt's
	path    string
	every   uint64 // as it was given, 0 if it was not
	to      *receipt.Writer
}

func newRun[T kernels.Float](c linear.TrainConfig, data linear.Data[T], f *trainFlags, set images) (r *run[T],
	err error) {
	r = &run[T]{path: f.receipt, every: f.receiptSteps}
	if f.receipt == "" {
		r.trainer, err = linear.NewTrainer(c, data)
		return r, err
	}
	if r.witness, err = witness.New(c, data, f.claims(set)); err != nil {
		return nil, err
	}
	r.trainer = r.witness.Trainer()
	return r, nil
}

// resume sets the trainer to where the run goes on: a run with a receipt where that ends, and others at the checkpoint.
func (r *run[T]) resume(checkpoint string) (err error) {
	if r.witness == nil {
		return r.trainer.Resume(checkpoint)
	}
	if r.file, err = os.OpenFile(r.path, os.O_RDWR, 0); err != nil {
		return err
	}
	info, err := r.file.Stat()
	if err != nil {
		return err
	}
	var before *receipt.Receipt
	if r.to, before, err = receipt.Continue(r.file, info.Size(), r.path); err != nil {
		return err
	}
	if r.every != 0 && r.every != before.Every {
		return fmt.Errorf("-receipt-steps %d, but %s has a state every %d steps", r.every, r.path, before.Every)
	}
	return r.witness.Continue(before)
}

// run trains, and writes the receipt.
func (r *run[T]) run(ctx context.Context) (result *linear.Result[T], digest string, err error) {
	if r.witness == nil {
		result, err = r.trainer.Run(ctx)
		return result, "", err
	}
	if r.to == nil {
		if r.file, err = os.OpenFile(r.path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o666); err != nil {
			return nil, "", err
		}
		every := cmp.Or(r.every, witness.DefaultEvery)
		if r.to, err = receipt.NewWriter(r.file, every, r.witness.Claims()); err != nil {
			return nil, "", err
		}
	}
	result, digest, err = r.witness.Run(ctx, r.to)
	if late := r.file.Sync(); late != nil { // of a run that ends early, too: it goes on from what is there
		err = errors.Join(err, late)
	}
	if interrupted := (*linear.InterruptedError)(nil); errors.As(err, &interrupted) {
		err = &interruption{err, uint64(max(r.to.Segments(), 1)-1) * r.to.Every(), r.path}
	}
	return result, digest, err
}

// An interruption is an interrupted run with a receipt: -resume goes on from the last state in that.
type interruption struct {
	error
	step    uint64 // of the last state
	receipt string
}

func (e *interruption) Unwrap() error { return e.error }

func (e *interruption) saved() string {
	return fmt.Sprintf("; the run goes on after step %d, the last state in %s", e.step, e.receipt)
}

func (r *run[T]) close() {
	if r.file != nil {
		r.file.Close()
	}
}

// checkReceipt returns an error about -receipt before anything is done: a receipt is never overwritten.
func (f *trainFlags) checkReceipt() error {
	if f.receipt == "" {
		if f.receiptSteps != 0 {
			return usageError{errors.New("-receipt-steps without -receipt")}
		}
		return nil
	}
	switch _, err := os.Stat(f.receipt); {
	case err == nil && !f.resume:
		return usageError{fmt.Errorf("-receipt %s: the file exists; -resume goes on with its run, and another name "+
			"begins a new receipt", f.receipt)}
	case err != nil && f.resume:
		return usageError{fmt.Errorf("-receipt %s: %w; a run that is resumed goes on where its receipt ends", f.receipt,
			err)}
	}
	return nil
}

// decisive are the flags that decide a run's bits, in the order in which a receipt claims them.
var decisive = []string{"type", "seed", "validation", "loss", "lambda", "optimizer", "lr", "schedule", "batch",
	"epochs", "sampling", "patience"}

// later are flags that decide them, too. A receipt without one, as there were before it, claims the default.
var later = []string{"states", "weights"}

// decided are the flags whose values decide a run.
func decided(set *flag.FlagSet) []string {
	names := slices.Clone(decisive)
	for _, name := range later {
		if f := set.Lookup(name); f.Value.String() != f.DefValue {
			names = append(names, name)
		}
	}
	return names
}

// claimOf is the name of the claim of a flag.
func claimOf(name string) string { return "flag -" + name }

// claims are what a receipt says of the flags and the images: those from which flags choose what is kept for
// validation.
func (f *trainFlags) claims(set images) (claims []receipt.Claim) {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	values := *f
	values.register(flags) // which sets the defaults
	values = *f
	for _, name := range decided(flags) {
		claims = append(claims, receipt.Claim{Name: claimOf(name), Value: flags.Lookup(name).Value.String()})
	}
	return append(claims, set.claims()...)
}

// setClaims sets the flags as a receipt claims them.
func (f *trainFlags) setClaims(set *flag.FlagSet, claims []receipt.Claim) error {
	claimed := map[string]string{}
	for _, c := range claims {
		claimed[c.Name] = c.Value
	}
	var missing []string
	for _, name := range slices.Concat(decisive, later) {
		value, ok := claimed[claimOf(name)]
		switch {
		case !ok && slices.Contains(later, name):
			value = set.Lookup(name).DefValue
		case !ok:
			missing = append(missing, claimOf(name))
			continue
		}
		if receipt.Printable(value) != value { // which errors and reports rely on
			return fmt.Errorf("claim %s = %.100q: not the value of a flag", claimOf(name), value)
		}
		if err := set.Set(name, value); err != nil {
			return fmt.Errorf("claim %s = %q: %w", claimOf(name), value, err)
		}
	}
	if missing != nil {
		return fmt.Errorf("not a receipt of bench train: it lacks the claims %s", strings.Join(missing, ", "))
	}
	return nil
}
