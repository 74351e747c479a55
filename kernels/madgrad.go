package kernels

// MADGRAD is dual averaging: from where x started it steps by the sum s of the gradients over the cube root of the sum
// v of their squares, and x moves a part of the way there:
//
//	s = s + rate*g
//	v = v + (rate*g)*g
//	w = v > floor ? v : floor
//	a = sqrt(sqrt(w))
//	b = sqrt(sqrt(a))
//	c = sqrt(sqrt(b))
//	d = sqrt(sqrt(c))
//	r = (a*b)*(c*d)
//	q = (r*r)*r
//	r = r + r*((w-q)/((q+q)+w))
//	q = (r*r)*r
//	r = r + r*((w-q)/((q+q)+w))
//	q = (r*r)*r
//	r = r + r*((w-q)/((q+q)+w))
//	x = rho*x + (1-rho)*(start - s/(r+eps))
//
// r is the cube root of w, to a unit in the last place for w from 1e-36 to 1e38: its first value is w to the power of
// 1/4 + 1/16 + 1/64 + 1/256 = 1/3 - 1/768, and Halley's iteration makes of a relative error e two thirds of its cube.
// The floor keeps the root of 0 from being 0/0. Source: Defazio and Jelassi, Adaptivity without Compromise (2021).
func MADGRAD[T Float](x, s, v, start, g []T, c *MADGRADCoef[T]) {
	s, v, start, g = s[:len(x)], v[:len(x)], start[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		step := T(c.Rate * gi)
		si, vi := s[i]+step, v[i]+T(step*gi)
		s[i], v[i] = si, vi
		w := vi
		if !(w > c.Floor) {
			w = c.Floor
		}
		target := start[i] - si/(cubeRoot(w)+c.Eps)
		x[i] = T(c.Rho*xi) + T(c.OneMinusRho*target)
	}
}

// cubeRoot is that of [MADGRAD]: of operations that round, and are on every instruction set.
func cubeRoot[T Float](w T) T {
	a := sqrt(sqrt(w))
	b := sqrt(sqrt(a))
	c := sqrt(sqrt(b))
	d := sqrt(sqrt(c))
	r := T(T(a*b) * T(c*d))
	for range 3 {
		q := T(T(r*r) * r)
		r += T(r * ((w - q) / ((q + q) + w)))
	}
	return r
}
