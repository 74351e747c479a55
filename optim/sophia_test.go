package optim_test

import (
	"math"
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var _ = addFormula(sophiaFormula[float32](), sophiaFormula[float64]())

func sophiaFormula[T kernels.Float]() formula[T] {
	beta1, gamma, eps := 0.8, 0.25, 0.05
	return formula[T]{name: "Sophia", lr: 0.01, states: []string{"m", "h"},
		config: func(wd float64, d bool) optim.Config {
			return optim.Sophia{LR: 0.01, Beta1: beta1, Gamma: gamma, Eps: eps, WeightDecay: wd, Decoupled: d}
		},
		step: func(_ uint64, lr float64, x, g T, s []T) T {
			s[0] = T(T(beta1)*s[0]) + T(T(1-beta1)*g)
			u := s[0] / max(T(T(gamma)*s[1]), T(eps))
			return x - T(T(lr)*max(-1, min(u, 1)))
		}}
}

func TestSophiaFields(t *testing.T) {
	testFields(t, optim.Sophia{LR: 1}, optim.Sophia{LR: 1, Beta1: 0.96, Beta2: 0.99, Gamma: 0.01, Eps: 1e-12},
		optim.Sophia{}, optim.Sophia{LR: 1, Beta1: 1}, optim.Sophia{LR: 1, Beta2: 1}, optim.Sophia{LR: 1, Gamma: -1},
		optim.Sophia{LR: 1, Eps: -1})
}

// With exact estimates a quadratic is solved in its own units: steps are m/(gamma*h), however curved it is.
func TestUpdateHessian(t *testing.T) {
	x, b := []float64{1, -1, 1e-3}, []float64{5}
	opt := must(optim.NewGroups(optim.Options{},
		optim.Group[float64]{Config: optim.SGD{LR: 1}, Params: [][]float64{b}},
		optim.Group[float64]{Config: optim.Lookahead{Config: optim.Sophia{LR: 0.5, Beta1: optim.Zero,
			Beta2: optim.Zero, Gamma: 1}, Every: 1000}, Params: [][]float64{x}}))
	h := []float64{2, 1e6, 1e-3}
	for range 60 {
		if err := optim.UpdateHessian(opt, []float64{math.NaN()}, h); err != nil {
			t.Fatal(err)
		}
		g := make([]float64, 3)
		for i := range g {
			g[i] = h[i] * x[i]
		}
		opt.Step([]float64{0}, g)
	}
	for i := range x {
		if math.Abs(x[i]) > 1e-12 {
			t.Errorf("x[%d] = %v, want 0", i, x[i])
		}
	}
	for _, c := range []struct {
		want      string
		estimates [][]float64
	}{
		{"1 estimates, want 2", [][]float64{h}},
		{"len(estimate 1) = 2, want 3, the length of its parameter", [][]float64{{1}, h[:2]}},
		{"estimate 1 overlaps parameter 1", [][]float64{{1}, x}},
	} {
		if err := optim.UpdateHessian(opt, c.estimates...); err == nil ||
			err.Error() != "optim: UpdateHessian: "+c.want {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
	const want = "optim: UpdateHessian: no group's algorithm is Sophia"
	err := optim.UpdateHessian(must(optim.New(optim.SGD{LR: 1}, b)), []float64{1})
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
