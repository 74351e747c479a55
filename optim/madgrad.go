package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 42,
	Names: []Name{{Name: "madgrad", Config: func(lr float64) Config { return MADGRAD{LR: lr} }, Rate: 1e-4}},
	Settings: []Setting{
		{Name: "MADGRAD", Config: MADGRAD{LR: 0.01}},
		{Name: "MADGRAD/coupled", Config: MADGRAD{LR: 0.01, Rho: Zero, WeightDecay: 0.01}, Options: clippedSetting},
	},
})

// MADGRAD is dual averaging with adaptive rates (Defazio and Jelassi, Adaptivity without Compromise: A Momentumized,
// Adaptive, Dual Averaged Gradient Method for Stochastic Optimization, 2021), the kernel [kernels.MADGRAD]: from where
// x started it steps by the sum of all gradients over the cube root of the sum of their squares, both weighted, and x
// moves a part of the way there. With w = lr*sqrt(t) at step t,
//
//	s = s + w*g
//	v = v + w*g^2
//	x = rho*x + (1-rho)*(start - s/(cbrt(v)+eps))
//
// v below 1e-36 counts as that, whose root is 1e-12. Coupled weight decay is for it what the paper has; decoupled decay
// shrinks x alone, which goes back to where s and v say.
//
// State: s, v and start, together three elements per parameter; start is the parameters at the first step.
type MADGRAD struct {
	LR          float64 // default 0.01
	Rho         float64 // in [0, 1); default 0.9; the paper's c is 1 minus it
	Eps         float64 // default 1e-6
	WeightDecay float64 // default 0
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c MADGRAD) Spec() *Spec {
	s := NewSpec("MADGRAD", &c.LR, 0.01, &c.WeightDecay, c.Decoupled)
	s.Value("Rho", &c.Rho, 0.9, 1)
	s.Momentum(&c.Rho)
	s.Value("Eps", &c.Eps, 1e-6, math.Inf(1))
	return Bind(s, &c, stepMADGRAD[float32], stepMADGRAD[float64])
}

func stepMADGRAD[T kernels.Float](setup *Setup[T], h *MADGRAD) func(*Update[T]) {
	s, v, start := setup.Like("s", 0), setup.Like("v", 0), setup.Like("start", 0)
	return func(u *Update[T]) {
		if u.Step == 1 {
			for i, x := range u.X {
				copy(start[i], x)
			}
		}
		c := kernels.NewMADGRAD[T](kernels.MADGRADHyper{Rate: float64(u.LR * math.Sqrt(float64(u.Step))), Floor: 1e-36,
			Rho: h.Rho, Eps: h.Eps})
		c.Prelude = u.Prelude
		u.checked.MADGRADEach(u.X, s, v, start, u.G, c)
	}
}
