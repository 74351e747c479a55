package bitstep

import (
	"slices"
	"sync"
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/crew"
	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Calls of the table's kernels over several threads. They take pieces of a call, each piece whole (rule 9). What
// they share lives in pooled memory, so that a call allocates nothing.

// What pays for a thread, in bytes of operands that a call reads and writes, some 150 a nanosecond where they are in a
// cache. One that is awake joins within two microseconds; one that has to be woken begins when a tenth of a millisecond
// and more has gone by, and waking it takes the caller ten to twenty microseconds.
const (
	bytesToJoin = 448 << 10
	bytesToWake = 40 << 20
)

// work is how many bytes are read and written in the time that a call takes, workOfOne that of an element.
func (c *call[T]) work() int64 { return int64(c.n) * c.workOfOne() }

func (c *call[T]) workOfOne() int64 {
	row := &table.Rows[c.id]
	bytes := int64(row.Traffic(int(unsafe.Sizeof(T(0)))))
	switch {
	case c.backend == Go || c.id == idExpSlice:
		return 8 * bytes
	case row.Kind == table.Reduction:
		return 2 * bytes // the latency of additions bounds them
	}
	return bytes
}

// spread returns over how many threads work in so many pieces is spread, and the pool that serves the call until exit,
// on one thread too: the next call then comes in a loop. The pool is nil if the work is too small to look at, or if it
// is busy. What is on a stack stays with its goroutine.
func (e Engine[T]) spread(work int64, pieces int, onStack bool) (pool *Pool, threads int) {
	if work < 2*bytesToJoin || pieces < 2 || onStack || e.limit() == 1 {
		return nil, 1
	}
	pool, awake := e.pool.enter()
	share := int64(bytesToWake)
	if awake {
		share = bytesToJoin
	}
	return pool, crew.Threads(e.limit(), min(pieces, int(work/share)))
}

// onStack reports whether an operand is on the stack: see hide.
func (c *call[T]) onStack() bool { return slices.ContainsFunc(c.op[:], mem.OnStack) }

// pools keep values that are used again, for each type of element.
type pools struct{ of32, of64 sync.Pool }

func poolOf[T kernels.Float](p *pools) *sync.Pool {
	if num.Is32[T]() {
		return &p.of32
	}
	return &p.of64
}

// A job is a spread call of a kernel of the table.
type job[T kernels.Float] struct {
	crew crew.Crew
	call[T]
	partial        []T // the sums of a reduction's chunks
	together       int // of which a piece has so many
	update, reduce func(worker, piece int)
}

var jobs pools // of *job[T]

func getJob[T kernels.Float](c *call[T]) *job[T] {
	j, _ := poolOf[T](&jobs).Get().(*job[T])
	if j == nil {
		j = new(job[T])
		j.update = func(_, i int) { j.run(i*chunk, min((i+1)*chunk, j.n)) }
		j.reduce = func(_, i int) {
			i *= j.together
			j.sums(j.partial[i:min(i+j.together, len(j.partial))], i*kernels.ReduceChunk)
		}
	}
	j.call = *hide(c)
	return j
}

// put lets go of the operands and returns the job.
func (j *job[T]) put() {
	j.op = [maxOperands]unsafe.Pointer{}
	poolOf[T](&jobs).Put(j)
}

// hide keeps the compiler from seeing that operands reach other goroutines, which would move every operand of every
// call to the heap. It is sound because the call returns after the goroutines are done, and because no operand is on
// the stack, which can move meanwhile. Where that is not known, nothing is hidden, and operands do move to the heap.
func hide[P any](p *P) *P {
	if !mem.StackKnown {
		return p
	}
	return stays(p)
}

// stays hides from the compiler where a pointer goes, which it would take for escaping: to variables of this goroutine
// that end with the call. Checks of pointers, which race builds have, would call between its two lines, and a call may
// move the stack that p points into.
//
//go:nocheckptr
func stays[P any](p *P) *P {
	u := uintptr(unsafe.Pointer(p))
	return *(**P)(unsafe.Pointer(&u))
}

// share runs the pieces of a call on the pool that serves it, or for nil on the call's own crew.
func (j *job[T]) share(pool *Pool, threads, pieces int, work func(worker, piece int)) {
	c := &j.crew
	if pool != nil {
		c = &pool.crew
	}
	c.Run(threads, pieces, work)
}

// update runs a step or a vector operation.
func (e Engine[T]) update(c *call[T]) {
	if e.threads == 1 || c.n <= chunk {
		c.run(0, c.n)
		return
	}
	e.updateMany(c)
}

// updateMany is update of many elements.
func (e Engine[T]) updateMany(c *call[T]) {
	pieces := (c.n + chunk - 1) / chunk
	pool, threads := e.spread(c.work(), pieces, c.onStack())
	if pool != nil {
		defer pool.exit()
	}
	if threads == 1 {
		c.run(0, c.n)
		return
	}
	j := getJob(c)
	j.share(pool, threads, pieces, j.update)
	j.put()
}

// reduce runs a reduction.
func (e Engine[T]) reduce(c *call[T]) T {
	if e.threads == 1 || c.n <= kernels.ReduceChunk {
		return c.reduce()
	}
	return e.reduceMany(c)
}

// reduceMany is reduce of many elements.
func (e Engine[T]) reduceMany(c *call[T]) T {
	pool, threads := e.spread(c.work(), c.chunksOf(), c.onStack())
	if pool != nil {
		defer pool.exit()
	}
	if threads == 1 {
		return c.reduce()
	}
	j, n := getJob(c), c.chunksOf()
	if cap(j.partial) < n {
		j.partial = make([]T, n)
	}
	j.partial, j.together = j.partial[:n], c.mostTogether()
	for j.together > 1 && j.together*threads > n+1 {
		j.together /= 2
	}
	j.share(pool, threads, (n+j.together-1)/j.together, j.reduce)
	sum := c.join(0, true, j.partial)
	j.put()
	return sum
}
