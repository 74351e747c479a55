package kernels

// The vector operations that optimizers, L-BFGS and classifiers compose from. All slices of a call
// have the same length.

// Axpy adds a multiple of x to y, rounding the product and the sum: y = y + a*x.
func Axpy[T Float](y, x []T, a T) {
	x = x[:len(y)]
	for i := range y {
		y[i] += T(a * x[i])
	}
}

// Axpby combines x and y: y = a*x + b*y. With a = 1-d and b = d it is a moving average.
func Axpby[T Float](y, x []T, a, b T) {
	x = x[:len(y)]
	for i := range y {
		y[i] = T(a*x[i]) + T(b*y[i])
	}
}

// Scale multiplies x by a: x = a*x.
func Scale[T Float](x []T, a T) {
	for i := range x {
		x[i] = T(a * x[i])
	}
}

// Add stores the sum: z = x + y.
func Add[T Float](z, x, y []T) {
	x, y = x[:len(z)], y[:len(z)]
	for i := range z {
		z[i] = x[i] + y[i]
	}
}

// Sub stores the difference: z = x - y.
func Sub[T Float](z, x, y []T) {
	x, y = x[:len(z)], y[:len(z)]
	for i := range z {
		z[i] = x[i] - y[i]
	}
}

// Mul stores the element-wise product: z = x*y.
func Mul[T Float](z, x, y []T) {
	x, y = x[:len(z)], y[:len(z)]
	for i := range z {
		z[i] = T(x[i] * y[i])
	}
}

// Clip limits x to the interval from lo to hi: x = lo > x ? lo : x, then x = hi < x ? hi : x. A NaN
// in x stays; a NaN bound does not limit.
func Clip[T Float](x []T, lo, hi T) {
	for i, xi := range x {
		if lo > xi {
			xi = lo
		}
		if hi < xi {
			xi = hi
		}
		x[i] = xi
	}
}
