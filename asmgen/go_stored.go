package main

// storedTemplate is stored_steps.go: steps whose operands are stored in less than float32.
const storedTemplate = `package bitstep

import (
	"unsafe"

	"github.com/bitstep-go/bitstep/kernels"
)

{{range .StepRows}}
// {{.Name}} is [{{.Name}}] in float32, of operands each stored in its own way, by [kernels.StoredStep].
func (e Narrow) {{.Name}}({{.EachOp "#"}} Stored, c {{.Name}}Coef[float32], r Rounding) {
	call := storedCall{work: work(id{{.Name}}), backend: e.backend, rounding: r}
	*(*{{.Name}}Coef[float32])(unsafe.Pointer(&call.coef)) = c
	op := [...]Stored{ {{.EachOp "#"}} }
	if call.operands(op[:], {{.Written}}) {
		Engine[float32](e).{{.Name}}({{.EachOp "#.Float32"}}, c)
		return
	}
	e.run(&call)
}

// {{.Name}}Each is [Narrow.{{.Name}}] for each of several tensors, x[i] and element i of the other operands, tensor i
// with the random bits of stream r.Stream+i. It panics as [Narrow.{{.Name}}] does for the first that is wrong, before
// that is written, or if there are not as many of each operand.
func (e Narrow) {{.Name}}Each({{.EachOp "#"}} []Stored, c {{.Name}}Coef[float32], r Rounding) {
	checkCounts(id{{.Name}}, {{.EachOp "len(#)"}})
	for i := range {{(index .Row.Operands 0).Name}} {
		e.{{.Name}}({{.EachOp "#[i]"}}, c, r)
		r.Stream++
	}
}
{{end}}
// step runs the definition of a step.
func (c *storedCall) step(op []Stored) {
	coef := unsafe.Pointer(&c.coef)
	switch kernelID(c.work) {
{{- range .StepRows}}
	case id{{.Name}}:
		kernels.StoredStep(op, (*{{.Name}}Coef[float32])(coef), c.rounding)
{{- end}}
	}
}
`
