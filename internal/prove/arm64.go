package prove

import (
	"fmt"
	"strconv"
	"strings"
)

var arm64 = &arch{
	integers: arm64Integers,
	veneers:  []int{16, 17},
	words:    4,
	parse:    parseARM64Inst,
	control: map[string]control{"RET": ret, "B": jump, "BL": call, "BLT": ifLess, "BLE": ifLessOrEqual,
		"BGE": ifGreaterOrEqual, "BGT": ifGreater, "BEQ": ifEqual, "BNE": ifNotEqual, "CBNZ": ifNotZero},
	compare: "CMP",
	with:    0,
	does:    arm64Does,
}

// arm64Integers are the general registers that code may have: not those of the platform (R18), of the assembler (R27),
// of the goroutine, of frames and of returns, nor SP.
var arm64Integers = []string{"R0", "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R11", "R12", "R13",
	"R14", "R15", "R16", "R17", "", "R19", "R20", "R21", "R22", "R23", "R24", "R25", "R26"}

// parseARM64Inst reads an instruction of arm64, or the number of one.
func parseARM64Inst(text string, line int) (Inst, error) {
	in, err := parseInst(text, line, parseARM64)
	if err != nil {
		return in, err
	}
	switch in.Op {
	case "WORD":
	case "BL": // to a register, which stands in brackets, though nothing is read there
		if len(in.Args) != 1 || in.Args[0] != (Arg{Kind: memory, Reg: in.Args[0].Reg}) {
			return in, fmt.Errorf("a call of no register: %s", text)
		}
		in.Args[0].Kind = integer
		return in, nil
	default:
		return in, nil
	}
	if len(in.Args) != 1 || in.Args[0].Kind != immediate || in.Args[0].Disp>>32 != 0 {
		return in, fmt.Errorf("no number of an instruction: %s", text)
	}
	word := uint32(in.Args[0].Disp)
	spelled, err := decode(word)
	if err != nil {
		return in, err
	}
	in, err = parseInst(spelled, line, parseARM64)
	in.Word = word
	return in, err
}

// vectors are the instructions that Go's assembler does not have, by the bits that are not registers or, where it may
// be 4s or 2d, that choice in bit 22. Registers are Rd, Rn and, of three, Rm.
var vectors = []struct {
	name  string
	word  uint32
	three bool
	words bool // 4s alone
}{
	{"fadd", 0x4e20d400, true, false},
	{"fsub", 0x4ea0d400, true, false},
	{"fmul", 0x6e20dc00, true, false},
	{"fdiv", 0x6e20fc00, true, false},
	{"fmax", 0x4e20f400, true, false},
	{"fmin", 0x4ea0f400, true, false},
	{"fcmge", 0x6e20e400, true, false},
	{"frsqrts", 0x4ea0fc00, true, false},
	{"frsqrte", 0x6ea1d800, false, false},
	{"uminp", 0x6ea0ac00, true, true},
	{"fcmeq", 0x4e20e400, true, false},
	{"fcmgt", 0x6ea0e400, true, false},
	{"fsqrt", 0x6ea1f800, false, false},
	{"fabs", 0x4ea0f800, false, false},
	{"frintn", 0x4e218800, false, false},
	{"ucvtf", 0x6e21d800, false, false},
}

// decode spells an instruction as Go's assembler would: Rm, Rn, Rd. Names are in small letters, so that no text has
// them.
func decode(word uint32) (string, error) {
	d, n, m := word&31, word>>5&31, word>>16&31
	for _, v := range vectors {
		rest := uint32(0xfffffc00)
		if v.three {
			rest = 0xffe0fc00
		}
		shape := "S4"
		if word>>22&1 != 0 && !v.words {
			shape = "D2"
			rest &^= 1 << 22
		}
		if word&rest != v.word {
			continue
		}
		if v.three {
			return fmt.Sprintf("%s V%d.%s, V%d.%s, V%d.%s", v.name, m, shape, n, shape, d, shape), nil
		}
		return fmt.Sprintf("%s V%d.%s, V%d.%s", v.name, n, shape, d, shape), nil
	}
	return "", fmt.Errorf("no instruction that proofs know: %#08x", word)
}

// register reads a register's number behind a letter.
func register(s string, letter byte, below int) (int, bool) {
	if len(s) < 2 || s[0] != letter {
		return 0, false
	}
	n, err := strconv.Atoi(s[1:])
	return n, err == nil && n >= 0 && n < below && s[1:] == strconv.Itoa(n)
}

// laneSizes are the letters of lanes, and how many bits they have.
var laneSizes = map[byte]int{'B': 8, 'H': 16, 'S': 32, 'D': 64}

func parseARM64(s string) (Arg, error) {
	bad := func() (Arg, error) { return Arg{}, fmt.Errorf("argument %q", s) }
	if s == "" {
		return bad()
	}
	if v, ok := strings.CutPrefix(s, "$"); ok {
		if at, ok := strings.CutSuffix(v, "(SB)"); ok {
			return parseSymbol(at+zeroOffset(at), address)
		}
		if at, ok := strings.CutSuffix(v, "(SP)"); ok {
			name, off, _ := strings.Cut(at, "-")
			n, err := strconv.Atoi(off)
			return Arg{Kind: local, Name: name, Disp: -int64(n)}, err
		}
		return parseNumber(v)
	}
	integerOf := func(s string) (int, bool) {
		n, ok := register(s, 'R', len(arm64Integers))
		return n, ok && arm64Integers[n] == s
	}
	if n, ok := register(s, 'R', 32); ok {
		if _, ok := integerOf(s); !ok {
			return bad()
		}
		return Arg{Kind: integer, Reg: n}, nil
	}
	if n, ok := register(s, 'F', 32); ok { // a vector's lowest lane
		return Arg{Kind: vectorReg, Reg: n, Words: 4}, nil
	}
	if reg, shape, ok := strings.Cut(s, "."); ok {
		n, ok := register(reg, 'V', 32)
		if !ok || len(shape) < 2 {
			return bad()
		}
		a := Arg{Kind: vectorReg, Reg: n, Words: 4, Shape: shape}
		size := laneSizes[shape[0]]
		if index, ok := strings.CutSuffix(shape, "]"); ok {
			lane, err := strconv.Atoi(strings.TrimPrefix(index[1:], "["))
			a.Shape, a.Lane = shape[:1], lane
			if err != nil || index[1] != '[' || size == 0 || lane < 0 || lane*size >= 128 {
				return bad()
			}
			return a, nil
		}
		if lanes, err := strconv.Atoi(shape[1:]); err != nil || size*lanes != 64 && size*lanes != 128 {
			return bad()
		}
		return a, nil
	}
	open := strings.IndexByte(s, '(')
	if open < 0 {
		return Arg{Kind: label, Name: s}, nil
	}
	if at, ok := strings.CutSuffix(s, "(FP)"); ok {
		return parseSymbol(at, frame)
	}
	a, err := parseAddress(s, integerOf, func(index string) (name string, scale int, ok bool) {
		name, shift, shifted := strings.Cut(index, "<<")
		bits, err := strconv.Atoi(shift)
		return name, 1 << (bits & 3), !shifted || err == nil && bits >= 0 && bits <= 3
	})
	if err == nil && a.Scale != 0 && a.Disp != 0 {
		return bad()
	}
	return a, err
}

// zeroOffset is what a symbol without an offset leaves out.
func zeroOffset(symbol string) string {
	if strings.Contains(symbol, "+") {
		return ""
	}
	return "+0"
}

// arm64Does is the meaning of every instruction that proofs know, one line each. Go's order of operands is Arm's
// reversed: m, n, d.
var arm64Does = map[string]semantics{
	"fadd":    {Run: threeLanes(op3(Add))},
	"fsub":    {Run: threeLanes(op3(Sub))},
	"fmul":    {Run: threeLanes(op3(Mul))},
	"fdiv":    {Run: threeLanes(op3(Div))},
	"fmax":    {Run: threeLanes((*proof).floatMax)},
	"fmin":    {Run: threeLanes(op3(FloatMin))},
	"fcmge":   {Run: threeLanes(compareOnes(AtLeast))},
	"fcmeq":   {Run: threeLanes(compareOnes(Equal))},
	"fcmgt":   {Run: threeLanes(compareOnes(Greater))},
	"fsqrt":   {Run: twoLanes(func(p *proof, size uint8, a V) V { return p.op1(Sqrt, size, a) })},
	"frsqrts": {Run: threeLanes(op3(RootStep))},
	"frsqrte": {Run: twoLanes(func(p *proof, size uint8, a V) V { return estimate(size, estimate8)(p, a) })},
	"uminp":   {Run: leastOfPairs},
	"frintn":  {Run: twoLanes(func(p *proof, size uint8, a V) V { return p.op1(Round, size, a) })},
	"fabs":    {Run: twoLanes((*proof).abs)},
	"ucvtf":   {Run: twoLanes((*proof).unsigned)},

	"VFMLA": {Run: threeWith(func(p *proof, size uint8, d, n, m V) V { return p.make(FMA, size, 0, n, m, d) })},
	"VFMLS": {Run: threeWith(func(p *proof, size uint8, d, n, m V) V { return p.fmaSub(size, n, m, d) })},
	"VAND":  {Run: threeBits(func(p *proof, size uint8, d, n, m V) V { return p.op2(And, size, n, m) })},
	"VORR":  {Run: threeBits(func(p *proof, size uint8, d, n, m V) V { return p.op2(Or, size, n, m) })},
	"VEOR":  {Run: threeBits(func(p *proof, size uint8, d, n, m V) V { return p.op2(Xor, size, n, m) })},
	"VBSL":  {Run: threeBits(func(p *proof, size uint8, d, n, m V) V { return p.selectBits(size, d, n, m) })},
	"VBIT":  {Run: threeBits(func(p *proof, size uint8, d, n, m V) V { return p.selectBits(size, m, n, d) })},
	"VBIF":  {Run: threeBits(func(p *proof, size uint8, d, n, m V) V { return p.selectBits(size, m, d, n) })},
	"VSHL":  {Run: shiftLanes(Left)},
	"VUXTL": {Run: widenLanes},
	"VEXT":  {Run: extract},

	"VREV64": {Run: reverseWords},

	"VDUP":  {Run: duplicate},
	"VLD1":  {Run: loadLane},
	"VST1":  {Run: storeLane},
	"FMOVS": {Run: moveWords(1)},
	"FMOVD": {Run: moveWords(2)},
	"FMOVQ": {Run: moveWords(4)},

	"MOVD":  {Run: moveInt},
	"MOVWU": {Run: loadUnsigned(4)},
	"MOVHU": {Run: loadUnsigned(2)},
	"ADD":   {Run: threeInts(func(p *proof, s *state, a, b Lin) Lin { return a.plus(1, b) })},
	"SUB":   {Run: threeInts(func(p *proof, s *state, a, b Lin) Lin { return a.plus(-1, b) })},
	"LSL":   {Run: threeInts(shiftInt)},
	"AND":   {Run: threeInts(andInt)},
	"CMP":   {Run: func(p *proof, s *state, in *Inst) { s.compare(p.int(s, in.arg(1, 2)), p.int(s, in.arg(0, 2))) }},
	"NOP":   {Run: nothing},
}

// shaped fails unless there are n arguments that are vectors of one shape of those given. It returns the lanes' bits.
func (in *Inst) shaped(n int, shapes ...string) uint8 {
	for i := range n {
		if a := in.arg(i, n); a.Kind != vectorReg || a.Shape != in.Args[0].Shape {
			fail("no vectors of one shape")
		}
	}
	for _, s := range shapes {
		if in.Args[0].Shape == s {
			return uint8(laneSizes[s[0]])
		}
	}
	fail("vectors of shape %s", in.Args[0].Shape)
	return 0
}

// withLanes sets each lane of the last argument to f of those of the arguments d, n and m.
func (p *proof) withLanes(s *state, in *Inst, size uint8, f func(size uint8, d, n, m V) V) {
	last := len(in.Args) - 1
	d, n, m := p.vec(s, in.Args[last], 4), p.vec(s, in.Args[last-1], 4), p.vec(s, in.Args[0], 4)
	var r vector
	for i := range 128 / int(size) {
		p.setLane(&r, size, i, f(size, p.lane(&d, size, i), p.lane(&n, size, i), p.lane(&m, size, i)))
	}
	p.setVec(s, in.Args[last], r)
}

// threeWith is m, n, d of numbers, the result of all three.
func threeWith(f func(p *proof, size uint8, d, n, m V) V) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		p.withLanes(s, in, in.shaped(3, "S4", "D2"), func(size uint8, d, n, m V) V { return f(p, size, d, n, m) })
	}
}

// threeLanes is m, n, d of numbers: d = f(n, m).
func threeLanes(f func(p *proof, size uint8, n, m V) V) func(*proof, *state, *Inst) {
	return threeWith(func(p *proof, size uint8, _, n, m V) V { return f(p, size, n, m) })
}

func op3(op Op) func(p *proof, size uint8, n, m V) V {
	return func(p *proof, size uint8, n, m V) V { return p.op2(op, size, n, m) }
}

// compareOnes is ones where a comparison holds, else 0.
func compareOnes(op Op) func(p *proof, size uint8, n, m V) V {
	return func(p *proof, size uint8, n, m V) V {
		return p.make(Choose, size, 0, p.op2(op, size, n, m), ones(size), V{})
	}
}

// twoLanes is n, d of numbers.
func twoLanes(f func(p *proof, size uint8, n V) V) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		p.withLanes(s, in, in.shaped(2, "S4", "D2"), func(size uint8, _, n, _ V) V { return f(p, size, n) })
	}
}

// threeBits is m, n, d of bits, for which it does not matter what lanes they are in.
func threeBits(f func(p *proof, size uint8, d, n, m V) V) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		in.shaped(3, "B16")
		p.withLanes(s, in, uint8(8*p.theorem.elemSize), func(size uint8, d, n, m V) V { return f(p, size, d, n, m) })
	}
}

// selectBits is the bits of yes where those of a mask are set, else those of no. It is known of masks by comparisons,
// and of numbers.
func (p *proof) selectBits(size uint8, mask, yes, no V) V {
	switch {
	case mask == ones(size) || yes == no:
		return yes
	case mask == V{}:
		return no
	case isMask(mask, size):
		return p.make(Choose, size, 0, mask.T.A, yes, no)
	case mask.known() && yes.known() && no.known():
		return number(mask.C&yes.C | no.C&^mask.C)
	}
	return p.unknown()
}

// abs is a number without its sign.
func (p *proof) abs(size uint8, a V) V { return p.op2(And, size, a, magnitudeBits(size)) }

// unsigned is the number that a whole number is, without a sign: that with one, if it is a byte's.
func (p *proof) unsigned(size uint8, a V) V {
	if a.known() {
		return p.op1(FromUint, size, a)
	}
	if size == 64 && a.T.Op == Join && a.T.Bits == 64 && a.T.B == (V{}) {
		a = a.T.A
	}
	if !a.known() && a.T.Op == Leaf && p.byteSized(a) {
		return p.op1(FromInt, size, a)
	}
	return p.unknown()
}

// shiftLanes is $count, n, d.
func shiftLanes(op Op) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		count, n := in.arg(0, 3), Inst{Args: in.Args[1:]}
		size := n.shaped(2, "S4", "D2")
		if count.Kind != immediate || count.Disp < 0 || count.Disp >= int64(size) {
			fail("shifts by no number of bits")
		}
		p.withLanes(s, &n, size, func(size uint8, _, a, _ V) V {
			return p.make(op, size, int32(count.Disp), a, V{}, V{})
		})
	}
}

// halvesOf returns the two halves of a number of so many bits.
func (p *proof) halvesOf(size uint8, a V) (low, high V) {
	return p.op1(Low, size, a), p.op1(High, size, a)
}

// widenLanes is n, d: lanes of the lower half of n, zeros above each.
func widenLanes(p *proof, s *state, in *Inst) {
	from, to := in.arg(0, 2), in.arg(1, 2)
	if from.Kind != vectorReg || to.Kind != vectorReg {
		fail("no vectors")
	}
	a := p.vec(s, from, 4)
	var r vector
	for i := range 2 {
		switch low, high := p.halvesOf(32, a[i]); from.Shape + to.Shape {
		case "B8H8":
			for j, half := range []V{low, high} {
				b0, b1 := p.halvesOf(16, half)
				r[2*i+j] = p.make(Join, 32, 0, b0, b1, V{})
			}
		case "H4S4":
			r[2*i], r[2*i+1] = low, high
		case "S2D2":
			r[2*i] = a[i]
		default:
			fail("widens %s to %s", from.Shape, to.Shape)
		}
	}
	p.setVec(s, to, r)
}

// extract is $bytes, m, n, d: 16 bytes of those of n and, above them, of m. Proofs know whole words.
func extract(p *proof, s *state, in *Inst) {
	at, of := in.arg(0, 4), Inst{Args: in.Args[1:]}
	of.shaped(3, "B16")
	if at.Kind != immediate || at.Disp < 0 || at.Disp > 12 || at.Disp%4 != 0 {
		fail("extracts from byte %d", at.Disp)
	}
	m, n := p.vec(s, in.Args[1], 4), p.vec(s, in.Args[2], 4)
	both := append(append([]V(nil), n[:4]...), m[:4]...)
	var r vector
	copy(r[:], both[at.Disp/4:at.Disp/4+4])
	p.setVec(s, in.Args[3], r)
}

// leastOfPairs is m, n, d: the smaller of each two words of n and, above them, of m.
func leastOfPairs(p *proof, s *state, in *Inst) {
	in.shaped(3, "S4")
	m, n := p.vec(s, in.Args[0], 4), p.vec(s, in.Args[1], 4)
	both := append(append([]V(nil), n[:4]...), m[:4]...)
	var r vector
	for i := range 4 {
		r[i] = p.op2(Least, 32, both[2*i], both[2*i+1])
	}
	p.setVec(s, in.Args[2], r)
}

// reverseWords is n, d: the words of each 8 bytes change places.
func reverseWords(p *proof, s *state, in *Inst) {
	in.shaped(2, "S4")
	a := p.vec(s, in.Args[0], 4)
	p.setVec(s, in.Args[1], vector{a[1], a[0], a[3], a[2]})
}

// duplicate is src, d: a lane, or an integer that is known, in all lanes.
func duplicate(p *proof, s *state, in *Inst) {
	src, dst := in.arg(0, 2), in.arg(1, 2)
	if dst.Kind != vectorReg || dst.Shape != "S4" && dst.Shape != "D2" {
		fail("no vector")
	}
	size := uint8(laneSizes[dst.Shape[0]])
	var x V
	switch {
	case src.Kind == vectorReg && src.Shape == dst.Shape[:1]:
		v := p.vec(s, src, 4)
		x = p.lane(&v, size, src.Lane)
	case src.Kind == integer && s.g[src.Reg].isConst():
		x = number(uint64(s.g[src.Reg].C) & ones(size).C)
	default:
		fail("no lane that is known")
	}
	var r vector
	for i := range 128 / int(size) {
		p.setLane(&r, size, i, x)
	}
	p.setVec(s, dst, r)
}

// laneWords returns the words of a register that a lane of its is.
func (in *Inst) laneWords(i int) (a Arg, from, n int) {
	a = in.arg(i, 2)
	if n = laneSizes[(a.Shape + " ")[0]] / 32; a.Kind != vectorReg || len(a.Shape) != 1 || n == 0 {
		fail("no lane")
	}
	return a, n * a.Lane, n
}

// loadLane is memory, lane: the others stay.
func loadLane(p *proof, s *state, in *Inst) {
	dst, from, n := in.laneWords(1)
	v := p.load(s, p.address(s, in.mem(0)), n)
	r := p.vec(s, dst, 4)
	copy(r[from:from+n], v[:n])
	p.setVec(s, dst, r)
}

// storeLane is lane, memory.
func storeLane(p *proof, s *state, in *Inst) {
	src, from, n := in.laneWords(0)
	v := p.vec(s, src, 4)
	p.store(s, p.address(s, in.mem(1)), v[from:from+n])
}

// moveWords is src, dst: words between the lower part of a vector and memory, or an integer's two. What is above them
// in a vector becomes zero.
func moveWords(n int) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		src, dst := in.arg(0, 2), in.arg(1, 2)
		if src.Shape != "" || dst.Shape != "" {
			fail("no such move")
		}
		switch {
		case dst.Kind == vectorReg && src.Kind == memory:
			p.setVec(s, dst, p.load(s, p.address(s, src), n))
		case dst.Kind == vectorReg && src.Kind == integer && n == 2:
			p.setVec(s, dst, p.wordsOf(s.g[src.Reg]))
		case src.Kind == vectorReg && dst.Kind == integer && n == 2:
			v := p.vec(s, src, 4)
			p.setInt(s, dst, p.bits(p.pair(&v, 0)))
		case src.Kind == vectorReg && dst.Kind == frame && p.theorem.result != nil:
			v := p.vec(s, src, 4)
			p.theorem.result(p, s, dst.Disp, v[:n])
		case src.Kind == vectorReg && dst.Kind == memory:
			v := p.vec(s, src, 4)
			p.store(s, p.address(s, dst), v[:n])
		default:
			fail("no such move")
		}
	}
}

// wordsOf returns the two words of an integer: of a number, or of bytes that it was loaded from.
func (p *proof) wordsOf(a Lin) (v vector) {
	if a.isConst() {
		v[0], v[1] = number(uint64(a.C)&ones(32).C), number(uint64(a.C)>>32)
		return v
	}
	if t := a.T[0]; a == t.Sym.lin() && p.syms[t.Sym].loaded != (V{}) {
		p.split(&v, 0, p.syms[t.Sym].loaded)
		return v
	}
	fail("bits of %s", a.text(p.syms))
	return v
}

// loadUnsigned is memory, dst: some bytes of memory, zeros above: elements of a byte, or what selects a Prelude.
func loadUnsigned(n int) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		sym, off := p.locate(p.address(s, in.mem(0)))
		m := p.syms[sym]
		if m.sort == coefficients && n == 4 {
			loadUse(p, s, in)
			return
		}
		if m.sort != elements || p.theorem.elem(m) != 1 {
			fail("loads bytes of %s", m.name)
		}
		var b [4]V
		for i := range n {
			b[i] = p.element(sym, p.readable(s, sym, off.add(int64(i))), 32)
		}
		low, high := p.make(Join, 16, 0, b[0], b[1], V{}), p.make(Join, 16, 0, b[2], b[3], V{})
		word := p.make(Join, 32, 0, low, high, V{})
		p.setInt(s, in.Args[1], p.bits(p.make(Join, 64, 0, word, V{}, V{})))
	}
}

// bits is an integer of which only the bits count.
func (p *proof) bits(word V) Lin {
	if word.known() {
		return con(int64(word.C))
	}
	name := fmt.Sprintf("bits%d", len(p.syms))
	return p.sym(symbol{name: name, any: true, loaded: word}).lin()
}

// byteSized reports whether a leaf is an element of one byte.
func (p *proof) byteSized(v V) bool {
	m := p.syms[p.names[v.T.Imm].sym]
	return m.sort == elements && p.theorem.elem(m) == 1
}

// threeInts is src, dst, dst = f(dst, src), or b, a, dst: dst = f(a, b). The result of a comparison stays.
func threeInts(f func(p *proof, s *state, a, b Lin) Lin) func(*proof, *state, *Inst) {
	return func(p *proof, s *state, in *Inst) {
		last := len(in.Args) - 1
		if last != 1 && last != 2 {
			fail("%d arguments", last+1)
		}
		p.setInt(s, in.Args[last], f(p, s, p.int(s, in.Args[1]), p.int(s, in.Args[0])))
	}
}
