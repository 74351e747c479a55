package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 8,
	Names: []Name{
		{Name: "adam", Config: func(lr float64) Config { return Adam{LR: lr} }, Rate: 3e-4},
		{Name: "adam-almost", About: "without bias correction",
			Config: func(lr float64) Config { return Adam{LR: lr, NoBiasCorrection: true} }, Rate: 3e-4},
		{Name: "adamw", About: "with a decay of 0.01",
			Config: func(lr float64) Config { return AdamW(lr, 0.01) }, Rate: 3e-4},
		{Name: "amsgrad", Config: func(lr float64) Config { return Adam{LR: lr, AMSGrad: true} }, Rate: 3e-4},
	},
	Settings: []Setting{
		{Name: "Adam", Config: Adam{LR: 0.01}},
		{Name: "Adam/almost", Config: Adam{LR: 0.01, NoBiasCorrection: true}},
		{Name: "Adam/coupled", Config: Adam{LR: 0.01, WeightDecay: 0.01}, Options: clippedSetting},
		{Name: "Adam/amsgrad", Config: Adam{LR: 0.01, AMSGrad: true}},
		{Name: "AdamW", Config: AdamW(0.01, 0.01)},
		{Name: "AdamW/clipped", Config: AdamW(0.01, 0.01), Options: clippedSetting, GradScale: 0.5},
	},
	Torch: []Torch{
		{Case: "Adam", Class: "Adam", Place: 4, Config: Adam{}, Fields: adamTorch, Given: []string{
			"lr=0.01 beta1=0.9 beta2=0.999 eps=1e-8",
			"lr=0.01 beta1=0.9 beta2=0.999 eps=0.01 weight_decay=0.1",
			"lr=0.002 beta1=0.5 beta2=0.9 eps=1e-8 maximize=True",
			"lr=0.01 beta1=0.9 beta2=0.999 eps=1e-8 lr2=0.003 clip_norm=1 lambda=256",
			"lr=0.01 beta1=0.9 beta2=0.9 eps=1e-8 amsgrad=True",
			"lr=0.01 beta1=0.9 beta2=0.9 eps=0.01 amsgrad=True weight_decay=0.1 maximize=True",
		}},
		{Case: "AdamW", Class: "AdamW", Place: 5, Config: Adam{Decoupled: true}, Fields: adamTorch, Given: []string{
			"lr=0.01 beta1=0.9 beta2=0.999 eps=1e-8 weight_decay=0.1",
			"lr=0.01 beta1=0.9 beta2=0.999 eps=1e-8 weight_decay=0.1 maximize=True lambda=256",
			"lr=0.01 beta1=0.9 beta2=0.9 eps=1e-8 weight_decay=0.1 amsgrad=True",
		}},
	},
})

const adamTorch = "lr=LR weight_decay=WeightDecay beta1=Beta1 beta2=Beta2 eps=Eps amsgrad=AMSGrad"

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

// Spec is for package optim: see [Config].
func (c Adam) Spec() *Spec {
	s := NewSpec("Adam", &c.LR, 1e-3, &c.WeightDecay, c.Decoupled)
	s.Value("Beta1", &c.Beta1, 0.9, 1)
	s.Momentum(&c.Beta1)
	s.Value("Beta2", &c.Beta2, 0.999, 1)
	s.Value("Eps", &c.Eps, 1e-7, math.Inf(1))
	s.Flag("NoBiasCorrection", c.NoBiasCorrection)
	s.Flag("AMSGrad", c.AMSGrad)
	s.OnePass()
	return Bind(s, &c, stepAdam[float32], stepAdam[float64])
}

func stepAdam[T kernels.Float](s *Setup[T], a *Adam) func(*Update[T]) {
	m, v := s.Moment("m", 0), s.NonNegative("v", 0)
	var vmax *Moment[T]
	if a.AMSGrad {
		vmax = s.NonNegative("vmax", 0)
	}
	return func(u *Update[T]) {
		h := kernels.AdamHyper{LR: u.LR, Beta1: a.Beta1, Beta2: a.Beta2, Eps: a.Eps}
		var c kernels.AdamCoef[T]
		if a.NoBiasCorrection {
			c = kernels.NewAdamAlmost[T](h)
		} else {
			c = kernels.NewAdam[T](h, u.Step)
		}
		if a.AMSGrad {
			u.AMSGrad(m, v, vmax, kernels.AMSGradCoef[T](c))
		} else {
			u.Adam(m, v, c)
		}
	}
}
