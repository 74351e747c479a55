package bitstep_test

import (
	"fmt"

	"github.com/bitstep-go/bitstep"
)

// Adam minimizes x*x/2, whose gradient is x.
func Example() {
	x := []float32{3, -2, 1}
	m, v, g := make([]float32, 3), make([]float32, 3), make([]float32, 3)
	hyper := bitstep.AdamHyper{LR: 0.1, Beta1: 0.9, Beta2: 0.999, Eps: 1e-7}
	for t := uint64(1); t <= 100; t++ {
		copy(g, x)
		bitstep.Adam(x, m, v, g, bitstep.NewAdam[float32](hyper, t))
	}
	fmt.Println(x) // these digits on every machine
	// Output: [0.01934455 0.008422819 0.0029366417]
}

// AdamW and clipping by norm happen in the same pass over memory as the step.
func ExampleAdam_decoupledWeightDecay() {
	x, g := []float64{1, -1}, []float64{30, 40}
	m, v := make([]float64, 2), make([]float64, 2)
	c := bitstep.NewAdam[float64](bitstep.AdamHyper{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}, 1)
	c.Prelude = c.Prelude.Scaled(1.0/50).Decoupled(1e-3, 0.01) // the norm of g is 50
	bitstep.Adam(x, m, v, g, c)
	fmt.Printf("%.5f\n", x)
	// Output: [0.99899 -1.00099]
}

// The scores of two examples of three features for two classes.
func ExampleGemm() {
	w := []float32{1, 2, 3, 4, 5, 6}  // 2 x 3, a row a class
	x := []float32{1, 0, -1, 2, 1, 0} // 2 x 3, a row an example
	scores := make([]float32, 4)      // 2 x 2
	bitstep.Gemm(false, true, 2, 2, 3, 1, w, 3, x, 3, 0, scores, 2)
	fmt.Println(scores)
	// Output: [-2 4 -2 13]
}

// A backend by name, on this goroutine only.
func ExampleOn() {
	k := bitstep.On[float64](bitstep.Go).Threads(1)
	fmt.Println(k.Dot([]float64{1, 2, 3}, []float64{4, 5, 6}))
	// Output: 32
}
