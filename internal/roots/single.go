package roots

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

// Reach is more than any |k| for which a form can be wrong: lemma 2 of docs/exact-sqrt.md.
const Reach = 100

// Wrong returns the float32 x in [1, 4) for which a form is wrong from some estimate within its error. Those that the
// pairs leave open are so few, and so are estimates, that all are tried.
func Wrong(f Form) (wrong []float32) {
	for _, c := range HardCases(f.Bits, Reach) {
		x := float32(c.X)
		open, want := false, float32(math.Sqrt(c.X))
		for _, p := range Pairs(f, c.X) {
			open = open || Last(x, float32(p.G), float32(p.H), kernels.FMA) != want
		}
		if !open {
			continue
		}
		for h := range Estimates(f, x) {
			if Root(f, x, h, kernels.FMA) != want {
				wrong = append(wrong, x)
				break
			}
		}
	}
	return wrong
}

// Estimates goes through all estimates of 1/(2*sqrt(x)) within a form's error, in ascending order.
func Estimates(f Form, x float32) func(yield func(float32) bool) {
	exact := .5 / math.Sqrt(float64(x))
	low, high := exact*(1-f.Error), exact*(1+f.Error)
	return func(yield func(float32) bool) {
		h := float32(low)
		if float64(h) < low {
			h = math.Nextafter32(h, 1)
		}
		for ; float64(h) <= high && yield(h); h = math.Nextafter32(h, 1) {
		}
	}
}
