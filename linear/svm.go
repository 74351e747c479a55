package linear

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

// SVM is the multiclass hinge loss of the lecture. With scores s and label y
//
//	loss = sum over j != y, ascending, of max(0, (s[j] - s[y]) + 1)
//
// The difference and the margin are each rounded to T, in this order; the margins are added in float64.
// Its gradient by s[j] is 1 where the margin is positive, else 0 (also at the kink), and by s[y] minus the
// number of positive margins: small integers, exact in T. A margin that is NaN makes the loss NaN.
//
// Source: Weston and Watkins, Support vector machines for multi-class pattern recognition (1999); the
// course CS231n's linear classification notes.
type SVM struct{}

// Name returns "svm".
func (SVM) Name() string { return "svm" }

// Target returns [Classes].
func (SVM) Target() Target { return Classes }

// Loss32 is the loss for float32.
func (SVM) Loss32(r *Row[float32]) float64 { return hinge(r) }

// Loss64 is the loss for float64.
func (SVM) Loss64(r *Row[float64]) float64 { return hinge(r) }

// hinge has no branch that depends on scores or labels: which margins are positive no processor predicts.
func hinge[T kernels.Float](r *Row[T]) float64 {
	s, y := r.Scores, r.Class
	loss, all, own := 0.0, 0, s[y]
	for j, score := range s {
		margin, positive, other := (score-own)+1, 0, 0
		if !(margin <= 0) { // or NaN
			positive = 1
		}
		if j != y {
			other = 1
		}
		positive &= other
		loss += math.Float64frombits(math.Float64bits(float64(margin)) & -uint64(positive)) // the margin or +0
		all += positive
		if r.Gradient {
			s[j] = T(positive)
		}
	}
	if r.Gradient {
		s[y] = T(-all)
	}
	return loss
}
