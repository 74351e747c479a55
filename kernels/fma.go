package kernels

import (
	"math"
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/num"
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
	if num.Is32[T]() {
		return T(FMA(float32(x), float32(y), float32(z)))
	}
	return T(math.FMA(float64(x), float64(y), float64(z)))
}

// widen puts the elements of src that are inc apart into dst, as many as dst holds.
func widen[T Float](dst []float64, src []T, inc int) {
	if inc == 1 {
		src = src[:len(dst)]
		for i := range dst {
			dst[i] = float64(src[i])
		}
		return
	}
	for i := range dst {
		dst[i] = float64(src[i*inc])
	}
}

// The helpers below run four chains at a time, as one chain alone would wait for each sum. In float32 a
// loop without calls, which cost it its registers, runs until a step has a delicate sum and returns
// where; FMA then does all four sums of that step. Factors are numbers of T widened to float64: a factor of
// many products is converted once.

// fmaColumns continues the chains c[j] = fma(a[k], b[k][j], c[j]), k ascending.
func fmaColumns[T Float](c *[4]T, a []float64, b [][4]float64) {
	b = b[:len(a)]
	if num.Is32[T]() {
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

// fmaLanes continues lanes[i mod L] = fma(x[i], y[i], lanes[i mod L]), i ascending.
func fmaLanes[T Float](lanes *[16]T, x, y []float64) {
	y = y[:len(x)]
	line := Lanes[T]()
	whole := len(x) &^ (line - 1)
	if whole > 0 {
		for l := 0; l < line; l += 4 {
			fmaQuad((*[4]T)(lanes[l:]), quads(x[l:whole]), quads(y[l:whole]))
		}
	}
	x, y = x[whole:], y[whole:]
	for l := range x {
		lanes[l] = fma(T(x[l]), T(y[l]), lanes[l])
	}
}

// quads sees x as quads of elements.
func quads(x []float64) [][4]float64 {
	return unsafe.Slice((*[4]float64)(unsafe.Pointer(unsafe.SliceData(x))), len(x)/4)
}

// fmaQuad continues the four lanes to which the first quads of x and y belong.
func fmaQuad[T Float](c *[4]T, x, y [][4]float64) {
	if num.Is32[T]() {
		c := (*[4]float32)(unsafe.Pointer(c))
		for i := 0; ; i += 4 {
			if i = quadRun(c, x, y, i); i >= len(x) {
				return
			}
			for j := range c {
				c[j] = FMA(float32(x[i][j]), float32(y[i][j]), c[j])
			}
		}
	}
	y = y[:len(x)]
	c0, c1, c2, c3 := float64(c[0]), float64(c[1]), float64(c[2]), float64(c[3])
	for i := 0; i < len(x); i += 2 {
		p, q := &x[i], &y[i]
		c0, c1 = math.FMA(p[0], q[0], c0), math.FMA(p[1], q[1], c1)
		c2, c3 = math.FMA(p[2], q[2], c2), math.FMA(p[3], q[3], c3)
	}
	*c = [4]T{T(c0), T(c1), T(c2), T(c3)}
}

// quadRun is fmaQuad from quad i before the first line with a delicate sum, where it returns i; or an i
// past the end.
func quadRun(c *[4]float32, x, y [][4]float64, i int) int {
	y = y[:len(x)]
	c0, c1, c2, c3 := c[0], c[1], c[2], c[3]
	for ; i < len(x); i += 4 {
		p, q := &x[i], &y[i]
		s0 := float64(p[0]*q[0]) + float64(c0)
		s1 := float64(p[1]*q[1]) + float64(c1)
		s2 := float64(p[2]*q[2]) + float64(c2)
		s3 := float64(p[3]*q[3]) + float64(c3)
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
