//go:build !race

package gonumblas

import (
	"testing"

	"github.com/bitstep-go/bitstep"
)

// Calls allocate nothing once memory for copies is pooled. (The race detector makes it come and go.)
func TestNoAllocations(t *testing.T) {
	if len(bitstep.Backends()) == 1 {
		t.Skip("no assembly: operands escape")
	}
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
