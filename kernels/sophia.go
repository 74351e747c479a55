package kernels

// Sophia divides a decaying mean m of the gradient by a multiple of an estimate h of the Hessian's diagonal, or by eps
// if that is more, and limits the quotient:
//
//	m = beta1*m + (1-beta1)*g
//	d = gamma*h
//	d = d > eps ? d : eps
//	u = m/d
//	u = least > u ? least : u
//	u = limit < u ? limit : u
//	x = x - lr*u
//
// least is -limit. Source: Liu et al., Sophia: A Scalable Stochastic Second-order Optimizer for Language Model
// Pre-training (2023), algorithm 3, whose limit is 1.
func Sophia[T Float](x, m, h, g []T, c *SophiaCoef[T]) {
	m, h, g = m[:len(x)], h[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		mi := T(c.Beta1*m[i]) + T(c.OneMinusBeta1*gi)
		d := T(c.Gamma * h[i])
		if !(d > c.Eps) {
			d = c.Eps
		}
		u := mi / d
		if c.Least > u {
			u = c.Least
		}
		if c.Limit < u {
			u = c.Limit
		}
		m[i] = mi
		x[i] = xi - T(c.LR*u)
	}
}
