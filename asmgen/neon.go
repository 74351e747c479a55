package main

import (
	"fmt"
	"strings"

	"github.com/mmcloughlin/avo/reg"

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
	if s == table.Byte {
		return m.loadBytes(p, off)
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

func (m *neon) Move(dst, src Reg) {
	i := m.inst([]Reg{dst}, []Reg{src}, spelled("VORR", "V%[2]d.B16, V%[2]d.B16, V%[1]d.B16"))
	i.Opcode = "VMOV" // spell drops it if both are one register
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
	m.inst([]Reg{v}, nil, spelled("VEOR", "V%[1]d.B16, V%[1]d.B16, V%[1]d.B16"))
	return v
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
