package kernels

import "math"

// 2/(2n+1) for n from 10 down to 1.
var logOdd = [...]float64{2. / 21, 2. / 19, 2. / 17, 2. / 15, 2. / 13, 2. / 11, 2. / 9, 2. / 7, 2. / 5, 2. / 3}

// Log returns the natural logarithm of x, with an error below 0.8 ulp. Log(+Inf) is +Inf, Log(0) and
// Log(-0) are -Inf, Log of NaN or of a negative number is NaN, Log(1) is 0.
//
// With x = 2^k (1+f) and 1+f in [sqrt(1/2), sqrt(2)),
//
//	log(1+f) = f - f^2/2 + s (f^2/2 + R),  s = f/(2+f),  R = 2 s^2/3 + 2 s^4/5 + ... + 2 s^20/21
//
// because it is 2 atanh(s); the terms of R left out are less than 0.01 u of the result. For h, which is f
// rounded to a multiple of 2^-26, f - h^2/2 is a multiple of 2^-53 below 1 and so exact. The rest is less
// than 0.0182, at most 0.053 of the result, with a relative error below 7 u: 0.26 ulp, and adding it
// costs 0.5.
func Log(x float64) float64 {
	k := 0
	switch {
	case x != x || x > math.MaxFloat64:
		return x
	case x == 0:
		return math.Inf(-1)
	case x < 0:
		return math.NaN()
	case x < 0x1p-1022:
		x, k = x*0x1p54, -54
	}
	const root = 0x3fe6a09e667f3bcd // sqrt(1/2), rounded
	b := math.Float64bits(x)
	e := int64(b-root) >> 52
	f := math.Float64frombits(b-uint64(e)<<52) - 1 // exact: within a factor 2 of 1
	k += int(e)

	h := (f + 0x1.8p26) - 0x1.8p26 // ulp(2^26) is 2^-26
	l := f - h
	s := f / (2 + f)
	v := float64(s * s)
	rest := float64(s*(float64(0.5*f*f)+float64(v*horner(v, logOdd[:])))) - float64(l*(h+float64(0.5*l)))

	// a and c are exact. Unless k is 0, a is the larger: lost is then exactly what the sum's rounding lost.
	a, c := float64(float64(k)*ln2Hi), f-float64(0.5*h*h)
	sum := a + c
	lost := (a - sum) + c
	return sum + (lost + (rest + float64(float64(k)*ln2Lo)))
}
