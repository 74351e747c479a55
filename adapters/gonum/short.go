package gonumblas

import (
	"math"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
)

// Reductions of few elements, in the order of rule 7 of the contract. A call of a kernel takes some 40 nanoseconds
// whatever the length.

// Up to how many elements these are faster than kernels (Zen 5).
const (
	short32  = 32
	shortDot = 128
	shortAbs = 64
)

// sumProducts is kernels.Dot.
func sumProducts[T bitstep.Float](i Implementation, x, y []T) T {
	switch short := any(x).(type) {
	case []float32:
		if len(x) <= short32 {
			return T(dot32(short, any(y).([]float32)))
		}
	case []float64:
		if len(x) <= shortDot {
			return T(dot64(short, any(y).([]float64)))
		}
	}
	return on[T](i).Dot(x, y)
}

// sumSquares is kernels.SumSquares.
func sumSquares[T bitstep.Float](i Implementation, x []T) T {
	switch short := any(x).(type) {
	case []float32:
		if len(x) <= short32 {
			return T(dot32(short, short))
		}
	case []float64:
		if len(x) <= shortDot {
			return T(dot64(short, short))
		}
	}
	return on[T](i).SumSquares(x)
}

// sumAbs is kernels.SumAbs.
func sumAbs[T bitstep.Float](i Implementation, x []T) T {
	switch short := any(x).(type) {
	case []float32:
		if len(x) <= short32 {
			return T(abs32(short))
		}
	case []float64:
		if len(x) <= shortAbs {
			return T(abs64(short))
		}
	}
	return on[T](i).SumAbs(x)
}

func dot64(x, y []float64) float64 {
	var l0, l1, l2, l3, l4, l5, l6, l7 float64
	for len(x) >= 8 && len(y) >= 8 {
		l0, l1 = math.FMA(x[0], y[0], l0), math.FMA(x[1], y[1], l1)
		l2, l3 = math.FMA(x[2], y[2], l2), math.FMA(x[3], y[3], l3)
		l4, l5 = math.FMA(x[4], y[4], l4), math.FMA(x[5], y[5], l5)
		l6, l7 = math.FMA(x[6], y[6], l6), math.FMA(x[7], y[7], l7)
		x, y = x[8:], y[8:]
	}
	y = y[:len(x)]
	switch len(x) {
	case 7:
		l6 = math.FMA(x[6], y[6], l6)
		fallthrough
	case 6:
		l5 = math.FMA(x[5], y[5], l5)
		fallthrough
	case 5:
		l4 = math.FMA(x[4], y[4], l4)
		fallthrough
	case 4:
		l3 = math.FMA(x[3], y[3], l3)
		fallthrough
	case 3:
		l2 = math.FMA(x[2], y[2], l2)
		fallthrough
	case 2:
		l1 = math.FMA(x[1], y[1], l1)
		fallthrough
	case 1:
		l0 = math.FMA(x[0], y[0], l0)
	}
	return ((l0 + l4) + (l2 + l6)) + ((l1 + l5) + (l3 + l7))
}

func abs64(x []float64) float64 {
	var l0, l1, l2, l3, l4, l5, l6, l7 float64
	for len(x) >= 8 {
		l0, l1 = l0+math.Abs(x[0]), l1+math.Abs(x[1])
		l2, l3 = l2+math.Abs(x[2]), l3+math.Abs(x[3])
		l4, l5 = l4+math.Abs(x[4]), l5+math.Abs(x[5])
		l6, l7 = l6+math.Abs(x[6]), l7+math.Abs(x[7])
		x = x[8:]
	}
	switch len(x) {
	case 7:
		l6 += math.Abs(x[6])
		fallthrough
	case 6:
		l5 += math.Abs(x[5])
		fallthrough
	case 5:
		l4 += math.Abs(x[4])
		fallthrough
	case 4:
		l3 += math.Abs(x[3])
		fallthrough
	case 3:
		l2 += math.Abs(x[2])
		fallthrough
	case 2:
		l1 += math.Abs(x[1])
		fallthrough
	case 1:
		l0 += math.Abs(x[0])
	}
	return ((l0 + l4) + (l2 + l6)) + ((l1 + l5) + (l3 + l7))
}

func dot32(x, y []float32) float32 {
	var l [16]float32
	y = y[:len(x)]
	for i := range min(16, len(x)) { // the first fma of a lane adds 0 to a product that float64 holds exactly
		l[i] = float32(float64(float64(x[i])*float64(y[i])) + 0)
	}
	for i := 16; i < len(x); i++ {
		l[i&15] = kernels.FMA(x[i], y[i], l[i&15])
	}
	return fold32(&l)
}

func abs32(x []float32) float32 {
	const magnitude = 1<<31 - 1
	var l [16]float32
	for i, v := range x {
		l[i&15] += math.Float32frombits(math.Float32bits(v) & magnitude)
	}
	return fold32(&l)
}

func fold32(l *[16]float32) float32 {
	for i := range 4 {
		l[i] = (l[i] + l[i+8]) + (l[i+4] + l[i+12])
	}
	return (l[0] + l[2]) + (l[1] + l[3])
}
