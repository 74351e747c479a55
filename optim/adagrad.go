package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

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

func (c AdaGrad) spec() *spec {
	s := newSpec("AdaGrad", &c.LR, 0, &c.WeightDecay, c.Decoupled)
	s.states = []string{"s"}
	s.value("Eps", &c.Eps, 1e-7, math.Inf(1))
	s.value("LRDecay", &c.LRDecay, 0, math.Inf(1))
	s.value("InitialAccumulator", &c.InitialAccumulator, 0, math.Inf(1))
	s.init = c.InitialAccumulator
	return bind(s, &c, stepAdaGrad[float32], stepAdaGrad[float64])
}

func stepAdaGrad[T kernels.Float](u *update[T], h *AdaGrad) {
	lr := u.lr / (1 + float64(float64(u.t-1)*h.LRDecay))
	c := kernels.NewAdaGrad[T](kernels.AdaGradHyper{LR: lr, Eps: h.Eps})
	c.Prelude = u.prelude
	for i, x := range u.x {
		u.k.AdaGrad(x, u.state[0][i], u.g[i], c)
	}
}
