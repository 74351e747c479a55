// Package optim will hold the optimizers, schedules and line searches built on bitstep's kernels.
package optim
