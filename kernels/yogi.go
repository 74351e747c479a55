package kernels

// Yogi is Adam whose second moment v moves towards the square of the gradient by a part of that square, however
// far it is:
//
//	m = beta1*m + (1-beta1)*g
//	q = g*g
//	v = v - ((1-beta2)*q)*sign(v-q)
//	x = x - (alpha*m)/(sqrt(unbias*v)+eps)
//
// With a beta2 in [0, 1) v does not become negative. sign is that of [Lion]. Source: Zaheer et al., Adaptive Methods
// for Nonconvex Optimization (2018), which has no bias correction: alpha = lr and unbias = 1.
func Yogi[T Float](x, m, v, g []T, c *YogiCoef[T]) {
	m, v, g = m[:len(x)], v[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		mi := T(c.Beta1*m[i]) + T(c.OneMinusBeta1*gi)
		q := T(gi * gi)
		vi := v[i] - T(T(c.OneMinusBeta2*q)*sign(v[i]-q))
		m[i], v[i] = mi, vi
		x[i] = xi - T(c.Alpha*mi)/(sqrt(T(c.Unbias*vi))+c.Eps)
	}
}
