package optim_test

import (
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var _ = addFormula(lionFormula[float32](), lionFormula[float64]())

func lionFormula[T kernels.Float]() formula[T] {
	beta1, beta2 := 0.8, 0.95
	return formula[T]{name: "Lion", lr: 0.01, states: []string{"m"},
		config: func(wd float64, d bool) optim.Config {
			return optim.Lion{LR: 0.01, Beta1: beta1, Beta2: beta2, WeightDecay: wd, Decoupled: d}
		},
		step: func(_ uint64, lr float64, x, g T, s []T) T {
			u := T(T(beta1)*s[0]) + T(T(1-beta1)*g)
			s[0] = T(T(beta2)*s[0]) + T(T(1-beta2)*g)
			switch {
			case u > 0:
				return x - T(lr)
			case u < 0:
				return x + T(lr)
			}
			return x - T(T(lr)*0)
		}}
}

func TestLionFields(t *testing.T) {
	want := optim.Lion{LR: 1e-4, Beta1: 0.9, Beta2: 0.99}
	if got := must(optim.New(optim.Lion{}, []float32{1})).Config(0); got != want {
		t.Errorf("defaults %+v, want %+v", got, want)
	}
	for _, bad := range []optim.Lion{{Beta1: 1}, {Beta2: 1}, {LR: -1}} {
		if _, err := optim.New(bad, []float32{1}); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}
