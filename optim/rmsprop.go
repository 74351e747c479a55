package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

// RMSProp divides by the root of a decaying mean of squared gradients (Tieleman and Hinton, 2012), the
// kernel [kernels.RMSProp]:
//
//	s = decay*s + ((1-decay)*g)*g
//	x = x - (lr*g)/(sqrt(s)+eps)
//
// Centered subtracts the square of the mean m = decay*m + (1-decay)*g from s under the root. A Rho
// other than 0 adds momentum over the divided gradients: b = rho*b + g/(sqrt(s)+eps), x = x - lr*b. Both are
// as in torch.optim.RMSprop: eps is added to the root, and lr is not part of what b sums. See
// [kernels.RMSPropCentered], [kernels.RMSPropMomentum] and [kernels.RMSPropCenteredMomentum].
//
// Centered is for gradients that vary: while one stays the same, s-m*m goes to 0, and after some hundred to
// some thousand steps rounding can make it negative. Its root, and from then on x, is NaN, as in
// torch.optim.RMSprop; eps does not prevent it, nor does Options.SkipNonFinite, which looks at gradients.
//
// State: s, one element per parameter; with Centered also m; with Rho also b.
type RMSProp struct {
	LR          float64 // required
	Decay       float64 // in [0, 1); default 0.99
	Eps         float64 // default 1e-7, the lecture's; torch.optim.RMSprop has 1e-8
	Rho         float64 // in [0, 1); default 0: no momentum
	Centered    bool
	WeightDecay float64 // default 0
	Decoupled   bool
}

func (c RMSProp) spec() *spec {
	s := newSpec("RMSProp", &c.LR, 0, &c.WeightDecay, c.Decoupled)
	s.value("Decay", &c.Decay, 0.99, 1)
	s.value("Eps", &c.Eps, 1e-7, math.Inf(1))
	s.value("Rho", &c.Rho, 0, 1)
	s.flag("Centered", c.Centered)
	s.states = []string{"s"}
	if c.Centered {
		s.states = append(s.states, "m")
	}
	if c.Rho != 0 {
		s.states = append(s.states, "b")
	}
	return bind(s, &c, stepRMSProp[float32], stepRMSProp[float64])
}

func stepRMSProp[T kernels.Float](u *update[T], r *RMSProp) {
	h := kernels.RMSPropHyper{LR: u.lr, Decay: r.Decay, Eps: r.Eps}
	withRho := kernels.RMSPropMomentumHyper{LR: u.lr, Decay: r.Decay, Eps: r.Eps, Rho: r.Rho}
	s := u.state
	switch {
	case r.Centered && r.Rho != 0:
		c := kernels.NewRMSPropCenteredMomentum[T](kernels.RMSPropCenteredMomentumHyper(withRho))
		c.Prelude = u.prelude
		for i, x := range u.x {
			u.k.RMSPropCenteredMomentum(x, s[0][i], s[1][i], s[2][i], u.g[i], c)
		}
	case r.Centered:
		c := kernels.NewRMSPropCentered[T](kernels.RMSPropCenteredHyper(h))
		c.Prelude = u.prelude
		for i, x := range u.x {
			u.k.RMSPropCentered(x, s[0][i], s[1][i], u.g[i], c)
		}
	case r.Rho != 0:
		c := kernels.NewRMSPropMomentum[T](withRho)
		c.Prelude = u.prelude
		for i, x := range u.x {
			u.k.RMSPropMomentum(x, s[0][i], s[1][i], u.g[i], c)
		}
	default:
		c := kernels.NewRMSProp[T](h)
		c.Prelude = u.prelude
		for i, x := range u.x {
			u.k.RMSProp(x, s[0][i], u.g[i], c)
		}
	}
}
