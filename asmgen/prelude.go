package main

import (
	"fmt"
	"math/bits"

	"github.com/bitstep-go/bitstep/internal/program"
)

// The Prelude of a step is shared code: x of vector u in register 2u and g in 2u+1, changed in place, and the
// Prelude's scalars, then its Use, at the pointer. Kernels test once a turn whether there is one, out of whose
// way the call lies; inside, one test a Use goes one way for a whole call, so it is predicted.

func preludeName(m Machine, vectors int) string {
	return symbol("prelude", m) + fmt.Sprintf("x%d", vectors)
}

// preludeRegisters are what a Prelude of so many vectors changes, and what it needs besides.
func preludeRegisters(m Machine, vectors int) (inOut, clobbered []Reg) {
	for u := range 2 * vectors {
		inOut = append(inOut, m.Fixed(u))
	}
	return inOut, []Reg{m.Fixed(2 * vectors), m.Fixed(2*vectors + 1)}
}

// prelude emits table.Preludes for so many vectors.
func prelude(m Machine, vectors int) {
	inOut, clobbered := preludeRegisters(m, vectors)
	m.BeginShared(preludeName(m, vectors), inOut, clobbered)
	c := m.FixedPointer()
	lines, scalars := program.Prelude()
	for i := 0; i < len(lines); {
		use := lines[i].Use
		bit := uint(bits.TrailingZeros32(uint32(use)))
		m.IfBit(lines[i].Scalars[0].Field(), c, len(scalars)*m.ElemBytes(), bit, func() {
			for ; i < len(lines) && lines[i].Use == use; i++ {
				preludeLine(m, lines[i].Program, m.Broadcast(c, i*m.ElemBytes()), vectors)
			}
		})
	}
	m.EndShared(inOut)
}

// preludeLine emits a line, which has one scalar, for all vectors.
func preludeLine(m Machine, p *program.Program, scalar Reg, vectors int) {
	m.Comment(p.Lines[0].Text)
	k := &kernel{Machine: m, Program: p, scalar: map[string]Reg{p.Scalars[0].Name: scalar}}
	for u := range vectors {
		e, at := k.element(0), map[string]Reg{"x": m.Fixed(2 * u), "g": m.Fixed(2*u + 1)}
		for _, o := range p.Row.Operands {
			e.value[p.Operand(o.Name)] = at[o.Name]
		}
		m.Move(at[p.Lines[0].Dst], e.get(p.Lines[0].Value))
	}
}

// withPrelude loads x and g of all vectors, and calls the Prelude if there is one.
func withPrelude(es []*element, use, c Reg) {
	k := es[0].kernel
	for u, e := range es {
		for i, name := range []string{"x", "g"} {
			v := k.Fixed(2*u + i)
			k.LoadTo(v, k.ptr[name], e.off*k.ElemBytes())
			e.value[k.Operand(name)] = v
		}
	}
	inOut, clobbered := preludeRegisters(k.Machine, len(es))
	k.Rarely(fmt.Sprintf("prelude%dx", len(es)), use, func() {
		k.CallShared(preludeName(k.Machine, len(es)), c, len(k.Scalars)*k.ElemBytes(), inOut, clobbered)
	})
}
