package main

import (
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
		v := m.vec()
		m.do(pick(&m.amd64, x86.VMASKMOVPS, x86.VMASKMOVPD)(at, mask.lanes, v))
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
	if s == table.Byte {
		return m.loadBytes(p, off, m.ctx.XMM())
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

func (m *avx2) Mask(count Reg, i int) Mask {
	return Mask{count, m.Load(m.maskLanes(count), i*m.isa.VecBytes)}
}

func (m *avx2) StoreMasked(v, p Reg, off int, mask Mask) {
	m.do(pick(&m.amd64, x86.VMASKMOVPS, x86.VMASKMOVPD)(v, mask.lanes, mem(p, off)))
}

func (m *avx2) FMAMasked(acc, a, b Reg, mask Mask) {
	t := m.vec()
	m.Move(t, acc)
	m.FMA(t, a, b)
	m.do(pick(&m.amd64, x86.VBLENDVPS, x86.VBLENDVPD)(mask.lanes, t, acc, acc))
}

// blocks returns the low halves of a and b, and the high halves.
func (m *avx2) blocks(a, b Reg) (lo, hi Reg) {
	lo, hi = m.vec(), m.vec()
	m.do(x86.VPERM2F128(operand.Imm(0x20), b, a, lo))
	m.do(x86.VPERM2F128(operand.Imm(0x31), b, a, hi))
	return lo, hi
}

func (m *avx2) FoldLines(load func(n, i int) Reg) Reg {
	half := 16 / m.elem
	line := func(n int) Reg { return m.Add(load(n, 0), load(n, 1)) }
	return m.foldBlocks(half, func(i int) Reg { return m.Add(m.blocks(line(i), line(i+half))) })
}

func (m *avx2) Transpose(rows []Reg) []Reg {
	half := len(rows) / 2
	upper, lower := m.transposeBlocks(rows[:half]), m.transposeBlocks(rows[half:])
	columns := make([]Reg, len(rows))
	for i := range half {
		columns[i], columns[half+i] = m.blocks(upper[i], lower[i])
	}
	return columns
}
