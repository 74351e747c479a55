package optim

import (
	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place:    4,
	Names:    []Name{{Name: "nesterov", Config: func(lr float64) Config { return Nesterov{LR: lr} }, Rate: 1e-4}},
	Settings: []Setting{{Name: "Nesterov", Config: Nesterov{LR: 0.01}}},
	Torch: []Torch{{Case: "NesterovTorch", Config: Nesterov{},
		Fields: "lr=LR weight_decay=WeightDecay momentum=Rho", ConstantRate: true}},
})

// Nesterov is Nesterov momentum after the lecture's change of variables, the kernel [kernels.Nesterov]:
// its x is the looked-ahead point, so that the gradient is taken at x itself:
//
//	u = v
//	v = rho*v - lr*g
//	x = (x - rho*u) + (1+rho)*v
//
// State: v, one element per parameter.
type Nesterov struct {
	LR          float64 // required
	Rho         float64 // in [0, 1); default 0.9
	WeightDecay float64 // default 0
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c Nesterov) Spec() *Spec {
	s := NewSpec("Nesterov", &c.LR, 0, &c.WeightDecay, c.Decoupled)
	s.Value("Rho", &c.Rho, 0.9, 1)
	s.Momentum(&c.Rho)
	s.OnePass()
	return Bind(s, &c, stepNesterov[float32], stepNesterov[float64])
}

func stepNesterov[T kernels.Float](s *Setup[T], h *Nesterov) func(*Update[T]) {
	v := s.Moment("v", 0)
	return func(u *Update[T]) {
		c := kernels.NewNesterov[T](kernels.NesterovHyper{LR: u.LR, Rho: h.Rho})
		u.Nesterov(v, c)
	}
}
