package kernels

// Rprop steps by the sign of the gradient. The length s of an element's step grows by the factor up while the gradient
// g keeps the sign of the one before, p, and shrinks by down where it changes, which is also forgotten:
//
//	w = p*g
//	f = w > 0 ? up : 1
//	f = w < 0 ? down : f
//	s = f*s
//	s = least > s ? least : s
//	s = most < s ? most : s
//	p = w < 0 ? 0 : g
//	x = x - sign(p)*s
//
// sign is that of [Lion]. A product w that underflows to 0 has no sign. Source: Riedmiller and Braun, A direct adaptive
// method for faster backpropagation learning: the RPROP algorithm (1993), as torch.optim.Rprop.
func Rprop[T Float](x, p, s, g []T, c *RpropCoef[T]) {
	p, s, g = p[:len(x)], s[:len(x)], g[:len(x)]
	for i := range x {
		xi, gi := c.apply(x[i], g[i])
		si := s[i]
		switch w := T(p[i] * gi); {
		case w > 0:
			si = T(c.Up * si)
		case w < 0:
			si, gi = T(c.Down*si), 0
		}
		if c.Least > si {
			si = c.Least
		}
		if c.Most < si {
			si = c.Most
		}
		p[i], s[i] = gi, si
		x[i] = xi - T(sign(gi)*si)
	}
}
