package linear

import (
	"math"
	"slices"

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
