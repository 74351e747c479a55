package minimize_test

import (
	"context"
	"fmt"
	"log"

	"github.com/bitstep-go/bitstep/optim/minimize"
)

// The gradient of a loss with a regularization whose factor of 2 was forgotten.
func ExampleCheckGradient() {
	loss := func(w, grad []float64) float64 {
		data := w[0] - 3*w[1] // a loss that is linear in w
		if grad != nil {
			grad[0] = 1 + 0.5*w[0] // of 0.5*w*w it should be w
			grad[1] = -3 + w[1]
		}
		return data + 0.5*(w[0]*w[0]+w[1]*w[1])
	}
	report, err := minimize.CheckGradient(loss, []float64{2, -1}, minimize.GradientCheck{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(report)
	// Output:
	// gradient WRONG: 2 of 2 coordinates checked, 1 beyond 1.0e-06; 0 with a coarse step, 0 at kinks
	//      index              x           analytic            numeric     error
	//          0              2                  2                  3   3.3e-01  differs
	//          1             -1                 -4                 -4   0.0e+00
}

func ExampleNumericalGradient() {
	product := func(x, _ []float64) float64 { return x[0] * x[0] * x[1] }
	x, grad := []float64{3, 2}, make([]float64, 2)
	for _, d := range []minimize.Difference{minimize.Forward, minimize.Central} {
		if err := minimize.NumericalGradient(product, x, grad, d, 0); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%.3f\n", grad)
	}
	// Output:
	// [12.001 9.000]
	// [12.000 9.000]
}

// The lecture's search for W, on a function of three parameters.
func ExampleRandomSearch() {
	loss := func(w, _ []float64) float64 {
		sum := 0.0
		for _, v := range w {
			sum += float64((v - 1) * (v - 1))
		}
		return sum
	}
	w := make([]float64, 3)
	search := minimize.RandomSearch[float64]{Tries: 1000, Scale: 1, Seed: 1}
	search.OnBest = func(best minimize.Iterate[float64]) (stop bool) {
		fmt.Printf("try %d: %.4f\n", best.Iteration, best.F)
		return false
	}
	result, err := search.Minimize(context.Background(), loss, w)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("best %.4f of %d\n", result.F, result.Evaluations)
	// Output:
	// try 1: 4.5905
	// try 2: 2.0294
	// try 9: 1.8121
	// try 15: 0.2848
	// try 16: 0.1612
	// try 21: 0.1455
	// try 45: 0.1227
	// try 168: 0.0591
	// try 699: 0.0267
	// best 0.0267 of 1000
}
