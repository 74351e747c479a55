package kernels

// AdaBelief divides a decaying mean m of the gradient by the root of a decaying mean s of the square of what the
// gradient differs from it by. The bias correction is folded into two scalars:
//
//	m = beta1*m + (1-beta1)*g
//	d = g - m
//	s = (beta2*s + ((1-beta2)*d)*d) + eps
//	x = x - (alpha*m)/(sqrt(unbias*s)+eps)
//
// Source: Zhuang et al., AdaBelief Optimizer (2020), where eps is in s too.
func AdaBelief[T Float](x, m, s, g []T, c *AdaBeliefCoef[T]) {
	m, s, g = m[:len(x)], s[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		mi := T(c.Beta1*m[i]) + T(c.OneMinusBeta1*gi)
		d := gi - mi
		si := (T(c.Beta2*s[i]) + T(T(c.OneMinusBeta2*d)*d)) + c.Eps
		m[i], s[i] = mi, si
		x[i] = xi - T(c.Alpha*mi)/(sqrt(T(c.Unbias*si))+c.Eps)
	}
}
