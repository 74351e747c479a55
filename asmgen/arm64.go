package main

import (
	"bytes"
	"fmt"

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
	code     *sharedCode
	spelling map[*ir.Instruction]spelling
}

// A spelling writes an instruction for the numbers of its registers.
type spelling func(r []int) (opcode, operands string)

func (f *arm64File) context() *build.Context { return f.ctx }
func (f *arm64File) shared() *sharedCode     { return f.code }

func newARM64File() *arm64File {
	ctx := build.NewContext()
	ctx.ConstraintExpr(constraint)
	return &arm64File{ctx, newSharedCode(), map[*ir.Instruction]spelling{}}
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
		pass.FunctionPass(coalesce),
		pass.FunctionPass(allocate),
		pass.FunctionPass(pass.BindRegisters),
		pass.FunctionPass(pass.VerifyAllocation),
		pass.FunctionPass(f.code.check),
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
	stubs, err = printer.NewStubs(cfg).Print(withoutShared(file))
	return append(bytes.TrimRight(asm, "\n"), f.code.data()...), stubs, err
}

// moveOpcode is that of moves between vector registers before they are spelled.
const moveOpcode = "VMOV"

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
		if i.Opcode == moveOpcode && regs[0] == regs[1] {
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

// arm64 is what vector instruction sets of the architecture share: arguments, general registers and control.
type arm64 struct {
	function
	out *arm64File
}

func newARM64(f file, s isa, elem int) arm64 {
	return arm64{function{file: f, ctx: f.context(), isa: s, elem: elem}, f.(*arm64File)}
}

func (m *arm64) End() {
	m.ret()
	m.end()
}

// inst adds an instruction that reads in and writes out. Its spelling gets the registers of out, then
// those of in.
func (m *arm64) inst(out, in []Reg, s spelling) *ir.Instruction {
	i := &ir.Instruction{}
	for _, r := range out {
		i.Outputs, i.Operands = append(i.Outputs, r), append(i.Operands, r)
	}
	for _, r := range in {
		i.Inputs, i.Operands = append(i.Inputs, r), append(i.Operands, r)
	}
	m.ctx.Instruction(i)
	m.out.spelling[i] = s
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
func (m *arm64) branch(label string, in []Reg, opcode, format string) {
	i := m.inst(nil, in, func(r []int) (string, string) {
		if len(r) == 0 {
			return opcode, label
		}
		return opcode, fmt.Sprintf(format, r[0]) + ", " + label
	})
	i.Operands = append([]operand.Op{operand.LabelRef(label)}, i.Operands...)
	i.IsBranch, i.IsConditional = true, opcode != "B"
}

// General registers.

func (m *arm64) Arg(name string) Reg {
	b, err := m.ctx.Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	r := m.ctx.GP64()
	m.inst([]Reg{r}, nil, spelled("MOVD", b.Addr.Asm()+", R%d"))
	return r
}

func (m *arm64) Copy(r Reg) Reg {
	c := m.ctx.GP64()
	m.inst([]Reg{c}, []Reg{r}, spelled("MOVD", "R%[2]d, R%[1]d"))
	return c
}

func (m *arm64) Int(n int) Reg {
	r := m.ctx.GP64()
	m.inst([]Reg{r}, nil, spelled("MOVD", fmt.Sprintf("$%d, R%%d", n)))
	return r
}

// inPlace is an instruction r = r op constant.
func (m *arm64) inPlace(opcode string, n int, r Reg) {
	m.inst([]Reg{r}, []Reg{r}, spelled(opcode, fmt.Sprintf("$%d, R%%[1]d", n)))
}

func (m *arm64) AddImm(r Reg, n int) { m.inPlace("ADD", n, r) }
func (m *arm64) Shift(r Reg, n uint) { m.inPlace("LSL", int(n), r) }
func (m *arm64) And(r Reg, n int)    { m.inPlace("AND", n, r) }

func (m *arm64) AddReg(r, s Reg) {
	m.inst([]Reg{r}, []Reg{r, s}, spelled("ADD", "R%[3]d, R%[1]d"))
}

func (m *arm64) LoadUint32(p Reg, off int) Reg {
	r := m.ctx.GP64()
	m.inst([]Reg{r}, []Reg{p}, spelled("MOVWU", fmt.Sprintf("%d(R%%[2]d), R%%[1]d", off)))
	return r
}

func (m *arm64) While(name string, n Reg, step int, f func()) {
	loop, done := m.label(name), m.label(name+"Done")
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

func (m *arm64) EndShared(inOut []Reg) { keep(m.ret(), inOut) }

func (m *arm64) ret() *ir.Instruction {
	i := m.inst(nil, nil, func([]int) (string, string) { return "RET", "" })
	i.IsTerminal = true
	return i
}

func (m *arm64) Code(table string, index Reg) Reg {
	base, code := m.ctx.GP64(), m.ctx.GP64()
	m.inst([]Reg{base}, nil, spelled("MOVD", "$·"+sharedName(table)+"(SB), R%d"))
	m.inst([]Reg{code}, []Reg{base, index}, spelled("MOVD", "(R%[2]d)(R%[3]d<<3), R%[1]d"))
	return code
}

func (m *arm64) Point(p Reg, off int) {
	m.inst([]Reg{fixedPointer}, []Reg{p}, spelled("ADD", fmt.Sprintf("$%d, R%%[2]d, R%%[1]d", off)))
}

func (m *arm64) CallShared(code Reg, inOut, clobbered []Reg) {
	i := m.inst(nil, []Reg{code}, spelled("BL", "(R%d)"))
	callShared(i, inOut, clobbered)
}

func (m *arm64) Rarely(name string, r Reg, f func()) {
	rare, back := m.label(name), m.label(name+"Done")
	m.branch(rare, []Reg{r}, "CBNZ", "R%d")
	m.ctx.Label(back)
	m.rare = append(m.rare, func() {
		m.ctx.Label(rare)
		f()
		m.branch(back, nil, "B", "")
	})
}

func (m *arm64) IfZero(r Reg, f, otherwise func()) {
	other, done := m.label("otherwise"), m.label("endif")
	m.branch(other, []Reg{r}, "CBNZ", "R%d")
	f()
	m.branch(done, nil, "B", "")
	m.ctx.Label(other)
	otherwise()
	m.ctx.Label(done)
}

func (m *arm64) IfMore(r Reg, n int, f func()) {
	done := m.label("endif")
	m.inst(nil, []Reg{r}, spelled("CMP", fmt.Sprintf("$%d, R%%d", n)))
	m.branch(done, nil, "BLE", "")
	f()
	m.ctx.Label(done)
}

func (m *arm64) JumpTo(code Reg) {
	m.inst(nil, []Reg{code}, spelled("JMP", "(R%d)")).IsTerminal = true
}

func (m *arm64) LoadWord(p Reg, off int) Reg {
	r := m.ctx.GP64()
	m.inst([]Reg{r}, []Reg{p}, spelled("MOVD", fmt.Sprintf("%d(R%%[2]d), R%%[1]d", off)))
	return r
}

func (m *arm64) StoreWord(r, p Reg, off int) {
	m.inst(nil, []Reg{r, p}, spelled("MOVD", fmt.Sprintf("R%%[1]d, %d(R%%[2]d)", off)))
}

func (m *arm64) Prefetch(p Reg) { m.inst(nil, []Reg{p}, spelled("PRFM", "(R%d), PSTL1KEEP")) }

func (m *arm64) PrefetchNext(p Reg, off int) {
	m.inst(nil, []Reg{p}, spelled("PRFM", fmt.Sprintf("%d(R%%d), PLDL2KEEP", off)))
}

func (m *arm64) PrefetchLater(p Reg, off int) { m.PrefetchNext(p, off) }
