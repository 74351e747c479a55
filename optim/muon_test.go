package optim_test

import (
	"math"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var _ = addFormula(muonFormula[float32](), muonFormula[float64]())

// Of vectors Muon is Adam.
func muonFormula[T kernels.Float]() formula[T] {
	beta1, beta2, eps := 0.8, 0.95, 1e-5
	return formula[T]{name: "Muon", lr: 0.02, states: []string{"m", "v"},
		config: func(wd float64, d bool) optim.Config {
			return optim.Muon{LR: 0.02, VectorRate: 0.5, Beta1: beta1, Beta2: beta2, AdamEps: eps, WeightDecay: wd,
				Decoupled: d}
		},
		step: func(t uint64, lr float64, x, g T, s []T) T {
			power1, power2 := kernels.PowInt(beta1, t), kernels.PowInt(beta2, t)
			s[0] = T(T(beta1)*s[0]) + T(T(1-beta1)*g)
			s[1] = T(T(beta2)*s[1]) + T(T(T(1-beta2)*g)*g)
			rate := float64(lr*0.5) / (1 - power1)
			return x - T(T(rate)*s[0])/(root(T(T(1/(1-power2))*s[1]))+T(eps))
		}}
}

// Of matrices, wide, tall, and of more dimensions, Muon is its formula in float64, and the same on every backend.
func TestArchMuon(t *testing.T) {
	t.Run("type=float32", testMuon[float32])
	t.Run("type=float64", testMuon[float64])
}

func testMuon[T kernels.Float](t *testing.T) {
	shapes := [][]int{{5, 8}, {9, 4}, {3, 2, 3}, {4, 0}, {1, 6}}
	const lr, rho, wd, steps = 0.1, 0.75, 0.1, 4
	r := edge.Rand(8)
	x, grads := filled[T](r.Float64, shapes), [][][]T{}
	for range steps {
		grads = append(grads, filled[T](r.Float64, shapes))
	}
	for _, f := range []muonForm{
		{iterations: 5, a: 3.4445, b: -4.775, c: 2.0315},
		{plain: true, iterations: 5, a: 3.4445, b: -4.775, c: 2.0315},
		{config: optim.Muon{A: 2, B: -1.5, C: 0.5, Iterations: 7}, iterations: 7, a: 2, b: -1.5, c: 0.5},
		{config: optim.Muon{A: 1.5, B: -0.5, C: optim.Zero, Iterations: 8}, iterations: 8, a: 1.5, b: -0.5},
		{config: optim.Muon{Iterations: optim.Zero}},
	} {
		config := f.config
		config.LR, config.Rho, config.WeightDecay, config.Decoupled = lr, rho, wd, true
		config.NoNesterov, config.MatchAdam = f.plain, f.plain
		want := muonReference(x, grads, shapes, lr, rho, wd, f)
		var first [][]T
		for _, b := range bitstep.Backends() {
			opt := must(optim.NewGroups(optim.Options{}, optim.Group[T]{Params: clone(x), Shapes: shapes,
				Config: config}))
			opt.SetEngine(bitstep.On[T](b))
			for _, g := range grads {
				opt.Step(g...)
			}
			if first == nil {
				first = opt.Params()
				near(t, first, want, 200)
			}
			compare(t, b.String(), opt.Params(), first)
		}
	}
}

// A muonForm is what muonReference is told of fields, and config what Muon is.
type muonForm struct {
	config     optim.Muon
	plain      bool // without Nesterov, and with the rate of Adam
	iterations int
	a, b, c    float64
}

func muonReference[T kernels.Float](start [][]T, grads [][][]T, shapes [][]int, lr, rho, wd float64,
	f muonForm) [][]float64 {
	x := wide(start)
	for p, shape := range shapes {
		if len(x[p]) == 0 {
			continue
		}
		rows, cols := shape[0], len(x[p])/shape[0]
		m := make([]float64, len(x[p]))
		ratio := math.Sqrt(max(1, float64(rows)/float64(cols)))
		if f.plain {
			ratio = 0.2 * math.Sqrt(float64(max(rows, cols)))
		}
		for s := range grads {
			u, squares := make([]float64, len(m)), 0.0
			for i, g := range wide(grads[s])[p] {
				m[i] = float64(rho*m[i]) + float64((1-rho)*g)
				u[i] = m[i]
				if !f.plain {
					u[i] = float64(rho*m[i]) + float64((1-rho)*g)
				}
				squares += float64(u[i] * u[i])
			}
			for i := range u {
				u[i] /= max(math.Sqrt(squares), 1e-7)
			}
			for range f.iterations {
				gram := product(u, transposed(u, rows, cols), rows, cols, rows)
				left := product(gram, gram, rows, rows, rows)
				for i := range left {
					left[i] = float64(f.b*gram[i]) + float64(f.c*left[i])
				}
				next := product(left, u, rows, rows, cols)
				for i := range u {
					u[i] = float64(f.a*u[i]) + next[i]
				}
			}
			for i := range u {
				x[p][i] = float64(x[p][i]*(1-float64(lr*wd))) - float64(float64(lr*ratio)*u[i])
			}
		}
	}
	return x
}

// product is a*b, rows by inner and inner by cols.
func product(a, b []float64, rows, inner, cols int) []float64 {
	c := make([]float64, rows*cols)
	for i := range rows {
		for j := range cols {
			for k := range inner {
				c[i*cols+j] += float64(a[i*inner+k] * b[k*cols+j])
			}
		}
	}
	return c
}

func transposed(a []float64, rows, cols int) []float64 {
	t := make([]float64, len(a))
	for i := range rows {
		for j := range cols {
			t[j*rows+i] = a[i*cols+j]
		}
	}
	return t
}

// After the iteration a matrix of full rank has singular values near 1: u*u' is near the identity.
func TestMuonOrthogonal(t *testing.T) {
	const n, k = 32, 12
	x, g := make([]float64, k*n), filled[float64](edge.Rand(9).Float64, [][]int{{k, n}})[0]
	opt := must(optim.NewGroups(optim.Options{}, optim.Group[float64]{Params: [][]float64{x}, Shapes: [][]int{{k, n}},
		Config: optim.Muon{LR: 1}}))
	opt.Step(g)
	gram := product(x, transposed(x, k, n), k, n, k)
	for i, v := range gram {
		if row, col := i/k, i%k; row == col && (v < 0.4 || v > 1.6) || row != col && math.Abs(v) > 0.5 {
			t.Errorf("u*u' is %v at %d, %d", v, row, col)
		}
	}
}

// Steps of matrices allocate nothing.
func TestMatrixAllocations(t *testing.T) {
	for _, c := range []optim.Config{optim.Muon{LR: 0.01}, optim.Adafactor{}} {
		x, g := make([]float32, 60*50), make([]float32, 60*50)
		g[7] = 1
		opt := must(optim.NewGroups(optim.Options{}, optim.Group[float32]{Config: c, Params: [][]float32{x},
			Shapes: [][]int{{60, 50}}}))
		got := 1.0
		for try := 0; try < 5 && got != 0; try++ {
			got = testing.AllocsPerRun(5, func() { opt.Step(g) })
		}
		if got != 0 && !raceEnabled {
			t.Errorf("%T: %v allocations per step", c, got)
		}
	}
}

func TestMuonFields(t *testing.T) {
	want := optim.Muon{LR: 1e-3, Rho: 0.95, Eps: 1e-7, A: 3.4445, B: -4.775, C: 2.0315, Iterations: 5, VectorRate: 1,
		Beta1: 0.9, Beta2: 0.95, AdamEps: 1e-8}
	if got := must(optim.New(optim.Muon{}, []float32{1})).Config(0); got != want {
		t.Errorf("defaults %+v, want %+v", got, want)
	}
	for _, bad := range []struct {
		optim.Muon
		want string
	}{
		{optim.Muon{Rho: 1}, "Muon: Rho = 1, want in [0, 1)"},
		{optim.Muon{Beta1: 1}, "Muon: Beta1 = 1, want in [0, 1)"},
		{optim.Muon{Eps: -1}, "Muon: Eps = -1, want in [0, +Inf)"},
		{optim.Muon{A: math.NaN()}, "Muon: A = NaN, want in (-Inf, +Inf)"},
		{optim.Muon{B: math.Inf(-1)}, "Muon: B = -Inf, want in (-Inf, +Inf)"},
		{optim.Muon{C: 1e39}, "Muon: C = 1e+39, which is +Inf in float32, want a number in its range"},
		{optim.Muon{Iterations: 2.5}, "Muon: Iterations = 2.5, want a whole number"},
		{optim.Muon{Iterations: 100}, "Muon: Iterations = 100, want in [0, 100)"},
		{optim.Muon{Iterations: -1}, "Muon: Iterations = -1, want in [0, 100)"},
	} {
		if _, err := optim.New(bad.Muon, []float32{1}); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%+v: error %v, want %q", bad.Muon, err, bad.want)
		}
	}
}
