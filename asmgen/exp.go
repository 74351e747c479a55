package main

import "math"

// The constants of kernels.Exp, in the order of expConstants.
const (
	expMax = iota
	expMin
	expLog2E
	expLn2Hi
	expLn2Lo
	expSplit
	expHalf
	expOne
	expOdd               // 1/13!, 1/11!, ... 1/3!
	expEven = expOdd + 6 // 1/14!, 1/12!, ... 1/4!
)

var expConstants = []float64{710, -746, math.Log2E, ln2Hi, math.Ln2 - ln2Hi, 0x1.8p27, 0.5, 1,
	1. / 6227020800, 1. / 39916800, 1. / 362880, 1. / 5040, 1. / 120, 1. / 6,
	1. / 87178291200, 1. / 479001600, 1. / 3628800, 1. / 40320, 1. / 720, 1. / 24}

const ln2Hi = 0x1.62e42fefa38p-1

// exponential returns kernels.Exp: the same operations on the same operands. Its special values need no branch. From
// 710 on the result is +Inf, which that of 710 is too, and below -746 it is 0, as that of -746; so limited, k is in the
// range of PowerOf2. That rounds once, as the definition does, whose multiplications by powers of two are exact but the
// last.
func exponential(m Machine) func(x Reg) Reg {
	c, power := m.Constants("expConstants", expConstants), m.PowerOf2()
	horner := func(x Reg, first int) Reg {
		p := c(first)
		for i := first + 1; i < first+6; i++ {
			p = m.Add(m.Mul(p, x), c(i))
		}
		return p
	}
	return func(x Reg) Reg {
		x = m.Larger(c(expMin), m.Smaller(c(expMax), x)) // NaN stays
		k := m.Round(m.Mul(x, c(expLog2E)))
		hi := m.Sub(x, m.Mul(k, c(expLn2Hi)))
		h := m.Sub(m.Add(hi, c(expSplit)), c(expSplit))
		l := m.Sub(m.Sub(hi, h), m.Mul(k, c(expLn2Lo)))
		r := m.Add(h, l)

		v := m.Mul(r, r)
		p := m.Add(horner(v, expOdd), m.Mul(r, horner(v, expEven)))
		rest := m.Mul(l, m.Add(h, m.Mul(c(expHalf), l)))
		rest = m.Add(m.Mul(m.Mul(r, v), p), m.Add(l, rest))
		sum := m.Add(m.Add(c(expOne), h), m.Mul(m.Mul(c(expHalf), h), h))
		return power(m.Add(sum, rest), k)
	}
}

// powerOf2 is PowerOf2 by a product with two powers, whose exponents add up to k: both are normal numbers, and the
// first product is exact. An integer n, of less than 2^51 in size, that is added to 0x1.8p52 + 1023 leaves n + 1023 in
// the lowest bits; shifted left by 52 they are 2^n.
func powerOf2(m Machine, shift func(v Reg) Reg) func(a, k Reg) Reg {
	c := m.Constants("powerConstants", []float64{0x1.8p52 + 1023, 0.5})
	return func(a, k Reg) Reg {
		half := m.Add(m.Mul(k, c(1)), c(0))
		rest := m.Add(m.Sub(k, m.Sub(half, c(0))), c(0))
		return m.Mul(m.Mul(a, shift(half)), shift(rest))
	}
}
