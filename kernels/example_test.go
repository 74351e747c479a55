package kernels_test

import (
	"fmt"

	"github.com/bitstep-go/bitstep/kernels"
)

// The definition of a step is plain Go, and what every backend computes. A scalar is computed in float64 and rounded
// once.
func ExampleMomentum() {
	x, v, g := []float32{1, 2}, []float32{0, 0}, []float32{0.5, -0.5}
	c := kernels.NewMomentum[float32](kernels.MomentumHyper{Rho: 0.5, LR: 0.25})
	for range 2 {
		kernels.Momentum(x, v, g, &c)
	}
	fmt.Println(x, v)
	// Output: [0.6875 2.3125] [0.75 -0.75]
}

// Gradient scale, clipping and weight decay run in the same pass, before the step.
func ExamplePrelude_Decoupled() {
	x, g := []float64{1, 2}, []float64{0.5, -0.5}
	c := kernels.NewSGD[float64](kernels.SGDHyper{LR: 0.5})
	c.Prelude = c.Prelude.Decoupled(0.5, 0.25) // x shrinks by 1 - 0.5*0.25
	kernels.SGD(x, g, &c)
	fmt.Println(x)
	// Output: [0.625 2]
}

// A sum has one lane for each number in a line of 64 bytes (rule 7 of the contract), not one chain: the lanes lose
// less, and vectors of any width give the same bits.
func ExampleDot() {
	x, y := make([]float32, 32), make([]float32, 32)
	for i := range x {
		x[i], y[i] = 1, float32(i)
	}
	fmt.Println(kernels.Dot(x, y))
	// Output: 496
}
