package kernels

import "math"

// Adamax divides a decaying mean m of the gradient by u, the largest gradient in a memory that decays. Alpha has m's
// bias correction:
//
//	m = beta1*m + (1-beta1)*g
//	u = beta2*u
//	a = |g| + eps
//	u = u > a ? u : a
//	x = x - (alpha*m)/u
//
// Source: Kingma and Ba (2015), section 7.1, with eps as in torch.optim.Adamax.
func Adamax[T Float](x, m, u, g []T, c *AdamaxCoef[T]) {
	m, u, g = m[:len(x)], u[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		mi := T(c.Beta1*m[i]) + T(c.OneMinusBeta1*gi)
		top, a := T(c.Beta2*u[i]), T(math.Abs(float64(gi)))+c.Eps
		if !(top > a) {
			top = a
		}
		m[i], u[i] = mi, top
		x[i] = xi - T(c.Alpha*mi)/top
	}
}
