package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"slices"
	"strings"
	"text/template"

	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// The Go files are made from templates, each in the file go_NAME.go, of a view of the tables.

// A view is what the templates see.
type view struct {
	Rows     []rowView
	ISAs     []isa    // of one architecture, or all
	Patterns []string // of streams; see traffic.go
	Types    []typeView
}

// A typeView is an element type.
type typeView struct {
	Name, Suffix string
	Bytes        int
}

var elementTypes = []typeView{{"float32", "F32", 4}, {"float64", "F64", 8}}

// maxOperands is the largest number of operands of a row.
func (v view) MaxOperands() (n int) {
	for _, r := range v.Rows {
		n = max(n, len(r.Row.Operands))
	}
	return n
}

// CoefWords is how many words of 64 bits hold the scalars of any row, in either type.
func (v view) CoefWords() (n int) {
	_, prelude := program.Prelude()
	for _, r := range v.Rows {
		words := len(r.Scalars)
		if r.IsStep() {
			words += len(prelude) + 1 // Use
		}
		n = max(n, words)
	}
	return n
}

// StepRows are the steps.
func (v view) StepRows() (rows []rowView) {
	for _, r := range v.Rows {
		if r.IsStep() {
			rows = append(rows, r)
		}
	}
	return rows
}

// MaxRows are the reductions whose lanes hold a maximum.
func (v view) MaxRows() (rows []rowView) {
	for _, r := range v.Rows {
		if r.Program.Ops[program.MaxMagnitude] {
			rows = append(rows, r)
		}
	}
	return rows
}

// Has reports whether an instruction set has assembly for a row and an element type.
func (v view) Has(s isa, r rowView, t typeView) bool {
	return emits(s.New(newFile(s.Arch), s, t.Bytes), r.Program)
}

// NeedsCPUID reports whether any of the instruction sets is not on every CPU of its architecture.
func (v view) NeedsCPUID() bool {
	return slices.ContainsFunc(v.ISAs, func(s isa) bool { return s.Features != nil })
}

type rowView struct {
	*program.Program
	Doc string // the definition's doc comment
}

func (r rowView) Name() string      { return r.Row.Name }
func (r rowView) Symbol() string    { return lower(r.Row.Name) }
func (r rowView) IsStep() bool      { return r.Row.Kind == table.Step }
func (r rowView) IsReduction() bool { return r.Row.Kind == table.Reduction }

// OperandList is the names of the operands.
func (r rowView) OperandList() string { return r.EachOp("#") }

// Params is the public parameter list; of neighbours of one type only the last says so.
func (r rowView) Params() string {
	s := ""
	for i, o := range r.Row.Operands {
		s += o.Name
		if t := goType(o.Storage); i+1 == len(r.Row.Operands) || goType(r.Row.Operands[i+1].Storage) != t {
			s += " []" + t
		}
		s += ", "
	}
	s = strings.TrimSuffix(s, ", ")
	switch {
	case r.IsStep():
		s += ", c " + r.Row.Name + "Coef[T]"
	case len(r.Scalars) > 0:
		s += ", " + r.ScalarList() + " T"
	}
	return s
}

// Args is the public argument list.
func (r rowView) Args() string {
	switch {
	case r.IsStep():
		return r.OperandList() + ", c"
	case len(r.Scalars) > 0:
		return r.OperandList() + ", " + r.ScalarList()
	}
	return r.OperandList()
}

func (r rowView) ScalarList() string {
	var s []string
	for _, d := range r.Scalars {
		s = append(s, d.Name)
	}
	return strings.Join(s, ", ")
}

// Written is the bit mask of written operands.
func (r rowView) Written() string {
	mask := 0
	for i, o := range r.Row.Operands {
		if o.Write {
			mask |= 1 << i
		}
	}
	return fmt.Sprintf("%#b", mask)
}

// Suspicion is a condition that holds if operands differ in length or a written one overlaps another, and may hold
// otherwise: what it costs, every call pays. A row of one operand has none.
func (r rowView) Suspicion() string {
	var lengths, memory []string
	for i, b := range r.Row.Operands {
		for j, a := range r.Row.Operands[:i] {
			if j == 0 {
				lengths = append(lengths, fmt.Sprintf("len(%s) != len(%s)", b.Name, a.Name))
			}
			if a.Write || b.Write {
				memory = append(memory, fmt.Sprintf("mem.Near(%s, %s)", a.Name, b.Name))
			}
		}
	}
	return strings.Join(append(lengths, memory...), " || ")
}

// WrittenNames is the names of written operands.
func (r rowView) WrittenNames() string {
	var s []string
	for _, o := range r.Row.Operands {
		if o.Write {
			s = append(s, o.Name)
		}
	}
	return strings.Join(s, ", ")
}

// Each renders a format for every operand: # is its index, E the type that it is stored in.
func (r rowView) Each(f string) string { return r.each(f, "T") }

// EachOf is Each for an element type.
func (r rowView) EachOf(f, elem string) string { return r.each(f, elem) }

func (r rowView) each(f, elem string) string {
	var s []string
	for i, o := range r.Row.Operands {
		t := goType(o.Storage)
		if t == "T" {
			t = elem
		}
		s = append(s, strings.NewReplacer("#", fmt.Sprint(i), "E", t).Replace(f))
	}
	return strings.Join(s, ", ")
}

// EachOp renders a format with the name of every operand.
func (r rowView) EachOp(f string) string {
	var s []string
	for _, o := range r.Row.Operands {
		s = append(s, strings.ReplaceAll(f, "#", o.Name))
	}
	return strings.Join(s, ", ")
}

// EachState renders a format with the name of every state of a step, its operands between x and g, and with whether it
// is never negative.
func (r rowView) EachState(f string) (s string) {
	for _, o := range r.Row.Operands[1 : len(r.Row.Operands)-1] {
		s += strings.NewReplacer("#", o.Name, "?", fmt.Sprint(o.NonNegative)).Replace(f) + ", "
	}
	return s
}

// EachScalar renders a format with the index of every scalar.
func (r rowView) EachScalar(f string) string {
	s := ""
	for i := range r.Scalars {
		s += ", " + strings.ReplaceAll(f, "#", fmt.Sprint(i))
	}
	return s
}

// Steps says what a constructor needs to know of the step.
func (r rowView) StepParam() string {
	if r.UsesStep() {
		return ", t uint64"
	}
	return ""
}

func (r rowView) StepArg() string {
	if r.UsesStep() {
		return ", t"
	}
	return ""
}

// goType is the Go type of a storage.
func goType(s table.Storage) string {
	if s == table.Byte {
		return "uint8"
	}
	return "T"
}

// docs reads the doc comments of package kernels' functions.
func docs(dir fs.FS) (map[string]string, error) {
	names, err := fs.Glob(dir, "kernels/*.go")
	if err != nil {
		return nil, err
	}
	doc := map[string]string{}
	for _, name := range names {
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Doc != nil {
				doc[f.Name.Name] = f.Doc.Text()
			}
		}
	}
	return doc, nil
}

// comment turns text into a // comment.
func comment(text string) string {
	var b strings.Builder
	for _, l := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		b.WriteString(strings.TrimRight("// "+l, " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// render fills in a template and formats the result.
func render(text string, v any) ([]byte, error) {
	t, err := template.New("").Funcs(template.FuncMap{
		"comment": comment, "letters": func(s string) []string { return strings.Split(s, "") },
		"field": program.FieldName, "isName": func(s program.ScalarDef) bool { return s.Name == s.Formula },
	}).Parse("// Code generated by asmgen. DO NOT EDIT.\n\n" + text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, v); err != nil {
		return nil, err
	}
	out, err := format.Source(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%w in\n%s", err, b.Bytes())
	}
	return out, nil
}
