package kernels

// Adadelta divides by the root of a decaying mean s of squared gradients and multiplies by that of a decaying mean d
// of squared updates, which gives the update the units of x:
//
//	s = decay*s + ((1-decay)*g)*g
//	u = sqrt((d+eps)/(s+eps))*g
//	d = decay*d + ((1-decay)*u)*u
//	x = x - lr*u
//
// Source: Zeiler, ADADELTA (2012), whose quotient of two roots is the root of a quotient here.
func Adadelta[T Float](x, s, d, g []T, c *AdadeltaCoef[T]) {
	s, d, g = s[:len(x)], d[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		si := T(c.Decay*s[i]) + T(T(c.OneMinusDecay*gi)*gi)
		u := T(sqrt((d[i]+c.Eps)/(si+c.Eps)) * gi)
		s[i], d[i] = si, T(c.Decay*d[i])+T(T(c.OneMinusDecay*u)*u)
		x[i] = xi - T(c.LR*u)
	}
}
