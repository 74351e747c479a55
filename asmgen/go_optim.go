package main

// optimTemplate is optim/steps.go: what an algorithm's step calls for all parameters of its group.
const optimTemplate = `package optim

import "github.com/bitstep-go/bitstep/kernels"

{{range .StepRows}}
// {{.Name}} is the step [kernels.{{.Name}}] of the group's parameters by their gradients, with of.Prelude in c.
func (of *Update[T]) {{.Name}}({{.EachState "# *Moment[T]"}}c kernels.{{.Name}}Coef[T]) {
	c.Prelude = of.Prelude
	if of.full {
		of.checked.{{.Name}}Each(of.x.whole, {{.EachState "#.full(of, ?)"}}of.g.whole, c)
		return
	}
	of.narrow.{{.Name}}Each(of.stored(&of.xs, of.x), {{.EachState "#.narrow(of, ?)"}}of.stored(&of.gs, of.g),
		*any(&c).(*kernels.{{.Name}}Coef[float32]), of.rounding())
}
{{end}}`
