package problems

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

// The problems with a fixed number of parameters.

// rosenbrock is problem 1.
func rosenbrock() Problem {
	return squares("Rosenbrock", []float64{-1.2, 1}, 2, rosenbrockPair, rosenbrockBend, 0)
}

// rosenbrockPair are the residuals 10*(x2 - x1*x1) and 1 - x1 of each pair of parameters.
func rosenbrockPair(i int, x, d []float64) float64 {
	j := i &^ 1
	if i != j {
		d[j] = -1
		return 1 - x[j]
	}
	d[j], d[j+1] = -20*x[j], 10
	return 10 * (x[j+1] - sq(x[j]))
}

func rosenbrockBend(i int, _ []float64, r float64, h matrix) {
	if i%2 == 0 {
		h.add(i, i, -20*r)
	}
}

// freudensteinRoth is problem 2.
func freudensteinRoth() Problem {
	return squares("Freudenstein-Roth", []float64{0.5, -2}, 2, func(i int, x, d []float64) float64 {
		y := x[1]
		d[0] = 1
		if i == 0 {
			d[1] = mul(10-mul(3, y), y) - 2
			return -13 + x[0] + mul(mul(5-y, y)-2, y)
		}
		d[1] = mul(mul(3, y)+2, y) - 14
		return -29 + x[0] + mul(mul(y+1, y)-14, y)
	}, func(i int, x []float64, r float64, h matrix) {
		if i == 0 {
			h.add(1, 1, mul(r, 10-mul(6, x[1])))
		} else {
			h.add(1, 1, mul(r, mul(6, x[1])+2))
		}
	}, 0, 48.98425367924)
}

// powellBadlyScaled is problem 3.
func powellBadlyScaled() Problem {
	return squares("Powell badly scaled", []float64{0, 1}, 2, func(i int, x, d []float64) float64 {
		if i == 0 {
			d[0], d[1] = 1e4*x[1], 1e4*x[0]
			return mul(1e4*x[0], x[1]) - 1
		}
		a, b := kernels.Exp(-x[0]), kernels.Exp(-x[1])
		d[0], d[1] = -a, -b
		return a + b - 1.0001
	}, func(i int, x []float64, r float64, h matrix) {
		if i == 0 {
			h.add(0, 1, 1e4*r)
			return
		}
		h.add(0, 0, mul(r, kernels.Exp(-x[0])))
		h.add(1, 1, mul(r, kernels.Exp(-x[1])))
	}, 0)
}

// brownBadlyScaled is problem 4.
func brownBadlyScaled() Problem {
	return squares("Brown badly scaled", []float64{1, 1}, 3, func(i int, x, d []float64) float64 {
		switch i {
		case 0:
			d[0] = 1
			return x[0] - 1e6
		case 1:
			d[1] = 1
			return x[1] - 2e-6
		}
		d[0], d[1] = x[1], x[0]
		return mul(x[0], x[1]) - 2
	}, func(i int, _ []float64, r float64, h matrix) {
		if i == 2 {
			h.add(0, 1, r)
		}
	}, 0)
}

// beale is problem 5.
func beale() Problem {
	y := [3]float64{1.5, 2.25, 2.625}
	return squares("Beale", []float64{1, 1}, 3, func(i int, x, d []float64) float64 {
		p := kernels.PowInt(x[1], uint64(i+1))
		d[0] = p - 1
		d[1] = mul(mul(x[0], float64(i+1)), kernels.PowInt(x[1], uint64(i)))
		return y[i] - mul(x[0], 1-p)
	}, func(i int, x []float64, r float64, h matrix) {
		h.add(0, 1, mul(mul(r, float64(i+1)), kernels.PowInt(x[1], uint64(i))))
		if i > 0 {
			h.add(1, 1, mul(mul(mul(r, x[0]), float64(i*(i+1))), kernels.PowInt(x[1], uint64(i-1))))
		}
	}, 0)
}

// jennrichSampson is problem 6.
func jennrichSampson() Problem {
	return squares("Jennrich-Sampson", []float64{0.3, 0.4}, 10, func(i int, x, d []float64) float64 {
		k := float64(i + 1)
		a, b := kernels.Exp(k*x[0]), kernels.Exp(k*x[1])
		d[0], d[1] = -k*a, -k*b
		return 2 + mul(2, k) - (a + b)
	}, func(i int, x []float64, r float64, h matrix) {
		k := float64(i + 1)
		h.add(0, 0, -mul(mul(r, k*k), kernels.Exp(k*x[0])))
		h.add(1, 1, -mul(mul(r, k*k), kernels.Exp(k*x[1])))
	}, 124.36218235561)
}

// helicalValley is problem 7.
func helicalValley() Problem {
	const turn = 2 * math.Pi
	return squares("Helical valley", []float64{-1, 0, 0}, 3, func(i int, x, d []float64) float64 {
		s := sq(x[0]) + sq(x[1])
		root := math.Sqrt(s)
		switch i {
		case 0:
			angle := atan(x[1]/x[0]) / turn
			if x[0] < 0 {
				angle += 0.5
			}
			d[0], d[1], d[2] = 100*(x[1]/s)/turn, -100*(x[0]/s)/turn, 10
			return 10 * (x[2] - mul(10, angle))
		case 1:
			d[0], d[1] = 10*(x[0]/root), 10*(x[1]/root)
			return 10 * (root - 1)
		}
		d[2] = 1
		return x[2]
	}, nil, 0)
}

// atan halves the angle three times, atan(z) = 2*atan(z/(1+sqrt(1+z*z))), and then takes 13 terms of the series
// z - z^3/3 + ..., which leaves out less than 2^-60 of it.
func atan(z float64) float64 {
	if math.IsInf(z, 0) {
		return math.Copysign(math.Pi/2, z)
	}
	for range 3 {
		z /= 1 + math.Sqrt(1+sq(z))
	}
	sum, s := 0.0, sq(z)
	for k := 25; k > 0; k -= 2 {
		sum = 1/float64(k) - mul(s, sum)
	}
	return 8 * mul(z, sum)
}

// bard is problem 8. It has another minimum, 17.4286, at infinity.
func bard() Problem {
	y := [15]float64{0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39}
	return squares("Bard", []float64{1, 1, 1}, 15, func(i int, x, d []float64) float64 {
		u, v := float64(i+1), float64(15-i)
		w := min(u, v)
		t := mul(v, x[1]) + mul(w, x[2])
		d[0], d[1], d[2] = -1, mul(u, v)/sq(t), mul(u, w)/sq(t)
		return y[i] - (x[0] + u/t)
	}, func(i int, x []float64, r float64, h matrix) {
		u, v := float64(i+1), float64(15-i)
		w := min(u, v)
		t := mul(v, x[1]) + mul(w, x[2])
		c := -2 * mul(r, u) / mul(t, sq(t))
		h.add(1, 1, mul(c, v*v))
		h.add(1, 2, mul(c, v*w))
		h.add(2, 2, mul(c, w*w))
	}, 8.214877306578e-3, 17.42869333)
}

// gaussian is problem 9.
func gaussian() Problem {
	y := [8]float64{0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989}
	return squares("Gaussian", []float64{0.4, 1, 0}, 15, func(i int, x, d []float64) float64 {
		t := mul(0.5, float64(7-i)) - x[2]
		e := kernels.Exp(-mul(x[1], sq(t)) / 2)
		d[0], d[1], d[2] = e, -mul(mul(x[0], e), sq(t))/2, mul(mul(x[0], e), mul(x[1], t))
		return mul(x[0], e) - y[min(i, 14-i)]
	}, nil, 1.12793276961e-8)
}

// meyer is problem 10.
func meyer() Problem {
	y := [16]float64{34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820,
		3307, 2872}
	return squares("Meyer", []float64{0.02, 4000, 250}, 16, func(i int, x, d []float64) float64 {
		t := 50 + float64(5*i) + x[2]
		e := kernels.Exp(x[1] / t)
		d[0], d[1], d[2] = e, mul(x[0], e)/t, -mul(mul(x[0], e), x[1])/sq(t)
		return mul(x[0], e) - y[i]
	}, nil, 87.9458551708)
}

// gulf is problem 11, with the usual form |y - x2|^x3 / x1.
func gulf() Problem {
	var y [99]float64
	for i := range y {
		y[i] = 25 + kernels.Exp(kernels.Log(-50*kernels.Log(float64(i+1)/100))*2/3)
	}
	return squares("Gulf", []float64{5, 2.5, 0.15}, 99, func(i int, x, d []float64) float64 {
		gap := y[i] - x[1]
		l := kernels.Log(math.Abs(gap))
		p := kernels.Exp(x[2]*l) / x[0]
		e := kernels.Exp(-p)
		d[0], d[1], d[2] = mul(e, p)/x[0], mul(mul(e, p), x[2]/gap), -mul(mul(e, p), l)
		return e - float64(i+1)/100
	}, nil, 0)
}

// box3D is problem 12.
func box3D() Problem {
	return squares("Box 3-D", []float64{0, 10, 20}, 10, func(i int, x, d []float64) float64 {
		t := float64(i+1) / 10
		a, b, c := kernels.Exp(-t*x[0]), kernels.Exp(-t*x[1]), kernels.Exp(-t)-kernels.Exp(-10*t)
		d[0], d[1], d[2] = -t*a, t*b, -c
		return a - b - mul(x[2], c)
	}, func(i int, x []float64, r float64, h matrix) {
		t := float64(i+1) / 10
		h.add(0, 0, mul(mul(r, t*t), kernels.Exp(-t*x[0])))
		h.add(1, 1, -mul(mul(r, t*t), kernels.Exp(-t*x[1])))
	}, 0)
}

// wood is problem 14.
func wood() Problem {
	return squares("Wood", []float64{-3, -1, -3, -1}, 6, func(i int, x, d []float64) float64 {
		switch i {
		case 2:
			d[2], d[3] = -2*mul(math.Sqrt(90), x[2]), math.Sqrt(90)
			return mul(math.Sqrt(90), x[3]-sq(x[2]))
		case 4:
			d[1], d[3] = math.Sqrt(10), math.Sqrt(10)
			return mul(math.Sqrt(10), x[1]+x[3]-2)
		case 5:
			d[1], d[3] = 1/math.Sqrt(10), -1/math.Sqrt(10)
			return mul(1/math.Sqrt(10), x[1]-x[3])
		}
		return rosenbrockPair(i, x, d) // 0, 1 and 3
	}, func(i int, _ []float64, r float64, h matrix) {
		switch i {
		case 0:
			h.add(0, 0, -20*r)
		case 2:
			h.add(2, 2, -2*mul(math.Sqrt(90), r))
		}
	}, 0)
}

// kowalikOsborne is problem 15.
func kowalikOsborne() Problem {
	y := [11]float64{0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246}
	u := [11]float64{4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625}
	start := []float64{0.25, 0.39, 0.415, 0.39}
	return squares("Kowalik-Osborne", start, 11, func(i int, x, d []float64) float64 {
		top := sq(u[i]) + mul(u[i], x[1])
		low := sq(u[i]) + mul(u[i], x[2]) + x[3]
		q := top / low
		d[0], d[1], d[2], d[3] = -q, -mul(x[0], u[i])/low, mul(mul(x[0], q), u[i])/low, mul(x[0], q)/low
		return y[i] - mul(x[0], q)
	}, nil, 3.07505603849e-4, 1.02734e-3)
}

// brownDennis is problem 16.
func brownDennis() Problem {
	return squares("Brown-Dennis", []float64{25, 5, -5, -1}, 20, func(i int, x, d []float64) float64 {
		t := float64(i+1) / 5
		a := x[0] + mul(t, x[1]) - kernels.Exp(t)
		b := x[2] + mul(kernels.Sin(t), x[3]) - kernels.Cos(t)
		d[0], d[1], d[2], d[3] = 2*a, mul(2*a, t), 2*b, mul(2*b, kernels.Sin(t))
		return sq(a) + sq(b)
	}, func(i int, _ []float64, r float64, h matrix) {
		t := float64(i+1) / 5
		h.add(0, 0, 2*r)
		h.add(0, 1, mul(2*r, t))
		h.add(1, 1, mul(2*r, t*t))
		h.add(2, 2, 2*r)
		h.add(2, 3, mul(2*r, kernels.Sin(t)))
		h.add(3, 3, mul(2*r, sq(kernels.Sin(t))))
	}, 85822.2016263)
}

// osborne1 is problem 17.
func osborne1() Problem {
	y := [33]float64{0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751, 0.718, 0.685,
		0.658, 0.628, 0.603, 0.580, 0.558, 0.538, 0.522, 0.506, 0.490, 0.478, 0.467, 0.457, 0.448, 0.438, 0.431,
		0.424, 0.420, 0.414, 0.411, 0.406}
	return squares("Osborne 1", []float64{0.5, 1.5, -1, 0.01, 0.02}, 33, func(i int, x, d []float64) float64 {
		t := float64(10 * i)
		a, b := kernels.Exp(-t*x[3]), kernels.Exp(-t*x[4])
		d[0], d[1], d[2], d[3], d[4] = -1, -a, -b, mul(mul(t, x[1]), a), mul(mul(t, x[2]), b)
		return y[i] - (x[0] + mul(x[1], a) + mul(x[2], b))
	}, nil, 5.46489469748e-5)
}

// biggs is problem 18.
func biggs() Problem {
	return squares("Biggs EXP6", []float64{1, 2, 1, 1, 1, 1}, 13, func(i int, x, d []float64) float64 {
		t := float64(i+1) / 10
		y := kernels.Exp(-t) - mul(5, kernels.Exp(-10*t)) + mul(3, kernels.Exp(-4*t))
		a, b, c := kernels.Exp(-t*x[0]), kernels.Exp(-t*x[1]), kernels.Exp(-t*x[4])
		d[0], d[1], d[2] = -mul(mul(t, x[2]), a), mul(mul(t, x[3]), b), a
		d[3], d[4], d[5] = -b, -mul(mul(t, x[5]), c), c
		return mul(x[2], a) - mul(x[3], b) + mul(x[5], c) - y
	}, nil, 0, 5.655649925e-3)
}
