package bitstep

import (
	"testing"
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/mem"
)

// Operands on a stack, which other goroutines must not see, keep a call from being spread, whatever their size: the
// compiler puts slice literals of any size there.
func TestOperandsOnStack(t *testing.T) {
	if !mem.StackKnown {
		t.Skip("no assembly: operands are never on a stack")
	}
	const n = minPieces * piece
	var local [2]float32
	heap := make([]float32, n)
	e := Engine[float32]{threads: 2}
	for i := range maxOperands {
		c := call[float32]{n: n}
		for j := range c.op {
			c.op[j] = unsafe.Pointer(&heap[0])
		}
		if got := e.spread(&c); got != 2 {
			t.Fatalf("operands on the heap: spread over %d threads, want 2", got)
		}
		c.op[i] = unsafe.Pointer(&local)
		if got := e.spread(&c); got != 1 {
			t.Errorf("operand %d on the stack: spread over %d threads, want 1", i, got)
		}
	}
	for i := range 4 {
		matrices := [3][]float32{heap, heap, heap}
		if i < 3 {
			matrices[i] = local[:]
		}
		p := product[float32]{a: matrices[0], b: matrices[1], c: matrices[2]}
		if got := p.onStack(); got != (i < 3) {
			t.Errorf("matrix %d of 3 on the stack: %v", i, got)
		}
	}
}

// Products that two threads do not speed up stay on one; the classifier's larger ones are spread.
func TestProductSpread(t *testing.T) {
	for _, c := range []struct{ m, n, k, threads int }{
		{10, 256, 3073, 1}, {256, 10, 3073, 1}, {10, 3073, 256, 1}, {64, 10, 3073, 1}, {256, 256, 256, 1},
		{10, 1024, 3073, 2}, {1024, 10, 3073, 2}, {10, 3073, 1024, 2}, {384, 384, 384, 2}, {1, 4096, 1024, 2},
		{100, 100, 100000, 1}, // one part
	} {
		p := product[float32]{m: c.m, n: c.n, k: c.k}
		if got := p.spread(Engine[float32]{threads: 2}); got != c.threads {
			t.Errorf("%d x %d x %d: %d threads, want %d", c.m, c.n, c.k, got, c.threads)
		}
		if got := p.spread(Engine[float32]{threads: 1}); got != 1 {
			t.Errorf("%d x %d x %d: %d threads, want no more than the caller allows", c.m, c.n, c.k, got)
		}
	}
}
