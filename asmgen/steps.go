package main

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/bitstep-go/bitstep/kernels"
)

// Steps and maps: one pass over the operands, element by element.

// An elem is one vector of elements inside a loop: its operands and the kernel's scalars by name.
type elem struct {
	Machine
	row    kernels.Row
	lines  int // of row.Lines, how many have been printed
	off    int // bytes from the operands' pointers
	ptr    map[string]Reg
	loaded map[string]Reg
	scalar map[string]Reg
	sign   func(Reg) Reg
}

// in returns the operand's vector, loading it at its first use.
func (e *elem) in(name string) Reg {
	v, ok := e.loaded[name]
	if !ok {
		v = e.Load(e.ptr[name], e.off)
		e.loaded[name] = v
	}
	return v
}

// out stores v into the operand.
func (e *elem) out(name string, v Reg) { e.Store(v, e.ptr[name], e.off) }

// c returns a scalar, in every lane.
func (e *elem) c(name string) Reg {
	v, ok := e.scalar[name]
	if !ok {
		panic(e.row.Name + " has no scalar " + name)
	}
	return v
}

// line prints the definition's next line as a comment.
func (e *elem) line() {
	e.Comment(e.row.Lines[e.lines])
	e.lines++
}

// A program computes one vector. Several vectors per turn of the loop pay where arithmetic is cheap
// beside the loop's own work; a kernel that divides is bound by the divider.
type program struct {
	unroll int
	body   func(e *elem)
}

// programs are the kernels of kinds Step and Map, by the names of the table.
var programs = map[string]program{
	"SGD": {4, func(e *elem) {
		e.line()
		e.out("x", e.Sub(e.in("x"), e.Mul(e.c("LR"), e.in("g"))))
	}},
	"Momentum": {4, func(e *elem) {
		e.line()
		v := e.Add(e.Mul(e.c("Rho"), e.in("v")), e.in("g"))
		e.out("v", v)
		e.line()
		e.out("x", e.Sub(e.in("x"), e.Mul(e.c("LR"), v)))
	}},
	"MomentumVelocity": {4, func(e *elem) {
		e.line()
		v := e.Sub(e.Mul(e.c("Rho"), e.in("v")), e.Mul(e.c("LR"), e.in("g")))
		e.out("v", v)
		e.line()
		e.out("x", e.Add(e.in("x"), v))
	}},
	"Nesterov": {4, func(e *elem) {
		e.line()
		e.line()
		ru := e.Mul(e.c("Rho"), e.in("v"))
		v := e.Sub(ru, e.Mul(e.c("LR"), e.in("g")))
		e.out("v", v)
		e.line()
		e.out("x", e.Add(e.Sub(e.in("x"), ru), e.Mul(e.c("OnePlusRho"), v)))
	}},
	"NesterovTorch": {4, func(e *elem) {
		e.line()
		v := e.Add(e.Mul(e.c("Rho"), e.in("v")), e.in("g"))
		e.out("v", v)
		e.line()
		e.out("x", e.Sub(e.in("x"), e.Mul(e.c("LR"), e.Add(e.in("g"), e.Mul(e.c("Rho"), v)))))
	}},
	"AdaGrad": {1, func(e *elem) {
		e.line()
		s := e.Add(e.in("s"), e.Mul(e.in("g"), e.in("g")))
		e.out("s", s)
		e.line()
		e.divide(e.Mul(e.c("LR"), e.in("g")), s)
	}},
	"RMSProp": {1, func(e *elem) {
		s := e.meanSquare("s", "Decay")
		e.line()
		e.divide(e.Mul(e.c("LR"), e.in("g")), s)
	}},
	"RMSPropMomentum": {1, func(e *elem) {
		s := e.meanSquare("s", "Decay")
		e.momentum(s)
	}},
	"RMSPropCentered": {1, func(e *elem) {
		s := e.meanSquare("s", "Decay")
		m := e.mean("m", "Decay")
		e.line()
		e.divide(e.Mul(e.c("LR"), e.in("g")), e.Sub(s, e.Mul(m, m)))
	}},
	"RMSPropCenteredMomentum": {1, func(e *elem) {
		s := e.meanSquare("s", "Decay")
		m := e.mean("m", "Decay")
		e.momentum(e.Sub(s, e.Mul(m, m)))
	}},
	"Adam": {1, func(e *elem) {
		m := e.mean("m", "Beta1")
		v := e.meanSquare("v", "Beta2")
		e.line()
		e.divide(e.Mul(e.c("Alpha"), m), e.Mul(e.c("Unbias"), v))
	}},
	"AMSGrad": {1, func(e *elem) {
		m := e.mean("m", "Beta1")
		v := e.meanSquare("v", "Beta2")
		e.line()
		vmax := e.Larger(e.in("vmax"), v)
		e.out("vmax", vmax)
		e.line()
		e.divide(e.Mul(e.c("Alpha"), m), e.Mul(e.c("Unbias"), vmax))
	}},
	"Lion": {1, func(e *elem) {
		e.line()
		u := e.Add(e.Mul(e.c("Beta1"), e.in("m")), e.Mul(e.c("OneMinusBeta1"), e.in("g")))
		e.line()
		e.out("x", e.Sub(e.in("x"), e.Mul(e.c("LR"), e.sign(u))))
		e.mean("m", "Beta2")
	}},

	"Axpy": {4, func(e *elem) {
		e.line()
		e.out("y", e.Add(e.in("y"), e.Mul(e.c("a"), e.in("x"))))
	}},
	"Axpby": {4, func(e *elem) {
		e.line()
		e.out("y", e.Add(e.Mul(e.c("a"), e.in("x")), e.Mul(e.c("b"), e.in("y"))))
	}},
	"Scale": {4, func(e *elem) { e.line(); e.out("x", e.Mul(e.c("a"), e.in("x"))) }},
	"Add":   {4, func(e *elem) { e.line(); e.out("z", e.Add(e.in("x"), e.in("y"))) }},
	"Sub":   {4, func(e *elem) { e.line(); e.out("z", e.Sub(e.in("x"), e.in("y"))) }},
	"Mul":   {4, func(e *elem) { e.line(); e.out("z", e.Mul(e.in("x"), e.in("y"))) }},
	"Clip": {4, func(e *elem) {
		e.line()
		x := e.Larger(e.c("lo"), e.in("x"))
		e.line()
		e.out("x", e.Smaller(e.c("hi"), x))
	}},
}

// mean stores and returns name = decay*name + (1-decay)*g.
func (e *elem) mean(name, decay string) Reg {
	e.line()
	m := e.Add(e.Mul(e.c(decay), e.in(name)), e.Mul(e.c("OneMinus"+decay), e.in("g")))
	e.out(name, m)
	return m
}

// meanSquare stores and returns name = decay*name + ((1-decay)*g)*g.
func (e *elem) meanSquare(name, decay string) Reg {
	e.line()
	g := e.in("g")
	s := e.Add(e.Mul(e.c(decay), e.in(name)), e.Mul(e.Mul(e.c("OneMinus"+decay), g), g))
	e.out(name, s)
	return s
}

// divide stores x = x - num/(sqrt(square)+eps).
func (e *elem) divide(num, square Reg) {
	e.out("x", e.Sub(e.in("x"), e.Div(num, e.Add(e.Sqrt(square), e.c("Eps")))))
}

// momentum stores b = rho*b + g/(sqrt(square)+eps) and x = x - lr*b.
func (e *elem) momentum(square Reg) {
	e.line()
	q := e.Div(e.in("g"), e.Add(e.Sqrt(square), e.c("Eps")))
	b := e.Add(e.Mul(e.c("Rho"), e.in("b")), q)
	e.out("b", b)
	e.line()
	e.out("x", e.Sub(e.in("x"), e.Mul(e.c("LR"), b)))
}

// argName is the name of an operand in assembly, where g is the goroutine's register.
func argName(operand string) string {
	if operand == "g" {
		return "grad"
	}
	return operand
}

// elementwise emits a kernel of kind Step or Map: func(n int, c *T, operands ...*T) for n a multiple
// of the vector's length; c points at the scalars, behind which a step's Prelude follows.
func elementwise(m Machine, row kernels.Row) {
	prog, ok := programs[row.Name]
	if !ok {
		panic("no program for " + row.Name)
	}
	var names []string
	for _, o := range row.Operands {
		names = append(names, argName(o.Name))
	}
	m.Begin(symbol(row.Name, m), "n int, c, "+strings.Join(names, ", ")+" *T")
	n, c := m.Arg("n"), m.Arg("c")
	ptr, scalar := map[string]Reg{}, map[string]Reg{}
	for _, o := range row.Operands {
		ptr[o.Name] = m.Arg(argName(o.Name))
	}
	for i, s := range row.Scalars {
		scalar[s] = m.Broadcast(c, i*m.ElemBytes())
	}
	var sign func(Reg) Reg
	if row.Name == "Lion" {
		sign = m.Sign()
	}
	// The Prelude follows the scalars: its own, then the bits that say which lines are in use.
	prelude := len(row.Scalars) * m.ElemBytes()
	var use Reg
	if row.Kind == kernels.Step {
		use = m.LoadUint32(c, prelude+len(kernels.PreludeScalars)*m.ElemBytes())
	}

	for _, unroll := range slices.Compact([]int{prog.unroll, 1}) {
		m.While(n, unroll*m.VecBytes()/m.ElemBytes(), func() {
			var es []*elem
			for u := range unroll {
				es = append(es, &elem{Machine: m, row: row, off: u * m.VecBytes(),
					ptr: ptr, loaded: map[string]Reg{}, scalar: scalar, sign: sign})
			}
			if row.Kind == kernels.Step {
				runPrelude(m, es, use, c, prelude)
			}
			for _, e := range es {
				prog.body(e)
			}
			for _, o := range row.Operands {
				m.AddImm(ptr[o.Name], unroll*m.VecBytes())
			}
		})
	}
	m.End()
}

// runPrelude loads x and g of all vectors and emits kernels.Prelude's lines behind their tests: one that
// says that there are none, and behind it, out of the way of the loop, one a line. They go one way for a
// whole call, so they are predicted; the scalars are read again at each turn to leave registers to the
// kernel.
func runPrelude(m Machine, es []*elem, use, c Reg, prelude int) {
	for _, e := range es {
		e.loaded["x"], e.loaded["g"] = e.in("x"), e.in("g")
	}
	type line struct {
		text, scalar, dst string
		compute           func(e *elem, s Reg) Reg
	}
	run := func(l line) {
		m.Comment(l.text)
		s := m.Broadcast(c, prelude+slices.Index(kernels.PreludeScalars, l.scalar)*m.ElemBytes())
		for _, e := range es {
			m.Move(e.in(l.dst), l.compute(e, s))
		}
	}
	uses := []struct {
		use   kernels.Use
		lines []line
	}{
		{kernels.UseScale, []line{
			{"g = scale*g", "Scale", "g", func(e *elem, s Reg) Reg { return e.Mul(s, e.in("g")) }}}},
		{kernels.UseClip, []line{
			{"g = lo > g ? lo : g", "Lo", "g", func(e *elem, s Reg) Reg { return e.Larger(s, e.in("g")) }},
			{"g = hi < g ? hi : g", "Hi", "g", func(e *elem, s Reg) Reg { return e.Smaller(s, e.in("g")) }}}},
		{kernels.UseL2, []line{
			{"g = g + l2*x", "L2", "g", func(e *elem, s Reg) Reg { return e.Add(e.in("g"), e.Mul(s, e.in("x"))) }}}},
		{kernels.UseKeep, []line{
			{"x = keep*x", "Keep", "x", func(e *elem, s Reg) Reg { return e.Mul(s, e.in("x")) }}}},
	}
	m.Rarely(use, func() {
		for _, u := range uses {
			m.IfBit(use, uint(bits.TrailingZeros32(uint32(u.use))), func() {
				for _, l := range u.lines {
					run(l)
				}
			})
		}
	})
}
