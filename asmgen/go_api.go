package main

// apiTemplate is api.go: the public functions of the table's kernels, and the switch to their definitions.
const apiTemplate = `package bitstep

import (
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
)

// A kernelID numbers the rows of the table.
type kernelID uint8

const (
{{- range $i, $r := .Rows}}
	id{{.Name}}{{if eq $i 0}} kernelID = iota{{end}}
{{- end}}
)

// What a call holds: the operands of any kernel, and the scalars of any in words of 64 bits.
const (
	maxOperands = {{.MaxOperands}}
	coefWords   = {{.CoefWords}}
)

// The compiler refuses a coefficient struct that does not fit.
const (
{{- range .Rows}}{{if .IsStep}}
	_ = unsafe.Sizeof([coefWords]uint64{}) - unsafe.Sizeof(kernels.{{.Name}}Coef[float64]{})
{{- end}}{{end}}
)
{{range .Rows}}{{if .IsStep}}
// {{.Name}}Hyper is [kernels.{{.Name}}Hyper], the hyperparameters of [{{.Name}}].
type {{.Name}}Hyper = kernels.{{.Name}}Hyper

// {{.Name}}Coef is [kernels.{{.Name}}Coef], the scalars of [{{.Name}}].
type {{.Name}}Coef[T Float] = kernels.{{.Name}}Coef[T]

// New{{.Name}} is [kernels.New{{.Name}}].
func New{{.Name}}[T Float](h {{.Name}}Hyper{{.StepParam}}) {{.Name}}Coef[T] {
	return kernels.New{{.Name}}[T](h{{.StepArg}})
}
{{end}}
{{.Doc | comment}}
//
{{- if .IsReduction}}
// It panics if operands differ in length.
{{- else}}
// It panics, before anything is written, if operands differ in length or a written operand overlaps
// another operand. Written: {{.WrittenNames}}.
{{- end}} It runs on the active backend; see [On] for another.
func {{.Name}}[T Float]({{.Params}}){{if .IsReduction}} T{{end}} {
	{{if .IsReduction}}return {{end}}On[T](Active()).{{.Name}}({{.Args}})
}

// {{.Name}} is [{{.Name}}] on this engine.
func (e Engine[T]) {{.Name}}({{.Params}}){{if .IsReduction}} T{{end}} {
	call := call[T]{id: id{{.Name}}, backend: e.backend, n: len({{(index .Row.Operands 0).Name}}),
		op: [maxOperands]unsafe.Pointer{ {{.EachOp "unsafe.Pointer(unsafe.SliceData(#))"}} }}
	check(id{{.Name}}, {{.Written}}, {{.EachOp "mem.Of(#)"}})
	{{- if .IsReduction}}
	return e.reduce(&call)
	{{- else}}
	{{- if .IsStep}}
	*(*{{.Name}}Coef[T])(unsafe.Pointer(&call.coef)) = c
	{{- else if .Scalars}}
	*(*[{{len .Scalars}}]T)(unsafe.Pointer(&call.coef)) = [{{len .Scalars}}]T{ {{.ScalarList}} }
	{{- end}}
	e.update(&call)
	{{- end}}
}
{{end}}

// define runs the definition of a step or vector operation on elements lo to hi.
func (c *call[T]) define(lo, hi int) {
	switch c.id {
{{- range .Rows}}{{if not .IsReduction}}
	case id{{.Name}}:
	{{- if .IsStep}}
		kernels.{{.Name}}({{.Each "operand[E](c, #, lo, hi)"}}, (*{{.Name}}Coef[T])(unsafe.Pointer(&c.coef)))
	{{- else if .Scalars}}
		s := (*[{{len .Scalars}}]T)(unsafe.Pointer(&c.coef))
		kernels.{{.Name}}({{.Each "operand[E](c, #, lo, hi)"}}{{.EachScalar "s[#]"}})
	{{- else}}
		kernels.{{.Name}}({{.Each "operand[E](c, #, lo, hi)"}})
	{{- end}}
{{- end}}{{end}}
	}
}

// defineLanes continues a reduction's lanes by definition with elements lo to hi.
func (c *call[T]) defineLanes(lanes *[16]T, lo, hi int) {
	switch c.id {
{{- range .Rows}}{{if .IsReduction}}
	case id{{.Name}}:
		kernels.{{.Name}}Lanes(lanes, {{.Each "operand[E](c, #, lo, hi)"}})
{{- end}}{{end}}
	}
}
`
