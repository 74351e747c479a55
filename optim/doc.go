// Package optim trains: optimizers, learning-rate schedules, averages of weights and the files that
// resume a run, built on the kernels of package bitstep. A step is one pass over memory and allocates
// nothing, and its bits are the same on every machine.
//
//	x := []float32{3, -2}
//	opt, err := optim.New(optim.Adam{LR: 0.1}, x)
//	if err != nil {
//		log.Fatal(err)
//	}
//	grad := make([]float32, len(x))
//	for opt.Steps() < 100 {
//		copy(grad, x) // the gradient of the sum of x*x/2
//		opt.Step(grad)
//	}
//
// The algorithm is a value, a [Config], whose zero fields are the defaults of the source lecture
// (Stanford CS231n, on optimization) and otherwise of the paper that its comment names. [NewGroups] gives
// groups of parameters hyperparameters of their own, and takes [Options]: clipping, skipping of gradients
// that are not finite, maximization.
//
// Scalars that depend on the step (learning rate, bias correction) are computed in float64 from the
// count of steps alone and rounded once, so that a run which is saved and resumed continues as if it had
// not stopped.
package optim
