package main

import (
	"strings"

	"github.com/bitstep-go/bitstep/kernels"
)

// Reductions: whole 64-byte lines of lanes (rule 7). Tails, the fold and longer sums are Go's.

// reductions are the kernels of kind Reduction: what one vector of operands does to its lanes.
var reductions = map[string]func(m Machine) func(lane Reg, in []Reg) Reg{
	"Dot": func(m Machine) func(Reg, []Reg) Reg {
		return func(lane Reg, in []Reg) Reg { m.FMA(lane, in[0], in[1]); return lane }
	},
	"Sum": func(m Machine) func(Reg, []Reg) Reg {
		return func(lane Reg, in []Reg) Reg { return m.Add(lane, in[0]) }
	},
	"SumAbs": func(m Machine) func(Reg, []Reg) Reg {
		abs := m.Abs()
		return func(lane Reg, in []Reg) Reg { return m.Add(lane, abs(in[0])) }
	},
	"SumSquares": func(m Machine) func(Reg, []Reg) Reg {
		return func(lane Reg, in []Reg) Reg { m.FMA(lane, in[0], in[0]); return lane }
	},
	"MaxAbs": func(m Machine) func(Reg, []Reg) Reg {
		larger := m.MaxMagnitude()
		return func(lane Reg, in []Reg) Reg { return larger(lane, in[0]) }
	},
}

// lineBytes is one line of lanes.
const lineBytes = 64

// reduction emits func(n int, lanes *T, operands ...*T): n elements, whole lines, continue the lanes.
func reduction(m Machine, row kernels.Row) {
	var names []string
	for _, o := range row.Operands {
		names = append(names, o.Name)
	}
	m.Begin(symbol(row.Name, m), "n int, lanes, "+strings.Join(names, ", ")+" *T")
	n, lanes := m.Arg("n"), m.Arg("lanes")
	var ptr []Reg
	for _, name := range names {
		ptr = append(ptr, m.Arg(name))
	}
	var line []Reg
	for off := 0; off < lineBytes; off += m.VecBytes() {
		line = append(line, m.Load(lanes, off))
	}
	apply := reductions[row.Name](m)
	m.While(n, lineBytes/m.ElemBytes(), func() {
		m.Comment(row.Lines...)
		for i, lane := range line {
			var in []Reg
			for _, p := range ptr {
				in = append(in, m.Load(p, i*m.VecBytes()))
			}
			if v := apply(lane, in); v != lane {
				m.Move(lane, v)
			}
		}
		for _, p := range ptr {
			m.AddImm(p, lineBytes)
		}
	})
	for i, lane := range line {
		m.Store(lane, lanes, i*m.VecBytes())
	}
	m.End()
}
