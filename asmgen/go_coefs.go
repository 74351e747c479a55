package main

// coefsTemplate is kernels/coefs.go: what the scalars of steps travel in.
const coefsTemplate = `package kernels
{{range .Rows}}{{if .IsStep}}
// {{.Name}}Hyper holds the hyperparameters of [{{.Name}}], in float64.{{if .Hypers}} Tests and benchmarks run it with
// {{range $i, $h := .Hypers}}{{if $i}}, {{end}}{{field .Name}} = {{.Sample}}{{end}}.{{end}}
type {{.Name}}Hyper struct{
{{- range $i, $h := .Hypers}}{{if $i}}, {{end}}{{field .Name}}{{end}}{{if .Hypers}} float64{{end}} }

// {{.Name}}Coef holds the scalars of [{{.Name}}]{{if .UsesStep}} at one step{{end}}.
type {{.Name}}Coef[T Float] struct {
{{- range .Scalars}}
	{{.Field}} T{{if not (isName .)}} // {{.Formula}}{{end}}
{{- end}}
	Prelude[T]
}

// New{{.Name}} derives the scalars{{if .UsesStep}} of step t, the first being t = 1,{{end}} from hyperparameters:
// each is computed in float64 and rounded once to T (rule 6). The Prelude is empty.
func New{{.Name}}[T Float](h {{.Name}}Hyper{{.StepParam}}) {{.Name}}Coef[T] {
	return {{.Name}}Coef[T]{
{{- range .Scalars}}
		{{.Field}}: T({{.Go}}),
{{- end}}
	}
}
{{end}}{{end}}
// maxStepOperands is the most operands of a step.
const maxStepOperands = {{.MaxOperands}}

// runStep runs the definition that scalars in float32 belong to on operands in the order of its row.
func runStep(c any, s *[maxStepOperands][]float32) {
	switch c := c.(type) {
{{- range .StepRows}}
	case *{{.Name}}Coef[float32]:
		{{.Name}}({{.Each "s[#]"}}, c)
{{- end}}
	default:
		panic("kernels: StoredStep: want a pointer to the scalars of a step in float32")
	}
}

// rowOf is the index of that step in table.Rows.
func rowOf(c any) int {
	switch c.(type) {
{{- range $i, $r := .Rows}}{{if .IsStep}}
	case *{{.Name}}Coef[float32]:
		return {{$i}}
{{- end}}{{end}}
	}
	panic("kernels: StoredStep: want a pointer to the scalars of a step in float32")
}
`
