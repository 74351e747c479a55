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
	e := r.exponentials()
	s, y, z := r.Scores, r.Class, sum(e)
	loss := kernels.Log(z) - (float64(s[y]) - r.shift)
	if r.Gradient {
		own := T(e[y]/z - 1)
		for j := range s {
			s[j] = T(e[j] / z)
		}
		s[y] = own
	}
	return loss
}

func softmaxProbabilities[T kernels.Float](r *Row[T]) {
	e := r.exponentials()
	z := sum(e)
	for j := range r.Scores {
		r.Scores[j] = T(e[j] / z)
	}
}

func sum(e []float64) (z float64) {
	for _, ej := range e {
		z += ej
	}
	return z
}

// exponentials returns those of the scores less the largest, which is then in r.shift: what a pass has computed, for
// many rows at once, or else r.Room with them.
func (r *Row[T]) exponentials() []float64 {
	e := r.Room[:len(r.Scores)]
	if !r.ahead {
		r.shift = shift(e, r.Scores)
		kernels.ExpSlice(e)
	}
	return e
}

// shift sets e to the scores less the largest, which it returns: of numbers, since what is not one shows in e. (Go's
// max is several operations, each of which waits for the one before.)
func shift[T kernels.Float](e []float64, s []T) float64 {
	top := s[0]
	for _, score := range s[1:] {
		if score > top {
			top = score
		}
	}
	e = e[:len(s)]
	for j, score := range s {
		e[j] = float64(score) - float64(top)
	}
	return float64(top)
}

// isSoftmax reports whether a loss is Softmax itself, whose rows' exponentials a pass may compute ahead: what another
// type makes of its scores before it calls Softmax is its own.
func isSoftmax(l Loss) bool {
	switch l.(type) {
	case Softmax, *Softmax:
		return true
	}
	return false
}
