package problems

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

// The problems with a number of parameters to choose.

// fill returns n numbers f(1), f(2) ... f(n).
func fill(n int, f func(j float64) float64) []float64 {
	x := make([]float64, n)
	for j := range x {
		x[j] = f(float64(j + 1))
	}
	return x
}

// powellSingular is problem 13 for n = 4, problem 22 for its multiples.
func powellSingular(name string, n int) Problem {
	start := make([]float64, n)
	for j := range start {
		start[j] = [4]float64{3, -1, 0, 1}[j%4]
	}
	return squares(name, start, n, func(i int, x, d []float64) float64 {
		j := i &^ 3
		x, d = x[j:], d[j:]
		switch i - j {
		case 0:
			d[0], d[1] = 1, 10
			return x[0] + mul(10, x[1])
		case 1:
			d[2], d[3] = math.Sqrt(5), -math.Sqrt(5)
			return mul(math.Sqrt(5), x[2]-x[3])
		case 2:
			a := x[1] - mul(2, x[2])
			d[1], d[2] = 2*a, -4*a
			return sq(a)
		}
		a := x[0] - x[3]
		d[0], d[3] = mul(2*math.Sqrt(10), a), mul(-2*math.Sqrt(10), a)
		return mul(math.Sqrt(10), sq(a))
	}, func(i int, x []float64, r float64, h matrix) {
		j := i &^ 3
		switch i - j {
		case 2:
			h.add(j+1, j+1, 2*r)
			h.add(j+1, j+2, -4*r)
			h.add(j+2, j+2, 8*r)
		case 3:
			h.add(j, j, mul(2*math.Sqrt(10), r))
			h.add(j, j+3, mul(-2*math.Sqrt(10), r))
			h.add(j+3, j+3, mul(2*math.Sqrt(10), r))
		}
	}, 0)
}

// watson is problem 20.
func watson(name string, n int, minimum float64) Problem {
	return squares(name, make([]float64, n), 31, func(i int, x, d []float64) float64 {
		switch i {
		case 29:
			d[0] = 1
			return x[0]
		case 30:
			d[0], d[1] = -2*x[0], 1
			return x[1] - sq(x[0]) - 1
		}
		t, power := float64(i+1)/29, 1.0
		slope, value := 0.0, 0.0
		for j, v := range x {
			value += mul(v, power)
			if j+1 < len(x) {
				slope += mul(mul(float64(j+1), x[j+1]), power)
			}
			power = mul(power, t)
		}
		power, before := 1.0, 0.0
		for j := range x {
			d[j] = mul(float64(j), before) - mul(2*value, power)
			power, before = mul(power, t), power
		}
		return slope - sq(value) - 1
	}, nil, minimum)
}

// ExtendedRosenbrock is problem 21, for an even n.
func ExtendedRosenbrock(n int) Problem {
	start := make([]float64, n)
	for j := range start {
		start[j] = [2]float64{-1.2, 1}[j%2]
	}
	p := Problem{Name: "Extended Rosenbrock", Start: start, Minima: []float64{0}}
	p.Value = func(x, grad []float64) float64 { // without the loops of squares, which take n*n steps
		sum := 0.0
		for j := 0; j < len(x); j += 2 {
			a, b := 10*(x[j+1]-sq(x[j])), 1-x[j]
			sum += sq(a) + sq(b)
			if grad != nil {
				grad[j] = mul(-40*x[j], a) - mul(2, b)
				grad[j+1] = 20 * a
			}
		}
		return sum
	}
	return p
}

// penaltyI is problem 23.
func penaltyI(name string, n int, minimum float64) Problem {
	const root = 0x1.9e7c6e43390b7p-9 // of 1e-5
	return squares(name, fill(n, func(j float64) float64 { return j }), n+1, func(i int, x, d []float64) float64 {
		if i < n {
			d[i] = root
			return mul(root, x[i]-1)
		}
		sum := 0.0
		for j, v := range x {
			sum += sq(v)
			d[j] = 2 * v
		}
		return sum - 0.25
	}, func(i int, x []float64, r float64, h matrix) {
		for j := range x {
			if i == n {
				h.add(j, j, 2*r)
			}
		}
	}, minimum)
}

// penaltyII is problem 24.
func penaltyII(name string, n int, minimum float64) Problem {
	const root = 0x1.9e7c6e43390b7p-9 // of 1e-5
	start := fill(n, func(float64) float64 { return 0.5 })
	return squares(name, start, 2*n, func(i int, x, d []float64) float64 {
		switch {
		case i == 0:
			d[0] = 1
			return x[0] - 0.2
		case i < n:
			y := kernels.Exp(float64(i+1)/10) + kernels.Exp(float64(i)/10)
			a, b := kernels.Exp(x[i]/10), kernels.Exp(x[i-1]/10)
			d[i], d[i-1] = mul(root/10, a), mul(root/10, b)
			return mul(root, a+b-y)
		case i < 2*n-1:
			a := kernels.Exp(x[i-n+1] / 10)
			d[i-n+1] = mul(root/10, a)
			return mul(root, a-kernels.Exp(-0.1))
		}
		sum := 0.0
		for j, v := range x {
			sum += mul(float64(n-j), sq(v))
			d[j] = mul(float64(2*(n-j)), v)
		}
		return sum - 1
	}, nil, minimum)
}

// variablyDimensioned is problem 25.
func variablyDimensioned(n int) Problem {
	start := fill(n, func(j float64) float64 { return 1 - j/float64(n) })
	total := func(x []float64) float64 {
		sum := 0.0
		for j, v := range x {
			sum += mul(float64(j+1), v-1)
		}
		return sum
	}
	return squares("Variably dimensioned", start, n+2, func(i int, x, d []float64) float64 {
		if i < n {
			d[i] = 1
			return x[i] - 1
		}
		sum := total(x)
		for j := range d {
			d[j] = float64(j + 1)
			if i > n {
				d[j] *= 2 * sum
			}
		}
		if i > n {
			return sq(sum)
		}
		return sum
	}, func(i int, x []float64, r float64, h matrix) {
		if i <= n {
			return
		}
		for j := range x {
			for k := range j + 1 {
				h.add(j, k, mul(2*r, float64((j+1)*(k+1))))
			}
		}
	}, 0)
}

// trigonometric is problem 26.
func trigonometric(n int) Problem {
	start := fill(n, func(float64) float64 { return 1 / float64(n) })
	return squares("Trigonometric", start, n, func(i int, x, d []float64) float64 {
		k := float64(i + 1)
		r := float64(n) + mul(k, 1-kernels.Cos(x[i])) - kernels.Sin(x[i])
		for j, v := range x {
			r -= kernels.Cos(v)
			d[j] = kernels.Sin(v)
		}
		d[i] += mul(k, kernels.Sin(x[i])) - kernels.Cos(x[i])
		return r
	}, nil, 0, 2.79506122767e-5)
}

// brownAlmostLinear is problem 27.
func brownAlmostLinear(n int) Problem {
	start := fill(n, func(float64) float64 { return 0.5 })
	return squares("Brown almost-linear", start, n, func(i int, x, d []float64) float64 {
		if i == n-1 {
			product := 1.0
			for j, v := range x {
				product = mul(product, v)
				d[j] = 1
				for k, w := range x {
					if k != j {
						d[j] = mul(d[j], w)
					}
				}
			}
			return product - 1
		}
		r := x[i] - float64(n+1)
		for j, v := range x {
			r += v
			d[j] = 1
		}
		d[i] = 2
		return r
	}, nil, 0, 1)
}

// boundaryValue is problem 28.
func boundaryValue(n int) Problem {
	h := 1 / float64(n+1)
	start := fill(n, func(j float64) float64 { return mul(mul(j, h), mul(j, h)-1) })
	return squares("Discrete boundary value", start, n, func(i int, x, d []float64) float64 {
		a := x[i] + mul(float64(i+1), h) + 1
		r := mul(2, x[i]) + mul(h*h/2, mul(a, sq(a)))
		d[i] = 2 + mul(mul(1.5, h*h), sq(a))
		if i > 0 {
			r, d[i-1] = r-x[i-1], -1
		}
		if i+1 < n {
			r, d[i+1] = r-x[i+1], -1
		}
		return r
	}, func(i int, x []float64, r float64, m matrix) {
		m.add(i, i, mul(mul(r, mul(3, h*h)), x[i]+mul(float64(i+1), h)+1))
	}, 0)
}

// broydenTridiagonal is problem 30.
func broydenTridiagonal(n int) Problem {
	start := fill(n, func(float64) float64 { return -1 })
	return squares("Broyden tridiagonal", start, n, func(i int, x, d []float64) float64 {
		r := mul(3-mul(2, x[i]), x[i]) + 1
		d[i] = 3 - mul(4, x[i])
		if i > 0 {
			r, d[i-1] = r-x[i-1], -1
		}
		if i+1 < n {
			r, d[i+1] = r-mul(2, x[i+1]), -2
		}
		return r
	}, func(i int, _ []float64, r float64, h matrix) { h.add(i, i, -4*r) }, 0)
}

// quadratic is half the sum of lambda[j]*z[j]*z[j], where lambda runs from 1 to 1e6 in equal ratios and
// z = x - 2*v*(v'x)/(v'v), v = (1, 2, ..., n), mirrors x so that the axes of the ellipsoid are not those of x.
func quadratic(n int) Problem {
	const ratio = 2.0691380811147901 // 1e6^(1/19)
	lambda := fill(n, func(j float64) float64 { return kernels.PowInt(ratio, uint64(j-1)) })
	square := float64(n*(n+1)*(2*n+1)) / 6 // v'v
	mirror := func(z, x []float64) {
		sum := 0.0
		for j, v := range x {
			sum += mul(float64(j+1), v)
		}
		for j, v := range x {
			z[j] = v - mul(2*sum/square, float64(j+1))
		}
	}
	z := make([]float64, n)
	value := func(x, grad []float64) float64 {
		mirror(z, x)
		sum := 0.0
		for j, v := range z {
			sum += mul(lambda[j]/2, sq(v))
			z[j] = mul(lambda[j], v)
		}
		if grad != nil {
			mirror(grad, z)
		}
		return sum
	}
	hessian := func(_, h []float64) { // row j is the gradient at the unit vector j
		unit := make([]float64, n)
		for j := range n {
			unit[j] = 1
			value(unit, h[j*n:j*n+n])
			unit[j] = 0
		}
	}
	start := fill(n, func(float64) float64 { return 1 })
	return Problem{"Quadratic, condition 1e6", start, value, hessian, []float64{0}}
}
