package optim_test

import (
	"math"
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var (
	_ = addFormula(adoptFormula[float32](false), adoptFormula[float64](false))
	_ = addFormula(adoptFormula[float32](true), adoptFormula[float64](true))
)

func adoptFormula[T kernels.Float](unlimited bool) formula[T] {
	beta1, beta2, eps, name := 0.8, 0.95, 1e-2, "ADOPT"
	if unlimited {
		name += " unlimited"
	}
	return formula[T]{name: name, lr: 0.01, states: []string{"m", "v"}, decay: true,
		config: func(wd float64, d bool) optim.Config {
			return optim.ADOPT{LR: 0.01, Beta1: beta1, Beta2: beta2, Eps: eps, Unlimited: unlimited, WeightDecay: wd,
				Decoupled: d}
		},
		group: func(u *groupStep[T]) {
			for i, x := range u.x {
				for j, g := range u.g[i] {
					s := u.s[i][j]
					if u.t == 1 { // nothing else happens, decay included
						s[1] = T(g * g)
						continue
					}
					if u.decoupled {
						x[j] *= T(1 - float64(u.lr*u.wd))
					}
					n := g / max(root(s[1]), T(eps))
					if limit := T(math.Sqrt(math.Sqrt(float64(u.t - 1)))); !unlimited {
						n = min(max(n, -limit), limit)
					}
					s[0] = T(T(beta1)*s[0]) + T(T(1-beta1)*n)
					s[1] = T(T(beta2)*s[1]) + T(T(T(1-beta2)*g)*g)
					x[j] -= T(T(u.lr) * s[0])
				}
			}
		}}
}

func TestADOPTFields(t *testing.T) {
	testFields(t, optim.ADOPT{}, optim.ADOPT{LR: 1e-3, Beta1: 0.9, Beta2: 0.9999, Eps: 1e-6},
		optim.ADOPT{Beta1: 1}, optim.ADOPT{Beta2: 1}, optim.ADOPT{Eps: -1})
}
