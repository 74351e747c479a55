package minimize_test

import (
	"context"
	"fmt"
	"log"

	"github.com/bitstep-go/bitstep/optim/minimize"
)

// rosenbrock is the banana-shaped valley 100*(x1 - x0*x0)^2 + (1 - x0)^2 with its minimum at (1, 1). The
// conversions keep the compiler from fusing, so that the digits are the same on every machine.
func rosenbrock(x, grad []float64) float64 {
	a, b := x[1]-float64(x[0]*x[0]), 1-x[0]
	if grad != nil {
		grad[0] = float64(-400*float64(x[0]*a)) - float64(2*b)
		grad[1] = 200 * a
	}
	return float64(100*float64(a*a)) + float64(b*b)
}

// The zero value of a method is ready to use; x is the start and then the minimum.
func ExampleBFGS() {
	x := []float64{-1.2, 1}
	r, err := minimize.BFGS[float64]{}.Minimize(context.Background(), rosenbrock, x)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("x = %.6f\n%v: %d iterations, %d evaluations\n", x, r.Status, r.Iterations, r.Evaluations)
	// Output:
	// x = [1.000001 1.000002]
	// gradient converged: 38 iterations, 45 evaluations
}

// A hundred thousand parameters of float32, the terms of their sum of squares from 1 to 1,000 apart in scale.
func ExampleLBFGS() {
	x := make([]float32, 100_000)
	for i := range x {
		x[i] = 1
	}
	r, err := minimize.LBFGS[float32]{Stop: minimize.Stop{GradientRelative: 1e-4}}.Minimize(context.Background(),
		func(x, grad []float32) float64 {
			sum := 0.0
			for i, v := range x {
				c := float32(1 + i%1000)
				if grad != nil {
					grad[i] = c * v
				}
				sum += float64(float64(c) * float64(float64(v)*float64(v)))
			}
			return sum / 2
		}, x)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%v: %d iterations, f = %.4f\n", r.Status, r.Iterations, r.F)
	// Output: gradient converged: 81 iterations, f = 0.8822
}

// A callback sees every iterate and may end the minimization; a context may, too.
func ExampleLBFGS_onIteration() {
	x := []float64{-1.2, 1}
	method := minimize.LBFGS[float64]{OnIteration: func(it minimize.Iterate[float64]) (stop bool) {
		if it.Iteration%10 == 0 {
			fmt.Printf("iteration %d: f = %.4g after %d evaluations\n", it.Iteration, it.F, it.Evaluations)
		}
		return it.F < 1e-3
	}}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, err := method.Minimize(ctx, rosenbrock, x)
	fmt.Println(r.Status, err)
	// Output:
	// iteration 0: f = 24.2 after 1 evaluations
	// iteration 10: f = 2.928 after 12 evaluations
	// iteration 20: f = 0.3989 after 25 evaluations
	// iteration 30: f = 0.0034 after 38 evaluations
	// stopped by callback <nil>
}

// Newton's method with damping leaves the saddle of x^2 - y^2 + y^4/4 at the origin for the minimum at
// (0, sqrt 2), though it starts next to the ridge y = 0 where an undamped step leads to the saddle.
func ExampleNewton() {
	x := []float64{1, 0.001}
	method := minimize.Newton[float64]{Hessian: func(x, h []float64) {
		h[0], h[1] = 2, 0
		h[2], h[3] = 0, float64(3*float64(x[1]*x[1]))-2
	}}
	r, err := method.Minimize(context.Background(), func(x, grad []float64) float64 {
		a, b := float64(x[0]*x[0]), float64(x[1]*x[1])
		if grad != nil {
			grad[0], grad[1] = 2*x[0], float64(b*x[1])-float64(2*x[1])
		}
		return a - b + float64(0.25*float64(b*b))
	}, x)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%v: f = %.6f, y = %.4f\n", r.Status, r.F, x[1])
	// Output: gradient converged: f = -1.000000, y = 1.4142
}
