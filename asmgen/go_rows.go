package main

// rowsTemplate is internal/rows/rows.go: calls by row, for what ranges over the table.
const rowsTemplate = `package rows

import (
	"fmt"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// NewCoef returns a pointer to the zero coefficients of a row: *kernels.AdamCoef[T] for a Step,
// *[n]T for a Map with n scalars, nil for neither.
func NewCoef[T kernels.Float](row table.Row) any {
	switch row.Name {
{{- range .Rows}}{{if .IsStep}}
	case "{{.Name}}":
		return new(kernels.{{.Name}}Coef[T])
{{- else if .Scalars}}
	case "{{.Name}}":
		return new([{{len .Scalars}}]T)
{{- end}}{{end}}
	}
	return nil
}

// Coef returns what NewCoef does, made of hyperparameters by their names in the table, for step t and with a
// prelude if the row is a Step.
func Coef[T kernels.Float](row table.Row, h map[string]float64, t uint64, p kernels.Prelude[T]) any {
	switch row.Name {
{{- range .Rows}}{{if .IsStep}}
	case "{{.Name}}":
		c := kernels.New{{.Name}}[T](kernels.{{.Name}}Hyper{
		{{- range .Hypers}}
			{{field .Name}}: h["{{.Name}}"],
		{{- end}}
		}{{.StepArg}})
		c.Prelude = p
		return &c
{{- else if .Scalars}}
	case "{{.Name}}":
		return &[{{len .Scalars}}]T{ {{range $i, $s := .Scalars}}{{if $i}}, {{end}}T(h["{{.Name}}"]){{end}} }
{{- end}}{{end}}
	}
	return nil
}

// New returns operands of n elements, all zero, for a call of a row: a []T or a slice of what its storage is.
func New[T kernels.Float](row table.Row, n int) []any {
	switch row.Name {
{{- range .Rows}}
	case "{{.Name}}":
		return []any{ {{.Each "make([]E, n)"}} }
{{- end}}
	}
	panic(fmt.Sprintf("rows: no kernel %q", row.Name))
}

// Call runs the public method of a row; coef is what NewCoef returned. A row that is no Reduction
// returns 0.
func Call[T kernels.Float](e bitstep.Engine[T], row table.Row, coef any, op []any) T {
	switch row.Name {
{{- range .Rows}}
	case "{{.Name}}":
	{{- if .IsStep}}
		e.{{.Name}}({{.Each "op[#].([]E)"}}, *coef.(*kernels.{{.Name}}Coef[T]))
	{{- else if .IsReduction}}
		return e.{{.Name}}({{.Each "op[#].([]E)"}})
	{{- else if .Scalars}}
		s := coef.(*[{{len .Scalars}}]T)
		e.{{.Name}}({{.Each "op[#].([]E)"}}{{.EachScalar "s[#]"}})
	{{- else}}
		e.{{.Name}}({{.Each "op[#].([]E)"}})
	{{- end}}
{{- end}}
	default:
		panic(fmt.Sprintf("rows: no kernel %q", row.Name))
	}
	return 0
}

// CallEach runs the public method of a Step for several tensors: op[i][j] is operand j of tensor i.
func CallEach[T kernels.Float](e bitstep.Engine[T], row table.Row, coef any, op [][]any) {
	s := make([][][]T, len(row.Operands))
	for j := range s {
		for _, tensor := range op {
			s[j] = append(s[j], tensor[j].([]T))
		}
	}
	switch row.Name {
{{- range .Rows}}{{if .IsStep}}
	case "{{.Name}}":
		e.{{.Name}}Each({{.Each "s[#]"}}, *coef.(*kernels.{{.Name}}Coef[T]))
{{- end}}{{end}}
	default:
		panic(fmt.Sprintf("rows: no step %q", row.Name))
	}
}

// CallStored runs the public method of a Step whose operands are stored each in its own way.
func CallStored(e bitstep.Narrow, row table.Row, coef any, op []kernels.Stored, r kernels.Rounding) {
	switch row.Name {
{{- range .Rows}}{{if .IsStep}}
	case "{{.Name}}":
		e.{{.Name}}({{.Each "op[#]"}}, *coef.(*kernels.{{.Name}}Coef[float32]), r)
{{- end}}{{end}}
	default:
		panic(fmt.Sprintf("rows: no step %q", row.Name))
	}
}

// CallStoredEach is CallStored for several tensors: op[j][i] is operand j of tensor i.
func CallStoredEach(e bitstep.Narrow, row table.Row, coef any, op [][]kernels.Stored, r kernels.Rounding) {
	switch row.Name {
{{- range .Rows}}{{if .IsStep}}
	case "{{.Name}}":
		e.{{.Name}}Each({{.Each "op[#]"}}, *coef.(*kernels.{{.Name}}Coef[float32]), r)
{{- end}}{{end}}
	default:
		panic(fmt.Sprintf("rows: no step %q", row.Name))
	}
}

// Define runs the definition of a row.
func Define[T kernels.Float](row table.Row, coef any, op []any) T {
	switch row.Name {
{{- range .Rows}}
	case "{{.Name}}":
	{{- if .IsStep}}
		kernels.{{.Name}}({{.Each "op[#].([]E)"}}, coef.(*kernels.{{.Name}}Coef[T]))
	{{- else if .IsReduction}}
		return kernels.{{.Name}}({{.Each "op[#].([]E)"}})
	{{- else if .Scalars}}
		s := coef.(*[{{len .Scalars}}]T)
		kernels.{{.Name}}({{.Each "op[#].([]E)"}}{{.EachScalar "s[#]"}})
	{{- else}}
		kernels.{{.Name}}({{.Each "op[#].([]E)"}})
	{{- end}}
{{- end}}
	default:
		panic(fmt.Sprintf("rows: no kernel %q", row.Name))
	}
	return 0
}
`
