package optim_test

import (
	"math"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var _ = addWhole(optim.Adafactor{})

// Adafactor is the paper's formula in float64, of vectors and of matrices inside longer shapes, and the same on every
// backend.
func TestArchAdafactor(t *testing.T) {
	t.Run("type=float32", testAdafactor[float32])
	t.Run("type=float64", testAdafactor[float64])
}

func testAdafactor[T kernels.Float](t *testing.T) {
	shapes := [][]int{{6, 7}, {2, 3, 5}, {11}, {0, 4}, {1, 3}}
	const lr, decay, e1, e2, d, wd, steps = 0.3, 0.7, 0.01, 0.05, 0.75, 0.1, 5
	r := edge.Rand(7)
	x, grads := filled[T](r.Float64, shapes), [][][]T{}
	for range steps {
		grads = append(grads, filled[T](r.Float64, shapes))
	}
	want := adafactorReference(x, grads, shapes, lr, decay, e1, e2, d, wd)
	var first [][]T
	for _, b := range bitstep.Backends() {
		opt := must(optim.NewGroups(optim.Options{}, optim.Group[T]{Params: clone(x), Shapes: shapes,
			Config: optim.Adafactor{LR: lr, Decay: decay, Eps1: e1, Eps2: e2, D: d, WeightDecay: wd, Decoupled: true}}))
		opt.SetEngine(bitstep.On[T](b))
		for _, g := range grads {
			opt.Step(g...)
		}
		if first == nil {
			first = opt.Params()
			near(t, first, want, 40)
		}
		compare(t, b.String(), opt.Params(), first)
	}
}

// filled are tensors of numbers from -1 to 1.
func filled[T kernels.Float](random func() float64, shapes [][]int) (all [][]T) {
	for _, shape := range shapes {
		n := 1
		for _, k := range shape {
			n *= k
		}
		x := make([]T, n)
		for i := range x {
			x[i] = T(2*random() - 1)
		}
		all = append(all, x)
	}
	return all
}

// near compares with results in float64, to so many units of 1.
func near[T kernels.Float](t *testing.T, got [][]T, want [][]float64, units float64) {
	t.Helper()
	worst := 0.0
	for i := range want {
		for j := range want[i] {
			worst = max(worst, math.Abs(float64(got[i][j])-want[i][j])/unit[T]())
		}
	}
	if !(worst <= units) {
		t.Errorf("%.1f units apart, want at most %v", worst, units)
	}
}

// wide are the tensors in float64.
func wide[T kernels.Float](x [][]T) (all [][]float64) {
	for _, p := range x {
		w := make([]float64, len(p))
		for i, v := range p {
			w[i] = float64(v)
		}
		all = append(all, w)
	}
	return all
}

func adafactorReference[T kernels.Float](start [][]T, grads [][][]T, shapes [][]int,
	lr, decay, e1, e2, d, wd float64) [][]float64 {
	rms := func(v []float64) float64 {
		sum := 0.0
		for _, e := range v {
			sum += float64(e * e)
		}
		return math.Sqrt(sum / float64(len(v)))
	}
	x := wide(start)
	for p, shape := range shapes {
		if len(x[p]) == 0 {
			continue
		}
		// A vector is treated as a mean of each element.
		rows, cols := len(x[p]), 1
		if k := len(shape); k >= 2 {
			rows, cols = shape[k-2], shape[k-1]
		}
		row, col := make([]float64, len(x[p])), make([]float64, len(x[p])) // of each element
		for s := range grads {
			fresh := math.Exp(-decay * math.Log(float64(s+1)))
			g := wide(grads[s])[p]
			u := make([]float64, len(g))
			for i := range g {
				first := i - i%(rows*cols) // of the matrix
				r, c := (i-first)/cols, i%cols
				meanRow, meanCol := 0.0, 0.0
				for j := range cols {
					e := g[first+r*cols+j]
					meanRow += float64(e*e) / float64(cols)
				}
				for j := range rows {
					e := g[first+j*cols+c]
					meanCol += float64(e*e) / float64(rows)
				}
				row[i] += float64(fresh * (meanRow - row[i]))
				col[i] += float64(fresh * (meanCol - col[i]))
			}
			for i := range g {
				first, estimate := i-i%(rows*cols), row[i]
				if len(shape) >= 2 {
					mean := 0.0
					for j := range rows {
						mean += row[first+j*cols] / float64(rows)
					}
					estimate = float64(row[i]*col[i]) / max(mean, e1)
				}
				u[i] = g[i] / math.Sqrt(max(estimate, float64(e1*e1)))
			}
			rate := min(lr, 1/math.Sqrt(float64(s+1))) * max(e2, rms(x[p])) / max(1, rms(u)/d)
			for i := range u {
				x[p][i] = float64(x[p][i]*(1-float64(lr*wd))) - float64(rate*u[i])
			}
		}
	}
	return x
}

func TestAdafactorFields(t *testing.T) {
	want := optim.Adafactor{LR: 1e-2, Decay: 0.8, Eps2: 1e-3, D: 1}
	if got := must(optim.New(optim.Adafactor{}, []float32{1})).Config(0); got != want {
		t.Errorf("defaults %+v, want %+v", got, want)
	}
	for _, bad := range []optim.Adafactor{{D: optim.Zero}, {Eps1: optim.Zero}, {Decay: -1}, {Eps2: -1}} {
		if _, err := optim.New(bad, []float32{1}); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}
