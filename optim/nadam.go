package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 12,
	Names: []Name{{Name: "nadam", Config: func(lr float64) Config { return NAdam{LR: lr} }, Rate: 3e-4}},
	Settings: []Setting{
		{Name: "NAdam", Config: NAdam{LR: 0.01}},
		{Name: "NAdam/coupled", Config: NAdam{LR: 0.01, MomentumDecay: 0.1, WeightDecay: 0.01},
			Options: clippedSetting},
	},
	// PyTorch 1.13 has mu_t twice in the product of gamma's denominator.
	Torch: []Torch{{Case: "NAdam", Class: "NAdam", Transcribed: true, Place: 10, Config: NAdam{},
		Fields: "lr=LR weight_decay=WeightDecay beta1=Beta1 beta2=Beta2 eps=Eps momentum_decay=MomentumDecay",
		Given: []string{
			"lr=0.01 beta1=0.9 beta2=0.999 eps=1e-8 momentum_decay=0.004",
			"lr=0.01 beta1=0.5 beta2=0.9 eps=0.01 momentum_decay=0.5 weight_decay=0.1 lambda=256",
		}}},
})

// NAdam is [Adam] with Nesterov's momentum (Dozat, Incorporating Nesterov Momentum into Adam, 2016), the kernel
// [kernels.NAdam]:
//
//	m = beta1*m + (1-beta1)*g
//	v = beta2*v + ((1-beta2)*g)*g
//	x = x - (alpha*m + gamma*g)/(sqrt(unbias*v)+eps)
//
// with mu_t = beta1*(1 - 0.5*0.96^(t*MomentumDecay)) and mu the product of mu_1 to mu_t at step t = 1, 2, ...,
//
//	alpha = lr*mu_{t+1}/(1 - mu*mu_{t+1})    gamma = lr*(1-mu_t)/(1-mu)    unbias = 1/(1-beta2^t)
//
// So beta1 has a schedule of its own: [Optimizer.SetMomentum] does not change it.
//
// State: m and v, together two elements per parameter. (mu is made of t.)
type NAdam struct {
	LR            float64 // default 2e-3
	Beta1         float64 // in [0, 1); default 0.9
	Beta2         float64 // in [0, 1); default 0.999
	Eps           float64 // default 1e-8
	MomentumDecay float64 // default 4e-3
	WeightDecay   float64 // default 0
	Decoupled     bool
}

// Spec is for package optim: see [Config].
func (c NAdam) Spec() *Spec {
	s := NewSpec("NAdam", &c.LR, 2e-3, &c.WeightDecay, c.Decoupled)
	s.Value("Beta1", &c.Beta1, 0.9, 1)
	s.Value("Beta2", &c.Beta2, 0.999, 1)
	s.Value("Eps", &c.Eps, 1e-8, math.Inf(1))
	s.Value("MomentumDecay", &c.MomentumDecay, 4e-3, math.Inf(1))
	s.OnePass()
	return Bind(s, &c, stepNAdam[float32], stepNAdam[float64])
}

// momentum is the beta1 of step t.
func (c *NAdam) momentum(t uint64) float64 {
	decay := kernels.Exp(float64(float64(t)*c.MomentumDecay) * kernels.Log(0.96))
	return float64(c.Beta1 * (1 - float64(0.5*decay)))
}

func stepNAdam[T kernels.Float](s *Setup[T], h *NAdam) func(*Update[T]) {
	m, v := s.Moment("m", 0), s.NonNegative("v", 0)
	product, steps := 1.0, uint64(0) // of the momenta of so many steps
	return func(u *Update[T]) {
		if u.Step < steps {
			product, steps = 1, 0
		}
		for steps < u.Step && product != 0 { // it stays 0
			steps++
			product = float64(product * h.momentum(steps))
		}
		now, next := h.momentum(u.Step), h.momentum(u.Step+1)
		c := kernels.NewNAdam[T](kernels.NAdamHyper{Beta1: h.Beta1, Beta2: h.Beta2, Eps: h.Eps,
			Alpha: float64(u.LR*next) / (1 - float64(product*next)),
			Gamma: float64(u.LR*(1-now)) / (1 - product)}, u.Step)
		u.NAdam(m, v, c)
	}
}
