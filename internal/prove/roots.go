package prove

import (
	"math"

	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/internal/roots"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Square roots by fma. Their tree is the definition of internal/roots, of an instruction's estimate, and it is the
// square root where the guard lets it pass: that is the theorem of docs/exact-sqrt.md. So the two are the same on a
// path that has asked the guard, and on no other. Of the estimate nothing is known but that.

// A rootForm is a form of roots as an instruction set has it.
type rootForm struct {
	roots.Form
	of       *arch
	feature  string // by which an instruction set is told from others
	estimate func(t *terms, size uint8, twice V) V
	least    float64                                  // the least root that is right
	guard    func(t *terms, size uint8, g, least V) V // one bit
	passes   bool                                     // what the bit is of roots that are right
}

// Which estimate an instruction gives, in bits: what Estimate has in Imm.
const (
	estimate8  = 8  // FRSQRTE
	estimate12 = 12 // VRSQRTPS
	estimate14 = 14 // VRSQRT14
)

// rootForms are the forms of functions that ship, that of the wider instruction set first.
var rootForms = []rootForm{
	{roots.Single14, amd64, "AVX512F", estimateBy(estimate14), 0x1p-40, below, false},
	{roots.Double14, amd64, "AVX512F", estimateBy(estimate14), 0x1p-450, below, false},
	{roots.Single12Short, amd64, "AVX2", estimateBy(estimate12), 0x1p-40, belowOrInfinite, false},
	{roots.Double21, amd64, "AVX2", estimateOfSingle, 0x1p-62, belowOrInfinite, false},
	{roots.Single14, arm64, "", estimateInSteps, 0x1p-40, notBelow, true},
	{roots.Double14, arm64, "", estimateInSteps, 0x1p-450, notBelow, true},
}

// formOf returns the form of an instruction set and a type, or nil.
func formOf(a *arch, features map[string]bool, elemSize int) *rootForm {
	for i, f := range rootForms {
		if f.of == a && (f.feature == "" || features[f.feature]) && f.size() == uint8(8*elemSize) {
			return &rootForms[i]
		}
	}
	return nil
}

// size is how many bits the form's numbers have.
func (f *rootForm) size() uint8 {
	if f.Bits == 24 {
		return 32
	}
	return 64
}

// literal is a number of a type.
func literal(size uint8, f float64) V {
	if size == 32 {
		return number(uint64(math.Float32bits(float32(f))))
	}
	return number(math.Float64bits(f))
}

// fmaSub is c - a*b.
func (t *terms) fmaSub(size uint8, a, b, c V) V { return t.make(FMASub, size, 0, a, b, c) }

func (t *terms) fma(size uint8, a, b, c V) V { return t.make(FMA, size, 0, a, b, c) }

// estimateBy is an instruction's estimate of 1/sqrt(4*x).
func estimateBy(bits int32) func(t *terms, size uint8, twice V) V {
	return func(t *terms, size uint8, twice V) V {
		return t.make(Estimate, size, bits, t.op2(Add, size, twice, twice), V{}, V{})
	}
}

// estimateOfSingle is roots.Seed.
func estimateOfSingle(t *terms, _ uint8, twice V) V {
	x := t.op1(Narrow, 64, twice)
	h := estimateBy(estimate12)(t, 32, x)
	r := t.fmaSub(32, t.op2(Mul, 32, x, h), h, literal(32, .5))
	return t.op1(Widen, 32, t.fma(32, h, r, h))
}

// estimateInSteps is roots.NEON.
func estimateInSteps(t *terms, size uint8, twice V) V {
	x4 := t.op2(Add, size, twice, twice)
	h := t.make(Estimate, size, estimate8, x4, V{}, V{})
	return t.op2(Mul, size, h, t.op2(RootStep, size, t.op2(Mul, size, x4, h), h))
}

// root is the tree of roots.Root.
func (f *rootForm) root(t *terms, x V) V {
	size := f.size()
	twice := t.op2(Add, size, x, x)
	h := f.estimate(t, size, twice)
	g := t.op2(Mul, size, twice, h)
	r := t.fmaSub(size, g, h, literal(size, f.Half))
	p := literal(size, f.Series[0])
	for _, c := range f.Series[1:] {
		p = t.fma(size, p, r, literal(size, c))
	}
	if len(f.Series) > 1 {
		r = t.op2(Mul, size, r, p)
	}
	g, h = t.fma(size, g, r, g), t.fma(size, h, r, h)
	return t.fma(size, h, t.fmaSub(size, g, g, x), g)
}

// The guards. below is whether a root's bits are those of less than the least, as integers, or of a number with a sign.
func below(t *terms, size uint8, g, least V) V { return t.op2(GreaterInt, size, least, g) }

// belowOrInfinite adds what makes those from +Inf on the least of all.
func belowOrInfinite(t *terms, size uint8, g, least V) V {
	by := number(signBit(size).C - literal(size, math.Inf(1)).C)
	return t.op2(GreaterInt, size, t.op2(AddInt, size, least, by), t.op2(AddInt, size, g, by))
}

func notBelow(t *terms, size uint8, g, least V) V { return t.op2(AtLeast, size, g, least) }

// guarded returns x and the root g by fma of it, if a bit is what the guard says of g when it passes.
func (f *rootForm) guarded(t *terms, v V, is bool) (x, g V, ok bool) {
	if is != f.passes {
		return
	}
	for _, g := range operandsOf(v) {
		for _, g := range append(operandsOf(g), g) {
			if g.known() || g.T.Op != FMA || f.guard(t, f.size(), g, literal(f.size(), f.least)) != v {
				continue
			}
			for _, d := range []V{g.T.A, g.T.B} {
				if !d.known() && d.T.Op == FMASub && f.root(t, d.T.C) == g {
					return d.T.C, g, true
				}
			}
		}
	}
	return
}

// operandsOf returns the operands of a value.
func operandsOf(v V) []V {
	if v.known() {
		return nil
	}
	return []V{v.T.A, v.T.B, v.T.C}
}

// learn uses what a path has learnt of a bit: roots that the guard lets pass are square roots.
func (p *proof) learn(s *state, v V, is bool) {
	switch f := p.theorem.form; {
	case f == nil || v.known():
	case v.T.Op == Choose && !is && v.T.B == bit(true): // neither of two
		p.learn(s, v.T.A, false)
		p.learn(s, v.T.C, false)
	case v.T.Op == Choose && is && v.T.C == bit(false): // both
		p.learn(s, v.T.A, true)
		p.learn(s, v.T.B, true)
	default:
		x, g, ok := f.guarded(&p.terms, v, is)
		if !ok {
			return
		}
		root, size := p.op1(Sqrt, f.size(), x), f.size()
		for r := range s.v {
			for i := range p.width() * 32 / int(size) {
				if p.lane(&s.v[r], size, i) == g {
					p.setLane(&s.v[r], size, i, root)
				}
			}
		}
	}
}

// learnOnes is learn of what has no bit that is 0.
func (p *proof) learnOnes(s *state, v V) {
	switch {
	case v.known():
	case v.T.Op == Join || v.T.Op == Least:
		p.learnOnes(s, v.T.A)
		p.learnOnes(s, v.T.B)
	case isMask(v, v.T.Bits):
		p.learn(s, v.T.A, true)
	}
}

// rootsAlone is the theorem of func(n int, x, out *T): roots by a form of n elements, whole vectors, right or not.
func rootsAlone(f *rootForm) *theorem {
	t := &theorem{elemSize: int(f.size()) / 8, prog: &program.Program{}, form: f, alone: true,
		operands: []table.Operand{{Name: "x", Read: true}, {Name: "out", Write: true}},
		values:   map[element]map[string]V{}}
	t.arg = func(p *proof, at int64) Lin {
		switch {
		case at == 0 && p.memory != nil:
			return con(int64(len(p.memory.Tensors[0][0])))
		case at == 0:
			return p.sym(symbol{name: "n/L", nonNegative: true}).lin().times(int64(p.width() * 4 / t.elemSize))
		case at == 8 || at == 16:
			return p.operand(int(at)/8-1, Lin{}).lin()
		}
		fail("no argument at %d", at)
		return Lin{}
	}
	t.lines = func(p *proof, e element) map[string]V {
		return map[string]V{"out": f.root(&p.terms, p.element(p.operand(0, e.tensor), e.at, f.size()))}
	}
	t.begin = func(p *proof) *state {
		if p.fn.ArgBytes != 24 || p.fn.FrameBytes != 0 {
			fail("a frame of %d bytes and %d of arguments, want 0 and 24", p.fn.FrameBytes, p.fn.ArgBytes)
		}
		s := p.entry()
		s.prelude, s.length = no, t.arg(p, 0)
		p.open(s)
		return s
	}
	t.end = func(p *proof, s *state) {
		p.clean(s)
		p.complete(s)
	}
	return t
}

// estimated is an estimate of 1/sqrt(x), of which the interpreter has one: the nearest number, but of FRSQRTE, whose
// table the architecture fixes.
func estimated(bits int32, x float64) float64 {
	switch {
	case x != x || x < 0:
		return math.NaN()
	case x == 0:
		return 1 / x
	case math.IsInf(x, 1):
		return 0
	case bits == estimate8:
		return roots.FRSQRTE(x)
	}
	return 1 / math.Sqrt(x)
}

// rootStep is (3 - a*b)/2, rounded once: 3/2 where zero and infinity meet.
func rootStep[T kernels.Float](a, b T) T {
	inf := func(a T) bool { return math.IsInf(float64(a), 0) }
	if a == 0 && inf(b) || b == 0 && inf(a) {
		return 1.5
	}
	if r := fma(-a, b, 3); !inf(r) {
		return r / 2
	}
	return fma(-a/2, b, 1.5)
}

// fma is a*b + c, rounded once.
func fma[T kernels.Float](a, b, c T) T {
	if single, ok := any(a).(float32); ok {
		return T(kernels.FMA(single, float32(b), float32(c)))
	}
	return T(math.FMA(float64(a), float64(b), float64(c)))
}

// moved is a value of elements that are further on by so many.
func (p *proof) moved(v V, by Lin, done map[*Term]V) V {
	if v.known() || v.T.Op == Fresh {
		return v
	}
	if w, ok := done[v.T]; ok {
		return w
	}
	w := v
	if v.T.Op == Leaf {
		if l := p.names[v.T.Imm]; p.syms[l.sym].sort == elements {
			w = p.element(l.sym, l.at.plus(1, by), v.T.Bits)
		}
	} else {
		t := v.T
		w = p.make(t.Op, t.Bits, t.Imm, p.moved(t.A, by, done), p.moved(t.B, by, done), p.moved(t.C, by, done))
	}
	done[v.T] = w
	return w
}

// movedBy is by how much the elements of a lane are further on behind a turn, if that is what the turn makes of it.
func (p *proof) movedBy(before, after V) following {
	from, ok := p.firstElement(before)
	to, ok2 := p.firstElement(after)
	if d := to.plus(-1, from); ok && ok2 && d.isConst() && p.moved(before, d, map[*Term]V{}) == after {
		return following{known: true, stride: d.C}
	}
	return following{}
}

// firstElement is the index of the first element in a value.
func (p *proof) firstElement(v V) (at Lin, ok bool) {
	if v.known() {
		return
	}
	if v.T.Op == Leaf {
		l := p.names[v.T.Imm]
		return l.at, p.syms[l.sym].sort == elements
	}
	for _, a := range operandsOf(v) {
		if at, ok = p.firstElement(a); ok {
			return
		}
	}
	return
}
