package kernels

import (
	"math"
	"math/bits"
)

// 1/n! with the signs of the series of sin for n from 17 down to 5, and of cos for n from 18 down to 4.
var (
	sinTerms = [...]float64{
		1. / 355687428096000, -1. / 1307674368000, 1. / 6227020800, -1. / 39916800, 1. / 362880, -1. / 5040, 1. / 120,
	}
	cosTerms = [...]float64{
		-1. / 6402373705728000, 1. / 20922789888000, -1. / 87178291200, 1. / 479001600, -1. / 3628800, 1. / 40320,
		-1. / 720, 1. / 24,
	}
)

// Sin returns the sine of x radians, with an error below 0.67 ulp for every finite x. Sin(0) and Sin(-0)
// are their argument; Sin of an infinity or NaN is NaN.
func Sin(x float64) float64 {
	a := math.Abs(x)
	switch {
	case a < 0x1p-27: // x^3/6 is less than 2^-56 x
		return x
	case a <= math.Pi/4:
		return sinTaylor(x, 0)
	case a <= math.MaxFloat64:
		y := turn(a, 0)
		if x < 0 {
			y = -y
		}
		return y
	}
	return math.NaN()
}

// Cos returns the cosine of x radians, with an error below 0.67 ulp for every finite x. Cos of an
// infinity or NaN is NaN.
func Cos(x float64) float64 {
	a := math.Abs(x)
	switch {
	case a <= math.Pi/4:
		return cosTaylor(a, 0)
	case a <= math.MaxFloat64:
		return turn(a, 1)
	}
	return math.NaN()
}

// turn returns sin(x + quarters pi/2) for x in [1/2, MaxFloat64].
func turn(x float64, quarters uint64) float64 {
	n, y, tail := reduce(x)
	n += quarters
	f := sinTaylor
	if n&1 != 0 {
		f = cosTaylor
	}
	if n&2 != 0 {
		return -f(y, tail)
	}
	return f(y, tail)
}

// sinTaylor returns sin(y + tail) for |y| at most 0.7855 and |tail| at most ulp(y)/2.
//
// For h, which is y rounded to a multiple of 2^-18, h^3 has 53 bits and is exact. Its division by 6 and
// adding what is small cost 0.0625 ulp each, the terms from y^5/120 (less than 0.0025, relative error below
// 10 u) 0.03, and the final subtraction 0.5.
func sinTaylor(y, tail float64) float64 {
	h := (y + 0x1.8p34) - 0x1.8p34 // ulp(2^34) is 2^-18
	l := (y - h) + tail
	v := float64(y * y)
	p := float64(float64(float64(v*v)*y) * horner(v, sinTerms[:]))
	rest := float64(l * (float64(0.5*h*(h+l)) + float64(l*l)/6)) // ((h+l)^3 - h^3) / 6
	return y - (float64(h*h*h)/6 + ((rest - p) - tail))
}

// cosTaylor returns cos(y + tail) for |y| at most 0.7855 and |tail| at most ulp(y)/2.
//
// For h, which is y rounded to a multiple of 2^-26, 1 - h^2/2 is a multiple of 2^-53 and so exact. The
// terms from y^4/24 are less than 0.0159 with a relative error below 8 u: 0.13 ulp. Adding them costs 0.5.
func cosTaylor(y, tail float64) float64 {
	h := (y + 0x1.8p26) - 0x1.8p26 // ulp(2^26) is 2^-26
	l := (y - h) + tail
	v := float64(y * y)
	p := float64(float64(v*v) * horner(v, cosTerms[:]))
	return (1 - float64(0.5*h*h)) + (p - float64(l*(h+float64(0.5*l))))
}

// twoOverPi is floor(2/pi * 2^1216), the most significant word first, after a word of zeros. The largest
// float64 needs 1162 bits. quarterPi is floor(pi/4 * 2^128).
var (
	twoOverPi = [...]uint64{
		0, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041,
		0xfe5163abdebbc561, 0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e,
		0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b,
		0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
		0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab,
	}
	quarterPi = [2]uint64{0xc90fdaa22168c234, 0xc4c6628b80dc1cd1}
)

// reduce returns n modulo 4 and y + tail with x = n pi/2 + y + tail, |y| at most pi/4 and |tail| at most
// ulp(y)/2, for x in [1/2, MaxFloat64]. The relative error of y + tail is below 2^-72.
//
// With x = m 2^e, the bits of 2/pi whose products with m 2^e are multiples of 4 are left out, and 192
// bits from there on are taken: m times them, modulo 2^192, is x 2/pi modulo 4 in units of 2^-190, less
// at most m < 2^53 units. No float64 is closer to a multiple of pi/2 than the fraction 2^-62 of pi/2 (a
// test finds the closest of every exponent from continued fractions), so that 75 bits are right in the
// worst case. Source: Payne and Hanek, Radian reduction for trigonometric functions (1983).
func reduce(x float64) (n uint64, y, tail float64) {
	b := math.Float64bits(x)
	m := b&(1<<52-1) | 1<<52
	first := int(b>>52) - 1075 + 62 // the first bit taken has the weight 2 2^-e; e is at least -53
	t, s := twoOverPi[first>>6:], uint(first&63)
	w0, w1, w2 := t[0]<<s|t[1]>>(64-s), t[1]<<s|t[2]>>(64-s), t[2]<<s|t[3]>>(64-s)

	h2, p2 := bits.Mul64(m, w2)
	h1, p1 := bits.Mul64(m, w1)
	p1, carry := bits.Add64(p1, h2, 0)
	p0 := m*w0 + h1 + carry

	// n is the nearest integer, f the distance from it in units of 2^-192.
	n = (p0>>61 + 1) >> 1
	f0, f1, f2 := p0<<2|p1>>62, p1<<2|p2>>62, p2<<2
	below := f0>>63 != 0
	if below {
		f2, carry = bits.Sub64(0, f2, 0)
		f1, carry = bits.Sub64(0, f1, carry)
		f0, _ = bits.Sub64(0, f0, carry)
	}
	z := bits.LeadingZeros64(f0)
	f0, f1 = f0<<z|f1>>(64-z), f1<<z|f2>>(64-z)

	// a = f pi/4 in units of 2^-128-z: the partial products that are left out are a few units.
	a0, a1 := bits.Mul64(f0, quarterPi[0])
	for _, pair := range [][2]uint64{{f0, quarterPi[1]}, {f1, quarterPi[0]}} {
		high, _ := bits.Mul64(pair[0], pair[1])
		a1, carry = bits.Add64(a1, high, 0)
		a0 += carry
	}

	// y takes the upper 53 bits of 2a, rounded; tail takes 53 more. Both conversions are exact.
	upper := (a0 + 1<<10) &^ (1<<11 - 1)
	lower := int64(a0-upper)<<42 + int64(a1>>22)
	y = float64(int64(upper>>11)) * power2(-52-z)
	tail = float64(lower) * power2(-105-z)
	if below {
		y, tail = -y, -tail
	}
	return n & 3, y, tail
}
