package kernels

// ADOPT divides the gradient by the root of the second moment v that it has before this gradient, or by eps if that is
// more, limits the quotient, and steps by its decaying mean m:
//
//	r = sqrt(v)
//	d = r > eps ? r : eps
//	n = g/d
//	n = least > n ? least : n
//	n = limit < n ? limit : n
//	m = beta1*m + (1-beta1)*n
//	x = x - lr*m
//	v = beta2*v + ((1-beta2)*g)*g
//
// least is -limit. Source: Taniguchi et al., ADOPT: Modified Adam Can Converge with Any beta2 with the Optimal Rate
// (2024).
func ADOPT[T Float](x, m, v, g []T, c *ADOPTCoef[T]) {
	m, v, g = m[:len(x)], v[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		d := sqrt(v[i])
		if !(d > c.Eps) {
			d = c.Eps
		}
		n := gi / d
		if c.Least > n {
			n = c.Least
		}
		if c.Limit < n {
			n = c.Limit
		}
		mi := T(c.Beta1*m[i]) + T(c.OneMinusBeta1*n)
		m[i] = mi
		x[i] = xi - T(c.LR*mi)
		v[i] = T(c.Beta2*v[i]) + T(T(c.OneMinusBeta2*gi)*gi)
	}
}
