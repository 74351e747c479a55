package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 36,
	Names: []Name{{Name: "adan", Config: func(lr float64) Config { return Adan{LR: lr} }, Rate: 3e-4}},
	Settings: []Setting{
		{Name: "Adan", Config: Adan{LR: 0.005}},
		{Name: "Adan/clipped", Config: Adan{LR: 0.005, WeightDecay: 0.02, Decoupled: true}, Options: clippedSetting},
	},
})

// Adan is [Adam] with Nesterov momentum, which it has from the gradients' differences (Xie et al., Adan: Adaptive
// Nesterov Momentum Algorithm for Faster Optimizing Deep Models, 2022), the kernel [kernels.Adan]. With d the
// difference of the gradient from the last one, in the first step 0 (or what narrow states lose of a gradient),
//
//	m = beta1*m + (1-beta1)*g
//	v = beta2*v + (1-beta2)*d
//	s = beta3*s + (1-beta3)*(g + beta2*d)^2
//	x = x - lr * (m/(1-beta1^t) + beta2*v/(1-beta2^t)) / (sqrt(s/(1-beta3^t)) + eps)
//
// The paper's betas are 1 minus these, which are those of its authors' code, as are the bias corrections. Decoupled
// weight decay shrinks x before the step (the code's no_prox); the paper divides x by 1+lr*wd after it.
//
// State: m, v, s and g, the last gradient as a step takes it, together four elements per parameter.
type Adan struct {
	LR          float64 // default 1e-3
	Beta1       float64 // in [0, 1); default 0.98
	Beta2       float64 // in [0, 1); default 0.92
	Beta3       float64 // in [0, 1); default 0.99
	Eps         float64 // default 1e-8
	WeightDecay float64 // default 0; the paper has 0.02
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c Adan) Spec() *Spec {
	s := NewSpec("Adan", &c.LR, 1e-3, &c.WeightDecay, c.Decoupled)
	s.Value("Beta1", &c.Beta1, 0.98, 1)
	s.Momentum(&c.Beta1)
	s.Value("Beta2", &c.Beta2, 0.92, 1)
	s.Value("Beta3", &c.Beta3, 0.99, 1)
	s.Value("Eps", &c.Eps, 1e-8, math.Inf(1))
	s.OnePass()
	return Bind(s, &c, stepAdan[float32], stepAdan[float64])
}

func stepAdan[T kernels.Float](setup *Setup[T], h *Adan) func(*Update[T]) {
	m, v, s, last := setup.Moment("m", 0), setup.Moment("v", 0), setup.NonNegative("s", 0), setup.Moment("g", 0)
	buffer, lengths := setup.buffer(), setup.group.lengths
	return func(u *Update[T]) {
		if u.Step == 1 {
			for i, n := range lengths {
				for lo := 0; lo < n; {
					g := last.load(u.Engine, i, lo, buffer)
					u.gradient(i, lo, g)
					last.store(u.Engine, i, lo, g, kernels.Rounding{Nearest: true})
					lo += len(g)
				}
			}
		}
		c := kernels.NewAdan[T](kernels.AdanHyper{LR: u.LR, Beta1: h.Beta1, Beta2: h.Beta2, Beta3: h.Beta3,
			Eps: h.Eps}, u.Step)
		u.Adan(m, v, s, last, c)
	}
}
