// Package spagostrategy steps the parameters of spago's models with the optimizers of package optim. One line of a
// program changes:
//
//	strategy := adam.New(adam.NewDefaultConfig())
//	strategy := spagostrategy.New(optim.Adam{Eps: 1e-8}, spagostrategy.Options{})
//
// and should another: optimizers.New of spago v1.1.0 makes an optimizer whose Optimize returns while goroutines still
// step (optimizers/optimizer.go:71 does not wait): the next pass reads parameters half updated, and runs differ:
//
//	optimizer := optimizers.New(nn.Parameters(model), strategy)
//	optimizer := spagostrategy.NewOptimizer(nn.Parameters(model), strategy)
//
// Every [optim.Config] will do. Parameters are stepped where they are, without copies, and have no gradient after the
// step, as with spago's strategies. Elements are float32 or float64.
//
// A parameter's states and its count of steps are in its State, a [State], which spago saves with a model. A parameter
// without a gradient makes no step, as an embedding that no example of a batch has.
//
// # Spago's strategies
//
//	sgd, Mu = 0         SGD
//	sgd                 MomentumVelocity, its Rho Mu
//	sgd, Nesterov       Nesterov, its Rho Mu
//	adagrad, rmsprop    AdaGrad, RMSProp
//	adam                Adam with Eps: Epsilon, which spago adds to a root that is not corrected for bias: theirs is
//	                    larger at first. Its count of steps is one for all parameters, and stays 1 unless the
//	                    program calls IncExample; here parameters count their own, and there is nothing to call
//	adam with Lambda    AdamW with a decay of Lambda, but there the decay is multiplied by the bias corrections too
//
// LR, Decay and Epsilon are LR, Decay and Eps; defaults differ: see each Config. What gradclipper.ValueClipper does is
// Options.ClipValue here; its NormClipper goes on working.
package spagostrategy
