package bitstep

import (
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/crew"
	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
)

// Steps of several tensors over several threads: pieces of some tensors, or of a part of a large one.

// A place is an element of a tensor.
type place struct{ tensor, element int }

// An eachJob is an eachCall that is spread; see job in parallel.go.
type eachJob[T kernels.Float] struct {
	crew crew.Crew // for when the pool is busy
	eachCall[T]
	cuts []place // where pieces begin, and where the last one ends
	part func(worker, piece int)
}

var eachJobs pools // of *eachJob[T]

// spread runs the call over several threads, on the pool or, if that is nil, on a crew of its own.
func (c *eachCall[T]) spread(pool *Pool, threads int) {
	jobs := poolOf[T](&eachJobs)
	j, _ := jobs.Get().(*eachJob[T])
	if j == nil {
		j = new(eachJob[T])
		j.part = func(_, i int) {
			c := j.eachCall // its op and n are those of a tensor
			c.runPiece(j.cuts[i], j.cuts[i+1])
		}
	}
	j.eachCall = *hide(c)
	j.cut()
	own := &j.crew
	if pool != nil {
		own = &pool.crew
	}
	own.Run(threads, len(j.cuts)-1, j.part)
	j.eachCall = eachCall[T]{}
	jobs.Put(j)
}

// onStack reports whether an operand, or the list of its slices, is on the stack. Engines that are [Engine.Checked]
// need not ask: what package optim has is on the heap.
func (c *eachCall[T]) onStack() bool {
	for _, s := range c.slices {
		if mem.OnStack(unsafe.Pointer(unsafe.SliceData(s))) || mem.AnyOnStack(s) {
			return true
		}
	}
	return false
}

// cut finds where pieces begin: after a chunk's elements or more, of fewer than two, in large tensors too.
func (j *eachJob[T]) cut() {
	j.cuts = append(j.cuts[:0], place{})
	elements := 0 // of the piece so far
	for i, x := range j.slices[0] {
		for at := 0; at < len(x); {
			if elements >= chunk {
				j.cuts, elements = append(j.cuts, place{i, at}), 0
			}
			n := len(x) - at
			if n > small {
				n = min(n, chunk)
			}
			at += n
			elements += n
		}
	}
	j.cuts = append(j.cuts, place{len(j.slices[0]), 0})
}

// runPiece updates the elements from one place to another.
func (c *eachCall[T]) runPiece(from, to place) {
	if from.tensor < to.tensor && from.element > 0 {
		c.tensor(from.tensor)
		c.run(from.element, c.n)
		from = place{from.tensor + 1, 0}
	}
	if from.tensor < to.tensor {
		c.runTensors(from.tensor, to.tensor)
		from = place{to.tensor, 0}
	}
	if from.element < to.element {
		c.tensor(to.tensor)
		c.run(from.element, to.element)
	}
}
