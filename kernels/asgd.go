package kernels

// ASGD is gradient descent on parameters that decay, and a mean a of them:
//
//	x = shrink*x - lr*g
//	a = a + mu*(x - a)
//
// Source: Polyak and Juditsky (1992), as torch.optim.ASGD has it.
func ASGD[T Float](x, a, g []T, c *ASGDCoef[T]) {
	a, g = a[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		xi = T(c.Shrink*xi) - T(c.LR*gi)
		x[i] = xi
		a[i] += T(c.Mu * (xi - a[i]))
	}
}
