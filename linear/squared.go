package linear

import "github.com/bitstep-go/bitstep/kernels"

// SquaredError is the loss of least squares, over numbers. With the score s and the number y of an example, in
// float64 and in this order
//
//	d = s - y ; loss = d*d
//
// Its derivative by s is 2*d, rounded to T once. The mean over a set is the mean squared error; with lambda it is
// ridge regression.
type SquaredError struct{}

// Name returns "squared-error".
func (SquaredError) Name() string { return "squared-error" }

// Target returns [Numbers].
func (SquaredError) Target() Target { return Numbers }

// Loss32 is the loss for float32.
func (SquaredError) Loss32(r *Row[float32]) float64 { return squaredError(r) }

// Loss64 is the loss for float64.
func (SquaredError) Loss64(r *Row[float64]) float64 { return squaredError(r) }

func squaredError[T kernels.Float](r *Row[T]) float64 {
	d := float64(r.Scores[0]) - float64(r.Value)
	if r.Gradient {
		r.Scores[0] = T(2 * d)
	}
	return float64(d * d)
}
