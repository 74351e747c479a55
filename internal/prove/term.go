package prove

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

// A V is a value of a lane: of 32 or 64 bits, or one bit for a comparison. Without a term it is the number C. Equal
// values are equal expressions: terms are made once each.
type V struct {
	T *Term
	C uint64
}

// A Term is an operation on values. Two terms of one proof are equal only if they are the same.
type Term struct {
	key
	id int
}

type key struct {
	Op      Op
	Bits    uint8 // of the operation's numbers; of one that compares, those that it compares
	Imm     int32 // of Leaf and Fresh, which one; of a table of kinds, the table
	A, B, C V
}

// An Op is what a term computes.
type Op uint8

const (
	Leaf  Op = iota // an element of memory, or what else the theorem names
	Fresh           // a value of which nothing is known

	// IEEE 754, rounding to nearest even.
	Add
	Sub
	Mul
	Div
	Sqrt
	FMA    // a*b + c
	FMASub // c - a*b
	FromInt
	FromUint // of as many bits as the result
	Round    // to a whole number, ties to even
	Scale    // a * 2^b, b rounded down
	Widen    // a float32 as a float64
	Narrow   // a float64 as a float32
	Estimate // of 1/sqrt(a), by Imm: see roots.go
	RootStep // (3 - a*b)/2, rounded once

	// One bit.
	Greater // a > b; false for NaN
	Unequal // a != b, and neither is NaN
	Equal   // a == b; false for NaN
	NaN     // a or b is NaN
	AtLeast // a >= b; false for NaN
	Top     // the highest bit of a

	GreaterInt // a > b, of whole numbers with a sign: one bit, too
	Most       // the larger of whole numbers without a sign
	Least      // the smaller of them
	LeastInt   // the smaller of whole numbers with a sign
	AddInt     // the sum of whole numbers, which wraps
	FloatMax   // the larger of numbers, NaN if either is; +0 of zeros that differ
	FloatMin   // the smaller of them; -0 of zeros that differ
	Largest    // what is the largest of a set, Imm; see most

	Choose // a ? b : c, a of one bit

	// Bits.
	And
	Or
	Xor
	Left // shift by Imm
	Right
	Join // b above a, both of half as many bits
	Low  // half of the bits
	High

	// Of the definitions.
	Sign     // 1, -1, +0 for ±0, NaN for NaN
	PreludeX // what a step's Prelude makes of x, a, and of g, b
	PreludeG
	Chain // A reduction's lane: a, continued by elements of operands; see chain
	Kinds // chooses by what b is, a's table of AVX-512's VFIXUPIMM in Imm; a is the old value
)

// commutes lists the operations whose operands may stand in any order; of fma the first two.
var commutes = [256]bool{Add: true, Mul: true, FMA: true, FMASub: true, RootStep: true, Unequal: true, Equal: true,
	NaN: true, Most: true, Least: true, LeastInt: true, AddInt: true, FloatMin: true, And: true, Or: true, Xor: true}

// terms makes terms, and knows those that it made.
type terms struct {
	all    map[key]*Term
	fresh  int32
	guess  bool // what is known within bounds alone has a number, too: the interpreter's
	lemmas []lemma
}

func number(c uint64) V { return V{C: c} }

func bit(b bool) V {
	if b {
		return V{C: 1}
	}
	return V{}
}

func (v V) known() bool { return v.T == nil }

// before orders operands that commute.
func (v V) before(w V) bool {
	switch {
	case v.T == nil || w.T == nil:
		return v.T == nil && (w.T != nil || v.C < w.C)
	default:
		return v.T.id < w.T.id
	}
}

// unknown is a value that equals no other.
func (t *terms) unknown() V {
	t.fresh++
	return t.intern(key{Op: Fresh, Imm: t.fresh})
}

func (t *terms) intern(k key) V {
	term := t.all[k]
	if term == nil {
		term = &Term{k, len(t.all)}
		t.all[k] = term
	}
	return V{T: term}
}

// ones is the number whose bits are all set.
func ones(size uint8) V { return V{C: ^uint64(0) >> (64 - size)} }

// make returns an operation's value: a number if its operands are, else the one term of it, in its normal form.
func (t *terms) make(op Op, size uint8, imm int32, a, b, c V) V {
	if commutes[op] && b.before(a) {
		a, b = b, a
	}
	named := op == PreludeX || op == PreludeG || op == Estimate && !t.guess // of which no number is known
	if a.known() && b.known() && c.known() && !named {
		return number(eval(op, size, imm, a.C, b.C, c.C))
	}
	switch op { // what is the same for all values
	case Xor:
		if a == b {
			return V{}
		}
	case And:
		switch {
		case a == b || a == ones(size):
			return b
		case a == V{}:
			return a
		case isMask(b, size):
			a, b = b, a
			fallthrough
		case isMask(a, size): // of a comparison
			return t.make(Choose, size, 0, a.T.A, b, V{})
		}
	case Or:
		switch {
		case a == b || a == V{}:
			return b
		case a == ones(size):
			return a
		case isMask(b, size):
			a, b = b, a
			fallthrough
		case isMask(a, size):
			return t.make(Choose, size, 0, a.T.A, ones(size), b)
		}
	case Left, Right:
		if imm == 0 {
			return a
		}
	case Top:
		switch {
		case isMask(a, size):
			return a.T.A
		case a.T.Op == Choose && a.T.Bits == size:
			return t.make(Choose, 1, 0, a.T.A, t.op1(Top, size, a.T.B), t.op1(Top, size, a.T.C))
		}
	case Least:
		if a == b {
			return a
		}
	case GreaterInt: // than the smaller of two is what is greater than either
		if !b.known() && b.T.Op == LeastInt && b.T.Bits == size {
			return t.make(Choose, 1, 0, t.op2(GreaterInt, size, a, b.T.A), bit(true), t.op2(GreaterInt, size, a, b.T.B))
		}
	case AtLeast: // the smaller of two, if both are
		if !a.known() && a.T.Op == FloatMin && a.T.Bits == size {
			return t.make(Choose, 1, 0, t.op2(AtLeast, size, a.T.A, b), t.op2(AtLeast, size, a.T.B, b), bit(false))
		}
	case Choose:
		switch {
		case a.known() && a.C != 0:
			return b
		case a.known():
			return c
		case b == c:
			return b
		}
	case Low, High:
		switch {
		case a.T.Op == Join && a.T.Bits == size && op == Low:
			return a.T.A
		case a.T.Op == Join && a.T.Bits == size:
			return a.T.B
		case isMask(a, size):
			return t.make(Choose, size/2, 0, a.T.A, ones(size/2), V{})
		}
	case Join:
		switch {
		case !a.known() && !b.known() && a.T.Op == Low && b.T.Op == High && a.T.A == b.T.A &&
			a.T.Bits == size && b.T.Bits == size:
			return a.T.A
		case a == b && isMask(a, size/2):
			return t.make(Choose, size, 0, a.T.A, ones(size), V{})
		}
	}
	v := t.intern(key{op, size, imm, a, b, c})
	for _, l := range t.lemmas {
		if w, ok := l.apply(t, v.T); ok {
			return w
		}
	}
	return v
}

// isMask reports whether a value is all ones or zero by a comparison.
func isMask(v V, size uint8) bool {
	return !v.known() && v.T.Op == Choose && v.T.Bits == size && v.T.B == ones(size) && v.T.C == V{}
}

func (t *terms) op1(op Op, size uint8, a V) V    { return t.make(op, size, 0, a, V{}, V{}) }
func (t *terms) op2(op Op, size uint8, a, b V) V { return t.make(op, size, 0, a, b, V{}) }

// larger is a > b ? a : b, which is what processors' maximum is, zeros and NaN included.
func (t *terms) larger(size uint8, a, b V) V {
	return t.make(Choose, size, 0, t.op2(Greater, size, a, b), a, b)
}

func (t *terms) smaller(size uint8, a, b V) V {
	return t.make(Choose, size, 0, t.op2(Greater, size, b, a), a, b)
}

// A lemma says that an expression equals another for all values. Its text is what the report prints, and its test is
// TestLemmas.
type lemma struct {
	Name string
	Text string

	apply func(t *terms, of *Term) (V, bool)
}

// signKinds is the table by which VFIXUPIMM makes a sign.
const signKinds uint32 = 0xa9a9a811

func signBit(size uint8) V { return V{C: 1 << (size - 1)} }

// one is the number 1 of floats.
func one(size uint8) V {
	if size == 32 {
		return V{C: uint64(math.Float32bits(1))}
	}
	return V{C: math.Float64bits(1)}
}

var lemmas = []lemma{
	{"sign by masks", "NaN(a) ? ones : (a != 0 ? (a & top | 1.0) : 0) = sign(a)", func(t *terms, of *Term) (V, bool) {
		if of.Op != Choose || of.A.known() || of.A.T.Op != NaN || of.A.T.A != of.A.T.B || of.B != ones(of.Bits) {
			return V{}, false
		}
		return t.ifIs(of.C, of.Bits, of.A.T.A)
	}},
	{"sign by selects", "a = a ? (a = 0 ? 0 : (a & top | 1.0)) : a = sign(a)", func(t *terms, of *Term) (V, bool) {
		if of.Op != Choose || of.A.known() || of.A.T.Op != Equal || of.A.T.Bits != of.Bits || of.A.T.A != of.A.T.B ||
			of.C != of.A.T.A || of.C.known() {
			return V{}, false
		}
		a := of.C
		signed := t.op2(Or, of.Bits, t.op2(And, of.Bits, a, signBit(of.Bits)), one(of.Bits))
		if of.B != t.make(Choose, of.Bits, 0, t.op2(Equal, of.Bits, a, V{}), V{}, signed) {
			return V{}, false
		}
		return t.op1(Sign, of.Bits, a), true
	}},
	{"sign by kinds", "kinds 0xa9a9a811 of a over a = sign(a)", func(t *terms, of *Term) (V, bool) {
		if of.Op != Kinds || uint32(of.Imm) != signKinds || of.A != of.B {
			return V{}, false
		}
		return t.op1(Sign, of.Bits, of.A), true
	}},
}

// ifIs returns sign(a) if v is a != 0 ? (a & top | 1.0) : 0.
func (t *terms) ifIs(v V, size uint8, a V) (V, bool) {
	signed := t.op2(Or, size, t.op2(And, size, a, signBit(size)), one(size))
	if v != t.make(Choose, size, 0, t.op2(Unequal, size, a, V{}), signed, V{}) {
		return V{}, false
	}
	return t.op1(Sign, size, a), true
}

// eval computes an operation on numbers. NaN results are some NaN, by rule 2 of the contract; but a NaN that none of
// the operands is has a sign, as x86 gives it one and guards of roots by fma there need it.
func eval(op Op, size uint8, imm int32, a, b, c uint64) uint64 {
	switch op {
	case Choose:
		if a != 0 {
			return b
		}
		return c
	case And:
		return a & b
	case Or:
		return a | b
	case Xor:
		return a ^ b
	case Left:
		if imm >= int32(size) {
			return 0
		}
		return a << imm & ones(size).C
	case Right:
		return a >> imm
	case Join:
		return a | b<<(size/2)
	case Low:
		return a & ones(size/2).C
	case High:
		return a >> (size / 2)
	case Top:
		return a >> (size - 1) & 1
	case GreaterInt:
		shift := 64 - size
		return bit(int64(a<<shift) > int64(b<<shift)).C
	case Most:
		return max(a, b)
	case Least:
		return min(a, b)
	case LeastInt:
		if eval(GreaterInt, size, 0, a, b, 0) != 0 {
			return b
		}
		return a
	case AddInt:
		return (a + b) & ones(size).C
	case Widen:
		return math.Float64bits(float64(math.Float32frombits(uint32(a))))
	case Narrow:
		return uint64(math.Float32bits(float32(math.Float64frombits(a))))
	}
	if size == 32 {
		f := func(u uint64) float32 { return math.Float32frombits(uint32(u)) }
		if compares[op] {
			return compare(op, float64(f(a)), float64(f(b)))
		}
		r := float(op, imm, a, f(a), f(b), f(c))
		if r != r && !isNaN(f(a)) && !isNaN(f(b)) && !isNaN(f(c)) {
			return 0xffc00000
		}
		return uint64(math.Float32bits(r))
	}
	f := math.Float64frombits
	if compares[op] {
		return compare(op, f(a), f(b))
	}
	r := float(op, imm, a, f(a), f(b), f(c))
	if r != r && !isNaN(f(a)) && !isNaN(f(b)) && !isNaN(f(c)) {
		return 0xfff8000000000000
	}
	return math.Float64bits(r)
}

func isNaN[T kernels.Float](x T) bool { return x != x }

// compares lists the operations whose value is one bit of two numbers.
var compares = [256]bool{Greater: true, Unequal: true, Equal: true, NaN: true, AtLeast: true}

func compare(op Op, a, b float64) uint64 {
	nan := a != a || b != b
	switch op {
	case Greater:
		return bit(a > b).C
	case Unequal:
		return bit(!nan && a != b).C
	case Equal:
		return bit(a == b).C
	case AtLeast:
		return bit(a >= b).C
	default:
		return bit(nan).C
	}
}

// float computes an operation of floats; bits are those of a.
func float[T kernels.Float](op Op, imm int32, bits uint64, a, b, c T) T {
	switch op {
	case Add:
		return a + b
	case Sub:
		return a - b
	case Mul:
		return a * b
	case Div:
		return a / b
	case Sqrt:
		return T(math.Sqrt(float64(a))) // of a float32 exact, since rounding twice does not change a root
	case FromInt:
		return T(int32(bits))
	case FromUint:
		return T(bits)
	case FMA:
		return fma(a, b, c)
	case FMASub:
		if a != a { // of which the sign stays
			return a
		}
		return fma(-a, b, c)
	case FloatMax:
		return max(a, b)
	case FloatMin:
		return min(a, b)
	case Estimate:
		return T(estimated(imm, float64(a)))
	case RootStep:
		return rootStep(a, b)
	case Round:
		return T(math.RoundToEven(float64(a)))
	case Scale:
		return T(scale(float64(a), float64(b))) // of float64 alone
	case Sign:
		return sign(a)
	case Kinds:
		return kinds(uint32(imm), a, b)
	}
	fail("no number of operation %d", op)
	return 0
}

func sign[T kernels.Float](a T) T {
	switch {
	case a > 0:
		return 1
	case a < 0:
		return -1
	case a == 0:
		return 0
	}
	return a
}

// kinds is VFIXUPIMM, as far as tables use it: for each kind of b four bits of the table.
func kinds[T kernels.Float](table uint32, a, b T) T {
	kind := 0 // quiet or signaling NaN, which only payloads tell apart, and whose entries must be the same
	switch inf := T(math.Inf(1)); {
	case b != b:
		if table&0xf != table>>4&0xf {
			fail("a table that tells NaN from NaN")
		}
	case b == 0:
		kind = 2
	case b == 1:
		kind = 3
	case b == -inf:
		kind = 4
	case b == inf:
		kind = 5
	case b < 0:
		kind = 6
	default:
		kind = 7
	}
	switch r := table >> (4 * kind) & 0xf; r {
	case 0:
		return a
	case 1:
		return b
	case 8:
		return 0
	case 9:
		return -1
	case 10:
		return 1
	default:
		fail("response %d of a table of kinds", r)
		return 0
	}
}
