package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place:    11,
	Names:    []Name{{Name: "adamax", Config: func(lr float64) Config { return Adamax{LR: lr} }, Rate: 3e-4}},
	Settings: []Setting{{Name: "Adamax", Config: Adamax{LR: 0.01}}},
	Torch: []Torch{{Case: "Adamax", Class: "Adamax", Place: 9, Config: Adamax{},
		Fields: "lr=LR weight_decay=WeightDecay beta1=Beta1 beta2=Beta2 eps=Eps", Given: []string{
			"lr=0.01 beta1=0.9 beta2=0.999 eps=1e-8",
			"lr=0.01 beta1=0.5 beta2=0.9 eps=0.01 weight_decay=0.1 maximize=True",
			"lr=0.01 beta1=0.9 beta2=0.9 eps=1e-8 lr2=0.003 lambda=256",
		}}},
})

// Adamax divides a decaying mean of the gradient by its largest magnitude, in a memory that decays (Kingma and Ba,
// Adam, 2015, section 7.1), the kernel [kernels.Adamax]:
//
//	m = beta1*m + (1-beta1)*g
//	u = max(beta2*u, |g|+eps)
//	x = x - (alpha*m)/u
//
// with alpha = lr/(1-beta1^t) at step t = 1, 2, ... The paper has no eps; with 0 an element whose gradients were all 0
// becomes NaN.
//
// State: m and u, together two elements per parameter.
type Adamax struct {
	LR          float64 // default 2e-3
	Beta1       float64 // in [0, 1); default 0.9
	Beta2       float64 // in [0, 1); default 0.999
	Eps         float64 // default 1e-8, as torch.optim.Adamax
	WeightDecay float64 // default 0
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c Adamax) Spec() *Spec {
	s := NewSpec("Adamax", &c.LR, 2e-3, &c.WeightDecay, c.Decoupled)
	s.Value("Beta1", &c.Beta1, 0.9, 1)
	s.Momentum(&c.Beta1)
	s.Value("Beta2", &c.Beta2, 0.999, 1)
	s.Value("Eps", &c.Eps, 1e-8, math.Inf(1))
	s.OnePass()
	return Bind(s, &c, stepAdamax[float32], stepAdamax[float64])
}

func stepAdamax[T kernels.Float](s *Setup[T], h *Adamax) func(*Update[T]) {
	m, top := s.Moment("m", 0), s.NonNegative("u", 0)
	return func(u *Update[T]) {
		c := kernels.NewAdamax[T](kernels.AdamaxHyper{LR: u.LR, Beta1: h.Beta1, Beta2: h.Beta2, Eps: h.Eps}, u.Step)
		u.Adamax(m, top, c)
	}
}
