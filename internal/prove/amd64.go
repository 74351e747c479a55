package prove

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

var amd64 = &arch{
	integers: amd64Integers,
	fixed:    []int{stackPointer, 5}, // SP and BP
	sp:       stackPointer,
	parse:    func(text string, line int) (Inst, error) { return parseInst(text, line, parseAMD64) },
	control: map[string]control{"RET": ret, "JMP": jump, "CALL": call, "JLT": ifLess, "JLE": ifLessOrEqual,
		"JGE": ifGreaterOrEqual, "JGT": ifGreater, "JEQ": ifEqual, "JNE": ifNotEqual},
	compare: "CMPQ",
	with:    1,
	does:    amd64Does,
}

// stackPointer is the number of SP.
const stackPointer = 4

// amd64Integers are the general registers by their numbers.
var amd64Integers = []string{"AX", "CX", "DX", "BX", "SP", "BP", "SI", "DI",
	"R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15"}

func parseInteger(s string) (int, bool) {
	for i, name := range amd64Integers {
		if s == name {
			return i, true
		}
	}
	return 0, false
}

// words is how many words of 32 bits a vector register has.
var words = map[byte]int{'X': 4, 'Y': 8, 'Z': 16}

func parseAMD64(s string) (Arg, error) {
	bad := func() (Arg, error) { return Arg{}, fmt.Errorf("argument %q", s) }
	if s == "" {
		return bad()
	}
	if v, ok := strings.CutPrefix(s, "$"); ok {
		return parseNumber(v)
	}
	if r, ok := parseInteger(s); ok {
		return Arg{Kind: integer, Reg: r}, nil
	}
	if n, err := strconv.Atoi(s[1:]); err == nil {
		switch w := words[s[0]]; {
		case w > 0 && n >= 0 && n < 32:
			return Arg{Kind: vectorReg, Reg: n, Words: w}, nil
		case s[0] == 'K' && n >= 0 && n < 8:
			return Arg{Kind: maskReg, Reg: n}, nil
		}
	}
	open := strings.IndexByte(s, '(')
	if open < 0 {
		return Arg{Kind: label, Name: s}, nil
	}
	for suffix, kind := range map[string]argKind{"(FP)": frame, "(SB)": static} {
		if at, ok := strings.CutSuffix(s, suffix); ok {
			return parseSymbol(at, kind)
		}
	}
	return parseAddress(s, parseInteger, func(index string) (name string, scale int, ok bool) {
		name, by, _ := strings.Cut(index, "*")
		n, err := strconv.Atoi(by)
		return name, n, err == nil && (n == 1 || n == 2 || n == 4 || n == 8)
	})
}

// A semantics is what an instruction does: the meaning that proofs and the interpreter share. Run changes the state, or
// fails; it asks for what may fork the path before it changes anything.
type semantics struct {
	VEX, EVEX string // the feature that the instruction needs: of AVX, and in the encoding of AVX-512
	Run       func(p *proof, s *state, in *Inst)
}

// amd64Does is the meaning of every instruction that proofs know, one line each. Go's order of operands is Intel's
// reversed: src2, src1, dst. Each lane of dst is the operation of src1 and src2, in this order.
var amd64Does = map[string]semantics{
	"VADDPS":  {"AVX", "AVX512F", binary(32, Add)},
	"VADDPD":  {"AVX", "AVX512F", binary(64, Add)},
	"VSUBPS":  {"AVX", "AVX512F", binary(32, Sub)},
	"VSUBPD":  {"AVX", "AVX512F", binary(64, Sub)},
	"VMULPS":  {"AVX", "AVX512F", binary(32, Mul)},
	"VMULPD":  {"AVX", "AVX512F", binary(64, Mul)},
	"VDIVPS":  {"AVX", "AVX512F", binary(32, Div)},
	"VDIVPD":  {"AVX", "AVX512F", binary(64, Div)},
	"VSQRTPS": {"AVX", "AVX512F", unary(32, func(p *proof, a V) V { return p.op1(Sqrt, 32, a) })},
	"VSQRTPD": {"AVX", "AVX512F", unary(64, func(p *proof, a V) V { return p.op1(Sqrt, 64, a) })},
	"VMAXPS":  {"AVX", "AVX512F", lanes(32, func(p *proof, a, b V) V { return p.larger(32, a, b) })},
	"VMAXPD":  {"AVX", "AVX512F", lanes(64, func(p *proof, a, b V) V { return p.larger(64, a, b) })},
	"VMINPS":  {"AVX", "AVX512F", lanes(32, func(p *proof, a, b V) V { return p.smaller(32, a, b) })},
	"VMINPD":  {"AVX", "AVX512F", lanes(64, func(p *proof, a, b V) V { return p.smaller(64, a, b) })},

	"VROUNDPD":    {"AVX", "", roundLanes},
	"VRNDSCALEPD": {"", "AVX512F", roundLanes},
	"VSCALEFPD":   {"", "AVX512F", binary(64, Scale)},

	"VANDPS":   {"AVX", "AVX512DQ", binary(32, And)},
	"VANDPD":   {"AVX", "AVX512DQ", binary(64, And)},
	"VORPS":    {"AVX", "AVX512DQ", binary(32, Or)},
	"VORPD":    {"AVX", "AVX512DQ", binary(64, Or)},
	"VPXOR":    {"AVX2", "", binary(32, Xor)},
	"VPXORD":   {"", "AVX512F", binary(32, Xor)},
	"VPSLLD":   {"AVX2", "AVX512F", shift(32, Left)},
	"VPSLLQ":   {"AVX2", "AVX512F", shift(64, Left)},
	"VPSRLD":   {"AVX2", "AVX512F", shift(32, Right)},
	"VPSRLQ":   {"AVX2", "AVX512F", shift(64, Right)},
	"VPMAXUD":  {"AVX2", "AVX512F", binary(32, Most)},
	"VPMAXUQ":  {"", "AVX512F", binary(64, Most)},
	"VPCMPGTD": {"AVX2", "AVX512F", compareInts(32)},
	"VPCMPGTQ": {"AVX2", "AVX512F", compareInts(64)},
	"VPADDD":   {"AVX2", "AVX512F", binary(32, AddInt)},
	"VPADDQ":   {"AVX2", "AVX512F", binary(64, AddInt)},
	"VPMINSD":  {"AVX2", "AVX512F", binary(32, LeastInt)},
	"VPMINSQ":  {"", "AVX512F", binary(64, LeastInt)},
	"VPCMPEQD": {"AVX2", "", lanes(32, equalBits)}, // of EVEX its result is a mask

	"VFMADD231PS":  {"FMA3", "AVX512F", fused(32, FMA)},
	"VFMADD231PD":  {"FMA3", "AVX512F", fused(64, FMA)},
	"VFNMADD231PS": {"FMA3", "AVX512F", fused(32, FMASub)},
	"VFNMADD231PD": {"FMA3", "AVX512F", fused(64, FMASub)},
	"VRSQRTPS":     {"AVX", "", unary(32, estimate(32, estimate12))},
	"VRSQRT14PS":   {"", "AVX512F", unary(32, estimate(32, estimate14))},
	"VRSQRT14PD":   {"", "AVX512F", unary(64, estimate(64, estimate14))},

	"VPTERNLOGD": {"", "AVX512F", ternary},

	"VCMPPS":      {"AVX", "AVX512F", compareLanes(32)},
	"VCMPPD":      {"AVX", "AVX512F", compareLanes(64)},
	"VBLENDVPS":   {"AVX", "", blendByTop(32)},
	"VBLENDVPD":   {"AVX", "", blendByTop(64)},
	"VBLENDMPS":   {"", "AVX512F", blendByMask(32)},
	"VBLENDMPD":   {"", "AVX512F", blendByMask(64)},
	"VFIXUPIMMPS": {"", "AVX512F", byKinds(32)},
	"VFIXUPIMMPD": {"", "AVX512F", byKinds(64)},

	"VCVTDQ2PS":  {"AVX", "AVX512F", unary(32, func(p *proof, a V) V { return p.op1(FromInt, 32, a) })},
	"VCVTDQ2PD":  {"AVX", "AVX512F", intsToDoubles},
	"VCVTPS2PD":  {"AVX", "AVX512F", widenFloats},
	"VCVTPD2PSY": {"AVX", "", narrowFloats},
	"VPMOVZXBD":  {"AVX2", "AVX512F", bytesToInts},

	"VBROADCASTSS": {"AVX2", "AVX512F", broadcast(32)},
	"VBROADCASTSD": {"AVX2", "AVX512F", broadcast(64)},
	"VMOVUPS":      {"AVX", "AVX512F", move(32, true)},
	"VMOVUPD":      {"AVX", "AVX512F", move(64, true)},
	"VMOVAPS":      {"AVX", "AVX512F", move(32, false)}, // of memory it wants alignment, which is not known
	"VMOVAPD":      {"AVX", "AVX512F", move(64, false)},
	"VMOVUPS.Z":    {"", "AVX512F", loadByMask(32)},
	"VMOVUPD.Z":    {"", "AVX512F", loadByMask(64)},
	"VMASKMOVPS":   {"AVX", "", loadByTop(32)},
	"VMASKMOVPD":   {"AVX", "", loadByTop(64)},
	"VMOVSS":       {"AVX", "AVX512F", storeWords(1)},
	"VMOVSD":       {"AVX", "AVX512F", storeWords(2)},
	"VMOVLPS":      {"AVX", "AVX512F", storeWords(2)},
	"VMOVLPD":      {"AVX", "AVX512F", storeWords(2)},
	"VUNPCKHPD":    {"AVX", "AVX512F", halves(2)},
	"VUNPCKLPD":    {"AVX", "AVX512F", halves(0)},
	"VEXTRACTF128": {"AVX", "", extractHalf},
	"VPERM2F128":   {"AVX", "", permuteHalves},
	"VPERMILPS":    {"AVX", "AVX512F", permuteWords},
	"VSHUFF32X4":   {"", "AVX512F", permuteQuarters},
	"VZEROUPPER":   {"AVX", "", zeroUpper},

	"KMOVW":     {"", "AVX512F", moveMask},
	"VMOVMSKPS": {"AVX", "", topBits(32)},
	"VMOVMSKPD": {"AVX", "", topBits(64)},

	"PREFETCHT0": {"", "", prefetch},

	"MOVQ":  {"", "", moveInt},
	"MOVL":  {"", "", loadUse},
	"LEAQ":  {"", "", func(p *proof, s *state, in *Inst) { p.setInt(s, in.arg(1, 2), p.address(s, in.mem(0))) }},
	"ADDQ":  {"", "", arithmetic(func(p *proof, s *state, a, b Lin) Lin { return a.plus(1, b) })},
	"SUBQ":  {"", "", arithmetic(func(p *proof, s *state, a, b Lin) Lin { return a.plus(-1, b) })},
	"SHLQ":  {"", "", arithmetic(shiftInt)},
	"ANDQ":  {"", "", arithmetic(andInt)},
	"XORQ":  {"", "", arithmetic(xorInt)},
	"BTSQ":  {"", "", arithmetic(setBit)},
	"DECQ":  {"", "", increment(-1)},
	"INCQ":  {"", "", increment(1)},
	"NOP":   {"", "", nothing},
	"CMPQ":  {"", "", func(p *proof, s *state, in *Inst) { s.compare(p.int(s, in.arg(0, 2)), p.int(s, in.arg(1, 2))) }},
	"TESTQ": {"", "", testInt},
}

// arg returns argument i of an instruction that has n.
func (in *Inst) arg(i, n int) Arg {
	if len(in.Args) != n {
		fail("%d arguments, want %d", len(in.Args), n)
	}
	return in.Args[i]
}

// mem returns argument i of two, which must be an address.
func (in *Inst) mem(i int) Arg {
	a := in.arg(i, 2)
	if a.Kind != memory && a.Kind != static {
		fail("no address")
	}
	return a
}

// dst returns the last of n arguments, a vector register.
func (in *Inst) dst(n int) Arg {
	a := in.arg(n-1, n)
	if a.Kind != vectorReg {
		fail("the result is no vector register")
	}
	return a
}

// lanes is an instruction src2, src1, dst whose lanes are f(src1, src2).
func lanes(size uint8, f func(p *proof, a, b V) V) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		dst := in.dst(3)
		b, a := p.vec(s, in.Args[0], dst.Words), p.vec(s, in.Args[1], dst.Words)
		var r vector
		for i := range dst.Words * 32 / int(size) {
			p.setLane(&r, size, i, f(p, p.lane(&a, size, i), p.lane(&b, size, i)))
		}
		p.setVec(s, dst, r)
	}
}

func binary(size uint8, op Op) func(*proof, *state, *Inst) {
	return lanes(size, func(p *proof, a, b V) V { return p.op2(op, size, a, b) })
}

// unary is an instruction src, dst.
func unary(size uint8, f func(p *proof, a V) V) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		dst := in.dst(2)
		a := p.vec(s, in.Args[0], dst.Words)
		var r vector
		for i := range dst.Words * 32 / int(size) {
			p.setLane(&r, size, i, f(p, p.lane(&a, size, i)))
		}
		p.setVec(s, dst, r)
	}
}

// roundLanes is $8, src, dst: to whole numbers, to nearest even, without an exception.
func roundLanes(p *proof, s *state, in *Inst) {
	dst, how := in.dst(3), in.Args[0]
	if how.Kind != immediate || how.Disp != 8 {
		fail("rounds by %#x", how.Disp)
	}
	a := p.vec(s, in.Args[1], dst.Words)
	var r vector
	for i := range dst.Words / 2 {
		p.split(&r, i, p.op1(Round, 64, p.pair(&a, i)))
	}
	p.setVec(s, dst, r)
}

// estimate is an estimate of 1/sqrt(a), of so many bits.
func estimate(size uint8, bits int32) func(p *proof, a V) V {
	return func(p *proof, a V) V { return p.make(Estimate, size, bits, a, V{}, V{}) }
}

// fused is src3, src2, dst, or with a mask before dst: of src2, src3 and dst, where the mask's bit is set.
func fused(size uint8, op Op) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		dst, masked := in.dst(len(in.Args)), len(in.Args) == 4
		var m *vector
		if masked {
			m = p.mask(s, in.Args[2])
		} else {
			in.arg(2, 3)
		}
		b, a, r := p.vec(s, in.Args[0], dst.Words), p.vec(s, in.Args[1], dst.Words), p.vec(s, dst, dst.Words)
		for i := range dst.Words * 32 / int(size) {
			v := p.lane(&r, size, i)
			v = p.make(op, size, 0, p.lane(&a, size, i), p.lane(&b, size, i), v)
			if masked {
				v = p.make(Choose, size, 0, m[i], v, p.lane(&r, size, i))
			}
			p.setLane(&r, size, i, v)
		}
		p.setVec(s, dst, r)
	}
}

// shift is an instruction $count, src, dst.
func shift(size uint8, op Op) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		dst, count := in.dst(3), in.Args[0]
		if count.Kind != immediate || count.Disp < 0 || count.Disp >= int64(size) {
			fail("shifts by no number of bits")
		}
		a := p.vec(s, in.Args[1], dst.Words)
		var r vector
		for i := range dst.Words * 32 / int(size) {
			p.setLane(&r, size, i, p.make(op, size, int32(count.Disp), p.lane(&a, size, i), V{}, V{}))
		}
		p.setVec(s, dst, r)
	}
}

// compareInts is src2, src1, dst: whether src1 > src2, of whole numbers with a sign, as ones or 0 in a vector, as a bit
// in a mask.
func compareInts(size uint8) func(*proof, *state, *Inst) {
	greater := func(p *proof, a, b V) V { return p.op2(GreaterInt, size, a, b) }
	inVector := lanes(size, func(p *proof, a, b V) V {
		return p.make(Choose, size, 0, greater(p, a, b), ones(size), V{})
	})
	return func(p *proof, s *state, in *Inst) {
		dst, n := in.arg(2, 3), in.Args[1].Words
		switch {
		case dst.Kind == vectorReg && n < 16 && dst.Reg < 16:
			inVector(p, s, in)
			return
		case dst.Kind != maskReg || in.Args[1].Kind != vectorReg:
			fail("no such comparison")
		}
		b, a := p.vec(s, in.Args[0], n), p.vec(s, in.Args[1], n)
		var r vector
		for i := range n * 32 / int(size) {
			r[i] = greater(p, p.lane(&a, size, i), p.lane(&b, size, i))
		}
		s.k[dst.Reg] = r
	}
}

// equalBits is ones or 0. It is known of numbers, and of what is the same.
func equalBits(p *proof, a, b V) V {
	switch {
	case a == b:
		return ones(32)
	case a.known() && b.known():
		return V{}
	}
	return p.unknown()
}

// ternary is any function of the bits of dst, src1 and src2; proofs know all ones.
func ternary(p *proof, s *state, in *Inst) {
	dst := in.dst(4)
	if f := in.Args[0]; f.Kind != immediate || f.Disp != 0xff {
		fail("a function of bits other than all ones")
	}
	var r vector
	for i := range dst.Words {
		r[i] = ones(32)
	}
	p.setVec(s, dst, r)
}

// compareLanes is $predicate, src2, src1, dst: ones or 0 in a vector, a bit in a mask.
func compareLanes(size uint8) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		dst, n := in.arg(3, 4), in.Args[2].Words
		if in.Args[0].Kind != immediate || in.Args[2].Kind != vectorReg {
			fail("want a predicate and vectors")
		}
		b, a := p.vec(s, in.Args[1], n), p.vec(s, in.Args[2], n)
		var r vector
		for i := range n * 32 / int(size) {
			x, y := p.lane(&a, size, i), p.lane(&b, size, i)
			var c V
			switch in.Args[0].Disp {
			case 0x1e: // greater, ordered, quiet
				c = p.op2(Greater, size, x, y)
			case 0x11: // less
				c = p.op2(Greater, size, y, x)
			case 0x0c: // not equal, ordered
				c = p.op2(Unequal, size, x, y)
			case 0x03: // unordered
				c = p.op2(NaN, size, x, y)
			default:
				fail("compares by %#x", in.Args[0].Disp)
			}
			if dst.Kind == maskReg {
				r[i] = c
			} else {
				p.setLane(&r, size, i, p.make(Choose, size, 0, c, ones(size), V{}))
			}
		}
		if dst.Kind == maskReg {
			s.k[dst.Reg] = r
			return
		}
		if dst.Words != n {
			fail("compares vectors of other lengths")
		}
		p.setVec(s, dst, r)
	}
}

// blendByTop is mask, src2, src1, dst: src2 where the mask's highest bit is set.
func blendByTop(size uint8) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		dst := in.dst(4)
		m, b, a := p.vec(s, in.Args[0], dst.Words), p.vec(s, in.Args[1], dst.Words), p.vec(s, in.Args[2], dst.Words)
		var r vector
		for i := range dst.Words * 32 / int(size) {
			top := p.op1(Top, size, p.lane(&m, size, i))
			p.setLane(&r, size, i, p.make(Choose, size, 0, top, p.lane(&b, size, i), p.lane(&a, size, i)))
		}
		p.setVec(s, dst, r)
	}
}

// blendByMask is src2, src1, mask, dst: src2 where the mask's bit is set.
func blendByMask(size uint8) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		dst := in.dst(4)
		m := p.mask(s, in.Args[2])
		b, a := p.vec(s, in.Args[0], dst.Words), p.vec(s, in.Args[1], dst.Words)
		var r vector
		for i := range dst.Words * 32 / int(size) {
			p.setLane(&r, size, i, p.make(Choose, size, 0, m[i], p.lane(&b, size, i), p.lane(&a, size, i)))
		}
		p.setVec(s, dst, r)
	}
}

// mask reads a mask that selects: K0 means all.
func (p *proof) mask(s *state, a Arg) *vector {
	if a.Kind != maskReg || a.Reg == 0 {
		fail("no mask")
	}
	return &s.k[a.Reg]
}

// byKinds is $0, table, src, dst: by what src is, see Kinds.
func byKinds(size uint8) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		dst := in.dst(4)
		if a := in.Args[0]; a.Kind != immediate || a.Disp != 0 {
			fail("a fix-up that raises exceptions")
		}
		t, b, a := p.vec(s, in.Args[1], dst.Words), p.vec(s, in.Args[2], dst.Words), p.vec(s, dst, dst.Words)
		var r vector
		for i := range dst.Words * 32 / int(size) {
			kinds := t[i*int(size)/32] // the lowest 32 bits
			if !kinds.known() {
				fail("a table that is no constant")
			}
			x, y := p.lane(&a, size, i), p.lane(&b, size, i)
			p.setLane(&r, size, i, p.make(Kinds, size, int32(uint32(kinds.C)), x, y, V{}))
		}
		p.setVec(s, dst, r)
	}
}

// intsToDoubles is src, dst, of half as many words.
func intsToDoubles(p *proof, s *state, in *Inst) {
	dst := in.dst(2)
	a := p.vec(s, in.Args[0], dst.Words/2)
	var r vector
	for i := range dst.Words / 2 {
		p.split(&r, i, p.op1(FromInt, 64, a[i]))
	}
	p.setVec(s, dst, r)
}

// widenFloats is src, dst, of half as many words.
func widenFloats(p *proof, s *state, in *Inst) {
	dst := in.dst(2)
	a := p.vec(s, in.Args[0], dst.Words/2)
	var r vector
	for i := range dst.Words / 2 {
		p.split(&r, i, p.op1(Widen, 32, a[i]))
	}
	p.setVec(s, dst, r)
}

// narrowFloats is src, dst, of twice as many words.
func narrowFloats(p *proof, s *state, in *Inst) {
	dst := in.dst(2)
	if dst.Words != 4 {
		fail("the result is no register of 16 bytes")
	}
	a := p.vec(s, in.Args[0], 8)
	var r vector
	for i := range 4 {
		r[i] = p.op1(Narrow, 64, p.pair(&a, i))
	}
	p.setVec(s, dst, r)
}

// bytesToInts loads a byte for each word.
func bytesToInts(p *proof, s *state, in *Inst) {
	dst := in.dst(2)
	sym, off := p.locate(p.address(s, in.mem(0)))
	if m := p.syms[sym]; m.sort != elements || p.theorem.elem(m) != 1 {
		fail("loads bytes of %s", m.name)
	}
	var r vector
	for i := range dst.Words {
		r[i] = p.element(sym, p.readable(s, sym, off.add(int64(i))), 32)
	}
	p.setVec(s, dst, r)
}

// broadcast is src, dst: the first lane of src in all of dst.
func broadcast(size uint8) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		dst := in.dst(2)
		if size == 64 && dst.Words == 4 {
			fail("an encoding that is not there")
		}
		a := p.vec(s, in.Args[0], int(size)/32)
		var r vector
		for i := range r {
			r[i] = a[i%(int(size)/32)]
		}
		p.setVec(s, dst, r)
	}
}

// move is src, dst, or src, mask, memory.
func move(size uint8, memoryToo bool) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		if len(in.Args) == 3 {
			storeByMask(p, s, in, size)
			return
		}
		src, dst := in.arg(0, 2), in.arg(1, 2)
		switch {
		case dst.Kind == vectorReg && (src.Kind == vectorReg || memoryToo):
			if src.Kind == vectorReg && src.Words != dst.Words {
				fail("moves vectors of other lengths")
			}
			p.setVec(s, dst, p.vec(s, src, dst.Words))
		case src.Kind == vectorReg && dst.Kind == memory && memoryToo:
			v := p.vec(s, src, src.Words)
			p.store(s, p.address(s, dst), v[:src.Words])
		default:
			fail("no such move")
		}
	}
}

// selected fails unless a lane's bit of a mask is a number.
func selected(bit V) bool {
	if !bit.known() {
		fail("a mask of memory that depends on the elements")
	}
	return bit.C != 0
}

func storeByMask(p *proof, s *state, in *Inst, size uint8) {
	m, src, w := p.mask(s, in.Args[1]), in.Args[0], int(size)/32
	if src.Kind != vectorReg || in.Args[2].Kind != memory {
		fail("no such move")
	}
	v, at := p.vec(s, src, src.Words), p.address(s, in.Args[2])
	for i := range src.Words / w {
		if selected(m[i]) {
			p.store(s, at.add(int64(4*w*i)), v[w*i:w*(i+1)])
		}
	}
}

// loadByMask is memory, mask, dst: 0 where the mask's bit is not set, and nothing is read there.
func loadByMask(size uint8) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		m := p.mask(s, in.arg(1, 3))
		p.loadSelected(s, in, size, in.Args[0], func(i int) V { return m[i] })
	}
}

// loadByTop is memory, mask, dst: by the highest bit of the mask's lanes.
func loadByTop(size uint8) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		dst := in.dst(3)
		m := p.vec(s, in.Args[1], dst.Words)
		p.loadSelected(s, in, size, in.Args[0], func(i int) V { return p.op1(Top, size, p.lane(&m, size, i)) })
	}
}

func (p *proof) loadSelected(s *state, in *Inst, size uint8, from Arg, bit func(lane int) V) {
	dst, w := in.dst(3), int(size)/32
	if from.Kind != memory {
		fail("no memory")
	}
	at := p.address(s, from)
	var r vector
	for i := range dst.Words / w {
		if selected(bit(i)) {
			v := p.load(s, at.add(int64(4*w*i)), w)
			copy(r[w*i:], v[:w])
		}
	}
	p.setVec(s, dst, r)
}

// storeWords is src, memory: the lowest words of a vector.
func storeWords(n int) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		if from := in.arg(0, 2); from.Kind != vectorReg || from.Words != 4 {
			fail("no register of 16 bytes")
		}
		v := p.vec(s, in.Args[0], 4)
		if to := in.Args[1]; to.Kind == frame && p.theorem.result != nil {
			p.theorem.result(p, s, to.Disp, v[:n])
			return
		}
		p.store(s, p.address(s, in.mem(1)), v[:n])
	}
}

// halves is src2, src1, dst: of each 16 bytes the lower half of src1, from word 0, or the upper one, from word 2, and
// above it that of src2.
func halves(from int) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		dst := in.dst(3)
		b, a := p.vec(s, in.Args[0], dst.Words), p.vec(s, in.Args[1], dst.Words)
		var r vector
		for i := 0; i < dst.Words; i += 4 {
			copy(r[i:], a[i+from:i+from+2])
			copy(r[i+2:], b[i+from:i+from+2])
		}
		p.setVec(s, dst, r)
	}
}

// extractHalf is $half, src, dst: 16 bytes of 32.
func extractHalf(p *proof, s *state, in *Inst) {
	dst, half := in.dst(3), in.Args[0]
	if half.Kind != immediate || half.Disp&^1 != 0 || dst.Words != 4 || in.Args[1].Words != 8 {
		fail("no half of a vector")
	}
	a := p.vec(s, in.Args[1], 8)
	var r vector
	copy(r[:], a[4*half.Disp:4*half.Disp+4])
	p.setVec(s, dst, r)
}

// permuteHalves is $select, src2, src1, dst: 16 bytes of both for each half, by two bits of its four; others zero it.
func permuteHalves(p *proof, s *state, in *Inst) {
	dst, sel := in.dst(4), in.Args[0]
	if sel.Kind != immediate || sel.Disp&^0x33 != 0 || dst.Words != 8 {
		fail("no choice of halves")
	}
	b, a := p.vec(s, in.Args[1], 8), p.vec(s, in.Args[2], 8)
	both := append(append([]V(nil), a[:8]...), b[:8]...)
	var r vector
	for half := range 2 {
		from := int(sel.Disp>>(4*half)&3) * 4
		copy(r[4*half:], both[from:from+4])
	}
	p.setVec(s, dst, r)
}

// permuteWords is $select, src, dst: each word of 16 bytes is the one of the same 16 that two bits say.
func permuteWords(p *proof, s *state, in *Inst) {
	dst, sel := in.dst(3), in.Args[0]
	if sel.Kind != immediate || sel.Disp&^0xff != 0 {
		fail("no choice of words")
	}
	a := p.vec(s, in.Args[1], dst.Words)
	var r vector
	for i := range dst.Words {
		r[i] = a[i&^3+int(sel.Disp>>(2*(i&3))&3)]
	}
	p.setVec(s, dst, r)
}

// permuteQuarters is $select, src2, src1, dst: two times 16 bytes of src1, and above them two of src2.
func permuteQuarters(p *proof, s *state, in *Inst) {
	dst, sel := in.dst(4), in.Args[0]
	if sel.Kind != immediate || sel.Disp&^0xff != 0 || dst.Words != 16 {
		fail("no choice of quarters")
	}
	b, a := p.vec(s, in.Args[1], 16), p.vec(s, in.Args[2], 16)
	var r vector
	for i := range 4 {
		src, from := &a, int(sel.Disp>>(2*i)&3)*4
		if i >= 2 {
			src = &b
		}
		copy(r[4*i:4*i+4], src[from:from+4])
	}
	p.setVec(s, dst, r)
}

func nothing(_ *proof, _ *state, in *Inst) {
	if len(in.Args) != 0 {
		fail("no arguments")
	}
}

func zeroUpper(_ *proof, s *state, in *Inst) {
	if len(in.Args) != 0 {
		fail("no arguments")
	}
	for i := range 16 { // those above do not count: they make no transition slow
		clear(s.v[i][4:])
	}
	s.dirty = false
}

// moveMask is src, dst: 16 bits of an integer to a mask, or the other way.
func moveMask(p *proof, s *state, in *Inst) {
	dst := in.arg(1, 2)
	if in.Args[0].Kind == maskReg {
		p.setInt(s, dst, p.intOfBits(s.k[in.Args[0].Reg][:]))
		return
	}
	n := p.int(s, in.Args[0])
	if dst.Kind != maskReg {
		fail("no mask")
	}
	p.concrete(s, n)
	for i := range s.k[dst.Reg] {
		s.k[dst.Reg][i] = bit(n.C>>i&1 != 0)
	}
}

// topBits is src, dst: an integer of the highest bits of the lanes.
func topBits(size uint8) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		src, dst := in.arg(0, 2), in.Args[1]
		if src.Kind != vectorReg || src.Words > 8 {
			fail("no vector of AVX")
		}
		a, all := p.vec(s, src, src.Words), []V(nil)
		for i := range src.Words * 32 / int(size) {
			all = append(all, p.op1(Top, size, p.lane(&a, size, i)))
		}
		p.setInt(s, dst, p.intOfBits(all))
	}
}

// intOfBits is the integer of some bits, the lowest first, of which proofs know when it is 0.
func (p *proof) intOfBits(all []V) Lin {
	n, known := int64(0), true
	for i, b := range all {
		n, known = n|int64(b.C)<<i, known && b.known()
	}
	if known {
		return con(n)
	}
	name := fmt.Sprintf("bits%d", len(p.syms))
	return p.sym(symbol{name: name, any: true, zero: slices.Clone(all)}).lin()
}

// prefetch does nothing, whatever the address.
func prefetch(_ *proof, _ *state, in *Inst) {
	if in.arg(0, 1).Kind != memory {
		fail("no address")
	}
}

// moveInt is src, dst: an integer, an argument, a word of a slice's header or of a table of code.
func moveInt(p *proof, s *state, in *Inst) {
	src, dst := in.arg(0, 2), in.arg(1, 2)
	switch src.Kind {
	case frame:
		p.setInt(s, dst, p.theorem.argument(p, src.Disp))
	case address:
		p.setInt(s, dst, p.address(s, src))
	case local:
		if src.Disp != -int64(p.fn.FrameBytes) || p.fn.FrameBytes == 0 {
			fail("an address that is not the frame's")
		}
		p.setInt(s, dst, p.frame(0))
	case memory:
		p.setInt(s, dst, p.loadInt(s, p.address(s, src)))
	default:
		p.setInt(s, dst, p.int(s, src))
	}
}

// loadUse is src, dst: 32 bits of memory, zeros above. Proofs know of what selects a Prelude.
func loadUse(p *proof, s *state, in *Inst) {
	sym, off := p.locate(p.address(s, in.mem(0)))
	if p.syms[sym].sort != coefficients || off != con(p.theorem.useAt()) {
		fail("loads an integer from %s", p.syms[sym].name)
	}
	if p.memory != nil {
		p.setInt(s, in.Args[1], con(int64(p.memory.Use)))
		return
	}
	p.setInt(s, in.Args[1], p.use().lin())
}

func (s *state) compare(a, b Lin) {
	s.flags.a, s.flags.b, s.flags.known = a, b, true
}

// testInt compares the common bits of two integers with 0.
func testInt(p *proof, s *state, in *Inst) {
	a, b := p.int(s, in.arg(0, 2)), p.int(s, in.arg(1, 2))
	if in.Args[0] == in.Args[1] {
		s.compare(b, Lin{})
		return
	}
	p.concrete(s, a)
	p.concrete(s, b)
	s.compare(con(a.C&b.C), Lin{})
}

// arithmetic is src, dst: dst becomes f(dst, src).
func arithmetic(f func(p *proof, s *state, a, b Lin) Lin) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		r := f(p, s, p.int(s, in.arg(1, 2)), p.int(s, in.arg(0, 2)))
		p.setInt(s, in.Args[1], r)
		s.flags.known = false
	}
}

func increment(by int64) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		p.setInt(s, in.arg(0, 1), p.int(s, in.arg(0, 1)).add(by))
		s.flags.known = false
	}
}

func shiftInt(p *proof, s *state, a, b Lin) Lin {
	p.concrete(s, b)
	if b.C < 0 || b.C > 16 {
		fail("shifts by %d bits", b.C)
	}
	return a.times(1 << b.C)
}

// andInt is known of numbers, of what selects a Prelude, and of the address of whole lines in a frame.
func andInt(p *proof, s *state, a, b Lin) Lin {
	if b == con(-64) && p.file.arch.sp > 0 && a == p.stack().lin().add(63) {
		return p.frame(0)
	}
	power := bits.OnesCount(uint(p.theorem.uses)) == 1
	if power && b == con(int64(p.theorem.uses-1)) && a == p.use().lin() {
		return p.selector().lin()
	}
	p.concrete(s, a)
	p.concrete(s, b)
	return con(a.C & b.C)
}

func xorInt(p *proof, s *state, a, b Lin) Lin {
	if a == b {
		return Lin{}
	}
	p.concrete(s, a)
	p.concrete(s, b)
	return con(a.C ^ b.C)
}

func setBit(p *proof, s *state, a, b Lin) Lin {
	p.concrete(s, a)
	p.concrete(s, b)
	return con(a.C | 1<<(b.C&63))
}
