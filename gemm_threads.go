package bitstep

import (
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/crew"
	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
)

// Matrix products over several threads: pieces of C, each a product of its own, in two dimensions.

// threaded runs the product over several threads, or on this one, and reports false if it is too small to look at.
func (p *product[T]) threaded(e Engine[T]) bool {
	if p.threads(e.limit(), true) == 1 || p.onStack() {
		return false
	}
	pool, awake := e.pool.enter()
	if pool != nil {
		defer pool.exit() // after a product on one thread, too: the next one then comes in a loop
	}
	if threads := p.threads(e.limit(), awake); threads > 1 {
		p.spread(pool, threads)
	} else {
		p.run()
	}
	return true
}

// Work that pays for a thread that has to be woken, which takes tens of microseconds, and for one that is awake: some
// 100 and 8 microseconds.
const (
	toWake = 1 << 20
	toJoin = toWake / 20
)

// work counts multiplications of vectors. Four bytes that come from memory take as long as one of those, and a
// multiplication by definition as long as two.
func (p *product[T]) work() float64 {
	size, perVector := float64(unsafe.Sizeof(T(0))), 0.5
	if p.microKernels() {
		perVector = float64(p.backend.vecBytes()) / size
	}
	m, n, k := float64(p.m), float64(p.n), float64(p.k)
	return float64(float64(m*n*k)/perVector) + float64(size/4*(float64(m*k)+float64(k*n)+float64(m*n)))
}

// threads returns over how many threads the product is spread, which are awake or asleep.
func (p *product[T]) threads(limit int, awake bool) int {
	const small = 64 // sizes up to which a product is not worth looking at
	if limit == 1 || p.microKernels() && max(p.m, p.n, p.k) <= small {
		return 1
	}
	share := float64(toWake)
	if awake {
		share = toJoin
	}
	most := min(p.work()/share, float64(max(p.m, p.n)/leastCut))
	if most < 2 {
		return 1
	}
	return crew.Threads(limit, int(most))
}

// onStack reports whether an operand is on the stack: see hide.
func (p *product[T]) onStack() bool {
	return mem.OnStack(unsafe.Pointer(unsafe.SliceData(p.a))) || mem.OnStack(unsafe.Pointer(unsafe.SliceData(p.b))) ||
		mem.OnStack(unsafe.Pointer(unsafe.SliceData(p.c)))
}

// A productJob is a product spread over threads; see job in parallel.go.
type productJob[T kernels.Float] struct {
	crew crew.Crew // for when the pool is busy
	product[T]
	grid grid
	part func(worker, piece int)
}

var productJobs pools // of *productJob[T]

// spread runs the product on the pool or, if that is nil, on a crew of its own.
func (p *product[T]) spread(pool *Pool, threads int) {
	jobs := poolOf[T](&productJobs)
	j, _ := jobs.Get().(*productJob[T])
	if j == nil {
		j = new(productJob[T])
		j.part = func(_, i int) {
			part := j.cut(j.grid, i)
			part.run()
		}
	}
	j.product = *hide(p)
	c := &j.crew
	if pool != nil {
		c = &pool.crew
	}
	j.grid = j.gridFor(threads)
	c.Run(threads, j.grid.rows*j.grid.cols, j.part)
	j.product = product[T]{}
	jobs.Put(j)
}

// A grid is how many pieces the rows and the columns of C are cut into, columns in multiples of step.
type grid struct{ rows, cols, step int }

const leastCut = 16 // rows or columns of C, or more bytes than a line of a cache: what is cut least

// gridFor returns the grid for so many threads. What two pieces have in common each packs for itself, so there are few,
// but where a piece can do without: in strips of so few columns that A is read in place, B is packed once in all.
func (p *product[T]) gridFor(threads int) grid {
	const (
		even   = 8   // pieces for each thread, of which it does not matter if some have one more
		height = 128 // rows of a strip's pieces, each of which packs the strip's columns of B
	)
	if cols := p.strips(); cols != 0 {
		g := grid{1, (p.n + cols - 1) / cols, cols}
		for g.rows*g.cols%threads != 0 && g.rows*g.cols < even*threads && (g.rows+1)*height <= p.m {
			g.rows++
		}
		return g
	}
	if p.work() < 2*toWake { // only threads that are awake take part, and begin at once
		return gridOf(p.m, p.n, threads)
	}
	return gridOf(p.m, p.n, 2*threads)
}

// strips returns how many columns a strip has, or 0 if there shall be none.
func (p *product[T]) strips() int {
	if p.striped || !p.microKernels() {
		return 0
	}
	if w := p.chainWork(); w.plan.packA && p.m <= w.plan.rows {
		return w.plan.stripCols
	}
	return 0
}

// gridOf returns the grid of m x n elements with so many pieces, or as many as there can be, whose pieces have the
// shortest sides: they read the fewest rows and columns.
func gridOf(m, n, pieces int) grid {
	mostRows, mostCols := max(1, m/leastCut), max(1, n/leastCut)
	for pieces = min(pieces, mostRows*mostCols); ; pieces-- {
		var best grid
		sides := 0.0
		for r := 1; r <= min(pieces, mostRows); r++ {
			if c := pieces / r; c*r == pieces && c <= mostCols {
				if s := float64(m)/float64(r) + float64(n)/float64(c); best.rows == 0 || s < sides {
					best, sides = grid{r, c, leastCut}, s
				}
			}
		}
		if best.rows != 0 {
			return best
		}
	}
}

// cut returns piece i of the product.
func (p *product[T]) cut(g grid, i int) product[T] {
	q := *p
	i0, i1 := steps(p.m, leastCut, g.rows, i/g.cols)
	j0, j1 := steps(p.n, g.step, g.cols, i%g.cols)
	q.m, q.n = i1-i0, j1-j0
	q.a = p.a[offset(i0, p.lda, p.transA):]
	q.b = p.b[offset(j0, p.ldb, !p.transB):]
	q.c = p.c[i0*p.ldc+j0:]
	return q
}

// steps is share in multiples of step.
func steps(n, step, parts, i int) (lo, hi int) {
	lo, hi = share((n+step-1)/step, parts, i)
	return lo * step, min(n, hi*step)
}

// offset is where row lo of a matrix starts, or column lo.
func offset(lo, ld int, column bool) int {
	if column {
		return lo
	}
	return lo * ld
}
