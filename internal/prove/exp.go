package prove

import "math"

// The exponential. kernels.Exp has branches where assembly limits its argument, and scales by products of powers of
// two. Its tree is the definition's operations in their order on a limited argument, the last of them [Scale]; that
// they are the same function of numbers is the lemma of expTree; that of twoPowers, that assembly scales as Scale does.

// ln2Hi and ln2Lo are the definition's two parts of ln 2.
const (
	ln2Hi = 0x1.62e42fefa38p-1
	ln2Lo = math.Ln2 - ln2Hi
)

var (
	expOdd  = []float64{1. / 6227020800, 1. / 39916800, 1. / 362880, 1. / 5040, 1. / 120, 1. / 6}
	expEven = []float64{1. / 87178291200, 1. / 479001600, 1. / 3628800, 1. / 40320, 1. / 720, 1. / 24}
)

// expTree is kernels.Exp of x: from 710 on it is that of 710, +Inf, and up to -746 that of -746, 0.
func (t *terms) expTree(x V) V {
	c := func(f float64) V { return number(math.Float64bits(f)) }
	add := func(a, b V) V { return t.op2(Add, 64, a, b) }
	sub := func(a, b V) V { return t.op2(Sub, 64, a, b) }
	mul := func(a, b V) V { return t.op2(Mul, 64, a, b) }
	horner := func(x V, of []float64) V {
		p := c(of[0])
		for _, f := range of[1:] {
			p = add(mul(p, x), c(f))
		}
		return p
	}
	x = t.larger(64, c(-746), t.smaller(64, c(710), x))
	k := t.op1(Round, 64, mul(x, c(math.Log2E)))
	hi := sub(x, mul(k, c(ln2Hi)))
	h := sub(add(hi, c(0x1.8p27)), c(0x1.8p27))
	l := sub(sub(hi, h), mul(k, c(ln2Lo)))
	r := add(h, l)
	v := mul(r, r)
	p := add(horner(v, expOdd), mul(r, horner(v, expEven)))
	rest := add(mul(mul(r, v), p), add(l, mul(l, add(h, mul(c(0.5), l)))))
	return t.op2(Scale, 64, add(add(add(c(1), h), mul(mul(c(0.5), h), h)), rest), k)
}

// twoPowers is the lemma that a product with two powers of two is one by 2^k: both are made of sums whose lowest bits
// are their exponents, and k is whole. The first product is exact, since a is in [1/2, 2) and half of k in the range of
// normal numbers: so it is for the exponential, whose theorem alone has this lemma.
var twoPowers = lemma{"two powers", "(a * 2^half) * 2^rest = scale(a, half + rest), in the exponential",
	func(t *terms, of *Term) (V, bool) {
		if of.Op != Mul || of.Bits != 64 {
			return V{}, false
		}
		for _, last := range [][2]V{{of.A, of.B}, {of.B, of.A}} {
			if last[0].known() || last[0].T.Op != Mul {
				continue
			}
			for _, first := range [][2]V{{last[0].T.A, last[0].T.B}, {last[0].T.B, last[0].T.A}} {
				if k, ok := t.powers(first[1], last[1]); ok {
					return t.op2(Scale, 64, first[0], k), true
				}
			}
		}
		return V{}, false
	}}

// powers returns k if two values are the powers whose product is 2^k.
func (t *terms) powers(a, b V) (k V, ok bool) {
	if a.known() || b.known() || a.T.Op != Left || b.T.Op != Left || a.T.Imm != 52 || b.T.Imm != 52 {
		return
	}
	half := a.T.A
	if half.known() || half.T.Op != Add { // k/2 + bias
		return
	}
	for _, m := range []V{half.T.A, half.T.B} {
		if m.known() || m.T.Op != Mul {
			continue
		}
		for _, k := range []V{m.T.A, m.T.B} {
			if k.known() || k.T.Op != Round {
				continue
			}
			if first, second := t.twoExponents(k); half == first && b.T.A == second {
				return k, true
			}
		}
	}
	return
}

// twoExponents are the sums whose lowest 11 bits are the exponents of the two powers.
func (t *terms) twoExponents(k V) (half, rest V) {
	bias, c := number(math.Float64bits(0x1.8p52+1023)), number(math.Float64bits(0.5))
	half = t.op2(Add, 64, t.op2(Mul, 64, k, c), bias)
	rest = t.op2(Add, 64, t.op2(Sub, 64, k, t.op2(Sub, 64, half, bias)), bias)
	return half, rest
}

// scale is a * 2^k, k rounded down, and the product once: NaN where zero and infinity meet.
func scale(a, k float64) float64 {
	switch {
	case a != a || k != k:
		return math.NaN()
	case math.IsInf(k, 1):
		return a * k
	case math.IsInf(k, -1):
		return a * 0
	}
	return math.Ldexp(a, int(max(-5000, min(5000, math.Floor(k)))))
}
