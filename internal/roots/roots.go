// Package roots checks the proof in docs/exact-sqrt.md: square roots by fused multiply-adds, from an instruction's
// estimate, are correctly rounded. Its tests and bench verify use it.
package roots

import "math"

// A Form is a way from an estimate h of 1/(2*sqrt(x)) to sqrt(x).
type Form struct {
	Name      string
	Bits      int       // of a significand: 24 or 53
	Error     float64   // the estimate's largest relative error
	Half      float64   // 1/2, or the number below it
	Series    []float64 // coefficients of a polynomial, the highest power first
	Low, High float64   // bounds of lemma 1's e, in units of 2^-Bits
}

// The forms, by type and by what bounds the estimate. Single12Short is wrong for some numbers and estimates, which
// Wrong lists; the others never are.
var (
	Single14      = Form{"float32 from 2^-14", 24, 0x1p-14, .5, []float64{1}, -.096, .001}
	Single12Short = Form{"float32 from 1.5*2^-12, short", 24, 1.5 * 0x1p-12, .5, []float64{1}, -3.4, .004}
	Single12      = Form{"float32 from 1.5*2^-12", 24, 1.5 * 0x1p-12, .5 - 0x1p-25, []float64{1.5, 1}, -.504, -.496}
	Double14      = Form{"float64 from 2^-14", 53, 0x1p-14, .5 - 0x1p-54, []float64{2.5, 1.5 + 0x1p-26, 1}, -.55, -.38}
	Double21      = Form{"float64 from 2^-21", 53, 0x1p-21, .5 - 0x1p-54, []float64{1.5, 1}, -.504, -.496}
)

// Pair returns g near sqrt(x) and h near 1/(2*sqrt(x)), more precise than the estimate h that it is given. Each
// operation rounds once to T, in which fma(a, b, c) is a*b + c.
func Pair[T float32 | float64](f Form, x, h T, fma func(a, b, c T) T) (T, T) {
	g := (x + x) * h
	r := fma(-g, h, T(f.Half))
	p := T(f.Series[0])
	for _, c := range f.Series[1:] {
		p = fma(p, r, T(c))
	}
	r *= p
	return fma(g, r, g), fma(h, r, h)
}

// Last returns the root from a pair, by a step of Newton's.
func Last[T float32 | float64](x, g, h T, fma func(a, b, c T) T) T {
	return fma(h, fma(-g, g, x), g)
}

// Root returns sqrt(x) from an estimate of 1/(2*sqrt(x)).
func Root[T float32 | float64](f Form, x, h T, fma func(a, b, c T) T) T {
	g, h := Pair(f, x, h, fma)
	return Last(x, g, h, fma)
}

// Seed returns an estimate of 1/(2*sqrt(x)) with an error of at most 2^-21, from one of float32(x) that has at most
// 1.5*2^-12.
func Seed(x float64, h float32, fma func(a, b, c float32) float32) float64 {
	g := float32(x+x) * h
	return float64(fma(h, fma(-g, h, .5), h))
}

// ulp is the distance of floats of so many bits from v > 0 on.
func ulp(v float64, bits int) float64 {
	_, e := math.Frexp(v)
	return math.Ldexp(1, e-bits)
}
