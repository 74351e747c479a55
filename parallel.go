package bitstep

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/bitstep-go/bitstep/kernels"
)

// Threads take pieces of a call, each piece whole (rule 9), until none is left. Goroutines live for one
// call. What they share lives in pooled memory, so that a call allocates nothing.

// piece is how many elements a thread takes at a time: one chunk of rule 7.
const piece = kernels.ReduceChunk

// minPieces is how many pieces a call must have to be spread. Starting goroutines takes a few
// microseconds; and spread operands must be too large for a stack (see hide).
const minPieces = 3

// spread returns over how many threads a call of n elements is spread.
func (e Engine[T]) spread(n int) int {
	if n < minPieces*piece || e.threads == 1 {
		return 1
	}
	return e.limit((n + piece - 1) / piece)
}

// limit returns the number of threads for so many pieces.
func (e Engine[T]) limit(pieces int) int {
	threads := e.threads
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	return min(threads, pieces)
}

// A crew runs the pieces 0 to pieces-1 of some work over several goroutines.
type crew struct {
	wg     sync.WaitGroup
	next   atomic.Int64
	pieces int
	work   func(piece int)
	member func() // what a goroutine runs; made once, because go with a method value allocates
}

// init gives a new crew its work.
func (c *crew) init(work func(piece int)) {
	c.work = work
	c.member = func() {
		c.take()
		c.wg.Done()
	}
}

func (c *crew) take() {
	for {
		i := int(c.next.Add(1)) - 1
		if i >= c.pieces {
			return
		}
		c.work(i)
	}
}

// run does all pieces and returns when they are done.
func (c *crew) run(pieces, threads int) {
	c.pieces = pieces
	c.next.Store(0)
	c.wg.Add(threads - 1)
	for range threads - 1 {
		go c.member()
	}
	c.take()
	c.wg.Wait()
}

// A job is a spread call of a kernel of the table.
type job[T kernels.Float] struct {
	crew
	call[T]
	reduction bool
	sums      []T // of the pieces of a reduction
}

var jobs [2]sync.Pool // of *job[float32] and *job[float64]

func getJob[T kernels.Float](c *call[T]) *job[T] {
	j, _ := jobs[unsafe.Sizeof(T(0))/8].Get().(*job[T])
	if j == nil {
		j = new(job[T])
		j.init(func(i int) {
			lo, hi := i*piece, min((i+1)*piece, j.n)
			if j.reduction {
				j.sums[i] = j.sum(lo, hi)
				return
			}
			j.call.run(lo, hi)
		})
	}
	j.call = *hide(c)
	return j
}

// put lets go of the operands and returns the job.
func (j *job[T]) put() {
	j.op = [maxOperands]unsafe.Pointer{}
	jobs[unsafe.Sizeof(T(0))/8].Put(j)
}

// hide keeps the compiler from seeing that operands reach other goroutines, which would move every
// operand of every call to the heap. It is sound because the call returns after the goroutines are done,
// and because operands that are spread, minPieces*piece elements long, are larger than any variable that
// the compiler puts on a stack (128 KiB), so a stack that moves meanwhile does not move them.
func hide[P any](p *P) *P {
	u := uintptr(unsafe.Pointer(p))
	return *(**P)(unsafe.Pointer(&u))
}

func updateParallel[T kernels.Float](c *call[T], threads int) {
	j := getJob(c)
	j.reduction = false
	j.crew.run((c.n+piece-1)/piece, threads)
	j.put()
}

func reduceParallel[T kernels.Float](c *call[T], threads int) T {
	j := getJob(c)
	j.reduction = true
	pieces := (c.n + piece - 1) / piece
	if cap(j.sums) < pieces {
		j.sums = make([]T, pieces)
	}
	j.sums = j.sums[:pieces]
	j.crew.run(pieces, threads)
	sum := j.sums[0]
	for _, next := range j.sums[1:] {
		sum = c.join(sum, next)
	}
	j.put()
	return sum
}
