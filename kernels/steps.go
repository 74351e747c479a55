package kernels

import "math"

// The optimizers' steps. All slices of a call have the same length; x holds parameters, g the gradient.
// Each loop first runs the Prelude of c, then the kernel's lines in order. T(a*b) keeps the compiler
// from fusing a product into the addition that follows it (rule 3).

// sqrt rounds correctly for float32 too: 53 bits are more than twice 24 plus 2.
func sqrt[T Float](x T) T { return T(math.Sqrt(float64(x))) }

// SGD is gradient descent:
//
//	x = x - lr*g
func SGD[T Float](x, g []T, c *SGDCoef[T]) {
	g = g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		x[i] = xi - T(c.LR*gi)
	}
}

// Momentum is gradient descent with momentum, v the running sum of gradients:
//
//	v = rho*v + g
//	x = x - lr*v
func Momentum[T Float](x, v, g []T, c *MomentumCoef[T]) {
	v, g = v[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		vi := T(c.Rho*v[i]) + gi
		v[i] = vi
		x[i] = xi - T(c.LR*vi)
	}
}

// MomentumVelocity is gradient descent with momentum, v a velocity in the units of x:
//
//	v = rho*v - lr*g
//	x = x + v
func MomentumVelocity[T Float](x, v, g []T, c *MomentumVelocityCoef[T]) {
	v, g = v[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		vi := T(c.Rho*v[i]) - T(c.LR*gi)
		v[i] = vi
		x[i] = xi + vi
	}
}

// Nesterov is Nesterov momentum after the change of variables that takes the gradient at x itself:
//
//	u = v
//	v = rho*v - lr*g
//	x = (x - rho*u) + (1+rho)*v
//
// Source: Stanford CS231n, lecture on optimization.
func Nesterov[T Float](x, v, g []T, c *NesterovCoef[T]) {
	v, g = v[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		ru := T(c.Rho * v[i])
		vi := ru - T(c.LR*gi)
		v[i] = vi
		x[i] = (xi - ru) + T(c.OnePlusRho*vi)
	}
}

// NesterovTorch is Nesterov momentum as torch.optim.SGD(nesterov=True) has it, v the running sum of
// gradients:
//
//	v = rho*v + g
//	x = x - lr*(g + rho*v)
//
// With a constant lr its x are those of [Nesterov], rounding aside.
func NesterovTorch[T Float](x, v, g []T, c *NesterovTorchCoef[T]) {
	v, g = v[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		vi := T(c.Rho*v[i]) + gi
		v[i] = vi
		x[i] = xi - T(c.LR*(gi+T(c.Rho*vi)))
	}
}

// AdaGrad divides by the root of the sum s of all squared gradients:
//
//	s = s + g*g
//	x = x - (lr*g)/(sqrt(s)+eps)
//
// Source: Duchi, Hazan and Singer (2011), with eps outside the root as in the lecture.
func AdaGrad[T Float](x, s, g []T, c *AdaGradCoef[T]) {
	s, g = s[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		si := s[i] + T(gi*gi)
		s[i] = si
		x[i] = xi - T(c.LR*gi)/(sqrt(si)+c.Eps)
	}
}

// RMSProp divides by the root of a decaying mean s of squared gradients:
//
//	s = decay*s + ((1-decay)*g)*g
//	x = x - (lr*g)/(sqrt(s)+eps)
//
// Source: Tieleman and Hinton (2012).
func RMSProp[T Float](x, s, g []T, c *RMSPropCoef[T]) {
	s, g = s[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		si := T(c.Decay*s[i]) + T(T(c.OneMinusDecay*gi)*gi)
		s[i] = si
		x[i] = xi - T(c.LR*gi)/(sqrt(si)+c.Eps)
	}
}

// RMSPropMomentum is RMSProp with a momentum buffer b over the divided gradients:
//
//	s = decay*s + ((1-decay)*g)*g
//	b = rho*b + g/(sqrt(s)+eps)
//	x = x - lr*b
//
// Source: torch.optim.RMSprop with momentum.
func RMSPropMomentum[T Float](x, s, b, g []T, c *RMSPropMomentumCoef[T]) {
	s, b, g = s[:len(x)], b[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		si := T(c.Decay*s[i]) + T(T(c.OneMinusDecay*gi)*gi)
		bi := T(c.Rho*b[i]) + gi/(sqrt(si)+c.Eps)
		s[i], b[i] = si, bi
		x[i] = xi - T(c.LR*bi)
	}
}

// RMSPropCentered divides by the standard deviation of the gradient, from the decaying means s of its
// square and m of itself:
//
//	s = decay*s + ((1-decay)*g)*g
//	m = decay*m + (1-decay)*g
//	x = x - (lr*g)/(sqrt(s-m*m)+eps)
//
// Where rounding makes s-m*m negative the result is NaN, as in torch.optim.RMSprop(centered=True),
// its source.
func RMSPropCentered[T Float](x, s, m, g []T, c *RMSPropCenteredCoef[T]) {
	s, m, g = s[:len(x)], m[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		q := T(c.OneMinusDecay * gi)
		si := T(c.Decay*s[i]) + T(q*gi)
		mi := T(c.Decay*m[i]) + q
		s[i], m[i] = si, mi
		x[i] = xi - T(c.LR*gi)/(sqrt(si-T(mi*mi))+c.Eps)
	}
}

// RMSPropCenteredMomentum is RMSPropCentered with a momentum buffer b over the divided gradients:
//
//	s = decay*s + ((1-decay)*g)*g
//	m = decay*m + (1-decay)*g
//	b = rho*b + g/(sqrt(s-m*m)+eps)
//	x = x - lr*b
//
// Source: torch.optim.RMSprop(centered=True) with momentum.
func RMSPropCenteredMomentum[T Float](x, s, m, b, g []T, c *RMSPropCenteredMomentumCoef[T]) {
	s, m, b, g = s[:len(x)], m[:len(x)], b[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		q := T(c.OneMinusDecay * gi)
		si := T(c.Decay*s[i]) + T(q*gi)
		mi := T(c.Decay*m[i]) + q
		bi := T(c.Rho*b[i]) + gi/(sqrt(si-T(mi*mi))+c.Eps)
		s[i], m[i], b[i] = si, mi, bi
		x[i] = xi - T(c.LR*bi)
	}
}

// Adam divides a decaying mean m of the gradient by the root of a decaying mean v of its square. The
// bias correction is folded into two scalars (see [NewAdam] and [NewAdamAlmost]):
//
//	m = beta1*m + (1-beta1)*g
//	v = beta2*v + ((1-beta2)*g)*g
//	x = x - (alpha*m)/(sqrt(unbias*v)+eps)
//
// Source: Kingma and Ba (2015).
func Adam[T Float](x, m, v, g []T, c *AdamCoef[T]) {
	m, v, g = m[:len(x)], v[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		mi := T(c.Beta1*m[i]) + T(c.OneMinusBeta1*gi)
		vi := T(c.Beta2*v[i]) + T(T(c.OneMinusBeta2*gi)*gi)
		m[i], v[i] = mi, vi
		x[i] = xi - T(c.Alpha*mi)/(sqrt(T(c.Unbias*vi))+c.Eps)
	}
}

// AMSGrad is Adam with the running maximum of v in the divisor:
//
//	m = beta1*m + (1-beta1)*g
//	v = beta2*v + ((1-beta2)*g)*g
//	vmax = vmax > v ? vmax : v
//	x = x - (alpha*m)/(sqrt(unbias*vmax)+eps)
//
// A NaN in v enters vmax. Source: Reddi, Kale and Kumar (2018), as torch.optim.Adam(amsgrad=True).
func AMSGrad[T Float](x, m, v, vmax, g []T, c *AMSGradCoef[T]) {
	m, v, vmax, g = m[:len(x)], v[:len(x)], vmax[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		mi := T(c.Beta1*m[i]) + T(c.OneMinusBeta1*gi)
		vi := T(c.Beta2*v[i]) + T(T(c.OneMinusBeta2*gi)*gi)
		top := vi
		if vmax[i] > vi {
			top = vmax[i]
		}
		m[i], v[i], vmax[i] = mi, vi, top
		x[i] = xi - T(c.Alpha*mi)/(sqrt(T(c.Unbias*top))+c.Eps)
	}
}

// Lion steps by the sign of an interpolation between momentum and gradient:
//
//	u = beta1*m + (1-beta1)*g
//	x = x - lr*sign(u)
//	m = beta2*m + (1-beta2)*g
//
// sign(±0) = +0 and sign(NaN) = NaN, as numpy.sign. Source: Chen et al., Symbolic Discovery of
// Optimization Algorithms (2023).
func Lion[T Float](x, m, g []T, c *LionCoef[T]) {
	m, g = m[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		u := T(c.Beta1*m[i]) + T(c.OneMinusBeta1*gi)
		x[i] = xi - T(c.LR*sign(u))
		m[i] = T(c.Beta2*m[i]) + T(c.OneMinusBeta2*gi)
	}
}

func sign[T Float](u T) T {
	switch {
	case u > 0:
		return 1
	case u < 0:
		return -1
	case u == 0:
		return 0
	}
	return u
}
