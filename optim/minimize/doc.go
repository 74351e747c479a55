// Package minimize minimizes smooth functions without noise by line searches, for full batches and for fitting,
// where that needs far fewer evaluations than a first-order optimizer, and checks gradients.
//
//	rosenbrock := func(x, grad []float64) float64 {
//		a, b := 1-x[0], x[1]-float64(x[0]*x[0])
//		if grad != nil {
//			grad[0] = float64(-2*a) - float64(400*x[0]*b)
//			grad[1] = 200 * b
//		}
//		return float64(a*a) + float64(100*b*b)
//	}
//	x := []float64{-1.2, 1}
//	result, err := minimize.LBFGS[float64]{}.Minimize(ctx, rosenbrock, x)
//
// [BFGS], [LBFGS] and [Newton] take an [Objective], settings of a [LineSearch] and rules for when to [Stop], whose
// zero values are ready to use. Results are the same bits on every machine, as far as the objective's are.
//
// [CheckGradient] compares a gradient with numerical derivatives and names the coordinates that differ;
// [NumericalGradient] is for functions whose gradient nobody has written; [RandomSearch] is what every method
// should beat.
package minimize
