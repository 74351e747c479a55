package linear

import (
	"fmt"
	"strings"

	"github.com/bitstep-go/bitstep/kernels"
)

// A Loss is what the scores of an example cost: [SVM] or [Softmax]. The loss of a batch is the mean over
// its examples, summed in ascending order in float64, plus the regularisation of a [Problem].
type Loss interface {
	// Name is the loss's name on a command line: svm or softmax.
	Name() string

	sealed()
}

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

// Softmax is the cross-entropy loss. With scores s and label y, in float64 and in this order
//
//	e[j] = exp(s[j] - max(s)) ; z = sum of e[j], ascending
//	loss = log(z) - (s[y] - max(s))
//
// by [kernels.Exp] and [kernels.Log]. Its gradient by s[j] is e[j]/z, less 1 where j = y, rounded to T once.
// A score that is NaN or +Inf makes the loss NaN.
type Softmax struct{}

// Name returns "svm".
func (SVM) Name() string { return "svm" }

// Name returns "softmax".
func (Softmax) Name() string { return "softmax" }

func (SVM) sealed()     {}
func (Softmax) sealed() {}

// Losses lists the losses.
func Losses() []Loss { return []Loss{SVM{}, Softmax{}} }

// ParseLoss returns the loss of that name.
func ParseLoss(name string) (Loss, error) {
	var names []string
	for _, l := range Losses() {
		if l.Name() == name {
			return l, nil
		}
		names = append(names, l.Name())
	}
	return nil, fmt.Errorf("linear: loss = %q, want one of %s", name, strings.Join(names, ", "))
}

// scoresLoss computes the loss of each row of s, the scores of one example, whose class is in labels. With
// grad it replaces the scores by the gradient of the loss. e is room for one row.
func scoresLoss[T kernels.Float](l Loss, s []T, labels []uint8, losses, e []float64, grad bool) {
	classes := len(e)
	for i, y := range labels {
		row := s[i*classes:][:classes]
		switch l.(type) {
		case Softmax:
			losses[i] = softmax(row, int(y), e, grad)
		default:
			losses[i] = hinge(row, int(y), grad)
		}
	}
}

// hinge is [SVM] for one example.
func hinge[T kernels.Float](s []T, y int, grad bool) float64 {
	loss, positive, own := 0.0, 0, s[y]
	for j, score := range s {
		if j == y {
			continue
		}
		d := T(0)
		if margin := (score - own) + 1; !(margin <= 0) { // positive or NaN
			loss += float64(margin)
			positive++
			d = 1
		}
		if grad {
			s[j] = d
		}
	}
	if grad {
		s[y] = T(-positive)
	}
	return loss
}

// softmax is [Softmax] for one example.
func softmax[T kernels.Float](s []T, y int, e []float64, grad bool) float64 {
	top := s[0]
	for _, score := range s[1:] {
		if score > top {
			top = score
		}
	}
	shift, z := float64(top), 0.0
	for j, score := range s {
		e[j] = kernels.Exp(float64(score) - shift)
		z += e[j]
	}
	loss := kernels.Log(z) - (float64(s[y]) - shift)
	if grad {
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
