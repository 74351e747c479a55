package kernels

// Adan is Adam with Nesterov momentum, by the difference of the gradient from the one before, p. m and v are decaying
// means of the gradient and of the difference, s one of the square of both together:
//
//	d = g - p
//	u = g + beta2*d
//	m = beta1*m + (1-beta1)*g
//	v = beta2*v + (1-beta2)*d
//	s = beta3*s + ((1-beta3)*u)*u
//	x = x - (alpha*m + gamma*v)/(sqrt(unbias*s)+eps)
//	p = g
//
// Source: Xie et al., Adan: Adaptive Nesterov Momentum Algorithm (2022), whose betas are 1 minus these, with the bias
// corrections of its authors' code.
func Adan[T Float](x, m, v, s, p, g []T, c *AdanCoef[T]) {
	m, v, s, p, g = m[:len(x)], v[:len(x)], s[:len(x)], p[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		d := gi - p[i]
		u := gi + T(c.Beta2*d)
		mi := T(c.Beta1*m[i]) + T(c.OneMinusBeta1*gi)
		vi := T(c.Beta2*v[i]) + T(c.OneMinusBeta2*d)
		si := T(c.Beta3*s[i]) + T(T(c.OneMinusBeta3*u)*u)
		m[i], v[i], s[i], p[i] = mi, vi, si, gi
		x[i] = xi - (T(c.Alpha*mi)+T(c.Gamma*vi))/(sqrt(T(c.Unbias*si))+c.Eps)
	}
}
