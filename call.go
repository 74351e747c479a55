package bitstep

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// chunk is how many elements run between two chances to be preempted: assembly cannot be preempted, and
// a loop that does nothing but call it hardly can. 16,384 elements take some 10 to 50 microseconds. (Kernels
// that move little take up to four times as many at a time: see bytesAtOnce, and reductions chunks of rule 7.)
const chunk = 16384

// A call is one use of a kernel of the table: what the public functions fill in.
type call[T Float] struct {
	id      kernelID
	backend Backend
	n       int                         // elements
	op      [maxOperands]unsafe.Pointer // at the first element of each operand, whatever its storage
	coef    [coefWords]uint64           // the bytes of a coefficient struct, or of an array of scalars
}

// bytesAtOnce is how many bytes a call may read and write between two chances to be preempted: hardly more than a chunk
// of Adam in float32. They come from memory in some 20 microseconds at 26 GB/s, and from the second cache in 2 to 5, of
// which beginning anew takes some 20 nanoseconds.
const bytesAtOnce = 512 << 10

// run updates elements lo to hi, one or several chunks at once. What runs them on a backend is not inlined: the stack
// check of its prologue is where a goroutine can be preempted.
func (c *call[T]) run(lo, hi int) {
	step := chunk
	if hi-lo > chunk {
		step *= max(1, int(bytesAtOnce/(chunk*c.workOfOne())))
	}
	for ; lo < hi; lo += step {
		c.chunk(lo, min(lo+step, hi))
	}
}

// sums reduces the chunks of rule 7 from lo on, one for each sum; the last one may be shorter.
func (c *call[T]) sums(sum []T, lo int) {
	for len(sum) > 0 {
		n := 1
		if whole := min(len(sum), (c.n-lo)/kernels.ReduceChunk); whole > 1 && c.backend != Go {
			for 2*n <= min(whole, c.mostTogether()) {
				n *= 2
			}
		}
		if n == 1 {
			sum[0] = c.sum(lo)
		} else {
			c.together(sum[:n], lo)
		}
		sum, lo = sum[n:], lo+n*kernels.ReduceChunk
	}
}

// sum reduces the chunk from lo on.
func (c *call[T]) sum(lo int) (sum T) {
	var lanes [16]T
	for hi := min(c.n, lo+kernels.ReduceChunk); lo < hi; lo += chunk {
		sum = c.continueLanes(&lanes, lo, min(hi-lo, chunk))
	}
	return sum
}

// together reduces whole chunks at the same time, of a sum: MaxAbs takes its lines as they come.
func (c *call[T]) together(sum []T, lo int) {
	var lanes [maxChunks][16]T
	for done := 0; done < kernels.ReduceChunk; done += chunk {
		c.continueTogether(lanes[:len(sum)], lo+done, chunk)
	}
	for i := range sum {
		sum[i] = foldSum(&lanes[i])
	}
}

// continueTogether continues the lanes of chunks with n elements of each, the first from lo on. As what runs a chunk it
// is not inlined.
//
//go:noinline
func (c *call[T]) continueTogether(lanes [][16]T, lo, n int) {
	if c.assemblyLanes(lanes, lo, n) {
		return
	}
	for i := range lanes {
		c.continueLanes(&lanes[i], lo+i*kernels.ReduceChunk, n)
	}
}

// foldSum joins the lanes of a reduction as [kernels.Fold] does in a loop.
func foldSum[T Float](l *[16]T) T {
	if num.Is32[T]() {
		return fold8(l[0]+l[8], l[1]+l[9], l[2]+l[10], l[3]+l[11], l[4]+l[12], l[5]+l[13], l[6]+l[14], l[7]+l[15])
	}
	return fold8(l[0], l[1], l[2], l[3], l[4], l[5], l[6], l[7])
}

func fold8[T Float](a, b, c, d, e, f, g, h T) T { return ((a + e) + (c + g)) + ((b + f) + (d + h)) }

// foldMax is [kernels.FoldMaxAbs] of lanes that assembly or a definition has made, which have no signs.
func foldMax[T Float](lanes *[16]T) T {
	if num.Is32[T]() {
		l := (*[16]uint32)(unsafe.Pointer(lanes))
		return T(math.Float32frombits(max(max(max(l[0], l[1], l[2], l[3]), max(l[4], l[5], l[6], l[7])),
			max(max(l[8], l[9], l[10], l[11]), max(l[12], l[13], l[14], l[15])))))
	}
	l := (*[8]uint64)(unsafe.Pointer(lanes))
	return T(math.Float64frombits(max(max(l[0], l[1], l[2], l[3]), max(l[4], l[5], l[6], l[7]))))
}

// join adds the sums of the next chunks, of which there is at least one.
func (c *call[T]) join(sum T, first bool, next []T) T {
	if first {
		sum, next = next[0], next[1:]
	}
	for _, s := range next {
		if c.foldsByMax() {
			sum = kernels.MaxAbs([]T{sum, s})
		} else {
			sum += s
		}
	}
	return sum
}

// chunksOf is how many chunks of rule 7 the elements are.
func (c *call[T]) chunksOf() int { return (c.n + kernels.ReduceChunk - 1) / kernels.ReduceChunk }

// reduce reduces all elements.
func (c *call[T]) reduce() (sum T) {
	var some [maxChunks]T
	for i, n := 0, c.chunksOf(); i < n; i += maxChunks {
		sums := some[:min(maxChunks, n-i)]
		c.sums(sums, i*kernels.ReduceChunk)
		sum = c.join(sum, i == 0, sums)
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
