package optim_test

import (
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var _ = addFormula(larsFormula[float32](), larsFormula[float64]())

func larsFormula[T kernels.Float]() formula[T] {
	rho, trust := 0.875, 0.02
	return formula[T]{name: "LARS", lr: 0.5, states: []string{"v"},
		config: func(wd float64, d bool) optim.Config {
			return optim.LARS{LR: 0.5, Rho: rho, Trust: trust, WeightDecay: wd, Decoupled: d}
		},
		group: func(u *groupStep[T]) {
			for i, x := range u.x {
				below := u.gNorms[i]
				if !u.decoupled {
					below += float64(u.wd * u.xNorms[i])
				}
				local := 1.0
				if u.xNorms[i] != 0 && u.gNorms[i] != 0 {
					local = float64(trust*u.xNorms[i]) / below
				}
				for j := range x {
					v := &u.s[i][j][0]
					*v = T(T(rho)*(*v)) - T(T(min(u.lr*local, largest[T]()))*u.g[i][j])
					x[j] += *v
				}
			}
		}}
}

func TestLARSFields(t *testing.T) {
	testFields(t, optim.LARS{LR: 1}, optim.LARS{LR: 1, Rho: 0.9, Trust: 1e-3},
		optim.LARS{}, optim.LARS{LR: 1, Rho: 1}, optim.LARS{LR: 1, Trust: -1})
}

// The step is as long as the rate times the trust times the parameter, however long the gradient; where a norm is 0, it
// is that of momentum.
func TestLARSNorms(t *testing.T) {
	for _, size := range []float64{1e-3, 1, 1e6} {
		x := []float64{3, 4}
		must(optim.New(optim.LARS{LR: 0.5, Trust: 0.25}, x)).Step([]float64{0, size})
		if want := 4 - 0.5*0.25*5; x[0] != 3 || x[1] != want {
			t.Errorf("a gradient of %v leads to %v, want [3 %v]", size, x, want)
		}
	}
	x := []float64{0, 0}
	must(optim.New(optim.LARS{LR: 0.5}, x)).Step([]float64{0, 2})
	if x[1] != -1 {
		t.Errorf("zeros move to %v, want [0 -1]", x)
	}
}
