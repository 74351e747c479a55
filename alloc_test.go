package bitstep_test

import (
	"runtime"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

var raceEnabled bool

// Calls allocate nothing, spread over threads or not.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pooled memory come and go")
	}
	forEach(t, testAllocations[float32], testAllocations[float64])
}

func testAllocations[T kernels.Float](t *testing.T, k bitstep.Engine[T], row table.Row) {
	for _, n := range []int{100, 4 * kernels.ReduceChunk} {
		op, coef := rows.New[T](row, n), rows.NewCoef[T](row)
		call := func() {
			bitstep.KeepAwake()
			rows.Call(k.Threads(2), row, coef, op)
		}
		if got := testing.AllocsPerRun(10, call); got != 0 {
			t.Errorf("%d elements: %v allocations per call", n, got)
		}
	}
}

// Operands do not escape: arrays on the stack stay there.
func TestOperandsDoNotEscape(t *testing.T) {
	if !mem.StackKnown {
		t.Skip("no assembly: operands escape")
	}
	got := testing.AllocsPerRun(10, func() {
		var x, m, v, g [64]float32
		var w [4 * 16]float64
		var s, y [4]float64
		var b, c [64]bitstep.BFloat16
		bitstep.Adam(x[:], m[:], v[:], g[:], kernels.NewAdam[float32](kernels.AdamHyper{LR: 1}, 1))
		stored := bitstep.Narrow(bitstep.On[float32](bitstep.Active()))
		stored.Momentum(bitstep.Stored{Float32: x[:]}, bitstep.Stored{BFloat16: b[:]}, bitstep.Stored{Float32: g[:]},
			kernels.NewMomentum[float32](kernels.MomentumHyper{LR: 1}), bitstep.Rounding{})
		stored.ToBFloat16(c[:], x[:], bitstep.Rounding{})
		sink = bitstep.Dot(x[:], g[:])
		bitstep.Gemm(false, true, 1, 4, 16, 1, w[:16], 16, w[:], 16, 0, s[:], 4)
		bitstep.Gemv(true, 4, 4, 1, w[:16], 4, s[:], 0, y[:])
	})
	if got != 0 && !raceEnabled {
		t.Errorf("%v allocations", got)
	}
}

var sink float32

func TestGemmAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pooled memory come and go")
	}
	const n = 300 // beyond what stays on one thread
	for _, b := range bitstep.Backends()[1:] {
		a, x, c := make([]float32, n*n), make([]float32, n*n), make([]float32, n*n)
		for form := range 4 {
			got := testing.AllocsPerRun(50, func() {
				bitstep.On[float32](b).Threads(2).Gemm(form&1 != 0, form&2 != 0, n, n, n, 1, a, n, x, n, 1, c, n)
			})
			if got != 0 {
				t.Errorf("%v form %d: %v allocations per call", b, form, got)
			}
		}
	}
}

// Products allocate nothing either, whether they pack or not.
func TestProductAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pooled memory come and go")
	}
	for _, b := range bitstep.Backends() {
		e := bitstep.On[float64](b).Threads(1)
		for _, n := range []int{4, 40, 150} {
			a, b, c := make([]float64, n*n), make([]float64, n*n), make([]float64, n*n)
			for form := range 4 {
				got := testing.AllocsPerRun(20, func() {
					e.Gemm(form&1 != 0, form&2 != 0, n, n, n, 2, a, n, b, n, 0.5, c, n)
					e.Gemv(form&1 != 0, n, n, 1, a, n, b[:n], 0, c[:n])
				})
				if got != 0 {
					t.Errorf("%v, %d squared, form %d: %v allocations", e.Backend(), n, form, got)
				}
			}
		}
	}
}

// What a product keeps meanwhile does not grow with C.
func TestScratchIsBounded(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pooled memory come and go")
	}
	for _, s := range []struct {
		m, n, k int
		alpha   float32
	}{
		{1 << 18, 2, 24, 1},
		{3, 1 << 15, 257, 2}, // adds alpha times the sum of two blocks of k
		{1 << 15, 3, 257, 2}, // striped, in place
	} {
		m, n, k := s.m, s.n, s.k
		a, b, c := make([]float32, k*m), make([]float32, k*n), make([]float32, m*n)
		for _, backend := range bitstep.Backends() {
			for form := range 4 {
				transA, transB := form&1 != 0, form&2 != 0
				lda, ldb := k, n
				if transA {
					lda = m
				}
				if transB {
					ldb = k
				}
				runtime.GC() // empties pools
				runtime.GC()
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				bitstep.On[float32](backend).Threads(1).Gemm(transA, transB, m, n, k, s.alpha, a, lda, b, ldb, 0, c, n)
				runtime.ReadMemStats(&after)
				if got := after.TotalAlloc - before.TotalAlloc; got > uint64(m*n) {
					t.Errorf("%v, form %d: %d bytes for %d elements", backend, form, got, m*n)
				}
			}
		}
	}
}
