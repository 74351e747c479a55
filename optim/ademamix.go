package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 38,
	Names: []Name{{Name: "ademamix", Config: func(lr float64) Config { return AdEMAMix{LR: lr} }, Rate: 3e-4}},
	Settings: []Setting{
		{Name: "AdEMAMix", Config: AdEMAMix{LR: 0.002}},
		{Name: "AdEMAMix/warm-up", Config: AdEMAMix{LR: 0.002, Mix: 8, WarmUp: 500}},
	},
})

// AdEMAMix is [Adam] whose step is a mixture of two means of the gradient, of which l remembers thousands of steps
// (Pagliardini, Ablin and Grangier, The AdEMAMix Optimizer: Better, Faster, Older, 2024), the kernel
// [kernels.AdEMAMix]:
//
//	m = beta1*m + (1-beta1)*g
//	l = beta3*l + (1-beta3)*g
//	v = beta2*v + (1-beta2)*g^2
//	x = x - lr * (m/(1-beta1^t) + mix*l) / (sqrt(v/(1-beta2^t)) + eps)
//
// l is not corrected for its start from 0. With WarmUp, a number of steps W that is not 0, mix at step t is Mix*t/W,
// and beta3 rises from Beta1 so that the half life of l grows in a straight line, to their own values after W steps:
//
//	beta3_t = exp(ln(beta1)*ln(Beta3) / ((1-t/W)*ln(Beta3) + (t/W)*ln(beta1)))
//
// The paper warms up over the whole training.
//
// State: m, l and v, together three elements per parameter.
type AdEMAMix struct {
	LR          float64 // default 1e-3
	Beta1       float64 // in [0, 1); default 0.9
	Beta2       float64 // in [0, 1); default 0.999
	Beta3       float64 // in [0, 1); default 0.9999
	Mix         float64 // the paper's alpha; default 5
	Eps         float64 // default 1e-8
	WarmUp      float64 // steps; default 0
	WeightDecay float64 // default 0
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c AdEMAMix) Spec() *Spec {
	s := NewSpec("AdEMAMix", &c.LR, 1e-3, &c.WeightDecay, c.Decoupled)
	s.Value("Beta1", &c.Beta1, 0.9, 1)
	s.Momentum(&c.Beta1)
	s.Value("Beta2", &c.Beta2, 0.999, 1)
	s.Value("Beta3", &c.Beta3, 0.9999, 1)
	s.Value("Mix", &c.Mix, 5, math.Inf(1))
	s.Value("Eps", &c.Eps, 1e-8, math.Inf(1))
	s.Value("WarmUp", &c.WarmUp, 0, math.Inf(1))
	s.OnePass()
	return Bind(s, &c, stepAdEMAMix[float32], stepAdEMAMix[float64])
}

func stepAdEMAMix[T kernels.Float](s *Setup[T], h *AdEMAMix) func(*Update[T]) {
	m, l, v := s.Moment("m", 0), s.Moment("l", 0), s.NonNegative("v", 0)
	return func(u *Update[T]) {
		mix, beta3 := h.at(u.Step)
		c := kernels.NewAdEMAMix[T](kernels.AdEMAMixHyper{LR: u.LR, Beta1: h.Beta1, Beta2: h.Beta2, Beta3: beta3,
			Mix: mix, Eps: h.Eps}, u.Step)
		u.AdEMAMix(m, l, v, c)
	}
}

// at returns mix and beta3 of a step. Those at the end are the Config's own; a beta of 0 has no logarithm, and starts
// as it ends.
func (h *AdEMAMix) at(t uint64) (mix, beta3 float64) {
	part := float64(t) / h.WarmUp
	if !(part < 1) {
		return h.Mix, h.Beta3
	}
	if h.Beta1 == 0 || h.Beta3 == 0 {
		return float64(h.Mix * part), h.Beta3
	}
	from, to := kernels.Log(h.Beta1), kernels.Log(h.Beta3)
	power := float64(from*to) / (float64((1-part)*to) + float64(part*from))
	return float64(h.Mix * part), min(kernels.Exp(power), h.Beta3)
}
