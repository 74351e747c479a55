package minimize

import (
	"context"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
)

// Newton minimizes by Newton's method with a line search: the direction d solves (H + tau*I)*d = -g, with H the
// Hessian and tau = 0 where H is positive definite. Elsewhere tau grows by powers of 4 until H + tau*I is, so
// that d leads down also past saddle points. (A start exactly on one, where g = 0, counts as converged.)
//
// The system is solved in float64 for both types by a Cholesky factorization, n*n*n/6 multiplications and
// subtractions of a plain loop: for a few hundred parameters. It keeps n*n elements of T and 2*n*n float64.
// Should the line search fail or the Hessian not be finite, one step against the gradient is tried.
// Source: Nocedal and Wright, Numerical Optimization (2006), section 3.4.
type Newton[T kernels.Float] struct {
	Hessian     Hessian[T] // required
	Stop        Stop
	LineSearch  LineSearch
	OnIteration func(Iterate[T]) (stop bool) // called at every iterate, the start included; may be nil
	Engine      *bitstep.Engine[T]           // nil: those of the active backend
}

// Minimize minimizes f from x as [LBFGS.Minimize] does.
func (c Newton[T]) Minimize(ctx context.Context, f Objective[T], x []T) (Result, error) {
	set := setting{method: "Newton"}
	if c.Hessian == nil {
		set.fail("Hessian is nil, want a function")
	}
	m := newDescent(&set, ctx, f, x, c.Stop, c.LineSearch, c.OnIteration, c.Engine)
	if set.err != nil {
		return m.res, set.err
	}
	n := len(x)
	return m.run(&second[T]{hessian: c.Hessian, h: make([]T, n*n), a: make([]float64, n*n),
		l: make([]float64, n*n), b: make([]float64, n)})
}

// second is the Hessian of Newton's method.
type second[T kernels.Float] struct {
	hessian  Hessian[T]
	h        []T
	a, l, b  []float64
	steepest bool // the next direction is against the gradient
}

func (s *second[T]) direction(m *descent[T]) (float64, bool) {
	if s.steepest {
		m.steepest()
		return 0, true
	}
	if m.interrupted() {
		return 0, false
	}
	n := len(m.x)
	m.res.Hessians++
	copy(m.xt, m.x)
	s.hessian(m.xt, s.h)
	for i, v := range s.h {
		s.a[i] = float64(v)
	}
	if _, ok := choleskyDamped(s.l, s.a, n); !ok {
		clear(m.d) // no direction: advance fails, and restarts
		return 1, true
	}
	for i, v := range m.g {
		s.b[i] = -float64(v)
	}
	choleskySolve(s.l, s.b, n)
	for i, v := range s.b {
		m.d[i] = T(v)
	}
	return 1, true
}

// change puts the change of x where the direction was.
func (s *second[T]) change(m *descent[T]) (_, _ []T) { return m.d, nil }

func (s *second[T]) learn(*descent[T]) { s.steepest = false }

func (s *second[T]) restart(*descent[T]) bool {
	before := s.steepest
	s.steepest = true
	return !before
}
