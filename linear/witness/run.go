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

// DefaultEvery is how many minibatches lie between two states. A state of the lecture's classifier takes some 1.5 ms to
// hash and to write, and 250 of its steps some 75.
const DefaultEvery = 250

// Run trains as linear.Trainer.Run does, and writes the receipt of it: the start, a segment every so many minibatches
// (0: DefaultEvery) and the last one. It returns the receipt's digest, which is to be published. States are hashed and
// written on a goroutine beside the steps that follow.
//
// If the run is interrupted, or its Stop ends it early, a segment of the present state is written but no end, and the
// digest is empty: Continue goes on. After another error the receipt ends with the last segment before it.
func (w *Witness[T]) Run(ctx context.Context, to *receipt.Writer, every uint64) (result *linear.Result[T],
	digest string, err error) {
	if every == 0 {
		every = DefaultEvery
	}
	out := writing{to: to}
	defer func() { err = errors.Join(err, out.wait()) }()
	if to.Segments() == 0 {
		if w.trainer.Drawn() != 0 {
			return nil, "", fmt.Errorf("witness: Run: a new receipt of a run that has drawn %d minibatches, want one "+
				"at its start, or Continue", w.trainer.Drawn())
		}
		if err := w.write(&out); err != nil {
			return nil, "", err
		}
	}
	w.after = func(s linear.Trace) error {
		if s.Drawn%every != 0 {
			return nil
		}
		return w.write(&out)
	}
	defer func() { w.after = nil }()
	result, err = w.trainer.Run(ctx)
	var interrupted *linear.InterruptedError
	if err != nil && !errors.As(err, &interrupted) {
		return nil, "", err
	}
	if w.notes.steps > 0 {
		err = errors.Join(err, w.write(&out))
	}
	if err = errors.Join(err, out.wait()); err != nil || !w.trainer.Done() {
		return result, "", err
	}
	digest, err = to.End(results(w.trainer))
	return result, digest, err
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
	to   *receipt.Writer
	busy chan error // what became of the segment that is being written, or nil if there is none
}

// add returns what became of the segment before.
func (o *writing) add(step uint64, facts []receipt.Claim, file *checkpoint.File) error {
	if err := o.wait(); err != nil {
		return err
	}
	busy := make(chan error, 1)
	o.busy = busy
	go func() {
		var state bytes.Buffer
		err := file.Encode(&state)
		if err == nil {
			err = o.to.Add(step, facts, state.Bytes())
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
			return fmt.Errorf("witness: the receipt is of another run: it claims %s %s, this one %s %s", c.Name,
				c.Value, found.Name, found.Value)
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
