package kernels

// AdEMAMix is Adam whose step is a mixture of two decaying means of the gradient, m and one with a longer memory, l:
//
//	m = beta1*m + (1-beta1)*g
//	l = beta3*l + (1-beta3)*g
//	v = beta2*v + ((1-beta2)*g)*g
//	x = x - (alpha*m + gamma*l)/(sqrt(unbias*v)+eps)
//
// gamma is lr times the paper's alpha. Source: Pagliardini, Ablin and Grangier, The AdEMAMix Optimizer: Better, Faster,
// Older (2024), where l is not corrected for its start.
func AdEMAMix[T Float](x, m, l, v, g []T, c *AdEMAMixCoef[T]) {
	m, l, v, g = m[:len(x)], l[:len(x)], v[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		mi := T(c.Beta1*m[i]) + T(c.OneMinusBeta1*gi)
		li := T(c.Beta3*l[i]) + T(c.OneMinusBeta3*gi)
		vi := T(c.Beta2*v[i]) + T(T(c.OneMinusBeta2*gi)*gi)
		m[i], l[i], v[i] = mi, li, vi
		x[i] = xi - (T(c.Alpha*mi)+T(c.Gamma*li))/(sqrt(T(c.Unbias*vi))+c.Eps)
	}
}
