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

// SpreadProducts are m, n and k of products that every backend spreads: what tests of threads multiply.
var SpreadProducts = [][3]int{{10, 1700, 700}, {1700, 10, 700}, {290, 300, 280}, {1, 5000, 450}, {5000, 1, 450}}

// Products that two threads do not speed up stay on one; the classifier's larger ones are spread, and with a pool
// smaller ones. The definition takes longer than micro-kernels, and gains sooner.
func TestProductSpread(t *testing.T) {
	pool := NewPool(2)
	defer pool.Close()
	type row struct{ m, n, k, threads, pooled, defined int }
	rows := []row{
		{10, 64, 3073, 1, 2, 2}, {64, 10, 3073, 1, 2, 2}, {10, 3073, 64, 1, 2, 2}, {10, 8, 3073, 1, 1, 1},
		{10, 256, 3073, 2, 2, 2}, {256, 10, 3073, 2, 2, 2}, {10, 3073, 256, 2, 2, 2}, {384, 384, 384, 2, 2, 2},
		{64, 64, 64, 1, 1, 1}, {128, 128, 128, 1, 2, 2}, {1, 4096, 1024, 2, 2, 2}, {10, 128, 100, 1, 1, 1},
		{1, 200, 200, 1, 1, 1}, {30, 30, 1000000, 1, 1, 1}, // one part
	}
	for _, s := range SpreadProducts {
		rows = append(rows, row{s[0], s[1], s[2], 2, 2, 2})
	}
	for _, b := range Backends() {
		for _, c := range rows {
			p, want := product[float32]{backend: b, m: c.m, n: c.n, k: c.k}, c.threads
			if !p.microKernels() {
				want = c.defined
			}
			two := Engine[float32]{threads: 2}
			if got := p.spread(two); got != want {
				t.Errorf("%v, %d x %d x %d: %d threads, want %d", b, c.m, c.n, c.k, got, want)
			}
			if got := p.spread(two.Pool(pool)); p.microKernels() && got != c.pooled {
				t.Errorf("%v, %d x %d x %d with a pool: %d threads, want %d", b, c.m, c.n, c.k, got, c.pooled)
			}
			if got := p.spread(Engine[float32]{threads: 1, pool: pool}); got != 1 {
				t.Errorf("%v, %d x %d x %d: %d threads, want no more than the caller allows", b, c.m, c.n, c.k, got)
			}
		}
	}
}

// Parts cover C once, in whole lines.
func TestProductParts(t *testing.T) {
	for m := 1; m < 400; m += 7 {
		for _, threads := range []int{2, 3, 16} {
			p := product[float32]{m: m, n: 32}
			if size := p.partSize(threads); size%leastPart != 0 || size*threads*partsPerThread < max(p.m, p.n) {
				t.Fatalf("%d rows, %d threads: parts of %d", m, threads, size)
			}
		}
	}
}

// A call of assembly, which cannot be preempted, takes a tile or what some 50 microseconds can.
func TestTilesPerCall(t *testing.T) {
	for bytes := 1; bytes < 1<<22; bytes += 997 {
		if tiles := tilesPerCall(bytes); tiles < 1 || tiles > 1 && tiles*bytes > 256<<10 {
			t.Fatalf("tiles of %d bytes: %d a call", bytes, tiles)
		}
	}
}

// Limit is the most threads that a call of an engine has.
func Limit(e Engine[float32]) int { return e.limit() }
