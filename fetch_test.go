package bitstep_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
)

// A product that fetches has the bits of its definition, however many rows are listed and however long they are, and
// allocates nothing.
func TestFetching(t *testing.T) {
	memory := make([]byte, 1<<15)
	for _, b := range bitstep.Backends() {
		for _, rows := range []int{0, 1, 5, 64, 300} {
			for _, bytes := range []int{0, 1, 64, 3072, 1 << 14} {
				f := new(bitstep.Fetch)
				for i := range rows {
					f.Add(memory[i : i+bytes])
				}
				if f.Len() != rows {
					t.Fatalf("%d rows, want %d", f.Len(), rows)
				}
				testFetching(t, bitstep.On[float32](b).Fetching(f))
				testFetching(t, bitstep.On[float64](b).Fetching(f))
				f.Reset()
				if f.Len() != 0 {
					t.Fatalf("%d rows after Reset", f.Len())
				}
			}
		}
	}
}

func testFetching[T bitstep.Float](t *testing.T, k bitstep.Engine[T]) {
	for i, g := range []gemmCase{
		{true, false, 10, 785, 64, 1, 0, 0, 1},  // the gradient of a block of examples
		{true, false, 10, 3073, 32, 1, 1, 0, 7}, // packed, where panels are two
		{true, false, 13, 100, 257, 1, 1, 1, 2},
		{true, false, 6, 1500, 300, 1, 0, 1, 6}, // in parts of its columns and of k
		{false, false, 40, 300, 70, -1.5, 0.5, 2, 3},
		{false, true, 9, 11, 200, 1, 0, 0, 4},
		{true, true, 3, 40, 30, 1, 0, 0, 5},
	} {
		if i == 0 || !testing.Short() || k.Backend() != bitstep.Go {
			checkGemm(t, g, k, k.Threads(1))
		}
	}
}

func TestFetchingAllocates(t *testing.T) {
	const m, n, k = 10, 785, 64
	a, b, c := make([]float32, k*m), make([]float32, k*n), make([]float32, m*n)
	f := new(bitstep.Fetch)
	e := bitstep.On[float32](bitstep.Active()).Threads(1)
	row := make([]byte, 4*n)
	if got := testing.AllocsPerRun(10, func() {
		f.Reset()
		for range k - 1 {
			f.Add(row)
		}
		e.Fetching(f).Gemm(true, false, m, n, k, 1, a, m, b, n, 0, c, n)
	}); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

// A product continued in parts of k has the bits of the whole by rule 8, on every backend.
func TestGemmContinue(t *testing.T) {
	for _, b := range bitstep.Backends() {
		testGemmContinue(t, bitstep.On[float32](b))
		testGemmContinue(t, bitstep.On[float64](b))
	}
}

func testGemmContinue[T bitstep.Float](t *testing.T, k bitstep.Engine[T]) {
	for form := range 4 {
		for seed, g := range []gemmCase{
			{m: 10, n: 785, k: 64}, {m: 1, n: 1, k: 0}, {m: 3, n: 70, k: 300}, {m: 40, n: 9, k: 600},
			{m: 17, n: 1, k: 65}, {m: 64, n: 64, k: 64}, {m: 25, n: 1100, k: 257},
		} {
			transA, transB := form&1 != 0, form&2 != 0
			rowsA, colsA, rowsB, colsB := g.m, g.k, g.k, g.n
			if transA {
				rowsA, colsA = g.k, g.m
			}
			if transB {
				rowsB, colsB = g.n, g.k
			}
			a, b, c := newMatrix[T](rowsA, colsA, 1), newMatrix[T](rowsB, colsB, 2), newMatrix[T](g.m, g.n, 3)
			fillMatrices(edge.Rand(uint64(seed)), a, b, c)
			want, parts := slices.Clone(c.data), slices.Clone(c.data)
			kernels.GemmContinue(transA, transB, g.m, g.n, g.k, a.data, a.ld, b.data, b.ld, want, c.ld)
			where := fmt.Sprintf("%v %T %v transA=%v transB=%v", k.Backend(), T(0), g, transA, transB)
			for lo := 0; lo < g.k; lo += 33 {
				hi := min(lo+33, g.k)
				stepA, stepB := 1, b.ld
				if transA {
					stepA = a.ld
				}
				if transB {
					stepB = 1
				}
				partA, partB := a.data[lo*stepA:], b.data[lo*stepB:]
				k.GemmContinue(transA, transB, g.m, g.n, hi-lo, partA, a.ld, partB, b.ld, parts, c.ld)
			}
			sameBits(t, where+" in parts: c", parts, want)
			k.GemmContinue(transA, transB, g.m, g.n, g.k, a.data, a.ld, b.data, b.ld, c.data, c.ld)
			sameBits(t, where+": c", c.data, want)
			if g.k > kernels.GemmBlock {
				continue
			}
			for i := range g.m { // from +0 it is the product
				clear(c.data[i*c.ld:][:g.n])
			}
			kernels.GemmChains(transA, transB, g.m, g.n, g.k, 1, a.data, a.ld, b.data, b.ld, 0, want, c.ld)
			k.GemmContinue(transA, transB, g.m, g.n, g.k, a.data, a.ld, b.data, b.ld, c.data, c.ld)
			sameBits(t, where+" from 0: c", c.data, want)
		}
	}
}
