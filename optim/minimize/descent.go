package minimize

import (
	"context"
	"fmt"
	"math"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
)

// A method is what BFGS, L-BFGS and Newton's method differ in.
type method[T kernels.Float] interface {
	// direction sets m.d to the direction from the iterate and returns the first step to try, or 0 for the
	// first step of steepest descent. It returns false to end: the result has the reason.
	direction(m *descent[T]) (step float64, ok bool)
	// change returns where to put the changes of x and of the gradient.
	change(m *descent[T]) (s, y []T)
	// learn takes the changes into account.
	learn(m *descent[T])
	// restart forgets what was learned; the next direction is against the gradient. It returns false if
	// the last one was so already.
	restart(m *descent[T]) bool
}

// A descent is a minimization by line searches under way.
type descent[T kernels.Float] struct {
	name     string // of the method, for errors
	ctx      context.Context
	f        float64 // value at x
	slope    float64 // derivative along d at x
	x, g, d  []T     // the iterate, the gradient, the direction
	xt, gt   []T     // trial
	trial    point
	best     point   // the trial with the lowest value of those with a gradient; without any, a is 0
	bestNorm float64 // max|g[i]| there
	norm     float64 // max|g[i]| at x
	norm0    float64 // at the start

	objective Objective[T]
	k         bitstep.Engine[T]
	stop      Stop
	line      LineSearch
	call      func(Iterate[T]) bool
	res       Result
}

// settled is how many steps in a row may lower neither the value, beyond its rounding, nor the gradient.
const settled = 10

// newDescent checks the settings that all methods share, and allocates.
func newDescent[T kernels.Float](c *setting, ctx context.Context, f Objective[T], x []T, stop Stop,
	line LineSearch, call func(Iterate[T]) bool, k *bitstep.Engine[T]) *descent[T] {
	m := &descent[T]{name: c.method, ctx: ctx, objective: f, x: x, stop: stop, line: line, call: call}
	m.res = Result{F: math.NaN(), GradNorm: math.NaN()}
	checkStop[T](c, &m.stop)
	checkLineSearch[T](c, &m.line)
	c.function(f == nil)
	if c.err != nil {
		m.res.Status = InvalidSettings
		return m
	}
	m.k = bitstep.On[T](bitstep.Active())
	if k != nil {
		m.k = *k
	}
	n := len(x)
	scratch := make([]T, 4*n)
	for _, v := range []*[]T{&m.g, &m.d, &m.xt, &m.gt} {
		*v, scratch = scratch[:n:n], scratch[n:]
	}
	return m
}

// run minimizes.
func (m *descent[T]) run(c method[T]) (Result, error) {
	if m.interrupted() {
		return m.end()
	}
	copy(m.xt, m.x)
	m.f = m.evaluate(m.g)
	m.norm = float64(m.k.MaxAbs(m.g))
	m.norm0 = m.norm
	if !num.Finite(m.f) || !num.Finite(m.norm) {
		m.res.Status = NotFinite
		return m.end()
	}
	lowest, flattest, idle := m.f, m.norm, 0
	for df, dx := math.Inf(1), math.Inf(1); !m.finished(df, dx, idle); {
		end := m.advance(c)
		for end == stepFailed && c.restart(m) {
			end = m.advance(c)
		}
		if end == stepFailed {
			m.res.Status = NoProgress
		}
		if end == stepFailed || end == stepBroken {
			break
		}
		m.res.Iterations++
		df, dx = m.accept(c)
		if idle++; lowest-m.f > m.rounding() || m.norm < flattest {
			lowest, flattest, idle = min(m.f, lowest), min(m.norm, flattest), 0
		}
		if end == stepWeak && !c.restart(m) {
			idle = settled
		}
	}
	return m.end()
}

// rounding returns what is taken as the rounding of the value at the iterate.
func (m *descent[T]) rounding() float64 { return float64(m.line.Noise * math.Abs(m.f)) }

// advance searches along a direction. A search that fails may leave a point to go on from.
func (m *descent[T]) advance(c method[T]) searchEnd {
	step, ok := c.direction(m)
	if !ok {
		return stepBroken
	}
	m.slope = float64(m.k.Dot(m.g, m.d))
	m.best, m.bestNorm = point{f: m.f}, m.norm
	if !(m.slope < 0) || !num.Finite(m.slope) { // or d is not finite
		return stepFailed
	}
	if step == 0 {
		step = m.firstStep()
	}
	search := m.wolfe
	if m.line.Backtracking {
		search = m.backtrack
	}
	end := search(step)
	if end != stepFailed || m.best.f >= m.f {
		return end
	}
	decrease := m.f - m.best.f
	t, ok := m.try(m.best.a, true)
	switch {
	case !ok:
		return stepBroken
	case !t.finite(): // the objective changed its mind
		m.best = point{}
		return stepFailed
	case decrease <= m.rounding():
		return stepWeak
	}
	return stepFound
}

// try evaluates the objective at a step along d. It returns false if the minimization is to end.
func (m *descent[T]) try(a float64, gradient bool) (point, bool) {
	if m.interrupted() {
		return point{}, false
	}
	a = float64(T(a))
	copy(m.xt, m.x)
	m.k.Axpy(m.xt, m.d, T(a))
	t := point{a: a}
	if gradient {
		t.f = m.evaluate(m.gt)
		t.d = float64(m.k.Dot(m.gt, m.d))
		if t.finite() && t.f < m.best.f {
			m.best, m.bestNorm = t, float64(m.k.MaxAbs(m.gt))
		}
	} else {
		t.f = m.evaluate(nil)
	}
	m.trial = t
	return t, true
}

// interrupted reports whether no more may be evaluated.
func (m *descent[T]) interrupted() bool {
	if m.ctx.Err() != nil {
		m.res.Status = Cancelled
	} else if m.res.Evaluations >= m.stop.Evaluations {
		m.res.Status = EvaluationLimit
	}
	return m.res.Status != Unfinished
}

func (m *descent[T]) evaluate(grad []T) float64 {
	m.res.Evaluations++
	if grad != nil {
		m.res.Gradients++
	}
	return m.objective(m.xt, grad)
}

// accept makes the trial the iterate and returns the change of the value and, for Stop.Step, of the point.
func (m *descent[T]) accept(c method[T]) (df, dx float64) {
	s, y := c.change(m)
	m.k.Sub(s, m.xt, m.x)
	if y != nil {
		m.k.Sub(y, m.gt, m.g)
	}
	if m.stop.Step >= 0 {
		dx = float64(m.k.MaxAbs(s))
	}
	copy(m.x, m.xt)
	m.g, m.gt = m.gt, m.g
	df, m.f = math.Abs(m.trial.f-m.f), m.trial.f
	if m.norm = m.bestNorm; m.best != m.trial {
		m.norm = float64(m.k.MaxAbs(m.g))
	}
	m.best = point{}
	c.learn(m)
	return df, dx
}

// finished applies the rules to the iterate and shows it to the callback.
func (m *descent[T]) finished(df, dx float64, idle int) bool {
	s, status := &m.stop, Unfinished
	switch {
	case m.norm <= s.Gradient || m.norm <= float64(s.GradientRelative*m.norm0):
		status = GradientConverged
	case m.f <= s.Target:
		status = TargetReached
	case df <= float64(s.Value*max(1, math.Abs(m.f))):
		status = ValueConverged
	case s.Step >= 0 && dx <= float64(s.Step*max(1, float64(m.k.MaxAbs(m.x)))):
		status = StepConverged
	case idle >= settled:
		status = NoProgress
	case m.res.Iterations >= s.Iterations:
		status = IterationLimit
	}
	if m.call != nil {
		stop := m.call(Iterate[T]{m.res.Iterations, m.x, m.g, m.f, m.norm, m.trial.a, m.res.Evaluations})
		if stop && status == Unfinished {
			status = CallbackStop
		}
	}
	m.res.Status = status
	return status != Unfinished
}

// end moves to the best trial, if that is lower than the iterate, and returns the result.
func (m *descent[T]) end() (Result, error) {
	r := &m.res
	if r.Evaluations > 0 {
		r.F, r.GradNorm = m.f, m.norm
	}
	if m.best.a > 0 && m.best.f < m.f {
		copy(m.xt, m.x)
		m.k.Axpy(m.xt, m.d, T(m.best.a))
		copy(m.x, m.xt)
		r.F, r.GradNorm = m.best.f, m.bestNorm
	}
	switch r.Status {
	case NotFinite:
		return *r, fmt.Errorf("minimize: %s: the value %v and the largest |gradient| %v at the start, "+
			"want finite numbers", m.name, m.f, m.norm)
	case Cancelled:
		return *r, fmt.Errorf("minimize: %s: cancelled after %d iterations: %w",
			m.name, r.Iterations, context.Cause(m.ctx))
	case NoProgress:
		return *r, fmt.Errorf("minimize: %s: no progress after %d iterations at value %v and largest |gradient| %v, "+
			"want at most %v: the derivatives are wrong or at the limit of rounding",
			m.name, r.Iterations, r.F, r.GradNorm, m.stop.Gradient)
	}
	return *r, nil
}

// steepest sets d against the gradient, the largest |d[i]| being 1.
func (m *descent[T]) steepest() {
	most := 0x1p1022
	if num.Is32[T]() {
		most = 0x1p126
	}
	copy(m.d, m.g)
	m.k.Scale(m.d, T(-min(1/m.norm, most)))
}

// firstStep returns the first step along steepest descent.
func (m *descent[T]) firstStep() float64 {
	return 1 / math.Sqrt(float64(m.k.SumSquares(m.d)))
}
