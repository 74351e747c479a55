package main

import (
	"fmt"
	"slices"

	"github.com/bitstep-go/bitstep/internal/program"
)

// Steps that divide by a root are bound by the divider, which works at one operation for many cycles. A software
// pipeline keeps it busy and takes a part of the roots off it. A group of vectors goes through three stages: it starts,
// which computes and stores all that needs no root, and begins with the roots; its roots are finished; it is divided.
// A turn of the loop does each stage for another group, their operations side by side.

// A balance is how many vectors are a group, and of how many of these the roots go by fma: as many as keep the
// multipliers busy as long as the divider. With a Depth of 2 a turn finishes the roots that it begins, with one of 3
// those that the turn before began.
type balance struct{ ByFMA, Vectors, Depth, Ahead int } // Ahead is the processor's

// suffix is the end of the names of functions with it.
func (b balance) suffix() string {
	s := fmt.Sprintf("Roots%dOf%dDepth%d", b.ByFMA, b.Vectors, b.Depth)
	if b.Ahead > 0 {
		s += fmt.Sprintf("Ahead%d", b.Ahead)
	}
	return s
}

// A pipeline is a step at work by a balance.
type pipeline struct {
	*kernel
	balance
	first, last []program.Line           // stored when a group starts, and when it is divided
	root, div   *program.Node            // of which a step has one each
	stored      map[*program.Node]string // values of first, by the operands that hold them
	grad        Reg                      // points at the gradients of a group that starts, which a prelude may change

	// What stays from a turn to the next.
	numerators          [][]Reg // of each group that waits
	denominators        []Reg
	roots, halves, args []Reg // begun: see fmaRoots; those in hardware are there
}

func newPipeline(k *kernel, b balance) *pipeline {
	p := &pipeline{kernel: k, balance: b, root: k.Only(program.Sqrt), div: k.Only(program.Div),
		stored: map[*program.Node]string{}, grad: k.Copy(k.ptr["g"])}
	for _, l := range k.Lines {
		switch {
		case !l.Store:
		case l.Value.Needs(p.root):
			p.last = append(p.last, l)
		default:
			p.first = append(p.first, l)
			p.stored[l.Value] = l.Dst
		}
	}
	room := func(n int) []Reg { return each(n, func(int) Reg { return k.Vector() }) }
	for range b.Depth - 1 {
		p.numerators = append(p.numerators, room(b.Vectors))
	}
	p.denominators = room(b.Vectors)
	if b.Depth > 2 {
		p.roots, p.halves, p.args = room(b.Vectors), room(b.ByFMA), room(b.ByFMA)
	}
	return p
}

// A stage is what a turn does for one group: operations, and after those of all stages, what is kept for the next
// turn.
type stage struct {
	*pipeline
	ops
	keep []func()
	es   []*element
	done map[*program.Node]bool // values that are there, or listed
}

// stage is one of the group that started so many turns ago.
func (p *pipeline) stage(back int) *stage {
	s := &stage{pipeline: p, done: map[*program.Node]bool{}}
	for u := range p.Vectors {
		s.es = append(s.es, p.element((u-back*p.Vectors)*lanesOf(p)))
	}
	return s
}

// each lists an operation of every vector.
func (s *stage) each(f func(i int, e *element)) {
	s.add(len(s.es), func(i int) { f(i, s.es[i]) })
}

// given sets a value of all vectors.
func (s *stage) given(n *program.Node, v []Reg) {
	s.done[n] = true
	s.each(func(i int, e *element) { e.value[n] = v[i] })
}

// kept keeps values in registers.
func (s *stage) kept(r []Reg, v func(i int) Reg) {
	for i := range r {
		s.keep = append(s.keep, func() { s.Move(r[i], v(i)) })
	}
}

// need lists the computation of a value of all vectors.
func (s *stage) need(n *program.Node) {
	if s.done[n] || n.Op == program.Scalar {
		return
	}
	s.done[n] = true
	memory := s.fromMemory(n)
	for k, a := range n.Args {
		if k != memory {
			s.need(a)
		}
	}
	if n == s.root {
		s.beginRoots()
		return
	}
	scalar := map[*program.Node]Reg{}
	s.each(func(i int, e *element) {
		for _, a := range n.Args {
			if a.Op == program.Scalar {
				if i%s.ISA().Steps.Breadth == 0 {
					scalar[a] = s.scalarOf(a.Name)
				}
				e.value[a] = scalar[a]
			}
		}
		e.value[n] = e.compute(n)
	})
}

func (s *stage) store(lines []program.Line) {
	for _, l := range lines {
		s.need(l.Value)
		s.each(func(_ int, e *element) { s.Store(e.value[l.Value], s.ptr[l.Dst], e.off*s.ElemBytes()) })
	}
}

// beginRoots lists the roots of the first ByFMA vectors by fma, as far as the depth goes, and of the others in
// hardware.
func (s *stage) beginRoots() {
	arg := s.root.Args[0]
	s.together(s.Vectors-s.ByFMA, func(i int) {
		e := s.es[s.ByFMA+i]
		e.value[s.root] = s.Sqrt(e.value[arg])
	})
	r := newFMARoots(s.Machine, s.ByFMA)
	s.together(s.ByFMA, func(i int) { r.x[i] = s.es[i].value[arg] })
	r.begin(&s.ops)
	if s.Depth == 2 {
		s.finishRoots(r, 0)
		return
	}
	s.kept(s.roots, func(i int) Reg {
		if i < s.ByFMA {
			return r.g[i]
		}
		return s.es[i].value[s.root]
	})
	s.kept(s.halves, func(i int) Reg { return r.h[i] })
	s.kept(s.args, func(i int) Reg { return r.x[i] })
}

// finishRoots lists the rest, of the group that started so many turns ago. Roots that may be wrong are taken again.
func (s *stage) finishRoots(r *fmaRoots, back int) {
	r.finish(&s.ops)
	s.together(1, func(int) {
		roots := slices.Clone(r.g)
		for i, g := range roots {
			s.es[i].value[s.root] = g
		}
		s.Rarely("unfit", s.Unfit(roots), func() {
			for i, e := range s.stage(back).es[:len(roots)] {
				s.Move(roots[i], s.Sqrt(s.again(e, s.root.Args[0])))
			}
		})
	})
}

// again computes a value once more, from what is stored.
func (s *stage) again(e *element, n *program.Node) Reg {
	switch name := s.stored[n]; {
	case name != "":
		return s.Load(s.ptr[name], e.off*s.ElemBytes())
	case n.Op == program.Scalar:
		return s.scalarOf(n.Name)
	}
	for _, a := range n.Args {
		e.value[a] = s.again(e, a)
	}
	return e.compute(n)
}

// gradients lists the loads of the gradients.
func (s *stage) gradients() {
	g := s.Operand("g")
	s.done[g] = true
	s.each(func(_ int, e *element) { e.value[g] = s.Load(s.grad, e.off*s.ElemBytes()) })
}

// start is the stage of a group that starts.
func (p *pipeline) start() *stage {
	s, numerator := p.stage(0), p.div.Args[0]
	s.gradients()
	s.store(p.first)
	s.need(numerator)
	s.need(p.root)
	s.kept(p.numerators[0], func(i int) Reg { return s.es[i].value[numerator] })
	if p.Depth == 2 {
		s.denominate()
	}
	return s
}

// finish is the stage that finishes the roots.
func (p *pipeline) finish() *stage {
	s := p.stage(1)
	s.given(p.root, p.roots)
	s.finishRoots(&fmaRoots{p.Machine, p.args, p.roots[:p.ByFMA], p.halves}, 1)
	s.kept(p.numerators[1], func(i int) Reg { return p.numerators[0][i] })
	s.denominate()
	return s
}

// denominate computes the denominators and keeps them.
func (s *stage) denominate() {
	d := s.div.Args[1]
	s.need(d)
	s.kept(s.denominators, func(i int) Reg { return s.es[i].value[d] })
}

// divide is the last stage.
func (p *pipeline) divide() *stage {
	s := p.stage(p.Depth - 1)
	s.given(p.div.Args[0], p.numerators[p.Depth-2])
	s.given(p.div.Args[1], p.denominators)
	s.store(p.last)
	return s
}

// emitTurn emits stages, the last of them first.
func emitTurn(m Machine, stages ...*stage) {
	shape := m.ISA().Steps
	var lists []spread
	for i, s := range stages {
		l := spread{&s.ops, 0, 1}
		if len(stages) > 1 {
			if i < len(stages)-1 {
				l.to = shape.Ends
			} else {
				l.from = shape.Starts
			}
		}
		lists = append(lists, l)
	}
	emitSpread(shape.Breadth, lists)
	for _, s := range stages {
		for _, keep := range s.keep {
			keep()
		}
	}
}

// gradient points at the gradients of a group that starts: where they are, or where a prelude has put its own. Those
// parameters that it changes it stores.
func (p *pipeline) gradient(prelude, scratch Reg) {
	p.SetReg(p.grad, p.ptr["g"])
	p.Rarely("prelude", prelude, func() {
		inOut, clobbered := preludeRegisters(p, 1)
		for u := range p.Vectors {
			off := u * p.ISA().VecBytes
			p.LoadTo(inOut[0], p.ptr["x"], off)
			p.LoadTo(inOut[1], p.ptr["g"], off)
			p.CallShared(prelude, inOut, clobbered)
			p.Store(inOut[0], p.ptr["x"], off)
			p.Store(inOut[1], scratch, off)
		}
		p.SetReg(p.grad, scratch)
	})
}

// ahead fetches the lines of so many elements of each operand that a later turn loads.
func (p *pipeline) ahead(n int) {
	if p.Ahead == 0 {
		return
	}
	for _, o := range p.Row.Operands {
		for line := 0; line < n*o.Storage.Size(p.ElemBytes()); line += lineBytes {
			p.PrefetchLater(p.ptr[o.Name], p.Ahead+line)
		}
	}
}

// pipelined emits a step that divides by a root. n is the elements that have not started, plus as many groups as there
// are stages before the last: a turn is due as long as that is a group. So it tells which stages have one.
func pipelined(m Machine, prog *program.Program, b balance) {
	k, n := begin(m, prog, b.suffix())
	prelude := m.Code(preludeTable(m, 1), pointAtPrelude(k))
	if k.scalarsFit() {
		k.holdScalars()
	}
	p := newPipeline(k, b)
	scratch := m.Scratch(b.Vectors * m.ISA().VecBytes)
	step, before := b.Vectors*lanesOf(m), b.Depth-1
	turns := m.Int(0)
	m.AddImm(n, before*step)
	m.While("pipeline", n, step, func() {
		m.IfMore(turns, before-1, func() {
			m.AddImm(n, -before*step)
			m.While("steady", n, step, func() {
				p.gradient(prelude, scratch)
				p.ahead(step)
				stages := []*stage{p.divide()}
				if b.Depth > 2 {
					stages = append(stages, p.finish())
				}
				emitTurn(m, append(stages, p.start())...)
				k.advance(step)
			})
			m.AddImm(n, before*step)
			emitTurn(m, p.divide())
		})
		if b.Depth > 2 {
			m.IfMore(turns, 0, func() { m.IfMore(n, before*step-1, func() { emitTurn(m, p.finish()) }) })
		}
		m.IfMore(n, (before+1)*step-1, func() {
			p.gradient(prelude, scratch)
			emitTurn(m, p.start())
		})
		k.advance(step)
		m.AddImm(turns, 1)
	})
	k.advance(-before * step)
	k = k.again()
	k.loop(n, 1, prelude)
	k.tail(n, prelude)
	m.End()
}
