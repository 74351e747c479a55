package main

// apiTemplate is api.go: the public face of the table's kernels.
const apiTemplate = `package bitstep

import (
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
)

{{range $row := .Rows}}{{if .IsStep}}
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
	n := len({{(index .Row.Operands 0).Name}})
	if n > chunk{{with .Suspicion}} || {{.}}{{end}} {
		{{- if .IsReduction}}
		return e.{{.Symbol}}({{.Args}})
	}
	return {{.Symbol}}On(e.backend, n, nil, {{.EachOp "unsafe.SliceData(#)"}})
		{{- else}}
		e.{{.Symbol}}({{.Args}})
		return
	}
		{{- if and .Scalars (not .IsStep)}}
	c := [{{len .Scalars}}]T{ {{.ScalarList}} }
		{{- end}}
	{{.Symbol}}On(e.backend, n, {{if .HasCoef}}(*T)(unsafe.Pointer(&c)), {{end}}{{.EachOp "unsafe.SliceData(#)"}})
		{{- end}}
}

// {{.Symbol}} is {{.Name}} of many elements, or of operands to look at twice. (A call of few keeps all in registers.)
func (e Engine[T]) {{.Symbol}}({{.Params}}){{if .IsReduction}} T{{end}} {
	{{- if .Suspicion}}
	check(id{{$row.Name}}, {{$row.Written}}, {{$row.EachOp "mem.Of(#)"}})
	{{- end}}
	var call call[T]
	call.id, call.backend, call.n = id{{.Name}}, e.backend, len({{(index .Row.Operands 0).Name}})
	{{- range $i, $o := .Row.Operands}}
	call.op[{{$i}}] = unsafe.Pointer(unsafe.SliceData({{.Name}}))
	{{- end}}
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
{{if .IsStep}}
// {{.Name}}Each is [Engine.{{.Name}}] for each of several tensors, in one call: x[i], and element i of the other
// operands. Many small tensors take little longer than one of as many elements. It panics likewise, before anything is
// written; that operands of different tensors share no memory is up to the caller.
func (e Engine[T]) {{.Name}}Each({{.EachOp "#"}} [][]T, c {{.Name}}Coef[T]) {
	call := eachCall[T]{call: call[T]{id: id{{.Name}}, backend: e.backend},
		slices: [maxOperands][][]T{ {{.EachOp "#"}} }}
	*(*{{.Name}}Coef[T])(unsafe.Pointer(&call.coef)) = c
	e.updateEach(&call, {{.Written}}, {{len .Row.Operands}})
}
{{end}}{{end}}
`
