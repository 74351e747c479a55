// Package program reads the lines and scalars of table.Rows: what assembly, coefficient structs and
// documentation are made of. A line becomes a graph of operations, each exactly one IEEE operation (or [Exp]), in
// which equal expressions are one node, so that nothing is computed twice.
package program

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bitstep-go/bitstep/kernels/table"
)

// An Op is what a node computes.
type Op uint8

const (
	Operand  Op = iota // the element of the operand Name before the kernel
	Lane               // a reduction's lane before the element
	Scalar             // the scalar Name
	Constant           // the number Name, 0 or 1
	Add
	Sub
	Mul
	Div
	Sqrt
	Exp          // kernels.Exp, in float64 alone: see asmgen/exp.go
	Sign         // 1, -1, +0 for ±0, NaN for NaN
	Abs          // without the sign
	FMA          // a*b + c, rounding once
	Larger       // a > b ? a : b
	Smaller      // a < b ? a : b
	Select       // a > b ? c : d
	MaxMagnitude // the larger of a, which has no sign, and |b| by their bits
)

var opNames = [...]string{"operand", "lane", "scalar", "constant", "+", "-", "*", "/", "sqrt", "exp", "sign", "abs",
	"fma", "larger", "smaller", "select", "maxmagnitude"}

func (o Op) String() string { return opNames[o] }

// A Node is an expression. Nodes of one Program are equal only if they are the same.
type Node struct {
	Op   Op
	Name string // of an Operand, Scalar or Constant
	Args []*Node
}

// A Line is an assignment.
type Line struct {
	Text  string
	Dst   string
	Store bool // Dst is an operand, and this its last assignment
	Value *Node
}

// A Program is what a row says.
type Program struct {
	Row     table.Row
	Lines   []Line
	Scalars []ScalarDef // in the order of the coefficient struct or the arguments
	Hypers  []Hyper     // what Scalars are derived from
	Ops     map[Op]bool // those that values need
	nodes   map[string]*Node
	scalars map[string]bool // that may be named
	env     map[string]*Node
	unread  map[string]string // the line that assigned to a name which no line has read since
}

// Divides reports whether the divider bounds the program: it divides or takes roots.
func (p *Program) Divides() bool { return p.Ops[Div] || p.Ops[Sqrt] }

// Parse reads a row of the table.
func Parse(row table.Row) (*Program, error) {
	p := &Program{Row: row, Ops: map[Op]bool{}, nodes: map[string]*Node{}, scalars: map[string]bool{},
		env: map[string]*Node{}, unread: map[string]string{}}
	declared, err := p.declare(row.Scalars)
	if err == nil {
		err = p.read(row)
	}
	if err == nil {
		err = p.order(declared)
	}
	if err != nil {
		return nil, fmt.Errorf("kernels/table: %s: %w", row.Name, err)
	}
	return p, nil
}

// Must is Parse for the table, whose rows a test parses.
func Must(row table.Row) *Program {
	p, err := Parse(row)
	if err != nil {
		panic(err)
	}
	return p
}

// All parses the table.
func All() (all []*Program, err error) {
	for _, row := range table.Rows {
		p, err := Parse(row)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// A PreludeLine is a line of table.Preludes: a program of its own, on what x and g are by then.
type PreludeLine struct {
	*Program
	Use table.Use
}

// Prelude returns the lines of table.Preludes, and their scalars in the order of the fields of
// kernels.Prelude.
func Prelude() (lines []PreludeLine, scalars []ScalarDef) {
	for _, u := range table.Preludes {
		for _, text := range u.Lines {
			row := table.Row{Name: "Prelude", Kind: table.Map, Lines: []string{text}}
			seen := map[string]bool{}
			for i, t := range tokens(text) {
				switch {
				case !isName(t) || seen[t]:
				case t == "x" || t == "g":
					row.Operands = append(row.Operands, table.Operand{Name: t, Read: true, Write: i == 0})
				default:
					row.Scalars = append(row.Scalars, t+"=0")
				}
				seen[t] = true
			}
			p := Must(row)
			lines, scalars = append(lines, PreludeLine{p, u.Use}), append(scalars, p.Scalars...)
		}
	}
	return lines, scalars
}

// Operand returns the node of an operand before the kernel.
func (p *Program) Operand(name string) *Node { return p.node(Operand, name) }

// Constant returns the node of 0 or 1.
func (p *Program) Constant(name string) *Node { return p.node(Constant, name) }

// Lane returns the node of a reduction's lane before the element.
func (p *Program) Lane() *Node { return p.node(Lane, "lane") }

// read parses the lines and checks what they assign to.
func (p *Program) read(row table.Row) error {
	written := map[string]bool{}
	operand := map[string]table.Operand{}
	for _, o := range row.Operands {
		if !isName(o.Name) {
			return fmt.Errorf("operand %q is no name", o.Name)
		}
		if p.scalars[o.Name] || operand[o.Name].Name != "" {
			return fmt.Errorf("%s is declared twice", o.Name)
		}
		operand[o.Name] = o
		if o.Read {
			p.env[o.Name] = p.Operand(o.Name)
		}
	}
	switch row.Kind {
	case table.Step: // its prelude works on these
		x, g := operand["x"], operand["g"]
		if !x.Read || !x.Write || x.Storage == table.Byte || !g.Read || g.Storage == table.Byte {
			return fmt.Errorf("want operands x+ and g, which a step's prelude works on")
		}
	case table.Reduction:
		p.env["lane"] = p.Lane()
	}
	for _, text := range row.Lines {
		dst, expr, ok := strings.Cut(text, " = ")
		if !ok || !isName(dst) {
			return fmt.Errorf("line %q is no assignment NAME = EXPRESSION", text)
		}
		o, isOperand := operand[dst]
		switch {
		case isOperand && !o.Write:
			return fmt.Errorf("line %q assigns to %s, which is only read", text, dst)
		case isOperand && o.Storage == table.Byte:
			return fmt.Errorf("line %q stores to %s, whose storage has no rule of rounding", text, dst)
		case p.scalars[dst]:
			return fmt.Errorf("line %q assigns to the scalar %s", text, dst)
		}
		value, err := p.parse(expr)
		if err != nil {
			return fmt.Errorf("line %q: %w", text, err)
		}
		if line, unread := p.unread[dst]; unread {
			return fmt.Errorf("line %q is in vain: nothing reads %s before line %q", line, dst, text)
		}
		written[dst] = true
		p.env[dst], p.unread[dst] = value, text
		p.Lines = append(p.Lines, Line{text, dst, isOperand, value})
	}
	for _, o := range row.Operands {
		if o.Write && !written[o.Name] {
			return fmt.Errorf("no line assigns to %s, which is written", o.Name)
		}
		if o.Read && p.Uses(p.Operand(o.Name)) == 0 {
			return fmt.Errorf("no line reads %s", o.Name)
		}
	}
	if row.Kind == table.Reduction {
		if len(p.Lines) != 1 || p.Lines[0].Dst != "lane" || p.Uses(p.Lane()) == 0 {
			return fmt.Errorf("the lines of a reduction are one assignment to lane, of lane")
		}
	} else {
		for _, l := range p.Lines {
			if _, unread := p.unread[l.Dst]; unread && !operand[l.Dst].Write {
				return fmt.Errorf("line %q is in vain: nothing reads %s", l.Text, l.Dst)
			}
		}
	}
	last := map[string]int{}
	for i, l := range p.Lines {
		last[l.Dst] = i
		p.count(l.Value)
	}
	for i := range p.Lines {
		p.Lines[i].Store = p.Lines[i].Store && last[p.Lines[i].Dst] == i
	}
	return nil
}

// Uses counts the nodes that take an operand's first value or the lane's, and the lines that are it.
func (p *Program) Uses(node *Node) (n int) {
	for _, m := range p.nodes {
		for _, a := range m.Args {
			if a == node {
				n++
			}
		}
	}
	for _, l := range p.Lines {
		if l.Value == node {
			n++
		}
	}
	return n
}

// Count is how many nodes there are of an operation.
func (p *Program) Count(op Op) (n int) {
	for _, m := range p.nodes {
		if m.Op == op {
			n++
		}
	}
	return n
}

// Only returns the node of an operation that the program has once, or nil.
func (p *Program) Only(op Op) (n *Node) {
	for _, m := range p.nodes {
		if m.Op == op && n != nil {
			return nil
		} else if m.Op == op {
			n = m
		}
	}
	return n
}

// Needs reports whether a value is computed from another.
func (n *Node) Needs(what *Node) bool {
	return n == what || slices.ContainsFunc(n.Args, func(a *Node) bool { return a.Needs(what) })
}

// count notes the operations of a value.
func (p *Program) count(n *Node) {
	p.Ops[n.Op] = true
	for _, a := range n.Args {
		p.count(a)
	}
}

// node returns the one node of an operation on its arguments.
func (p *Program) node(op Op, name string, args ...*Node) *Node {
	key := fmt.Sprintf("%d %s", op, name)
	for _, a := range args {
		key += fmt.Sprintf(" %p", a)
	}
	n := p.nodes[key]
	if n == nil {
		n = &Node{op, name, args}
		p.nodes[key] = n
	}
	return n
}
