package optim

import (
	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place:    31,
	Names:    []Name{{Name: "signum", Config: func(lr float64) Config { return Signum{LR: lr} }, Rate: 1e-4}},
	Settings: []Setting{{Name: "Signum", Config: Signum{LR: 0.001, WeightDecay: 0.1, Decoupled: true}}},
})

// Signum steps by the sign of a decaying mean of the gradient (Bernstein et al., signSGD: Compressed Optimisation for
// Non-Convex Problems, 2018), the kernel [kernels.Lion] with both betas Beta:
//
//	m = beta*m + (1-beta)*g
//	x = x - lr*sign(m)
//
// With a Beta of [Zero] it is signSGD.
//
// State: m, one element per parameter.
type Signum struct {
	LR          float64 // default 1e-4, the paper's
	Beta        float64 // in [0, 1); default 0.9
	WeightDecay float64 // default 0
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c Signum) Spec() *Spec {
	s := NewSpec("Signum", &c.LR, 1e-4, &c.WeightDecay, c.Decoupled)
	s.Value("Beta", &c.Beta, 0.9, 1)
	s.Momentum(&c.Beta)
	s.OnePass()
	return Bind(s, &c, stepSignum[float32], stepSignum[float64])
}

func stepSignum[T kernels.Float](s *Setup[T], h *Signum) func(*Update[T]) {
	m := s.Moment("m", 0)
	return func(u *Update[T]) {
		c := kernels.NewLion[T](kernels.LionHyper{LR: u.LR, Beta1: h.Beta, Beta2: h.Beta})
		u.Lion(m, c)
	}
}
