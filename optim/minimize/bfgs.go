package minimize

import (
	"context"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
)

// BFGS minimizes by the method of Broyden, Fletcher, Goldfarb and Shanno: the direction is -H*g, with an
// inverse Hessian H that is updated from the changes s of x and y of the gradient,
//
//	H' = (I - rho*s*y') H (I - rho*y*s') + rho*s*s',  rho = 1/(s'y),
//
// and starts as gamma*I, gamma = s'y/(y'y) of the first change. H is kept as n*n elements of T: for more than
// some thousand parameters use [LBFGS]. A change with s'y <= eps*|s|*|y|, eps being 2^-52 or 2^-23, is left out.
// Source: Nocedal and Wright, Numerical Optimization (2006), section 6.1.
//
// What is of type T and what is float64 is as in [LBFGS]. The zero value is ready to use.
type BFGS[T kernels.Float] struct {
	Stop        Stop
	LineSearch  LineSearch
	OnIteration func(Iterate[T]) (stop bool) // called at every iterate, the start included; may be nil
	Engine      *bitstep.Engine[T]           // nil: those of the active backend
}

// Minimize minimizes f from x as [LBFGS.Minimize] does.
func (c BFGS[T]) Minimize(ctx context.Context, f Objective[T], x []T) (Result, error) {
	set := setting{method: "BFGS"}
	m := newDescent(&set, ctx, f, x, c.Stop, c.LineSearch, c.OnIteration, c.Engine)
	if set.err != nil {
		return m.res, set.err
	}
	n := len(x)
	return m.run(&dense[T]{h: make([]T, n*n), s: make([]T, n), y: make([]T, n), u: make([]T, n)})
}

// dense is the inverse Hessian of BFGS.
type dense[T kernels.Float] struct {
	h       []T // n x n, symmetric to the bit
	s, y, u []T
	learned bool // h is set
}

func (b *dense[T]) direction(m *descent[T]) (float64, bool) {
	if !b.learned {
		m.steepest()
		return 0, true
	}
	m.k.Gemv(false, len(m.d), len(m.d), -1, b.h, len(m.d), m.g, 0, m.d)
	return 1, true
}

func (b *dense[T]) change(*descent[T]) (s, y []T) { return b.s, b.y }

// learn updates H. With u = H*y and w = (rho/2 + rho*rho*(y'u)/2)*s - rho*u, H' = H + s*w' + w*s'. The two
// products of an element are added first, so that H' is as symmetric as H.
func (b *dense[T]) learn(m *descent[T]) {
	s, y, u, n := b.s, b.y, b.u, len(b.s)
	sy, yy, ok := curvature(m.k, s, y)
	if !ok {
		return
	}
	if !b.learned {
		clear(b.h)
		for i := range n {
			b.h[i*n+i] = T(sy / yy)
		}
		b.learned = true
	}
	m.k.Gemv(false, n, n, 1, b.h, n, y, 0, u)
	rho := 1 / sy
	half := float64(0.5*rho) + float64(float64(0.5*float64(rho*rho))*float64(m.k.Dot(y, u)))
	w := u
	m.k.Axpby(w, s, T(half), T(-rho))
	for i, si := range s {
		wi, row := w[i], b.h[i*n:i*n+n]
		for j := range row {
			row[j] += T(si*w[j]) + T(wi*s[j])
		}
	}
}

func (b *dense[T]) restart(*descent[T]) bool {
	learned := b.learned
	b.learned = false
	return learned
}
