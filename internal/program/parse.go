package program

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The grammar of lines: a choice, a sum, a product, a factor; see table.Row.

// tokens splits an expression into names, numbers and signs.
func tokens(s string) (all []string) {
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			word := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.' }
			n = len(s) - len(strings.TrimLeftFunc(s, word))
		}
		if r != ' ' {
			all = append(all, s[:n])
		}
		s = s[n:]
	}
	return all
}

func isName(s string) bool {
	for i, r := range s {
		if !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != ""
}

// A parser reads one expression. Its functions panic with an error that parse returns.
type parser struct {
	*Program
	rest []string
}

func (p *Program) parse(expr string) (n *Node, err error) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case syntaxError:
			err = e
		default:
			panic(e)
		}
	}()
	r := parser{p, tokens(expr)}
	n = r.choice()
	if len(r.rest) > 0 {
		r.fail("%q is left over", strings.Join(r.rest, " "))
	}
	return n, nil
}

type syntaxError struct{ error }

func (r *parser) fail(format string, args ...any) { panic(syntaxError{fmt.Errorf(format, args...)}) }

// peek returns the next token, or "".
func (r *parser) peek() string {
	if len(r.rest) == 0 {
		return ""
	}
	return r.rest[0]
}

// accept takes the next token if it is t.
func (r *parser) accept(t string) bool {
	if r.peek() != t {
		return false
	}
	r.rest = r.rest[1:]
	return true
}

func (r *parser) expect(t string) {
	if !r.accept(t) {
		r.fail("%q, want %q", r.peek(), t)
	}
}

// choice is a sum, or a > b ? c : d, or a < b ? c : d.
func (r *parser) choice() *Node {
	a := r.sum()
	op := Larger
	switch {
	case r.accept("<"):
		op = Smaller
	case !r.accept(">"):
		return a
	}
	b := r.sum()
	r.expect("?")
	yes := r.sum()
	r.expect(":")
	switch no := r.sum(); {
	case yes == a && no == b:
		return r.node(op, "", a, b)
	case op == Smaller:
		return r.node(Select, "", b, a, yes, no)
	default:
		return r.node(Select, "", a, b, yes, no)
	}
}

func (r *parser) sum() *Node {
	a := r.product()
	for {
		switch {
		case r.accept("+"):
			a = r.node(Add, "", a, r.product())
		case r.accept("-"):
			a = r.node(Sub, "", a, r.product())
		default:
			return a
		}
	}
}

func (r *parser) product() *Node {
	a := r.factor()
	for {
		switch {
		case r.accept("*"):
			a = r.node(Mul, "", a, r.factor())
		case r.accept("/"):
			a = r.node(Div, "", a, r.factor())
		default:
			return a
		}
	}
}

// functions are the calls of one or more arguments.
var functions = map[string]struct {
	op   Op
	args int
}{"sqrt": {Sqrt, 1}, "exp": {Exp, 1}, "sign": {Sign, 1}, "fma": {FMA, 3}, "max": {MaxMagnitude, 2}}

func (r *parser) factor() *Node {
	switch t := r.peek(); {
	case r.accept("|"):
		a := r.sum()
		r.expect("|")
		return r.node(Abs, "", a)
	case r.accept("("):
		if len(r.rest) > 3 && r.rest[0] == "1" && (r.rest[1] == "-" || r.rest[1] == "+") && r.scalars[r.rest[2]] &&
			r.rest[3] == ")" {
			name := strings.Join(r.rest[:3], "") // a scalar by rule 6
			r.rest = r.rest[4:]
			return r.node(Scalar, name)
		}
		a := r.choice()
		r.expect(")")
		return a
	case r.accept("0"), r.accept("1"):
		return r.node(Constant, t)
	case isName(t):
		r.rest = r.rest[1:]
		if r.peek() == "(" {
			return r.call(t)
		}
		if r.scalars[t] {
			return r.node(Scalar, t)
		}
		if n := r.env[t]; n != nil {
			delete(r.unread, t)
			return n
		}
		r.fail("%s is no scalar, no operand that is read, and was not assigned", t)
	}
	r.fail("%q, want an operand, a scalar, 0, 1, a function or a parenthesis", r.peek())
	return nil
}

func (r *parser) call(name string) *Node {
	f, ok := functions[name]
	if !ok {
		r.fail("no function %s", name)
	}
	r.expect("(")
	var args []*Node
	for i := range f.args {
		if i > 0 {
			r.expect(",")
		}
		args = append(args, r.sum())
	}
	r.expect(")")
	if f.op == MaxMagnitude {
		if args[0].Op != Lane || args[1].Op != Abs {
			r.fail("max of other than a lane and |a|")
		}
		args[1] = args[1].Args[0] // the operation takes the sign off
	}
	return r.node(f.op, "", args...)
}
