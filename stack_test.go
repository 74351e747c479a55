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
			for name, step := range map[string]func(bitstep.Engine[float32]) float32{
				"SGD": stepOnStack, "Adam in blocks": storedOnStack} {
				done := make(chan float32)
				go func() { done <- below(depth, bitstep.On[float32](b), step) }()
				if got := <-done; got != 4*85 {
					t.Fatalf("%s, %v at depth %d: sum %v, want %v", name, b, depth, got, 4*85)
				}
			}
		}
	}
}

// below calls step under depth frames, each smaller than what a call of assembly takes.
//
//go:noinline
func below(depth int, e bitstep.Engine[float32], step func(bitstep.Engine[float32]) float32) float32 {
	if depth > 0 {
		return below(depth-1, e, step)
	}
	return step(e)
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

// storedOnStack takes 4 from 8 with states that are 1 and stay so.
//
//go:noinline
func storedOnStack(e bitstep.Engine[float32]) (sum float32) {
	var x, g [85]float32
	var m, v [85]uint8
	var scales, others [3]uint8
	for i := range x {
		x[i], g[i] = 8, 1
	}
	signed := bitstep.Stored{Block8: bitstep.Blocks8{Codes: m[:], Scales: scales[:]}}
	unsigned := bitstep.Stored{Block8: bitstep.Blocks8{Codes: v[:], Scales: others[:]}}
	c := bitstep.AdamCoef[float32]{OneMinusBeta1: 1, OneMinusBeta2: 1, Alpha: 4, Unbias: 1}
	bitstep.Narrow(e).Adam(bitstep.Stored{Float32: x[:]}, signed, unsigned, bitstep.Stored{Float32: g[:]}, c,
		bitstep.Rounding{})
	for _, v := range x {
		sum += v
	}
	return sum
}
