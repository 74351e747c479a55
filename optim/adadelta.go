package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place:    10,
	Names:    []Name{{Name: "adadelta", Config: func(lr float64) Config { return Adadelta{LR: lr} }, Rate: 0.1}},
	Settings: []Setting{{Name: "Adadelta", Config: Adadelta{LR: 0.5}}},
	Torch: []Torch{{Case: "Adadelta", Class: "Adadelta", Place: 8, Config: Adadelta{},
		Fields: "lr=LR weight_decay=WeightDecay rho=Decay eps=Eps", Given: []string{
			"lr=1.0 rho=0.9 eps=1e-6",
			"lr=0.5 rho=0.5 eps=0.001 weight_decay=0.1 maximize=True",
		}}},
})

// Adadelta divides by the root of a decaying mean of squared gradients and multiplies by that of squared updates,
// which gives steps the units of the parameters (Zeiler, ADADELTA, 2012), the kernel [kernels.Adadelta]:
//
//	s = decay*s + ((1-decay)*g)*g
//	u = sqrt((d+eps)/(s+eps))*g
//	d = decay*d + ((1-decay)*u)*u
//	x = x - lr*u
//
// The paper has no rate, which is an LR of 1. eps sets the size of the first step: lr*sqrt(eps/(1-decay)) and less.
//
// State: s and d, together two elements per parameter.
type Adadelta struct {
	LR          float64 // default 1
	Decay       float64 // rho in the paper, in [0, 1); default 0.9
	Eps         float64 // default 1e-6
	WeightDecay float64 // default 0
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c Adadelta) Spec() *Spec {
	s := NewSpec("Adadelta", &c.LR, 1, &c.WeightDecay, c.Decoupled)
	s.Value("Decay", &c.Decay, 0.9, 1)
	s.Value("Eps", &c.Eps, 1e-6, math.Inf(1))
	s.OnePass()
	return Bind(s, &c, stepAdadelta[float32], stepAdadelta[float64])
}

func stepAdadelta[T kernels.Float](setup *Setup[T], h *Adadelta) func(*Update[T]) {
	s, d := setup.NonNegative("s", 0), setup.NonNegative("d", 0)
	return func(u *Update[T]) {
		c := kernels.NewAdadelta[T](kernels.AdadeltaHyper{LR: u.LR, Decay: h.Decay, Eps: h.Eps})
		u.Adadelta(s, d, c)
	}
}
