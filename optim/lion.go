package optim

import "github.com/bitstep-go/bitstep/kernels"

// Lion steps by the sign of an interpolation between momentum and gradient (Chen et al., Symbolic
// Discovery of Optimization Algorithms, 2023), the kernel [kernels.Lion]:
//
//	u = beta1*m + (1-beta1)*g
//	x = x - lr*sign(u)
//	m = beta2*m + (1-beta2)*g
//
// Its paper uses decoupled weight decay, and rates 3 to 10 times smaller than Adam's.
//
// State: m, one element per parameter.
type Lion struct {
	LR          float64 // default 1e-4
	Beta1       float64 // in [0, 1); default 0.9
	Beta2       float64 // in [0, 1); default 0.99
	WeightDecay float64 // default 0
	Decoupled   bool
}

func (c Lion) spec() *spec {
	s := newSpec("Lion", &c.LR, 1e-4, &c.WeightDecay, c.Decoupled)
	s.value("Beta1", &c.Beta1, 0.9, 1)
	s.value("Beta2", &c.Beta2, 0.99, 1)
	s.states = []string{"m"}
	return bind(s, &c, stepLion[float32], stepLion[float64])
}

func stepLion[T kernels.Float](u *update[T], h *Lion) {
	c := kernels.NewLion[T](kernels.LionHyper{LR: u.lr, Beta1: h.Beta1, Beta2: h.Beta2})
	c.Prelude = u.prelude
	for i, x := range u.x {
		u.k.Lion(x, u.state[0][i], u.g[i], c)
	}
}
