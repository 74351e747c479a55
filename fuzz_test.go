package bitstep_test

import (
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// FuzzKernels runs a kernel of the table beside its definition, at any length, offset and prelude.
func FuzzKernels(f *testing.F) {
	for i := range table.Rows {
		f.Add(uint8(i), uint64(i), uint16(17*i), uint8(i), uint8(1), uint8(i), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, row uint8, seed uint64, n uint16, offset, backend, use uint8, double bool) {
		r := table.Rows[int(row)%len(table.Rows)]
		b := bitstep.Backends()[int(backend)%len(bitstep.Backends())]
		if double {
			fuzzKernel(t, bitstep.On[float64](b), r, seed, n, offset, use)
		} else {
			fuzzKernel(t, bitstep.On[float32](b), r, seed, n, offset, use)
		}
	})
}

func fuzzKernel[T kernels.Float](t *testing.T, k bitstep.Engine[T], row table.Row, seed uint64, n uint16,
	offset, use uint8) {
	alloc, check := guarded[T](int(offset % 64))
	trial[T]{k, row, int(n), kernels.Use(use) % uses(row), seed}.run(t, alloc)
	check(t)
}

// FuzzGemm runs a product beside the definition, in any form and shape.
func FuzzGemm(f *testing.F) {
	f.Add(uint8(0), uint8(10), uint8(32), uint16(300), uint8(0), uint8(0), uint64(1), uint8(1), false)
	f.Add(uint8(2), uint8(70), uint8(10), uint16(100), uint8(3), uint8(5), uint64(2), uint8(1), true)
	f.Add(uint8(1), uint8(1), uint8(1), uint16(17), uint8(1), uint8(2), uint64(3), uint8(1), false)
	f.Add(uint8(3), uint8(5), uint8(6), uint16(600), uint8(2), uint8(7), uint64(4), uint8(1), true)
	factors := []float64{1, 0, -1.5}
	f.Fuzz(func(t *testing.T, form, m, n uint8, k uint16, pad, factor uint8, seed uint64, backend uint8, double bool) {
		g := gemmCase{form&1 != 0, form&2 != 0, int(m), int(n), int(k % 1024),
			factors[factor%3], factors[factor/3%3], int(pad % 8), seed}
		b := bitstep.Backends()[int(backend)%len(bitstep.Backends())]
		if double {
			checkGemm(t, g, bitstep.On[float64](b))
		} else {
			checkGemm(t, g, bitstep.On[float32](b))
		}
	})
}
