package optim_test

import (
	"math"
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var _ = addFormula(radamFormula[float32](), radamFormula[float64]())

func radamFormula[T kernels.Float]() formula[T] {
	beta1, beta2, eps := 0.8, 0.95, 1e-5
	return formula[T]{name: "RAdam", lr: 0.01, states: []string{"m", "v"},
		config: func(wd float64, d bool) optim.Config {
			return optim.RAdam{LR: 0.01, Beta1: beta1, Beta2: beta2, Eps: eps, WeightDecay: wd, Decoupled: d}
		},
		step: func(t uint64, lr float64, x, g T, s []T) T {
			power1, power2 := kernels.PowInt(beta1, t), kernels.PowInt(beta2, t)
			s[0] = T(T(beta1)*s[0]) + T(T(1-beta1)*g)
			s[1] = T(T(beta2)*s[1]) + T(T(T(1-beta2)*g)*g)
			longest := 2/(1-beta2) - 1
			length := longest - 2*float64(t)*power2/(1-power2)
			rate := lr / (1 - power1)
			if length <= 5 {
				return x - T(T(rate)*s[0])
			}
			rectified := float64((length-4)*(length-2)) * longest / (float64((longest-4)*(longest-2)) * length)
			rate *= math.Sqrt(rectified * (1 - power2))
			return x - T(T(rate)*s[0])/(root(s[1])+T(eps))
		}}
}

func TestRAdamFields(t *testing.T) {
	want := optim.RAdam{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}
	if got := must(optim.New(optim.RAdam{}, []float32{1})).Config(0); got != want {
		t.Errorf("defaults %+v, want %+v", got, want)
	}
	for _, bad := range []optim.RAdam{{Beta1: 1}, {Beta2: 1}, {Eps: -1}} {
		if _, err := optim.New(bad, []float32{1}); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}
