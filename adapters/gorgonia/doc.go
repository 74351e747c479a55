// Package gorgoniasolver steps the parameters of gorgonia's graphs with the optimizers of package optim. One line of a
// program changes:
//
//	solver := gorgonia.NewAdamSolver(gorgonia.WithLearnRate(1e-3), gorgonia.WithBatchSize(100))
//	solver := gorgoniasolver.New(optim.Adam{LR: 1e-3, Eps: 1e-8}, gorgoniasolver.Options{BatchSize: 100})
//
// Every [optim.Config] will do. Parameters are stepped where they are, without copies, and after the step the gradients
// are zero, as after those of gorgonia's solvers. Values are dense tensors of float32 or float64, or scalars.
//
// # Gorgonia's options
//
//	WithLearnRate         LR
//	WithBeta1, WithBeta2  Beta1, Beta2
//	WithRho               Decay, of RMSProp; in gorgonia's AdamW it is WeightDecay
//	WithMomentum          Rho
//	WithEps               Eps. RMSPropSolver adds it under the root, and optim to the root
//	WithBatchSize         Options.BatchSize. RMSPropSolver ignores it
//	WithClip              Options.ClipValue. RMSPropSolver sums the squares of what is not yet clipped
//	WithL2Reg             WeightDecay. VanillaSolver and AdamSolver add it before they divide by the batch and clip:
//	                      theirs of l is WeightDecay: l/BatchSize here, which is added after clipping. RMSPropSolver
//	                      takes l*w from the weights whatever the rate: WeightDecay: l/LR, Decoupled
//	WithL1Reg             none
//
// AdaGradSolver takes no options; its eps is under the root.
//
// The steps of VanillaSolver are those of optim.SGD, of Momentum those of optim.MomentumVelocity, and of AdamSolver,
// but for rounding, those of optim.Adam. Defaults differ: see each Config. What to know when losses differ, of
// gorgonia v0.9.18: Momentum forgets velocities of scalars, and its L2 decays those of tensors; AdamW's step goes
// to a tensor that it drops (solvers.go:1694 and 1731), and the weights stay.
//
// # Go's releases
//
// Gorgonia depends on go4.org/unsafe/assume-no-moving-gc, and asks for a version that refuses releases of Go after
// its own. This module asks for the last one, which asks the runtime instead, and so does every module that requires
// this one: nothing is to be set.
package gorgoniasolver
