package gonumblas

import (
	"testing"

	"github.com/bitstep-go/bitstep"
)

// Calls allocate nothing once memory for copies is pooled.
func TestNoAllocations(t *testing.T) {
	single, double := routinesOf(Implementation{}.Threads(1))
	testAllocations(t, &single)
	testAllocations(t, &double)
}

func testAllocations[T bitstep.Float](t *testing.T, r *routines[T]) {
	for _, s := range speeds[T]() {
		for _, n := range []int{3, 40, 130} {
			o := newOperands[T](n)
			if got := testing.AllocsPerRun(20, func() { s.call(r, o, n) }); got > 0 {
				t.Errorf("%s of %d: %v allocations", s.name, n, got)
			}
		}
	}
}
