package main

import (
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
	return m
}

func (m *avx2) Fixed(i int) Reg { return fixed(i, reg.S256) }

func (m *avx2) Zero() Reg {
	v := m.vec()
	m.do(x86.VPXOR(v, v, v))
	return v
}

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

func (m *avx2) Fold128(line []Reg) Reg {
	y := m.ctx.YMM()
	m.do(pick(&m.amd64, anyForm(x86.VADDPS), x86.VADDPD)(line[1], line[0], y))
	return m.fold256(y)
}
