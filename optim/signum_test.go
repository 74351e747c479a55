package optim_test

import (
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var _ = addFormula(signumFormula[float32](), signumFormula[float64]())

func signumFormula[T kernels.Float]() formula[T] {
	beta := 0.8
	return formula[T]{name: "Signum", lr: 0.01, states: []string{"m"},
		config: func(wd float64, d bool) optim.Config {
			return optim.Signum{LR: 0.01, Beta: beta, WeightDecay: wd, Decoupled: d}
		},
		step: func(_ uint64, lr float64, x, g T, s []T) T {
			s[0] = T(T(beta)*s[0]) + T(T(1-beta)*g)
			switch {
			case s[0] > 0:
				return x - T(lr)
			case s[0] < 0:
				return x + T(lr)
			}
			return x - T(T(lr)*0)
		}}
}

func TestSignumFields(t *testing.T) {
	testFields(t, optim.Signum{}, optim.Signum{LR: 1e-4, Beta: 0.9}, optim.Signum{Beta: 1}, optim.Signum{LR: -1})
}
