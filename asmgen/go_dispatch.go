package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// onTemplate and definitionTemplate begin and end the function that runs a kernel on a backend.
const (
	onTemplate = `
// {{.Symbol}}On is {{.Name}} of n elements on a backend
{{- if .IsReduction}}, which continue lanes, or zeros for nil{{end}}.
//
//go:noinline
func {{.Symbol}}On[T Float](backend Backend, n int, {{.OnParams}}){{if .IsReduction}} T{{end}} {
	{{- if .Whole}}
	done := 0 // by assembly, which takes whole vectors
	{{- end}}
`
	definitionTemplate = `
	{{- if .IsStep}}
	kernels.{{.Name}}({{.EachOp "unsafe.Slice(#, n)"}}, (*{{.Name}}Coef[T])(unsafe.Pointer(coef)))
	{{- else if .IsReduction}}
	if lanes == nil {
		lanes = new([16]T)
	}
	kernels.{{.Name}}Lanes(lanes, {{.EachOp "unsafe.Slice(#, n)"}})
	return {{.Fold}}(lanes)
	{{- else}}
	{{- if .Scalars}}
	scalars := (*[{{len .Scalars}}]T)(unsafe.Pointer(coef))
	{{- end}}
	kernels.{{.Name}}({{.Definition}}{{.EachScalar "scalars[#]"}})
	{{- end}}
`
)

// dispatchTemplate is dispatch_ARCH.go: the switches from a call to assembly.
const dispatchTemplate = `
//go:build !purego && !noasm

package bitstep

import (
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
)

{{range $r := .Rows}}
` + onTemplate + `	switch {
	{{- range $t := $.Types}}
	{{if eq .Bytes 4}}case num.Is32[T](){{else}}default{{end}}:
		switch backend {
		{{- range $isa := $.ISAs}}{{if $.Has . $r $t}}
		case {{.Const}}:
			{{- with $.Balances . $r $t}}
			switch balancedFor[T]({{$isa.Const}}, n).{{$t.Suffix}} {
				{{- range .}}
			case {{.Cases}}:
				{{$r.Symbol}}{{$t.Suffix}}{{$isa.Const}}{{.Suffix}}(n, {{$r.AssemblyArgs $t.Name}})
				return
				{{- end}}
			}
			{{- end}}
			{{- if $r.Whole}}
			done = n &^ {{.LastLane $t}}
			if {{$r.Symbol}}{{$t.Suffix}}{{.Const}}(done, {{$r.AssemblyArgs $t.Name}}); done == n {
				return
			}
			{{- else if $r.IsReduction}}
			return T({{$r.Symbol}}{{$t.Suffix}}{{.Const}}(n, {{$r.AssemblyArgs $t.Name}}))
			{{- else}}
			{{$r.Symbol}}{{$t.Suffix}}{{.Const}}(n, {{$r.AssemblyArgs $t.Name}})
			return
			{{- end}}
		{{- end}}{{end}}
		}
	{{- end}}
	}
` + definitionTemplate + `}
{{end}}
// assemblyEach runs a step on n tensors, of which the headers of each operand's slices begin there, or returns false.
func (c *call[T]) assemblyEach(n int, headers *[maxOperands]unsafe.Pointer) bool {
	if num.Is32[T]() {
		return c.eachF32(n, headers)
	}
	return c.eachF64(n, headers)
}
{{range $t := .Types}}
func (c *call[T]) each{{.Suffix}}(n int, headers *[maxOperands]unsafe.Pointer) bool {
	coef := (*{{.Name}})(unsafe.Pointer(&c.coef))
	switch c.backend {
{{- range $isa := $.ISAs}}
	case {{$isa.Const}}:
		switch c.id {
	{{- range $r := $.Rows}}{{if .IsStep}}{{if $.Has $isa . $t}}
		case id{{.Name}}:
		{{- with $.Balances $isa . $t}}
			switch rootsBy[{{$isa.Const}}].{{$t.Suffix}} {
			{{- range .}}
			case {{.Cases}}:
				{{$r.Symbol}}Each{{$t.Suffix}}{{$isa.Const}}{{.Suffix}}(n, coef,
					{{$r.EachOf "(*[]E)(headers[#])" $t.Name}})
				return true
			{{- end}}
			}
		{{- end}}
			{{.Symbol}}Each{{$t.Suffix}}{{$isa.Const}}(n, coef, {{.EachOf "(*[]E)(headers[#])" $t.Name}})
	{{- end}}{{end}}{{end}}
		default:
			return false
		}
{{- end}}
	default:
		return false
	}
	return true
}
{{end}}
// assemblyLanes continues the lanes of chunks with n elements of each, whole lines, the first from lo on, or returns
// false. There are more than one, and as many as mostTogether allows.
func (c *call[T]) assemblyLanes(lanes [][16]T, lo, n int) bool {
	if num.Is32[T]() {
		return c.lanesF32((*float32)(unsafe.Pointer(&lanes[0])), len(lanes), lo, n)
	}
	return c.lanesF64((*float64)(unsafe.Pointer(&lanes[0])), len(lanes), lo, n)
}
{{range $t := .Types}}
func (c *call[T]) lanes{{.Suffix}}(lanes *{{.Name}}, chunks, lo, n int) bool {
	const stride = kernels.ReduceChunk * {{.Bytes}}
	switch c.backend {
{{- range $isa := $.ISAs}}
	case {{$isa.Const}}:
		switch c.id {
	{{- range $.Rows}}{{if .IsReduction}}{{if and ($.Has $isa . $t) (gt .MostTogether 1)}}
		case id{{.Name}}:
		{{- $row := .}}
			switch chunks {
		{{- range .Chunks}}{{if .Suffix}}
			case {{.Number}}:
				{{$row.Symbol}}{{.Suffix}}{{$t.Suffix}}{{$isa.Const}}(n, stride, lanes,
					{{$row.EachOf "at[E](c, #, lo)" $t.Name}})
		{{- end}}{{end}}
			default:
				return false
			}
	{{- end}}{{end}}{{end}}
		default:
			return false
		}
{{- end}}
	default:
		return false
	}
	return true
}
{{end}}
// assembly does a call's work on n elements from lo on, whole blocks whose indices have one high half, or returns
// false.
func (c *storedCall) assembly(lo, n int) bool {
	coef, random := (*float32)(unsafe.Pointer(&c.coef)), c.randomWords(lo)
	switch c.backend {
{{- range $isa := $.ISAs}}
	case {{$isa.Const}}:
		switch c.variant() {
	{{- range $.Variants $isa}}
		case {{.Cases}}:
			{{.Function}}({{.Args}})
	{{- end}}
		default:
			return false
		}
{{- end}}
	default:
		return false
	}
	return true
}

// as makes a pointer one of U, which is T.
func as[U, T Float](p *T) *U { return (*U)(unsafe.Pointer(p)) }

// The micro-kernels of products: see chains.go, lanes.go and packing.go in asmgen. Strides are in bytes.
{{range $f := .MicroKernels}}
func {{.Name}}[T Float](backend Backend, {{.Params "*T"}}) {
{{- if not (.OnAny $.ISAs)}}
	panic("bitstep: no assembly")
{{- else}}
	if num.Is32[T]() {
		switch backend {
{{- range $.ISAs}}{{if $f.On .}}
		case {{.Const}}:
			{{$f.Symbol}}F32{{.Const}}({{$f.Args "float32"}})
{{- end}}{{end}}
		}
		return
	}
	switch backend {
{{- range $.ISAs}}{{if $f.On .}}
	case {{.Const}}:
		{{$f.Symbol}}F64{{.Const}}({{$f.Args "float64"}})
{{- end}}{{end}}
	}
{{- end}}
}
{{end}}`

// A microKernel is a function of products: its Go name, its symbol's beginning and its parameters.
type microKernel struct{ Name, Symbol, Parameters string }

// MicroKernels lists them.
func (v view) MicroKernels() []microKernel {
	return []microKernel{
		{"chainTiles", "chain", chainParams}, {"turnTiles", "turn", turnParams},
		{"narrowTiles", "narrow", narrowParams}, {"lanesTiles", "lanes", lanesParams},
		{"packLines", "pack", packParams}, {"copyRows", "copy", copyParams},
		{"transposeRows", "transpose", transposeParams}, {"squareRoots", "squareRoots", rootsParams},
	}
}

// On reports whether an instruction set has it.
func (k microKernel) On(s isa) bool {
	return s.HasTiles() && (k.Symbol != "narrow" || s.Tiles.NarrowRows != [2][2]int{})
}

// OnAny reports whether one of them has it.
func (k microKernel) OnAny(all []isa) bool { return slices.ContainsFunc(all, k.On) }

// Params is the parameter list with pointer in place of *T.
func (k microKernel) Params(pointer string) string {
	return strings.ReplaceAll(k.Parameters, "*T", pointer)
}

// A field is a parameter with its type.
type field struct{ Name, Type string }

func (k microKernel) fields() (all []field) {
	k.each(func(name, typ string) string {
		all = append(all, field{name, typ})
		return ""
	})
	slices.Reverse(all)
	return all
}

// An argsStruct is a struct of the arguments of a micro-kernel that has many: words of 8 bytes each, and then scalars.
type argsStruct struct {
	Name, Of string
	fields   string
}

// ArgsStructs lists them.
func (v view) ArgsStructs() []argsStruct {
	return []argsStruct{{"chainArgs", "tiles of rule 8: see chain in asmgen", chainFields},
		{"turnArgs", "tiles of rule 8 that transpose B: see turn in asmgen", turnFields},
		{"narrowArgs", "tiles of rule 8 for few columns: see narrow in asmgen", narrowFields},
		{"lanesArgs", "tiles of rule 7: see lanes in asmgen", lanesFields},
		{"packArgs", "the packing of panels for them: see packLines there", packFields}}
}

// Fields are those of the struct.
func (a argsStruct) Fields() []field { return (microKernel{Parameters: a.fields}).fields() }

// argOf returns the offset of a field in a struct of arguments.
func argOf(m Machine, fields, name string) int {
	off := 0
	for _, f := range (microKernel{Parameters: fields}).fields() {
		if f.Name == name {
			return off
		}
		off += 8
		if f.Type == "T" {
			off += m.ElemBytes() - 8
		}
	}
	panic("no field " + name + " in " + fields)
}

// MaxChainRows is the stride of the table of tiles of rule 8.
func (v view) MaxChainRows() int { return maxChainRows }

// BothRows is the most rows of a tile that packs and fetches.
func (v view) BothRows() int { return bothRows }

// MaxTurnRows is that of the table of those that transpose B.
func (v view) MaxTurnRows() int { return maxTurnRows }

// MaxNarrowRows is that of the table of those whose vectors hold several rows.
func (v view) MaxNarrowRows() int { return maxNarrowRows }

// Args lists the parameters as arguments of a function of one type.
func (k microKernel) Args(typ string) string {
	return k.each(func(name, t string) string {
		switch t {
		case "*T":
			return fmt.Sprintf("as[%s](%s)", typ, name)
		case "**T":
			return fmt.Sprintf("(**%s)(unsafe.Pointer(%s))", typ, name)
		}
		return name
	})
}

// each joins what f makes of each parameter's name and type.
func (k microKernel) each(f func(name, typ string) string) string {
	fields := strings.Split(k.Parameters, ", ")
	typ := ""
	for i := len(fields) - 1; i >= 0; i-- {
		name, t, ok := strings.Cut(fields[i], " ")
		if ok {
			typ = t
		}
		fields[i] = f(name, typ)
	}
	return strings.Join(fields, ", ")
}

// Whole reports whether assembly takes whole vectors of a row only.
func (r rowView) Whole() bool { return wholeVectors(r.Row) }

// LastLane is the last of the lanes of a vector.
func (s isa) LastLane(t typeView) int { return s.VecBytes/t.Bytes - 1 }

// HasCoef reports whether a kernel has scalars.
func (r rowView) HasCoef() bool { return r.IsStep() || len(r.Scalars) > 0 }

// OnParams are the parameters of what runs a kernel on a backend, behind the number of elements: the lanes of a
// reduction, or the scalars if there are any, and the operands.
func (r rowView) OnParams() string {
	s := ""
	switch {
	case r.IsReduction():
		s = "lanes *[16]T, "
	case r.HasCoef():
		s = "coef *T, "
	}
	for _, o := range r.Row.Operands {
		s += o.Name + " *" + goType(o.Storage) + ", "
	}
	return strings.TrimSuffix(s, ", ")
}

// AssemblyArgs are those parameters for assembly of an element type.
func (r rowView) AssemblyArgs(elem string) string {
	s := "nil"
	switch {
	case r.IsReduction():
		s = "(*" + elem + ")(unsafe.Pointer(lanes))"
	case r.HasCoef():
		s = "as[" + elem + "](coef)"
	}
	for _, o := range r.Row.Operands {
		if o.Storage == table.Byte {
			s += ", " + o.Name
		} else {
			s += ", as[" + elem + "](" + o.Name + ")"
		}
	}
	return s
}

// Definition is the slices of a vector operation that its definition runs on.
func (r rowView) Definition() string {
	if r.Whole() {
		return r.EachOp("unsafe.Slice(#, n)[done:]")
	}
	return r.EachOp("unsafe.Slice(#, n)")
}

// Fold is the function that folds a reduction's lanes.
func (r rowView) Fold() string {
	if r.Program.Ops[program.MaxMagnitude] {
		return "foldMax"
	}
	return "foldSum"
}

// Chunks are the numbers of chunks of a reduction that run at a time, with the ends of their functions' names.
func (r rowView) Chunks() (all []chunksView) {
	for _, n := range chunksTogether(r.Program) {
		all = append(all, chunksView{n, chunksSuffix(n)})
	}
	return all
}

type chunksView struct {
	Number int
	Suffix string
}

// MostTogether is the largest of them.
func (r rowView) MostTogether() int { return chunksTogether(r.Program)[0] }

// MaxChunks is the largest of those of all reductions.
func (v view) MaxChunks() int { return mostStreams }

// HasTiles reports whether an instruction set has micro-kernels of products.
func (s isa) HasTiles() bool { return s.Tiles != tileSize{} }

// definitionsTemplate is dispatch.go: the kernels by number, and the switch from a call to its definition.
const definitionsTemplate = `package bitstep

import (
	"unsafe"

	"github.com/bitstep-go/bitstep/kernels"
)

// A kernelID numbers the rows of the table.
type kernelID uint8

const (
{{- range $i, $r := .Rows}}
	id{{.Name}}{{if eq $i 0}} kernelID = iota{{end}}
{{- end}}
)

// The conversions are works behind the rows.
const (
{{- range $i, $c := .Conversions}}
	{{$c}}{{if eq $i 0}} work = {{len $.Rows}} + iota{{end}}
{{- end}}
)

// What a call holds: the operands of any kernel, and the scalars of any in words of 64 bits.
const (
	variants    = {{.MaxVariants}} // of a step in narrow storage
	maxOperands = {{.MaxOperands}}
	coefWords   = {{.CoefWords}}
)

// The compiler refuses a coefficient struct that does not fit.
const (
{{- range .Rows}}{{if .IsStep}}
	_ = unsafe.Sizeof([coefWords]uint64{}) - unsafe.Sizeof(kernels.{{.Name}}Coef[float64]{})
{{- end}}{{end}}
)

// maxChainRows is the most rows of a micro-kernel's tile, maxTurnRows of one that transposes B, maxNarrowRows of one
// whose vectors hold several.
const maxChainRows, maxTurnRows, maxNarrowRows = {{.MaxChainRows}}, {{.MaxTurnRows}}, {{.MaxNarrowRows}}

// bothRows is the most rows of one that packs and fetches.
const bothRows = {{.BothRows}}

{{range .ArgsStructs}}
// {{.Name}} is what micro-kernels take for {{.Of}}. Strides are in bytes.
type {{.Name}}[T Float] struct {
{{- range .Fields}}
	{{.Name}} {{.Type}}
{{- end}}
}
{{end}}
// maxChunks is the most chunks of a reduction that assembly runs at a time, and mostTogether that of this one.
const maxChunks = {{.MaxChunks}}

func (c *call[T]) mostTogether() int {
	switch c.id {
{{- range .Rows}}{{if .IsReduction}}
	case id{{.Name}}:
		return {{.MostTogether}}
{{- end}}{{end}}
	}
	return 1
}

// chunk updates elements lo to hi of a step or vector operation.
func (c *call[T]) chunk(lo, hi int) {
	n, coef := hi-lo, (*T)(unsafe.Pointer(&c.coef))
	switch c.id {
{{- range .Rows}}{{if not .IsReduction}}
	case id{{.Name}}:
		{{.Symbol}}On(c.backend, n, {{if .HasCoef}}coef, {{end}}{{.Each "at[E](c, #, lo)"}})
{{- end}}{{end}}
	}
}

// at points at element lo of operand i, which is stored as E.
func at[E any, T Float](c *call[T], i, lo int) *E {
	return (*E)(unsafe.Add(c.op[i], lo*int(unsafe.Sizeof(*new(E)))))
}

// foldsByMax reports how the lanes of a reduction, and its chunks, are joined: by the larger one, or else by
// their sum.
func (c *call[T]) foldsByMax() bool {
	switch c.id {
	case {{range $i, $r := .MaxRows}}{{if $i}}, {{end}}id{{.Name}}{{end}}:
		return true
	}
	return false
}

// continueLanes continues the lanes of a reduction with n elements from lo on, or zeros if there are none, and returns
// their fold.
func (c *call[T]) continueLanes(lanes *[16]T, lo, n int) T {
	switch c.id {
{{- range .Rows}}{{if .IsReduction}}
	case id{{.Name}}:
		return {{.Symbol}}On(c.backend, n, lanes, {{.Each "at[E](c, #, lo)"}})
{{- end}}{{end}}
	}
	panic("bitstep: no reduction")
}
`
