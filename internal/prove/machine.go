package prove

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bitstep-go/bitstep/kernels/table"
)

// A vector is a register of the widest kind: 16 words, the lowest first. A number of 64 bits is two words.
type vector [16]V

// A symbol is an unknown integer, or the address of memory.
type symbol struct {
	name        string
	nonNegative bool
	nonZero     bool // of data and code; what has no elements may be nil
	any         bool // any 64 bits, so that a sum with it may wrap
	sort        symbolSort
	operand     int    // of elements and headers: which one
	tensor      Lin    // of elements: of which tensor
	data        *Data  // of constants and of code that a table holds
	table       string // of code
	loaded      V      // of bits, what they are
	zero        []V    // one bit each, which are all 0 if and only if the number is
	bytes       int64  // of a frame
}

// A symbolSort says what memory a symbol is the address of.
type symbolSort uint8

const (
	plain        symbolSort = iota // a number, of no memory
	coefficients                   // the scalars of a row, and behind them its Prelude's
	elements                       // of an operand
	lines                          // of a reduction's lanes, 16 elements apart
	headers                        // of an operand's slices
	scratch                        // the function's frame
	constants                      // read-only data
	code                           // a function that a table of them holds
)

// generals is how many general registers an architecture has at most.
const generals = 32

// A state is what is known at a point of a path.
type state struct {
	pc    int
	g     [generals]Lin
	v     [32]vector
	k     [8]vector     // a bit each
	frame [frameWords]V // words of scratch memory
	flags struct {
		a, b  Lin
		known bool
	} // of a comparison
	dirty   bool   // upper halves of vector registers may not be zero
	known   []Lin  // what is not negative
	prelude choice // whether the step has a Prelude, once code has asked
	open    []progress
	tensors Lin    // that are done, of a step of many
	length  Lin    // of the operands
	given   choice // whether a reduction continues lanes
	lanes   uint64 // that are stored
	result  bool   // whether it is stored
	again   bool   // the instruction at pc is to be executed again, since the path has forked there
}

// A choice is what a path has decided.
type choice uint8

const (
	open choice = iota
	no
	yes
)

// A progress is how far the elements of an operand of a tensor are written.
type progress struct {
	sym      Sym
	Len      Lin
	written  extent
	prepared extent // written as the Prelude makes them, to be read again
}

// extents are those of a progress.
func (o *progress) extents() [2]*extent { return [2]*extent{&o.written, &o.prepared} }

// An extent is elements: all below Done, and those Ahead.
type extent struct {
	Done  Lin
	Ahead []Lin
}

// frameWords is how many words of its frame a function may use.
const frameWords = 96

func (s *state) clone() *state {
	c := *s
	c.known = slices.Clone(s.known)
	c.open = slices.Clone(s.open)
	return &c
}

// put replaces a symbol wherever the state has it.
func (s *state) put(sym Sym, by Lin) {
	for i := range s.g {
		s.g[i] = s.g[i].put(sym, by)
	}
	known := s.known[:0]
	for _, c := range s.known {
		c = c.put(sym, by)
		if c.isConst() && c.C >= 0 {
			continue
		}
		known = append(known, c)
	}
	s.known = known
	for i := range s.open {
		o := &s.open[i]
		o.Len = o.Len.put(sym, by)
		for _, e := range o.extents() {
			e.Done, e.Ahead = e.Done.put(sym, by), slices.Clone(e.Ahead)
			for j := range e.Ahead {
				e.Ahead[j] = e.Ahead[j].put(sym, by)
			}
		}
	}
	s.flags.a, s.flags.b = s.flags.a.put(sym, by), s.flags.b.put(sym, by)
	s.tensors, s.length = s.tensors.put(sym, by), s.length.put(sym, by)
}

// A fault is why something is not proven.
type fault struct{ what string }

func (f fault) Error() string { return f.what }

func fail(format string, args ...any) { panic(fault{fmt.Sprintf(format, args...)}) }

// A proof is about one function. The interpreter is a proof whose memory has numbers.
type proof struct {
	terms
	file    *File
	fn      *Func
	insts   []Inst
	theorem *theorem
	syms    []symbol
	named   map[symbolKey]Sym
	leaves  map[leaf]int32
	names   []leaf
	loops   map[int]*loop
	sets    []most // that values are the largest of
	setIDs  map[string]int32
	budget  int      // of instructions, against paths that do not end
	memory  *numbers // the interpreter's
}

type symbolKey struct {
	sort    symbolSort
	name    string
	operand int
	tensor  Lin
}

// A leaf is an element of memory: of an operand, or a coefficient.
type leaf struct {
	sym Sym
	at  Lin
}

// sym returns the symbol of a name, made if it is new.
func (p *proof) sym(s symbol) Sym {
	k := symbolKey{s.sort, s.name, s.operand, s.tensor}
	id, ok := p.named[k]
	if !ok {
		if id = Sym(len(p.syms)); int(id) != len(p.syms) {
			fail("too many unknowns")
		}
		p.syms, p.named[k] = append(p.syms, s), id
	}
	return id
}

// anyNumber returns a symbol of which nothing is known.
func (p *proof) anyNumber() Lin {
	return p.sym(symbol{name: fmt.Sprintf("unknown%d", len(p.syms)), any: true}).lin()
}

// element returns the value of an element of memory before the function.
func (p *proof) element(sym Sym, at Lin, size uint8) V {
	if p.memory != nil {
		return number(p.memory.of[sym][at.C])
	}
	l := leaf{sym, at}
	id, ok := p.leaves[l]
	if !ok {
		id = int32(len(p.names))
		p.leaves[l], p.names = id, append(p.names, l)
	}
	return p.intern(key{Op: Leaf, Bits: size, Imm: id})
}

// pair joins two words to a number.
func (p *proof) pair(v *vector, i int) V { return p.make(Join, 64, 0, v[2*i], v[2*i+1], V{}) }

// split puts a number in two words.
func (p *proof) split(v *vector, i int, x V) {
	v[2*i], v[2*i+1] = p.op1(Low, 64, x), p.op1(High, 64, x)
}

// lane returns a lane of so many bits.
func (p *proof) lane(v *vector, size uint8, i int) V {
	if size == 32 {
		return v[i]
	}
	return p.pair(v, i)
}

func (p *proof) setLane(v *vector, size uint8, i int, x V) {
	if size == 32 {
		v[i] = x
	} else {
		p.split(v, i, x)
	}
}

// address returns the address that an argument of kind memory, static or address means.
func (p *proof) address(s *state, a Arg) Lin {
	if a.Kind == static || a.Kind == address {
		d := p.file.Data[a.Name]
		if d == nil {
			fail("no data %s", a.Name)
		}
		return p.sym(symbol{name: a.Name, sort: constants, data: d, nonNegative: true, nonZero: true}).lin().add(a.Disp)
	}
	at := s.g[a.Reg].add(a.Disp)
	if a.Scale != 0 {
		at = at.plus(int64(a.Scale), s.g[a.Index])
	}
	return at
}

// locate returns the memory that an address lies in, and the offset. An address has one symbol of memory, once.
func (p *proof) locate(at Lin) (Sym, Lin) {
	found, n := Sym(0), 0
	for _, t := range at.T {
		if t.Coef != 0 && p.syms[t.Sym].sort != plain {
			found, n = t.Sym, n+1
			if t.Coef != 1 {
				n++
			}
		}
	}
	if n != 1 {
		fail("an address of no memory that is known: %s", at.text(p.syms))
	}
	return found, at.plus(-1, found.lin())
}

// load returns n words from an address.
func (p *proof) load(s *state, at Lin, n int) (v vector) {
	sym, off := p.locate(at)
	switch m := p.syms[sym]; m.sort {
	case constants:
		p.concrete(s, off)
		if off.C < 0 || off.C+int64(4*n) > int64(len(m.data.Bytes)) || len(m.data.Codes) > 0 {
			fail("reads %d bytes at %d of %s, which has %d", 4*n, off.C, m.name, len(m.data.Bytes))
		}
		for i := range n {
			for b := range 4 {
				v[i].C |= uint64(m.data.Bytes[int(off.C)+4*i+b]) << (8 * b)
			}
		}
	case coefficients, elements:
		sym, off = p.chunk(sym, off)
		m = p.syms[sym]
		size, count := p.theorem.elem(m), n
		if m.sort == coefficients && off.isConst() && off.C == p.theorem.useAt() {
			fail("loads what selects the Prelude into a vector")
		}
		if size == 8 {
			count = n / 2
		}
		if size != 4 && (size != 8 || n%2 != 0) {
			fail("loads %d words of elements of %d bytes", n, size)
		}
		for i := range count {
			p.setLane(&v, uint8(8*size), i, p.current(s, sym, off.add(int64(i*size)), uint8(8*size)))
		}
	case lines:
		size := p.theorem.elemSize
		for i := range n * 4 / size {
			p.setLane(&v, uint8(8*size), i, p.element(sym, p.lineLane(s, off.add(int64(i*size))), uint8(8*size)))
		}
	case scratch:
		at := p.frameWord(s, m, off, n)
		copy(v[:n], s.frame[at:])
	default:
		fail("loads from %s", m.name)
	}
	return v
}

// frameWord returns which word of a frame is at an offset, from which so many must be there.
func (p *proof) frameWord(s *state, m symbol, off Lin, n int) int64 {
	p.concrete(s, off)
	if off.C < 0 || off.C%4 != 0 || off.C+int64(4*n) > min(m.bytes, 4*frameWords) {
		fail("%d bytes at %d of a frame of %d", 4*n, off.C, m.bytes)
	}
	return off.C / 4
}

// current is the value of an element at an offset: what has been written there, or what it was before the function.
func (p *proof) current(s *state, sym Sym, off Lin, size uint8) V {
	m, e := p.syms[sym], p.readable(s, sym, off)
	if m.sort == elements && p.memory == nil && p.theorem.operands[m.operand].Write {
		switch o := s.progress(sym); {
		case p.has(s, &o.written, m, e):
			return p.theorem.value(p, s, m, e)
		case p.has(s, &o.prepared, m, e):
			return p.prepared(m, e)
		}
	}
	return p.element(sym, e, size)
}

// has reports whether an element is among others, which must be certain.
func (p *proof) has(s *state, all *extent, m symbol, e Lin) bool {
	d := e.plus(-1, all.Done)
	switch {
	case slices.Contains(all.Ahead, e) || p.implied(s, d.times(-1).add(-1)):
		return true
	case !p.implied(s, d):
		fail("reads %s[%s], which may be written already", m.name, e.text(p.syms))
	}
	return false
}

// prepared is an element of x as the Prelude makes it.
func (p *proof) prepared(m symbol, at Lin) V {
	size := uint8(8 * p.theorem.elemSize)
	of := func(name string) V {
		i := slices.IndexFunc(p.theorem.operands, func(o table.Operand) bool { return o.Name == name })
		return p.element(p.operand(i, m.tensor), at, size)
	}
	return p.op2(PreludeX, size, of("x"), of("g"))
}

// readable returns the index of an element at an offset, which must be there.
func (p *proof) readable(s *state, sym Sym, off Lin) Lin {
	m := p.syms[sym]
	e, ok := off.over(int64(p.theorem.elem(m)))
	if !ok {
		fail("reads %s at byte %s, between elements", m.name, off.text(p.syms))
	}
	if m.sort == coefficients {
		if !e.isConst() || e.C < 0 || e.C >= int64(p.theorem.coefs) {
			fail("reads scalar %s of %d", e.text(p.syms), p.theorem.coefs)
		}
		return e
	}
	p.within(s, "reads", sym, e, s.progress(sym))
	return e
}

// within fails unless an index is that of an element.
func (p *proof) within(s *state, does string, sym Sym, e Lin, o *progress) {
	if !p.implied(s, e) || !p.implied(s, o.Len.plus(-1, e).add(-1)) {
		fail("%s %s[%s], which need not be there", does, p.syms[sym].name, e.text(p.syms))
	}
}

// progress returns how far an operand is written.
func (s *state) progress(sym Sym) *progress {
	for i := range s.open {
		if s.open[i].sym == sym {
			return &s.open[i]
		}
	}
	fail("memory of a tensor that is not open")
	return nil
}

// store writes words, which must be whole elements: each for the first time, and of the value that the theorem says.
func (p *proof) store(s *state, at Lin, v []V) {
	sym, off := p.locate(at)
	m := p.syms[sym]
	if m.sort == lines {
		p.storeLanes(s, sym, off, v)
		return
	}
	if m.sort == scratch {
		copy(s.frame[p.frameWord(s, m, off, len(v)):], v)
		return
	}
	if m.sort != elements || !p.theorem.operands[m.operand].Write {
		fail("writes to %s", m.name)
	}
	size := p.theorem.elem(m)
	if p.theorem.operands[m.operand].Storage != table.Element || size == 8 && len(v)%2 != 0 {
		fail("writes %d words to %s", len(v), m.name)
	}
	for len(v) > 0 {
		e, ok := off.over(int64(size))
		if !ok {
			fail("writes %s at byte %s, between elements", m.name, off.text(p.syms))
		}
		x := v[0]
		if size == 8 {
			x = p.make(Join, 64, 0, v[0], v[1], V{})
		}
		p.write(s, sym, e, x)
		v, off = v[size/4:], off.add(int64(size))
	}
}

// write writes one element.
func (p *proof) write(s *state, sym Sym, e Lin, x V) {
	m, o := p.syms[sym], s.progress(sym)
	p.within(s, "writes", sym, e, o)
	if p.memory != nil {
		p.memory.of[sym][e.C] = x.C
		return
	}
	switch want := p.theorem.value(p, s, m, e); {
	case x == want:
		p.put(&o.written, m, e)
	case m.name != "x" || s.prelude != yes || !p.theorem.pipelined || x != p.prepared(m, e):
		fail("writes %s[%s] = %s, want %s", m.name, e.text(p.syms), p.text(x, 0), p.text(want, 0))
	default:
		written := o.written
		p.put(&written, m, e) // it must not be there, either
		p.put(&o.prepared, m, e)
	}
}

// put puts an element to others.
func (p *proof) put(to *extent, m symbol, e Lin) {
	if d := e.plus(-1, to.Done); !d.isConst() || d.C < 0 || slices.Contains(to.Ahead, e) {
		fail("writes %s[%s], where all below %s is written already, or too far ahead", m.name, e.text(p.syms),
			to.Done.text(p.syms))
	}
	to.Ahead = append(slices.Clone(to.Ahead), e)
	for {
		i := slices.Index(to.Ahead, to.Done)
		if i < 0 {
			return
		}
		to.Ahead = slices.Delete(to.Ahead, i, i+1)
		to.Done = to.Done.add(1)
	}
}

// A fork asks for a path for each value of a form, of which an instruction needs to know more.
type fork struct{ of Lin }

// concrete makes the path fork unless a form is a number.
func (p *proof) concrete(s *state, a Lin) {
	if !a.isConst() {
		panic(fork{a})
	}
}

// vec reads a vector of n words from a register or memory.
func (p *proof) vec(s *state, a Arg, n int) vector {
	switch a.Kind {
	case vectorReg:
		if a.Words < n {
			fail("a register of %d words, want %d", a.Words, n)
		}
		v := s.v[a.Reg]
		for i := n; i < len(v); i++ {
			v[i] = V{}
		}
		return v
	case memory, static:
		return p.load(s, p.address(s, a), n)
	}
	fail("no vector")
	return vector{}
}

// setVec writes a register, of which what is above the vector becomes zero.
func (p *proof) setVec(s *state, a Arg, v vector) {
	if a.Kind != vectorReg {
		fail("the result is no vector register")
	}
	for i := a.Words; i < len(v); i++ {
		v[i] = V{}
	}
	s.v[a.Reg] = v
	s.dirty = s.dirty || a.Words > 4
}

// int reads an integer.
func (p *proof) int(s *state, a Arg) Lin {
	switch a.Kind {
	case immediate:
		return con(a.Disp)
	case integer:
		return s.g[a.Reg]
	}
	fail("no integer")
	return Lin{}
}

// setInt writes a general register. The result of a comparison does not outlive an addition.
func (p *proof) setInt(s *state, a Arg, v Lin) {
	switch {
	case a.Kind != integer:
		fail("the result is no general register")
	case slices.Contains(p.file.arch.fixed, a.Reg):
		fail("changes %s", p.file.arch.integers[a.Reg])
	}
	s.g[a.Reg] = v
}

// text spells a value.
func (p *proof) text(v V, depth int) string {
	if v.known() {
		return fmt.Sprintf("%#x", v.C)
	}
	if depth > 6 {
		return "..."
	}
	arg := func(v V) string { return p.text(v, depth+1) }
	switch t := v.T; t.Op {
	case Leaf:
		l := p.names[t.Imm]
		return fmt.Sprintf("%s[%s]", p.syms[l.sym].name, l.at.text(p.syms))
	case Fresh:
		return "?"
	case Add, Sub, Mul, Div, And, Or, Xor, Greater, Unequal, Equal:
		return "(" + arg(t.A) + " " + opText[t.Op] + " " + arg(t.B) + ")"
	case Choose:
		return "(" + arg(t.A) + " ? " + arg(t.B) + " : " + arg(t.C) + ")"
	default:
		args := []string{arg(t.A)}
		if t.B != (V{}) {
			args = append(args, arg(t.B))
		}
		if t.C != (V{}) {
			args = append(args, arg(t.C))
		}
		return opText[t.Op] + "(" + strings.Join(args, ", ") + ")"
	}
}

var opText = [...]string{Add: "+", Sub: "-", Mul: "*", Div: "/", Sqrt: "sqrt", FMA: "fma",
	FMASub: "fms", FromInt: "float", FromUint: "unsigned", Round: "round", Scale: "scale",
	Greater: ">", Unequal: "≠", Equal: "=", NaN: "nan",
	Widen: "widen", Narrow: "narrow", Estimate: "estimate", RootStep: "step", AtLeast: "≥",
	Top: "top", GreaterInt: ">", Most: "most", Least: "least", LeastInt: "min", AddInt: "+",
	FloatMax: "max", FloatMin: "min", Largest: "largest", And: "&", Or: "|", Xor: "^",
	Left: "left", Right: "right", Join: "join", Low: "low", High: "high", Sign: "sign", PreludeX: "preludeX",
	PreludeG: "preludeG", Chain: "chain", Kinds: "kinds"}
