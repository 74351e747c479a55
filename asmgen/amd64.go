package main

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
	"github.com/mmcloughlin/avo/reg"
	"github.com/mmcloughlin/avo/x86"

	"github.com/bitstep-go/bitstep/internal/program"
)

// amd64File collects the functions of kernels_amd64.s.
type amd64File struct {
	ctx  *build.Context
	code *sharedCode
}

func (f *amd64File) context() *build.Context { return f.ctx }
func (f *amd64File) shared() *sharedCode     { return f.code }

func newAMD64File() *amd64File {
	ctx := build.NewContext()
	ctx.ConstraintExpr(constraint)
	return &amd64File{ctx, newSharedCode()}
}

// compile runs avo's passes.
func (f *amd64File) compile() (*ir.File, error) {
	file, err := f.ctx.Result()
	if err != nil {
		return nil, err
	}
	// pass.Compile with an allocation that names its function.
	passes := pass.Concat(
		pass.Verify,
		pass.FunctionPass(pass.PruneJumpToFollowingLabel),
		pass.FunctionPass(pass.PruneDanglingLabels),
		pass.FunctionPass(pass.LabelTarget),
		pass.FunctionPass(pass.CFG),
		pass.InstructionPass(pass.ZeroExtend32BitOutputs),
		pass.FunctionPass(pass.Liveness),
		pass.FunctionPass(allocate),
		pass.FunctionPass(pass.BindRegisters),
		pass.FunctionPass(pass.VerifyAllocation),
		pass.FunctionPass(pass.EnsureBasePointerCalleeSaved),
		pass.Func(pass.IncludeTextFlagHeader),
		pass.FunctionPass(pass.PruneSelfMoves),
		pass.FunctionPass(pass.RequiredISAExtensions),
		pass.FunctionPass(f.code.check),
		pass.FunctionPass(checkAVX2),
		pass.FunctionPass(pruneVectorMoves),
	)
	return file, passes.Execute(file)
}

// allocate gives registers to a function. What has not enough of them is named.
func allocate(fn *ir.Function) error {
	if err := pass.AllocateRegisters(fn); err != nil {
		return fmt.Errorf("%s: %w", fn.Name, err)
	}
	return nil
}

// pruneVectorMoves removes moves of a vector register to itself; avo's own pass knows only MOVQ.
func pruneVectorMoves(fn *ir.Function) error {
	fn.Nodes = slices.DeleteFunc(fn.Nodes, func(n ir.Node) bool {
		i, ok := n.(*ir.Instruction)
		return ok && strings.HasPrefix(i.Opcode, "VMOVAP") && len(i.Operands) == 2 && i.Operands[0] == i.Operands[1]
	})
	return nil
}

// checkAVX2 refuses functions of AVX2 that have vector registers of AVX-512, which avo gives them once the 16 of AVX2
// are taken: with those instructions are AVX-512's.
func checkAVX2(fn *ir.Function) error {
	if !strings.Contains(fn.Name, "AVX2") {
		return nil
	}
	for _, i := range fn.Instructions() {
		for _, r := range append(i.InputRegisters(), i.OutputRegisters()...) {
			if p := reg.ToPhysical(r); r.Kind() == reg.KindVector && p != nil && p.PhysicalIndex() >= 16 {
				return fmt.Errorf("%s needs more than 16 vectors", fn.Name)
			}
		}
	}
	return nil
}

// print returns the assembly and its Go declarations in a package.
func (f *amd64File) print(pkg string) (asm, stubs []byte, err error) {
	file, err := f.compile()
	if err != nil {
		return nil, nil, err
	}
	const flags = "textflag.h" // avo sees that functions need it, and not that data does
	if f.code.data() != "" && !slices.Contains(file.Includes, flags) {
		file.Includes = append(file.Includes, flags)
	}
	cfg := printer.Config{Name: "asmgen", Pkg: pkg}
	if asm, err = printer.NewGoAsm(cfg).Print(file); err != nil {
		return nil, nil, err
	}
	stubs, err = printer.NewStubs(cfg).Print(withoutShared(file))
	return append(bytes.TrimRight(asm, "\n"), f.code.data()...), stubs, err
}

// amd64 is what AVX2 and AVX-512 share: VEX and EVEX spell the same operations with the same mnemonics. What
// differs is in avx2.go and avx512.go.
type amd64 struct {
	function
	vec        func() Reg  // a new vector register
	mask       func(v Reg) // all ones in v
	loadMasked func(at operand.Mem, mask Mask) Reg
	fmaElement anyForm // FMA of an element in memory; nil: there is none
}

func newAMD64(f file, s isa, elem int) amd64 {
	return amd64{function: function{file: f, ctx: f.context(), isa: s, elem: elem}}
}

func (m *amd64) Return(v Reg) {
	at, err := m.ctx.ReturnIndex(0).Resolve()
	if err != nil {
		panic(err)
	}
	m.do(pick(m, anyForm(x86.VMOVSS), x86.VMOVSD)(v.(reg.VecVirtual).AsX(), at.Addr))
}

func (m *amd64) End() {
	m.do(x86.VZEROUPPER())
	m.do(x86.RET())
	m.end()
}

// do adds an instruction; avo reports operands that fit no form of it.
func (m *amd64) do(i *ir.Instruction, err error) {
	if err != nil {
		panic(err)
	}
	m.ctx.Instruction(i)
}

func mem(p Reg, off int) operand.Mem { return operand.Mem{Base: p, Disp: off} }

// General registers.

func (m *amd64) Arg(name string) Reg {
	return m.ctx.Load(m.ctx.Param(name), m.ctx.GP64())
}

func (m *amd64) Copy(r Reg) Reg {
	c := m.ctx.GP64()
	m.do(x86.MOVQ(r, c))
	return c
}

func (m *amd64) Int(n int) Reg {
	r := m.ctx.GP64()
	if n == 0 {
		m.do(x86.XORQ(r, r))
	} else {
		m.do(x86.MOVQ(operand.I32(n), r))
	}
	return r
}

func (m *amd64) AddImm(r Reg, n int) { m.do(x86.ADDQ(operand.I32(n), r)) }
func (m *amd64) AddReg(r, s Reg)     { m.do(x86.ADDQ(s, r)) }
func (m *amd64) Shift(r Reg, n uint) { m.do(x86.SHLQ(operand.Imm(uint64(n)), r)) }
func (m *amd64) And(r Reg, n int)    { m.do(x86.ANDQ(operand.Imm(uint64(n)), r)) }

func (m *amd64) LoadUint32(p Reg, off int) Reg {
	r := m.ctx.GP64()
	m.do(x86.MOVL(mem(p, off), r.As32()))
	return r
}

func (m *amd64) While(name string, n Reg, step int, f func()) {
	loop, done := m.label(name), m.label(name+"Done")
	m.do(x86.CMPQ(n, operand.U32(step)))
	m.do(x86.JLT(operand.LabelRef(done)))
	m.align()
	m.ctx.Label(loop)
	f()
	m.do(x86.SUBQ(operand.U32(step), n))
	m.do(x86.CMPQ(n, operand.U32(step)))
	m.do(x86.JGE(operand.LabelRef(loop)))
	m.ctx.Label(done)
}

func (m *amd64) EndShared(inOut []Reg) {
	i, err := x86.RET()
	if err == nil {
		keep(i, inOut)
	}
	m.do(i, err)
}

func (m *amd64) Code(table string, index Reg) Reg {
	base, code := m.ctx.GP64(), m.ctx.GP64()
	m.do(x86.LEAQ(operand.NewDataAddr(operand.Symbol{Name: "·" + table, Static: true}, 0), base))
	m.do(x86.MOVQ(operand.Mem{Base: base, Index: index, Scale: 8}, code))
	return code
}

func (m *amd64) Point(p Reg, off int) { m.do(x86.LEAQ(mem(p, off), fixedPointer)) }

func (m *amd64) CallShared(code Reg, inOut, clobbered []Reg) {
	i := &ir.Instruction{Opcode: "CALL", Operands: []operand.Op{code}, Inputs: []operand.Op{code}}
	callShared(i, inOut, clobbered)
	m.ctx.Instruction(i)
}

func (m *amd64) Rarely(name string, r Reg, f func()) {
	rare, back := m.label(name), m.label(name+"Done")
	m.do(x86.TESTQ(r, r))
	m.do(x86.JNE(operand.LabelRef(rare)))
	m.ctx.Label(back)
	m.rare = append(m.rare, func() {
		m.ctx.Label(rare)
		f()
		m.do(x86.JMP(operand.LabelRef(back)))
	})
}

// align starts what follows at a line of 64 bytes: a loop that straddles lines fetches them all at each
// turn, which took up to twice the time in L1 (Zen 3).
func (m *amd64) align() {
	m.ctx.Instruction(&ir.Instruction{Opcode: "PCALIGN", Operands: []operand.Op{operand.Imm(64)}})
}

func (m *amd64) IfZero(r Reg, f, otherwise func()) {
	other, done := m.label("otherwise"), m.label("endif")
	m.do(x86.TESTQ(r, r))
	m.do(x86.JNE(operand.LabelRef(other)))
	f()
	m.do(x86.JMP(operand.LabelRef(done)))
	m.ctx.Label(other)
	otherwise()
	m.ctx.Label(done)
}

// Vectors.

type anyForm = func(...operand.Op) (*ir.Instruction, error)

// pick chooses the form for the element type.
func pick[F any](m *amd64, f32, f64 F) F {
	if m.elem == 4 {
		return f32
	}
	return f64
}

func (m *amd64) Vector() Reg { return m.vec() }

// op3 emits dst = a op b: Go's operand order puts a second.
func (m *amd64) op3(f32, f64 anyForm, a, b Reg) Reg {
	d := m.vec()
	m.do(pick(m, f32, f64)(b, a, d))
	return d
}

func (m *amd64) Load(p Reg, off int) Reg {
	v := m.vec()
	m.LoadTo(v, p, off)
	return v
}

func (m *amd64) LoadTo(v, p Reg, off int) {
	m.do(pick(m, anyForm(x86.VMOVUPS), x86.VMOVUPD)(mem(p, off), v))
}

// loadBytes widens bytes to words, which hold the vector's count of 32-bit numbers in float64, and those to T.
func (m *amd64) loadBytes(p Reg, off int, words operand.Op) Reg {
	v := m.vec()
	if m.elem == 4 {
		m.do(x86.VPMOVZXBD(mem(p, off), v))
		m.do(x86.VCVTDQ2PS(v, v))
		return v
	}
	m.do(x86.VPMOVZXBD(mem(p, off), words))
	m.do(x86.VCVTDQ2PD(words, v))
	return v
}

func (m *amd64) Store(v, p Reg, off int) {
	m.do(pick(m, anyForm(x86.VMOVUPS), x86.VMOVUPD)(v, mem(p, off)))
}

func (m *amd64) CopyBytes(p Reg, off int, from Reg, fromOff, n int) {
	src, dst := mem(from, fromOff), mem(p, off)
	switch n {
	case 4:
		r := m.ctx.GP32()
		m.do(x86.MOVL(src, r))
		m.do(x86.MOVL(r, dst))
	case 8:
		r := m.ctx.GP64()
		m.do(x86.MOVQ(src, r))
		m.do(x86.MOVQ(r, dst))
	default:
		v := m.ctx.XMM()
		m.do(x86.VMOVUPS(src, v))
		m.do(x86.VMOVUPS(v, dst))
	}
}

func (m *amd64) Move(dst, src Reg) {
	m.do(pick(m, anyForm(x86.VMOVAPS), x86.VMOVAPD)(src, dst))
}

func (m *amd64) Broadcast(p Reg, off int) Reg {
	v := m.vec()
	m.do(pick(m, anyForm(x86.VBROADCASTSS), x86.VBROADCASTSD)(mem(p, off), v))
	return v
}

func (m *amd64) Add(a, b Reg) Reg { return m.op3(x86.VADDPS, x86.VADDPD, a, b) }
func (m *amd64) Sub(a, b Reg) Reg { return m.op3(x86.VSUBPS, x86.VSUBPD, a, b) }
func (m *amd64) Mul(a, b Reg) Reg { return m.op3(x86.VMULPS, x86.VMULPD, a, b) }
func (m *amd64) Div(a, b Reg) Reg { return m.op3(x86.VDIVPS, x86.VDIVPD, a, b) }

// WithLoad is one instruction, which made loops in L1 up to 1.7 times as fast as a load and another (Zen 5).
func (m *amd64) WithLoad(op program.Op, a, p Reg, off int) Reg {
	f := map[program.Op][2]anyForm{
		program.Add: {x86.VADDPS, x86.VADDPD}, program.Sub: {x86.VSUBPS, x86.VSUBPD},
		program.Mul: {x86.VMULPS, x86.VMULPD}, program.Larger: {x86.VMAXPS, x86.VMAXPD},
		program.Smaller: {x86.VMINPS, x86.VMINPD},
	}[op]
	d := m.vec()
	m.do(pick(m, f[0], f[1])(mem(p, off), a, d))
	return d
}

// VMAX and VMIN return their second source when the comparison is false, NaN included.
func (m *amd64) Larger(a, b Reg) Reg  { return m.op3(x86.VMAXPS, x86.VMAXPD, a, b) }
func (m *amd64) Smaller(a, b Reg) Reg { return m.op3(x86.VMINPS, x86.VMINPD, a, b) }

// swapWithin is SwapHalves of blocks of 16 or 8 bytes.
func (m *amd64) swapWithin(a Reg, bytes int) Reg {
	which := map[int]uint64{16: 0b01_00_11_10, 8: 0b10_11_00_01}[bytes]
	d := m.vec()
	m.do(x86.VPERMILPS(operand.Imm(which), a, d))
	return d
}

func (m *amd64) Sqrt(a Reg) Reg {
	d := m.vec()
	m.do(pick(m, anyForm(x86.VSQRTPS), x86.VSQRTPD)(a, d))
	return d
}

func (m *amd64) FMA(acc, a, b Reg) {
	m.do(pick(m, anyForm(x86.VFMADD231PS), x86.VFMADD231PD)(a, b, acc))
}

func (m *amd64) FMASub(acc, a, b Reg) {
	m.do(pick(m, anyForm(x86.VFNMADD231PS), x86.VFNMADD231PD)(a, b, acc))
}

func (m *amd64) Literal(c float64) Reg {
	if m.elem == 4 {
		return m.word(uint64(math.Float32bits(float32(c))))
	}
	return m.word(math.Float64bits(c))
}

// word is an element's bits in every lane, from memory.
func (m *amd64) word(bits uint64) Reg {
	name, v := fmt.Sprintf("word%x", bits), m.vec()
	m.file.shared().need(name, []uint64{bits})
	at := operand.NewDataAddr(operand.Symbol{Name: "·" + sharedName(name)}, 0)
	m.do(pick(m, anyForm(x86.VBROADCASTSS), x86.VBROADCASTSD)(at, v))
	return v
}

// Scratch is aligned: vectors that cross lines take longer.
func (m *amd64) Scratch(bytes int) Reg {
	r := m.ctx.GP64()
	m.do(x86.LEAQ(m.ctx.AllocLocal(bytes+lineBytes), r))
	m.do(x86.ADDQ(operand.I32(lineBytes-1), r))
	m.do(x86.ANDQ(operand.I32(-lineBytes), r))
	return r
}

func (m *amd64) SetReg(r, s Reg) { m.do(x86.MOVQ(s, r)) }

// Constants are loaded where they are used, which the arithmetic hides: AVX2 has no registers for them.
func (m *amd64) Constants(name string, c []float64) func(i int) Reg {
	words := make([]uint64, len(c))
	for i := range c {
		words[i] = math.Float64bits(c[i])
	}
	m.file.shared().need(name, words)
	p := m.ctx.GP64()
	m.do(x86.LEAQ(operand.NewDataAddr(operand.Symbol{Name: "·" + name, Static: true}, 0), p))
	return func(i int) Reg { return m.Broadcast(p, 8*i) }
}

// and and or are float operations: AVX-512 has them with DQ.
func (m *amd64) and(a, b Reg) Reg { return m.op3(x86.VANDPS, x86.VANDPD, a, b) }
func (m *amd64) or(a, b Reg) Reg  { return m.op3(x86.VORPS, x86.VORPD, a, b) }

// shifted returns all ones shifted left or right by whole lanes: every mask that the operations need.
func (m *amd64) shifted(right, left int) Reg {
	v := m.vec()
	m.mask(v)
	if right != 0 {
		m.do(pick(m, anyForm(x86.VPSRLD), x86.VPSRLQ)(operand.Imm(uint64(right)), v, v))
	}
	if left != 0 {
		m.do(pick(m, anyForm(x86.VPSLLD), x86.VPSLLQ)(operand.Imm(uint64(left)), v, v))
	}
	return v
}

func (m *amd64) magnitude() Reg { return m.shifted(1, 0) }
func (m *amd64) signBit() Reg   { return m.shifted(0, 8*m.elem-1) }

// one is 0x3f800000 or 0x3ff0000000000000: the exponent's low bits.
func (m *amd64) one() Reg {
	if m.elem == 4 {
		return m.shifted(25, 23)
	}
	return m.shifted(54, 52)
}

func (m *amd64) Abs() func(Reg) Reg {
	mask := m.magnitude()
	return func(a Reg) Reg { return m.and(a, mask) }
}

// Predicates of VCMPPS.
const (
	unordered = operand.U8(3)
	notEqual  = operand.U8(12) // ordered and not equal
	greater   = operand.U8(30) // ordered and greater, without a signal
)

// toNearestEven is how VROUND and VRNDSCALE round, which then tell nobody that a result is inexact.
const toNearestEven = operand.U8(8)

// Control.

func (m *amd64) IfMore(r Reg, n int, f func()) {
	done := m.label("endif")
	m.do(x86.CMPQ(r, operand.U32(n)))
	m.do(x86.JLE(operand.LabelRef(done)))
	f()
	m.ctx.Label(done)
}

func (m *amd64) JumpTo(code Reg) {
	m.ctx.Instruction(&ir.Instruction{Opcode: "JMP", Operands: []operand.Op{code}, Inputs: []operand.Op{code},
		IsTerminal: true})
}

// maskLanes returns the address of the mask of count elements of a line, see lineMask.
func (m *amd64) maskLanes(count Reg) Reg {
	m.file.shared().needMasks()
	p, n := m.ctx.GP64(), m.Copy(count)
	m.do(x86.LEAQ(operand.NewDataAddr(operand.Symbol{Name: "·" + lineMask, Static: true}, lineBytes), p))
	m.Shift(n, log2(m.elem))
	m.do(x86.SUBQ(n, p))
	return p
}

// Matrices.

// rows are read by base, stride and a scale of 1 or 2: every third has a base of its own.
type rows struct {
	*amd64
	bases  []Reg
	stride Reg
}

func (m *amd64) rows(p, stride Reg, n int) *rows {
	r := &rows{m, []Reg{p}, stride}
	for len(r.bases) < (n+2)/3 {
		next := m.ctx.GP64()
		m.do(x86.LEAQ(operand.Mem{Base: p, Index: stride, Scale: 2}, next))
		m.do(x86.ADDQ(stride, next))
		r.bases, p = append(r.bases, next), next
	}
	return r
}

func (m *amd64) VectorRows(p, stride Reg, n int) RowsInPlace { return m.rows(p, stride, n) }
func (m *amd64) ScalarRows(p, stride Reg, n int) Scalars     { return m.rows(p, stride, n) }

func (r *rows) mem(i, off int) operand.Mem {
	a := mem(r.bases[i/3], off)
	if i%3 > 0 {
		a.Index, a.Scale = r.stride, uint8(i%3)
	}
	return a
}

func (r *rows) Load(i, off int) Reg {
	v := r.vec()
	r.do(pick(r.amd64, anyForm(x86.VMOVUPS), x86.VMOVUPD)(r.mem(i, off), v))
	return v
}

func (r *rows) LoadMasked(i, off int, mask Mask) Reg { return r.loadMasked(r.mem(i, off), mask) }

func (r *rows) Ahead(by Reg) Lines {
	ahead := &rows{r.amd64, nil, r.stride}
	for _, p := range r.bases {
		q := r.Copy(p)
		r.AddReg(q, by)
		ahead.bases = append(ahead.bases, q)
	}
	return ahead
}

func (r *rows) Fetch(i int) { r.do(x86.PREFETCHT0(r.mem(i, 0))) }

func (r *rows) Scalar(i int) Reg {
	v := r.vec()
	r.do(pick(r.amd64, anyForm(x86.VBROADCASTSS), x86.VBROADCASTSD)(r.mem(i, 0), v))
	return v
}

func (r *rows) Advance(by Reg) {
	for _, p := range r.bases {
		r.AddReg(p, by)
	}
}

func (m *amd64) FMAScalar(acc, scalar, b Reg) { m.FMA(acc, scalar, b) }

func (r *rows) FMA(acc Reg, i int, b Reg) {
	if r.fmaElement == nil {
		r.FMAScalar(acc, r.Scalar(i), b)
		return
	}
	r.do(r.fmaElement(r.mem(i, 0), b, acc))
}

func (m *amd64) LoadWord(p Reg, off int) Reg {
	r := m.ctx.GP64()
	m.do(x86.MOVQ(mem(p, off), r))
	return r
}

func (m *amd64) StoreWord(r, p Reg, off int) { m.do(x86.MOVQ(r, mem(p, off))) }

func (m *amd64) Prefetch(p Reg)              { m.do(x86.PREFETCHT0(mem(p, 0))) }
func (m *amd64) PrefetchNext(p Reg, off int) { m.do(x86.PREFETCHT1(mem(p, off))) }

// PrefetchLater: of rows at random places a core drops a fourth if it is PREFETCHT1, and little if it is PREFETCHT0
// (Zen 5). It drops all if loads from L2 keep it busy meanwhile, as they do in tiles of whole lines.
func (m *amd64) PrefetchLater(p Reg, off int) { m.do(x86.PREFETCHT0(mem(p, off))) }

func (m *amd64) LoadMasked(p Reg, off int, mask Mask) Reg { return m.loadMasked(mem(p, off), mask) }

// unpack returns the low halves of every 16 bytes of a and b, in turns, and the high halves.
func (m *amd64) unpack(a, b Reg) (lo, hi Reg) {
	return m.op3(x86.VUNPCKLPD, x86.VUNPCKLPD, a, b), m.op3(x86.VUNPCKHPD, x86.VUNPCKHPD, a, b)
}

// evens and odds are the elements of every 16 bytes of a and b: a0 a2 b0 b2, and a1 a3 b1 b3.
func (m *amd64) evensOdds(a, b Reg) (evens, odds Reg) {
	evens, odds = m.vec(), m.vec()
	m.do(x86.VSHUFPS(operand.Imm(0x88), b, a, evens))
	m.do(x86.VSHUFPS(operand.Imm(0xdd), b, a, odds))
	return evens, odds
}

// foldBlocks folds what is left of lines in blocks of 16 bytes: block[i] returns a vector of which the blocks
// are those of line i, i+step, i+2*step, ...
func (m *amd64) foldBlocks(step int, block func(i int) Reg) Reg {
	if m.elem == 8 {
		return m.Add(m.unpack(block(0), block(1)))
	}
	low := m.Add(m.unpack(block(0), block(1)))
	return m.Add(m.evensOdds(low, m.Add(m.unpack(block(2), block(3)))))
}

// transposeBlocks transposes every square of 16 bytes by 16 bytes in 4 rows (float64: 2).
func (m *amd64) transposeBlocks(rows []Reg) []Reg {
	if m.elem == 8 {
		lo, hi := m.unpack(rows[0], rows[1])
		return []Reg{lo, hi}
	}
	lo01, hi01 := m.op3(x86.VUNPCKLPS, nil, rows[0], rows[1]), m.op3(x86.VUNPCKHPS, nil, rows[0], rows[1])
	lo23, hi23 := m.op3(x86.VUNPCKLPS, nil, rows[2], rows[3]), m.op3(x86.VUNPCKHPS, nil, rows[2], rows[3])
	c0, c1 := m.unpack(lo01, lo23)
	c2, c3 := m.unpack(hi01, hi23)
	return []Reg{c0, c1, c2, c3}
}

// front is the first 16, 32 or 64 bytes of a vector.
func front(v Reg, bytes int) Reg {
	switch v := v.(reg.VecVirtual); bytes {
	case 16:
		return v.AsX()
	case 32:
		return v.AsY()
	default:
		return v
	}
}

// sets adds an instruction that sets the front of v, and what follows to zeros.
func (m *amd64) sets(v Reg) func(*ir.Instruction, error) {
	return func(i *ir.Instruction, err error) {
		if err == nil {
			i.Outputs = []operand.Op{v} // or avo takes the rest for what it was
		}
		m.do(i, err)
	}
}

func (m *amd64) Spread(v Reg, i int) Reg {
	which := map[int]uint64{4: 0b01010101, 8: 0b11111111}[m.elem] * uint64(i) // for each lane of 4, or of 8
	d := m.vec()
	m.do(pick(m, anyForm(x86.VPERMILPS), anyForm(x86.VPERMILPD))(operand.Imm(which), v, d))
	return d
}

// Narrow storage: see storing.

func (m *amd64) Word(bits uint64) Reg { return m.word(bits) }

func (m *amd64) Words(name string, words []uint64) Reg {
	m.file.shared().need(name, words)
	v := m.vec()
	at := operand.NewDataAddr(operand.Symbol{Name: "·" + sharedName(name)}, 0)
	m.do(x86.VMOVUPS(at, v))
	return v
}

func (m *amd64) AddInt(a, b Reg) Reg  { return m.op3(x86.VPADDD, nil, a, b) }
func (m *amd64) MulInt(a, b Reg) Reg  { return m.op3(x86.VPMULLD, nil, a, b) }
func (m *amd64) Xor(a, b Reg) Reg     { return m.op3(x86.VXORPS, nil, a, b) }
func (m *amd64) AndBits(a, b Reg) Reg { return m.and(a, b) }
func (m *amd64) OrBits(a, b Reg) Reg  { return m.or(a, b) }
func (m *amd64) SubInt(a, b Reg) Reg  { return m.op3(x86.VPSUBD, nil, a, b) }
func (m *amd64) MaxInt(a, b Reg) Reg  { return m.op3(x86.VPMAXSD, nil, a, b) }
func (m *amd64) MinInt(a, b Reg) Reg  { return m.op3(x86.VPMINSD, nil, a, b) }

func (m *amd64) ShiftSigned(a Reg, n int) Reg {
	d := m.vec()
	m.do(x86.VPSRAD(operand.Imm(uint64(n)), a, d))
	return d
}

func (m *amd64) WidenBytes(p Reg, off int) Reg {
	v := m.vec()
	m.do(x86.VPMOVZXBD(mem(p, off), v))
	return v
}

func (m *amd64) BroadcastByte(p Reg) Reg {
	r, v := m.ctx.GP32(), m.vec()
	m.do(x86.MOVBLZX(mem(p, 0), r))
	x := front(v, 16)
	m.sets(v)(x86.VMOVD(r, x))
	m.do(x86.VPBROADCASTD(x, v))
	return v
}

func (m *amd64) StoreByte(v, p Reg) {
	r := m.ctx.GP32()
	m.do(x86.VMOVD(front(v, 16), r))
	m.do(x86.MOVB(r.As8(), mem(p, 0)))
}

func (m *amd64) ShiftLeft(a Reg, n int) Reg {
	d := m.vec()
	m.do(x86.VPSLLD(operand.Imm(uint64(n)), a, d))
	return d
}

func (m *amd64) ShiftRight(a Reg, n int) Reg {
	d := m.vec()
	m.do(x86.VPSRLD(operand.Imm(uint64(n)), a, d))
	return d
}

// Widen: of even and odd places it takes no shuffle.
func (m *amd64) Widen(p Reg, off int, split bool) (a, b Reg) {
	if split {
		v := m.Load(p, off)
		return m.ShiftLeft(v, 16), m.and(v, m.word(0xffff0000))
	}
	half := func(off int) Reg {
		v := m.vec()
		m.do(x86.VPMOVZXWD(mem(p, off), v))
		return m.ShiftLeft(v, 16)
	}
	return half(off), half(off + m.isa.VecBytes/2)
}

func (m *amd64) loadFloat16(p Reg, off int) Reg {
	v := m.vec()
	m.do(x86.VCVTPH2PS(mem(p, off), v))
	return v
}

func (m *amd64) StoreFloat16(v, p Reg, off int) {
	const nearestEven = operand.U8(0)
	m.do(x86.VCVTPS2PH(nearestEven, v, mem(p, off)))
}

// packed is the first 16 bits of all lanes of a and b, by blocks of 8 bytes: of a, of b, of a ...
func (m *amd64) packed(a, b Reg) Reg {
	return m.op3(x86.VPACKUSDW, nil, m.ShiftRight(a, 16), m.ShiftRight(b, 16))
}
