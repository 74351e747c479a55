package optim

import (
	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 5,
	Names: []Name{{Name: "nesterov-torch", About: "as PyTorch has it",
		Config: func(lr float64) Config { return NesterovTorch{LR: lr} }, Rate: 1e-4}},
	Settings: []Setting{{Name: "NesterovTorch", Config: NesterovTorch{LR: 0.01}}},
	Torch: []Torch{{Case: "NesterovTorch", Class: "SGD", Place: 3, Config: NesterovTorch{},
		Fields: "lr=LR weight_decay=WeightDecay momentum=Rho", Given: []string{
			"lr=0.01 momentum=0.9 nesterov=True",
			"lr=0.01 momentum=0.9 nesterov=True weight_decay=0.1",
			"lr=0.01 momentum=0.9 nesterov=True lambda=256",
		}}},
})

// NesterovTorch is Nesterov momentum as torch.optim.SGD(nesterov=True) has it, the kernel
// [kernels.NesterovTorch]; v is a running sum of gradients:
//
//	v = rho*v + g
//	x = x - lr*(g + rho*v)
//
// With a constant lr its x are those of [Nesterov] but for rounding.
//
// State: v, one element per parameter.
type NesterovTorch struct {
	LR          float64 // required
	Rho         float64 // in [0, 1); default 0.9
	WeightDecay float64 // default 0
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c NesterovTorch) Spec() *Spec {
	s := NewSpec("NesterovTorch", &c.LR, 0, &c.WeightDecay, c.Decoupled)
	s.Value("Rho", &c.Rho, 0.9, 1)
	s.Momentum(&c.Rho)
	s.OnePass()
	return Bind(s, &c, stepNesterovTorch[float32], stepNesterovTorch[float64])
}

func stepNesterovTorch[T kernels.Float](s *Setup[T], h *NesterovTorch) func(*Update[T]) {
	v := s.Moment("v", 0)
	return func(u *Update[T]) {
		c := kernels.NewNesterovTorch[T](kernels.NesterovTorchHyper{LR: u.LR, Rho: h.Rho})
		u.NesterovTorch(v, c)
	}
}
