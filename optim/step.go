package optim

import (
	"fmt"
	"math"

	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

// Step takes a step. It takes a gradient for each parameter, in their order and of their lengths, and
// allocates nothing. It returns false, having changed nothing, only if Options.SkipNonFinite is set and a
// gradient is not finite.
//
// It panics with the message of what [Optimizer.TryStep] returns as an error.
func (o *Optimizer[T]) Step(grads ...[]T) bool {
	taken, err := o.TryStep(grads...)
	if err != nil {
		panic(err.Error())
	}
	return taken
}

// TryStep is [Optimizer.Step] for programs that are given the gradients or the schedule by others. It returns an error,
// and has changed nothing, if the number or a length of the gradients is wrong, if a gradient overlaps a parameter or
// state, or if a schedule's factor is negative, infinite or NaN, makes a learning rate infinite in T or a momentum 1 or
// more. Gradients may overlap one another.
func (o *Optimizer[T]) TryStep(grads ...[]T) (taken bool, err error) {
	if !sawGradients(o, grads) {
		if err := o.checkSlices("gradient", grads); err != nil {
			return false, fmt.Errorf("optim: Step: %w", err)
		}
		see(o, grads)
	}
	copy(o.grads.whole, grads) // grads itself must not reach the heap, or each call would allocate it
	return o.step()
}

// step takes a step by o.grads, which it forgets: no gradient is kept alive.
func (o *Optimizer[T]) step() (taken bool, err error) {
	defer o.grads.forget()
	common, err := o.factor(o.schedule)
	if err != nil {
		return false, fmt.Errorf("optim: Step: %w", err)
	}
	momentum, err := o.momentumFactor()
	if err != nil {
		return false, fmt.Errorf("optim: Step: %w", err)
	}
	for i := range o.groups {
		g, factor := &o.groups[i], common
		if g.schedule != nil {
			if factor, err = o.factor(g.schedule); err != nil {
				return false, fmt.Errorf("optim: Step: group %d: %w", i, err)
			}
		}
		g.factor = factor
		if lr := T(*g.spec.lr * factor); !num.Finite(lr) {
			return false, fmt.Errorf("optim: Step: the learning rate of group %d at step %d is %v times the "+
				"schedule's factor %v, want a finite %T", i, o.steps, *g.spec.lr, factor, lr)
		}
	}
	scale, finite := o.limit()
	if !finite && o.opts.SkipNonFinite {
		o.skipped++
		return false, nil
	}

	for i := range o.groups {
		o.groups[i].widen(o.k, o.grads)
	}
	copy(o.shown, o.params)
	copy(o.shown[len(o.params):], o.grads.whole)
	o.u.Engine, o.u.checked, o.u.Step = o.k, o.k.Checked(mem.Checked{}), o.steps+1
	if o.narrow() {
		o.u.narrow = narrowed(o.k)
	}
	for i := range o.groups {
		g := &o.groups[i]
		o.u.LR = float64(*g.spec.lr * g.factor)
		before := g.spec.multiplyMomentum(momentum)
		o.u.Prelude = o.prelude(g.spec, scale, o.u.LR)
		o.u.group, o.u.x, o.u.g = g, tensors[T]{g.x, nil, o.grads.buffer}, o.grads.of(g.first, len(g.x))
		if g.w != nil && !o.opts.Master {
			o.u.x.halves = g.w
		}
		// Where parameters or gradients are in bfloat16 by now, there is no master, and states are no longer Full.
		o.u.full = g.storage == Full
		o.u.X, o.u.G = o.shownOf(g, 0), o.shownOf(g, len(o.params))
		o.u.ParamNorms, o.u.GradNorms = g.paramNorms, g.gradNorms
		for j := range g.paramNorms {
			g.paramNorms[j] = o.u.x.of(j, 1).norm(o.k)
			g.gradNorms[j] = float64(math.Abs(scale) * o.u.g.of(j, 1).norm(o.k))
		}
		g.step(&o.u)
		g.spec.swapMomentum(before)
		if o.opts.Master {
			g.round(o.k)
		}
	}
	// No gradient is kept alive, and an Update that is used after its step has no parameters.
	clear(o.shown)
	clear(o.u.xs[:cap(o.u.xs)])
	clear(o.u.gs[:cap(o.u.gs)])
	o.u.x, o.u.g, o.u.X, o.u.G = tensors[T]{}, tensors[T]{}, nil, nil
	o.steps++
	return true, nil
}

// shownOf is the part of o.shown from first on that belongs to a group.
func (o *Optimizer[T]) shownOf(g *group[T], first int) [][]T {
	lo := first + g.first
	hi := lo + len(g.x)
	return o.shown[lo:hi:hi]
}

// factor returns a schedule's factor on the next step; that of nil is 1.
func (o *Optimizer[T]) factor(s schedule.Schedule) (float64, error) {
	if s == nil {
		return 1, nil
	}
	factor := s.Factor(o.steps)
	if !(factor >= 0 && factor < math.Inf(1)) {
		return 0, fmt.Errorf("the schedule's factor at step %d is %v, want in [0, +Inf)", o.steps, factor)
	}
	return factor, nil
}

// momentumFactor is the factor on the momentum of the next step, with which every group's stays below 1.
func (o *Optimizer[T]) momentumFactor() (float64, error) {
	factor, err := o.factor(o.momentum)
	if err != nil {
		return 0, fmt.Errorf("momentum: %w", err)
	}
	for i, g := range o.groups {
		if m := g.spec.momentum; m != nil && T(*m*factor) >= 1 {
			return 0, fmt.Errorf("the momentum of group %d at step %d is %v times the schedule's factor %v, "+
				"want below 1",
				i, o.steps, *m, factor)
		}
	}
	return factor, nil
}

// prelude returns what happens to gradients and parameters before a group's own lines.
func (o *Optimizer[T]) prelude(s *Spec, scale, lr float64) (p kernels.Prelude[T]) {
	factor := s.factorAt(o.steps)
	if scale = float64(scale * factor); scale != 1 {
		p = p.Scaled(scale)
	}
	if o.opts.ClipValue != 0 {
		p = p.Clipped(float64(o.opts.ClipValue * factor))
	}
	switch wd := *s.wd; {
	case wd == 0:
	case s.decoupled:
		p = p.Decoupled(lr, wd)
	default:
		p = p.Coupled(float64(wd * factor))
	}
	return p
}

// limit returns the factor on gradients, clipping by norm included, and whether the gradients and their
// products with it are finite; that only where an option asks for it.
func (o *Optimizer[T]) limit() (scale float64, finite bool) {
	scale = o.scale
	if o.opts.Maximize {
		scale = -scale
	}
	switch {
	case o.opts.ClipNorm != 0:
		n := o.grads.norm(o.k)
		o.norm = float64(math.Abs(scale) * n)
		if !num.Finite(n) {
			return scale, false
		}
		if o.norm > o.opts.ClipNorm {
			scale = math.Copysign(o.opts.ClipNorm/n, scale) // |scale| cancels
		}
	case o.opts.SkipNonFinite:
		for i := range o.params {
			top := T(T(scale) * o.grads.maxAbs(o.k, i)) // rounding is monotonic: no other product is larger
			if !num.Finite(top) {
				return scale, false
			}
		}
	}
	return scale, true
}
