package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
	"github.com/mmcloughlin/avo/reg"
)

// avo knows amd64's instructions only, but its functions, liveness, register allocation and printers
// serve any machine. Here X0 to X31 stand for V0 to V31, and the general registers, by number, for R0 to
// R15 (R4 is never used: avo keeps the stack pointer's number to itself). Each instruction carries its
// registers as operands through avo's passes; a last pass swaps in the spelling.

// arm64File collects the functions of kernels_arm64.s.
type arm64File struct {
	ctx      *build.Context
	spelling map[*ir.Instruction]spelling
}

// A spelling writes an instruction for the numbers of its registers.
type spelling func(r []int) (opcode, operands string)

func newARM64File() *arm64File {
	ctx := build.NewContext()
	ctx.ConstraintExpr(constraint)
	return &arm64File{ctx, map[*ir.Instruction]spelling{}}
}

// print returns the assembly and its Go declarations in a package.
func (f *arm64File) print(pkg string) (asm, stubs []byte, err error) {
	file, err := f.ctx.Result()
	if err != nil {
		return nil, nil, err
	}
	// pass.Compile less what is true of amd64 only: zero extension, its frame pointer, its moves.
	passes := pass.Concat(
		pass.FunctionPass(pass.LabelTarget),
		pass.FunctionPass(pass.CFG),
		pass.FunctionPass(pass.Liveness),
		pass.FunctionPass(pass.AllocateRegisters),
		pass.FunctionPass(pass.BindRegisters),
		pass.FunctionPass(pass.VerifyAllocation),
		pass.Func(pass.IncludeTextFlagHeader),
		pass.FunctionPass(f.spell),
	)
	if err := passes.Execute(file); err != nil {
		return nil, nil, err
	}
	cfg := printer.Config{Name: "asmgen", Pkg: pkg}
	if asm, err = printer.NewGoAsm(cfg).Print(file); err != nil {
		return nil, nil, err
	}
	stubs, err = printer.NewStubs(cfg).Print(file)
	return bytes.TrimRight(asm, "\n"), stubs, err
}

// text is an operand already spelled.
type text string

func (t text) Asm() string { return string(t) }

// spell swaps every instruction's operands for their text, and drops moves to the same register.
func (f *arm64File) spell(fn *ir.Function) error {
	var nodes []ir.Node
	for _, node := range fn.Nodes {
		i, ok := node.(*ir.Instruction)
		if !ok {
			nodes = append(nodes, node)
			continue
		}
		var regs []int
		for _, r := range i.Registers() {
			regs = append(regs, int(reg.ToPhysical(r).PhysicalIndex()))
		}
		if i.Opcode == "VMOV" && regs[0] == regs[1] {
			continue
		}
		opcode, operands := f.spelling[i](regs)
		i.Opcode, i.Operands = opcode, nil
		if operands != "" {
			i.Operands = []operand.Op{text(operands)}
		}
		nodes = append(nodes, i)
	}
	fn.Nodes = nodes
	return nil
}

// neon is arm64's 128-bit vectors.
type neon struct {
	*arm64File
	elem   int
	labels int
	rare   []func() // what End emits after the function
}

func arm64Machines(f *arm64File) []Machine {
	return []Machine{&neon{arm64File: f, elem: 4}, &neon{arm64File: f, elem: 8}}
}

func (m *neon) ISA() string    { return "NEON" }
func (m *neon) ElemBytes() int { return m.elem }
func (m *neon) VecBytes() int  { return 16 }

func (m *neon) Tiles() tileSize {
	return tileSize{ChainRows: 5, ChainVecs: 4, RowVecs: 16,
		LanesRows: 5, LanesCols: 4, LanesVecs: 1, LaneRowCols: 5, LaneRowVecs: 4}
}

func (m *neon) Begin(name, params string) {
	m.labels = 0
	m.ctx.Function(name)
	m.ctx.Pragma("noescape")
	m.ctx.SignatureExpr(signature(params, m.elem))
}

func (m *neon) End() {
	i := m.inst(nil, nil, func([]int) (string, string) { return "RET", "" })
	i.IsTerminal = true
	for _, f := range m.rare {
		f()
	}
	m.rare = nil
}

func (m *neon) Comment(lines ...string) { m.ctx.Comment(lines...) }

// inst adds an instruction that reads in and writes out. Its spelling gets the registers of out, then
// those of in.
func (m *neon) inst(out, in []Reg, s spelling) *ir.Instruction {
	i := &ir.Instruction{}
	for _, r := range out {
		i.Outputs, i.Operands = append(i.Outputs, r), append(i.Operands, r)
	}
	for _, r := range in {
		i.Inputs, i.Operands = append(i.Inputs, r), append(i.Operands, r)
	}
	m.ctx.Instruction(i)
	m.spelling[i] = s
	return i
}

// spelled is a spelling by a format of the registers' numbers, which may be indexed: "R%[2]d".
func spelled(opcode, format string) spelling {
	return func(r []int) (string, string) {
		args := make([]any, len(r))
		for i := range r {
			args[i] = r[i]
		}
		return opcode, fmt.Sprintf(format, args...)
	}
}

// branch adds a jump to a label; its spelling gets the registers of in.
func (m *neon) branch(label string, in []Reg, opcode, format string) {
	i := m.inst(nil, in, func(r []int) (string, string) {
		if len(r) == 0 {
			return opcode, label
		}
		return opcode, fmt.Sprintf(format, r[0]) + ", " + label
	})
	i.Operands = append([]operand.Op{operand.LabelRef(label)}, i.Operands...)
	i.IsBranch, i.IsConditional = true, opcode != "B"
}

func (m *neon) label(kind string) string {
	m.labels++
	return fmt.Sprintf("%s%d", kind, m.labels)
}

// General registers.

func (m *neon) Arg(name string) Reg {
	b, err := m.ctx.Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	r := m.ctx.GP64()
	m.inst([]Reg{r}, nil, spelled("MOVD", b.Addr.Asm()+", R%d"))
	return r
}

func (m *neon) Copy(r Reg) Reg {
	c := m.ctx.GP64()
	m.inst([]Reg{c}, []Reg{r}, spelled("MOVD", "R%[2]d, R%[1]d"))
	return c
}

// inPlace is an instruction r = r op constant.
func (m *neon) inPlace(opcode string, n int, r Reg) {
	m.inst([]Reg{r}, []Reg{r}, spelled(opcode, fmt.Sprintf("$%d, R%%[1]d", n)))
}

func (m *neon) AddImm(r Reg, n int) { m.inPlace("ADD", n, r) }
func (m *neon) Shift(r Reg, n uint) { m.inPlace("LSL", int(n), r) }

func (m *neon) AddReg(r, s Reg) {
	m.inst([]Reg{r}, []Reg{r, s}, spelled("ADD", "R%[3]d, R%[1]d"))
}

func (m *neon) LoadUint32(p Reg, off int) Reg {
	r := m.ctx.GP64()
	m.inst([]Reg{r}, []Reg{p}, spelled("MOVWU", fmt.Sprintf("%d(R%%[2]d), R%%[1]d", off)))
	return r
}

func (m *neon) While(n Reg, step int, f func()) {
	loop, done := m.label("loop"), m.label("done")
	compare := func() { m.inst(nil, []Reg{n}, spelled("CMP", fmt.Sprintf("$%d, R%%d", step))) }
	compare()
	m.branch(done, nil, "BLT", "")
	m.ctx.Label(loop)
	f()
	m.inPlace("SUB", step, n)
	compare()
	m.branch(loop, nil, "BGE", "")
	m.ctx.Label(done)
}

func (m *neon) IfBit(r Reg, bit uint, f func()) {
	skip := m.label("skip")
	m.branch(skip, []Reg{r}, "TBZ", fmt.Sprintf("$%d, R%%d", bit))
	f()
	m.ctx.Label(skip)
}

func (m *neon) Rarely(r Reg, f func()) {
	rare, back := m.label("rare"), m.label("back")
	m.branch(rare, []Reg{r}, "CBNZ", "R%d")
	m.ctx.Label(back)
	m.rare = append(m.rare, func() {
		m.ctx.Label(rare)
		f()
		m.branch(back, nil, "B", "")
	})
}

func (m *neon) IfZero(r Reg, f, otherwise func()) {
	other, done := m.label("else"), m.label("done")
	m.branch(other, []Reg{r}, "CBNZ", "R%d")
	f()
	m.branch(done, nil, "B", "")
	m.ctx.Label(other)
	otherwise()
	m.ctx.Label(done)
}

// Vectors.

func (m *neon) vec() Reg { return m.ctx.XMM() }

// shape is the arrangement of whole vectors in Go's spelling.
func (m *neon) shape() string {
	if m.elem == 4 {
		return "S4"
	}
	return "D2"
}

// encoded adds an instruction from the table.
func (m *neon) encoded(e encoded, src ...Reg) Reg {
	d := m.vec()
	m.inst([]Reg{d}, src, func(r []int) (string, string) {
		word, comment := e.word(m.elem, r[0], r[1], r[len(r)-1])
		return "WORD", fmt.Sprintf("$0x%08x // %s", word, comment)
	})
	return d
}

// native adds an instruction of three vectors that Go's assembler has: d = a op b, b spelled first.
func (m *neon) native(opcode, shape string, a, b Reg) Reg {
	d := m.vec()
	m.inst([]Reg{d}, []Reg{a, b}, spelled(opcode, strings.ReplaceAll("V%[3]d.#, V%[2]d.#, V%[1]d.#", "#", shape)))
	return d
}

// update adds an instruction of three vectors that also reads d: d = op(d, a, b), b spelled first.
func (m *neon) update(opcode, shape string, d, a, b Reg) {
	m.inst([]Reg{d}, []Reg{d, a, b},
		spelled(opcode, strings.ReplaceAll("V%[4]d.#, V%[3]d.#, V%[1]d.#", "#", shape)))
}

func (m *neon) Load(p Reg, off int) Reg {
	v := m.vec()
	m.inst([]Reg{v}, []Reg{p}, spelled("FMOVQ", fmt.Sprintf("%d(R%%[2]d), F%%[1]d", off)))
	return v
}

func (m *neon) LoadBytes(p Reg, off int) Reg {
	load, shapes := "MOVWU", []string{"B8", "H8", "H4", "S4"}
	if m.elem == 8 {
		load, shapes = "MOVHU", append(shapes, "S2", "D2")
	}
	r, v := m.ctx.GP64(), m.vec()
	m.inst([]Reg{r}, []Reg{p}, spelled(load, fmt.Sprintf("%d(R%%[2]d), R%%[1]d", off)))
	m.inst([]Reg{v}, []Reg{r}, spelled("FMOVD", "R%[2]d, F%[1]d"))
	for ; len(shapes) > 0; shapes = shapes[2:] {
		wide := m.vec()
		m.inst([]Reg{wide}, []Reg{v}, spelled("VUXTL", "V%[2]d."+shapes[0]+", V%[1]d."+shapes[1]))
		v = wide
	}
	return m.encoded(ucvtf, v)
}

func (m *neon) Store(v, p Reg, off int) {
	m.inst(nil, []Reg{v, p}, spelled("FMOVQ", fmt.Sprintf("F%%[1]d, %d(R%%[2]d)", off)))
}

func (m *neon) Move(dst, src Reg) {
	i := m.inst([]Reg{dst}, []Reg{src}, spelled("VORR", "V%[2]d.B16, V%[2]d.B16, V%[1]d.B16"))
	i.Opcode = "VMOV" // spell drops it if both are one register
}

func (m *neon) Broadcast(p Reg, off int) Reg {
	load, lane := "FMOVS", "S"
	if m.elem == 8 {
		load, lane = "FMOVD", "D"
	}
	s, v := m.vec(), m.vec()
	m.inst([]Reg{s}, []Reg{p}, spelled(load, fmt.Sprintf("%d(R%%[2]d), F%%[1]d", off)))
	m.inst([]Reg{v}, []Reg{s}, spelled("VDUP", "V%[2]d."+lane+"[0], V%[1]d."+m.shape()))
	return v
}

func (m *neon) Zero() Reg {
	v := m.vec()
	m.inst([]Reg{v}, nil, spelled("VEOR", "V%[1]d.B16, V%[1]d.B16, V%[1]d.B16"))
	return v
}

// constant returns bits in every lane.
func (m *neon) constant(bits32 uint32, bits64 uint64) Reg {
	bits := bits64
	if m.elem == 4 {
		bits = uint64(bits32)
	}
	r, v := m.ctx.GP64(), m.vec()
	m.inst([]Reg{r}, nil, spelled("MOVD", fmt.Sprintf("$0x%x, R%%d", bits)))
	m.inst([]Reg{v}, []Reg{r}, spelled("VDUP", "R%[2]d, V%[1]d."+m.shape()))
	return v
}

func (m *neon) Add(a, b Reg) Reg { return m.encoded(fadd, a, b) }
func (m *neon) Sub(a, b Reg) Reg { return m.encoded(fsub, a, b) }
func (m *neon) Mul(a, b Reg) Reg { return m.encoded(fmul, a, b) }
func (m *neon) Div(a, b Reg) Reg { return m.encoded(fdiv, a, b) }
func (m *neon) Sqrt(a Reg) Reg   { return m.encoded(fsqrt, a) }

func (m *neon) FMA(acc, a, b Reg) { m.update("VFMLA", m.shape(), acc, a, b) }

// FMAX and FMIN would return a NaN of either operand, and tell the zeros apart; a comparison and a
// bitwise select do what is asked.
func (m *neon) Larger(a, b Reg) Reg {
	d := m.encoded(fcmgt, a, b)
	m.update("VBSL", "B16", d, a, b)
	return d
}

func (m *neon) Smaller(a, b Reg) Reg {
	d := m.encoded(fcmgt, b, a)
	m.update("VBSL", "B16", d, a, b)
	return d
}

func (m *neon) Abs() func(Reg) Reg {
	return func(a Reg) Reg { return m.encoded(fabs, a) }
}

func (m *neon) Sign() func(Reg) Reg {
	one := m.constant(0x3f800000, 0x3ff0000000000000)
	signBit := m.constant(0x80000000, 0x8000000000000000)
	zero := m.Zero()
	return func(u Reg) Reg {
		s := m.native("VORR", "B16", m.native("VAND", "B16", u, signBit), one)
		isZero, isNumber := m.encoded(fcmeq, u, zero), m.encoded(fcmeq, u, u)
		m.update("VBIT", "B16", s, zero, isZero) // where u is ±0
		m.update("VBIF", "B16", s, u, isNumber)  // where u is NaN
		return s
	}
}

// MaxMagnitude: FMAX returns NaN if either operand is one, and there are no negative zeros here.
func (m *neon) MaxMagnitude() func(a, b Reg) Reg {
	return func(a, b Reg) Reg { return m.encoded(fmax, a, m.encoded(fabs, b)) }
}

// 128-bit vectors are the only ones.

func (m *neon) Fold128(line []Reg) Reg {
	for len(line) > 1 {
		half := len(line) / 2
		var next []Reg
		for i := range half {
			next = append(next, m.Add(line[i], line[i+half]))
		}
		line = next
	}
	return line[0]
}

func (m *neon) Add128(a, b Reg) Reg        { return m.Add(a, b) }
func (m *neon) Lo(a, b Reg) Reg            { return m.native("VZIP1", "D2", a, b) }
func (m *neon) Hi(a, b Reg) Reg            { return m.native("VZIP2", "D2", a, b) }
func (m *neon) Even(a, b Reg) Reg          { return m.native("VUZP1", "S4", a, b) }
func (m *neon) Odd(a, b Reg) Reg           { return m.native("VUZP2", "S4", a, b) }
func (m *neon) Store128(v, p Reg, off int) { m.Store(v, p, off) }
