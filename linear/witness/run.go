package witness

import (
	"context"
	"errors"
	"fmt"

	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/receipt"
)

// Run trains as linear.Trainer.Run does, and writes the receipt of it: the start, a segment every so many minibatches (0:
// an epoch) and the last one. It returns the receipt's digest, which is to be published.
//
// If the run is interrupted, or its Stop ends it early, a segment of the present state is written but no end, and the
// digest is empty: Continue goes on. After another error the receipt ends with the last segment before it.
func (w *Witness[T]) Run(ctx context.Context, to *receipt.Writer, every uint64) (result *linear.Result[T],
	digest string, err error) {
	if every == 0 {
		every = w.trainer.StepsPerEpoch()
	}
	if to.Segments() == 0 {
		if w.trainer.Drawn() != 0 {
			return nil, "", fmt.Errorf("witness: Run: a new receipt of a run that has drawn %d minibatches, want one at "+
				"its start, or Continue", w.trainer.Drawn())
		}
		if err := w.write(to); err != nil {
			return nil, "", err
		}
	}
	w.after = func(s linear.Trace) error {
		if s.Drawn%every != 0 {
			return nil
		}
		return w.write(to)
	}
	defer func() { w.after = nil }()
	result, err = w.trainer.Run(ctx)
	var interrupted *linear.InterruptedError
	if err != nil && !errors.As(err, &interrupted) {
		return nil, "", err
	}
	if w.notes.steps > 0 {
		err = errors.Join(err, w.write(to))
	}
	if err != nil || !w.trainer.Done() {
		return result, "", err
	}
	digest, err = to.End(results(w.trainer))
	return result, digest, err
}

// write adds a segment of the present state.
func (w *Witness[T]) write(to *receipt.Writer) error {
	state, err := w.State()
	if err != nil {
		return err
	}
	return to.Add(w.trainer.Drawn(), w.notes.take(), state)
}

// Continue sets the trainer to the last state of a receipt that has not ended, as receipt.Continue returns it, from which
// Run goes on. An error names the first claim that is not this witness's.
func (w *Witness[T]) Continue(r *receipt.Receipt) error {
	own := w.Claims()
	for i, c := range r.Claims {
		if i >= len(own) || own[i] != c {
			found := receipt.Claim{Name: c.Name, Value: "nothing"}
			if i < len(own) {
				found = own[i]
			}
			return fmt.Errorf("witness: the receipt is of another run: it claims %s %s, this one %s %s", c.Name, c.Value,
				found.Name, found.Value)
		}
	}
	if len(own) != len(r.Claims) {
		return fmt.Errorf("witness: the receipt is of another run: it lacks %s", own[len(r.Claims)].Name)
	}
	state, err := r.State(len(r.Segments) - 1)
	if err != nil {
		return err
	}
	return w.Restore(state)
}
