package minimize

import "github.com/bitstep-go/bitstep/kernels"

// An Objective is a function to minimize. It returns the value at x and, unless grad is nil, stores the
// gradient at x in grad, all of it. It must read x from its argument, neither change nor keep the slices, and
// give the same result for the same x.
//
// Where the function is not defined it returns NaN or an infinity: the line searches step back from there. One
// that has no lower bound is followed down until a limit or rounding ends it, which reports NoProgress: see
// Stop.Target.
type Objective[T kernels.Float] func(x, grad []T) float64

// An Objectives is an [Objective] without gradient at several points in one call, for those who compute them together
// in less time. It stores in values the value at each of the points in xs, which follow each other.
type Objectives[T kernels.Float] func(xs []T, values []float64)

// A Hessian stores the second derivatives at x in h, a symmetric matrix of len(x) rows, stored row by row. Of
// h, only the diagonal and what is below it is read.
type Hessian[T kernels.Float] func(x, h []T)

// An Iterate is a point of a minimization, as a callback sees it. X and Grad are views that are valid during
// the call and must not be changed.
type Iterate[T kernels.Float] struct {
	Iteration   int     // 0 for the start
	X, Grad     []T     // the point and the gradient there
	F           float64 // the value there
	GradNorm    float64 // max |Grad[i]|
	Step        float64 // the line search's step along the direction that led here; 0 for the start
	Evaluations int     // calls of the objective until here
}
