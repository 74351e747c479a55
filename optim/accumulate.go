package optim

import (
	"fmt"

	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

// An Accumulator sums gradients and lets its optimizer take a step of each so many sums: batches that are larger than
// memory is. The step's gradient is the sum, in the order in which gradients came; for a mean set the optimizer's
// [Optimizer.SetGradScale] to 1/every.
//
// Memory: one element per parameter.
type Accumulator[T kernels.Float] struct {
	opt   *Optimizer[T]
	every uint64
	sums  [][]T
	count uint64 // gradients in the sums
}

// NewAccumulator returns an accumulator that takes a step after every so many gradients, at least 1.
func NewAccumulator[T kernels.Float](o *Optimizer[T], every uint64) (*Accumulator[T], error) {
	if every < 1 {
		return nil, fmt.Errorf("optim: Accumulator: every = 0, want at least 1")
	}
	return &Accumulator[T]{opt: o, every: every, sums: mem.Together[T](o.lengths)}, nil
}

// Add adds a gradient for each parameter, in their order and of their lengths, and takes a step if it is time. It
// allocates nothing, and panics as [Optimizer.Step] does. It returns whether a step was taken: false, too, if it was
// time and Options.SkipNonFinite has skipped the sum.
func (a *Accumulator[T]) Add(grads ...[]T) (taken bool) {
	if err := a.opt.checkSlices("gradient", grads); err != nil {
		panic(fmt.Sprintf("optim: Accumulator: %v", err))
	}
	for i, sum := range a.sums {
		if a.count == 0 {
			copy(sum, grads[i])
		} else {
			a.opt.k.Axpy(sum, grads[i], 1)
		}
	}
	a.count++
	return a.count >= a.every && a.Flush()
}

// AddStored is [Accumulator.Add] of gradients as [Optimizer.StepStored] takes them, which are summed in float32.
func (a *Accumulator[T]) AddStored(grads ...kernels.Stored) (taken bool) {
	if err := a.opt.checkStored(grads); err != nil {
		panic(fmt.Sprintf("optim: Accumulator: %v", err))
	}
	given := a.opt.grads
	given.take(grads)
	for i, sum := range a.sums {
		for lo := 0; lo < len(sum); {
			part := given.part(a.opt.k, i, lo)
			if to := sum[lo : lo+len(part)]; a.count == 0 {
				copy(to, part)
			} else {
				a.opt.k.Axpy(to, part, 1)
			}
			lo += len(part)
		}
	}
	given.forget()
	a.count++
	return a.count >= a.every && a.Flush()
}

// Flush takes a step of the gradients that were added since the last, if there are any, such as those of a last batch
// that is short. It returns whether a step was taken.
func (a *Accumulator[T]) Flush() (taken bool) {
	if a.count == 0 {
		return false
	}
	a.count = 0
	return a.opt.Step(a.sums...)
}

// Count returns how many gradients are in the sums.
func (a *Accumulator[T]) Count() uint64 { return a.count }

func (a *Accumulator[T]) facts() (facts checkpoint.Facts) {
	facts.Add("kind", "bitstep Accumulator")
	facts.Add("parameters", len(a.sums))
	facts.Add("every", a.every)
	return facts
}

func (a *Accumulator[T]) tensors() (all []namedTensor) { return named("sum.", a.sums) }

// Snapshot adds the sums to c, as tensors "sum.0", "sum.1", ..., and their count, all below the prefix. The optimizer
// is not part of it.
func (a *Accumulator[T]) Snapshot(c *checkpoint.File, prefix string) {
	c.PutFacts(prefix, a.facts())
	c.SetMetaUint(prefix+"count", a.count)
	putTensors(c, prefix, a.tensors())
}

// Restore gives the accumulator what Snapshot added under the prefix. Element type, number and lengths of parameters
// and how many gradients make a step must be the same; otherwise it returns an error and nothing has changed.
func (a *Accumulator[T]) Restore(c *checkpoint.File, prefix string) error {
	if err := c.CheckFacts(prefix, a.facts()); err != nil {
		return err
	}
	count, err := c.MetaUint(prefix + "count")
	if err != nil {
		return err
	}
	if count >= a.every {
		return c.Errorf("metadata %q = %d, want below %d, which make a step", prefix+"count", count, a.every)
	}
	set, err := getTensors(c, prefix, a.tensors())
	if err != nil {
		return err
	}
	a.count = count
	set()
	return nil
}
