package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

// Adam divides a decaying mean of the gradient by the root of a decaying mean of its square (Kingma and
// Ba, 2015), the kernel [kernels.Adam]:
//
//	m = beta1*m + (1-beta1)*g
//	v = beta2*v + ((1-beta2)*g)*g
//	x = x - (alpha*m)/(sqrt(unbias*v)+eps)
//
// In the full form alpha = lr/(1-beta1^t) and unbias = 1/(1-beta2^t) at step t = 1, 2, ... With
// NoBiasCorrection, the lecture's "almost" form, alpha = lr and unbias = 1: the first steps are too long,
// because v starts from 0 and beta2 is close to 1. eps is added to the root of the corrected v, as in the
// paper's algorithm and in torch.optim.Adam, which divides sqrt(v) by sqrt(1-beta2^t).
//
// AMSGrad divides by the root of the running maximum of v (Reddi, Kale and Kumar, 2018), the kernel
// [kernels.AMSGrad]. For decoupled weight decay see [AdamW].
//
// State: m and v, together two elements per parameter; with AMSGrad also vmax.
type Adam struct {
	LR               float64 // default 1e-3
	Beta1            float64 // in [0, 1); default 0.9
	Beta2            float64 // in [0, 1); default 0.999
	Eps              float64 // default 1e-7, the lecture's; the paper and torch.optim.Adam have 1e-8
	NoBiasCorrection bool
	AMSGrad          bool
	WeightDecay      float64 // default 0
	Decoupled        bool
}

// AdamW returns [Adam] with decoupled weight decay (Loshchilov and Hutter, 2019): before the step,
// x = (1 - lr_t*weightDecay)*x. An lr of 0 means the default 1e-3. torch.optim.AdamW has a decay of 0.01
// and an eps of 1e-8; here a decay of 0 is none, and eps is Adam's default.
func AdamW(lr, weightDecay float64) Adam {
	return Adam{LR: lr, WeightDecay: weightDecay, Decoupled: true}
}

func (c Adam) spec() *spec {
	s := newSpec("Adam", &c.LR, 1e-3, &c.WeightDecay, c.Decoupled)
	s.value("Beta1", &c.Beta1, 0.9, 1)
	s.value("Beta2", &c.Beta2, 0.999, 1)
	s.value("Eps", &c.Eps, 1e-7, math.Inf(1))
	s.flag("NoBiasCorrection", c.NoBiasCorrection)
	s.flag("AMSGrad", c.AMSGrad)
	s.states = []string{"m", "v"}
	if c.AMSGrad {
		s.states = append(s.states, "vmax")
	}
	return bind(s, &c, stepAdam[float32], stepAdam[float64])
}

func stepAdam[T kernels.Float](u *update[T], a *Adam) {
	h := kernels.AdamHyper{LR: u.lr, Beta1: a.Beta1, Beta2: a.Beta2, Eps: a.Eps}
	var c kernels.AdamCoef[T]
	if a.NoBiasCorrection {
		c = kernels.NewAdamAlmost[T](h)
	} else {
		c = kernels.NewAdam[T](h, u.t)
	}
	c.Prelude = u.prelude
	s := u.state
	for i, x := range u.x {
		if a.AMSGrad {
			u.k.AMSGrad(x, s[0][i], s[1][i], s[2][i], u.g[i], kernels.AMSGradCoef[T](c))
		} else {
			u.k.Adam(x, s[0][i], s[1][i], u.g[i], c)
		}
	}
}
