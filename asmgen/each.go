package main

import (
	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Steps of many small tensors: a loop over the headers of slices around the loop over elements. Tensors of some vectors
// do not pay for what a call does once, and the elements behind the last whole vector are one masked vector.

// A slice's header in memory: pointer, length and capacity.
const headerBytes, headerLen = 24, 8

// eachSymbol is the name of a row's function for many tensors.
func eachSymbol(row table.Row, m Machine) string { return symbol(row.Name+"Each", m) }

// stepEach emits func(count int, c *T, operands ...*[]T) for a kernel of kind Step: count tensors, where each operand
// points at the first one's slice. The slices of a tensor are as long as that of x.
func stepEach(m Machine, p *program.Program) {
	name, params := eachSymbol(p.Row, m), "count int, c *T"
	k := &kernel{Machine: m, Program: p, operand: map[string]table.Operand{}, ptr: map[string]Reg{},
		scalar: map[string]Reg{}}
	for _, o := range p.Row.Operands {
		k.operand[o.Name] = o
		params += ", " + argName(o.Name) + " *[]T"
	}
	m.Begin(name, params, name+" updates count tensors as "+symbol(p.Row.Name, m)+" does one.")
	m.Comment(layout(m, p))
	count, c := m.Arg("count"), m.Arg("c")
	k.coef = c
	k.holdScalars()
	k.constants()
	prelude := m.Code(preludeTable(m, 1), pointAtPrelude(k))
	at := m.Int(0)
	m.While("tensor", count, 1, func() {
		n := k.slices(at)
		k.loop(n, 1, prelude)
		m.IfMore(n, 0, func() { k.tail(n, prelude) })
		m.AddImm(at, headerBytes)
	})
	m.End()
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

// tail updates n elements, fewer than a vector.
func (k *kernel) tail(n, prelude Reg) {
	mask, e := k.Mask(n, 0), k.element(0)
	for _, o := range k.Row.Operands {
		e.value[k.Operand(o.Name)] = k.LoadMasked(k.ptr[o.Name], 0, mask)
	}
	for i, name := range []string{"x", "g"} {
		v := k.Fixed(i)
		k.Move(v, e.value[k.Operand(name)])
		e.value[k.Operand(name)] = v
	}
	inOut, clobbered := preludeRegisters(k.Machine, 1)
	k.Rarely("preludeTail", prelude, func() { k.CallShared(prelude, inOut, clobbered) })
	for _, l := range e.Lines {
		k.Comment(l.Text)
		v := e.get(l.Value)
		if l.Store {
			stored := k.Vector()
			k.Move(stored, v)
			k.StoreRowsMasked([]Reg{stored}, k.ptr[l.Dst], k.ptr[l.Dst], mask)
		}
	}
}
