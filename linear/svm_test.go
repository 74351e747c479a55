package linear

import (
	"fmt"
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = addFormula(SVM{}, formula{row32: svmRow[float32], row64: svmRow[float64], real: svmReal,
	// With the own class's score at +Inf the other margins are -Inf, and the hinge is 0.
	hidden: func(at, class int, bad float64) bool { return at == class && math.IsInf(bad, 1) }})

func svmRow[T kernels.Float](s []T, class int) (loss float64) {
	own := s[class]
	s[class] = 0
	for j := range s {
		if j == class {
			continue
		}
		margin := s[j] - own
		margin += 1
		s[j] = 0
		if margin > 0 {
			loss += float64(margin)
			s[j] = 1
			s[class]--
		}
	}
	return loss
}

func svmReal(s, e []float64, class int, u float64) (loss, bound float64, ds, dsBound []float64, err error) {
	u64 := unit[float64]()
	ds, dsBound = make([]float64, len(s)), make([]float64, len(s))
	for j := range s {
		if j == class {
			continue
		}
		margin := s[j] - s[class] + 1
		off := e[j] + e[class] + 2*u*(math.Abs(s[j]-s[class])+2) + 2*u64*(math.Abs(margin)+2)
		if math.Abs(margin) <= off {
			return 0, 0, nil, nil, fmt.Errorf("margin %v is within its bound %v of the kink", margin, off)
		}
		if margin > 0 {
			loss += margin
			bound += off
			ds[j]++
			ds[class]--
		}
	}
	return loss, bound, ds, dsBound, nil
}
