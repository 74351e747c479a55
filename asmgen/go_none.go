package main

import "strings"

// The files of machines and builds without assembly.

// NoAssembly is the build constraint of those files.
func (v view) NoAssembly() string {
	return "purego || noasm || !(" + strings.Join(architectures(), " || ") + ")"
}

// noneTemplate is dispatch_go.go.
const noneTemplate = `
//go:build {{.NoAssembly}}

package bitstep

import (
	"unsafe"

	"github.com/bitstep-go/bitstep/kernels"
)

// Without assembly: what the detect and dispatch files of an architecture with assembly provide.

func detect() []Backend { return nil }

var processors []processorIs

func (c *call[T]) assemblyEach(n int, headers *[maxOperands]unsafe.Pointer) bool { return false }

func (c *call[T]) assemblyLanes(lanes [][16]T, lo, n int) bool { return false }

func (c *storedCall) assembly(lo, n int) bool { return false }

{{range .Rows}}` + onTemplate + definitionTemplate + `}
{{end}}
{{range .MicroKernels}}
func {{.Name}}[T Float](backend Backend, {{.Params "*T"}}) { panic("bitstep: no assembly") }
{{end}}`

// noTrafficTemplate is internal/traffic/dispatch_go.go.
const noTrafficTemplate = `
//go:build {{.NoAssembly}}

package traffic

import "github.com/bitstep-go/bitstep"

// Move is written in Go where there is no assembly.
func Move(_ bitstep.Backend, pattern string, s [][]float32) { move(pattern, s) }

// Peak32 knows no peak where there is no assembly.
func Peak32(bitstep.Backend, int) (flops float64) { return 0 }

// Peak64 knows no peak where there is no assembly.
func Peak64(bitstep.Backend, int) (flops float64) { return 0 }

var loops map[loopKey]loop
`
