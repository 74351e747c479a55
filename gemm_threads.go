package bitstep

import (
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/crew"
	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
)

// Matrix products over several threads.

// spread returns over how many threads the product is spread. Waking a thread takes tens of microseconds, and each
// part packs the operand again that all parts share: two threads gain where one takes more than some 200 microseconds,
// or with a pool, whose threads are awake in a loop of calls, 20. An element that comes from memory costs as much time
// as 16 multiplications. The definition packs nothing and takes 30 to 40 times as long as micro-kernels.
func (p *product[T]) spread(e Engine[T]) int {
	const (
		large   = 16 << 20 // multiplications in micro-kernels
		pooled  = large / 10
		element = 16
		defined = 32
		small   = 64 // sizes up to which a product is not worth looking at
	)
	micro := p.microKernels()
	if e.limit() == 1 || micro && max(p.m, p.n, p.k) <= small {
		return 1
	}
	m, n, k := float64(p.m), float64(p.n), float64(p.k)
	multiplications := float64(m * n * k)
	if !micro {
		multiplications *= defined
	}
	work := multiplications + float64(element*(float64(m*k)+float64(k*n)+float64(m*n)))
	least := float64(large)
	if e.pool != nil {
		least = pooled
	}
	most := max(p.m, p.n) / leastPart
	if most < 2 || work < least || p.onStack() {
		return 1
	}
	return crew.Threads(e.limit(), most)
}

// onStack reports whether an operand is on the stack: see hide.
func (p *product[T]) onStack() bool {
	return mem.OnStack(unsafe.Pointer(unsafe.SliceData(p.a))) || mem.OnStack(unsafe.Pointer(unsafe.SliceData(p.b))) ||
		mem.OnStack(unsafe.Pointer(unsafe.SliceData(p.c)))
}

const (
	// leastPart is the fewest rows or columns of C that a thread takes at a time, whichever C has more of, and
	// what their numbers are multiples of: whole lines of 64 bytes.
	leastPart = 16
	// partsPerThread is how many parts a thread takes if all are equally fast. More share the work more evenly, and
	// pack what all parts share more often.
	partsPerThread = 2
)

// partSize is how many rows or columns of C a thread takes at a time.
func (p *product[T]) partSize(threads int) int {
	parts := threads * partsPerThread
	return ((max(p.m, p.n)+parts-1)/parts + leastPart - 1) / leastPart * leastPart
}

// part returns rows lo to hi of the product, or its columns if C has more columns than rows.
func (p *product[T]) part(lo, hi int) product[T] {
	q := *p
	if p.m > p.n {
		q.m = hi - lo
		q.c = p.c[lo*p.ldc:]
		q.a = p.a[offset(lo, p.lda, p.transA):]
	} else {
		q.n = hi - lo
		q.c = p.c[lo:]
		q.b = p.b[offset(lo, p.ldb, !p.transB):]
	}
	return q
}

// offset is where row lo of a matrix starts, or column lo.
func offset(lo, ld int, column bool) int {
	if column {
		return lo
	}
	return lo * ld
}

// A productJob is a product spread over threads; see job in parallel.go.
type productJob[T kernels.Float] struct {
	crew crew.Crew
	product[T]
	size int // of a part
	work func(worker, piece int)
}

var productJobs pools // of *productJob[T]

func (p *product[T]) parallel(pool *Pool, threads int) {
	jobs := poolOf[T](&productJobs)
	j, _ := jobs.Get().(*productJob[T])
	if j == nil {
		j = new(productJob[T])
		j.work = func(_, i int) {
			part := j.part(i*j.size, min((i+1)*j.size, max(j.m, j.n)))
			part.run()
		}
	}
	j.product, j.size = *hide(p), p.partSize(threads)
	pool.share(&j.crew, threads, (max(p.m, p.n)+j.size-1)/j.size, j.work)
	j.product = product[T]{}
	jobs.Put(j)
}
