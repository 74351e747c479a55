package kernels

import (
	"math"
	"unsafe"
)

// Exact float32 fused multiply-add without the instruction.
//
// In float64 the product of two float32 is exact: 24 + 24 bits fit in 53. The sum s of that product and
// z is rounded once, and rounding s to float32 would be the second time. The second rounding goes wrong
// only where the first can have moved s onto or off a point halfway between two float32: where the 29
// bits of s below float32's precision are exactly 1000..., or where the result is subnormal and more
// than 29 bits are cut. All other sums are safe; these delicate ones take the slow path.
//
// A conversion around every product keeps the compiler from fusing it (rule 3), here as everywhere.

// delicate reports whether s, with bits u, may round differently in one step.
func delicate(u uint64) bool { return u<<35 == 1<<63 || u<<1-1 < minNormal-1 }

// minNormal is the smallest normal float32 as a float64, its sign bit shifted out. Zero is no delicate
// sum, being exact; subtracting 1 on both sides excludes it.
const minNormal = (1023 - 126) << 53

// FMA returns x*y + z, rounded once.
func FMA(x, y, z float32) float32 {
	s := float64(float64(x)*float64(y)) + float64(z)
	if delicate(math.Float64bits(s)) {
		return fmaDelicate(x, y, z)
	}
	return float32(s)
}

// fmaDelicate is FMA where s is finite and not zero. It rounds the exact sum to odd: if the rounding
// error e of s is not zero and s is even, s moves one unit in the last place towards the exact sum. A
// number rounded to odd with at least two more bits then rounds to float32 as the exact sum would.
// Source: Boldo and Melquiond, Emulation of FMA and correctly rounded sums (2008).
//
//go:noinline
func fmaDelicate(x, y, z float32) float32 {
	p, c := float64(float64(x)*float64(y)), float64(z)
	s := p + c
	pc := s - p // Knuth's TwoSum
	e := (p - (s - pc)) + (c - pc)
	u := math.Float64bits(s)
	if e != 0 && u&1 == 0 {
		if (e > 0) == (s > 0) {
			u++
		} else {
			u--
		}
	}
	return float32(math.Float64frombits(u))
}

// fma is the fused multiply-add of T.
func fma[T Float](x, y, z T) T {
	if is32[T]() {
		return T(FMA(float32(x), float32(y), float32(z)))
	}
	return T(math.FMA(float64(x), float64(y), float64(z)))
}

func is32[T Float]() bool { return unsafe.Sizeof(T(0)) == 4 }

// as sees a slice of T as one of U, which is T: it takes generic code to code for one type.
func as[U, T Float](s []T) []U {
	return unsafe.Slice((*U)(unsafe.Pointer(unsafe.SliceData(s))), len(s))
}

// fmaRow computes acc[j] = fma(a, b[j], acc[j]).
func fmaRow[T Float](acc, b []T, a T) {
	if is32[T]() {
		acc, b, a := as[float32](acc), as[float32](b), float32(a)
		for j := 0; ; j++ {
			if j += fmaRun(acc[j:], b[j:], a); j >= len(acc) {
				return
			}
			acc[j] = fmaDelicate(a, b[j], acc[j])
		}
	}
	acc64, b64, a64 := as[float64](acc), as[float64](b), float64(a)
	b64 = b64[:len(acc64)]
	for j, c := range acc64 {
		acc64[j] = math.FMA(a64, b64[j], c)
	}
}

// fmaRun is fmaRow up to the first delicate sum, whose index it returns, or len(acc). The slow path
// stays outside because a call inside would cost the loop its registers.
func fmaRun(acc, b []float32, a float32) int {
	b = b[:len(acc)]
	x := float64(a)
	for j, c := range acc {
		s := float64(x*float64(b[j])) + float64(c)
		if delicate(math.Float64bits(s)) {
			return j
		}
		acc[j] = float32(s)
	}
	return len(acc)
}

// fmaLanes computes lanes[i mod L] = fma(x[i], y[i], lanes[i mod L]) in ascending order.
func fmaLanes[T Float](lanes *[16]T, x, y []T) {
	if is32[T]() {
		lanes, x, y := (*[16]float32)(unsafe.Pointer(lanes)), as[float32](x), as[float32](y)
		for i := 0; ; i++ {
			if i = lanesRun(lanes, x, y, i); i >= len(x) {
				return
			}
			lanes[i&15] = fmaDelicate(x[i], y[i], lanes[i&15])
		}
	}
	lanes64, x64, y64 := (*[16]float64)(unsafe.Pointer(lanes)), as[float64](x), as[float64](y)
	y64 = y64[:len(x64)]
	for i, xi := range x64 {
		lanes64[i&7] = math.FMA(xi, y64[i], lanes64[i&7])
	}
}

// lanesRun is fmaLanes from i up to the first delicate sum, whose index it returns, or len(x).
func lanesRun(lanes *[16]float32, x, y []float32, i int) int {
	y = y[:len(x)]
	for ; i < len(x); i++ {
		s := float64(float64(x[i])*float64(y[i])) + float64(lanes[i&15])
		if delicate(math.Float64bits(s)) {
			return i
		}
		lanes[i&15] = float32(s)
	}
	return i
}
