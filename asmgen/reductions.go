package main

import (
	"github.com/bitstep-go/bitstep/internal/program"
)

// Reductions: whole 64-byte lines of lanes (rule 7). Tails, the fold and longer sums are Go's.

// lineBytes is one line of lanes.
const lineBytes = 64

// reduction emits func(n int, lanes *T, operands ...*T): n elements, whole lines, continue the lanes.
func reduction(m Machine, p *program.Program) {
	name := symbol(p.Row.Name, m)
	m.Begin(name, "n int, lanes *T"+params(p.Row), name+" continues a line of lanes with n elements, whole lines, by",
		"", "\t"+p.Lines[0].Text)
	n, out := m.Arg("n"), m.Arg("lanes")
	k := newKernel(m, p)
	var line []Reg
	for off := 0; off < lineBytes; off += m.ISA().VecBytes {
		line = append(line, m.Load(out, off))
	}
	k.constants()
	m.While("loop", n, lineBytes/m.ElemBytes(), func() {
		m.Comment(p.Lines[0].Text)
		for i, lane := range line {
			e := k.element(i * lanesOf(m))
			e.value[p.Lane()] = lane
			if v := e.get(p.Lines[0].Value); v != lane {
				m.Move(lane, v)
			}
		}
		k.advance(lineBytes / m.ElemBytes())
	})
	for i, lane := range line {
		m.Store(lane, out, i*m.ISA().VecBytes)
	}
	m.End()
}
