package kernels

import "math"

// [Exp], [Log], [Cos] and [Sin] stand in for package math's, whose results differ between machines (rule
// 10). They share a plan. The argument is reduced exactly, or to twice the working precision. The first
// terms of the Taylor series are split so that they and their sum are exact; only what is left, a small
// part of the result, is computed with rounding. So the final addition's half unit in the last place (ulp)
// is nearly all of the error. The bounds in the comments are what the roundings add up to, with
// u = 2^-53; the tests hold the functions to them against math/big.

const (
	ln2Hi = 0x1.62e42fefa38p-1 // the first 42 bits of ln 2: times an integer below 2^11 it is exact
	ln2Lo = math.Ln2 - ln2Hi   // the rest, rounded to 53 bits
)

// 1/n! for odd n from 13 down to 3, and for even n from 14 down to 4.
var (
	expOdd  = [...]float64{1. / 6227020800, 1. / 39916800, 1. / 362880, 1. / 5040, 1. / 120, 1. / 6}
	expEven = [...]float64{1. / 87178291200, 1. / 479001600, 1. / 3628800, 1. / 40320, 1. / 720, 1. / 24}
)

// horner evaluates a polynomial whose coefficients stand in descending order.
func horner(x float64, c []float64) float64 {
	p := c[0]
	for _, a := range c[1:] {
		p = float64(p*x) + a
	}
	return p
}

// Exp returns e^x, with an error below 0.56 ulp, or 0.8 ulp where the result is subnormal. Exp(+Inf) and
// results from 2^1024 up are +Inf; Exp(-Inf) is 0; Exp(NaN) is NaN.
//
// With x = k ln 2 + r and |r| < 0.3467, e^r is the Taylor series to r^14/14!, which leaves out less than
// 0.001 u. For h, which is r rounded to a multiple of 2^-25, and l = r - h, the sum 1 + h + h^2/2 is a
// multiple of 2^-51 below 2 and so exact. The rest is less than 0.0064 where the result is below 1 and
// 0.0076 above, with a relative error below 8 u: 0.05 ulp, and adding it costs 0.5.
func Exp(x float64) float64 {
	switch {
	case x != x:
		return x
	case x > 710:
		return math.Inf(1)
	case x < -746:
		return 0
	}
	k := math.RoundToEven(x * math.Log2E)
	hi := x - float64(k*ln2Hi)       // exact: a multiple of ulp(0.3) or of 2^-42, below 1/2
	h := (hi + 0x1.8p27) - 0x1.8p27  // ulp(2^27) is 2^-25
	l := (hi - h) - float64(k*ln2Lo) // k*ln2Lo is below 2^-32: its rounding does not count
	r := h + l

	v := float64(r * r)
	p := horner(v, expOdd[:]) + float64(r*horner(v, expEven[:])) // (e^r - 1 - r - r^2/2) / r^3
	rest := float64(float64(r*v)*p) + (l + float64(l*(h+float64(0.5*l))))
	return scale((1+h)+float64(0.5*h*h)+rest, int(k))
}

// scale returns y * 2^k, rounded once, for y in [1/2, 2) and k in [-1077, 1024].
func scale(y float64, k int) float64 {
	switch {
	case k > 1023:
		return float64(y*0x1p1023) * 2 // float64 because the compiler adds instead of doubling
	case k < -1020:
		return y * power2(k+64) * 0x1p-64
	}
	return y * power2(k)
}

// power2 returns 2^k for k in [-1022, 1023].
func power2(k int) float64 { return math.Float64frombits(uint64(1023+k) << 52) }

// ExpSlice replaces x by its exponentials, computed in float64: x = T(Exp(float64(x))). Their errors are those of
// [Exp], below 0.56 ulp, and for float32 below 0.501, where results are no subnormal numbers. +Inf stays, as NaN does;
// -Inf becomes 0. There is assembly for float64 alone.
func ExpSlice[T Float](x []T) {
	for i, xi := range x {
		x[i] = T(Exp(float64(xi)))
	}
}
