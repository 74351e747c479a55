//go:build goexperiment.simd && amd64

package peers

import (
	"errors"
	vector "simd/archsimd"

	"github.com/bitstep-go/bitstep/kernels"
)

// archsimd is what one writes with the compiler's own vectors, the widest that the CPU has; the ends of slices in Go.
func archsimd() (peer[float32], error) {
	switch {
	case vector.X86.AVX512():
		return peer[float32]{"archsimd", nil, axpy16, dot16, adam16}, nil
	case vector.X86.AVX2() && vector.X86.FMA():
		return peer[float32]{"archsimd", nil, axpy8, dot8, adam8}, nil
	}
	return peer[float32]{}, errors.New("archsimd: this CPU has neither AVX-512 nor AVX2 and FMA")
}

func axpy16(a float32, x, y []float32) {
	f, i := vector.BroadcastFloat32x16(a), 0
	for ; i+16 <= len(x); i += 16 {
		store16(load16(x[i:]).MulAdd(f, load16(y[i:])), y[i:])
	}
	vector.ClearAVXUpperBits()
	loopAxpy(a, x[i:], y[i:])
}

func axpy8(a float32, x, y []float32) {
	f, i := vector.BroadcastFloat32x8(a), 0
	for ; i+8 <= len(x); i += 8 {
		store8(load8(x[i:]).MulAdd(f, load8(y[i:])), y[i:])
	}
	vector.ClearAVXUpperBits()
	loopAxpy(a, x[i:], y[i:])
}

// Four sums hide the latency of a fused multiply-add.
func dot16(x, y []float32) float32 {
	var a, b, c, d vector.Float32x16
	i := 0
	for ; i+64 <= len(x); i += 64 {
		x, y := x[i:i+64], y[i:i+64]
		a = load16(x).MulAdd(load16(y), a)
		b = load16(x[16:]).MulAdd(load16(y[16:]), b)
		c = load16(x[32:]).MulAdd(load16(y[32:]), c)
		d = load16(x[48:]).MulAdd(load16(y[48:]), d)
	}
	var lanes [16]float32
	store16(a.Add(b).Add(c.Add(d)), lanes[:])
	vector.ClearAVXUpperBits()
	return total(lanes[:]) + loopDot(x[i:], y[i:])
}

func dot8(x, y []float32) float32 {
	var a, b, c, d vector.Float32x8
	i := 0
	for ; i+32 <= len(x); i += 32 {
		x, y := x[i:i+32], y[i:i+32]
		a = load8(x).MulAdd(load8(y), a)
		b = load8(x[8:]).MulAdd(load8(y[8:]), b)
		c = load8(x[16:]).MulAdd(load8(y[16:]), c)
		d = load8(x[24:]).MulAdd(load8(y[24:]), d)
	}
	var lanes [8]float32
	store8(a.Add(b).Add(c.Add(d)), lanes[:])
	vector.ClearAVXUpperBits()
	return total(lanes[:]) + loopDot(x[i:], y[i:])
}

func total(lanes []float32) (sum float32) {
	for _, l := range lanes {
		sum += l
	}
	return sum
}

func adam16(x, m, v, g []float32, c *kernels.AdamCoef[float32]) {
	beta1, oneMinus1 := vector.BroadcastFloat32x16(c.Beta1), vector.BroadcastFloat32x16(c.OneMinusBeta1)
	beta2, oneMinus2 := vector.BroadcastFloat32x16(c.Beta2), vector.BroadcastFloat32x16(c.OneMinusBeta2)
	alpha, unbias := vector.BroadcastFloat32x16(c.Alpha), vector.BroadcastFloat32x16(c.Unbias)
	eps, i := vector.BroadcastFloat32x16(c.Eps), 0
	for ; i+16 <= len(x); i += 16 {
		grad := load16(g[i:])
		mean := load16(m[i:]).MulAdd(beta1, oneMinus1.Mul(grad))
		square := load16(v[i:]).MulAdd(beta2, oneMinus2.Mul(grad).Mul(grad))
		store16(mean, m[i:])
		store16(square, v[i:])
		step := alpha.Mul(mean).Div(unbias.Mul(square).Sqrt().Add(eps))
		store16(load16(x[i:]).Sub(step), x[i:])
	}
	vector.ClearAVXUpperBits()
	loopAdam(x[i:], m[i:], v[i:], g[i:], c)
}

func adam8(x, m, v, g []float32, c *kernels.AdamCoef[float32]) {
	beta1, oneMinus1 := vector.BroadcastFloat32x8(c.Beta1), vector.BroadcastFloat32x8(c.OneMinusBeta1)
	beta2, oneMinus2 := vector.BroadcastFloat32x8(c.Beta2), vector.BroadcastFloat32x8(c.OneMinusBeta2)
	alpha, unbias := vector.BroadcastFloat32x8(c.Alpha), vector.BroadcastFloat32x8(c.Unbias)
	eps, i := vector.BroadcastFloat32x8(c.Eps), 0
	for ; i+8 <= len(x); i += 8 {
		grad := load8(g[i:])
		mean := load8(m[i:]).MulAdd(beta1, oneMinus1.Mul(grad))
		square := load8(v[i:]).MulAdd(beta2, oneMinus2.Mul(grad).Mul(grad))
		store8(mean, m[i:])
		store8(square, v[i:])
		step := alpha.Mul(mean).Div(unbias.Mul(square).Sqrt().Add(eps))
		store8(load8(x[i:]).Sub(step), x[i:])
	}
	vector.ClearAVXUpperBits()
	loopAdam(x[i:], m[i:], v[i:], g[i:], c)
}
