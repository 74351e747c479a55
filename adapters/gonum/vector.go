package gonumblas

import (
	"math"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
)

// Level 1. A function returns false for what it leaves to gonum: wrong arguments, whose panics are gonum's, and calls
// without arithmetic.

// shortUpdate is how many elements pay for a call of a kernel rather than of gonum's assembly or of a loop (Zen 5).
const shortUpdate = 256

// onStack is up to how many elements are gathered there.
const onStack = 32

// axpy is kernels.Axpy. Without assembly gonum's may fuse.
func axpy[T bitstep.Float](i Implementation, n int, alpha T, x []T, incX int, y []T, incY int) bool {
	if !vector(n, x, incX) || !vector(n, y, incY) || alpha == 0 {
		return false
	}
	contiguous := incX == 1 && incY == 1
	switch {
	case contiguous && n >= shortUpdate && !overlap(x[:n], y[:n]):
		on[T](i).Axpy(y[:n], x[:n], alpha)
	case hostRounds:
		return false
	case contiguous:
		x, y = x[:n], y[:n]
		for j, v := range x {
			y[j] += T(alpha * v)
		}
	default:
		atX, atY := first(n, incX), first(n, incY)
		for range n {
			y[atY] += T(alpha * x[atX])
			atX += incX
			atY += incY
		}
	}
	return true
}

// scal is kernels.Scale of many elements. A product alone is the same wherever it is computed.
func scal[T bitstep.Float](i Implementation, n int, alpha T, x []T, incX int) bool {
	if n < shortUpdate || incX != 1 || n > len(x) || alpha == 0 {
		return false
	}
	on[T](i).Scale(x[:n], alpha)
	return true
}

// dot is kernels.Dot.
func dot[T bitstep.Float](i Implementation, n int, x []T, incX int, y []T, incY int) (sum T, ok bool) {
	if !vector(n, x, incX) || !vector(n, y, incY) {
		return 0, false
	}
	if incX == 1 && incY == 1 {
		return sumProducts(i, x[:n], y[:n]), true
	}
	atX, atY := first(n, incX), first(n, incY)
	if n <= onStack {
		var bufX, bufY [onStack]T
		return sumProducts(i, contiguous(bufX[:n], x, atX, incX), contiguous(bufY[:n], y, atY, incY)), true
	}
	s, e := getScratch[T](), on[T](i)
	sum = chunks(n, func(lo, n int) T {
		return e.Dot(contiguous(grow(&s.x, n), x, atX+lo*incX, incX), contiguous(grow(&s.y, n), y, atY+lo*incY, incY))
	})
	s.put()
	return sum, true
}

// asum is kernels.SumAbs.
func asum[T bitstep.Float](i Implementation, n int, x []T, incX int) (sum T, ok bool) {
	if incX < 1 || !vector(n, x, incX) {
		return 0, false
	}
	if incX == 1 {
		return sumAbs(i, x[:n]), true
	}
	return gathered(i, false, n, x, incX), true
}

// nrm2 is the root of kernels.SumSquares. Where that sum overflows or loses squares to underflow, x is multiplied by a
// power of two before, and the root divided by it.
func nrm2[T bitstep.Float](i Implementation, n int, x []T, incX int) (norm T, ok bool) {
	if incX < 1 || n < 2 || !vector(n, x, incX) {
		return 0, false
	}
	var sum T
	if incX == 1 {
		sum = sumSquares(i, x[:n])
	} else {
		sum = gathered(i, true, n, x, incX)
	}
	power := powerFor(sum)
	if power == 0 {
		return T(math.Sqrt(float64(sum))), true
	}
	scale, s, e := T(math.Ldexp(1, power)), getScratch[T](), on[T](i)
	sum = chunks(n, func(lo, n int) T {
		scaled := grow(&s.x, n)
		gather(scaled, x, lo*incX, incX)
		e.Scale(scaled, scale)
		return e.SumSquares(scaled)
	})
	s.put()
	return T(math.Sqrt(float64(sum))) / scale, true
}

// gathered is kernels.SumSquares or kernels.SumAbs of elements that are inc apart.
func gathered[T bitstep.Float](i Implementation, squares bool, n int, x []T, inc int) T {
	if n <= onStack {
		var buf [onStack]T
		gather(buf[:n], x, 0, inc)
		if squares {
			return sumSquares(i, buf[:n])
		}
		return sumAbs(i, buf[:n])
	}
	s := getScratch[T]()
	sum := chunks(n, func(lo, n int) T {
		buf := grow(&s.x, n)
		gather(buf, x, lo*inc, inc)
		if squares {
			return sumSquares(i, buf)
		}
		return sumAbs(i, buf)
	})
	s.put()
	return sum
}

// powerFor returns by which power of two elements whose squares have this sum are to be multiplied, or 0. What up to
// 2^40 squares lose to underflow is at most 2^-30 of a sum of 2^-80 in float32, and 2^-75 of one of 2^-960 in float64.
// No sum of so many squares of multiplied elements overflows.
func powerFor[T bitstep.Float](sum T) int {
	least, small, large := 0x1p-960, 600, -540
	if _, ok := any(sum).(float32); ok {
		least, small, large = 0x1p-80, 100, -90
	}
	switch {
	case float64(sum) < least:
		return small
	case math.IsInf(float64(sum), 1):
		return large
	}
	return 0 // NaN, too
}

// chunks sums a reduction as rule 7 of the contract does, given that of n elements from one on.
func chunks[T bitstep.Float](n int, reduce func(lo, n int) T) T {
	sum := reduce(0, min(n, kernels.ReduceChunk))
	for lo := kernels.ReduceChunk; lo < n; lo += kernels.ReduceChunk {
		sum += reduce(lo, min(n-lo, kernels.ReduceChunk))
	}
	return sum
}

// contiguous returns elements that are inc apart, where they lie or gathered in buf, as many as that holds.
func contiguous[T bitstep.Float](buf, x []T, at, inc int) []T {
	if inc == 1 {
		return x[at:][:len(buf)]
	}
	gather(buf, x, at, inc)
	return buf
}

// iamax finds the first of the largest |x[i]| as BLAS does: NaN is the largest if it is the first element, and else
// no candidate.
func iamax[T bitstep.Float](i Implementation, n int, x []T, incX int) (at int, ok bool) {
	const block = 512 // elements that are looked through again
	if n < iamaxFrom || incX != 1 || n > len(x) {
		return 0, false
	}
	e, top := on[T](i), T(-1)
	for lo := 0; lo < n; lo += block {
		part := x[lo:min(lo+block, n)]
		m := e.MaxAbs(part)
		if m != m {
			return 0, false
		}
		if m > top {
			at, top = lo, m
		}
	}
	for T(math.Abs(float64(x[at]))) != top {
		at++
	}
	return at, true
}
