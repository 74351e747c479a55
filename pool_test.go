package bitstep_test

import (
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
)

// A call gives the same with a pool, which may be busy with another or closed.
func TestPool(t *testing.T) {
	before := runtime.NumGoroutine()
	const m, n, k, length = 90, 80, 300, 300_000
	r := edge.Rand(9)
	a, b, x := make([]float32, m*k), make([]float32, k*n), make([]float32, length)
	edge.FillOperands[float32](r, true, a, b, x)
	one := bitstep.On[float32](bitstep.Active()).Threads(1)
	product, sum := make([]float32, m*n), one.Sum(x)
	one.Gemm(false, false, m, n, k, 1, a, k, b, n, 0, product, n)
	for _, threads := range []int{0, 1, 2, 5} {
		pool := bitstep.NewPool(threads)
		e := bitstep.On[float32](bitstep.Active()).Threads(4).Pool(pool)
		check := func() {
			c, scaled := make([]float32, m*n), slices.Clone(x)
			e.Gemm(false, false, m, n, k, 1, a, k, b, n, 0, c, n)
			if i := edge.Differ(c, product); i >= 0 {
				t.Errorf("pool of %d: C[%d] = %x, want %x", threads, i, c[i], product[i])
			}
			e.Scale(scaled, 1)
			if i := edge.Differ(scaled, x); i >= 0 {
				t.Errorf("pool of %d: scaled[%d] = %x, want %x", threads, i, scaled[i], x[i])
			}
			if got := e.Sum(x); !edge.Same(got, sum) {
				t.Errorf("pool of %d: sum %x, want %x", threads, got, sum)
			}
		}
		var callers sync.WaitGroup
		for range 4 {
			callers.Go(func() {
				for range 20 {
					check()
				}
			})
		}
		callers.Wait()
		pool.Close()
		pool.Close()
		check()
	}
	for range 100 { // goroutines that have ended may still be counted for a while
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines after pools are closed, %d before", runtime.NumGoroutine(), before)
}

// A call has no more threads than its pool, and no more than the engine.
func TestPoolLimit(t *testing.T) {
	for _, c := range [][3]int{{0, 3, 3}, {2, 3, 2}, {5, 3, 3}, {0, 1, 1}} {
		pool := bitstep.NewPool(c[1])
		if got := bitstep.Limit(bitstep.On[float32](bitstep.Active()).Threads(c[0]).Pool(pool)); got != c[2] {
			t.Errorf("engine of %d threads, pool of %d: %d, want %d", c[0], c[1], got, c[2])
		}
		pool.Close()
	}
}

// A panic of one call leaves the pool to the next.
func TestPoolAfterPanic(t *testing.T) {
	pool := bitstep.NewPool(2)
	defer pool.Close()
	e := bitstep.On[float64](bitstep.Active()).Pool(pool)
	if got := panics(func() { e.Axpy(make([]float64, 3), make([]float64, 4), 1) }); got == "" {
		t.Error("no panic")
	}
	x := make([]float64, 500_000)
	for i := range x {
		x[i] = 1
	}
	if got := e.Sum(x); got != 500_000 {
		t.Errorf("sum %v after a panic, want 500000", got)
	}
}

// Calls with a pool allocate nothing.
func TestPoolAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pooled memory come and go")
	}
	pool := bitstep.NewPool(2)
	defer pool.Close()
	e := bitstep.On[float32](bitstep.Active()).Threads(2).Pool(pool)
	const n = 160
	a, b, c := make([]float32, n*n), make([]float32, n*n), make([]float32, n*n)
	if got := testing.AllocsPerRun(20, func() { e.Gemm(false, true, n, n, n, 1, a, n, b, n, 0, c, n) }); got >= 1 {
		t.Errorf("%v allocations per product", got)
	}
}
