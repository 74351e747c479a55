package program

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bitstep-go/bitstep/kernels/table"
)

// A Hyper is a hyperparameter of a row.
type Hyper struct {
	Name   string
	Sample float64 // what tests and benchmarks run the kernel with
}

// A ScalarDef is a scalar of a row: a field of its coefficient struct, or an argument.
type ScalarDef struct {
	Name    string // as the lines have it: lr, 1-beta1
	Formula string // by rule 6, of hyperparameters and t; a plain hyperparameter is its own
}

// declare reads a row's scalars: the hyperparameters, and what may stand in lines.
func (p *Program) declare(scalars []string) (declared []ScalarDef, err error) {
	for _, s := range scalars {
		name, value, ok := strings.Cut(s, "=")
		if !ok || !isName(name) || name == "t" || p.scalars[name] {
			return nil, fmt.Errorf("scalar %q, want NAME=VALUE or NAME=FORMULA, each name once and not t", s)
		}
		d := ScalarDef{name, value}
		if v, err := strconv.ParseFloat(value, 64); err == nil {
			p.Hypers = append(p.Hypers, Hyper{name, v})
			d.Formula = name
		}
		p.scalars[name] = true
		declared = append(declared, d)
	}
	for _, d := range declared {
		for _, t := range tokens(d.Formula) {
			if isName(t) && t != "t" && !p.isHyper(t) {
				return nil, fmt.Errorf("scalar %s = %s: %s is no hyperparameter of the row", d.Name, d.Formula, t)
			}
		}
		if _, err := d.Go(); err != nil {
			return nil, err
		}
	}
	return declared, nil
}

func (p *Program) isHyper(name string) bool {
	return slices.ContainsFunc(p.Hypers, func(h Hyper) bool { return h.Name == name })
}

// order lists the scalars that the lines use: as declared, behind each those that the lines derive from it.
func (p *Program) order(declared []ScalarDef) error {
	used := func(name string) bool { return p.nodes[fmt.Sprintf("%d %s", Scalar, name)] != nil }
	for _, d := range declared {
		base := used(d.Name)
		if base {
			p.Scalars = append(p.Scalars, d)
		}
		for _, sign := range []string{"-", "+"} {
			if name := "1" + sign + d.Name; used(name) {
				if !p.isHyper(d.Name) {
					return fmt.Errorf("(%s): %s is no hyperparameter, so that it would round twice", name, d.Name)
				}
				base = true
				p.Scalars = append(p.Scalars, ScalarDef{name, "1" + sign + d.Name})
			}
		}
		if !base && !p.inFormula(declared, d.Name) {
			return fmt.Errorf("no line uses the scalar %s", d.Name)
		}
	}
	for _, s := range p.Scalars {
		if kind := p.Row.Kind; kind == table.Reduction || kind == table.Map && !p.isHyper(s.Name) {
			return fmt.Errorf("scalar %s: those of a vector operation are arguments, NAME=VALUE; a reduction has none",
				s.Name)
		}
	}
	return nil
}

func (p *Program) inFormula(declared []ScalarDef, name string) bool {
	return slices.ContainsFunc(declared, func(d ScalarDef) bool {
		return d.Formula != d.Name && slices.Contains(tokens(d.Formula), name)
	})
}

// UsesStep reports whether a scalar depends on the number of the step.
func (p *Program) UsesStep() bool {
	return slices.ContainsFunc(p.Scalars, func(s ScalarDef) bool { return slices.Contains(tokens(s.Formula), "t") })
}

// Field is the scalar's field in the coefficient struct: LR, Beta1, OneMinusBeta1.
func (s ScalarDef) Field() string {
	if name, ok := strings.CutPrefix(s.Name, "1-"); ok {
		return "OneMinus" + FieldName(name)
	}
	if name, ok := strings.CutPrefix(s.Name, "1+"); ok {
		return "OnePlus" + FieldName(name)
	}
	return FieldName(s.Name)
}

// FieldName is a name's exported form.
func FieldName(name string) string {
	if name == "lr" {
		return "LR"
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// Go is the scalar's formula as a Go expression of the hyperparameters h and the step t, in float64. Each
// product is converted, which keeps it from fusing.
func (s ScalarDef) Go() (string, error) {
	f := goFormula{rest: tokens(s.Formula)}
	text, _ := f.sum()
	if f.bad || len(f.rest) > 0 {
		return "", fmt.Errorf("scalar %s: formula %q", s.Name, s.Formula)
	}
	return text, nil
}

// A goFormula reads a formula: numbers, hyperparameters, + - * /, parentheses, and NAME^t, a power by PowInt. An
// operation on two numbers is none: Go would compute it exactly, and 1/2 as 0.
type goFormula struct {
	rest []string
	bad  bool
}

func (f *goFormula) next() (t string) {
	if len(f.rest) > 0 {
		t, f.rest = f.rest[0], f.rest[1:]
	}
	return t
}

func (f *goFormula) at(signs string) bool {
	return len(f.rest) > 0 && strings.Contains(signs, f.rest[0])
}

// sum returns an expression, and whether it is constant.
func (f *goFormula) sum() (s string, constant bool) {
	s, constant = f.product()
	for f.at("+-") {
		sign := f.next()
		t, c := f.product()
		f.bad = f.bad || constant && c
		s, constant = s+" "+sign+" "+t, false
	}
	return s, constant
}

func (f *goFormula) product() (s string, constant bool) {
	s, constant = f.factor()
	for f.at("*/") {
		sign := f.next()
		t, c := f.factor()
		f.bad = f.bad || constant && c
		s, constant = "float64("+s+" "+sign+" "+t+")", false
	}
	return s, constant
}

func (f *goFormula) factor() (s string, constant bool) {
	switch t := f.next(); {
	case t == "(":
		s, constant = f.sum()
		f.bad = f.bad || f.next() != ")"
		return "(" + s + ")", constant
	case isName(t) && t != "t": // which stands in powers only
		name := "h." + FieldName(t)
		if f.at("^") {
			f.next()
			f.bad = f.bad || f.next() != "t"
			return "PowInt(" + name + ", t)", false
		}
		return name, false
	default:
		if _, err := strconv.ParseFloat(t, 64); err != nil || len(t) > 1 && t[0] == '0' && t[1] != '.' {
			f.bad = true // 010 would be 8 in Go
		}
		return t, true
	}
}
