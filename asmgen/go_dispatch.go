package main

// dispatchTemplate is dispatch_ARCH.go: the switches from a call to assembly.
const dispatchTemplate = `
//go:build !purego && !noasm

package bitstep

import (
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/num"
)

// assembly runs a step or vector operation on elements lo to lo+n, n a multiple of the backend's vector. It
// returns false if the backend has no program for the kernel: then its definition runs.
func (c *call[T]) assembly(lo, n int) bool {
	if num.Is32[T]() {
		return c.assemblyF32(lo, n)
	}
	return c.assemblyF64(lo, n)
}
{{range $t := .Types}}
func (c *call[T]) assembly{{.Suffix}}(lo, n int) bool {
	coef := (*{{.Name}})(unsafe.Pointer(&c.coef))
	switch c.backend {
{{- range $isa := $.ISAs}}
	case {{$isa.Const}}:
		switch c.id {
	{{- range $.Rows}}{{if not .IsReduction}}{{if $.Has $isa . $t}}
		case id{{.Name}}:
			{{.Symbol}}{{$t.Suffix}}{{$isa.Const}}(n, coef, {{.EachOf "at[E](c, #, lo)" $t.Name}})
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
// assemblyLanes continues a reduction's lanes with n elements from lo, n a multiple of a line, or returns false.
func (c *call[T]) assemblyLanes(lanes *[16]T, lo, n int) bool {
	if num.Is32[T]() {
		return c.lanesF32((*float32)(unsafe.Pointer(lanes)), lo, n)
	}
	return c.lanesF64((*float64)(unsafe.Pointer(lanes)), lo, n)
}
{{range $t := .Types}}
func (c *call[T]) lanes{{.Suffix}}(lanes *{{.Name}}, lo, n int) bool {
	switch c.backend {
{{- range $isa := $.ISAs}}
	case {{$isa.Const}}:
		switch c.id {
	{{- range $.Rows}}{{if .IsReduction}}{{if $.Has $isa . $t}}
		case id{{.Name}}:
			{{.Symbol}}{{$t.Suffix}}{{$isa.Const}}(n, lanes, {{.EachOf "at[E](c, #, lo)" $t.Name}})
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
// chainTile, lanesTile and foldLines call the micro-kernels of products. single chooses those of one row.
func chainTile[T Float](backend Backend, single bool, k int, a, b *T, ldb int, c *T, ldc, accumulate int) {
	if num.Is32[T]() {
		chainTileF32(backend, single, k, as[float32](a), as[float32](b), ldb, as[float32](c), ldc, accumulate)
		return
	}
	chainTileF64(backend, single, k, as[float64](a), as[float64](b), ldb, as[float64](c), ldc, accumulate)
}

func lanesTile[T Float](backend Backend, single bool, lines int, a, b *T, ldb int, acc *T) {
	if num.Is32[T]() {
		lanesTileF32(backend, single, lines, as[float32](a), as[float32](b), ldb, as[float32](acc))
		return
	}
	lanesTileF64(backend, single, lines, as[float64](a), as[float64](b), ldb, as[float64](acc))
}

func foldLines[T Float](backend Backend, n int, out, acc *T) {
	if num.Is32[T]() {
		foldLinesF32(backend, n, as[float32](out), as[float32](acc))
		return
	}
	foldLinesF64(backend, n, as[float64](out), as[float64](acc))
}
{{range $t := .Types}}
func chainTile{{.Suffix}}(backend Backend, single bool, k int, a, b *{{.Name}}, ldb int, c *{{.Name}},
	ldc, accumulate int) {
	switch backend {
{{- range $.ISAs}}{{if .HasTiles}}
	case {{.Const}}:
		if single {
			chainRow{{$t.Suffix}}{{.Const}}(k, a, b, ldb, c, ldc, accumulate)
		} else {
			chain{{$t.Suffix}}{{.Const}}(k, a, b, ldb, c, ldc, accumulate)
		}
{{- end}}{{end}}
	}
}

func lanesTile{{.Suffix}}(backend Backend, single bool, lines int, a, b *{{.Name}}, ldb int, acc *{{.Name}}) {
	switch backend {
{{- range $.ISAs}}{{if .HasTiles}}
	case {{.Const}}:
		if single {
			lanesRow{{$t.Suffix}}{{.Const}}(lines, a, b, ldb, acc)
		} else {
			lanes{{$t.Suffix}}{{.Const}}(lines, a, b, ldb, acc)
		}
{{- end}}{{end}}
	}
}

func foldLines{{.Suffix}}(backend Backend, n int, out, acc *{{.Name}}) {
	switch backend {
{{- range $.ISAs}}{{if .HasTiles}}
	case {{.Const}}:
		fold{{$t.Suffix}}{{.Const}}(n, out, acc)
{{- end}}{{end}}
	}
}
{{end}}`

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

// foldsByMax reports how the lanes of a reduction, and its chunks, are joined: by the larger one, or else by
// their sum.
func (c *call[T]) foldsByMax() bool {
	switch c.id {
	case {{range $i, $r := .MaxRows}}{{if $i}}, {{end}}id{{.Name}}{{end}}:
		return true
	}
	return false
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
