package optim_test

import (
	"math"
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var (
	_ = addFormula(adEMAMixFormula[float32](0), adEMAMixFormula[float64](0))
	_ = addFormula(adEMAMixFormula[float32](8), adEMAMixFormula[float64](8))
)

func adEMAMixFormula[T kernels.Float](warmUp float64) formula[T] {
	beta1, beta2, last3, eps, last, name := 0.8, 0.95, 0.99, 1e-5, 4.0, "AdEMAMix"
	if warmUp > 0 {
		name += " warm-up"
	}
	return formula[T]{name: name, lr: 0.01, states: []string{"m", "l", "v"},
		config: func(wd float64, d bool) optim.Config {
			return optim.AdEMAMix{LR: 0.01, Beta1: beta1, Beta2: beta2, Beta3: last3, Mix: last, Eps: eps,
				WarmUp: warmUp, WeightDecay: wd, Decoupled: d}
		},
		step: func(t uint64, lr float64, x, g T, s []T) T {
			mix, beta3 := last, last3
			if at := float64(t); at < warmUp {
				mix = float64(last * (at / warmUp))
				log1, log3 := kernels.Log(beta1), kernels.Log(last3)
				below := float64((1-at/warmUp)*log3) + float64(at/warmUp*log1)
				beta3 = kernels.Exp(float64(log1*log3) / below)
			}
			s[0] = T(T(beta1)*s[0]) + T(T(1-beta1)*g)
			s[1] = T(T(beta3)*s[1]) + T(T(1-beta3)*g)
			s[2] = T(T(beta2)*s[2]) + T(T(T(1-beta2)*g)*g)
			power1, power2 := kernels.PowInt(beta1, t), kernels.PowInt(beta2, t)
			above := T(T(lr/(1-power1)) * s[0])
			above += T(T(lr*mix) * s[1])
			return x - above/(root(T(T(1/(1-power2))*s[2]))+T(eps))
		}}
}

func TestAdEMAMixFields(t *testing.T) {
	testFields(t, optim.AdEMAMix{},
		optim.AdEMAMix{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Beta3: 0.9999, Mix: 5, Eps: 1e-8},
		optim.AdEMAMix{Beta1: 1}, optim.AdEMAMix{Beta2: 1}, optim.AdEMAMix{Beta3: 1}, optim.AdEMAMix{Eps: -1},
		optim.AdEMAMix{Mix: -1}, optim.AdEMAMix{WarmUp: -1})
}

// While it warms up, the half life of the slow mean grows in a straight line: ln(1/2)/ln(beta3) - 1.
func TestAdEMAMixWarmUp(t *testing.T) {
	const steps = 100
	x := []float64{0}
	opt := must(optim.New(optim.AdEMAMix{Beta1: 0.9, Beta3: 0.999, WarmUp: steps}, x))
	life := func(beta float64) float64 { return 1 / math.Log(beta) }
	for step := 1.0; step <= 2*steps; step++ {
		before := opt.State("l")[0][0]
		opt.Step([]float64{before + 1}) // l = beta3*l + (1-beta3)*(l+1) = l + 1-beta3
		beta3 := 1 - (opt.State("l")[0][0] - before)
		part := min(step/steps, 1)
		if want := (1-part)*life(0.9) + part*life(0.999); math.Abs(life(beta3)/want-1) > 1e-9 {
			t.Fatalf("step %v: beta3 = %v, whose life is %v, want %v", step, beta3, life(beta3), want)
		}
	}
}
