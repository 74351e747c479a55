package optim_test

import (
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var (
	_ = addFormula(yogiFormula[float32](false), yogiFormula[float64](false))
	_ = addFormula(yogiFormula[float32](true), yogiFormula[float64](true))
)

func yogiFormula[T kernels.Float](unbiased bool) formula[T] {
	beta1, beta2, eps, name := 0.8, 0.95, 1e-2, "Yogi"
	if unbiased {
		name += " unbiased"
	}
	return formula[T]{name: name, lr: 0.01, states: []string{"m", "v"}, first: []T{0, 0.125},
		config: func(wd float64, d bool) optim.Config {
			return optim.Yogi{LR: 0.01, Beta1: beta1, Beta2: beta2, Eps: eps, InitialAccumulator: 0.125,
				BiasCorrection: unbiased, WeightDecay: wd, Decoupled: d}
		},
		step: func(t uint64, lr float64, x, g T, s []T) T {
			s[0] = T(T(beta1)*s[0]) + T(T(1-beta1)*g)
			square := T(g * g)
			change := T(T(1-beta2) * square)
			switch {
			case s[1] > square:
				s[1] -= change
			case s[1] < square:
				s[1] += change
			}
			if !unbiased {
				return x - T(T(lr)*s[0])/(root(s[1])+T(eps))
			}
			power1, power2 := kernels.PowInt(beta1, t), kernels.PowInt(beta2, t)
			return x - T(T(lr/(1-power1))*s[0])/(root(T(T(1/(1-power2))*s[1]))+T(eps))
		}}
}

func TestYogiFields(t *testing.T) {
	testFields(t, optim.Yogi{}, optim.Yogi{LR: 0.01, Beta1: 0.9, Beta2: 0.999, Eps: 1e-3, InitialAccumulator: 1e-6},
		optim.Yogi{Beta1: 1}, optim.Yogi{Beta2: 1}, optim.Yogi{Eps: -1}, optim.Yogi{LR: -1},
		optim.Yogi{InitialAccumulator: -1})
}
