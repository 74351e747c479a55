package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 33,
	Names: []Name{{Name: "yogi", Config: func(lr float64) Config { return Yogi{LR: lr} }, Rate: 1e-3}},
	Settings: []Setting{
		{Name: "Yogi", Config: Yogi{LR: 0.01}},
		{Name: "Yogi/unbiased", Config: Yogi{LR: 0.01, InitialAccumulator: Zero, BiasCorrection: true}},
	},
})

// Yogi is [Adam] whose second moment moves by a part of the squared gradient, however far it is (Zaheer et al.,
// Adaptive Methods for Nonconvex Optimization, 2018), the kernel [kernels.Yogi]:
//
//	m = beta1*m + (1-beta1)*g
//	v = v - (1-beta2)*sign(v-g^2)*g^2
//	x = x - (lr*m)/(sqrt(v)+eps)
//
// v starts from InitialAccumulator. BiasCorrection, which the paper has not and others' code has, divides m by
// 1-beta1^t and v by 1-beta2^t, as in Adam.
//
// State: m and v, together two elements per parameter.
type Yogi struct {
	LR                 float64 // default 0.01, the paper's
	Beta1              float64 // in [0, 1); default 0.9
	Beta2              float64 // in [0, 1); default 0.999
	Eps                float64 // default 1e-3, the paper's
	InitialAccumulator float64 // default 1e-6, that of optax and TensorFlow
	BiasCorrection     bool
	WeightDecay        float64 // default 0
	Decoupled          bool
}

// Spec is for package optim: see [Config].
func (c Yogi) Spec() *Spec {
	s := NewSpec("Yogi", &c.LR, 0.01, &c.WeightDecay, c.Decoupled)
	s.Value("Beta1", &c.Beta1, 0.9, 1)
	s.Momentum(&c.Beta1)
	s.Value("Beta2", &c.Beta2, 0.999, 1)
	s.Value("Eps", &c.Eps, 1e-3, math.Inf(1))
	s.Value("InitialAccumulator", &c.InitialAccumulator, 1e-6, math.Inf(1))
	s.Flag("BiasCorrection", c.BiasCorrection)
	s.OnePass()
	return Bind(s, &c, stepYogi[float32], stepYogi[float64])
}

func stepYogi[T kernels.Float](s *Setup[T], h *Yogi) func(*Update[T]) {
	m, v := s.Moment("m", 0), s.NonNegative("v", h.InitialAccumulator)
	return func(u *Update[T]) {
		c := kernels.NewYogi[T](kernels.YogiHyper{LR: u.LR, Beta1: h.Beta1, Beta2: h.Beta2, Eps: h.Eps}, u.Step)
		if !h.BiasCorrection {
			c.Alpha, c.Unbias = T(u.LR), 1
		}
		u.Yogi(m, v, c)
	}
}
