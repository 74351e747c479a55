package optim_test

import (
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var _ = addFormula(adaBeliefFormula[float32](), adaBeliefFormula[float64]())

func adaBeliefFormula[T kernels.Float]() formula[T] {
	beta1, beta2, eps := 0.8, 0.95, 1e-5
	return formula[T]{name: "AdaBelief", lr: 0.01, states: []string{"m", "s"},
		config: func(wd float64, d bool) optim.Config {
			return optim.AdaBelief{LR: 0.01, Beta1: beta1, Beta2: beta2, Eps: eps, WeightDecay: wd, Decoupled: d}
		},
		step: func(t uint64, lr float64, x, g T, s []T) T {
			s[0] = T(T(beta1)*s[0]) + T(T(1-beta1)*g)
			off := g - s[0]
			s[1] = T(T(beta2)*s[1]) + T(T(T(1-beta2)*off)*off)
			s[1] += T(eps)
			power1, power2 := kernels.PowInt(beta1, t), kernels.PowInt(beta2, t)
			return x - T(T(lr/(1-power1))*s[0])/(root(T(T(1/(1-power2))*s[1]))+T(eps))
		}}
}

func TestAdaBeliefFields(t *testing.T) {
	testFields(t, optim.AdaBelief{}, optim.AdaBelief{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-16},
		optim.AdaBelief{Beta1: 1}, optim.AdaBelief{Beta2: 1}, optim.AdaBelief{Eps: -1}, optim.AdaBelief{LR: -1})
}
