package bitstep

import (
	"fmt"
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Steps of several tensors in one call.

// An eachCall is one use of a step for several tensors. Its op and n are those of the tensor that runs alone,
// and n is that of all tensors before any does.
type eachCall[T Float] struct {
	call[T]
	slices [maxOperands][][]T // of each operand, by tensor
}

// Checked returns e for calls whose operands have been looked at: what runs over several tensors then trusts that
// lengths are right and that nothing overlaps. It is for package optim.
func (e Engine[T]) Checked(mem.Checked) Engine[T] {
	e.checked = true
	return e
}

// updateEach runs a step of several tensors.
func (e Engine[T]) updateEach(c *eachCall[T], written uint, operands int) {
	if !e.checked {
		c.check(written, operands)
	}
	if e.threads == 1 {
		c.runTensors(0, len(c.slices[0]))
		return
	}
	c.n = 0 // of all tensors
	for _, x := range c.slices[0] {
		c.n += len(x)
	}
	pool, threads := e.spread(c.work(), c.n/chunk, !e.checked && c.onStack())
	if pool != nil {
		defer pool.exit()
	}
	if threads == 1 {
		c.runTensors(0, len(c.slices[0]))
		return
	}
	c.spread(pool, threads)
}

// check panics as the step for one tensor does, or if there are not as many slices of each operand.
func (c *eachCall[T]) check(written uint, operands int) {
	for i := range operands {
		if len(c.slices[i]) != len(c.slices[0]) {
			row := &table.Rows[c.id]
			panic(fmt.Sprintf("bitstep: %sEach: %d slices of %s, want %d, as of %s", row.Name, len(c.slices[i]),
				row.Operands[i].Name, len(c.slices[0]), row.Operands[0].Name))
		}
	}
	var op [maxOperands]mem.Span
	for tensor := range c.slices[0] {
		for i := range operands {
			op[i] = mem.Of(c.slices[i][tensor])
		}
		check(c.id, written, op[:operands]...)
	}
}

// leastTensor is how many elements take as long as it takes to come to a tensor: to its slices, which may lie anywhere.
const leastTensor = 64

// small is the most elements of a tensor that runs together with others: what a loop over tensors costs does not
// matter to larger ones.
const small = 4096

// runTensors updates tensors lo to hi.
func (c *eachCall[T]) runTensors(lo, hi int) {
	for lo < hi {
		n := c.together(lo, hi)
		if n > 0 && c.chunkEach(lo, n) {
			lo += n
			continue
		}
		for end := lo + max(n, 1); lo < end; lo++ {
			c.tensor(lo)
			c.run(0, c.n)
		}
	}
}

// together returns how many tensors from lo on run in one call of assembly, which cannot be preempted. One of a few
// elements, or of none, takes as long as leastTensor.
func (c *eachCall[T]) together(lo, hi int) (n int) {
	elements := 0
	for _, x := range c.slices[0][lo:hi] {
		if len(x) > small || elements >= chunk {
			break
		}
		elements += max(len(x), leastTensor)
		n++
	}
	return n
}

// chunkEach updates n tensors from lo on, or returns false: the chunk of several tensors.
//
//go:noinline
func (c *eachCall[T]) chunkEach(lo, n int) bool {
	var headers [maxOperands]unsafe.Pointer
	for i, s := range c.slices {
		if len(s) != 0 {
			headers[i] = unsafe.Pointer(&s[lo])
		}
	}
	return c.assemblyEach(n, &headers)
}

// tensor makes the call one of tensor i.
func (c *eachCall[T]) tensor(i int) {
	c.n = len(c.slices[0][i])
	for j, s := range c.slices {
		if len(s) != 0 {
			c.op[j] = unsafe.Pointer(unsafe.SliceData(s[i]))
		}
	}
}
