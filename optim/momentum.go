package optim

import (
	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 2,
	Names: []Name{{Name: "momentum", Config: func(lr float64) Config { return Momentum{LR: lr} }, Rate: 1e-4}},
	Settings: []Setting{
		{Name: "Momentum", Config: Momentum{LR: 0.01}},
		{Name: "Momentum/dampened", Config: Momentum{LR: 0.05, Rho: 0.99, Dampening: 0.75, WeightDecay: 0.01},
			Options: clippedSetting},
	},
	Torch: []Torch{{Case: "Momentum", Class: "SGD", Place: 2, Config: Momentum{UndampedStart: true},
		Fields: "lr=LR weight_decay=WeightDecay momentum=Rho dampening=Dampening", Given: []string{
			"lr=0.01 momentum=0.9",
			"lr=0.01 momentum=0.9 weight_decay=0.1 maximize=True",
			"lr=0.01 momentum=0.9 dampening=0.4",
			"lr=0.01 momentum=0.9 dampening=0.9 weight_decay=0.1",
			"lr=0.01 momentum=0.9 lambda=256",
			"lr=0.01 momentum=0.9 clip_norm=1 clip_value=0.5",
		}}},
})

// Momentum is gradient descent with momentum, the lecture's first formulation and the kernel
// [kernels.Momentum]; v is a running sum of gradients:
//
//	v = rho*v + g
//	x = x - lr*v
//
// With Dampening d, v = rho*v + (1-d)*g, where g includes coupled decay. The factor 1-d is not a product
// of its own: it enters the gradient's scale, the limit of clipping by value, and the decay, each
// rounded once. With UndampedStart d is 0 in the first step, as in torch.optim.SGD, whose v starts at g. (It is not in
// files, since it does not matter to a run that goes on after a step; one that is saved before it is resumed as the
// new Config says.)
//
// State: v, one element per parameter.
type Momentum struct {
	LR            float64 // required
	Rho           float64 // in [0, 1); default 0.9
	Dampening     float64 // in [0, 1); default 0
	UndampedStart bool
	WeightDecay   float64 // default 0
	Decoupled     bool
}

// Spec is for package optim: see [Config].
func (c Momentum) Spec() *Spec {
	s := NewSpec("Momentum", &c.LR, 0, &c.WeightDecay, c.Decoupled)
	s.Value("Rho", &c.Rho, 0.9, 1)
	s.Momentum(&c.Rho)
	s.Value("Dampening", &c.Dampening, 0, 1)
	s.GradientFactor(1 - c.Dampening)
	if c.UndampedStart {
		s.FirstGradientFactor(1)
	}
	s.OnePass()
	return Bind(s, &c, stepMomentum[float32], stepMomentum[float64])
}

func stepMomentum[T kernels.Float](s *Setup[T], h *Momentum) func(*Update[T]) {
	v := s.Moment("v", 0)
	return func(u *Update[T]) {
		c := kernels.NewMomentum[T](kernels.MomentumHyper{LR: u.LR, Rho: h.Rho})
		u.Momentum(v, c)
	}
}
