// Package fusecheck looks for fused multiply-adds that the compiler made of its own accord (rule 3 of the
// contract in package kernels).
package fusecheck
