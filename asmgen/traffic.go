package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bitstep-go/bitstep/kernels/table"
)

// The ceilings that benchmarks compare with, in package internal/traffic: loops that move the same
// streams as a kernel without arithmetic, and loops of nothing but one operation in registers.

// A stream's period is how many vectors of the others it takes to move one of its own.
func period(kind rune) int {
	switch kind {
	case 'H', 'h':
		return 2
	case 'Q', 'q':
		return 4
	case 'O':
		return 8
	}
	return 1
}

// written reports whether a stream is stored and not read.
func written(kind rune) bool { return strings.ContainsRune("Whq", kind) }

// patterns are a load, a store, a copy, and the distinct patterns of streams in the table.
func patterns() []string {
	all := []string{"R", "W", "WR"}
	add := func(p string) {
		if !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	for _, row := range table.Rows {
		add(row.Pattern(4))
		add(row.Pattern(8))
	}
	for _, c := range table.Conversions {
		add(c.Pattern(4))
	}
	return all
}

// streams emits func(n int, s0, s1, ... *T): it loads all streams that are read, and stores in those that are written
// what they have, or what the first has if they are not read. No arithmetic bounds it, and values stay, so that a
// kernel and its ceiling can be measured on the same memory.
func streams(m Machine, pattern string) {
	m.Begin(symbol("streams"+pattern, m), "n int, "+strings.Join(streamNames(pattern), ", ")+" *T",
		symbol("streams"+pattern, m)+" moves n elements of each stream.")
	n := m.Arg("n")
	var ptr []Reg
	unroll := 4
	for i, kind := range pattern {
		ptr = append(ptr, m.Arg(fmt.Sprint("s", i)))
		unroll = max(unroll, period(kind))
	}
	vec := m.ISA().VecBytes
	var none Reg // of a pattern that reads nothing for every vector
	if !strings.ContainsAny(pattern, "RU") {
		none = m.Zero()
	}
	for _, unroll := range []int{unroll, 1} {
		m.While(fmt.Sprintf("loop%dx", unroll), n, unroll*lanesOf(m), func() {
			first := none
			for u := range unroll {
				var loaded []Reg // of this vector's elements
				for i, kind := range pattern {
					if written(kind) || u%period(kind) != 0 || unroll < period(kind) {
						continue
					}
					v := m.Load(ptr[i], u/period(kind)*vec)
					if kind == 'U' {
						m.Store(v, ptr[i], u*vec)
					}
					loaded = append(loaded, v)
				}
				if len(loaded) > 0 {
					first = loaded[0]
				}
				for i, kind := range pattern {
					if written(kind) && u%period(kind) == 0 && unroll >= period(kind) {
						m.Store(first, ptr[i], u/period(kind)*vec)
					}
				}
			}
			for i, kind := range pattern {
				m.AddImm(ptr[i], unroll*vec/period(kind))
			}
		})
	}
	m.End()
}

func streamNames(pattern string) (names []string) {
	for i := range pattern {
		names = append(names, fmt.Sprint("s", i))
	}
	return names
}

// Chains is how many independent chains keep all fma units busy: 4 cycles of latency on 2 units, or on 4 where vectors
// are short, take 16. AVX2 has registers for 12, which are enough for 2 units or 3.
func (s isa) Chains() int {
	if s.Const == "AVX2" {
		return 12
	}
	return 24
}

// peak emits func(n int, out *T): n times as many vectors of fma as there are chains.
func peak(m Machine) {
	chains := m.ISA().Chains()
	m.Begin(symbol("peak", m), "n int, out *T",
		fmt.Sprintf("%s runs n turns of %d independent fma.", symbol("peak", m), chains))
	n, out := m.Arg("n"), m.Arg("out")
	x, y, acc := m.Zero(), m.Zero(), zeros(m, chains)
	m.While("loop", n, 1, func() {
		for _, a := range acc {
			m.FMA(a, x, y)
		}
	})
	for _, a := range acc {
		m.Store(a, out, 0)
	}
	m.End()
}

// A ratedOp is an operation whose rate and latency are measured.
type ratedOp struct {
	Name string
	once func(m Machine, a, x Reg) Reg // the operation
	link func(m Machine, a, x Reg) Reg // the same as a part of a chain, whose values stay between 1 and 2
	x    float64
}

// Operands have many digits: some dividers take less time for few. A chain of roots alone would end at 1, so each
// link multiplies too, and ends at x.
var ratedOps = []ratedOp{
	{"Add", Machine.Add, Machine.Add, 0},
	{"Mul", Machine.Mul, Machine.Mul, 1},
	{"Div", Machine.Div, func(m Machine, a, x Reg) Reg { return m.Div(x, a) }, 1.7},
	{"Sqrt", func(m Machine, a, _ Reg) Reg { return m.Sqrt(a) },
		func(m Machine, a, x Reg) Reg { return m.Sqrt(m.Mul(a, x)) }, 1.7},
	{"FMA", nil, func(m Machine, a, x Reg) Reg { // its rate is the peak's
		m.FMA(a, x, x)
		return a
	}, 0},
}

const (
	ratedPerTurn = 12 // operations in a turn of a loop, which itself takes next to nothing then
	linksPerTurn = 8
)

// rates emits func(n int) for each operation: n turns of independent operations, and n turns of a chain.
func rates(m Machine) {
	for _, op := range ratedOps {
		if op.once != nil {
			name := symbol("rate"+op.Name, m)
			m.Begin(name, "n int", fmt.Sprintf("%s runs n turns of %d independent operations.", name, ratedPerTurn))
			n, a, x := m.Arg("n"), m.Literal(1.3), m.Literal(op.x)
			m.While("loop", n, 1, func() {
				for range ratedPerTurn {
					op.once(m, a, x)
				}
			})
			m.End()
		}
		name := symbol("chain"+op.Name, m)
		m.Begin(name, "n int",
			fmt.Sprintf("%s runs n turns of %d operations that wait for each other.", name, linksPerTurn))
		n, a, x := m.Arg("n"), m.Literal(1.3), m.Literal(op.x)
		m.While("loop", n, 1, func() {
			v := a
			for range linksPerTurn {
				v = op.link(m, v, x)
			}
			m.Move(a, v)
		})
		m.End()
	}
}

// Loops are the elements of package traffic's map of what rates emits.
func (v view) Loops() (lines []string) {
	for _, s := range v.ISAs {
		for _, t := range v.Types {
			line := func(op, kind string, chain bool, work int) {
				lines = append(lines, fmt.Sprintf("{bitstep.%s, %s, %d, %v}: {%s%s%s%s, %d}", s.Const, op, t.Bytes,
					chain, kind, op, t.Suffix, s.Const, work))
			}
			for _, op := range ratedOps {
				if op.once != nil {
					line(op.Name, "rate", false, ratedPerTurn*s.VecBytes/t.Bytes)
				}
				line(op.Name, "chain", true, linksPerTurn)
			}
		}
	}
	return lines
}

const trafficTemplate = `
//go:build !purego && !noasm

package traffic

import (
	"fmt"

	"github.com/bitstep-go/bitstep"
)

// Move loads the streams that are read, and stores in those that are written what they have, or else what the first
// has: a letter of the pattern a stream, as table.Row.Pattern spells them, and their lengths are as the letters say:
// whole streams have a multiple of 16 elements, and of 128 where one is shorter. In Go the smallest is stored.
func Move(b bitstep.Backend, pattern string, s [][]float32) {
	n := len(s[0]) * periods[pattern[0]]
	switch b {
{{- range .ISAs}}{{$isa := .Const}}
	case bitstep.{{.Const}}:
		switch pattern {
	{{- range $.Patterns}}
		case "{{.}}":
			streams{{.}}F32{{$isa}}(n{{range $i, $c := letters .}}, &s[{{$i}}][0]{{end}})
	{{- end}}
		default:
			panic(fmt.Sprintf("traffic: no pattern %q", pattern))
		}
{{- end}}
	default:
		move(pattern, s)
	}
}

// Peak32 and Peak64 run n turns of independent fused multiply-adds and return how many floating-point
// operations those were.
func Peak32(b bitstep.Backend, n int) (flops float64) {
	var out [16]float32
	switch b {
{{- range .ISAs}}
	case bitstep.{{.Const}}:
		peakF32{{.Const}}(n, &out[0])
		return float64(n) * 2 * {{.Chains}} * {{.VecBytes}} / 4
{{- end}}
	}
	return 0
}

func Peak64(b bitstep.Backend, n int) (flops float64) {
	var out [8]float64
	switch b {
{{- range .ISAs}}
	case bitstep.{{.Const}}:
		peakF64{{.Const}}(n, &out[0])
		return float64(n) * 2 * {{.Chains}} * {{.VecBytes}} / 8
{{- end}}
	}
	return 0
}

// loops are loops of one operation.
var loops = map[loopKey]loop{
{{- range .Loops}}
	{{.}},
{{- end}}
}
`
