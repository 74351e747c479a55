package optim

import "github.com/bitstep-go/bitstep/kernels"

// Momentum is gradient descent with momentum, the lecture's first formulation and the kernel
// [kernels.Momentum]; v is a running sum of gradients:
//
//	v = rho*v + g
//	x = x - lr*v
//
// With Dampening d, v = rho*v + (1-d)*g, where g includes coupled decay. The factor 1-d is not a product
// of its own: it enters the gradient's scale, the limit of clipping by value, and the decay, each
// rounded once. From the first step on all are alike, while torch.optim.SGD starts from v = g undamped: to
// have that, store (d/rho)*g, with the first step's g, in v (see [Optimizer.State]) before that step.
//
// State: v, one element per parameter.
type Momentum struct {
	LR          float64 // required
	Rho         float64 // in [0, 1); default 0.9
	Dampening   float64 // in [0, 1); default 0
	WeightDecay float64 // default 0
	Decoupled   bool
}

func (c Momentum) spec() *spec {
	s := newSpec("Momentum", &c.LR, 0, &c.WeightDecay, c.Decoupled)
	s.states = []string{"v"}
	s.value("Rho", &c.Rho, 0.9, 1)
	s.value("Dampening", &c.Dampening, 0, 1)
	s.fold = 1 - c.Dampening
	return bind(s, &c, stepMomentum[float32], stepMomentum[float64])
}

func stepMomentum[T kernels.Float](u *update[T], h *Momentum) {
	c := kernels.NewMomentum[T](kernels.MomentumHyper{LR: u.lr, Rho: h.Rho})
	c.Prelude = u.prelude
	for i, x := range u.x {
		u.k.Momentum(x, u.state[0][i], u.g[i], c)
	}
}

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

func (c MomentumVelocity) spec() *spec {
	s := newSpec("MomentumVelocity", &c.LR, 0, &c.WeightDecay, c.Decoupled)
	s.states = []string{"v"}
	s.value("Rho", &c.Rho, 0.9, 1)
	s.rho = c.Rho
	return bind(s, &c, stepMomentumVelocity[float32], stepMomentumVelocity[float64])
}

func stepMomentumVelocity[T kernels.Float](u *update[T], h *MomentumVelocity) {
	c := kernels.NewMomentumVelocity[T](kernels.MomentumVelocityHyper{LR: u.lr, Rho: h.Rho})
	c.Prelude = u.prelude
	for i, x := range u.x {
		u.k.MomentumVelocity(x, u.state[0][i], u.g[i], c)
	}
}

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

func (c Nesterov) spec() *spec {
	s := newSpec("Nesterov", &c.LR, 0, &c.WeightDecay, c.Decoupled)
	s.states = []string{"v"}
	s.value("Rho", &c.Rho, 0.9, 1)
	return bind(s, &c, stepNesterov[float32], stepNesterov[float64])
}

func stepNesterov[T kernels.Float](u *update[T], h *Nesterov) {
	c := kernels.NewNesterov[T](kernels.NesterovHyper{LR: u.lr, Rho: h.Rho})
	c.Prelude = u.prelude
	for i, x := range u.x {
		u.k.Nesterov(x, u.state[0][i], u.g[i], c)
	}
}

// NesterovTorch is Nesterov momentum as torch.optim.SGD(nesterov=True) has it, the kernel
// [kernels.NesterovTorch]; v is a running sum of gradients:
//
//	v = rho*v + g
//	x = x - lr*(g + rho*v)
//
// With a constant lr its x are those of [Nesterov] but for rounding.
//
// State: v, one element per parameter.
type NesterovTorch struct {
	LR          float64 // required
	Rho         float64 // in [0, 1); default 0.9
	WeightDecay float64 // default 0
	Decoupled   bool
}

func (c NesterovTorch) spec() *spec {
	s := newSpec("NesterovTorch", &c.LR, 0, &c.WeightDecay, c.Decoupled)
	s.states = []string{"v"}
	s.value("Rho", &c.Rho, 0.9, 1)
	return bind(s, &c, stepNesterovTorch[float32], stepNesterovTorch[float64])
}

func stepNesterovTorch[T kernels.Float](u *update[T], h *NesterovTorch) {
	c := kernels.NewNesterovTorch[T](kernels.NesterovTorchHyper{LR: u.lr, Rho: h.Rho})
	c.Prelude = u.prelude
	for i, x := range u.x {
		u.k.NesterovTorch(x, u.state[0][i], u.g[i], c)
	}
}
