package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 34,
	Names: []Name{{Name: "lars", Config: func(lr float64) Config { return LARS{LR: lr} }, Rate: 3}},
	Settings: []Setting{
		{Name: "LARS", Config: LARS{LR: 0.5}},
		{Name: "LARS/coupled", Config: LARS{LR: 0.5, WeightDecay: 0.01}, Options: clippedSetting},
	},
})

// LARS is momentum whose rate is, for each parameter, in proportion to the norm of that parameter over the norm of its
// gradient (You, Gitman and Ginsburg, Large Batch Training of Convolutional Networks, 2017), the kernel
// [kernels.MomentumVelocity]:
//
//	local = trust*|x| / (|g| + wd*|x|)
//	v = rho*v - (lr*local)*(g + wd*x)
//	x = x + v
//
// wd is WeightDecay, unless it is Decoupled: then it is 0 here. |g| is of the gradient before clipping by value, and
// |x| of the parameter before the step. Where a norm is 0, local is 1: a parameter of zeros starts to move. lr*local
// is at most the largest finite number. v is minus the paper's.
//
// State: v, one element per parameter.
type LARS struct {
	LR          float64 // required
	Rho         float64 // in [0, 1); default 0.9
	Trust       float64 // the paper's eta; default 1e-3
	WeightDecay float64 // default 0; the paper has 5e-4
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c LARS) Spec() *Spec {
	s := NewSpec("LARS", &c.LR, 0, &c.WeightDecay, c.Decoupled)
	s.Value("Rho", &c.Rho, 0.9, 1)
	s.Momentum(&c.Rho)
	s.Value("Trust", &c.Trust, 1e-3, math.Inf(1))
	s.OnePass()
	return Bind(s, &c, stepLARS[float32], stepLARS[float64])
}

func stepLARS[T kernels.Float](s *Setup[T], h *LARS) func(*Update[T]) {
	v := s.Moment("v", 0)
	s.Norms()
	return func(u *Update[T]) {
		wd := h.WeightDecay
		if h.Decoupled {
			wd = 0
		}
		for i := range u.X {
			local, norm := 1.0, u.ParamNorms[i]
			if norm > 0 && u.GradNorms[i] > 0 {
				local = scalar[float64](float64(h.Trust*norm) / (u.GradNorms[i] + float64(wd*norm)))
			}
			rate := float64(scalar[T](float64(u.LR * local)))
			c := kernels.NewMomentumVelocity[T](kernels.MomentumVelocityHyper{LR: rate, Rho: h.Rho})
			u.only(i).MomentumVelocity(v, c)
		}
	}
}
