package main

import (
	"fmt"

	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// The Prelude of a step is shared code, a function for each Use: x of vector u in register 2u and g in 2u+1,
// changed in place, and the Prelude's scalars at the pointer. Kernels take the code's address once, and test at each
// turn of their loop whether there is any.

// preludeTable is the table of the preludes for so many vectors.
func preludeTable(m Machine, vectors int) string {
	return symbol("prelude", m) + fmt.Sprintf("x%d", vectors)
}

// preludeRegisters are what a Prelude of so many vectors changes, and what it needs besides.
func preludeRegisters(m Machine, vectors int) (inOut, clobbered []Reg) {
	for u := range 2 * vectors {
		inOut = append(inOut, m.Fixed(u))
	}
	return inOut, []Reg{m.Fixed(2 * vectors), m.Fixed(2*vectors + 1)}
}

// preludes emits table.Preludes for so many vectors, and the table of them by Use.
func preludes(m Machine, vectors int) {
	code := []string{""} // of no Use
	for use := table.Use(1); use < table.Uses; use++ {
		name := fmt.Sprintf("%sUse%d", preludeTable(m, vectors), use)
		code = append(code, name)
		inOut, clobbered := preludeRegisters(m, vectors)
		m.BeginShared(name, inOut, clobbered)
		lines, _ := program.Prelude()
		for i, l := range lines {
			if l.Use&use != 0 {
				preludeLine(m, l.Program, i*m.ElemBytes(), vectors)
			}
		}
		m.EndShared(inOut)
	}
	m.Table(preludeTable(m, vectors), code)
}

// preludeLine emits a line, whose one scalar lies at an offset, for all vectors.
func preludeLine(m Machine, p *program.Program, scalar, vectors int) {
	m.Comment(p.Lines[0].Text)
	k := &kernel{Machine: m, Program: p, scalar: map[string]Reg{
		p.Scalars[0].Name: m.Broadcast(m.FixedPointer(), scalar)}}
	for u := range vectors {
		e, at := k.element(0), map[string]Reg{"x": m.Fixed(2 * u), "g": m.Fixed(2*u + 1)}
		for _, o := range p.Row.Operands {
			e.value[p.Operand(o.Name)] = at[o.Name]
		}
		m.Move(at[p.Lines[0].Dst], e.get(p.Lines[0].Value))
	}
}

// pointAtPrelude sets the pointer of shared code, and returns what chooses among it: the Use, an index into tables.
func pointAtPrelude(k *kernel) (use Reg) {
	_, scalars := program.Prelude()
	use = k.LoadUint32(k.coef, (len(k.Scalars)+len(scalars))*k.ElemBytes())
	k.And(use, int(table.Uses)-1) // what is not in the table must not be read there
	k.Point(k.coef, len(k.Scalars)*k.ElemBytes())
	return use
}

// withPrelude loads x and g of all vectors, and calls the code if there is any.
func withPrelude(es []*element, code Reg) {
	k := es[0].kernel
	for u, e := range es {
		for i, name := range []string{"x", "g"} {
			v := k.Fixed(2*u + i)
			k.LoadTo(v, k.ptr[name], e.off*k.ElemBytes())
			e.value[k.Operand(name)] = v
		}
	}
	inOut, clobbered := preludeRegisters(k.Machine, len(es))
	k.Rarely(fmt.Sprintf("prelude%dx", len(es)), code, func() { k.CallShared(code, inOut, clobbered) })
}
