package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 14,
	Names: []Name{{Name: "asgd", About: "with an average, which is not what is evaluated",
		Config: func(lr float64) Config { return ASGD{LR: lr} }, Rate: 1e-3}},
	Settings: []Setting{{Name: "ASGD", Config: ASGD{LR: 0.05, Lambda: 0.01, T0: 100}}},
	Torch: []Torch{{Case: "ASGD", Class: "ASGD", Place: 12, Config: ASGD{},
		Fields: "lr=LR weight_decay=WeightDecay lambd=Lambda alpha=Alpha t0=T0", Given: []string{
			"lr=0.01 lambd=1e-4 alpha=0.75 t0=1e6",
			"lr=0.05 lambd=0.1 alpha=0.5 t0=20 weight_decay=0.1",
		}}},
})

// ASGD is gradient descent at a rate that falls, with an average of the parameters (Polyak and Juditsky, Acceleration
// of Stochastic Approximation by Averaging, 1992), the kernel [kernels.ASGD]:
//
//	x = (1 - eta*Lambda)*x - eta*g
//	ax = ax + mu*(x - ax)
//
// with eta = lr/(1 + Lambda*lr*(t-1))^Alpha and mu = 1/max(1, t-1-T0) at step t = 1, 2, ... Up to step T0+2 the average
// is x but for rounding, and from then on the mean of all x since. torch.optim.ASGD has the same with a constant rate;
// it takes eta from the rate of the step before.
//
// State: ax, one element per parameter: State("ax") is the average.
type ASGD struct {
	LR          float64 // default 1e-2
	Lambda      float64 // default 1e-4
	Alpha       float64 // default 0.75
	T0          float64 // default 1e6
	WeightDecay float64 // default 0
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c ASGD) Spec() *Spec {
	s := NewSpec("ASGD", &c.LR, 1e-2, &c.WeightDecay, c.Decoupled)
	s.Value("Lambda", &c.Lambda, 1e-4, math.Inf(1))
	s.Value("Alpha", &c.Alpha, 0.75, math.Inf(1))
	s.Value("T0", &c.T0, 1e6, math.Inf(1))
	return Bind(s, &c, stepASGD[float32], stepASGD[float64])
}

func stepASGD[T kernels.Float](s *Setup[T], h *ASGD) func(*Update[T]) {
	ax := s.Like("ax", 0)
	return func(u *Update[T]) {
		before := float64(u.Step - 1)
		slowed := kernels.Log(1 + float64(float64(h.Lambda*u.LR)*before))
		c := kernels.NewASGD[T](kernels.ASGDHyper{LR: u.LR / kernels.Exp(float64(h.Alpha*slowed)), Decay: h.Lambda,
			Mu: 1 / max(1, before-h.T0)})
		c.Prelude = u.Prelude
		u.checked.ASGDEach(u.X, ax, u.G, c)
	}
}
