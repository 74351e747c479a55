package prove

import (
	bytesof "encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// A theorem is what is to be proven of a function: the memory that it is given, and what must be there behind it.
type theorem struct {
	features map[string]bool // that dispatch checks
	elemSize int             // of arithmetic, in bytes
	row      table.Row
	prog     *program.Program
	operands []table.Operand
	each     bool
	coefs    int            // scalars at the pointer c, those of a Prelude too
	uses     int            // how many Preludes there are, none too; 0: the row has none
	tables   map[string]int // of a Prelude's code: for how many vectors
	values   map[element]map[string]V

	chunks  int  // of a reduction
	largest bool // it takes the largest magnitude

	pipelined bool      // its groups wait for roots, in a frame and in registers
	form      *rootForm // of roots by fma
	alone     bool      // it does nothing but roots by fma

	begin func(p *proof) *state
	end   func(p *proof, s *state)

	lines  func(p *proof, e element) map[string]V    // what they make of an element, by operands
	result func(p *proof, s *state, at int64, v []V) // the function's, or nil
	arg    func(p *proof, at int64) Lin              // instead of argument, if there is one
}

// An element is one of all operands of a tensor.
type element struct {
	tensor, at Lin
	prelude    choice
}

// preludePointer is the register that points at a Prelude's scalars when its code is called.
const preludePointer = 12

// elem is how many bytes an element takes.
func (t *theorem) elem(m symbol) int {
	if m.sort == coefficients {
		return t.elemSize
	}
	return t.operands[m.operand].Storage.Size(t.elemSize)
}

// useAt is where the integer lies that selects a Prelude; -1 if there is none.
func (t *theorem) useAt() int64 {
	if t.uses == 0 {
		return -1
	}
	return int64(t.coefs * t.elemSize)
}

func (p *proof) use() Sym      { return p.sym(symbol{name: "use", nonNegative: true}) }
func (p *proof) selector() Sym { return p.sym(symbol{name: "use&", nonNegative: true}) }

// base is the address of the coefficients.
func (p *proof) base() Sym {
	return p.sym(symbol{name: "c", sort: coefficients, nonNegative: true})
}

// entry is the state at a function's start: nothing is known but that upper halves are clean.
func (p *proof) entry() *state {
	s := &state{}
	for i := range s.g {
		s.g[i] = p.anyNumber()
	}
	if sp := p.file.arch.sp; sp > 0 {
		s.g[sp] = p.stack().lin()
	}
	for i := range s.frame {
		s.frame[i] = p.unknown()
	}
	for i := range s.v {
		for j := range s.v[i] {
			s.v[i][j] = p.unknown()
		}
	}
	for i := range s.k {
		for j := range s.k[i] {
			s.k[i][j] = p.unknown()
		}
	}
	return s
}

// stack is the address in SP, of which nothing is known, and frame what a function has of its frame from
// there: where code names SP, what is left behind an address of whole lines.
func (p *proof) stack() Sym { return p.sym(symbol{name: "SP", any: true}) }

func (p *proof) frame(off int64) Lin {
	bytes := int64(p.fn.FrameBytes)
	if p.file.arch.sp > 0 {
		bytes -= 63
	}
	return p.sym(symbol{name: "frame", sort: scratch, bytes: bytes, nonNegative: true}).lin().add(off)
}

// kernel is the theorem of a step or a map: n elements, or count tensors.
func kernel(row table.Row, elemSize int, each bool) *theorem {
	t := &theorem{elemSize: elemSize, row: row, prog: program.Must(row), operands: row.Operands, each: each,
		values: map[element]map[string]V{}}
	t.coefs, t.lines = len(t.prog.Scalars), t.define
	if row.Kind == table.Step {
		_, scalars := program.Prelude()
		t.coefs, t.uses = t.coefs+len(scalars), int(table.Uses)
	}
	t.begin = func(p *proof) *state {
		if want := 8 * (2 + len(t.operands)); p.fn.ArgBytes != want || p.fn.FrameBytes != 0 && !t.pipelined {
			fail("a frame of %d bytes and %d of arguments, want 0 and %d", p.fn.FrameBytes, p.fn.ArgBytes, want)
		}
		if t.prog.Ops[program.Exp] {
			p.lemmas = append(p.lemmas[:len(p.lemmas):len(p.lemmas)], twoPowers)
		}
		s := p.entry()
		s.length = t.argument(p, 0)
		if row.Kind != table.Step {
			s.prelude = no
		}
		if !each {
			p.open(s)
		}
		return s
	}
	t.end = func(p *proof, s *state) {
		p.clean(s)
		if !each {
			p.complete(s)
			return
		}
		if len(s.open) > 0 {
			s = p.closeTensor(&state{tensors: s.tensors}, s)
		}
		if d := s.length.plus(-1, s.tensors); !p.zero(s, d) {
			fail("returns after %s of %s tensors", s.tensors.text(p.syms), s.length.text(p.syms))
		}
	}
	return t
}

// open opens the operands of the one tensor there is, none of whose elements are written.
func (p *proof) open(s *state) {
	for i := range p.theorem.operands {
		s.open = append(s.open, progress{sym: p.operand(i, Lin{}), Len: s.length})
	}
}

// clean fails if vector registers are not left as the next function wants them.
func (p *proof) clean(s *state) {
	if s.dirty {
		fail("returns with upper halves of vector registers that are not zero")
	}
}

// operand is the address of an operand's elements, of a tensor.
func (p *proof) operand(i int, tensor Lin) Sym {
	name := p.theorem.operands[i].Name
	return p.sym(symbol{name: name, sort: elements, operand: i, tensor: tensor, nonNegative: true})
}

// argument is the function's argument at an offset: a count, the coefficients, operands.
func (t *theorem) argument(p *proof, at int64) Lin {
	if t.arg != nil {
		return t.arg(p, at)
	}
	i := int(at / 8)
	switch {
	case at%8 != 0 || at < 0 || i >= 2+len(t.operands):
		fail("no argument at %d", at)
	case i == 0 && p.memory != nil && t.each:
		return con(int64(len(p.memory.Tensors)))
	case i == 0 && p.memory != nil:
		return con(int64(len(p.memory.Tensors[0][0])))
	case i == 0:
		n := p.sym(symbol{name: "n", nonNegative: true}).lin()
		if t.wholeVectors() {
			return n.times(int64(p.width() * 4 / t.elemSize))
		}
		return n
	case i == 1:
		return p.base().lin()
	case t.each:
		return p.sym(symbol{name: t.operands[i-2].Name + "s", sort: headers, operand: i - 2, nonNegative: true}).lin()
	}
	return p.operand(i-2, Lin{}).lin()
}

// wholeVectors reports whether the function is for whole vectors alone: those whose operands are bytes leave the rest
// to the definition.
func (t *theorem) wholeVectors() bool {
	return slices.ContainsFunc(t.operands, func(o table.Operand) bool { return o.Storage == table.Byte })
}

// headerSize and headerLen are how many bytes a slice's header has, and where its length is in it.
const headerSize, headerLen = 24, 8

// loadInt reads 64 bits: a word of a header, or an entry of a table of code.
func (p *proof) loadInt(s *state, at Lin) Lin {
	sym, off := p.locate(at)
	switch m := p.syms[sym]; m.sort {
	case headers:
		word := ((off.C % headerSize) + headerSize) % headerSize
		tensor, ok := off.add(-word).over(headerSize)
		if !ok || word != 0 && (word != headerLen || m.operand != 0) {
			fail("reads %s at byte %s", m.name, off.text(p.syms))
		}
		if !p.implied(s, tensor) || !p.implied(s, p.theorem.argument(p, 0).plus(-1, tensor).add(-1)) {
			fail("reads %s[%s], which need not be there", m.name, tensor.text(p.syms))
		}
		if p.memory != nil {
			size := p.turnTo(s, int(tensor.C))
			if word == headerLen {
				return size
			}
			return p.operand(m.operand, tensor).lin()
		}
		size := p.sym(symbol{name: "len", tensor: tensor, nonNegative: true}).lin()
		if len(s.open) == 0 {
			if tensor != s.tensors {
				fail("turns to tensor %s, want %s", tensor.text(p.syms), s.tensors.text(p.syms))
			}
			for i := range p.theorem.operands {
				s.open = append(s.open, progress{sym: p.operand(i, tensor), Len: size})
			}
		}
		if p.syms[s.open[0].sym].tensor != tensor {
			fail("turns to tensor %s before another is done", tensor.text(p.syms))
		}
		if word == headerLen {
			return size
		}
		return p.operand(m.operand, tensor).lin()
	case constants:
		if len(m.data.Codes) == 0 {
			fail("reads an integer from %s", m.name)
		}
		if off == p.selector().lin().times(8) {
			if s.prelude == yes {
				return p.code(m.name, m.name)
			}
			panic(fork{p.selector().lin()})
		}
		p.concrete(s, off)
		i := int(off.C)
		if off.C < 0 || off.C%8 != 0 || i+8 > len(m.data.Bytes) {
			fail("reads %s at byte %d", m.name, off.C)
		}
		if name, ok := m.data.Codes[i]; ok {
			return p.code(name, "")
		}
		return con(int64(bytesof.LittleEndian.Uint64(m.data.Bytes[i:])))
	default:
		fail("loads an integer from %s", m.name)
	}
	return Lin{}
}

// code is the address of a function, or of one of a table's.
func (p *proof) code(name, table string) Lin {
	return p.sym(symbol{name: name, sort: code, table: table, nonNegative: true, nonZero: true}).lin()
}

// call applies what is proven of a Prelude of any Use, for as many vectors as its table says.
func (t *theorem) call(p *proof, s *state, to Lin) {
	sym, off := p.locate(to)
	m := p.syms[sym]
	n := t.tables[m.table]
	if m.sort != code || off != (Lin{}) || n == 0 {
		fail("calls what is no Prelude")
	}
	if want := p.base().lin().add(int64(len(t.prog.Scalars) * t.elemSize)); s.g[preludePointer] != want {
		fail("calls a Prelude without its scalars at R%d", preludePointer)
	}
	size, w := uint8(8*t.elemSize), p.width()
	for u := range n {
		var x, g vector
		for i := range w * 4 / t.elemSize {
			a, b := p.lane(&s.v[2*u], size, i), p.lane(&s.v[2*u+1], size, i)
			p.setLane(&x, size, i, p.op2(PreludeX, size, a, b))
			p.setLane(&g, size, i, p.op2(PreludeG, size, a, b))
		}
		s.v[2*u], s.v[2*u+1] = x, g
	}
	for _, r := range []int{2 * n, 2*n + 1} {
		for i := range s.v[r] {
			s.v[r][i] = p.unknown()
		}
	}
	s.flags.known = false
	s.dirty = w > 4
	for _, r := range p.file.arch.veneers {
		s.g[r] = p.anyNumber()
	}
}

// width is how many words the vectors of the function's instruction set have.
func (p *proof) width() int {
	switch {
	case p.file.arch.words > 0:
		return p.file.arch.words
	case p.theorem.features["AVX512F"]:
		return 16
	}
	return 8
}

// complete fails unless every element of every written operand is written.
func (p *proof) complete(s *state) {
	for _, o := range s.open {
		m := p.syms[o.sym]
		if !p.theorem.operands[m.operand].Write {
			continue
		}
		if w := o.written; !p.zero(s, o.Len.plus(-1, w.Done)) || len(w.Ahead) > 0 {
			fail("ends with %s written to %s of %s, and %d ahead", m.name, w.Done.text(p.syms), o.Len.text(p.syms),
				len(w.Ahead))
		}
	}
}

// closeTensor is b without the tensor that it has open beyond those of s, which must be complete.
func (p *proof) closeTensor(s, b *state) *state {
	if !p.theorem.each || len(b.open) == len(s.open) {
		return b
	}
	p.complete(b)
	c := b.clone()
	c.open = nil
	c.tensors = b.tensors.add(1)
	return c
}

// value is what the row's last line for an operand makes of an element.
func (t *theorem) value(p *proof, s *state, m symbol, at Lin) V {
	if s.prelude == open {
		fail("writes before it has asked for a Prelude")
	}
	e := element{m.tensor, at, s.prelude}
	all := t.values[e]
	if all == nil {
		all = t.lines(p, e)
		t.values[e] = all
	}
	return all[t.operands[m.operand].Name]
}

// define computes the row's lines on one element.
func (t *theorem) define(p *proof, e element) map[string]V {
	size := uint8(8 * t.elemSize)
	env := map[*program.Node]V{}
	for i, o := range t.operands {
		if !o.Read {
			continue
		}
		v := p.element(p.operand(i, e.tensor), e.at, size)
		if o.Storage == table.Byte {
			v = p.op1(FromInt, size, p.element(p.operand(i, e.tensor), e.at, 32))
		}
		env[t.prog.Operand(o.Name)] = v
	}
	if e.prelude == yes {
		x, g := t.prog.Operand("x"), t.prog.Operand("g")
		env[x], env[g] = p.op2(PreludeX, size, env[x], env[g]), p.op2(PreludeG, size, env[x], env[g])
	}
	scalar := map[string]V{}
	for i, d := range t.prog.Scalars {
		scalar[d.Name] = p.element(p.base(), con(int64(i)), size)
	}
	all := map[string]V{}
	for _, l := range t.prog.Lines {
		if v := p.evaluate(l.Value, size, env, scalar); l.Store {
			all[l.Dst] = v
		}
	}
	return all
}

// evaluate is the tree of a node of a program.
func (p *proof) evaluate(n *program.Node, size uint8, env map[*program.Node]V, scalar map[string]V) V {
	if v, ok := env[n]; ok {
		return v
	}
	var a []V
	for _, arg := range n.Args {
		a = append(a, p.evaluate(arg, size, env, scalar))
	}
	var v V
	switch n.Op {
	case program.Scalar:
		v = scalar[n.Name]
	case program.Constant:
		if n.Name == "1" {
			v = one(size)
		}
	case program.Add:
		v = p.op2(Add, size, a[0], a[1])
	case program.Sub:
		v = p.op2(Sub, size, a[0], a[1])
	case program.Mul:
		v = p.op2(Mul, size, a[0], a[1])
	case program.Div:
		v = p.op2(Div, size, a[0], a[1])
	case program.Sqrt:
		v = p.op1(Sqrt, size, a[0])
	case program.Sign:
		v = p.op1(Sign, size, a[0])
	case program.Abs:
		v = p.abs(size, a[0])
	case program.Exp:
		if size != 64 {
			fail("an exponential of float32")
		}
		v = p.expTree(a[0])
	case program.FMA:
		v = p.make(FMA, size, 0, a[0], a[1], a[2])
	case program.MaxMagnitude:
		v = p.op2(Most, size, a[0], p.abs(size, a[1]))
	case program.Larger:
		v = p.larger(size, a[0], a[1])
	case program.Smaller:
		v = p.smaller(size, a[0], a[1])
	case program.Select:
		v = p.make(Choose, size, 0, p.op2(Greater, size, a[0], a[1]), a[2], a[3])
	default:
		fail("the definition's %s", n.Op)
	}
	env[n] = v
	return v
}

// preludeCode is the theorem of a Prelude's code for a Use: x of vector u in register 2u and g in 2u+1 become what the
// lines make of them, registers 2n and 2n+1 may change, and nothing else.
func preludeCode(elemSize int, use table.Use, n int) *theorem {
	lines, scalars := program.Prelude()
	t := &theorem{elemSize: elemSize, coefs: len(scalars), prog: &program.Program{}}
	var start *state
	t.arg = func(_ *proof, at int64) Lin { // what lies there is the caller's
		fail("no argument at %d", at)
		return Lin{}
	}
	t.begin = func(p *proof) *state {
		if p.fn.ArgBytes != 0 || p.fn.FrameBytes != 0 {
			fail("shared code with a frame or arguments")
		}
		s := p.entry()
		s.g[preludePointer] = p.base().lin()
		start = s.clone()
		return s
	}
	t.end = func(p *proof, s *state) {
		size := uint8(8 * elemSize)
		for u := range n {
			for i := range p.width() * 4 / elemSize {
				x, g := p.lane(&start.v[2*u], size, i), p.lane(&start.v[2*u+1], size, i)
				for j, l := range lines {
					if l.Use&use == 0 {
						continue
					}
					env := map[*program.Node]V{}
					for _, o := range l.Row.Operands {
						env[l.Operand(o.Name)] = map[string]V{"x": x, "g": g}[o.Name]
					}
					v := p.evaluate(l.Lines[0].Value, size, env,
						map[string]V{l.Program.Scalars[0].Name: p.element(p.base(), con(int64(j)), size)})
					if l.Lines[0].Dst == "x" {
						x = v
					} else {
						g = v
					}
				}
				p.same(s, 2*u, size, i, x)
				p.same(s, 2*u+1, size, i, g)
			}
			for i := p.width(); i < 16; i++ {
				for _, r := range []int{2 * u, 2*u + 1} {
					if v := s.v[r][i]; v != (V{}) && v != start.v[r][i] {
						fail("changes the upper half of vector register %d", r)
					}
				}
			}
		}
		for r := range s.v {
			if r > 2*n+1 && s.v[r] != start.v[r] {
				fail("changes vector register %d", r)
			}
		}
		if s.g != start.g || s.k != start.k {
			fail("changes a general register or a mask")
		}
	}
	return t
}

// same fails unless a lane of a register has a value.
func (p *proof) same(s *state, reg int, size uint8, i int, want V) {
	if got := p.lane(&s.v[reg], size, i); got != want {
		fail("returns %s in lane %d of vector register %d, want %s", p.text(got, 0), i, reg, p.text(want, 0))
	}
}

// preludeTables returns for how many vectors each table of a Prelude's code is. Their entries must be the functions of
// their Uses, in order.
func preludeTables(f *File, prefix string) (map[string]int, error) {
	tables := map[string]int{}
	for name, d := range f.Data {
		number, ok := strings.CutPrefix(name, prefix+"x")
		if !ok {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSuffix(number, "<>"))
		if err != nil || len(d.Bytes) != 8*int(table.Uses) || len(d.Codes) != int(table.Uses)-1 {
			return nil, fmt.Errorf("%s is no table of Preludes", name)
		}
		for use := 1; use < int(table.Uses); use++ {
			if want := preludeName(prefix, n, use); d.Codes[8*use] != want || f.Func(want) == nil {
				return nil, fmt.Errorf("%s: Use %d is %s, want %s", name, use, d.Codes[8*use], want)
			}
		}
		tables[name] = n
	}
	return tables, nil
}

func preludeName(prefix string, vectors, use int) string {
	return fmt.Sprintf("%sx%dUse%d<>", prefix, vectors, use)
}
