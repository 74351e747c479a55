package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 7,
	Names: []Name{
		{Name: "rmsprop", Config: func(lr float64) Config { return RMSProp{LR: lr} }, Rate: 1e-4},
		{Name: "rmsprop-centered",
			Config: func(lr float64) Config { return RMSProp{LR: lr, Centered: true} }, Rate: 1e-4},
	},
	Settings: []Setting{
		{Name: "RMSProp", Config: RMSProp{LR: 0.005}},
		{Name: "RMSProp/centered", Config: RMSProp{LR: 0.005, Centered: true}},
		{Name: "RMSProp/momentum", Config: RMSProp{LR: 0.005, Rho: 0.9}},
		{Name: "RMSProp/centered-momentum", Config: RMSProp{LR: 0.005, Rho: 0.9, Centered: true}},
	},
	Torch: []Torch{{Case: "RMSProp", Class: "RMSprop", Place: 7, Config: RMSProp{},
		Fields: "lr=LR weight_decay=WeightDecay alpha=Decay eps=Eps momentum=Rho centered=Centered", Given: []string{
			"lr=0.01 alpha=0.99 eps=1e-8",
			"lr=0.01 alpha=0.99 eps=0.01 weight_decay=0.1",
			"lr=0.003 alpha=0.99 eps=1e-8 momentum=0.9",
			"lr=0.01 alpha=0.99 eps=1e-8 centered=True",
			"lr=0.003 alpha=0.99 eps=1e-8 momentum=0.9 centered=True weight_decay=0.1 maximize=True",
		}}},
})

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

// Spec is for package optim: see [Config].
func (c RMSProp) Spec() *Spec {
	s := NewSpec("RMSProp", &c.LR, 0, &c.WeightDecay, c.Decoupled)
	s.Value("Decay", &c.Decay, 0.99, 1)
	s.Value("Eps", &c.Eps, 1e-7, math.Inf(1))
	s.Value("Rho", &c.Rho, 0, 1)
	s.Momentum(&c.Rho)
	s.Flag("Centered", c.Centered)
	s.OnePass()
	return Bind(s, &c, stepRMSProp[float32], stepRMSProp[float64])
}

func stepRMSProp[T kernels.Float](setup *Setup[T], r *RMSProp) func(*Update[T]) {
	var m, b *Moment[T]
	s := setup.NonNegative("s", 0)
	if r.Centered {
		m = setup.Moment("m", 0)
	}
	if r.Rho != 0 {
		b = setup.Moment("b", 0)
	}
	return func(u *Update[T]) {
		h := kernels.RMSPropHyper{LR: u.LR, Decay: r.Decay, Eps: r.Eps}
		withRho := kernels.RMSPropMomentumHyper{LR: u.LR, Decay: r.Decay, Eps: r.Eps, Rho: r.Rho}
		switch {
		case r.Centered && b != nil:
			c := kernels.NewRMSPropCenteredMomentum[T](kernels.RMSPropCenteredMomentumHyper(withRho))
			u.RMSPropCenteredMomentum(s, m, b, c)
		case r.Centered:
			c := kernels.NewRMSPropCentered[T](kernels.RMSPropCenteredHyper(h))
			u.RMSPropCentered(s, m, c)
		case b != nil:
			c := kernels.NewRMSPropMomentum[T](withRho)
			u.RMSPropMomentum(s, b, c)
		default:
			c := kernels.NewRMSProp[T](h)
			u.RMSProp(s, c)
		}
	}
}
