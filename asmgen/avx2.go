package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
	"github.com/mmcloughlin/avo/x86"

	"github.com/bitstep-go/bitstep/kernels/table"
)

// avx2 is AVX2 with FMA: 16 vectors of 32 bytes.
type avx2 struct{ amd64 }

func newAVX2(f file, s isa, elem int) Machine {
	m := &avx2{newAMD64(f, s, elem)}
	m.vec = func() Reg { return m.ctx.YMM() }
	m.mask = func(v Reg) { m.do(x86.VPCMPEQD(v, v, v)) }
	m.loadMasked = func(at operand.Mem, mask Mask) Reg {
		v := m.Load(mask.lanes, 0)
		m.do(pick(&m.amd64, x86.VMASKMOVPS, x86.VMASKMOVPD)(at, v, v))
		return v
	}
	return m
}

func (m *avx2) Fixed(i int) Reg { return fixed(i, reg.S256) }

func (m *avx2) Zero() Reg {
	v := m.vec()
	m.SetZero(v)
	return v
}

func (m *avx2) SetZero(v Reg) { m.do(x86.VPXOR(v, v, v)) }

func (m *avx2) LoadAs(s table.Storage, p Reg, off int) Reg {
	switch s {
	case table.Byte:
		return m.loadBytes(p, off, m.ctx.XMM())
	case table.Float16:
		return m.loadFloat16(p, off)
	}
	return m.Load(p, off)
}

func (m *avx2) Sign() func(Reg) Reg {
	one, signBit, zero := m.one(), m.signBit(), m.Zero()
	cmp := pick(&m.amd64, anyForm(x86.VCMPPS), x86.VCMPPD)
	return func(u Reg) Reg {
		s := m.or(m.and(u, signBit), one)
		isNumber, isNaN := m.vec(), m.vec()
		m.do(cmp(notEqual, zero, u, isNumber))
		m.do(cmp(unordered, u, u, isNaN)) // all ones is a NaN
		return m.or(m.and(s, isNumber), isNaN)
	}
}

func (m *avx2) Select(a, b, yes, no Reg) Reg {
	d := m.vec()
	m.do(pick(&m.amd64, anyForm(x86.VCMPPS), x86.VCMPPD)(greater, b, a, d))
	m.do(pick(&m.amd64, x86.VBLENDVPS, x86.VBLENDVPD)(d, yes, no, d))
	return d
}

func (m *avx2) Round(a Reg) Reg {
	d := m.vec()
	m.do(pick(&m.amd64, x86.VROUNDPS, x86.VROUNDPD)(toNearestEven, a, d))
	return d
}

func (m *avx2) PowerOf2() func(a, k Reg) Reg {
	return powerOf2(m, func(v Reg) Reg {
		d := m.vec()
		m.do(x86.VPSLLQ(operand.Imm(52), v, d))
		return d
	})
}

// MaxMagnitude: AVX2 has no 64-bit maximum; without signs, the signed comparison serves.
func (m *avx2) MaxMagnitude() func(a, b Reg) Reg {
	mask := m.magnitude()
	return func(a, b Reg) Reg {
		b = m.and(b, mask)
		d := m.vec()
		if m.elem == 4 {
			m.do(x86.VPMAXUD(b, a, d))
			return d
		}
		greater := m.vec()
		m.do(x86.VPCMPGTQ(a, b, greater))
		m.do(x86.VBLENDVPD(greater, b, a, d))
		return d
	}
}

// Mask holds an address, and no vector of the few that there are.
func (m *avx2) Mask(count Reg, i int) Mask {
	p := m.maskLanes(count)
	if i > 0 {
		m.AddImm(p, i*m.isa.VecBytes)
	}
	return Mask{count, p}
}

func (m *avx2) StoreMasked(v, p Reg, off int, mask Mask) {
	m.do(pick(&m.amd64, x86.VMASKMOVPS, x86.VMASKMOVPD)(v, m.Load(mask.lanes, 0), mem(p, off)))
}

// StoreRowsMasked stores 16, 8 and 4 bytes of each row, as the bits of the number of elements tell, and changes the
// rows: a masked store takes many clocks (Zen).
func (m *avx2) StoreRowsMasked(rows []Reg, p, stride Reg, mask Mask) {
	at := m.rows(p, stride, len(rows))
	xmm := func(v Reg) Reg { return v.(reg.VecVirtual).AsX() }
	part := func(bytes int, store anyForm, rest func(v Reg)) {
		done := m.label("part")
		m.do(x86.TESTQ(operand.U32(bytes/m.elem), mask.count))
		m.do(x86.JEQ(operand.LabelRef(done)))
		for i, v := range rows {
			m.do(store(xmm(v), at.mem(i, 0)))
			if rest != nil {
				rest(v)
			}
		}
		for _, base := range at.bases {
			m.AddImm(base, bytes)
		}
		m.ctx.Label(done)
	}
	part(16, x86.VMOVUPS, func(v Reg) { m.do(x86.VEXTRACTF128(operand.Imm(1), v, xmm(v))) })
	if m.elem == 8 {
		part(8, x86.VMOVLPD, nil)
		return
	}
	part(8, x86.VMOVLPS, func(v Reg) { m.do(x86.VUNPCKHPD(xmm(v), xmm(v), xmm(v))) })
	part(4, x86.VMOVSS, nil)
}

func (m *avx2) FMAMasked(acc, a, b Reg, mask Mask) {
	t := m.vec()
	m.Move(t, acc)
	m.FMA(t, a, b)
	m.do(pick(&m.amd64, x86.VBLENDVPS, x86.VBLENDVPD)(m.Load(mask.lanes, 0), t, acc, acc))
}

// blocks returns the low halves of a and b, and the high halves.
func (m *avx2) blocks(a, b Reg) (lo, hi Reg) {
	lo, hi = m.vec(), m.vec()
	m.do(x86.VPERM2F128(operand.Imm(0x20), b, a, lo))
	m.do(x86.VPERM2F128(operand.Imm(0x31), b, a, hi))
	return lo, hi
}

func (m *avx2) SwapHalves(a Reg, bytes int) Reg {
	if bytes < 32 {
		return m.swapWithin(a, bytes)
	}
	d := m.vec()
	m.do(x86.VPERM2F128(operand.Imm(1), a, a, d))
	return d
}

func (m *avx2) FoldLines(n int, load func(n, i int) Reg) Reg {
	half := 16 / m.elem
	line := func(n int) Reg { return m.Add(load(n, 0), load(n, 1)) }
	if m.elem == 4 && n <= half {
		pair := func(i int) Reg { return m.Add(m.blocks(line(i), line(i+2))) }
		pairs := m.Add(m.unpack(pair(0), pair(1)))
		sums := m.Add(m.evensOdds(pairs, pairs)) // 0 1 0 1 2 3 2 3
		m.do(x86.VPERMPD(operand.Imm(0b1000), sums, sums))
		return sums
	}
	return m.foldBlocks(half, func(i int) Reg { return m.Add(m.blocks(line(i), line(i+half))) })
}

func (m *avx2) Transpose(rows []Reg) []Reg {
	half := len(rows) / 2
	upper, columns := m.transposeBlocks(rows[:half]), make([]Reg, len(rows))
	if rows[half] == nil {
		for i, v := range upper {
			high := m.vec()
			m.do(x86.VEXTRACTF128(operand.Imm(1), v, high.(reg.VecVirtual).AsX()))
			columns[i], columns[half+i] = v, high
		}
		return columns
	}
	lower := m.transposeBlocks(rows[half:])
	for i := range half {
		columns[i], columns[half+i] = m.blocks(upper[i], lower[i])
	}
	return columns
}

func (m *avx2) LoadParts(of RowsInPlace, first, n, _, off int, mask *Mask) Reg {
	at := func(i int) operand.Mem { return of.(*rows).mem(first+i, off) }
	if mask != nil {
		v := m.loadMasked(at(0), *mask)
		if n > 1 {
			m.do(x86.VINSERTF128(operand.Imm(1), front(m.loadMasked(at(1), *mask), 16), v, v))
		}
		return v
	}
	v := m.vec()
	m.sets(v)(pick(&m.amd64, anyForm(x86.VMOVUPS), x86.VMOVUPD)(at(0), front(v, 16)))
	if n > 1 {
		m.do(x86.VINSERTF128(operand.Imm(1), at(1), v, v))
	}
	return v
}

func (m *avx2) Repeat(p Reg, _ int, mask *Mask) Reg {
	v := m.vec()
	if mask != nil {
		x := front(v, 16) // what goes past a line, or a page, takes longer
		m.sets(v)(pick(&m.amd64, anyForm(x86.VMOVUPS), x86.VMOVUPD)(mem(mask.lanes, 0), x))
		m.sets(v)(pick(&m.amd64, x86.VMASKMOVPS, x86.VMASKMOVPD)(mem(p, 0), x, x))
		m.do(x86.VINSERTF128(operand.Imm(1), x, v, v))
		return v
	}
	m.do(x86.VBROADCASTF128(mem(p, 0), v))
	return v
}

func (m *avx2) Part(v Reg, i, _ int) Reg {
	if i == 0 {
		return v
	}
	part := m.vec()
	m.sets(part)(x86.VEXTRACTF128(operand.Imm(1), v, front(part, 16)))
	return part
}

// VRSQRTPS is within 1.5*2^-12. For float64 it is refined once, in float32, two vectors at a time.
func (m *avx2) Refinement() refinement {
	if m.elem == 4 {
		return refinement{.5, []float64{1}, -40}
	}
	return refinement{.5 - 0x1p-54, []float64{1.5, 1}, -62}
}

func (m *avx2) HalfRoots(do *ops, twice, h []Reg) {
	if m.elem == 4 {
		do.together(len(h), func(i int) { h[i] = m.Add(twice[i], twice[i]) })
		do.together(len(h), func(i int) { m.do(x86.VRSQRTPS(h[i], h[i])) })
		return
	}
	xmm := func(v Reg) Reg { return v.(reg.VecVirtual).AsX() }
	single := &avx2{m.amd64}
	single.elem = 4
	n, pairs := (len(h)+1)/2, len(h)/2
	both, y, r := make([]Reg, n), make([]Reg, n), make([]Reg, n)
	do.together(n, func(i int) {
		both[i] = m.vec()
		m.do(x86.VCVTPD2PSY(twice[2*i], xmm(both[i])))
	})
	do.together(pairs, func(i int) {
		high := m.ctx.XMM()
		m.do(x86.VCVTPD2PSY(twice[2*i+1], high))
		m.do(x86.VINSERTF128(operand.Imm(1), high, both[i], both[i]))
	})
	single.HalfRoots(do, both, y)
	do.together(n, func(i int) {
		r[i] = single.Literal(.5)
		single.FMASub(r[i], single.Mul(both[i], y[i]), y[i])
	})
	do.together(n, func(i int) { single.FMA(y[i], y[i], r[i]) })
	do.together(pairs, func(i int) {
		high := m.ctx.XMM()
		m.do(x86.VEXTRACTF128(operand.Imm(1), y[i], high))
		h[2*i+1] = m.vec()
		m.do(x86.VCVTPS2PD(high, h[2*i+1]))
	})
	do.together(n, func(i int) {
		h[2*i] = m.vec()
		m.do(x86.VCVTPS2PD(xmm(y[i]), h[2*i]))
	})
}

// Unfit: the estimate takes negative subnormal numbers for zeros, which may lead to a root of +Inf. What is added to a
// root, as an integer, makes those from +Inf on the least of all; the next are roots below the least, and signs.
func (m *avx2) Unfit(roots []Reg) Reg {
	least := math.Ldexp(1, m.Refinement().least)
	add, shift := pick(&m.amd64, anyForm(x86.VPADDD), x86.VPADDQ), uint64(0x80000000-0x7f800000)
	limit := uint64(math.Float32bits(float32(least)))
	if m.elem == 8 {
		shift, limit = 0x8000000000000000-0x7ff0000000000000, math.Float64bits(least)
	}
	bits, lo, by := m.ctx.GP64(), m.word(limit+shift), m.word(shift)
	var unfit Reg
	for i, r := range roots {
		d := m.vec()
		m.do(add(r, by, d))
		m.do(pick(&m.amd64, anyForm(x86.VPCMPGTD), x86.VPCMPGTQ)(d, lo, d))
		if i > 0 {
			d = m.or(unfit, d)
		}
		unfit = d
	}
	m.do(pick(&m.amd64, x86.VMOVMSKPS, x86.VMOVMSKPD)(unfit, bits.As32()))
	return bits
}

func (m *avx2) Registers() int { return 16 }

func (m *avx2) Xor3(a, b, c Reg) Reg { return m.Xor(m.Xor(a, b), c) }

func (m *avx2) Narrow(a, b, p Reg, off int, split bool) {
	var v Reg
	if split {
		v = m.ShiftRight(a, 16)
		m.do(x86.VPBLENDW(operand.Imm(0xaa), b, v, v))
	} else {
		v = m.packed(a, b)
		m.do(x86.VPERMQ(operand.Imm(0b11_01_10_00), v, v))
	}
	m.Store(v, p, off)
}

func (m *avx2) AnyNaN(v []Reg) Reg {
	var any Reg
	for i := 0; i < len(v); i += 2 {
		d := m.vec()
		m.do(x86.VCMPPS(unordered, v[i], v[min(i+1, len(v)-1)], d))
		if i > 0 {
			d = m.or(any, d)
		}
		any = d
	}
	bits := m.ctx.GP64()
	m.do(x86.VMOVMSKPS(any, bits.As32()))
	return bits
}

func (m *avx2) NoPayload(v, nan Reg) {
	d := m.vec()
	m.do(x86.VCMPPS(unordered, v, v, d))
	m.do(x86.VBLENDVPS(d, nan, v, v))
}

func (m *avx2) IfNotZero(of, v Reg) Reg {
	d := m.Zero()
	m.do(x86.VPCMPEQD(of, d, d))
	m.do(x86.VPANDN(v, d, d))
	return d
}

// StoreBytes packs blocks of 4 bytes, which are of the vectors in turns, and then puts them in order.
func (m *avx2) StoreBytes(v []Reg, p Reg, off int) {
	low, high := m.op3(x86.VPACKUSDW, nil, v[0], v[1]), m.op3(x86.VPACKUSDW, nil, v[2], v[3])
	d := m.op3(x86.VPACKUSWB, nil, low, high)
	m.do(x86.VPERMD(d, m.Words("everySecondBlock", []uint64{4 << 32, 1 | 5<<32, 2 | 6<<32, 3 | 7<<32}), d))
	m.Store(d, p, off)
}
