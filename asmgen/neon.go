package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/mmcloughlin/avo/reg"

	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// neon is arm64's 128-bit vectors, 32 of them.
type neon struct{ arm64 }

func newNEON(f file, s isa, elem int) Machine { return &neon{newARM64(f, s, elem)} }

func (m *neon) Vector() Reg { return m.ctx.XMM() }

// shape is the arrangement of whole vectors in Go's spelling.
func (m *neon) shape() string {
	if m.elem == 4 {
		return "S4"
	}
	return "D2"
}

// encoded adds an instruction from the table.
func (m *neon) encoded(e encoded, src ...Reg) Reg {
	d := m.Vector()
	m.inst([]Reg{d}, src, func(r []int) (string, string) {
		word, comment := e.word(m.elem, r[0], r[1], r[len(r)-1])
		return "WORD", fmt.Sprintf("$0x%08x // %s", word, comment)
	})
	return d
}

// native adds an instruction of three vectors that Go's assembler has: d = a op b, b spelled first.
func (m *neon) native(opcode, shape string, a, b Reg) Reg {
	d := m.Vector()
	m.inst([]Reg{d}, []Reg{a, b}, spelled(opcode, strings.ReplaceAll("V%[3]d.#, V%[2]d.#, V%[1]d.#", "#", shape)))
	return d
}

// update adds an instruction of three vectors that also reads d: d = op(d, a, b), b spelled first.
func (m *neon) update(opcode, shape string, d, a, b Reg) {
	m.inst([]Reg{d}, []Reg{d, a, b},
		spelled(opcode, strings.ReplaceAll("V%[4]d.#, V%[3]d.#, V%[1]d.#", "#", shape)))
}

func (m *neon) Fixed(i int) Reg { return fixed(i, reg.S128) }

func (m *neon) Load(p Reg, off int) Reg {
	v := m.Vector()
	m.LoadTo(v, p, off)
	return v
}

func (m *neon) LoadTo(v, p Reg, off int) {
	m.inst([]Reg{v}, []Reg{p}, spelled("FMOVQ", fmt.Sprintf("%d(R%%[2]d), F%%[1]d", off)))
}

func (m *neon) LoadAs(s table.Storage, p Reg, off int) Reg {
	switch s {
	case table.Byte:
		return m.loadBytes(p, off)
	case table.Float16:
		v := m.Vector()
		m.inst([]Reg{v}, []Reg{p}, spelled("FMOVD", fmt.Sprintf("%d(R%%[2]d), F%%[1]d", off)))
		return m.half(fcvtl, v)
	}
	return m.Load(p, off)
}

func (m *neon) loadBytes(p Reg, off int) Reg {
	load, shapes := "MOVWU", []string{"B8", "H8", "H4", "S4"}
	if m.elem == 8 {
		load, shapes = "MOVHU", append(shapes, "S2", "D2")
	}
	r, v := m.ctx.GP64(), m.Vector()
	m.inst([]Reg{r}, []Reg{p}, spelled(load, fmt.Sprintf("%d(R%%[2]d), R%%[1]d", off)))
	m.inst([]Reg{v}, []Reg{r}, spelled("FMOVD", "R%[2]d, F%[1]d"))
	for ; len(shapes) > 0; shapes = shapes[2:] {
		wide := m.Vector()
		m.inst([]Reg{wide}, []Reg{v}, spelled("VUXTL", "V%[2]d."+shapes[0]+", V%[1]d."+shapes[1]))
		v = wide
	}
	return m.encoded(ucvtf, v)
}

func (m *neon) Store(v, p Reg, off int) {
	m.inst(nil, []Reg{v, p}, spelled("FMOVQ", fmt.Sprintf("F%%[1]d, %d(R%%[2]d)", off)))
}

func (m *neon) CopyBytes(p Reg, off int, from Reg, fromOff, n int) {
	move, v := map[int]string{4: "FMOVS", 8: "FMOVD", 16: "FMOVQ"}[n], m.Vector()
	m.inst([]Reg{v}, []Reg{from}, spelled(move, fmt.Sprintf("%d(R%%[2]d), F%%[1]d", fromOff)))
	m.inst(nil, []Reg{v, p}, spelled(move, fmt.Sprintf("F%%[1]d, %d(R%%[2]d)", off)))
}

func (m *neon) Move(dst, src Reg) {
	i := m.inst([]Reg{dst}, []Reg{src}, spelled("VORR", "V%[2]d.B16, V%[2]d.B16, V%[1]d.B16"))
	i.Opcode = moveOpcode // spell drops it if both are one register
}

func (m *neon) Broadcast(p Reg, off int) Reg {
	load, lane := "FMOVS", "S"
	if m.elem == 8 {
		load, lane = "FMOVD", "D"
	}
	s, v := m.Vector(), m.Vector()
	m.inst([]Reg{s}, []Reg{p}, spelled(load, fmt.Sprintf("%d(R%%[2]d), F%%[1]d", off)))
	m.inst([]Reg{v}, []Reg{s}, spelled("VDUP", "V%[2]d."+lane+"[0], V%[1]d."+m.shape()))
	return v
}

func (m *neon) Zero() Reg {
	v := m.Vector()
	m.SetZero(v)
	return v
}

func (m *neon) SetZero(v Reg) {
	m.inst([]Reg{v}, nil, spelled("VEOR", "V%[1]d.B16, V%[1]d.B16, V%[1]d.B16"))
}

// constant returns bits in every lane.
func (m *neon) constant(bits32 uint32, bits64 uint64) Reg {
	bits := bits64
	if m.elem == 4 {
		bits = uint64(bits32)
	}
	r, v := m.ctx.GP64(), m.Vector()
	m.inst([]Reg{r}, nil, spelled("MOVD", fmt.Sprintf("$0x%x, R%%d", bits)))
	m.inst([]Reg{v}, []Reg{r}, spelled("VDUP", "R%[2]d, V%[1]d."+m.shape()))
	return v
}

func (m *neon) Add(a, b Reg) Reg { return m.encoded(fadd, a, b) }
func (m *neon) Sub(a, b Reg) Reg { return m.encoded(fsub, a, b) }
func (m *neon) Mul(a, b Reg) Reg { return m.encoded(fmul, a, b) }
func (m *neon) WithLoad(op program.Op, a, p Reg, off int) Reg {
	return arithmetic(m, op, a, m.Load(p, off))
}
func (m *neon) Div(a, b Reg) Reg { return m.encoded(fdiv, a, b) }
func (m *neon) Sqrt(a Reg) Reg   { return m.encoded(fsqrt, a) }
func (m *neon) Round(a Reg) Reg  { return m.encoded(frintn, a) }

func (m *neon) FMA(acc, a, b Reg) { m.update("VFMLA", m.shape(), acc, a, b) }

func (m *neon) FMASub(acc, a, b Reg) { m.update("VFMLS", m.shape(), acc, a, b) }

func (m *neon) Literal(c float64) Reg {
	return m.constant(math.Float32bits(float32(c)), math.Float64bits(c))
}

// FRSQRTE has 8 bits, to which FRSQRTS, (3 - a*b)/2, adds as many.
func (m *neon) Refinement() refinement {
	if m.elem == 4 {
		return refinement{.5, []float64{1}, -40}
	}
	return refinement{.5 - 0x1p-54, []float64{2.5, 1.5 + 0x1p-26, 1}, -450}
}

func (m *neon) HalfRoots(do *ops, twice, h []Reg) {
	n, x4, p := len(h), make([]Reg, len(h)), make([]Reg, len(h))
	do.together(n, func(i int) { x4[i] = m.Add(twice[i], twice[i]) })
	do.together(n, func(i int) { h[i] = m.encoded(frsqrte, x4[i]) })
	do.together(n, func(i int) { p[i] = m.Mul(x4[i], h[i]) })
	do.together(n, func(i int) { p[i] = m.encoded(frsqrts, p[i], h[i]) })
	do.together(n, func(i int) { h[i] = m.Mul(h[i], p[i]) })
}

// Unfit: FMIN is NaN if either is. No root is infinite: that of an infinite 4*x is NaN, as of 0 or of what is negative.
func (m *neon) Unfit(roots []Reg) Reg {
	least := roots[0]
	for _, r := range roots[1:] {
		least = m.encoded(fmin, least, r)
	}
	return m.notAll(m.encoded(fcmge, least, m.Literal(math.Ldexp(1, m.Refinement().least))))
}

// notAll returns a register that is 0 if all lanes of a mask are ones.
func (m *neon) notAll(mask Reg) Reg {
	all, bits := m.Vector(), m.ctx.GP64()
	m.inst([]Reg{all}, []Reg{mask}, func(r []int) (string, string) {
		word, comment := uminpWords(r[0], r[1], r[1])
		return "WORD", fmt.Sprintf("$0x%08x // %s", word, comment)
	})
	m.inst([]Reg{bits}, []Reg{all}, spelled("FMOVD", "F%[2]d, R%[1]d"))
	m.AddImm(bits, 1) // all ones to 0
	return bits
}

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

func (m *neon) Select(a, b, yes, no Reg) Reg {
	d := m.encoded(fcmgt, a, b)
	m.update("VBSL", "B16", d, yes, no)
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

func (m *neon) Constants(_ string, c []float64) func(i int) Reg {
	v := each(len(c), func(i int) Reg { return m.constant(0, math.Float64bits(c[i])) })
	return func(i int) Reg { return v[i] }
}

func (m *neon) PowerOf2() func(a, k Reg) Reg {
	return powerOf2(m, func(v Reg) Reg {
		d := m.Vector()
		m.inst([]Reg{d}, []Reg{v}, spelled("VSHL", "$52, V%[2]d.D2, V%[1]d.D2"))
		return d
	})
}

// MaxMagnitude: FMAX returns NaN if either operand is one, and there are no negative zeros here.
func (m *neon) MaxMagnitude() func(a, b Reg) Reg {
	return func(a, b Reg) Reg { return m.encoded(fmax, a, m.encoded(fabs, b)) }
}

// Matrices.

// rowPointers are rows with a register each.
type rowPointers struct {
	*neon
	rows []Reg
}

func (m *neon) VectorRows(p, stride Reg, n int) RowsInPlace {
	r := rowPointers{m, []Reg{p}}
	for len(r.rows) < n {
		p = m.Copy(p)
		m.AddReg(p, stride)
		r.rows = append(r.rows, p)
	}
	return r
}

func (r rowPointers) Load(i, off int) Reg { return r.neon.Load(r.rows[i], off) }
func (r rowPointers) LoadMasked(i, off int, mask Mask) Reg {
	return r.neon.LoadMasked(r.rows[i], off, mask)
}

func (r rowPointers) Advance(by Reg) {
	for _, p := range r.rows {
		r.AddReg(p, by)
	}
}

func (r rowPointers) Ahead(by Reg) Lines { return linesAhead{r, by} }

// linesAhead are an offset from rows, which takes one register, and move as those do.
type linesAhead struct {
	rowPointers
	by Reg
}

func (l linesAhead) Fetch(i int) {
	l.inst(nil, []Reg{l.rows[i], l.by}, func(r []int) (string, string) {
		word, comment := prefetchOffset(r[0], r[1])
		return "WORD", fmt.Sprintf("$0x%08x // %s", word, comment)
	})
}

func (l linesAhead) Advance(Reg) {}

// rowOffsets are rows of which single elements are read, for which there are loads with an offset in a register:
// every fourth row has a register of its own.
type rowOffsets struct {
	*neon
	bases, offsets []Reg
}

func (m *neon) ScalarRows(p, stride Reg, n int) Scalars {
	r := rowOffsets{m, []Reg{p}, nil}
	sum := m.Copy(stride)
	for i := 1; i < min(n, 4); i++ {
		r.offsets = append(r.offsets, sum)
		sum = m.Copy(sum)
		m.AddReg(sum, stride)
	}
	for len(r.bases) < (n+3)/4 {
		p = m.Copy(p)
		m.AddReg(p, sum)
		r.bases = append(r.bases, p)
	}
	return r
}

func (r rowOffsets) Scalar(i int) Reg {
	v, opcode := r.Vector(), "FMOVS"
	if r.elem == 8 {
		opcode = "FMOVD"
	}
	if i%4 == 0 {
		r.inst([]Reg{v}, []Reg{r.bases[i/4]}, spelled(opcode, "(R%[2]d), F%[1]d"))
	} else {
		r.inst([]Reg{v}, []Reg{r.bases[i/4], r.offsets[i%4-1]}, spelled(opcode, "(R%[2]d)(R%[3]d), F%[1]d"))
	}
	return v
}

func (r rowOffsets) FMA(acc Reg, i int, b Reg) { r.FMAScalar(acc, r.Scalar(i), b) }

func (r rowOffsets) Advance(by Reg) {
	for _, p := range r.bases {
		r.AddReg(p, by)
	}
}

// FMAScalar multiplies by the lowest lane of scalar.
func (m *neon) FMAScalar(acc, scalar, b Reg) {
	m.inst([]Reg{acc}, []Reg{acc, scalar, b}, func(r []int) (string, string) {
		word, comment := fmlaElement(m.elem, r[0], r[3], r[2])
		return "WORD", fmt.Sprintf("$0x%08x // %s", word, comment)
	})
}

func (m *neon) Mask(count Reg, i int) Mask {
	m.file.shared().needMasks()
	p, bytes := m.ctx.GP64(), m.Copy(count)
	m.inst([]Reg{p}, nil, spelled("MOVD", fmt.Sprintf("$·%s+%d(SB), R%%d", sharedName(lineMask), lineBytes)))
	m.Shift(bytes, log2(m.elem))
	m.inst([]Reg{p}, []Reg{p, bytes}, spelled("SUB", "R%[3]d, R%[1]d"))
	left := m.Copy(count)
	m.inPlace("SUB", i*m.isa.VecBytes/m.elem, left)
	return Mask{left, m.Load(p, i*m.isa.VecBytes)}
}

// parts goes through the 8 bytes and the 4 bytes of which a masked vector that is not whole consists. Its elements
// are two 8-byte numbers or four of 4 bytes, of which fewer than all are there.
func (m *neon) parts(p Reg, off int, mask Mask, whole func(), pair func(p Reg), single func(p Reg, lane int)) {
	done, partial := m.label("masked"), m.label("partial")
	lanes := m.isa.VecBytes / m.elem
	m.inst(nil, []Reg{mask.count}, spelled("CMP", fmt.Sprintf("$%d, R%%d", lanes)))
	m.branch(partial, nil, "BLT", "")
	whole()
	m.branch(done, nil, "B", "")
	m.ctx.Label(partial)
	at := m.Copy(p)
	m.AddImm(at, off)
	if m.elem == 8 {
		m.IfMore(mask.count, 0, func() { single(at, 0) })
	} else {
		m.IfMore(mask.count, 1, func() {
			pair(at)
			m.IfMore(mask.count, 2, func() {
				m.AddImm(at, 8)
				single(at, 2)
			})
			m.branch(done, nil, "B", "")
		})
		m.IfMore(mask.count, 0, func() { single(at, 0) })
	}
	m.ctx.Label(done)
}

// lane names a lane of elements.
func (m *neon) lane(i int) string {
	if m.elem == 4 {
		return fmt.Sprintf("S[%d]", i)
	}
	return fmt.Sprintf("D[%d]", i)
}

func (m *neon) LoadMasked(p Reg, off int, mask Mask) Reg {
	v := m.Zero()
	m.parts(p, off, mask,
		func() { m.LoadTo(v, p, off) },
		func(at Reg) { m.inst([]Reg{v}, []Reg{at}, spelled("FMOVD", "(R%[2]d), F%[1]d")) },
		func(at Reg, i int) {
			m.inst([]Reg{v}, []Reg{v, at}, spelled("VLD1", fmt.Sprintf("(R%%[3]d), V%%[1]d.%s", m.lane(i))))
		})
	return v
}

func (m *neon) StoreMasked(v, p Reg, off int, mask Mask) {
	m.parts(p, off, mask,
		func() { m.Store(v, p, off) },
		func(at Reg) { m.inst(nil, []Reg{v, at}, spelled("FMOVD", "F%[1]d, (R%[2]d)")) },
		func(at Reg, i int) {
			m.inst(nil, []Reg{v, at}, spelled("VST1", fmt.Sprintf("V%%[1]d.%s, (R%%[2]d)", m.lane(i))))
		})
}

func (m *neon) StoreRowsMasked(rows []Reg, p, stride Reg, mask Mask) {
	for i, v := range rows {
		m.StoreMasked(v, p, 0, mask)
		if i < len(rows)-1 {
			m.AddReg(p, stride)
		}
	}
}

func (m *neon) FMAMasked(acc, a, b Reg, mask Mask) {
	t := m.Vector()
	m.Move(t, acc)
	m.FMA(t, a, b)
	m.update("VBIT", "B16", acc, t, mask.lanes)
}

// zip1 is the low halves of a and b, zip2 the high ones.
func (m *neon) zip1(a, b Reg) Reg { return m.native("VZIP1", "D2", a, b) }
func (m *neon) zip2(a, b Reg) Reg { return m.native("VZIP2", "D2", a, b) }

func (m *neon) SwapHalves(a Reg, bytes int) Reg {
	v := m.Vector()
	if bytes == 16 {
		m.inst([]Reg{v}, []Reg{a}, spelled("VEXT", "$8, V%[2]d.B16, V%[2]d.B16, V%[1]d.B16"))
	} else {
		m.inst([]Reg{v}, []Reg{a}, spelled("VREV64", "V%[2]d.S4, V%[1]d.S4"))
	}
	return v
}

func (m *neon) Return(v Reg) {
	at, err := m.ctx.ReturnIndex(0).Resolve()
	if err != nil {
		panic(err)
	}
	store := "FMOVS"
	if m.elem == 8 {
		store = "FMOVD"
	}
	m.inst(nil, []Reg{v}, spelled(store, "F%d, "+at.Addr.Asm()))
}

func (m *neon) FoldLines(_ int, load func(n, i int) Reg) Reg {
	line := func(n int) Reg { // its fold to one vector
		sums := each(lineBytes/m.isa.VecBytes, func(i int) Reg { return load(n, i) })
		for ; len(sums) > 1; sums = sums[:len(sums)/2] {
			for i := range len(sums) / 2 {
				sums[i] = m.Add(sums[i], sums[len(sums)/2+i])
			}
		}
		return sums[0]
	}
	halve := func(a, b Reg) Reg { return m.Add(m.zip1(a, b), m.zip2(a, b)) }
	sums := halve(line(0), line(1))
	if m.elem == 4 {
		high := halve(line(2), line(3))
		sums = m.Add(m.native("VUZP1", "S4", sums, high), m.native("VUZP2", "S4", sums, high))
	}
	return sums
}

func (m *neon) Transpose(rows []Reg) []Reg {
	if m.elem == 8 {
		return []Reg{m.zip1(rows[0], rows[1]), m.zip2(rows[0], rows[1])}
	}
	even, odd := m.native("VTRN1", "S4", rows[0], rows[1]), m.native("VTRN2", "S4", rows[0], rows[1])
	even2, odd2 := m.native("VTRN1", "S4", rows[2], rows[3]), m.native("VTRN2", "S4", rows[2], rows[3])
	return []Reg{m.zip1(even, even2), m.zip1(odd, odd2), m.zip2(even, even2), m.zip2(odd, odd2)}
}

func (m *neon) Scratch(bytes int) Reg {
	m.ctx.AllocLocal(bytes)
	r := m.ctx.GP64()
	m.inst([]Reg{r}, nil, spelled("MOVD", fmt.Sprintf("$scratch-%d(SP), R%%d", bytes)))
	return r
}

func (m *neon) SetReg(r, s Reg) { m.inst([]Reg{r}, []Reg{s}, spelled("MOVD", "R%[2]d, R%[1]d")) }

// Narrow storage: see storing.

func (m *neon) Registers() int { return 32 }

func (m *neon) Word(bits uint64) Reg { return m.constant(uint32(bits), bits) }

func (m *neon) Words(name string, words []uint64) Reg {
	m.file.shared().need(name, words)
	p := m.ctx.GP64()
	m.inst([]Reg{p}, nil, spelled("MOVD", fmt.Sprintf("$·%s+0(SB), R%%d", sharedName(name))))
	return m.Load(p, 0)
}

func (m *neon) AddInt(a, b Reg) Reg  { return m.native("VADD", "S4", a, b) }
func (m *neon) MulInt(a, b Reg) Reg  { return m.words(mulInt, a, b) }
func (m *neon) Xor(a, b Reg) Reg     { return m.native("VEOR", "B16", a, b) }
func (m *neon) Xor3(a, b, c Reg) Reg { return m.Xor(m.Xor(a, b), c) }
func (m *neon) AndBits(a, b Reg) Reg { return m.native("VAND", "B16", a, b) }

func (m *neon) OrBits(a, b Reg) Reg { return m.native("VORR", "B16", a, b) }
func (m *neon) SubInt(a, b Reg) Reg { return m.native("VSUB", "S4", a, b) }
func (m *neon) MaxInt(a, b Reg) Reg { return m.words(smax, a, b) }
func (m *neon) MinInt(a, b Reg) Reg { return m.words(smin, a, b) }

// words adds an instruction of three vectors of 32-bit words.
func (m *neon) words(of wordInstruction, a, b Reg) Reg {
	d := m.Vector()
	m.inst([]Reg{d}, []Reg{a, b}, func(r []int) (string, string) {
		word, comment := of.word(r[0], r[1], r[2])
		return "WORD", fmt.Sprintf("$0x%08x // %s", word, comment)
	})
	return d
}

func (m *neon) ShiftSigned(a Reg, n int) Reg {
	d := m.Vector()
	m.inst([]Reg{d}, []Reg{a}, func(r []int) (string, string) {
		word, comment := sshrWords(r[0], r[1], n)
		return "WORD", fmt.Sprintf("$0x%08x // %s", word, comment)
	})
	return d
}

func (m *neon) IfNotZero(of, v Reg) Reg {
	m.update("VBIF", "B16", v, m.Zero(), m.words(cmtst, of, of))
	return v
}

func (m *neon) WidenBytes(p Reg, off int) Reg {
	r, v := m.ctx.GP64(), m.Vector()
	m.inst([]Reg{r}, []Reg{p}, spelled("MOVWU", fmt.Sprintf("%d(R%%[2]d), R%%[1]d", off)))
	m.inst([]Reg{v}, []Reg{r}, spelled("FMOVD", "R%[2]d, F%[1]d"))
	m.inst([]Reg{v}, []Reg{v}, spelled("VUXTL", "V%[2]d.B8, V%[1]d.H8"))
	m.inst([]Reg{v}, []Reg{v}, spelled("VUXTL", "V%[2]d.H4, V%[1]d.S4"))
	return v
}

func (m *neon) BroadcastByte(p Reg) Reg {
	r, v := m.ctx.GP64(), m.Vector()
	m.inst([]Reg{r}, []Reg{p}, spelled("MOVBU", "(R%[2]d), R%[1]d"))
	m.inst([]Reg{v}, []Reg{r}, spelled("VDUP", "R%[2]d, V%[1]d.S4"))
	return v
}

func (m *neon) StoreByte(v, p Reg) {
	m.inst(nil, []Reg{v, p}, spelled("VST1", "V%[1]d.B[0], (R%[2]d)"))
}

func (m *neon) StoreBytes(v []Reg, p Reg, off int) {
	low, high := m.native("VUZP1", "H8", v[0], v[1]), m.native("VUZP1", "H8", v[2], v[3])
	m.Store(m.native("VUZP1", "B16", low, high), p, off)
}

// half adds a conversion between a vector and half of one, of float16.
func (m *neon) half(of halfInstruction, a Reg) Reg {
	d := m.Vector()
	m.inst([]Reg{d}, []Reg{a}, func(r []int) (string, string) {
		word, comment := of.word(r[0], r[1])
		return "WORD", fmt.Sprintf("$0x%08x // %s", word, comment)
	})
	return d
}

func (m *neon) StoreFloat16(v, p Reg, off int) {
	m.inst(nil, []Reg{m.half(fcvtn, v), p}, spelled("FMOVD", fmt.Sprintf("F%%[1]d, %d(R%%[2]d)", off)))
}

func (m *neon) shift(opcode string, a Reg, n int) Reg {
	d := m.Vector()
	m.inst([]Reg{d}, []Reg{a}, spelled(opcode, fmt.Sprintf("$%d, V%%[2]d.S4, V%%[1]d.S4", n)))
	return d
}

func (m *neon) ShiftLeft(a Reg, n int) Reg  { return m.shift("VSHL", a, n) }
func (m *neon) ShiftRight(a Reg, n int) Reg { return m.shift("VUSHR", a, n) }

func (m *neon) Widen(p Reg, off int, split bool) (a, b Reg) {
	v := m.Load(p, off)
	if split {
		return m.ShiftLeft(v, 16), m.ShiftLeft(m.ShiftRight(v, 16), 16)
	}
	zero := m.Zero()
	return m.native("VZIP1", "H8", zero, v), m.native("VZIP2", "H8", zero, v)
}

// Narrow: SRI shifts a into b's low halves.
func (m *neon) Narrow(a, b, p Reg, off int, split bool) {
	v := b
	if split {
		v = m.Vector()
		m.Move(v, b)
		m.inst([]Reg{v}, []Reg{v, a}, spelled("VSRI", "$16, V%[3]d.S4, V%[1]d.S4"))
	} else {
		v = m.native("VUZP2", "H8", a, b)
	}
	m.Store(v, p, off)
}

// AnyNaN: FMIN is NaN if either is.
func (m *neon) AnyNaN(v []Reg) Reg {
	least := v[0]
	for _, r := range v[1:] {
		least = m.encoded(fmin, least, r)
	}
	return m.notAll(m.encoded(fcmeq, least, least))
}

func (m *neon) NoPayload(v, nan Reg) { m.update("VBIF", "B16", v, nan, m.encoded(fcmeq, v, v)) }
