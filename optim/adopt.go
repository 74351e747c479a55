package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 37,
	Names: []Name{{Name: "adopt", Config: func(lr float64) Config { return ADOPT{LR: lr} }, Rate: 3e-4}},
	Settings: []Setting{
		{Name: "ADOPT", Config: ADOPT{LR: 0.005}},
		{Name: "ADOPT/unlimited", Config: ADOPT{LR: 0.005, Beta2: 0.99, Unlimited: true}},
	},
})

// ADOPT divides each gradient by the root of the second moment of those before it, and steps by the mean of the
// quotients (Taniguchi et al., ADOPT: Modified Adam Can Converge with Any beta2 with the Optimal Rate, 2024), the
// kernel [kernels.ADOPT]:
//
//	n = g / max(sqrt(v), eps), limited to the interval from -(t-1)^(1/4) to (t-1)^(1/4)
//	m = beta1*m + (1-beta1)*n
//	x = x - lr*m
//	v = beta2*v + (1-beta2)*g^2
//
// The first step, t = 1, only makes v = g^2, and x does not decay in it. Unlimited leaves the limit out, as in the
// paper's first version.
//
// State: m and v, together two elements per parameter.
type ADOPT struct {
	LR          float64 // default 1e-3
	Beta1       float64 // in [0, 1); default 0.9
	Beta2       float64 // in [0, 1); default 0.9999
	Eps         float64 // default 1e-6
	Unlimited   bool
	WeightDecay float64 // default 0
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c ADOPT) Spec() *Spec {
	s := NewSpec("ADOPT", &c.LR, 1e-3, &c.WeightDecay, c.Decoupled)
	s.Value("Beta1", &c.Beta1, 0.9, 1)
	s.Momentum(&c.Beta1)
	s.Value("Beta2", &c.Beta2, 0.9999, 1)
	s.Value("Eps", &c.Eps, 1e-6, math.Inf(1))
	s.Flag("Unlimited", c.Unlimited)
	s.OnePass()
	return Bind(s, &c, stepADOPT[float32], stepADOPT[float64])
}

func stepADOPT[T kernels.Float](s *Setup[T], h *ADOPT) func(*Update[T]) {
	m, v := s.Moment("m", 0), s.NonNegative("v", 0)
	return func(u *Update[T]) {
		limit := math.Sqrt(math.Sqrt(float64(u.Step - 1)))
		if h.Unlimited && u.Step > 1 {
			limit = math.Inf(1)
		}
		c := kernels.NewADOPT[T](kernels.ADOPTHyper{LR: u.LR, Beta1: h.Beta1, Beta2: h.Beta2, Eps: h.Eps,
			Limit: limit})
		if u.Step == 1 { // the limit of 0 keeps m and x, which does not decay either
			c.Beta2, c.OneMinusBeta2 = 0, 1
			decayAlone(&u.Prelude, 0)
		}
		u.ADOPT(m, v, c)
	}
}
