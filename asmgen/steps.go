package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Steps and maps: one pass over the operands, element by element.

// An element is one vector of elements inside a loop.
type element struct {
	*kernel
	off   int                   // elements from the operands' pointers
	value map[*program.Node]Reg // what has been computed
}

// A kernel is a row at work on one machine.
type kernel struct {
	Machine
	*program.Program
	operand map[string]table.Operand
	ptr     map[string]Reg
	scalar  map[string]Reg // in every lane
	coef    Reg            // points at them in memory

	constant map[string]Reg // those that registers hold

	// Operations with constants, made before the loop if the program has them.
	sign, abs func(Reg) Reg
	larger    func(a, b Reg) Reg // MaxMagnitude
	exp       func(Reg) Reg
}

// emits reports whether a machine has all operations of a program.
func emits(m Machine, p *program.Program) bool {
	for op := range p.Ops {
		if !m.Can(op) {
			return false
		}
	}
	return true
}

// newKernel takes the pointers of the operands from the arguments and makes the constants.
func newKernel(m Machine, p *program.Program) *kernel {
	k := &kernel{Machine: m, Program: p, operand: map[string]table.Operand{}, ptr: map[string]Reg{},
		scalar: map[string]Reg{}}
	for _, o := range p.Row.Operands {
		k.operand[o.Name], k.ptr[o.Name] = o, m.Arg(argName(o.Name))
	}
	return k
}

func (k *kernel) constants() {
	k.constant = map[string]Reg{}
	for _, c := range []string{"0", "1"} {
		if k.ISA().Steps.Scalars > 0 && k.Uses(k.Constant(c)) > 0 {
			k.constant[c] = k.constantOf(c)
		}
	}
	if k.Ops[program.Sign] {
		k.sign = k.Sign()
	}
	if k.Ops[program.Abs] {
		k.abs = k.Abs()
	}
	if k.Ops[program.MaxMagnitude] {
		k.larger = k.MaxMagnitude()
	}
	if k.Ops[program.Exp] {
		k.exp = exponential(k.Machine)
	}
}

// lanesOf is how many elements a vector holds.
func lanesOf(m Machine) int { return m.ISA().VecBytes / m.ElemBytes() }

// advance moves the operands' pointers n elements on.
func (k *kernel) advance(n int) {
	for _, o := range k.Row.Operands {
		k.AddImm(k.ptr[o.Name], n*o.Storage.Size(k.ElemBytes()))
	}
}

func (k *kernel) element(off int) *element {
	return &element{k, off, map[*program.Node]Reg{}}
}

// get returns the value of a node, computing it at its first use.
func (e *element) get(n *program.Node) Reg {
	v, ok := e.value[n]
	if !ok {
		v = e.compute(n)
		e.value[n] = v
	}
	return v
}

func (e *element) compute(n *program.Node) Reg {
	if n.Op == program.Operand {
		s := e.operand[n.Name].Storage
		return e.LoadAs(s, e.ptr[n.Name], e.off*s.Size(e.ElemBytes()))
	}
	switch n.Op {
	case program.Scalar:
		return e.scalarOf(n.Name)
	case program.Constant:
		return e.constantOf(n.Name)
	}
	if i := e.fromMemory(n); i >= 0 && e.value[n.Args[i]] == nil {
		return e.WithLoad(n.Op, e.get(n.Args[1-i]), e.ptr[n.Args[i].Name], e.off*e.ElemBytes())
	}
	var a []Reg
	for _, arg := range n.Args {
		a = append(a, e.get(arg))
	}
	switch n.Op {
	case program.Add, program.Sub, program.Mul, program.Larger, program.Smaller:
		return arithmetic(e, n.Op, a[0], a[1])
	case program.Div:
		return e.Div(a[0], a[1])
	case program.Sqrt:
		return e.Sqrt(a[0])
	case program.Exp:
		return e.exp(a[0])
	case program.Sign:
		return e.sign(a[0])
	case program.Abs:
		return e.abs(a[0])
	case program.MaxMagnitude:
		return e.larger(a[0], a[1])
	case program.Select:
		return e.Select(a[0], a[1], a[2], a[3])
	case program.FMA:
		if n.Args[2].Op != program.Lane || n != e.Lines[0].Value { // other values may still be needed
			acc := e.Vector()
			e.Move(acc, a[2])
			a[2] = acc
		}
		e.FMA(a[2], a[0], a[1])
		return a[2]
	}
	panic(fmt.Sprintf("%s: no way to compute %v", e.Row.Name, n.Op))
}

// arithmetic emits one of the operations that may take a vector from memory: see WithLoad.
func arithmetic(m Machine, op program.Op, a, b Reg) Reg {
	switch op {
	case program.Add:
		return m.Add(a, b)
	case program.Sub:
		return m.Sub(a, b)
	case program.Mul:
		return m.Mul(a, b)
	case program.Larger:
		return m.Larger(a, b)
	case program.Smaller:
		return m.Smaller(a, b)
	}
	panic(fmt.Sprintf("no operation of two vectors: %v", op))
}

// fromMemory returns which argument of an operation may come from memory, an operand that nothing else needs, or -1. A
// sum or product has the same value whichever way round.
func (k *kernel) fromMemory(n *program.Node) int {
	may := func(i int) bool {
		a := n.Args[i]
		return a.Op == program.Operand && k.operand[a.Name].Storage == table.Element && k.Uses(a) == 1
	}
	switch n.Op {
	case program.Add, program.Mul:
		if may(0) {
			return 0
		}
		fallthrough
	case program.Sub, program.Larger, program.Smaller:
		if may(1) {
			return 1
		}
	}
	return -1
}

// run computes and stores the lines.
func (e *element) run() {
	for _, l := range e.Lines {
		e.Comment(l.Text)
		v := e.get(l.Value)
		if l.Store {
			e.Store(v, e.ptr[l.Dst], e.off*e.ElemBytes())
		}
	}
}

// argName is the name of an operand in assembly, where g is the goroutine's register.
func argName(operand string) string {
	if operand == "g" {
		return "grad"
	}
	return operand
}

// params is the parameters of a row's functions behind the first ones.
func params(row table.Row) string {
	s := ""
	for _, o := range row.Operands {
		t := "*T"
		if o.Storage == table.Byte {
			t = "*uint8"
		}
		s += ", " + argName(o.Name) + " " + t
	}
	return s
}

// scalarOf returns a scalar in every lane, loaded where no register holds it.
func (k *kernel) scalarOf(name string) Reg {
	if v, ok := k.scalar[name]; ok {
		return v
	}
	for i, s := range k.Scalars {
		if s.Name == name {
			return k.Broadcast(k.coef, i*k.ElemBytes())
		}
	}
	panic(k.Row.Name + ": no scalar " + name)
}

// constantOf returns 0 or 1 in every lane, made where no register holds it.
func (k *kernel) constantOf(c string) Reg {
	if v, ok := k.constant[c]; ok {
		return v
	}
	if c == "0" {
		return k.Zero()
	}
	return k.Literal(1)
}

// scalarsFit reports whether there are registers for all scalars beside those of a pipeline.
func (k *kernel) scalarsFit() bool { return len(k.Scalars) <= k.ISA().Steps.Scalars }

// holdScalars gives scalars a register, as many as leave room for a vector of each operand, the constants of a sign and
// four others.
func (k *kernel) holdScalars() {
	room := k.Registers() - len(k.Row.Operands) - 4
	if k.Ops[program.Sign] {
		room -= 3
	}
	for _, s := range k.Scalars[:min(room, len(k.Scalars))] {
		k.scalar[s.Name] = k.scalarOf(s.Name)
	}
}

// again is k with scalars in registers, from here on.
func (k *kernel) again() *kernel {
	a := *k
	a.scalar = map[string]Reg{}
	a.holdScalars()
	return &a
}

// wholeVectors reports whether a kernel runs on whole vectors only: there are no masked loads of bytes.
func wholeVectors(row table.Row) bool {
	return slices.ContainsFunc(row.Operands, func(o table.Operand) bool { return o.Storage == table.Byte })
}

// begin starts a kernel of kind Step or Map: func(n int, c *T, operands ...); c points at the scalars, behind which a
// step's Prelude follows.
func begin(m Machine, p *program.Program, suffix string) (k *kernel, n Reg) {
	name := symbol(p.Row.Name, m) + suffix
	elements := "n elements"
	if wholeVectors(p.Row) {
		elements += ", whole vectors,"
	}
	doc, layout := []string{name + " updates " + elements + " by", ""}, layout(m, p)
	for _, l := range p.Lines {
		doc = append(doc, "\t"+l.Text)
	}
	m.Begin(name, "n int, c *T"+params(p.Row), append(doc, "", layout)...)
	m.Comment(layout)
	n, c := m.Arg("n"), m.Arg("c")
	k = newKernel(m, p)
	k.coef = c
	return k, n
}

// elementwise emits a kernel of kind Step or Map.
//
// Four vectors per turn of the loop pay where arithmetic is cheap beside the loop's own work; a kernel that
// divides, or takes a sign or an exponential, which are a dozen operations and more, is bound by that.
func elementwise(m Machine, p *program.Program) {
	unrolls := []int{4, 1}
	if p.Divides() || p.Ops[program.Sign] || p.Ops[program.Exp] {
		unrolls = []int{1}
	}
	k, n := begin(m, p, "")
	k.holdScalars()
	k.constants()
	plain := func() {
		for _, unroll := range unrolls {
			k.loop(n, unroll, nil)
		}
	}
	if p.Row.Kind != table.Step {
		plain()
		if !wholeVectors(p.Row) {
			k.tail(n, nil)
		}
		m.End()
		return
	}
	use := pointAtPrelude(k)
	prelude := m.Code(preludeTable(m, 1), use)
	if p.Divides() {
		k.loop(n, 1, prelude)
	} else {
		m.IfZero(prelude, plain, func() {
			for _, unroll := range unrolls {
				k.loop(n, unroll, m.Code(preludeTable(m, unroll), use))
			}
		})
	}
	k.tail(n, prelude)
	m.End()
}

// loop updates n elements, so many vectors at a turn, as far as they go. A prelude, of so many vectors, may be nil.
func (k *kernel) loop(n Reg, unroll int, prelude Reg) {
	k.While(fmt.Sprintf("loop%dx", unroll), n, unroll*lanesOf(k), func() {
		var es []*element
		for u := range unroll {
			es = append(es, k.element(u*lanesOf(k)))
		}
		if prelude != nil {
			withPrelude(es, prelude)
		}
		for _, e := range es {
			e.run()
		}
		k.advance(unroll * lanesOf(k))
	})
}

// tail updates n elements, fewer than a vector, as one masked vector. A prelude may be nil.
func (k *kernel) tail(n, prelude Reg) {
	k.IfMore(n, 0, func() {
		mask, e := k.Mask(n, 0), k.element(0)
		for _, o := range k.Row.Operands {
			if o.Read {
				e.value[k.Operand(o.Name)] = k.LoadMasked(k.ptr[o.Name], 0, mask)
			}
		}
		if prelude != nil {
			for i, name := range []string{"x", "g"} {
				v := k.Fixed(i)
				k.Move(v, e.value[k.Operand(name)])
				e.value[k.Operand(name)] = v
			}
			inOut, clobbered := preludeRegisters(k.Machine, 1)
			k.Rarely("preludeTail", prelude, func() { k.CallShared(prelude, inOut, clobbered) })
		}
		for _, l := range e.Lines {
			k.Comment(l.Text)
			v := e.get(l.Value)
			if l.Store {
				stored := k.Vector()
				k.Move(stored, v)
				k.StoreRowsMasked([]Reg{stored}, k.ptr[l.Dst], k.ptr[l.Dst], mask)
			}
		}
	})
}

// layout says what c points at.
func layout(m Machine, p *program.Program) string {
	var at []string
	add := func(name string) { at = append(at, fmt.Sprintf("%d %s", len(at)*m.ElemBytes(), name)) }
	for _, s := range p.Scalars {
		add(s.Name)
	}
	if p.Row.Kind == table.Step {
		_, scalars := program.Prelude()
		for _, s := range scalars {
			add(s.Name)
		}
		add("use")
	}
	if len(at) == 0 {
		return "c is not read."
	}
	return "c, by byte: " + strings.Join(at, ", ") + "."
}
