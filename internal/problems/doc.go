// Package problems has the minimization problems of tests, examples and benchmarks: most of the set of Moré,
// Garbow and Hillstrom, a quadratic of condition 1e6 and a logistic regression. Every product is rounded
// before it is added, and exp, log, sin and cos are those of package kernels, so that values are the same on
// every architecture.
//
// Source: Moré, Garbow and Hillstrom, Testing unconstrained optimization software, ACM Transactions on
// Mathematical Software 7 (1981); numbers in comments are theirs.
package problems
