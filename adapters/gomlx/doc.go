// Package gomlxoptimizer steps the variables of gomlx's models with the optimizers of package optim. The line of the
// optimizer changes, and the loop gets one more:
//
//	trainer := train.NewTrainer(backend, ctx, model, loss, optimizers.Adam().Done(), nil, nil)
//	loop := train.NewLoop(trainer)
//
//	optimizer := gomlxoptimizer.New(optim.Adam{}, gomlxoptimizer.Options{})
//	trainer := train.NewTrainer(backend, ctx, model, loss, optimizer, nil, nil)
//	loop := train.NewLoop(trainer)
//	optimizer.Attach(loop)
//
// Gomlx's optimizers are part of the graph: backends compute updates, and take the memory of variables that a graph
// changes (pkg/ml/context/exec.go:446). So the graph with this optimizer changes no parameters. It leaves gradients in
// variables of the scope [Scope], and after each of the trainer's steps the optimizer updates the parameters from Go,
// where they are if the backend's memory is Go's to reach (HasSharedBuffers): that of backend "go", simplego, is. Other
// backends copy parameters and gradients at every step. After its first steps a parameter stays in its place.
//
// Every [optim.Config] will do. Variables are all of Float32 or all of Float64.
//
// # Gomlx's optimizers
//
//	Adam                        optim.Adam, with the same defaults
//	Adam().WeightDecay(w)       optim.AdamW of w
//	RMSProp                     optim.Adam{Beta1: optim.Zero}, since it corrects for bias
//	StochasticGradientDescent   optim.SGD with schedule.InverseSqrt(1), or without, as WithDecay(false)
//	learning_rate               LR, which is not in the context then; a schedule is Options.Schedule
//	clip_step_by_value          none: optim clips gradients
//	clip_nan                    SkipNonFinite, of the whole step
//
// Trainer.AccumulateGradients works. What a graph adds by train.AddPerStepUpdateGraphFn runs before the step here,
// instead of after it. Gomlx's checkpoints have the parameters, and the gradients, unless they are excluded; states are
// in the optimizer's own: see [Optimizer.Optimizer32].
package gomlxoptimizer
