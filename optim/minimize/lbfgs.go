package minimize

import (
	"context"
	"math"
	"math/bits"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
)

// LBFGS minimizes by limited-memory BFGS: the direction is -H*g, with H the inverse Hessian that the last
// Memory changes s of x and y of the gradient make of gamma*I,
//
//	H' = (I - rho*s*y') H (I - rho*y*s') + rho*s*s',  rho = 1/(s'y),  gamma = s'y/(y'y) of the last change,
//
// applied by the two-loop recursion. It takes 4*Memory passes over n elements in an iteration and keeps
// 2*Memory+4 vectors of n elements. A change with s'y <= eps*|s|*|y|, eps being 2^-52 or 2^-23, is left out.
// Sources: Nocedal, Updating quasi-Newton matrices with limited storage (1980); Liu and Nocedal, On the limited
// memory BFGS method for large scale optimization (1989).
//
// Vectors and their dot products are of type T, in the order of bitstep's kernels; values, steps and all that
// is derived from dot products is float64. Results are the same on every architecture and backend and with any
// number of threads, as far as the objective's are. The zero value is ready to use.
type LBFGS[T kernels.Float] struct {
	Memory      int // changes that are kept, no more than Stop.Iterations. Default: 10
	Stop        Stop
	LineSearch  LineSearch
	OnIteration func(Iterate[T]) (stop bool) // called at every iterate, the start included; may be nil
	Engine      *bitstep.Engine[T]           // nil: those of the active backend
}

// mostMemory is the largest number of elements in the changes of x, and in those of the gradient: 2^36, which no
// machine has memory for, or 2^26 where addresses have 32 bits: both then take half of what there can be in float64.
const mostMemory = 1 << (16 + 10*bits.UintSize/32)

// Minimize minimizes f from x. It writes whole iterates to x, each lower than the one before but for rounding, and
// whatever ends it, also a context that is done or the limit of evaluations in the midst of a search, x is the
// last iterate or a lower trial of that search. Errors: a setting out of range or a start without finite value and
// gradient (x is unchanged), a context that is done, no progress. It allocates at the start and not in iterations.
func (c LBFGS[T]) Minimize(ctx context.Context, f Objective[T], x []T) (Result, error) {
	set := setting{method: "LBFGS"}
	set.whole("Memory", &c.Memory, 10)
	m := newDescent(&set, ctx, f, x, c.Stop, c.LineSearch, c.OnIteration, c.Engine)
	if set.err != nil {
		return m.res, set.err
	}
	memory := min(c.Memory, m.stop.Iterations)
	if most := mostMemory / max(1, len(x)); memory > most {
		set.fail("Memory = %d, want at most %d for %d parameters", c.Memory, most, len(x))
		m.res.Status = InvalidSettings
		return m.res, set.err
	}
	l := &limited[T]{rho: make([]float64, memory), alpha: make([]float64, memory), pairs: make([][]T, 0, 2*memory)}
	all := make([]T, 2*memory*len(x))
	for range 2 * memory {
		l.pairs, all = append(l.pairs, all[:len(x):len(x)]), all[len(x):]
	}
	return m.run(l)
}

// limited is the memory of L-BFGS: a ring of changes.
type limited[T kernels.Float] struct {
	pairs      [][]T // s and y in turn
	rho, alpha []float64
	gamma      float64
	next, used int // the slot to write, and how many are in use
}

func (l *limited[T]) slot(i int) (s, y []T) { return l.pairs[2*i], l.pairs[2*i+1] }

func (l *limited[T]) direction(m *descent[T]) (float64, bool) {
	if l.used == 0 {
		m.steepest()
		return 0, true
	}
	k, d, size := m.k, m.d, len(l.rho)
	copy(d, m.g)
	for j := range l.used { // the newest first
		i := (l.next - 1 - j + 2*size) % size
		s, y := l.slot(i)
		l.alpha[i] = float64(l.rho[i] * float64(k.Dot(s, d)))
		k.Axpy(d, y, T(-l.alpha[i]))
	}
	k.Scale(d, T(-l.gamma))
	for j := l.used - 1; j >= 0; j-- {
		i := (l.next - 1 - j + 2*size) % size
		s, y := l.slot(i)
		beta := float64(l.rho[i] * float64(k.Dot(y, d)))
		k.Axpy(d, s, T(-(l.alpha[i] + beta)))
	}
	return 1, true
}

func (l *limited[T]) change(*descent[T]) (s, y []T) { return l.slot(l.next) }

func (l *limited[T]) learn(m *descent[T]) {
	s, y := l.slot(l.next)
	sy, yy, ok := curvature(m.k, s, y)
	if !ok {
		return
	}
	l.rho[l.next], l.gamma = 1/sy, sy/yy
	l.next = (l.next + 1) % len(l.rho)
	l.used = min(l.used+1, len(l.rho))
}

func (l *limited[T]) restart(*descent[T]) bool {
	learned := l.used > 0
	l.used = 0
	return learned
}

// curvature returns s'y and y'y, and whether s'y > eps*|s|*|y| and their quotients are finite.
func curvature[T kernels.Float](k bitstep.Engine[T], s, y []T) (sy, yy float64, ok bool) {
	eps := 0x1p-52
	if num.Is32[T]() {
		eps = 0x1p-23
	}
	sy, yy = float64(k.Dot(s, y)), float64(k.SumSquares(y))
	ss := float64(k.SumSquares(s))
	finite := num.Finite(1/sy + sy/yy) // no square overflowed or vanished
	ok = finite && sy > float64(eps*float64(math.Sqrt(ss)*math.Sqrt(yy)))
	return sy, yy, ok
}
