package optim

import (
	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place:    9,
	Names:    []Name{{Name: "lion", Config: func(lr float64) Config { return Lion{LR: lr} }, Rate: 1e-4}},
	Settings: []Setting{{Name: "Lion", Config: Lion{LR: 0.001, WeightDecay: 0.1, Decoupled: true}}},
})

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

// Spec is for package optim: see [Config].
func (c Lion) Spec() *Spec {
	s := NewSpec("Lion", &c.LR, 1e-4, &c.WeightDecay, c.Decoupled)
	s.Value("Beta1", &c.Beta1, 0.9, 1)
	s.Momentum(&c.Beta1)
	s.Value("Beta2", &c.Beta2, 0.99, 1)
	s.OnePass()
	return Bind(s, &c, stepLion[float32], stepLion[float64])
}

func stepLion[T kernels.Float](s *Setup[T], h *Lion) func(*Update[T]) {
	m := s.Moment("m", 0)
	return func(u *Update[T]) {
		c := kernels.NewLion[T](kernels.LionHyper{LR: u.LR, Beta1: h.Beta1, Beta2: h.Beta2})
		u.Lion(m, c)
	}
}
