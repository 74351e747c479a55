package optim_test

import (
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var _ = addFormula(adanFormula[float32](), adanFormula[float64]())

func adanFormula[T kernels.Float]() formula[T] {
	beta1, beta2, beta3, eps := 0.8, 0.7, 0.95, 1e-5
	mean := func(s *T, beta float64, v T) { *s = T(T(beta)*(*s)) + T(T(1-beta)*v) }
	return formula[T]{name: "Adan", lr: 0.01, states: []string{"m", "v", "s", "g"},
		config: func(wd float64, d bool) optim.Config {
			return optim.Adan{LR: 0.01, Beta1: beta1, Beta2: beta2, Beta3: beta3, Eps: eps, WeightDecay: wd,
				Decoupled: d}
		},
		step: func(t uint64, lr float64, x, g T, s []T) T {
			difference := g - s[3]
			if t == 1 {
				difference = 0
			}
			ahead := g + T(T(beta2)*difference)
			mean(&s[0], beta1, g)
			mean(&s[1], beta2, difference)
			s[2] = T(T(beta3)*s[2]) + T(T(T(1-beta3)*ahead)*ahead)
			s[3] = g
			power1, power2, power3 := kernels.PowInt(beta1, t), kernels.PowInt(beta2, t), kernels.PowInt(beta3, t)
			above := T(T(lr/(1-power1)) * s[0])
			above += T(T(float64(lr*beta2)/(1-power2)) * s[1])
			return x - above/(root(T(T(1/(1-power3))*s[2]))+T(eps))
		}}
}

func TestAdanFields(t *testing.T) {
	testFields(t, optim.Adan{}, optim.Adan{LR: 1e-3, Beta1: 0.98, Beta2: 0.92, Beta3: 0.99, Eps: 1e-8},
		optim.Adan{Beta1: 1}, optim.Adan{Beta2: 1}, optim.Adan{Beta3: 1}, optim.Adan{Eps: -1})
}
