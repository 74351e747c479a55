package bitstep

import (
	"fmt"
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// chunk is how many elements run between two chances to be preempted: assembly cannot be preempted, and
// a loop that does nothing but call it hardly can. 16,384 elements take some 10 to 50 microseconds.
const chunk = 16384

// A call is one use of a kernel of the table: what the public functions fill in.
type call[T Float] struct {
	id      kernelID
	backend Backend
	n       int                         // elements
	op      [maxOperands]unsafe.Pointer // at the first element of each operand, whatever its storage
	coef    [coefWords]uint64           // the bytes of a coefficient struct, or of an array of scalars
}

// operand returns elements lo to hi of operand i, which is stored as E.
func operand[E any, T Float](c *call[T], i, lo, hi int) []E {
	return unsafe.Slice((*E)(c.op[i]), c.n)[lo:hi]
}

// run updates elements lo to hi.
func (c *call[T]) run(lo, hi int) {
	for ; lo < hi; lo += chunk {
		c.chunk(lo, min(lo+chunk, hi))
	}
}

// chunk updates elements lo to hi: whole vectors in assembly, and a tail of several elements too if there is assembly
// for that, the rest by definition. It is not inlined because the stack check of its prologue is where a goroutine can
// be preempted.
//
//go:noinline
func (c *call[T]) chunk(lo, hi int) {
	if vec := c.backend.vecBytes() / int(unsafe.Sizeof(T(0))); vec != 0 && hi-lo >= vec {
		if n := (hi - lo) &^ (vec - 1); c.assembly(lo, n) {
			lo += n
		}
	}
	if lo < hi && !(hi-lo >= leastTail && c.isStep() && c.tail(lo, hi)) {
		c.define(lo, hi)
	}
}

// leastTail is how many elements take longer by definition than in assembly.
const leastTail = 5

// tail updates elements lo to hi in assembly, as a tensor of its own, or returns false.
func (c *call[T]) tail(lo, hi int) bool {
	var slices [maxOperands][]T
	var headers [maxOperands]unsafe.Pointer
	for i := 0; i < maxOperands && c.op[i] != nil; i++ {
		slices[i] = unsafe.Slice((*T)(c.op[i]), hi)[lo:]
		headers[i] = unsafe.Pointer(&slices[i])
	}
	return c.assemblyEach(1, &headers)
}

// sum reduces elements lo to hi, one chunk of rule 7.
//
//go:noinline
func (c *call[T]) sum(lo, hi int) T {
	var lanes [16]T
	if line := kernels.Lanes[T](); c.backend != Go && hi-lo >= line {
		if n := (hi - lo) &^ (line - 1); c.assemblyLanes(&lanes, lo, n) {
			lo += n
		}
	}
	c.defineLanes(&lanes, lo, hi)
	if c.foldsByMax() {
		return kernels.FoldMaxAbs(&lanes)
	}
	return kernels.Fold(&lanes)
}

// join adds the result of the next chunk.
func (c *call[T]) join(sum, next T) T {
	if c.foldsByMax() {
		return kernels.MaxAbs([]T{sum, next})
	}
	return sum + next
}

// update runs a step or a vector operation.
func (e Engine[T]) update(c *call[T]) {
	if threads := e.spread(c); threads > 1 {
		updateParallel(e.pool, c, threads)
		return
	}
	c.run(0, c.n)
}

// reduce runs a reduction.
func (e Engine[T]) reduce(c *call[T]) T {
	if threads := e.spread(c); threads > 1 {
		return reduceParallel(e.pool, c, threads)
	}
	sum := c.sum(0, min(c.n, kernels.ReduceChunk))
	for lo := kernels.ReduceChunk; lo < c.n; lo += kernels.ReduceChunk {
		sum = c.join(sum, c.sum(lo, min(lo+kernels.ReduceChunk, c.n)))
	}
	return sum
}

// AllFinite reports whether no element of x is infinite or NaN.
func AllFinite[T Float](x []T) bool { return On[T](Active()).AllFinite(x) }

// AllFinite is [AllFinite] on this engine.
func (e Engine[T]) AllFinite(x []T) bool { return num.Finite(e.MaxAbs(x)) }

// check panics if operands differ in length, or if one that is written (a bit of written) overlaps
// another.
func check(id kernelID, written uint, op ...mem.Span) {
	for i := range op {
		if op[i].Len != op[0].Len {
			row := &table.Rows[id]
			panic(fmt.Sprintf("bitstep: %s: len(%s) = %d, want len(%s) = %d",
				row.Name, row.Operands[i].Name, op[i].Len, row.Operands[0].Name, op[0].Len))
		}
		for j := range i {
			if (written>>i|written>>j)&1 != 0 && op[i].Overlaps(op[j]) {
				row := &table.Rows[id]
				panic(fmt.Sprintf("bitstep: %s: %s overlaps %s, and one of them is written",
					row.Name, row.Operands[j].Name, row.Operands[i].Name))
			}
		}
	}
}
