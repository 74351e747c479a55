package main

import "strings"

// backendsTemplate is backends.go: the list of instruction sets as package bitstep sees it, on every machine.
const backendsTemplate = `package bitstep

// The backends. A constant exists on every machine; [Backends] lists those that this one can run.
const (
	Go Backend = iota // the definitions of package kernels, which every machine can run
{{- range .ISAs}}
	{{.Const}} // {{.About}}
{{- end}}
)

// A processor is a kind of CPU whose steps take their roots in their own way, see processors in asmgen.
type processor uint8

const (
	ordinary processor = iota // all roots in hardware
{{- range .Processors}}
	{{.Const}} // {{.About}}
{{- end}}
)

// A processorIs tells whether the machine is of a kind.
type processorIs struct {
	kind processor
	is   bool
}

// A backendInfo is what is known of a backend everywhere.
type backendInfo struct {
	name, arch string
	vecBytes   int // of a vector; 0: no assembly
	tiles      tileSize
}

var backends = [...]backendInfo{
	Go: {name: "go"},
{{- range .ISAs}}
	{{.Const}}: { {{printf "%q, %q, %d" .Name .Arch .VecBytes}}, tileSize{ {{with .Tiles}}
		chainRows: {{printf "%#v" .ChainRows}}, packVecs: {{.PackVecs}}, copyVecs: {{.CopyVecs}}, columns: {{.Columns}},
		unroll: {{.Unroll}},
		turnRows: {{printf "%#v" .TurnRows}}, narrowRows: {{printf "%#v" .NarrowRows}},
		lanesCols: {{printf "%#v" .LanesCols}}, lanesTile: {{printf "%#v" .LanesTile}},
		wholeCols: {{printf "%#v" .WholeCols}},{{end}}
	}},
{{- end}}
}
`

// detectTemplate is detect_ARCH.go.
const detectTemplate = `
//go:build !purego && !noasm

package bitstep
{{if .NeedsRuntime}}
import "runtime"
{{end}}
{{- if .NeedsCPUID}}
import "github.com/klauspost/cpuid/v2"
{{end}}
// detect lists the assembly backends that the machine can run, the fastest last.
{{- if .NeedsCPUID}} cpuid reports features
// whose registers the operating system saves.{{end}}
func detect() (found []Backend) {
{{- range .ISAs}}
	{{- if .Features}}
	if cpuid.CPU.Supports({{range $i, $f := .Features}}{{if $i}}, {{end}}cpuid.{{$f}}{{end}}) {
		found = append(found, {{.Const}})
	}
	{{- else}}
	found = append(found, {{.Const}}) // every CPU that Go supports has it
	{{- end}}
{{- end}}
	return found
}

// processors lists the kinds of the architecture's; the first that the machine is counts.
var processors = []processorIs{
{{- range .ProcessorsHere}}
	{ {{.Const}}, {{.Is}} },
{{- end}}
}
`

// About describes an instruction set in a comment.
func (s isa) About() string {
	need := "every CPU"
	if s.Features != nil {
		need = strings.Join(s.Features, ", ")
	}
	return s.Arch + ", " + need
}
