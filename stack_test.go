package bitstep_test

import (
	"testing"

	"github.com/bitstep-go/bitstep"
)

// A stack may have to grow at any depth of a call, in the prologue of assembly too, which calls shared code:
// operands on the stack move, and the pointers in the call with them.
func TestArchStackGrowth(t *testing.T) {
	for _, b := range bitstep.Backends() {
		for depth := range 200 {
			done := make(chan float32)
			go func() { done <- below(depth, bitstep.On[float32](b)) }()
			if got := <-done; got != 4*85 {
				t.Fatalf("%v at depth %d: sum %v, want %v", b, depth, got, 4*85)
			}
		}
	}
}

// below calls stepOnStack under depth frames, each smaller than what a call of assembly takes.
//
//go:noinline
func below(depth int, e bitstep.Engine[float32]) float32 {
	if depth > 0 {
		return below(depth-1, e)
	}
	return stepOnStack(e)
}

//go:noinline
func stepOnStack(e bitstep.Engine[float32]) (sum float32) {
	var x, g [85]float32
	for i := range x {
		x[i], g[i] = 8, 2
	}
	c := bitstep.SGDCoef[float32]{LR: 2}
	c.Prelude = c.Prelude.Scaled(1).Decoupled(1, 0)
	e.SGD(x[:], g[:], c)
	for _, v := range x {
		sum += v
	}
	return sum
}
