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
// The lecture's items, in its order:
//
//	random search                        RandomSearch
//	numerical gradient, gradient check   NumericalGradient, CheckGradient
//	vanilla gradient descent             SGD with the gradient over all data
//	minibatch SGD                        SGD with the gradient of a minibatch
//	SGD + momentum, v = rho*v + g        Momentum
//	SGD + momentum, v = rho*v - lr*g     MomentumVelocity
//	Nesterov, gradient at x + rho*v      MomentumVelocity with Optimizer.LookAhead
//	Nesterov after change of variables   Nesterov
//	AdaGrad, RMSProp                     AdaGrad, RMSProp
//	Adam (almost), Adam (full form)      Adam with NoBiasCorrection, Adam
//	decay by steps, cosine, linear,      MultiStep, Cosine, Linear,
//	  inverse square root, warm-up         InverseSqrt, Warmup
//	batch size and rate                  LinearScaling
//	second order                         Newton, BFGS, LBFGS
//
// Scalars that depend on the step (learning rate, bias correction) are computed in float64 from the
// count of steps alone and rounded once, so that a run which is saved and resumed continues as if it had
// not stopped, on any machine.
//
// # Minimizers
//
// [BFGS], [LBFGS] and [Newton] minimize a smooth function without noise, an [Objective], by line searches: for
// full batches and for fitting, where they need far fewer evaluations than a first-order optimizer.
//
//	x := []float64{-1.2, 1}
//	result, err := optim.LBFGS[float64]{}.Minimize(ctx, objective, x)
//
// # Schedules and checks
//
// A [Schedule] multiplies learning rates by a function of the step: [MultiStep], [Cosine], [Linear],
// [InverseSqrt] and others, [Warmup] around any of them; [ParseSchedule] reads one from a command line.
// [Plateau] follows the loss instead. [CheckGradient] compares a gradient with numerical derivatives and
// names the coordinates that differ; [RandomSearch] is what every method should beat.
//
// # PyTorch
//
// With equal hyperparameters these make the steps of torch.optim (version 1.13; a test follows 128 steps of
// each) but for rounding:
//
//	SGD(lr)                              SGD
//	SGD(momentum, dampening)             Momentum; with a constant rate also MomentumVelocity
//	SGD(momentum, nesterov=True)         NesterovTorch; with a constant rate also Nesterov
//	Adagrad                              AdaGrad
//	RMSprop                              RMSProp, its alpha Decay, its momentum Rho
//	Adam, AdamW                          Adam, AdamW
//	clip_grad_norm_, clip_grad_value_    Options.ClipNorm, Options.ClipValue
//	maximize                             Options.Maximize
//
// Each schedule names its counterpart in torch.optim.lr_scheduler (a test compares their rates), and says what
// differs.
//
// What differs: the default of eps, which is the lecture's 1e-7 everywhere here and 1e-8 or (Adagrad) 1e-10
// there; momentum's first step with dampening, see [Momentum]; and clipping by norm, which divides by the
// norm here and by the norm plus 1e-6 there. eps is added to the root, not under it, in both, and for Adam
// to the root of the corrected second moment. Coupled weight decay is added to the gradient after its
// clipping and change of sign in both.
package optim
