package linear

import (
	"math"
	"slices"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
)

var _ = addFormula(Softmax{}, formula{row32: softmaxRow[float32], row64: softmaxRow[float64], real: softmaxReal})

func softmaxRow[T kernels.Float](s []T, class int) float64 {
	top, e, sum := float64(slices.Max(s)), make([]float64, len(s)), 0.0
	for j := range s {
		e[j] = kernels.Exp(float64(s[j]) - top)
		sum += e[j]
	}
	loss := kernels.Log(sum) - (float64(s[class]) - top)
	for j := range s {
		p := e[j] / sum
		if j == class {
			p -= 1
		}
		s[j] = T(p)
	}
	return loss
}

func softmaxReal(s, e []float64, class int, u float64) (loss, bound float64, ds, dsBound []float64, err error) {
	u64 := unit[float64]()
	ds, dsBound = make([]float64, len(s)), make([]float64, len(s))
	z, worst := 0.0, slices.Max(e)
	for j := range s {
		z += math.Exp(s[j])
	}
	// log(z) moves by at most the largest change of a score; Exp, Log and their sums are within some tens of units
	// of float64.
	bound = 2*worst + 64*u64*(2+math.Abs(s[class])+math.Abs(math.Log(z)))
	for j := range s {
		p := math.Exp(s[j]) / z
		ds[j] = p
		if j == class {
			ds[j]--
		}
		// d p[j] = p[j]*(ds[j] - sum p*ds): at most 2*p*worst to first order, doubled for the rest.
		dsBound[j] = 4*p*worst + u*math.Abs(ds[j]) + 64*u64
	}
	return math.Log(z) - s[class], bound, ds, dsBound, nil
}

// A sharper is a loss of a user's, Softmax of twice the scores.
type sharper struct{ Softmax }

func (sharper) Name() string                     { return "sharper" }
func (l sharper) Loss32(r *Row[float32]) float64 { return sharp(r, l.Softmax.Loss32) }
func (l sharper) Loss64(r *Row[float64]) float64 { return sharp(r, l.Softmax.Loss64) }

func sharp[T kernels.Float](r *Row[T], loss func(*Row[T]) float64) float64 {
	for j := range r.Scores {
		r.Scores[j] *= 2
	}
	value := loss(r)
	if r.Gradient {
		for j := range r.Scores {
			r.Scores[j] *= 2
		}
	}
	return value
}

// A pass computes no exponentials ahead for a loss that makes its scores of Softmax's: doubled, they have the loss of
// doubled weights.
func TestSoftmaxInside(t *testing.T) {
	set, w := small[float32](5, 150, 20, 4)
	grad, twice, want := make([]float32, len(w)), make([]float32, len(w)), make([]float32, len(w))
	for i := range w {
		twice[i] = 2 * w[i]
	}
	for _, b := range bitstep.Backends() {
		loss := problem(t, set, ProblemConfig{Loss: sharper{}}).On(b).LossGradient(w, grad, nil)
		plain := problem(t, set, ProblemConfig{Loss: Softmax{}}).On(b).LossGradient(twice, want, nil)
		for i := range want {
			want[i] *= 2
		}
		if loss != plain || !slices.Equal(grad, want) {
			t.Errorf("%v: loss %v, want %v", b, loss, plain)
		}
	}
}
