package optim_test

import (
	"math"
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var _ = addFormula(adamaxFormula[float32](), adamaxFormula[float64]())

func adamaxFormula[T kernels.Float]() formula[T] {
	beta1, beta2, eps := 0.8, 0.95, 1e-4
	return formula[T]{name: "Adamax", lr: 0.01, states: []string{"m", "u"},
		config: func(wd float64, d bool) optim.Config {
			return optim.Adamax{LR: 0.01, Beta1: beta1, Beta2: beta2, Eps: eps, WeightDecay: wd, Decoupled: d}
		},
		step: func(t uint64, lr float64, x, g T, s []T) T {
			power := kernels.PowInt(beta1, t)
			s[0] = T(T(beta1)*s[0]) + T(T(1-beta1)*g)
			s[1] = max(T(T(beta2)*s[1]), T(math.Abs(float64(g)))+T(eps))
			return x - T(T(lr/(1-power))*s[0])/s[1]
		}}
}

func TestAdamaxFields(t *testing.T) {
	want := optim.Adamax{LR: 2e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}
	if got := must(optim.New(optim.Adamax{}, []float32{1})).Config(0); got != want {
		t.Errorf("defaults %+v, want %+v", got, want)
	}
	for _, bad := range []optim.Adamax{{Beta1: 1}, {Beta2: 1}, {LR: -1}} {
		if _, err := optim.New(bad, []float32{1}); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}
