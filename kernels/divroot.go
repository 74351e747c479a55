package kernels

// DivRoot divides by the root of a multiple of v, which is taken to be at least a bound:
//
//	w = a*v
//	w = least > w ? least : w
//	u = g/sqrt(w)
//
// It is Adafactor's update, of a row of a matrix whose mean squares are a times those of the columns.
func DivRoot[T Float](u, g, v []T, a, least T) {
	g, v = g[:len(u)], v[:len(u)]
	for i := range u {
		w := T(a * v[i])
		if least > w {
			w = least
		}
		u[i] = g[i] / sqrt(w)
	}
}
