//go:build !noasm && !gccgo && !safe

package gonumblas

// hostRounds tells that gonum's Axpy is assembly, which rounds the product and the sum as kernels.Axpy does. What the
// compiler makes of gonum's Go may fuse them.
const hostRounds = true
