package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
	"github.com/mmcloughlin/avo/x86"

	"github.com/bitstep-go/bitstep/kernels/table"
)

// avx512 is AVX-512 F, DQ, BW and VL: 32 vectors of 64 bytes.
type avx512 struct{ amd64 }

func newAVX512(f file, s isa, elem int) Machine {
	m := &avx512{newAMD64(f, s, elem)}
	m.vec = func() Reg { return m.ctx.ZMM() }
	m.mask = func(v Reg) { // from zeros: or it waits for what v held (Zen 5), such as the last call's result
		m.SetZero(v)
		m.do(x86.VPTERNLOGD(operand.Imm(0xff), v, v, v))
	}
	m.loadMasked = func(at operand.Mem, mask Mask) Reg {
		v := m.vec()
		m.do(pick(&m.amd64, x86.VMOVUPS_Z, x86.VMOVUPD_Z)(at, mask.lanes, v))
		return v
	}
	m.fmaElement = pick(&m.amd64, x86.VFMADD231PS_BCST, x86.VFMADD231PD_BCST)
	return m
}

func (m *avx512) Fixed(i int) Reg { return fixed(i, reg.S512) }

func (m *avx512) Zero() Reg {
	v := m.vec()
	m.SetZero(v)
	return v
}

func (m *avx512) SetZero(v Reg) {
	i, err := x86.VPXORD(v, v, v)
	if err == nil {
		i.CancellingInputs = true // avo knows that of VPXOR only
	}
	m.do(i, err)
}

func (m *avx512) LoadAs(s table.Storage, p Reg, off int) Reg {
	switch s {
	case table.Byte:
		return m.loadBytes(p, off, m.ctx.YMM())
	case table.Float16:
		return m.loadFloat16(p, off)
	}
	return m.Load(p, off)
}

// Sign: VFIXUPIMM chooses by what a number is, for each kind four bits of the table: 1 is the number itself, 8 is +0, 9
// is -1, and 10 is 1. From the lowest on: quiet NaN, signaling NaN, zeros, 1, -Inf, +Inf, negative, positive numbers.
func (m *avx512) Sign() func(Reg) Reg {
	table := m.word(0xa9a9a811)
	return func(u Reg) Reg {
		d := m.vec()
		m.Move(d, u)
		m.do(pick(&m.amd64, anyForm(x86.VFIXUPIMMPS), x86.VFIXUPIMMPD)(operand.Imm(0), table, u, d))
		return d
	}
}

func (m *avx512) Select(a, b, yes, no Reg) Reg {
	k, d := m.ctx.K(), m.vec()
	m.do(pick(&m.amd64, anyForm(x86.VCMPPS), x86.VCMPPD)(greater, b, a, k))
	m.do(pick(&m.amd64, anyForm(x86.VBLENDMPS), x86.VBLENDMPD)(yes, no, k, d))
	return d
}

func (m *avx512) Round(a Reg) Reg {
	d := m.vec()
	m.do(pick(&m.amd64, anyForm(x86.VRNDSCALEPS), x86.VRNDSCALEPD)(toNearestEven, a, d))
	return d
}

func (m *avx512) PowerOf2() func(a, k Reg) Reg {
	return func(a, k Reg) Reg { return m.op3(x86.VSCALEFPS, x86.VSCALEFPD, a, k) }
}

func (m *avx512) MaxMagnitude() func(a, b Reg) Reg {
	mask := m.magnitude()
	return func(a, b Reg) Reg {
		return m.op3(x86.VPMAXUD, x86.VPMAXUQ, a, m.and(b, mask))
	}
}

// Mask: a line is one vector. Its bits are 1<<count - 1.
func (m *avx512) Mask(count Reg, _ int) Mask {
	bits, k := m.Int(0), m.ctx.K()
	m.do(x86.BTSQ(count, bits))
	m.do(x86.DECQ(bits))
	m.do(x86.KMOVW(bits.(reg.GP).As32(), k))
	return Mask{count, k}
}

func (m *avx512) StoreMasked(v, p Reg, off int, mask Mask) {
	m.do(pick(&m.amd64, anyForm(x86.VMOVUPS), x86.VMOVUPD)(v, mask.lanes, mem(p, off)))
}

func (m *avx512) StoreRowsMasked(rows []Reg, p, stride Reg, mask Mask) {
	at := m.rows(p, stride, len(rows))
	for i, v := range rows {
		m.do(pick(&m.amd64, anyForm(x86.VMOVUPS), x86.VMOVUPD)(v, mask.lanes, at.mem(i, 0)))
	}
}

func (m *avx512) FMAMasked(acc, a, b Reg, mask Mask) {
	m.do(pick(&m.amd64, anyForm(x86.VFMADD231PS), x86.VFMADD231PD)(a, b, mask.lanes, acc))
}

// choose returns two of the four blocks of 16 bytes of a and of b, by an immediate operand; blocks does so twice.
func (m *avx512) choose(which uint64, a, b Reg) Reg {
	v := m.vec()
	m.do(x86.VSHUFF32X4(operand.Imm(which), b, a, v))
	return v
}

func (m *avx512) blocks(first, second uint64, a, b Reg) (lo, hi Reg) {
	return m.choose(first, a, b), m.choose(second, a, b)
}

// What the immediate operands choose: blocks 0 and 2, 1 and 3; 2, 3, 0 and 1, 1, 0, 3 and 2; of both twice 0, and 0
// and 1.
const (
	evenBlocks, oddBlocks, swapHalves, swapBlocks = 0x88, 0xdd, 0x4e, 0xb1
	firstBlock, firstTwo                          = 0x00, 0x44
)

func (m *avx512) SwapHalves(a Reg, bytes int) Reg {
	switch bytes {
	case 64:
		return m.choose(swapHalves, a, a)
	case 32:
		return m.choose(swapBlocks, a, a)
	}
	return m.swapWithin(a, bytes)
}

// blend returns a, with b's elements where the mask is.
func (m *avx512) blend(a, b, mask Reg) Reg {
	v := m.vec()
	i, err := pick(&m.amd64, anyForm(x86.VBLENDMPS), x86.VBLENDMPD)(b, a, mask, v)
	if err == nil {
		i.Inputs = []operand.Op{a, b, mask} // avo takes v for one, as where others' masks are not
	}
	m.do(i, err)
	return v
}

// blocksMask is the mask of some blocks' elements.
func (m *avx512) blocksMask(blocks ...int) Reg {
	bits, k := 0, m.ctx.K()
	for _, b := range blocks {
		step := 16 / m.elem
		bits |= (1<<step - 1) << (b * step)
	}
	m.do(x86.KMOVW(m.Int(bits).(reg.GP).As32(), k))
	return k
}

// FoldLines adds what it has blended to what it has chosen: blending takes no turn from fma, choosing does, and sums
// are the same whichever comes first.
func (m *avx512) FoldLines(n int, load func(line, i int) Reg) Reg {
	step, upper := 16/m.elem, m.blocksMask(2, 3)
	halves := func(a, b int) Reg {
		x := load(a, 0)
		if b >= n {
			return m.Add(x, m.choose(swapHalves, x, x))
		}
		y := load(b, 0)
		return m.Add(m.blend(x, y, upper), m.choose(swapHalves, x, y))
	}
	if n <= 2*step { // in two blocks
		sums := m.foldBlocks(step, func(i int) Reg {
			v := halves(min(i, n-1), i+step)
			return m.Add(v, m.choose(swapBlocks, v, v))
		})
		return m.choose(evenBlocks, sums, sums)
	}
	odd := m.blocksMask(1, 3)
	return m.foldBlocks(step, func(i int) Reg {
		v, w := halves(i, i+2*step), halves(i+step, i+3*step)
		others := m.blend(w, v, odd)
		return m.Add(m.blend(v, w, odd), m.choose(swapBlocks, others, others))
	})
}

func (m *avx512) Transpose(rows []Reg) []Reg {
	step := len(rows) / 4
	var quarters [4][]Reg // of rows; block j of column i has column j*step+i
	for q := range quarters {
		if rows[q*step] != nil {
			quarters[q] = m.transposeBlocks(rows[q*step:][:step])
		}
	}
	columns := make([]Reg, len(rows))
	for i := range step {
		if quarters[1] == nil {
			v := quarters[0][i]
			columns[i], columns[step+i] = v, m.choose(1, v, v)
			columns[2*step+i], columns[3*step+i] = m.blocks(2, 3, v, v)
			continue
		}
		even01, odd01 := m.blocks(evenBlocks, oddBlocks, quarters[0][i], quarters[1][i])
		if quarters[2] == nil {
			columns[i], columns[2*step+i] = m.blocks(evenBlocks&0xf, oddBlocks&0xf, even01, even01)
			columns[step+i], columns[3*step+i] = m.blocks(evenBlocks&0xf, oddBlocks&0xf, odd01, odd01)
			continue
		}
		if quarters[3] == nil {
			const even, odd = evenBlocks & 0xf, oddBlocks & 0xf
			columns[i], columns[2*step+i] = m.blocks(even|0<<4, odd|2<<4, even01, quarters[2][i])
			columns[step+i], columns[3*step+i] = m.blocks(even|1<<4, odd|3<<4, odd01, quarters[2][i])
			continue
		}
		even23, odd23 := m.blocks(evenBlocks, oddBlocks, quarters[2][i], quarters[3][i])
		columns[i], columns[2*step+i] = m.blocks(evenBlocks, oddBlocks, even01, even23)
		columns[step+i], columns[3*step+i] = m.blocks(evenBlocks, oddBlocks, odd01, odd23)
	}
	return columns
}

// Pieces loads to each block of a vector a piece of another row, blocks and squares in the order of the columns. (A
// masked broadcast of 16 bytes may read all of them, as Bochs does.)
func (m *avx512) Pieces(count Reg, row func(i int) Reg) []Reg {
	step := 16 / m.elem
	whole := pick(&m.amd64, anyForm(x86.VMOVUPS), anyForm(x86.VMOVUPD))
	masked := pick(&m.amd64, x86.VMOVUPS_Z, x86.VMOVUPD_Z)
	insert := pick(&m.amd64, anyForm(x86.VINSERTF32X4), anyForm(x86.VINSERTF64X2))
	var mask Reg
	if count != nil {
		mask = m.Mask(count, 0).lanes
	}
	load := func(i int, x reg.Register) {
		if count != nil {
			m.do(masked(mem(row(i), 0), mask, x))
		} else {
			m.do(whole(mem(row(i), 0), x))
		}
	}
	return m.transposeBlocks(each(step, func(i int) Reg {
		v := m.vec()
		load(i, v.(reg.VecVirtual).AsX())
		for b := 1; b < 4; b++ {
			x := m.ctx.XMM()
			load(b*step+i, x)
			m.do(insert(operand.Imm(uint64(b)), x, v, v))
		}
		return v
	}))
}

func (m *avx512) LoadParts(of RowsInPlace, first, n, parts, off int, mask *Mask) Reg {
	at := func(i int) operand.Mem { return of.(*rows).mem(first+i, off) }
	load := func(i int) Reg {
		if mask != nil {
			return m.loadMasked(at(i), *mask)
		}
		v := m.vec()
		m.sets(v)(pick(&m.amd64, anyForm(x86.VMOVUPS), x86.VMOVUPD)(at(i), front(v, 16)))
		return v
	}
	v := load(0)
	if parts == 2 {
		return m.choose(firstBlock, v, load(n-1))
	}
	insert := pick(&m.amd64, anyForm(x86.VINSERTF32X4), anyForm(x86.VINSERTF64X2))
	for i := 1; i < n; i++ {
		from := operand.Op(at(i))
		if mask != nil {
			from = front(load(i), 16)
		}
		m.do(insert(operand.Imm(uint64(i)), from, v, v))
	}
	return v
}

func (m *avx512) Repeat(p Reg, parts int, mask *Mask) Reg {
	v, bytes := m.vec(), lineBytes/parts
	if mask != nil {
		m.sets(v)(pick(&m.amd64, x86.VMOVUPS_Z, x86.VMOVUPD_Z)(mem(p, 0), mask.lanes, front(v, bytes)))
		return m.choose(map[int]uint64{2: firstTwo, 4: firstBlock}[parts], v, v)
	}
	repeat := pick(&m.amd64, anyForm(x86.VBROADCASTF32X4), anyForm(x86.VBROADCASTF64X2))
	if parts == 2 {
		repeat = pick(&m.amd64, anyForm(x86.VBROADCASTF32X8), anyForm(x86.VBROADCASTF64X4))
	}
	m.do(repeat(mem(p, 0), v))
	return v
}

func (m *avx512) Part(v Reg, i, parts int) Reg {
	if i == 0 {
		return v
	}
	extract := pick(&m.amd64, anyForm(x86.VEXTRACTF32X4), anyForm(x86.VEXTRACTF64X2))
	if parts == 2 {
		extract = pick(&m.amd64, anyForm(x86.VEXTRACTF32X8), anyForm(x86.VEXTRACTF64X4))
	}
	part := m.vec()
	m.sets(part)(extract(operand.Imm(uint64(i)), v, front(part, lineBytes/parts)))
	return part
}

// VRSQRT14PS and VRSQRT14PD are within 2^-14.
func (m *avx512) Refinement() refinement {
	if m.elem == 4 {
		return refinement{.5, []float64{1}, -40}
	}
	return refinement{.5 - 0x1p-54, []float64{2.5, 1.5 + 0x1p-26, 1}, -450}
}

func (m *avx512) HalfRoots(do *ops, twice, h []Reg) {
	do.together(len(h), func(i int) { h[i] = m.Add(twice[i], twice[i]) })
	do.together(len(h), func(i int) { m.do(pick(&m.amd64, anyForm(x86.VRSQRT14PS), x86.VRSQRT14PD)(h[i], h[i])) })
}

func (m *avx512) Unfit(roots []Reg) Reg {
	least := roots[0]
	for _, r := range roots[1:] {
		least = m.op3(x86.VPMINSD, x86.VPMINSQ, least, r)
	}
	k, bits := m.ctx.K(), m.ctx.GP64()
	m.do(pick(&m.amd64, anyForm(x86.VPCMPGTD), x86.VPCMPGTQ)(least, m.Literal(math.Ldexp(1, m.Refinement().least)), k))
	m.do(x86.KMOVW(k, bits.As32()))
	return bits
}

func (m *avx512) Registers() int { return 32 }

func (m *avx512) Xor3(a, b, c Reg) Reg {
	m.do(x86.VPTERNLOGD(operand.Imm(0x96), c, b, a))
	return a
}

// Narrow: of packed blocks the even ones are a's, which come first.
func (m *avx512) Narrow(a, b, p Reg, off int, split bool) {
	var v Reg
	if split { // a's bits, or b's where those of the mask are
		v = m.ShiftRight(a, 16)
		m.do(x86.VPTERNLOGD(operand.Imm(0xf8), m.word(0xffff0000), b, v))
	} else {
		v = m.packed(a, b)
		order := m.Words("evenBlocksFirst", []uint64{0, 2, 4, 6, 1, 3, 5, 7})
		m.do(x86.VPERMQ(v, order, v))
	}
	m.Store(v, p, off)
}

func (m *avx512) AnyNaN(v []Reg) Reg {
	var any Reg
	for i := 0; i < len(v); i += 2 {
		k := m.ctx.K()
		m.do(x86.VCMPPS(unordered, v[i], v[min(i+1, len(v)-1)], k))
		if i > 0 {
			m.do(x86.KORW(any, k, k))
		}
		any = k
	}
	bits := m.ctx.GP64()
	m.do(x86.KMOVW(any, bits.As32()))
	return bits
}

func (m *avx512) NoPayload(v, nan Reg) {
	k := m.ctx.K()
	m.do(x86.VCMPPS(unordered, v, v, k))
	m.do(x86.VMOVAPS(nan, k, v))
}

func (m *avx512) IfNotZero(of, v Reg) Reg {
	k, d := m.ctx.K(), m.vec()
	m.do(x86.VPTESTMD(of, of, k))
	m.do(x86.VMOVAPS_Z(v, k, d))
	return d
}

func (m *avx512) StoreBytes(v []Reg, p Reg, off int) {
	for i, r := range v {
		m.do(x86.VPMOVDB(r, mem(p, off+16*i)))
	}
}
