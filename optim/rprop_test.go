package optim_test

import (
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var _ = addFormula(rpropFormula[float32](), rpropFormula[float64]())

func rpropFormula[T kernels.Float]() formula[T] {
	down, up, least, most := 0.75, 1.25, 1e-3, 0.03
	return formula[T]{name: "Rprop", lr: 0.01, states: []string{"p", "s"}, first: []T{0, T(0.01)},
		config: func(wd float64, d bool) optim.Config {
			return optim.Rprop{LR: 0.01, Down: down, Up: up, StepMin: least, StepMax: most, WeightDecay: wd,
				Decoupled: d}
		},
		step: func(_ uint64, _ float64, x, g T, s []T) T {
			switch product := T(s[0] * g); {
			case product > 0:
				s[1] = min(T(s[1]*T(up)), T(most))
			case product < 0:
				s[1] = max(T(s[1]*T(down)), T(least))
				g = 0
			}
			s[0] = g
			switch {
			case g > 0:
				return x - s[1]
			case g < 0:
				return x + s[1]
			}
			return x - T(0*s[1])
		}}
}

func TestRpropFields(t *testing.T) {
	want := optim.Rprop{LR: 1e-2, Down: 0.5, Up: 1.2, StepMin: 1e-6, StepMax: 50}
	if got := must(optim.New(optim.Rprop{}, []float32{1})).Config(0); got != want {
		t.Errorf("defaults %+v, want %+v", got, want)
	}
	for _, bad := range []optim.Rprop{{Down: 1}, {Up: 0.9}, {StepMin: -1}, {StepMin: 51}} {
		if _, err := optim.New(bad, []float32{1}); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}
