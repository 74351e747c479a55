package optim_test

import (
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var _ = addFormula(adadeltaFormula[float32](), adadeltaFormula[float64]())

func adadeltaFormula[T kernels.Float]() formula[T] {
	decay, eps := 0.75, 1e-3
	return formula[T]{name: "Adadelta", lr: 0.5, states: []string{"s", "d"},
		config: func(wd float64, d bool) optim.Config {
			return optim.Adadelta{LR: 0.5, Decay: decay, Eps: eps, WeightDecay: wd, Decoupled: d}
		},
		step: func(_ uint64, lr float64, x, g T, s []T) T {
			s[0] = T(T(decay)*s[0]) + T(T(T(1-decay)*g)*g)
			dx := T(root((s[1]+T(eps))/(s[0]+T(eps))) * g)
			s[1] = T(T(decay)*s[1]) + T(T(T(1-decay)*dx)*dx)
			return x - T(T(lr)*dx)
		}}
}

func TestAdadeltaFields(t *testing.T) {
	want := optim.Adadelta{LR: 1, Decay: 0.9, Eps: 1e-6}
	if got := must(optim.New(optim.Adadelta{}, []float32{1})).Config(0); got != want {
		t.Errorf("defaults %+v, want %+v", got, want)
	}
	for _, bad := range []optim.Adadelta{{Decay: 1}, {Eps: -1}, {LR: -1}} {
		if _, err := optim.New(bad, []float32{1}); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}
