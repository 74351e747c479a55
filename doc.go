// Package bitstep is a set of SIMD kernels for training: fused one-pass optimizer steps, the matrix
// products of a linear classifier, and the vector operations around them.
//
// Two promises, kept together. The same bits everywhere: every kernel has one pure-Go definition in
// package kernels, and AVX2, AVX-512, NEON and pure Go return its bits, on every architecture, with any
// number of threads. And the speed of the hardware: one pass over memory, assembly for every kernel.
//
// A step takes the parameters first, then the states, the gradient last, and its scalars in a struct
// that is derived from float64 hyperparameters:
//
//	c := bitstep.NewAdam[float32](bitstep.AdamHyper{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-7}, t)
//	bitstep.Adam(x, m, v, g, c)
//
// Calls allocate nothing and keep nothing. Long slices are spread over threads; see [Engine.Threads] and [Pool].
// Calls panic on mistakes of programming (lengths that differ, overlap with a written operand), before
// anything is written. All functions may be called at the same time from several goroutines on data
// that they do not share.
//
// # Backends
//
// The fastest backend that the CPU and the operating system can run is active. The environment
// variable BITSTEP chooses another by name, as [Backend.String] gives it; a name that this machine cannot
// run panics at start. [On] chooses one for a call. The build tags purego and noasm leave only go.
package bitstep

//go:generate go run ./asmgen
