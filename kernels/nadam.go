package kernels

// NAdam is Adam whose step takes a part of the gradient besides the mean m that has it already, as Nesterov's momentum
// does:
//
//	m = beta1*m + (1-beta1)*g
//	v = beta2*v + ((1-beta2)*g)*g
//	x = x - (alpha*m + gamma*g)/(sqrt(unbias*v)+eps)
//
// Alpha and gamma have the rate, m's bias correction and the schedule of beta1. Source: Dozat, Incorporating Nesterov
// Momentum into Adam (2016).
func NAdam[T Float](x, m, v, g []T, c *NAdamCoef[T]) {
	m, v, g = m[:len(x)], v[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		mi := T(c.Beta1*m[i]) + T(c.OneMinusBeta1*gi)
		vi := T(c.Beta2*v[i]) + T(T(c.OneMinusBeta2*gi)*gi)
		m[i], v[i] = mi, vi
		x[i] = xi - (T(c.Alpha*mi)+T(c.Gamma*gi))/(sqrt(T(c.Unbias*vi))+c.Eps)
	}
}
