package optim_test

import (
	"math"
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var _ = addFormula(lambFormula[float32](), lambFormula[float64]())

func lambFormula[T kernels.Float]() formula[T] {
	beta1, beta2, eps, lambda := 0.8, 0.95, 1e-5, 0.02
	return formula[T]{name: "LAMB", lr: 0.01, states: []string{"m", "v"},
		config: func(wd float64, d bool) optim.Config {
			return optim.LAMB{LR: 0.01, Beta1: beta1, Beta2: beta2, Eps: eps, Decay: lambda, WeightDecay: wd,
				Decoupled: d}
		},
		group: func(u *groupStep[T]) {
			unbias1, unbias2 := 1/(1-kernels.PowInt(beta1, u.t)), 1/(1-kernels.PowInt(beta2, u.t))
			for i, x := range u.x {
				direction := make([]T, len(x))
				for j, g := range u.g[i] {
					s := u.s[i][j]
					s[0] = T(T(beta1)*s[0]) + T(T(1-beta1)*g)
					s[1] = T(T(beta2)*s[1]) + T(T(T(1-beta2)*g)*g)
					direction[j] = T(T(unbias1)*s[0]) / (root(T(T(unbias2)*s[1])) + T(eps))
					direction[j] += T(T(lambda) * x[j])
				}
				ratio, size := 1.0, euclidean(direction)
				if u.xNorms[i] != 0 && size != 0 {
					ratio = u.xNorms[i] / size
				}
				for j := range x {
					x[j] -= T(T(min(u.lr*ratio, largest[T]())) * direction[j])
				}
			}
		}}
}

func TestLAMBFields(t *testing.T) {
	testFields(t, optim.LAMB{}, optim.LAMB{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-6},
		optim.LAMB{Beta1: 1}, optim.LAMB{Beta2: 1}, optim.LAMB{Eps: -1}, optim.LAMB{Decay: -1})
}

// A step is as long as the rate times the parameter, whatever the gradients; zeros move by Adam's step.
func TestLAMBNorms(t *testing.T) {
	for _, size := range []float64{1e-3, 1, 1e6} {
		x := []float64{3, 4}
		must(optim.New(optim.LAMB{LR: 0.5, Eps: 1e-20}, x)).Step([]float64{0, size})
		if x[0] != 3 || math.Abs(x[1]-1.5) > 1e-14 {
			t.Errorf("a gradient of %v leads to %v, want [3 1.5]", size, x)
		}
	}
	x := []float64{0, 0}
	must(optim.New(optim.LAMB{LR: 0.5, Eps: 1e-20}, x)).Step([]float64{0, 2})
	if x[0] != 0 || math.Abs(x[1]+0.5) > 1e-14 {
		t.Errorf("zeros move to %v, want [0 -0.5]", x)
	}
}
