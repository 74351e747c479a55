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

// The helpers below run four chains at a time, as one chain alone would wait for each sum. In float32 a
// loop without calls, which cost it its registers, runs until a step has a delicate sum and returns
// where; FMA then does all four sums of that step.

// fmaColumns continues the chains c[j] = fma(a[k], b[k][j], c[j]), k ascending. a and b hold numbers of T,
// widened where T is float32.
func fmaColumns[T Float](c *[4]T, a []float64, b [][4]float64) {
	b = b[:len(a)]
	if is32[T]() {
		c := (*[4]float32)(unsafe.Pointer(c))
		for k := 0; ; k++ {
			if k += columnsRun(c, a[k:], b[k:]); k == len(a) {
				return
			}
			for j := range c {
				c[j] = FMA(float32(a[k]), float32(b[k][j]), c[j])
			}
		}
	}
	c0, c1, c2, c3 := float64(c[0]), float64(c[1]), float64(c[2]), float64(c[3])
	for k, x := range a {
		y := &b[k]
		c0, c1 = math.FMA(x, y[0], c0), math.FMA(x, y[1], c1)
		c2, c3 = math.FMA(x, y[2], c2), math.FMA(x, y[3], c3)
	}
	*c = [4]T{T(c0), T(c1), T(c2), T(c3)}
}

// columnsRun is fmaColumns before the first k with a delicate sum, which it returns, or len(a).
func columnsRun(c *[4]float32, a []float64, b [][4]float64) int {
	b = b[:len(a)]
	c0, c1, c2, c3 := c[0], c[1], c[2], c[3]
	k := 0
	for ; k < len(a); k++ {
		x, y := a[k], &b[k]
		s0 := float64(x*y[0]) + float64(c0)
		s1 := float64(x*y[1]) + float64(c1)
		s2 := float64(x*y[2]) + float64(c2)
		s3 := float64(x*y[3]) + float64(c3)
		u0, u1, u2, u3 := math.Float64bits(s0), math.Float64bits(s1), math.Float64bits(s2), math.Float64bits(s3)
		if u0<<35 == 1<<63 || u0<<1-1 < minNormal-1 || u1<<35 == 1<<63 || u1<<1-1 < minNormal-1 ||
			u2<<35 == 1<<63 || u2<<1-1 < minNormal-1 || u3<<35 == 1<<63 || u3<<1-1 < minNormal-1 {
			break // delicate, by hand: a call of it leaves slower code
		}
		c0, c1, c2, c3 = float32(s0), float32(s1), float32(s2), float32(s3)
	}
	*c = [4]float32{c0, c1, c2, c3}
	return k
}

// fmaLanes computes lanes[i mod L] = fma(x[i], y[i], lanes[i mod L]) in ascending order.
func fmaLanes[T Float](lanes *[16]T, x, y []T) {
	y = y[:len(x)]
	line, block := Lanes[T](), 128*Lanes[T]() // a block of both stays in L1 for all its lanes
	for len(x) >= line {
		n := min(len(x)/line*line, block)
		for l := 0; l < line; l += 4 {
			fmaQuad((*[4]T)(lanes[l:]), x[l:n], y[l:n])
		}
		x, y = x[n:], y[n:]
	}
	for l := range x {
		lanes[l] = fma(x[l], y[l], lanes[l])
	}
}

// fmaQuad continues the four lanes to which the first four elements of x and y belong.
func fmaQuad[T Float](c *[4]T, x, y []T) {
	if is32[T]() {
		c := (*[4]float32)(unsafe.Pointer(c))
		x, y := as[float32](x), as[float32](y)
		for i := 0; ; i += 16 {
			if i = quadRun(c, x, y, i); i >= len(x) {
				return
			}
			for j := range c {
				c[j] = FMA(x[i+j], y[i+j], c[j])
			}
		}
	}
	x64, y64 := as[float64](x), as[float64](y)
	c0, c1, c2, c3 := float64(c[0]), float64(c[1]), float64(c[2]), float64(c[3])
	for i := 0; i < len(x64); i += 8 {
		x, y := (*[4]float64)(x64[i:]), (*[4]float64)(y64[i:])
		c0, c1 = math.FMA(x[0], y[0], c0), math.FMA(x[1], y[1], c1)
		c2, c3 = math.FMA(x[2], y[2], c2), math.FMA(x[3], y[3], c3)
	}
	*c = [4]T{T(c0), T(c1), T(c2), T(c3)}
}

// quadRun is fmaQuad from line i before the first line with a delicate sum, where it returns i; or
// an i past the end.
func quadRun(c *[4]float32, x, y []float32, i int) int {
	c0, c1, c2, c3 := c[0], c[1], c[2], c[3]
	for ; i < len(x); i += 16 {
		x, y := (*[4]float32)(x[i:]), (*[4]float32)(y[i:])
		s0 := float64(float64(x[0])*float64(y[0])) + float64(c0)
		s1 := float64(float64(x[1])*float64(y[1])) + float64(c1)
		s2 := float64(float64(x[2])*float64(y[2])) + float64(c2)
		s3 := float64(float64(x[3])*float64(y[3])) + float64(c3)
		u0, u1, u2, u3 := math.Float64bits(s0), math.Float64bits(s1), math.Float64bits(s2), math.Float64bits(s3)
		if u0<<35 == 1<<63 || u0<<1-1 < minNormal-1 || u1<<35 == 1<<63 || u1<<1-1 < minNormal-1 ||
			u2<<35 == 1<<63 || u2<<1-1 < minNormal-1 || u3<<35 == 1<<63 || u3<<1-1 < minNormal-1 {
			break // as in columnsRun
		}
		c0, c1, c2, c3 = float32(s0), float32(s1), float32(s2), float32(s3)
	}
	*c = [4]float32{c0, c1, c2, c3}
	return i
}
