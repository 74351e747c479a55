package kernels

// The structs below hold a step's scalars, already rounded to the element type. Their layout is read
// by assembly: the scalars in the order of the kernel's table row, then the Prelude. Fill them
// with the New functions, which derive every scalar by rule 6 from hyperparameters in float64.

// Use selects the lines of a [Prelude] that run.
type Use uint32

const (
	UseScale Use = 1 << iota // g = scale*g
	UseClip                  // g = lo > g ? lo : g, then g = hi < g ? hi : g
	UseL2                    // g = g + l2*x
	UseKeep                  // x = keep*x
	Uses                     // how many combinations there are: every Use is below it
)

// A Prelude is what a step does to the gradient and the parameters before its own lines, in the same
// pass over memory and in this order:
//
//	g = scale*g         with UseScale: loss scaling, clipping by norm, -1 to maximize
//	g = lo > g ? lo : g
//	g = hi < g ? hi : g with UseClip: clipping by value, as [Clip]; a NaN in g stays
//	g = g + l2*x        with UseL2: coupled weight decay, the gradient of l2/2*x^2
//	x = keep*x          with UseKeep: decoupled weight decay (AdamW), keep = 1 - lr*wd
//
// The gradient in memory does not change. The zero value does nothing.
type Prelude[T Float] struct {
	Scale, Lo, Hi, L2, Keep T // as PreludeScalars lists them
	Use                     Use
}

// PreludeScalars are a Prelude's scalars in the order of its fields, which assembly reads.
var PreludeScalars = []string{"Scale", "Lo", "Hi", "L2", "Keep"}

// Scaled adds g = scale*g.
func (p Prelude[T]) Scaled(scale float64) Prelude[T] {
	p.Scale, p.Use = T(scale), p.Use|UseScale
	return p
}

// Clipped adds clipping by value to the interval from -limit to limit.
func (p Prelude[T]) Clipped(limit float64) Prelude[T] {
	p.Lo, p.Hi, p.Use = T(-limit), T(limit), p.Use|UseClip
	return p
}

// Coupled adds g = g + wd*x.
func (p Prelude[T]) Coupled(wd float64) Prelude[T] {
	p.L2, p.Use = T(wd), p.Use|UseL2
	return p
}

// Decoupled adds x = keep*x with keep = 1 - lr*wd.
func (p Prelude[T]) Decoupled(lr, wd float64) Prelude[T] {
	p.Keep, p.Use = T(1-float64(lr*wd)), p.Use|UseKeep
	return p
}

// apply runs the lines in use on one element.
func (p *Prelude[T]) apply(x, g T) (T, T) {
	if p.Use&UseScale != 0 {
		g = T(p.Scale * g)
	}
	if p.Use&UseClip != 0 {
		if p.Lo > g {
			g = p.Lo
		}
		if p.Hi < g {
			g = p.Hi
		}
	}
	if p.Use&UseL2 != 0 {
		g += T(p.L2 * x)
	}
	if p.Use&UseKeep != 0 {
		x = T(p.Keep * x)
	}
	return x, g
}

// SGDCoef holds the scalars of [SGD].
type SGDCoef[T Float] struct {
	LR T
	Prelude[T]
}

// NewSGD rounds the learning rate to T.
func NewSGD[T Float](lr float64) SGDCoef[T] { return SGDCoef[T]{LR: T(lr)} }

// MomentumHyper holds the hyperparameters of [Momentum], [MomentumVelocity], [Nesterov] and
// [NesterovTorch]. The lecture's rho is 0.9 or 0.99.
type MomentumHyper struct{ LR, Rho float64 }

// MomentumCoef holds the scalars of [Momentum].
type MomentumCoef[T Float] struct {
	Rho, LR T
	Prelude[T]
}

// NewMomentum rounds each hyperparameter to T.
func NewMomentum[T Float](h MomentumHyper) MomentumCoef[T] {
	return MomentumCoef[T]{Rho: T(h.Rho), LR: T(h.LR)}
}

// MomentumVelocityCoef holds the scalars of [MomentumVelocity].
type MomentumVelocityCoef[T Float] struct {
	Rho, LR T
	Prelude[T]
}

// NewMomentumVelocity rounds each hyperparameter to T.
func NewMomentumVelocity[T Float](h MomentumHyper) MomentumVelocityCoef[T] {
	return MomentumVelocityCoef[T]{Rho: T(h.Rho), LR: T(h.LR)}
}

// NesterovCoef holds the scalars of [Nesterov].
type NesterovCoef[T Float] struct {
	Rho, OnePlusRho, LR T
	Prelude[T]
}

// NewNesterov derives 1+rho in float64 and rounds each scalar to T.
func NewNesterov[T Float](h MomentumHyper) NesterovCoef[T] {
	return NesterovCoef[T]{Rho: T(h.Rho), OnePlusRho: T(1 + h.Rho), LR: T(h.LR)}
}

// NesterovTorchCoef holds the scalars of [NesterovTorch].
type NesterovTorchCoef[T Float] struct {
	Rho, LR T
	Prelude[T]
}

// NewNesterovTorch rounds each hyperparameter to T.
func NewNesterovTorch[T Float](h MomentumHyper) NesterovTorchCoef[T] {
	return NesterovTorchCoef[T]{Rho: T(h.Rho), LR: T(h.LR)}
}

// AdaGradHyper holds the hyperparameters of [AdaGrad]. The lecture's eps is 1e-7.
type AdaGradHyper struct{ LR, Eps float64 }

// AdaGradCoef holds the scalars of [AdaGrad].
type AdaGradCoef[T Float] struct {
	LR, Eps T
	Prelude[T]
}

// NewAdaGrad rounds each hyperparameter to T.
func NewAdaGrad[T Float](h AdaGradHyper) AdaGradCoef[T] {
	return AdaGradCoef[T]{LR: T(h.LR), Eps: T(h.Eps)}
}

// RMSPropHyper holds the hyperparameters of the four RMSProp kernels; Rho is used by those with
// momentum. The lecture's decay is 0.99 and its eps 1e-7.
type RMSPropHyper struct{ LR, Decay, Eps, Rho float64 }

// RMSPropCoef holds the scalars of [RMSProp].
type RMSPropCoef[T Float] struct {
	Decay, OneMinusDecay, LR, Eps T
	Prelude[T]
}

// NewRMSProp derives 1-decay in float64 and rounds each scalar to T.
func NewRMSProp[T Float](h RMSPropHyper) RMSPropCoef[T] {
	return RMSPropCoef[T]{T(h.Decay), T(1 - h.Decay), T(h.LR), T(h.Eps), Prelude[T]{}}
}

// RMSPropCenteredCoef holds the scalars of [RMSPropCentered].
type RMSPropCenteredCoef[T Float] struct {
	Decay, OneMinusDecay, LR, Eps T
	Prelude[T]
}

// NewRMSPropCentered derives 1-decay in float64 and rounds each scalar to T.
func NewRMSPropCentered[T Float](h RMSPropHyper) RMSPropCenteredCoef[T] {
	return RMSPropCenteredCoef[T](NewRMSProp[T](h))
}

// RMSPropMomentumCoef holds the scalars of [RMSPropMomentum].
type RMSPropMomentumCoef[T Float] struct {
	Decay, OneMinusDecay, Rho, LR, Eps T
	Prelude[T]
}

// NewRMSPropMomentum derives 1-decay in float64 and rounds each scalar to T.
func NewRMSPropMomentum[T Float](h RMSPropHyper) RMSPropMomentumCoef[T] {
	return RMSPropMomentumCoef[T]{T(h.Decay), T(1 - h.Decay), T(h.Rho), T(h.LR), T(h.Eps), Prelude[T]{}}
}

// RMSPropCenteredMomentumCoef holds the scalars of [RMSPropCenteredMomentum].
type RMSPropCenteredMomentumCoef[T Float] struct {
	Decay, OneMinusDecay, Rho, LR, Eps T
	Prelude[T]
}

// NewRMSPropCenteredMomentum derives 1-decay in float64 and rounds each scalar to T.
func NewRMSPropCenteredMomentum[T Float](h RMSPropHyper) RMSPropCenteredMomentumCoef[T] {
	return RMSPropCenteredMomentumCoef[T](NewRMSPropMomentum[T](h))
}

// AdamHyper holds the hyperparameters of [Adam] and [AMSGrad]. The lecture's values are LR 1e-3,
// Beta1 0.9, Beta2 0.999, Eps 1e-7.
type AdamHyper struct{ LR, Beta1, Beta2, Eps float64 }

// AdamCoef holds the scalars of [Adam] at one step.
type AdamCoef[T Float] struct {
	Beta1, OneMinusBeta1, Beta2, OneMinusBeta2 T
	Alpha                                      T // lr/(1-beta1^t), or lr without bias correction
	Unbias                                     T // 1/(1-beta2^t), or 1
	Eps                                        T
	Prelude[T]
}

// NewAdam gives the scalars of step t of the full form, with bias correction. The first step is t = 1.
// Source: Kingma and Ba, Adam (2015), algorithm 1.
func NewAdam[T Float](h AdamHyper, t uint64) AdamCoef[T] {
	c := NewAdamAlmost[T](h)
	c.Alpha = T(h.LR / (1 - PowInt(h.Beta1, t)))
	c.Unbias = T(1 / (1 - PowInt(h.Beta2, t)))
	return c
}

// NewAdamAlmost gives the scalars of the lecture's "almost" form, which lacks the bias correction:
// alpha = lr, unbias = 1.
func NewAdamAlmost[T Float](h AdamHyper) AdamCoef[T] {
	return AdamCoef[T]{
		Beta1: T(h.Beta1), OneMinusBeta1: T(1 - h.Beta1),
		Beta2: T(h.Beta2), OneMinusBeta2: T(1 - h.Beta2),
		Alpha: T(h.LR), Unbias: 1, Eps: T(h.Eps),
	}
}

// AMSGradCoef holds the scalars of [AMSGrad] at one step.
type AMSGradCoef[T Float] struct {
	Beta1, OneMinusBeta1, Beta2, OneMinusBeta2, Alpha, Unbias, Eps T
	Prelude[T]
}

// NewAMSGrad gives the scalars of step t, with bias correction. The first step is t = 1.
func NewAMSGrad[T Float](h AdamHyper, t uint64) AMSGradCoef[T] {
	return AMSGradCoef[T](NewAdam[T](h, t))
}

// LionHyper holds the hyperparameters of [Lion]. Its paper's betas are 0.9 and 0.99.
type LionHyper struct{ LR, Beta1, Beta2 float64 }

// LionCoef holds the scalars of [Lion].
type LionCoef[T Float] struct {
	Beta1, OneMinusBeta1, Beta2, OneMinusBeta2, LR T
	Prelude[T]
}

// NewLion derives 1-beta1 and 1-beta2 in float64 and rounds each scalar to T.
func NewLion[T Float](h LionHyper) LionCoef[T] {
	return LionCoef[T]{T(h.Beta1), T(1 - h.Beta1), T(h.Beta2), T(1 - h.Beta2), T(h.LR), Prelude[T]{}}
}

// PowInt returns x^t by binary powering, least significant bit of t first, every product rounded to
// float64: the power of rule 6. x^0 is 1.
func PowInt(x float64, t uint64) float64 {
	p := 1.0
	for ; t != 0; t >>= 1 {
		if t&1 != 0 {
			p = float64(p * x)
		}
		x = float64(x * x)
	}
	return p
}
