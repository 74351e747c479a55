package optim

import (
	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 3,
	Names: []Name{{Name: "velocity", About: "momentum as a velocity",
		Config: func(lr float64) Config { return MomentumVelocity{LR: lr} }, Rate: 1e-4}},
	Settings: []Setting{
		{Name: "MomentumVelocity", Config: MomentumVelocity{LR: 0.01}},
		{Name: "MomentumVelocity/look-ahead", Config: MomentumVelocity{LR: 0.01}, LookAhead: true},
	},
	Torch: []Torch{{Case: "Momentum", Config: MomentumVelocity{},
		Fields: "lr=LR weight_decay=WeightDecay momentum=Rho", ConstantRate: true}},
})

// MomentumVelocity is gradient descent with momentum, the lecture's second formulation and the kernel
// [kernels.MomentumVelocity]; v is a velocity in the units of x:
//
//	v = rho*v - lr*g
//	x = x + v
//
// With a constant lr its x are those of [Momentum] but for rounding. When lr changes, the velocity here
// keeps what earlier rates put in, while Momentum applies the new rate to the whole of its sum.
//
// With gradients taken at [Optimizer.LookAhead] it is Nesterov momentum in the look-ahead form.
//
// State: v, one element per parameter.
type MomentumVelocity struct {
	LR          float64 // required
	Rho         float64 // in [0, 1); default 0.9
	WeightDecay float64 // default 0
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c MomentumVelocity) Spec() *Spec {
	s := NewSpec("MomentumVelocity", &c.LR, 0, &c.WeightDecay, c.Decoupled)
	s.Value("Rho", &c.Rho, 0.9, 1)
	s.Momentum(&c.Rho)
	s.OnePass()
	return Bind(s, &c, stepMomentumVelocity[float32], stepMomentumVelocity[float64])
}

func stepMomentumVelocity[T kernels.Float](s *Setup[T], h *MomentumVelocity) func(*Update[T]) {
	v := s.Moment("v", 0)
	if h.Rho != 0 {
		buffer := s.buffer()
		s.LookAhead(func(e bitstep.Engine[T], i int, dst []T) {
			for lo := 0; lo < len(dst); {
				part := v.load(e, i, lo, buffer)
				e.Axpy(dst[lo:lo+len(part)], part, T(h.Rho))
				lo += len(part)
			}
		})
	}
	return func(u *Update[T]) {
		c := kernels.NewMomentumVelocity[T](kernels.MomentumVelocityHyper{LR: u.LR, Rho: h.Rho})
		u.MomentumVelocity(v, c)
	}
}
