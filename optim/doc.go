// Package optim trains: optimizers and averages of weights, built on the kernels of package bitstep. A step is
// one pass over memory and allocates nothing, and its bits are the same on every machine.
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
// (Stanford CS231n, on optimization) and otherwise of the paper that its comment names, or PyTorch's. [NewGroups] gives
// groups of parameters hyperparameters of their own, and takes [Options]: clipping, skipping of gradients
// that are not finite, maximization. An algorithm can be written outside this package: see [Spec].
//
// The lecture's items, in its order:
//
//	random search                        minimize.RandomSearch
//	numerical gradient, gradient check   minimize.NumericalGradient, minimize.CheckGradient
//	vanilla gradient descent             SGD with the gradient over all data
//	minibatch SGD                        SGD with the gradient of a minibatch
//	SGD + momentum, v = rho*v + g        Momentum
//	SGD + momentum, v = rho*v - lr*g     MomentumVelocity
//	Nesterov, gradient at x + rho*v      MomentumVelocity with Optimizer.LookAhead
//	Nesterov after change of variables   Nesterov
//	AdaGrad, RMSProp                     AdaGrad, RMSProp
//	Adam (almost), Adam (full form)      Adam with NoBiasCorrection, Adam
//	decay by steps, cosine, linear,      schedule.MultiStep, schedule.Cosine, schedule.Linear,
//	  inverse square root, warm-up         schedule.InverseSqrt, schedule.Warmup
//	batch size and rate                  schedule.LinearScaling
//	second order                         minimize.Newton, minimize.BFGS, minimize.LBFGS
//
// Weights may be in bfloat16 ([Group.Weights]), and states in less than that ([Options.States]): arithmetic is float32.
//
// Scalars that depend on the step (learning rate, bias correction) are computed in float64 from the
// count of steps alone and rounded once, so that a run which is saved and resumed continues as if it had
// not stopped, on any machine.
//
// # Beside this package
//
// Package [github.com/bitstep-go/bitstep/optim/schedule] multiplies learning rates by functions of the step, and
// [github.com/bitstep-go/bitstep/optim/checkpoint] is the file that Save writes. Full batches and fits need far
// fewer evaluations with the line searches of [github.com/bitstep-go/bitstep/optim/minimize], which also checks
// gradients.
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
//	Adadelta, Adamax, RAdam, Rprop       of the same names; Adadelta's rho is Decay
//	ASGD                                 ASGD, with a constant rate
//	SparseAdam                           SparseAdam, rows of zeros for those that a gradient does not list
//	clip_grad_norm_, clip_grad_value_    Options.ClipNorm, Options.ClipValue
//	maximize                             Options.Maximize
//
// NAdam, Adafactor and Muon are those of later versions, compared with a transcription: 1.13 has a momentum twice in a
// product of NAdam's, and not the others. Muon iterates in the parameters' type here and in bfloat16 there.
//
// LAMB, LARS, AdaBelief, Yogi, Adan, AdEMAMix, ADOPT, Signum, Schedule-Free, Prodigy, MADGRAD and Sophia are their
// papers', compared with transcriptions in NumPy (testdata/make_papers.py). [Lookahead] draws another algorithm back,
// [SAM] gives it the gradient of another place, [Accumulator] that of several minibatches, and [EMA] averages weights.
//
// What differs: the default of eps, which for the lecture's algorithms is 1e-7 here and 1e-8 or (Adagrad) 1e-10 there;
// momentum's first step with dampening, unless [Momentum] has UndampedStart; and clipping by norm, which divides by
// the norm here and by the norm plus 1e-6 there. eps is added to the root, not under it, in both, and for Adam to the
// root of the corrected second moment. Coupled weight decay is added to the gradient after its clipping and change of
// sign in both.
package optim
