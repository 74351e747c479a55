package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 35,
	Names: []Name{{Name: "lamb", Config: func(lr float64) Config { return LAMB{LR: lr} }, Rate: 1e-2}},
	Settings: []Setting{
		{Name: "LAMB", Config: LAMB{LR: 0.005, Decay: 0.01}},
		{Name: "LAMB/coupled", Config: LAMB{LR: 0.005, WeightDecay: 0.01}, Options: clippedSetting},
	},
})

// LAMB makes steps in the direction of [Adam], each as long as the learning rate times the norm of the parameter (You
// et al., Large Batch Optimization for Deep Learning: Training BERT in 76 Minutes, 2020), for each parameter:
//
//	m = beta1*m + (1-beta1)*g
//	v = beta2*v + (1-beta2)*g^2
//	d = (m/(1-beta1^t)) / (sqrt(v/(1-beta2^t)) + eps) + decay*x
//	x = x - lr * (|x|/|d|) * d
//
// Where a norm is 0 their quotient is 1; lr times it is at most the largest finite number. |x| is of the parameter
// before the step. Decay is the paper's lambda, whose part of the direction counts in |d|; WeightDecay is apart from
// it, as in every Config. The kernels are [kernels.Adam], which puts d into scratch memory of the largest parameter's
// size, and [kernels.Axpy].
//
// State: m and v, together two elements per parameter.
type LAMB struct {
	LR          float64 // default 1e-3
	Beta1       float64 // in [0, 1); default 0.9
	Beta2       float64 // in [0, 1); default 0.999
	Eps         float64 // default 1e-6, the paper's
	Decay       float64 // default 0; the paper has 0.01
	WeightDecay float64 // default 0
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c LAMB) Spec() *Spec {
	s := NewSpec("LAMB", &c.LR, 1e-3, &c.WeightDecay, c.Decoupled)
	s.Value("Beta1", &c.Beta1, 0.9, 1)
	s.Momentum(&c.Beta1)
	s.Value("Beta2", &c.Beta2, 0.999, 1)
	s.Value("Eps", &c.Eps, 1e-6, math.Inf(1))
	s.Value("Decay", &c.Decay, 0, math.Inf(1))
	return Bind(s, &c, stepLAMB[float32], stepLAMB[float64])
}

func stepLAMB[T kernels.Float](s *Setup[T], h *LAMB) func(*Update[T]) {
	m, v := s.Moment("m", 0), s.NonNegative("v", 0)
	s.Scratch(2 * s.longest())
	of, direction, prepared := make([][]T, 1), make([][]T, 1), make([][]T, 1)
	return func(u *Update[T]) {
		// x = 0 - (alpha*m)/(...) is the direction with a rate of -1.
		c := kernels.NewAdam[T](kernels.AdamHyper{LR: -1, Beta1: h.Beta1, Beta2: h.Beta2, Eps: h.Eps}, u.Step)
		for i, x := range u.X {
			of[0] = x
			length := norm(u.Engine, of)
			d, g := u.Scratch[:len(x)], u.Scratch[len(x):2*len(x)]
			direction[0], prepared[0] = d, g
			clear(d)
			u.Prepare(i, g)
			one := u.only(i)
			one.x.whole, one.g.whole, one.Prelude = direction, prepared, kernels.Prelude[T]{}
			one.Adam(m, v, c)
			if h.Decay != 0 {
				u.checked.Axpy(d, x, T(h.Decay))
			}
			ratio, all := 1.0, norm(u.Engine, direction)
			if length > 0 && all > 0 {
				ratio = scalar[float64](length / all)
			}
			u.checked.Axpy(x, d, scalar[T](-float64(u.LR*ratio)))
		}
	}
}
