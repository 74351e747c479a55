package main

import (
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
	m.mask = func(v Reg) { m.do(x86.VPTERNLOGD(operand.Imm(0xff), v, v, v)) }
	return m
}

func (m *avx512) Fixed(i int) Reg { return fixed(i, reg.S512) }

func (m *avx512) Zero() Reg {
	v := m.vec()
	m.do(x86.VPXORD(v, v, v))
	return v
}

func (m *avx512) LoadAs(s table.Storage, p Reg, off int) Reg {
	if s == table.Byte {
		return m.loadBytes(p, off, m.ctx.YMM())
	}
	return m.Load(p, off)
}

func (m *avx512) Sign() func(Reg) Reg {
	one, signBit, zero := m.one(), m.signBit(), m.Zero()
	cmp := pick(&m.amd64, anyForm(x86.VCMPPS), x86.VCMPPD)
	return func(u Reg) Reg {
		s := m.or(m.and(u, signBit), one)
		isNumber, isNaN, d := m.ctx.K(), m.ctx.K(), m.vec()
		m.do(cmp(notEqual, zero, u, isNumber))
		m.do(cmp(unordered, u, u, isNaN))
		m.do(pick(&m.amd64, x86.VMOVAPS_Z, x86.VMOVAPD_Z)(s, isNumber, d))
		m.do(pick(&m.amd64, anyForm(x86.VMOVAPS), x86.VMOVAPD)(u, isNaN, d))
		return d
	}
}

func (m *avx512) MaxMagnitude() func(a, b Reg) Reg {
	mask := m.magnitude()
	return func(a, b Reg) Reg {
		return m.op3(x86.VPMAXUD, x86.VPMAXUQ, a, m.and(b, mask))
	}
}

func (m *avx512) Fold128(line []Reg) Reg {
	y := m.ctx.YMM()
	m.do(x86.VEXTRACTF64X4(operand.Imm(1), line[0], y))
	m.do(pick(&m.amd64, anyForm(x86.VADDPS), x86.VADDPD)(y, line[0].(reg.VecVirtual).AsY(), y))
	return m.fold256(y)
}
