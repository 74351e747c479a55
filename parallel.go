package bitstep

import (
	"slices"
	"sync"
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/crew"
	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
)

// Calls of the table's kernels over several threads. They take pieces of a call, each piece whole (rule 9). What
// they share lives in pooled memory, so that a call allocates nothing.

// piece is how many elements a thread takes at a time: one chunk of rule 7.
const piece = kernels.ReduceChunk

// minPieces is how many pieces a call must have to be spread: starting goroutines takes a few microseconds.
const minPieces = 3

// spread returns over how many threads a call is spread. Operands on a stack stay with its goroutine.
func (e Engine[T]) spread(c *call[T]) int {
	threads := 1
	if c.n >= minPieces*piece {
		threads = crew.Threads(e.limit(), pieces(c.n))
	}
	if threads > 1 && slices.ContainsFunc(c.op[:], mem.OnStack) {
		return 1
	}
	return threads
}

// pieces is how many pieces n elements are.
func pieces(n int) int { return (n + piece - 1) / piece }

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
		j.update = func(_, i int) { j.run(i*piece, min((i+1)*piece, j.n)) }
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
	u := uintptr(unsafe.Pointer(p))
	return *(**P)(unsafe.Pointer(&u))
}

func updateParallel[T kernels.Float](pool *Pool, c *call[T], threads int) {
	j := getJob(c)
	pool.share(&j.crew, threads, pieces(c.n), j.update)
	j.put()
}

func reduceParallel[T kernels.Float](pool *Pool, c *call[T], threads int) T {
	j := getJob(c)
	n := pieces(c.n)
	if cap(j.partial) < n {
		j.partial = make([]T, n)
	}
	j.partial, j.together = j.partial[:n], c.mostTogether()
	for j.together > 1 && j.together*threads > n {
		j.together /= 2
	}
	pool.share(&j.crew, threads, (n+j.together-1)/j.together, j.reduce)
	sum := c.join(0, true, j.partial)
	j.put()
	return sum
}
