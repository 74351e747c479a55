package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 32,
	Names: []Name{{Name: "adabelief", Config: func(lr float64) Config { return AdaBelief{LR: lr} }, Rate: 3e-4}},
	Settings: []Setting{
		{Name: "AdaBelief", Config: AdaBelief{LR: 0.01}},
		{Name: "AdaBelief/clipped", Config: AdaBelief{LR: 0.01, WeightDecay: 0.01, Decoupled: true},
			Options: clippedSetting},
	},
})

// AdaBelief is [Adam] that divides by how much the gradient differs from its mean (Zhuang et al., AdaBelief Optimizer:
// Adapting Stepsizes by the Belief in Observed Gradients, 2020), the kernel [kernels.AdaBelief]:
//
//	m = beta1*m + (1-beta1)*g
//	s = beta2*s + (1-beta2)*(g-m)^2 + eps
//	x = x - (lr*m/(1-beta1^t)) / (sqrt(s/(1-beta2^t)) + eps)
//
// eps is added in both places, as in the paper: the least divisor is about sqrt(eps/(1-beta2)).
//
// State: m and s, together two elements per parameter.
type AdaBelief struct {
	LR          float64 // default 1e-3
	Beta1       float64 // in [0, 1); default 0.9
	Beta2       float64 // in [0, 1); default 0.999
	Eps         float64 // default 1e-16, that of the authors' code
	WeightDecay float64 // default 0
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c AdaBelief) Spec() *Spec {
	s := NewSpec("AdaBelief", &c.LR, 1e-3, &c.WeightDecay, c.Decoupled)
	s.Value("Beta1", &c.Beta1, 0.9, 1)
	s.Momentum(&c.Beta1)
	s.Value("Beta2", &c.Beta2, 0.999, 1)
	s.Value("Eps", &c.Eps, 1e-16, math.Inf(1))
	s.OnePass()
	return Bind(s, &c, stepAdaBelief[float32], stepAdaBelief[float64])
}

func stepAdaBelief[T kernels.Float](setup *Setup[T], h *AdaBelief) func(*Update[T]) {
	m, s := setup.Moment("m", 0), setup.NonNegative("s", 0)
	return func(u *Update[T]) {
		c := kernels.NewAdaBelief[T](kernels.AdaBeliefHyper{LR: u.LR, Beta1: h.Beta1, Beta2: h.Beta2, Eps: h.Eps},
			u.Step)
		u.AdaBelief(m, s, c)
	}
}
