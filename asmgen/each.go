package main

import (
	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Steps of many small tensors: a loop over the headers of slices around the loop over elements. Tensors of some vectors
// do not pay for what a call does once, and the elements behind the last whole vector are one masked vector.

// A slice's header in memory: pointer, length and capacity.
const headerBytes, headerLen = 24, 8

// stepEach emits func(count int, c *T, operands ...*[]T) for a kernel of kind Step: count tensors, where each operand
// points at the first one's slice. The slices of a tensor are as long as that of x. With a balance groups of vectors
// take a part of their roots by fma, as pipelined does, but without a pipeline, which small tensors would hardly fill.
func stepEach(m Machine, p *program.Program, b balance) {
	name, params := symbol(p.Row.Name+"Each", m), "count int, c *T"
	k := &kernel{Machine: m, Program: p, operand: map[string]table.Operand{}, ptr: map[string]Reg{},
		scalar: map[string]Reg{}}
	for _, o := range p.Row.Operands {
		k.operand[o.Name] = o
		params += ", " + argName(o.Name) + " *[]T"
	}
	if b != (balance{}) {
		name += b.suffix()
	}
	m.Begin(name, params, name+" updates count tensors as "+symbol(p.Row.Name, m)+" does one.")
	m.Comment(layout(m, p))
	count, c := m.Arg("count"), m.Arg("c")
	k.coef = c
	if b == (balance{}) || k.scalarsFit() {
		k.holdScalars()
	}
	k.constants()
	prelude := m.Code(preludeTable(m, 1), pointAtPrelude(k))
	at := m.Int(0)
	m.While("tensor", count, 1, func() {
		n, rest := k.slices(at), k
		if b != (balance{}) {
			k.groups(n, b.small(), prelude)
		}
		if len(k.scalar) == 0 {
			rest = k.again()
		}
		rest.loop(n, 1, prelude)
		rest.tail(n, prelude)
		m.AddImm(at, headerBytes)
	})
	m.End()
}

// small is much the same balance of up to four vectors, for small tensors.
func (b balance) small() balance {
	if b.Vectors > 4 {
		b.ByFMA, b.Vectors = 1, min(4, (b.Vectors+b.ByFMA-1)/b.ByFMA)
	}
	return b
}

// groups updates as many of n elements as fill groups.
func (k *kernel) groups(n Reg, b balance, prelude Reg) {
	b.Depth = 2 // the roots are finished where they begin
	p := newPipeline(k, b)
	scratch := k.Scratch(b.Vectors * k.ISA().VecBytes)
	k.While("group", n, b.Vectors*lanesOf(k), func() {
		p.gradient(prelude, scratch)
		emitTurn(k, p.whole())
		k.advance(b.Vectors * lanesOf(k))
	})
}

// whole is all stages of a group at once.
func (p *pipeline) whole() *stage {
	s := p.stage(0)
	s.gradients()
	s.store(p.first)
	s.store(p.last)
	return s
}

// slices loads the pointers of all operands whose headers are so many bytes from the first, and returns their length.
func (k *kernel) slices(at Reg) (n Reg) {
	for i, o := range k.Row.Operands {
		header := k.Arg(argName(o.Name))
		k.AddReg(header, at)
		k.ptr[o.Name] = k.LoadWord(header, 0)
		if i == 0 {
			n = k.LoadWord(header, headerLen)
		}
	}
	return n
}
