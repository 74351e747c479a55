package bitstep

import (
	"testing"
	"time"
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/mem"
)

// Operands on a stack, which other goroutines must not see, keep a call from being spread, whatever their size: the
// compiler puts slice literals of any size there.
func TestOperandsOnStack(t *testing.T) {
	if !mem.StackKnown {
		t.Skip("no assembly: operands are never on a stack")
	}
	var local [2]float32
	heap := make([]float32, 1<<20) // too large for a stack
	threads := func(c *call[float32]) int {
		pool, threads := Engine[float32]{threads: 2}.spread(c.work(), 2, c.onStack())
		if pool != nil {
			pool.exit()
		}
		return threads
	}
	for i := range maxOperands {
		c := call[float32]{n: 1 << 30} // as far as spread knows
		for j := range c.op {
			c.op[j] = unsafe.Pointer(&heap[0])
		}
		if got := threads(&c); got != 2 {
			t.Fatalf("operands on the heap: spread over %d threads, want 2", got)
		}
		c.op[i] = unsafe.Pointer(&local)
		if got := threads(&c); got != 1 {
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
var SpreadProducts = [][3]int{{10, 1900, 720}, {1900, 10, 720}, {320, 330, 300}, {1, 5000, 450}, {5000, 1, 450}}

// Products that two threads do not speed up stay on one; the classifier's larger ones are spread, and in a loop
// smaller ones. The definition takes longer than micro-kernels, and gains sooner.
func TestProductSpread(t *testing.T) {
	type row struct{ m, n, k, threads, awake, defined int }
	rows := []row{
		{10, 64, 3073, 1, 2, 2}, {64, 10, 3073, 1, 2, 2}, {10, 3073, 64, 1, 2, 2}, {10, 8, 3073, 1, 1, 1},
		{10, 512, 3073, 2, 2, 2}, {512, 10, 3073, 2, 2, 2}, {10, 3073, 512, 2, 2, 2}, {384, 384, 384, 2, 2, 2},
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
			if got := p.threads(2, false); got != want {
				t.Errorf("%v, %d x %d x %d: %d threads, want %d", b, c.m, c.n, c.k, got, want)
			}
			if got := p.threads(2, true); p.microKernels() && got != c.awake {
				t.Errorf("%v, %d x %d x %d in a loop: %d threads, want %d", b, c.m, c.n, c.k, got, c.awake)
			}
			if got := p.threads(1, true); got != 1 {
				t.Errorf("%v, %d x %d x %d: %d threads, want no more than the caller allows", b, c.m, c.n, c.k, got)
			}
		}
	}
}

// A pool serves one call at a time, and tells whether its threads are awake; one that is closed leaves calls to those
// that calls without a pool have.
func TestPoolEnter(t *testing.T) {
	pool := NewPool(2)
	defer pool.Close()
	for _, c := range []struct{ pool, serves *Pool }{{nil, &common}, {pool, pool}} {
		time.Sleep(2 * c.serves.lookout)
		got, awake := c.pool.enter()
		if got != c.serves || awake {
			t.Fatalf("after a pause: served by %p, awake %v; want %p", got, awake, c.serves)
		}
		if other, _ := c.pool.enter(); other != nil {
			t.Error("two calls at a time")
		}
		got.exit()
		found := false
		for range 1000 {
			got, awake := c.pool.enter()
			got.exit()
			found = found || awake
		}
		if !found {
			t.Error("1000 calls in a loop, and never awake")
		}
	}
	pool.Close()
	got, _ := pool.enter()
	got.exit()
	if got != &common {
		t.Errorf("a closed pool: served by %p, want %p", got, &common)
	}
}

// Pieces cover C once, in whole lines, and are as many as shall be if C is large enough.
func TestGrid(t *testing.T) {
	for m := 1; m < 400; m += 7 {
		for _, n := range []int{1, 16, 40, 300} {
			p := product[float32]{m: m, n: n, k: 1, lda: 1, ldb: n, ldc: n + 1,
				a: make([]float32, m), b: make([]float32, n), c: make([]float32, m*(n+1))}
			for _, pieces := range []int{1, 2, 4, 6, 10, 128} {
				g := gridOf(m, n, pieces)
				if got := g.rows * g.cols; got > pieces || max(m, n) >= pieces*leastCut && got != pieces {
					t.Fatalf("%d x %d in %d pieces: %v", m, n, pieces, g)
				}
				clear(p.c)
				for i := range g.rows * g.cols {
					q := p.cut(g, i)
					if q.m == 0 || q.n == 0 {
						t.Fatalf("%d x %d in %d pieces: piece %d is %d x %d", m, n, pieces, i, q.m, q.n)
					}
					for j := range q.m * q.n {
						q.c[j/q.n*q.ldc+j%q.n]++
					}
				}
				for i, v := range p.c {
					if want := float32(1); i%p.ldc < n && v != want || i%p.ldc == n && v != 0 {
						t.Fatalf("%d x %d in %d pieces: element %d is in %v of them", m, n, pieces, i, v)
					}
				}
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

// KeepAwake makes the next call without a pool one that comes in a loop: it is spread as soon as awake threads gain.
func KeepAwake() {
	common.mu.Lock()
	defer common.mu.Unlock()
	common.left = time.Now().Add(time.Hour)
}
