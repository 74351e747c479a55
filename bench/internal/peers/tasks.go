package peers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"unsafe"

	"github.com/bitstep-go/bitstep/bench/internal/ceiling"
	"github.com/bitstep-go/bitstep/bench/internal/measure"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
)

// A task is what peers are asked for.
type task[T kernels.Float] struct {
	row   record.Row // what it is
	flops float64    // of a call
	make  func() instance[T]
}

// An instance is a task with operands, which all peers share.
type instance[T kernels.Float] interface {
	call(p peer[T]) func() // nil if the peer lacks it
	// check computes once, with operands of its own: the result of bitstep has the bits of its definition, whose hash
	// it returns, and that of a peer lies no farther from it than its bound.
	check(p peer[T]) (hash string, err error)
}

func tasks[T kernels.Float](o Options) (all []task[T]) {
	for _, p := range measure.Products {
		sizes := p.Sizes()
		if o.Quick {
			sizes = sizes[:2]
		}
		for _, size := range sizes {
			m, n, k := p.Shape(size)
			all = append(all, task[T]{record.Row{Name: p.Name, N: size, Shape: fmt.Sprintf("%dx%dx%d", m, n, k)},
				2 * float64(m) * float64(n) * float64(k),
				func() instance[T] { return newProduct[T](p.TransA, p.TransB, m, n, k) }})
		}
	}
	levels := ceiling.Levels(o.Machine)
	if o.Quick {
		levels = levels[:1]
	}
	element := int(unsafe.Sizeof(T(0)))
	for _, f := range []struct {
		name            string
		arrays, traffic int // that a call moves, in elements
		flops           float64
		make            func(n int) instance[T]
	}{
		{"Axpy", 2, 3, 2, func(n int) instance[T] { return &axpy[T]{values[T](n), values[T](n)} }},
		{"Dot", 2, 2, 2, func(n int) instance[T] { return &dot[T]{values[T](n), values[T](n)} }},
		{"Adam", 4, 7, 13, newAdam[T]},
	} {
		for _, l := range levels {
			n := l.Bytes / element / f.arrays &^ 63
			all = append(all, task[T]{record.Row{Name: f.name, Level: l.Name, Bytes: n * element * f.arrays, N: n,
				BytesPerElement: float64(f.traffic * element), FLOPs: f.flops}, f.flops * float64(n),
				func() instance[T] { return f.make(n) }})
		}
	}
	return all
}

// values are between 1/2 and 3/2: sums of products have no cancellation, and bounds are small.
func values[T kernels.Float](n int) []T {
	s, r := make([]T, n), rand.New(rand.NewPCG(uint64(n), 1))
	for i := range s {
		s[i] = T(float64(r.Float64()) + .5)
	}
	return s
}

// unit is the unit roundoff of T: each operation is off by at most this part of its result.
func unit[T kernels.Float]() float64 {
	if unsafe.Sizeof(T(0)) == 4 {
		return 0x1p-24
	}
	return 0x1p-53
}

// gamma is Higham's bound for n operations, one after the other: the part by which a sum of n products can be off,
// whatever the order.
func gamma[T kernels.Float](n int) float64 {
	u := unit[T]()
	return float64(n) * u / (1 - float64(float64(n)*u))
}

// same returns the hash of got if its bits are those of want.
func same[T kernels.Float](name string, got, want []T) (string, error) {
	if i := edge.Differ(got, want); i >= 0 {
		return "", fmt.Errorf("%s[%d] = %x, the definition gives %x", name, i, got[i], want[i])
	}
	sum := sha256.Sum256(num.AppendBits(nil, got...))
	return hex.EncodeToString(sum[:]), nil
}

// near reports an element that is farther from want than the bound of its index.
func near[T kernels.Float](name string, got, want []T, bound func(i int) float64) error {
	for i, w := range want {
		if d := math.Abs(float64(got[i]) - float64(w)); !(d <= bound(i)) {
			return fmt.Errorf("%s[%d] = %v, bitstep has %v: they differ by %.3g, more than %.3g", name, i, got[i], w, d,
				bound(i))
		}
	}
	return nil
}

// A product is C = A*B, of M x N x K.
type product[T kernels.Float] struct {
	transA, transB bool
	m, n, k        int
	a, b, c        []T
	lda, ldb       int
	defined        []T
}

func newProduct[T kernels.Float](transA, transB bool, m, n, k int) instance[T] {
	p := &product[T]{transA: transA, transB: transB, m: m, n: n, k: k, a: values[T](m * k), b: values[T](k * n),
		c: make([]T, m*n), lda: k, ldb: n, defined: make([]T, m*n)}
	if transA {
		p.lda = m
	}
	if transB {
		p.ldb = k
	}
	kernels.Gemm(transA, transB, m, n, k, 1, p.a, p.lda, p.b, p.ldb, 0, p.defined, n)
	return p
}

func (p *product[T]) call(q peer[T]) func() {
	if q.gemm == nil {
		return nil
	}
	return func() { q.gemm(p.transA, p.transB, p.m, p.n, p.k, p.a, p.lda, p.b, p.ldb, p.c, p.n) }
}

func (p *product[T]) check(q peer[T]) (string, error) {
	for i := range p.c {
		p.c[i] = T(math.NaN()) // what is not written shows
	}
	p.call(q)()
	if q.name == ours {
		return same("C", p.c, p.defined)
	}
	// Both are off by gamma times the sum itself, since all products are positive.
	return "", near("C", p.c, p.defined, func(i int) float64 { return 3 * gamma[T](p.k) * float64(p.defined[i]) })
}

// checked is how many elements of long operands are checked: for many more, gamma says nothing.
const checked = 1 << 16

type axpy[T kernels.Float] struct{ x, y []T }

const factor = .7

func (a *axpy[T]) call(q peer[T]) func() {
	if q.axpy == nil {
		return nil
	}
	return func() { q.axpy(factor, a.x, a.y) }
}

func (a *axpy[T]) check(q peer[T]) (string, error) {
	x := a.x[:min(len(a.x), checked)]
	y, want := values[T](len(x)), values[T](len(x))
	q.axpy(factor, x, y)
	kernels.Axpy(want, x, factor)
	if q.name == ours {
		return same("y", y, want)
	}
	return "", near("y", y, want, func(i int) float64 { return 4 * unit[T]() * float64(want[i]) })
}

type dot[T kernels.Float] struct{ x, y []T }

func (d *dot[T]) call(q peer[T]) func() {
	if q.dot == nil {
		return nil
	}
	return func() { q.dot(d.x, d.y) }
}

func (d *dot[T]) check(q peer[T]) (string, error) {
	n := min(len(d.x), checked)
	got, want := []T{q.dot(d.x[:n], d.y[:n])}, []T{kernels.Dot(d.x[:n], d.y[:n])}
	if q.name == ours {
		return same("sum", got, want)
	}
	return "", near("sum", got, want, func(int) float64 { return 3 * gamma[T](n) * float64(want[0]) })
}

type adam[T kernels.Float] struct {
	x, m, v, g []T
	coef       kernels.AdamCoef[T]
}

func newAdam[T kernels.Float](n int) instance[T] {
	a := &adam[T]{x: values[T](n), m: values[T](n), v: values[T](n), g: values[T](n)}
	a.coef = kernels.NewAdam[T](kernels.AdamHyper{Beta1: .9, Beta2: .999, LR: 1e-3, Eps: 1e-7}, 1000)
	return a
}

func (a *adam[T]) call(q peer[T]) func() {
	if q.adam == nil {
		return nil
	}
	return func() { q.adam(a.x, a.m, a.v, a.g, &a.coef) }
}

func (a *adam[T]) check(q peer[T]) (string, error) {
	g := a.g[:min(len(a.g), checked)]
	n := len(g)
	before := values[T](n)
	x, m, v := values[T](n), values[T](n), values[T](n)
	wantX, wantM, wantV := values[T](n), values[T](n), values[T](n)
	q.adam(x, m, v, g, &a.coef)
	kernels.Adam(wantX, wantM, wantV, g, &a.coef)
	if q.name == ours {
		return same("x, m, v", slices.Concat(x, m, v), slices.Concat(wantX, wantM, wantV))
	}
	// Nothing is negative, so parts of errors add up: m is off by 3 roundings, v by 4, and a step by at most 16 either
	// way.
	u := unit[T]()
	for _, c := range []struct {
		name      string
		got, want []T
		bound     func(i int) float64
	}{
		{"m", m, wantM, func(i int) float64 { return 8 * u * float64(wantM[i]) }},
		{"v", v, wantV, func(i int) float64 { return 8 * u * float64(wantV[i]) }},
		{"x", x, wantX, func(i int) float64 {
			step := math.Abs(float64(before[i]) - float64(wantX[i]))
			return u * (float64(32*step) + float64(4*math.Abs(float64(before[i]))))
		}},
	} {
		if err := near(c.name, c.got, c.want, c.bound); err != nil {
			return "", err
		}
	}
	return "", nil
}
