package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"text/template"
	"unicode"

	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// The C interface in capi/: what of it lists kernels. Templates are in capi_*.go.

// A cType is an element type in C.
type cType struct {
	Name, Suffix string
	Bytes        int
}

var cTypes = []cType{{"float", "f32", 4}, {"double", "f64", 8}}

// A cView is what the templates see.
type cView struct {
	view
	Types []cType
}

// CRows are the rows as C has them.
func (v cView) CRows() (rows []cRow) {
	for i, r := range v.Rows {
		rows = append(rows, cRow{r, i})
	}
	return rows
}

// MaxScalars is the largest number of scalars of a vector operation.
func (v cView) MaxScalars() (n int) {
	for _, r := range v.Rows {
		if !r.IsStep() {
			n = max(n, len(r.Scalars))
		}
	}
	return n
}

// MaxHypers is the largest number of hyperparameters of a step.
func (v cView) MaxHypers() (n int) {
	for _, r := range v.StepRows() {
		n = max(n, len(r.Hypers))
	}
	return n
}

// A cRow is a row as C has it.
type cRow struct {
	rowView
	Index int
}

// words spells names as the literature does where their capitals would be words of their own: adagrad, rmsprop. A
// slice is nothing that C has.
var words = strings.NewReplacer("Grad", "grad", "Prop", "prop", "Slice", "")

// CName is the row's name: RMSPropCentered is rmsprop_centered.
func (r cRow) CName() string {
	var b strings.Builder
	before := '_'
	for _, c := range words.Replace(r.Row.Name) {
		if unicode.IsUpper(c) && unicode.IsLower(before) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(c))
		before = c
	}
	return b.String()
}

// A cArg is an argument of a C function.
type cArg struct {
	Type string `json:"type"`
	Name string `json:"name"`
}

func (a cArg) String() string {
	if strings.HasSuffix(a.Type, "*") {
		return a.Type + a.Name
	}
	return a.Type + " " + a.Name
}

// A cFunc is a C function.
type cFunc struct {
	Name    string `json:"name"`
	Returns string `json:"returns"`
	Args    []cArg `json:"args"`
}

// Prototype is the function's declaration without a semicolon, in lines of up to 110 columns.
func (f cFunc) Prototype() string {
	s := f.Returns + " " + f.Name + "("
	column := len(s)
	for i, a := range f.Args {
		text := a.String()
		if i+1 < len(f.Args) {
			text += ","
		}
		if i > 0 && column+1+len(text) > 110 {
			s, column = s+"\n    ", 4
		} else if i > 0 {
			s, column = s+" ", column+1
		}
		s, column = s+text, column+len(text)
	}
	if len(f.Args) == 0 {
		s += "void"
	}
	return s + ")"
}

// Func is the row's function for an element type.
func (r cRow) Func(t cType) cFunc {
	f := cFunc{"bitstep_" + r.CName() + "_" + t.Suffix, "int", []cArg{{"size_t", "n"}}}
	for _, o := range r.Row.Operands {
		f.Args = append(f.Args, cArg{operandType(o, t) + " *", o.Name})
	}
	switch {
	case r.IsStep():
		f.Args = append(f.Args, r.stepArgs()...)
	case r.IsReduction():
		f.Args = append(f.Args, cArg{t.Name + " *", "result"})
	default:
		for _, s := range r.Scalars {
			f.Args = append(f.Args, cArg{t.Name, s.Name})
		}
	}
	return f
}

// EachFunc is the row's function of several tensors.
func (r cRow) EachFunc(t cType) cFunc {
	f := cFunc{"bitstep_" + r.CName() + "_" + t.Suffix + "_each", "int",
		[]cArg{{"size_t", "count"}, {"const size_t *", "n"}}}
	for _, o := range r.Row.Operands {
		f.Args = append(f.Args, cArg{operandType(o, t) + " *const *", o.Name})
	}
	f.Args = append(f.Args, r.stepArgs()...)
	return f
}

func (r cRow) stepArgs() []cArg {
	args := []cArg{{"const bitstep_" + r.CName() + "_hyper *", "hyper"}}
	if r.UsesStep() {
		args = append(args, cArg{"uint64_t", "t"})
	}
	return args
}

// DriverArgs are the arguments of a function out of a request of testdata/driver.c.
func (r cRow) DriverArgs(f cFunc) string {
	var s []string
	op, scalar := 0, 0
	for _, a := range f.Args {
		switch {
		case a.Name == "n" && a.Type == "size_t" || a.Name == "count":
			s = append(s, "r->n")
		case a.Name == "n":
			s = append(s, "pointer(r->lengths)")
		case a.Name == "hyper", a.Name == "result":
			s = append(s, "pointer(r->"+a.Name+")")
		case a.Name == "t":
			s = append(s, "r->t")
		case op < len(r.Row.Operands):
			s = append(s, fmt.Sprintf("pointer(r->op[%d])", op))
			op++
		default:
			s = append(s, fmt.Sprintf("r->scalar_%s[%d]", a.Type, scalar))
			scalar++
		}
	}
	return strings.Join(s, ", ")
}

// Defaults is the function that returns the hyperparameters that the table states.
func (r cRow) Defaults() cFunc {
	return cFunc{"bitstep_" + r.CName() + "_defaults", "bitstep_" + r.CName() + "_hyper", nil}
}

func operandType(o table.Operand, t cType) string {
	name := t.Name
	if o.Storage == table.Byte {
		name = "uint8_t"
	}
	if !o.Write {
		return "const " + name
	}
	return name
}

// Derived are the scalars that formulas derive, as documentation has them.
func (r cRow) Derived() (lines []string) {
	for _, s := range r.Scalars {
		if s.Formula != s.Name && !strings.HasPrefix(s.Name, "1") {
			lines = append(lines, s.Name+" = "+s.Formula)
		}
	}
	return lines
}

// An interval is where a hyperparameter must lie: a name in package capi, and how documentation writes it.
type interval struct{ Go, Text string }

func (i interval) String() string { return i.Text }

// Range is the interval of a hyperparameter: rates of decay are below 1.
func (r cRow) Range(h program.Hyper) interval {
	switch h.Name {
	case "lr", "eps":
		return interval{"notNegative", "[0, +Inf)"}
	case "rho", "decay", "beta1", "beta2":
		return interval{"rate", "[0, 1)"}
	}
	return interval{"anyFinite", "(-Inf, +Inf)"}
}

// LR is the index of the learning rate, by which decoupled decay is multiplied, or -1.
func (r cRow) LR() int {
	for i, h := range r.Hypers {
		if h.Name == "lr" {
			return i
		}
	}
	return -1
}

var (
	goOnly = regexp.MustCompile(` \(see \[New[^)]*\)`) // constructors, which C has not
	link   = regexp.MustCompile(`\[((?:kernels\.)?[A-Z]\w*)\]`)
)

// CDoc is the definition's doc comment for a header.
func (r cRow) CDoc() string {
	return link.ReplaceAllString(goOnly.ReplaceAllString(r.Doc, ""), "$1")
}

// cComment turns text into the lines of a C comment.
func cComment(text string) string {
	var b strings.Builder
	for _, l := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		b.WriteString(strings.TrimRight(" * "+strings.ReplaceAll(l, "\t", "    "), " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// cFile fills in a template of a C file.
func cFile(text string, v cView) ([]byte, error) {
	t, err := template.New("").Funcs(template.FuncMap{"comment": cComment, "field": program.FieldName}).Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// An exportedStep describes a step to a program in another language.
type exportedStep struct {
	Hyper  string   `json:"hyper"`  // the struct; its fields are doubles, behind them is a bitstep_prelude
	Fields []string `json:"fields"` // in order
	Values []string `json:"values"` // their defaults
	Ranges []string `json:"ranges"`
	T      bool     `json:"t"` // has the number of the step as last argument
}

// An exportedKernel is the functions of a row.
type exportedKernel struct {
	Name      string        `json:"name"` // in C
	Row       string        `json:"row"`  // in kernels.json
	Functions []cFunc       `json:"functions"`
	Step      *exportedStep `json:"step,omitempty"`
}

const cExportTemplate = `{
"about": "Code generated by asmgen from kernels/table. DO NOT EDIT.",
"kernels": [
{{range $i, $r := .}}{{if $i}},
{{end}}{{json $r}}{{end}}
]
}
`

// cExport returns capi/bitstep.json: the functions of rows for bindings that need no C compiler.
func cExport(v cView) ([]byte, error) {
	var all []exportedKernel
	for _, r := range v.CRows() {
		k := exportedKernel{Name: r.CName(), Row: r.Row.Name}
		for _, t := range cTypes {
			k.Functions = append(k.Functions, r.Func(t))
		}
		if r.IsStep() {
			for _, t := range cTypes {
				k.Functions = append(k.Functions, r.EachFunc(t))
			}
			k.Functions = append(k.Functions, r.Defaults())
			k.Step = &exportedStep{Hyper: "bitstep_" + r.CName() + "_hyper", T: r.UsesStep()}
			for _, h := range r.Hypers {
				k.Step.Fields = append(k.Step.Fields, h.Name)
				k.Step.Values = append(k.Step.Values, fmt.Sprint(h.Sample))
				k.Step.Ranges = append(k.Step.Ranges, r.Range(h).Text)
			}
		}
		all = append(all, k)
	}
	t, err := template.New("").Funcs(template.FuncMap{"json": plainJSON}).Parse(cExportTemplate)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, all); err != nil {
		return nil, err
	}
	if !json.Valid(b.Bytes()) {
		return nil, fmt.Errorf("bitstep.json is no JSON: %s", b.Bytes())
	}
	return b.Bytes(), nil
}
