package optim_test

import (
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var _ = addFormula(nadamFormula[float32](), nadamFormula[float64]())

func nadamFormula[T kernels.Float]() formula[T] {
	beta1, beta2, eps, decay := 0.8, 0.95, 1e-5, 0.25
	mu := func(t uint64) float64 {
		power := kernels.Exp(float64(float64(t)*decay) * kernels.Log(0.96))
		return float64(beta1 * (1 - float64(0.5*power)))
	}
	return formula[T]{name: "NAdam", lr: 0.01, states: []string{"m", "v"},
		config: func(wd float64, d bool) optim.Config {
			return optim.NAdam{LR: 0.01, Beta1: beta1, Beta2: beta2, Eps: eps, MomentumDecay: decay, WeightDecay: wd,
				Decoupled: d}
		},
		step: func(t uint64, lr float64, x, g T, s []T) T {
			product := 1.0
			for i := range t {
				product *= mu(i + 1)
			}
			power := kernels.PowInt(beta2, t)
			s[0] = T(T(beta1)*s[0]) + T(T(1-beta1)*g)
			s[1] = T(T(beta2)*s[1]) + T(T(T(1-beta2)*g)*g)
			ofMean := float64(lr*mu(t+1)) / (1 - float64(product*mu(t+1)))
			ofGradient := float64(lr*(1-mu(t))) / (1 - product)
			sum := T(T(ofMean)*s[0]) + T(T(ofGradient)*g)
			return x - sum/(root(T(T(1/(1-power))*s[1]))+T(eps))
		}}
}

func TestNAdamFields(t *testing.T) {
	want := optim.NAdam{LR: 2e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, MomentumDecay: 4e-3}
	if got := must(optim.New(optim.NAdam{}, []float32{1})).Config(0); got != want {
		t.Errorf("defaults %+v, want %+v", got, want)
	}
	for _, bad := range []optim.NAdam{{Beta1: 1}, {Beta2: 1}, {MomentumDecay: -1}} {
		if _, err := optim.New(bad, []float32{1}); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}

// The product of the momenta is that of the step, also when steps begin again, and when it has become 0.
func TestNAdamBeginsAgain(t *testing.T) {
	config := optim.NAdam{Beta1: 1e-60} // whose product of ten is 0
	run := func(opt *optim.Optimizer[float64], n int) {
		for i := range n {
			opt.Step([]float64{float64(i%3) - 0.5})
		}
	}
	x, y := []float64{1}, []float64{1}
	again := must(optim.New(config, x))
	run(again, 20)
	again.Reset()
	x[0] = 1
	run(again, 5)
	run(must(optim.New(config, y)), 5)
	if x[0] != y[0] || x[0] == 1 {
		t.Errorf("five steps after Reset lead to %v, want %v", x[0], y[0])
	}
}
