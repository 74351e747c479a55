package roots

import (
	"math"
	"math/big"
)

// A GH is what the last two operations start from: g near sqrt(x), h near 1/(2*sqrt(x)).
type GH struct{ G, H float64 }

// Pairs returns all that Pair can return for x in [1, 4), whatever the estimate, and perhaps some more. By lemma 1 of
// docs/exact-sqrt.md they are v and (1+e)^2/(2v), each rounded, where
//
//	v = sqrt(x) * sqrt(1+t) * (1+e), f.Low <= e/2^-f.Bits <= f.High
//
// and t is the relative error of g before the step.
func Pairs(f Form, x float64) (pairs []GH) {
	u := math.Ldexp(1, -f.Bits)
	root := wide(x)
	root.Sqrt(root)
	tLow, tHigh := firstErrors(f, x)
	v := func(t, e float64) *big.Float {
		s := onePlus(t)
		return s.Mul(s.Mul(s.Sqrt(s), onePlus(e*u)), root)
	}
	vLow, vHigh := v(tLow, f.Low), v(tHigh, f.High)
	partner := func(e float64, v *big.Float) float64 {
		s := onePlus(e * u)
		return round(f.Bits, s.Quo(s.Mul(s.Mul(s, s), wide(.5)), v))
	}
	gHigh := round(f.Bits, vHigh)
	for g := round(f.Bits, vLow); g <= gHigh; g += ulp(g, f.Bits) {
		// What rounds to g lies between these, on which it may lie.
		low, high := wide(ulp(math.Nextafter(g, 0), f.Bits)/-2), wide(ulp(g, f.Bits)/2)
		low.Add(low, wide(g))
		high.Add(high, wide(g))
		if low.Cmp(vLow) < 0 {
			low = vLow
		}
		if high.Cmp(vHigh) > 0 {
			high = vHigh
		}
		hHigh := partner(f.High, low)
		for h := partner(f.Low, high); h <= hHigh; h += ulp(h, f.Bits) {
			pairs = append(pairs, GH{g, h})
		}
	}
	return pairs
}

// firstErrors returns bounds of the relative error of g, which is 2*x*h rounded, before the step.
func firstErrors(f Form, x float64) (low, high float64) {
	u := math.Ldexp(1, -f.Bits)
	switch x {
	case 1 + float64(2*u), 4 - float64(4*u): // lemma 3
		return -u, 3 * f.Error * u
	}
	least, most := math.Sqrt(x)*(1-f.Error), math.Sqrt(x)*(1+f.Error)
	if least > 1 && most < 2 { // no power of two is near, beside which the error is largest
		u = ulp(least, f.Bits) / 2 / least * (1 + 0x1p-50)
	}
	return -u, u
}

// wide returns v with bits to spare: what is computed from it errs by less than 2^-290.
func wide(v float64) *big.Float { return new(big.Float).SetPrec(300).SetFloat64(v) }

func onePlus(v float64) *big.Float { return new(big.Float).Add(wide(1), wide(v)) }

func round(bits int, v *big.Float) float64 {
	r, _ := new(big.Float).SetPrec(uint(bits)).Set(v).Float64()
	return r
}
