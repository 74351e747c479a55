package optim

import (
	"fmt"
	"math"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 41,
	Names: []Name{{Name: "sophia", About: "without a Hessian, by signs",
		Config: func(lr float64) Config { return Sophia{LR: lr} }, Rate: 1e-4}},
	Settings: []Setting{{Name: "Sophia", Config: Sophia{LR: 0.002, WeightDecay: 0.1, Decoupled: true, Eps: 0.25}}},
})

// Sophia divides a mean of the gradient by a mean h of estimates of the Hessian's diagonal, and limits the quotient
// (Liu et al., Sophia: A Scalable Stochastic Second-order Optimizer for Language Model Pre-training, 2023, algorithm
// 3), the kernel [kernels.Sophia]:
//
//	m = beta1*m + (1-beta1)*g
//	x = x - lr * clip(m / max(gamma*h, eps), -1, 1)
//
// The estimates come from the caller, every ten steps or so, through [UpdateHessian]:
//
//	h = beta2*h + (1-beta2)*estimate
//
// Until the first the quotient is m/eps, whose limit is nearly always the sign of m.
//
// State: m and h, together two elements per parameter.
type Sophia struct {
	LR          float64 // required
	Beta1       float64 // in [0, 1); default 0.96
	Beta2       float64 // in [0, 1); default 0.99
	Gamma       float64 // default 0.01, for Hutchinson's estimates; the paper has 0.05 for those of Gauss-Newton
	Eps         float64 // default 1e-12
	WeightDecay float64 // default 0; the paper has 0.2
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c Sophia) Spec() *Spec {
	s := NewSpec("Sophia", &c.LR, 0, &c.WeightDecay, c.Decoupled)
	s.Value("Beta1", &c.Beta1, 0.96, 1)
	s.Momentum(&c.Beta1)
	s.Value("Beta2", &c.Beta2, 0.99, 1)
	s.Value("Gamma", &c.Gamma, 0.01, math.Inf(1))
	s.Value("Eps", &c.Eps, 1e-12, math.Inf(1))
	s.OnePass()
	return Bind(s, &c, stepSophia[float32], stepSophia[float64])
}

func stepSophia[T kernels.Float](s *Setup[T], h *Sophia) func(*Update[T]) {
	m, hessian := s.Moment("m", 0), s.Moment("h", 0)
	buffer := s.buffer()
	s.group.hessian = func(e bitstep.Engine[T], i int, estimate []T, r kernels.Rounding) {
		beta2 := T(h.Beta2)
		for lo := 0; lo < len(estimate); {
			mean := hessian.load(e, i, lo, buffer)
			e.Axpby(mean, estimate[lo:lo+len(mean)], 1-beta2, beta2) // weights that sum to 1: see EMA
			hessian.store(e, i, lo, mean, r)
			lo += len(mean)
		}
	}
	return func(u *Update[T]) {
		c := kernels.NewSophia[T](kernels.SophiaHyper{LR: u.LR, Beta1: h.Beta1, Gamma: h.Gamma, Eps: h.Eps, Limit: 1})
		u.Sophia(m, hessian, c)
	}
}

// UpdateHessian takes estimates of the Hessian's diagonal, one for each parameter of the optimizer and in the order of
// gradients, into the state h of the groups whose algorithm is [Sophia]; those of other groups are not read. Estimates
// are not scaled or clipped. Narrow states are rounded by random bits of the count of steps: calls with no step between
// them have the same. It returns an error, and has changed nothing, if the number or a length is wrong, if an estimate
// overlaps a parameter or state, or if no group's algorithm is Sophia.
func UpdateHessian[T kernels.Float](o *Optimizer[T], estimates ...[]T) error {
	if err := o.checkSlices("estimate", estimates); err != nil {
		return fmt.Errorf("optim: UpdateHessian: %w", err)
	}
	some := false
	// Streams of random bits that no step has.
	r := kernels.Rounding{Seed: o.opts.Seed, Step: o.steps, Stream: 1 << 63}
	for _, g := range o.groups {
		if g.hessian == nil {
			continue
		}
		some = true
		for i := range g.x {
			of := r
			of.Stream += uint64(g.first + i)
			g.hessian(o.k, i, estimates[g.first+i], of)
		}
	}
	if !some {
		return fmt.Errorf("optim: UpdateHessian: no group's algorithm is Sophia")
	}
	return nil
}
