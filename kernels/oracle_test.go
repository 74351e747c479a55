package kernels

import (
	"math"
	"math/big"
	"sync"
)

// An independent oracle for Exp, Log, Sin and Cos: their series in math/big, with arguments reduced by other
// formulas than the functions use.

const oracleBits = 240

func bigFloat(x float64) *big.Float { return new(big.Float).SetPrec(oracleBits).SetFloat64(x) }

func bigInt(n int64) *big.Float { return new(big.Float).SetPrec(oracleBits).SetInt64(n) }

func newBig() *big.Float { return new(big.Float).SetPrec(oracleBits) }

// bigExp is the series at x/2^16, squared 16 times.
func bigExp(x *big.Float) *big.Float {
	const halvings = 16
	r := newBig().SetMantExp(x, -halvings)
	sum, term := bigInt(1), bigInt(1)
	for n := int64(1); n < 60; n++ {
		term.Mul(term, r).Quo(term, bigInt(n))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}

// bigAtanh is the series sum of z^(2n+1)/(2n+1).
func bigAtanh(z *big.Float) *big.Float {
	square, power, sum := newBig().Mul(z, z), newBig().Set(z), newBig().Set(z)
	for n := int64(3); power.Sign() != 0 && power.MantExp(nil) > sum.MantExp(nil)-oracleBits; n += 2 {
		power.Mul(power, square)
		sum.Add(sum, newBig().Quo(power, bigInt(n)))
	}
	return sum
}

// bigLn2 is 2 atanh(1/3).
var bigLn2 = sync.OnceValue(func() *big.Float {
	z := bigAtanh(newBig().Quo(bigInt(1), bigInt(3)))
	return z.Add(z, z)
})

// bigLog is k ln 2 + 2 atanh((m-1)/(m+1)) with x = m 2^k and m in [3/4, 3/2).
func bigLog(x *big.Float) *big.Float {
	m := newBig()
	k := x.MantExp(m)
	if m.Cmp(bigFloat(0.75)) < 0 {
		m.SetMantExp(m, 1)
		k--
	}
	sum := bigAtanh(newBig().Quo(newBig().Sub(m, bigInt(1)), newBig().Add(m, bigInt(1))))
	sum.Add(sum, sum)
	return sum.Add(sum, newBig().Mul(bigInt(int64(k)), bigLn2()))
}

const piBits = 1500

// piFixed is pi * 2^piBits, by Machin's formula 16 atan(1/5) - 4 atan(1/239), to a few thousand units.
var piFixed = sync.OnceValue(func() *big.Int {
	one := new(big.Int).Lsh(big.NewInt(1), piBits)
	atan := func(n int64) *big.Int {
		power, sum := new(big.Int).Quo(one, big.NewInt(n)), new(big.Int)
		for k := int64(1); power.Sign() != 0; k += 2 {
			term := new(big.Int).Quo(power, big.NewInt(k))
			if k%4 == 3 {
				term.Neg(term)
			}
			sum.Add(sum, term)
			power.Quo(power, big.NewInt(n*n))
		}
		return sum
	}
	a, b := atan(5), atan(239)
	return a.Sub(a.Mul(a, big.NewInt(16)), b.Mul(b, big.NewInt(4)))
})

// bigReduce returns n modulo 4 and r with x = n pi/2 + r and |r| at most pi/4 and a bit. The multiple of
// pi/2, which is below 2^1025, leaves more than 400 of the digits of pi right.
func bigReduce(x float64) (n int64, r *big.Float) {
	fixed, _ := new(big.Float).SetMantExp(new(big.Float).SetFloat64(x), piBits).Int(nil)
	half := new(big.Int).Rsh(piFixed(), 1)
	q := new(big.Int).Lsh(fixed, 1)
	q.Div(q.Add(q, half), new(big.Int).Lsh(half, 1)) // the nearest integer to x/(pi/2)
	fixed.Sub(fixed, new(big.Int).Mul(q, half))
	r = newBig().SetInt(fixed)
	return q.And(q, big.NewInt(3)).Int64(), r.SetMantExp(r, -piBits)
}

// bigSinCos returns sin(x) and cos(x).
func bigSinCos(x float64) (sin, cos *big.Float) {
	n, r := bigReduce(x)
	series := func(first int64) *big.Float {
		term := bigInt(1)
		if first == 1 {
			term.Set(r)
		}
		sum, square := newBig().Set(term), newBig().Mul(r, r)
		for k := first + 1; k < 80; k += 2 {
			term.Mul(term, square).Quo(term, bigInt(-k*(k+1)))
			sum.Add(sum, term)
		}
		return sum
	}
	sin, cos = series(1), series(0)
	if n&1 != 0 {
		sin, cos = cos, sin.Neg(sin)
	}
	if n&2 != 0 {
		sin.Neg(sin)
		cos.Neg(cos)
	}
	return sin, cos
}

// ulps is the distance of got from want in units in the last place of a float64 near want.
func ulps(got float64, want *big.Float) float64 {
	if want.Sign() == 0 {
		if got == 0 {
			return 0
		}
		return math.Inf(1)
	}
	unit := max(want.MantExp(nil)-53, -1074)
	d := newBig().Sub(newBig().SetFloat64(got), want)
	d.SetMantExp(d, -unit)
	v, _ := d.Float64()
	return math.Abs(v)
}
