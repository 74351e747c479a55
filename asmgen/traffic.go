package main

import (
	"fmt"
	"strings"

	"github.com/bitstep-go/bitstep/kernels"
)

// The ceilings that benchmarks compare with, in package internal/traffic: loops that move the same
// streams as a kernel with next to no arithmetic, and loops of nothing but fma.

// patterns are the distinct patterns of streams in the table: a letter an operand, R read, W written, U
// read and written.
func patterns() []string {
	var all []string
	seen := map[string]bool{}
	for _, row := range kernels.Table {
		if p := row.Pattern(); !seen[p] {
			seen[p] = true
			all = append(all, p)
		}
	}
	return all
}

// streams emits func(n int, s0, s1, ... *T): it takes the smallest of all streams that are read and stores
// it in those that are written; a pattern without writes drops it. A minimum, unlike a sum, leaves values
// of ordinary size, so that a kernel and its ceiling can be measured on the same memory.
func streams(m Machine, pattern string) {
	m.Begin(symbol("streams"+pattern, m), "n int, "+strings.Join(streamNames(pattern), ", ")+" *T")
	n := m.Arg("n")
	var ptr []Reg
	for i := range pattern {
		ptr = append(ptr, m.Arg(fmt.Sprint("s", i)))
	}
	for _, unroll := range []int{4, 1} {
		m.While(n, unroll*m.VecBytes()/m.ElemBytes(), func() {
			for u := range unroll {
				off := u * m.VecBytes()
				var least Reg
				for i, kind := range pattern {
					if kind == 'W' {
						continue
					}
					v := m.Load(ptr[i], off)
					if least != nil {
						v = m.Smaller(least, v)
					}
					least = v
				}
				for i, kind := range pattern {
					if kind != 'R' {
						m.Store(least, ptr[i], off)
					}
				}
			}
			for _, p := range ptr {
				m.AddImm(p, unroll*m.VecBytes())
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

// peakChains is how many independent chains keep both fma units busy: 4 cycles of latency, 2 units.
const peakChains = 12

// peak emits func(n int, out *T): n times peakChains vectors of fma.
func peak(m Machine) {
	m.Begin(symbol("peak", m), "n int, out *T")
	n, out := m.Arg("n"), m.Arg("out")
	x, y, acc := m.Zero(), m.Zero(), zeros(m, peakChains)
	m.While(n, 1, func() {
		for _, a := range acc {
			m.FMA(a, x, y)
		}
	})
	for _, a := range acc {
		m.Store(a, out, 0)
	}
	m.End()
}

const trafficTemplate = `
//go:build !purego && !noasm

package traffic

import (
	"fmt"

	"github.com/bitstep-go/bitstep"
)

// Move stores the smallest of the streams that are read in those that are written, a letter of the
// pattern a stream: R read, W written, U both. All have the same length, a multiple of 16.
func Move(b bitstep.Backend, pattern string, s [][]float32) {
	n := len(s[0])
	switch b {
{{- range .ISAs}}{{$isa := .Name}}
	case bitstep.{{.Name}}:
		switch pattern {
	{{- range $.Patterns}}
		case "{{.}}":
			streams{{.}}F32{{$isa}}(n{{range $i, $c := split .}}, &s[{{$i}}][0]{{end}})
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
	case bitstep.{{.Name}}:
		peakF32{{.Name}}(n, &out[0])
		return float64(n) * 2 * {{$.Chains}} * {{.Vec}} / 4
{{- end}}
	}
	return 0
}

func Peak64(b bitstep.Backend, n int) (flops float64) {
	var out [8]float64
	switch b {
{{- range .ISAs}}
	case bitstep.{{.Name}}:
		peakF64{{.Name}}(n, &out[0])
		return float64(n) * 2 * {{$.Chains}} * {{.Vec}} / 8
{{- end}}
	}
	return 0
}
`
