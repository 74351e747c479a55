package bitstep_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
)

// What an example gives does not depend on the examples that it is computed together with: rows of X*W' and X*W in
// batches of any size, at any position, on any backend, with any number of threads, and alone by Gemv.
func TestBatchInvariance(t *testing.T) {
	for _, b := range bitstep.Backends() {
		testBatchInvariance[float32](t, b)
		testBatchInvariance[float64](t, b)
	}
}

func testBatchInvariance[T kernels.Float](t *testing.T, b bitstep.Backend) {
	r := edge.Rand(42)
	for _, s := range [][3]int{{80, 10, 3073}, {300, 7, 128}, {70, 33, 127}, {90, 130, 600},
		{40, 1, 300}, {33, 65, 9}} {
		rows, outputs, k := s[0], s[1], s[2]
		if b == bitstep.Go && rows*outputs*k > 300_000 {
			continue // the definition is slow
		}
		for _, transW := range []bool{false, true} {
			x, w := make([]T, rows*k), make([]T, outputs*k)
			edge.FillOperands[T](r, true, x, w)
			ldw := outputs
			if transW {
				ldw = k
			}
			all := make([]T, rows*outputs)
			bitstep.On[T](b).Gemm(false, transW, rows, outputs, k, 1, x, k, w, ldw, 0, all, outputs)
			for range 20 {
				lo, hi := batch(r, rows)
				other := bitstep.Backends()[r.IntN(len(bitstep.Backends()))]
				if other == bitstep.Go && rows*outputs*k > 300_000 {
					other = b
				}
				e := bitstep.On[T](other).Threads(1 + r.IntN(3))
				got := make([]T, (hi-lo)*outputs)
				e.Gemm(false, transW, hi-lo, outputs, k, 1, x[lo*k:], k, w, ldw, 0, got, outputs)
				what := fmt.Sprintf("%v %T %v, W transposed %v, examples %d to %d", e.Backend(), T(0), s,
					transW, lo, hi)
				sameBits(t, what, got, all[lo*outputs:hi*outputs])
				one := make([]T, outputs)
				m, n := k, outputs
				if transW {
					m, n = n, m
				}
				e.Gemv(!transW, m, n, 1, w, ldw, x[lo*k:][:k], 0, one)
				sameBits(t, what+", the first by Gemv", one, got[:outputs])
			}
		}
	}
}

// batch draws a batch of some of the examples, often few.
func batch(r *rand.Rand, rows int) (lo, hi int) {
	lo = r.IntN(rows)
	size := rows - lo
	if r.IntN(2) == 0 {
		size = min(size, 12)
	}
	return lo, lo + 1 + r.IntN(size)
}
