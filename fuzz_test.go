package bitstep_test

import (
	"fmt"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
)

// FuzzKernels runs a kernel of the table beside its definition, at any length, offset and prelude.
func FuzzKernels(f *testing.F) {
	for i := range kernels.Table {
		f.Add(uint8(i), uint64(i), uint16(17*i), uint8(i), uint8(1), uint8(i), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, row uint8, seed uint64, n uint16, offset, backend, use uint8, double bool) {
		r := kernels.Table[int(row)%len(kernels.Table)]
		b := bitstep.Backends()[int(backend)%len(bitstep.Backends())]
		if double {
			fuzzKernel(t, bitstep.On[float64](b), r, seed, n, offset, use)
		} else {
			fuzzKernel(t, bitstep.On[float32](b), r, seed, n, offset, use)
		}
	})
}

func fuzzKernel[T kernels.Float](t *testing.T, k bitstep.Engine[T], row kernels.Row, seed uint64, n uint16,
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
			checkGemm(t, bitstep.On[float64](b), g)
		} else {
			checkGemm(t, bitstep.On[float32](b), g)
		}
	})
}

// FuzzFromBytes runs FromBytes beside its definition, on any bytes, at any offset.
func FuzzFromBytes(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdef!"), uint64(1), 1.0/128, uint8(0), uint8(1), false)
	f.Add(make([]byte, 300), uint64(2), -0.7, uint8(5), uint8(2), true)
	f.Fuzz(func(t *testing.T, src []byte, seed uint64, scale float64, offset, backend uint8, double bool) {
		b := bitstep.Backends()[int(backend)%len(bitstep.Backends())]
		if double {
			checkFromBytes(t, bitstep.On[float64](b), src, scale, int(offset%64), seed)
		} else {
			checkFromBytes(t, bitstep.On[float32](b), src, float32(scale), int(offset%64), seed)
		}
	})
}

func checkFromBytes[T kernels.Float](t *testing.T, k bitstep.Engine[T], src []byte, scale T, at int, seed uint64) {
	alloc, check := guarded[T](at)
	dst, offset, want := alloc(0, len(src)), alloc(1, len(src)), make([]T, len(src))
	edge.FillOperands(edge.Rand(seed), false, dst, offset)
	kernels.FromBytes(want, src, scale, offset)
	k.FromBytes(dst, src, scale, offset)
	sameBits(t, fmt.Sprintf("%v %T n=%d scale=%v: dst", k.Backend(), scale, len(src), scale), dst, want)
	check(t)
}
