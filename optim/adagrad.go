package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 6,
	Names: []Name{{Name: "adagrad", Config: func(lr float64) Config { return AdaGrad{LR: lr} }, Rate: 1e-3}},
	Settings: []Setting{
		{Name: "AdaGrad", Config: AdaGrad{LR: 0.1}},
		{Name: "AdaGrad/decay", Config: AdaGrad{LR: 0.1, LRDecay: 0.001, InitialAccumulator: 0.1}},
	},
	Torch: []Torch{{Case: "AdaGrad", Class: "Adagrad", Place: 6, Config: AdaGrad{},
		Fields: "lr=LR weight_decay=WeightDecay eps=Eps lr_decay=LRDecay initial_accumulator_value=InitialAccumulator",
		Given: []string{
			"lr=0.05 eps=1e-10",
			"lr=0.05 eps=0.01 weight_decay=0.1",
			"lr=0.05 eps=1e-10 lr_decay=0.02 initial_accumulator_value=0.1",
			"lr=0.05 eps=1e-10 lr_decay=0.02 maximize=True",
		}}},
})

// AdaGrad divides by the root of the sum of all squared gradients (Duchi, Hazan and Singer, 2011), the
// kernel [kernels.AdaGrad]:
//
//	s = s + g*g
//	x = x - (lr_t*g)/(sqrt(s)+eps)
//
// lr_t = lr/(1 + (t-1)*LRDecay) at step t = 1, 2, ... The sum starts from InitialAccumulator. Because it
// only grows, the steps decay to zero. LRDecay and InitialAccumulator are those of torch.optim.Adagrad.
//
// State: s, one element per parameter.
type AdaGrad struct {
	LR                 float64 // required
	Eps                float64 // default 1e-7, the lecture's; torch.optim.Adagrad has 1e-10
	LRDecay            float64 // default 0
	InitialAccumulator float64 // default 0
	WeightDecay        float64 // default 0
	Decoupled          bool
}

// Spec is for package optim: see [Config].
func (c AdaGrad) Spec() *Spec {
	s := NewSpec("AdaGrad", &c.LR, 0, &c.WeightDecay, c.Decoupled)
	s.Value("Eps", &c.Eps, 1e-7, math.Inf(1))
	s.Value("LRDecay", &c.LRDecay, 0, math.Inf(1))
	s.Value("InitialAccumulator", &c.InitialAccumulator, 0, math.Inf(1))
	s.OnePass()
	return Bind(s, &c, stepAdaGrad[float32], stepAdaGrad[float64])
}

func stepAdaGrad[T kernels.Float](s *Setup[T], h *AdaGrad) func(*Update[T]) {
	sum := s.NonNegative("s", h.InitialAccumulator)
	return func(u *Update[T]) {
		lr := u.LR / (1 + float64(float64(u.Step-1)*h.LRDecay))
		c := kernels.NewAdaGrad[T](kernels.AdaGradHyper{LR: lr, Eps: h.Eps})
		u.AdaGrad(sum, c)
	}
}
