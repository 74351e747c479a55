package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 17,
	Names: []Name{{Name: "adafactor", Config: func(lr float64) Config { return Adafactor{LR: lr} }, Rate: 3e-2}},
	Settings: []Setting{
		{Name: "Adafactor", Config: Adafactor{}},
		{Name: "Adafactor/decoupled", Config: Adafactor{LR: 0.05, D: 0.5, WeightDecay: 0.1, Decoupled: true},
			Options: clippedSetting},
	},
	Torch: []Torch{{Case: "Adafactor", Class: "Adafactor", Transcribed: true, Place: 16, Config: Adafactor{},
		Fields: "lr=LR weight_decay=WeightDecay beta2_decay=Decay eps1=Eps1 eps2=Eps2 d=D decoupled=Decoupled",
		Given: []string{
			"lr=0.01 beta2_decay=0.8 eps2=1e-3 d=1.0",
			"lr=0.1 beta2_decay=0.8 eps2=1e-3 d=1.0 rows=2",
			"lr=0.1 beta2_decay=0.5 eps1=0.01 eps2=0.1 d=0.5 rows=4 weight_decay=0.1 decoupled=True",
		}}},
})

// Adafactor divides by the root of a mean of squared gradients of which it keeps, of a matrix, only the means of rows
// and columns (Shazeer and Stern, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost, 2018), as
// torch.optim.Adafactor has it. At step t = 1, 2, ..., with beta = 1 - t^-Decay, of a parameter whose last two
// dimensions are r rows and c columns:
//
//	row = beta*row + (1-beta)*(mean of g*g over columns)
//	col = beta*col + (1-beta)*(mean of g*g over rows)
//	u = g/sqrt(max(row*col/max(mean of row, Eps1), Eps1*Eps1))
//
// for each matrix of the dimensions before, the kernel [kernels.DivRoot]; of a parameter with one dimension
//
//	v = beta*v + (1-beta)*g*g
//	u = g/sqrt(max(v, Eps1*Eps1))
//
// and then, with the root mean squares of x (before it decays) and u,
//
//	x = x - min(lr, 1/sqrt(t))*max(Eps2, rms(x))/max(1, rms(u)/D)*u
//
// Group.Shapes tells dimensions; without it all parameters are vectors.
//
// State: row and col, the sum of rows and columns per matrix, or v, one element per parameter.
type Adafactor struct {
	LR          float64 // the largest relative rate; default 1e-2
	Decay       float64 // default 0.8
	Eps1        float64 // default 2^-23 for float32 and 2^-52 for float64
	Eps2        float64 // default 1e-3
	D           float64 // the largest root mean square of u; default 1
	WeightDecay float64 // default 0; PyTorch's is Decoupled
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c Adafactor) Spec() *Spec {
	s := NewSpec("Adafactor", &c.LR, 1e-2, &c.WeightDecay, c.Decoupled)
	s.Value("Decay", &c.Decay, 0.8, math.Inf(1))
	if c.Eps1 == Zero {
		s.fail("Eps1 = 0, want in (0, +Inf)")
	}
	s.Value("Eps1", &c.Eps1, 0, math.Inf(1)) // 0 is eps1's default
	s.Value("Eps2", &c.Eps2, 1e-3, math.Inf(1))
	s.Value("D", &c.D, 1, math.Inf(1))
	if c.D == 0 {
		s.fail("D = 0, want in (0, +Inf)")
	}
	return Bind(s, &c, stepAdafactor[float32], stepAdafactor[float64])
}

// eps1 is Eps1 for elements of type T.
func eps1[T kernels.Float](h *Adafactor) float64 {
	switch {
	case h.Eps1 != 0:
		return h.Eps1
	case num.Is32[T]():
		return 0x1p-23
	}
	return 0x1p-52
}

func stepAdafactor[T kernels.Float](s *Setup[T], h *Adafactor) func(*Update[T]) {
	state := func(name string, f func(shape []int, last int) []int, matrices bool) [][]T {
		return State(s, name, T(0), func(shape []int) []int {
			if len(shape) >= 2 != matrices {
				return []int{0}
			}
			return f(shape, len(shape)-1)
		})
	}
	row := state("row", func(shape []int, last int) []int { return shape[:last] }, true)
	col := state("col", func(shape []int, last int) []int {
		return append(append([]int{}, shape[:last-1]...), shape[last])
	}, true)
	v := state("v", func(shape []int, _ int) []int { return shape }, false)
	var last []matrix // the last two dimensions, of vectors none
	longest := 0
	for i, shape := range s.Shapes() {
		m, n := matrix{}, len(s.group.x[i])
		if k := len(shape); k >= 2 {
			m = matrix{shape[k-2], shape[k-1]}
		}
		last, longest = append(last, m), max(longest, m.rows, m.cols)
		s.Scratch(2 * n)
	}
	ones := make([]T, longest)
	for i := range ones {
		ones[i] = 1
	}
	return func(u *Update[T]) {
		for i, x := range u.X {
			if len(x) == 0 {
				continue
			}
			f := factored[T]{u: u, h: h, g: u.Scratch[:len(x)], out: u.Scratch[len(x) : 2*len(x)], ones: ones}
			one, n := [1][]T{x}, float64(len(x))
			size := max(h.Eps2, norm(u.Engine, one[:])/math.Sqrt(n))
			u.Prepare(i, f.g)
			u.Engine.Mul(f.out, f.g, f.g)
			f.fresh = kernels.Exp(float64(-h.Decay * kernels.Log(float64(u.Step))))
			if len(v[i]) > 0 {
				f.vector(v[i])
			} else {
				f.matrices(last[i], row[i], col[i])
			}
			one[0] = f.out
			limit := max(1, norm(u.Engine, one[:])/float64(math.Sqrt(n)*h.D))
			rate := float64(min(u.LR, 1/math.Sqrt(float64(u.Step))) * size)
			u.Engine.Axpy(x, f.out, T(-rate/limit))
		}
	}
}

// factored makes the update of one parameter.
type factored[T kernels.Float] struct {
	u      *Update[T]
	h      *Adafactor
	g, out []T     // the gradient; its squares, which become the update
	ones   []T     // as many as the longest row or column has
	fresh  float64 // 1-beta
}

func (f *factored[T]) least() T {
	e := eps1[T](f.h)
	return T(float64(e * e))
}

func (f *factored[T]) vector(v []T) {
	f.u.Engine.Axpby(v, f.out, T(f.fresh), T(1-f.fresh))
	f.u.Engine.DivRoot(f.out, f.g, v, 1, f.least())
}

func (f *factored[T]) matrices(m matrix, row, col []T) {
	e, n := f.u.Engine, m.rows*m.cols
	beta, least, floor := T(1-f.fresh), f.least(), eps1[T](f.h)
	for b := 0; b*n < len(f.g); b++ {
		g, out := f.g[b*n:(b+1)*n], f.out[b*n:(b+1)*n]
		row, col := row[b*m.rows:(b+1)*m.rows], col[b*m.cols:(b+1)*m.cols]
		e.Gemv(false, m.rows, m.cols, T(f.fresh/float64(m.cols)), out, m.cols, f.ones[:m.cols], beta, row)
		e.Gemv(true, m.rows, m.cols, T(f.fresh/float64(m.rows)), out, m.cols, f.ones[:m.rows], beta, col)
		mean := max(float64(e.Sum(row))/float64(m.rows), floor)
		for i, r := range row {
			at := i * m.cols
			e.DivRoot(out[at:at+m.cols], g[at:at+m.cols], col, T(float64(r)/mean), least)
		}
	}
}
