package witness

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
	"github.com/bitstep-go/bitstep/receipt"
)

// DefaultEvery is a good number of minibatches between two states: copying, hashing and writing a state of the
// lecture's classifier takes about a hundredth of the time of so many of its steps.
const DefaultEvery = 250

// Run trains as linear.Trainer.Run does, and writes the receipt of it: the start, a segment whenever the receipt has
// one, and the last. It returns the receipt's digest, which is to be published. States are hashed and written on a
// goroutine beside the steps that follow.
//
// If an error, an interrupt or Stop ends the run early, the receipt has what came before the steps of the unfinished
// segment, and no end; the digest is empty. Another Run goes on, and so does another program after Continue: to the
// bytes of a receipt of one run.
func (w *Witness[T]) Run(ctx context.Context, to *receipt.Writer) (result *linear.Result[T], digest string, err error) {
	out := writing{to: to}
	defer out.wait() // after a panic, too
	result, err = w.run(ctx, &out)
	if late := out.wait(); late != nil {
		err = errors.Join(err, late)
	}
	if err != nil || !w.trainer.Done() {
		return result, "", err
	}
	digest, err = to.End(results(w.trainer))
	return result, digest, err
}

// run is Run but for the end of the receipt.
func (w *Witness[T]) run(ctx context.Context, out *writing) (*linear.Result[T], error) {
	if out.to.Segments() == 0 {
		if w.trainer.Drawn() != 0 {
			return nil, fmt.Errorf("witness: Run: a new receipt of a run that has drawn %d minibatches, want one at "+
				"its start, or Continue", w.trainer.Drawn())
		}
		if err := w.write(out); err != nil {
			return nil, err
		}
	}
	w.after = func(drawn uint64) error {
		if drawn%out.to.Every() != 0 {
			return nil
		}
		return w.write(out)
	}
	defer func() { w.after = nil }()
	result, err := w.trainer.Run(ctx)
	if err == nil && w.trainer.Done() && w.notes.steps > 0 {
		err = w.write(out)
	}
	return result, err
}

// write adds a segment of the present state.
func (w *Witness[T]) write(out *writing) error {
	file, err := w.trainer.Snapshot()
	if err != nil {
		return err
	}
	return out.add(w.trainer.Drawn(), w.notes.take(), file)
}

// A writing adds segments, one at a time, on a goroutine of their own.
type writing struct {
	to    *receipt.Writer
	busy  chan error   // what became of the segment that is being written, or nil if there is none
	state bytes.Buffer // of it
}

// add returns what became of the segment before.
func (o *writing) add(step uint64, facts []receipt.Claim, file *checkpoint.File) error {
	if err := o.wait(); err != nil {
		return err
	}
	busy := make(chan error, 1)
	o.busy = busy
	go func() {
		o.state.Reset()
		err := file.EncodeBare(&o.state)
		if err == nil {
			err = o.to.Add(step, facts, o.state.Bytes())
		}
		busy <- err
	}()
	return nil
}

// wait waits for the segment that is being written.
func (o *writing) wait() error {
	if o.busy == nil {
		return nil
	}
	err := <-o.busy
	o.busy = nil
	return err
}

// Continue sets the trainer to the last state of a receipt that has not ended, as receipt.Continue returns it, from
// which Run goes on. An error names the first claim that is not this witness's.
func (w *Witness[T]) Continue(r *receipt.Receipt) error {
	own := w.Claims()
	for i, c := range r.Claims {
		if i >= len(own) || own[i] != c {
			found := receipt.Claim{Name: c.Name, Value: "nothing"}
			if i < len(own) {
				found = own[i]
			}
			return fmt.Errorf("witness: the receipt is of another run: it claims %s %s, this one %s %s",
				receipt.Printable(c.Name), receipt.Printable(c.Value), found.Name, found.Value)
		}
	}
	if len(own) != len(r.Claims) {
		return fmt.Errorf("witness: the receipt is of another run: it lacks %s", own[len(r.Claims)].Name)
	}
	last := len(r.Segments) - 1
	state, err := r.State(last)
	if err != nil {
		return err
	}
	return w.Restore(state, r.Segments[last].Step)
}
