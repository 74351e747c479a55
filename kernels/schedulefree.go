package kernels

// ScheduleFree is gradient descent of z by the gradient at x, which lies between z and the average a of all z:
//
//	z = (z - decay*x) - lr*g
//	a = a + weight*(z-a)
//	x = a + (1-beta)*(z-a)
//
// Source: Defazio et al., The Road Less Scheduled (2024), whose y is x here and whose x is a.
func ScheduleFree[T Float](x, z, a, g []T, c *ScheduleFreeCoef[T]) {
	z, a, g = z[:len(x)], a[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		zi := (z[i] - T(c.Decay*xi)) - T(c.LR*gi)
		ai := a[i] + T(c.Weight*(zi-a[i]))
		z[i], a[i] = zi, ai
		x[i] = ai + T(c.OneMinusBeta*(zi-ai))
	}
}

// ScheduleFreeAdam is [ScheduleFree] whose gradient is divided by the root of a decaying mean v of its square:
//
//	v = beta2*v + ((1-beta2)*g)*g
//	z = (z - decay*x) - (lr*g)/(sqrt(unbias*v)+eps)
//	a = a + weight*(z-a)
//	x = a + (1-beta)*(z-a)
//
// Source: Defazio et al. (2024), algorithm 1.
func ScheduleFreeAdam[T Float](x, z, a, v, g []T, c *ScheduleFreeAdamCoef[T]) {
	z, a, v, g = z[:len(x)], a[:len(x)], v[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		vi := T(c.Beta2*v[i]) + T(T(c.OneMinusBeta2*gi)*gi)
		zi := (z[i] - T(c.Decay*xi)) - T(c.LR*gi)/(sqrt(T(c.Unbias*vi))+c.Eps)
		ai := a[i] + T(c.Weight*(zi-a[i]))
		z[i], a[i], v[i] = zi, ai, vi
		x[i] = ai + T(c.OneMinusBeta*(zi-ai))
	}
}
