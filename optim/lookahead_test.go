package optim_test

import (
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var _ = addFormula(lookaheadFormula[float32](), lookaheadFormula[float64]())

func lookaheadFormula[T kernels.Float]() formula[T] {
	rho, pull := 0.875, 0.25
	return formula[T]{name: "Lookahead", lr: 0.1, states: []string{"v", "slow"}, decay: true,
		config: func(wd float64, d bool) optim.Config {
			return optim.Lookahead{Config: optim.Momentum{LR: 0.1, Rho: rho, WeightDecay: wd, Decoupled: d}, Every: 3,
				Pull: pull}
		},
		group: func(u *groupStep[T]) {
			for i, x := range u.x {
				for j, g := range u.g[i] {
					s := u.s[i][j]
					if u.t == 1 {
						s[1] = x[j]
					}
					if u.decoupled {
						x[j] *= T(1 - float64(u.lr*u.wd))
					}
					s[0] = T(T(rho)*s[0]) + g
					x[j] -= T(T(u.lr) * s[0])
					if u.t%3 == 0 {
						s[1] = T(T(pull)*x[j]) + T((1-T(pull))*s[1])
						x[j] = s[1]
					}
				}
			}
		}}
}

func TestLookaheadFields(t *testing.T) {
	adam := optim.Adam{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-7}
	testFields(t, optim.Lookahead{Config: optim.Adam{}}, optim.Lookahead{Config: adam, Every: 5, Pull: 0.5},
		optim.Lookahead{}, optim.Lookahead{Config: optim.SGD{}}, optim.Lookahead{Config: adam, Every: 2.5},
		optim.Lookahead{Config: adam, Every: optim.Zero}, optim.Lookahead{Config: adam, Pull: 1},
		optim.Lookahead{Config: optim.Lookahead{}}, optim.Lookahead{Config: optim.Lookahead{Config: adam}})
	const none = "optim: Lookahead: Config = nil, want an algorithm"
	if _, err := optim.New(optim.Lookahead{}, []float32{1}); err == nil || err.Error() != none {
		t.Errorf("error %v, want %s", err, none)
	}
	opt := must(optim.New(optim.Lookahead{Config: optim.SGD{LR: 1}}, []float32{1}))
	if err := opt.SetLR(0, 0.25); err != nil || opt.LR(0) != 0.25 ||
		opt.Config(0) != (optim.Lookahead{Config: optim.SGD{LR: 0.25}, Every: 5, Pull: 0.5}) {
		t.Errorf("the rate is %v, of %+v (%v)", opt.LR(0), opt.Config(0), err)
	}
}
