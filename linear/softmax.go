package linear

import "github.com/bitstep-go/bitstep/kernels"

// Softmax is the cross-entropy loss. With scores s and label y, in float64 and in this order
//
//	e[j] = exp(s[j] - max(s)) ; z = sum of e[j], ascending
//	loss = log(z) - (s[y] - max(s))
//
// by [kernels.Exp] and [kernels.Log]. Its gradient by s[j] is e[j]/z, less 1 where j = y, rounded to T once.
// A score that is NaN or +Inf makes the loss NaN.
//
// It is [Probabilistic]: the probability of class j is e[j]/z, rounded to T once.
type Softmax struct{}

// Name returns "softmax".
func (Softmax) Name() string { return "softmax" }

// Target returns [Classes].
func (Softmax) Target() Target { return Classes }

// Loss32 is the loss for float32.
func (Softmax) Loss32(r *Row[float32]) float64 { return softmax(r) }

// Loss64 is the loss for float64.
func (Softmax) Loss64(r *Row[float64]) float64 { return softmax(r) }

// Probabilities32 replaces scores by probabilities.
func (Softmax) Probabilities32(r *Row[float32]) { softmaxProbabilities(r) }

// Probabilities64 replaces scores by probabilities.
func (Softmax) Probabilities64(r *Row[float64]) { softmaxProbabilities(r) }

func softmax[T kernels.Float](r *Row[T]) float64 {
	s, y, e := r.Scores, r.Class, r.Room
	shift, z := exponentials(s, e)
	loss := kernels.Log(z) - (float64(s[y]) - shift)
	if r.Gradient {
		for j := range s {
			p := e[j] / z
			if j == y {
				p--
			}
			s[j] = T(p)
		}
	}
	return loss
}

func softmaxProbabilities[T kernels.Float](r *Row[T]) {
	_, z := exponentials(r.Scores, r.Room)
	for j := range r.Scores {
		r.Scores[j] = T(r.Room[j] / z)
	}
}

// exponentials sets e to those of the scores less the largest, and returns that and their sum.
func exponentials[T kernels.Float](s []T, e []float64) (shift, z float64) {
	top := s[0]
	for _, score := range s[1:] {
		if score > top {
			top = score
		}
	}
	shift = float64(top)
	for j, score := range s {
		e[j] = kernels.Exp(float64(score) - shift)
		z += e[j]
	}
	return shift, z
}
