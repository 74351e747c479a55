package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 13,
	Names: []Name{{Name: "radam", Config: func(lr float64) Config { return RAdam{LR: lr} }, Rate: 1e-3}},
	Settings: []Setting{
		{Name: "RAdam", Config: RAdam{LR: 0.01}},
		{Name: "RAdam/decoupled", Config: RAdam{LR: 0.01, WeightDecay: 0.01, Decoupled: true}, Options: clippedSetting},
	},
	Torch: []Torch{{Case: "RAdam", Class: "RAdam", Place: 11, Config: RAdam{},
		Fields: "lr=LR weight_decay=WeightDecay beta1=Beta1 beta2=Beta2 eps=Eps", Given: []string{
			"lr=0.01 beta1=0.9 beta2=0.95 eps=1e-8",
			"lr=0.01 beta1=0.5 beta2=0.9 eps=0.01 weight_decay=0.1 lambda=256",
			"lr=0.01 beta1=0.9 beta2=0.5 eps=1e-8",
		}}},
})

// RAdam is [Adam] whose rate is rectified by the variance of 1/sqrt(v), which is of few gradients in the first steps
// (Liu et al., On the Variance of the Adaptive Learning Rate and Beyond, 2020), the kernel [kernels.Adam]:
//
//	m = beta1*m + (1-beta1)*g
//	v = beta2*v + ((1-beta2)*g)*g
//	x = x - (alpha*m)/(sqrt(v)+eps)
//
// with r_inf = 2/(1-beta2) - 1 and r = r_inf - 2*t*beta2^t/(1-beta2^t) at step t = 1, 2, ...,
//
//	alpha = lr*sqrt((r-4)*(r-2)*r_inf / ((r_inf-4)*(r_inf-2)*r)) * sqrt(1-beta2^t)/(1-beta1^t)
//
// While r is at most 5, in the first 5 steps with the default beta2, x = x - alpha*m with alpha = lr/(1-beta1^t): the
// divisor is 1. In these steps x becomes NaN where a square of a gradient overflows. eps is added to the root of v as
// it is, as in torch.optim.RAdam.
//
// State: m and v, together two elements per parameter.
type RAdam struct {
	LR          float64 // default 1e-3
	Beta1       float64 // in [0, 1); default 0.9
	Beta2       float64 // in [0, 1); default 0.999
	Eps         float64 // default 1e-8
	WeightDecay float64 // default 0
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c RAdam) Spec() *Spec {
	s := NewSpec("RAdam", &c.LR, 1e-3, &c.WeightDecay, c.Decoupled)
	s.Value("Beta1", &c.Beta1, 0.9, 1)
	s.Momentum(&c.Beta1)
	s.Value("Beta2", &c.Beta2, 0.999, 1)
	s.Value("Eps", &c.Eps, 1e-8, math.Inf(1))
	s.OnePass()
	return Bind(s, &c, stepRAdam[float32], stepRAdam[float64])
}

// scalars are alpha, the factor on v and eps of step t. Factor 0 and eps 1 divide by 1.
func (c *RAdam) scalars(lr float64, t uint64) (alpha, unbias, eps float64) {
	power2 := kernels.PowInt(c.Beta2, t)
	alpha = lr / (1 - kernels.PowInt(c.Beta1, t))
	limit := 2/(1-c.Beta2) - 1
	r := limit - float64(float64(2*float64(t))*power2)/(1-power2)
	if !(r > 5) {
		return alpha, 0, 1
	}
	part := float64(float64((r-4)*(r-2))*limit) / float64(float64((limit-4)*(limit-2))*r)
	return float64(alpha * math.Sqrt(float64(part*(1-power2)))), 1, c.Eps
}

func stepRAdam[T kernels.Float](s *Setup[T], h *RAdam) func(*Update[T]) {
	m, v := s.Moment("m", 0), s.NonNegative("v", 0)
	return func(u *Update[T]) {
		alpha, unbias, eps := h.scalars(u.LR, u.Step)
		c := kernels.NewAdamAlmost[T](kernels.AdamHyper{LR: alpha, Beta1: h.Beta1, Beta2: h.Beta2, Eps: eps})
		c.Unbias = T(unbias)
		u.Adam(m, v, c)
	}
}
