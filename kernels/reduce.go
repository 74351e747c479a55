package kernels

import (
	"math"

	"github.com/bitstep-go/bitstep/internal/num"
)

// Reductions along contiguous memory, in the order of rule 7. Each is a chunk's lanes, a fold, and the
// sum of the chunks. The functions on lanes are exported for package bitstep, where they stand in for
// assembly that there is not.

// ReduceChunk is how many elements share one set of lanes.
const ReduceChunk = 65536

// Lanes returns L, the number of elements of T in one line of 64 bytes: 16 or 8.
func Lanes[T Float]() int {
	if num.Is32[T]() {
		return 16
	}
	return 8
}

// Fold returns the sum of the L lanes, folded by halves. It overwrites them.
func Fold[T Float](lanes *[16]T) T {
	for half := Lanes[T]() / 2; half > 0; half /= 2 {
		for l := range half {
			lanes[l] += lanes[l+half]
		}
	}
	return lanes[0]
}

// FoldMaxAbs returns the largest of the L lanes of [MaxAbs].
func FoldMaxAbs[T Float](lanes *[16]T) T {
	top := lanes[0]
	for _, v := range lanes[1:Lanes[T]()] {
		top = larger(top, v)
	}
	return top
}

// Dot returns the sum of x[i]*y[i] in the order of rule 7: lane = fma(x, y, lane). The operands have
// the same length; the sum of none is +0.
func Dot[T Float](x, y []T) T {
	n := min(len(x), ReduceChunk)
	var lanes [16]T
	DotLanes(&lanes, x[:n], y[:n])
	sum := Fold(&lanes)
	for x, y = x[n:], y[n:]; len(x) > 0; x, y = x[n:], y[n:] {
		n = min(len(x), ReduceChunk)
		lanes = [16]T{}
		DotLanes(&lanes, x[:n], y[:n])
		sum += Fold(&lanes)
	}
	return sum
}

// DotLanes continues the lanes of [Dot] with x and y, whose first elements belong to lane 0.
func DotLanes[T Float](lanes *[16]T, x, y []T) {
	const block = 256 // whole lines, so that each block starts at lane 0
	var xs, ys [block]float64
	for y = y[:len(x)]; len(x) > 0; {
		n := min(len(x), block)
		widen(xs[:n], x, 1)
		widen(ys[:n], y, 1)
		fmaLanes(lanes, xs[:n], ys[:n])
		x, y = x[n:], y[n:]
	}
}

// SumSquares returns the sum of x[i]*x[i] in the order of rule 7: lane = fma(x, x, lane). The sum of
// none is +0.
func SumSquares[T Float](x []T) T { return Dot(x, x) }

// SumSquaresLanes continues the lanes of [SumSquares] with x, whose first element belongs to lane 0.
func SumSquaresLanes[T Float](lanes *[16]T, x []T) { DotLanes(lanes, x, x) }

// Sum returns the sum of x in the order of rule 7: lane = lane + x. The sum of none is +0.
func Sum[T Float](x []T) T { return chunks(x, SumLanes[T]) }

// SumLanes continues the lanes of [Sum] with x, whose first element belongs to lane 0.
func SumLanes[T Float](lanes *[16]T, x []T) {
	last := Lanes[T]() - 1
	for i, xi := range x {
		lanes[i&last] += xi
	}
}

// SumAbs returns the sum of |x[i]| in the order of rule 7: lane = lane + |x|. The sum of none is +0.
func SumAbs[T Float](x []T) T { return chunks(x, SumAbsLanes[T]) }

// SumAbsLanes continues the lanes of [SumAbs] with x, whose first element belongs to lane 0.
func SumAbsLanes[T Float](lanes *[16]T, x []T) {
	last := Lanes[T]() - 1
	for i, xi := range x {
		lanes[i&last] += T(math.Abs(float64(xi)))
	}
}

// chunks sums a reduction of one operand.
func chunks[T Float](x []T, reduce func(*[16]T, []T)) T {
	n := min(len(x), ReduceChunk)
	var lanes [16]T
	reduce(&lanes, x[:n])
	sum := Fold(&lanes)
	for x = x[n:]; len(x) > 0; x = x[n:] {
		n = min(len(x), ReduceChunk)
		lanes = [16]T{}
		reduce(&lanes, x[:n])
		sum += Fold(&lanes)
	}
	return sum
}

// MaxAbs returns the largest |x[i]|, NaN if any element is NaN, and +0 for none. It is the largest
// number formed by the bits of an element without its sign, so that the order does not matter.
func MaxAbs[T Float](x []T) T {
	var lanes [16]T
	MaxAbsLanes(&lanes, x)
	return FoldMaxAbs(&lanes)
}

// MaxAbsLanes continues the lanes of [MaxAbs] with x, whose first element belongs to lane 0.
func MaxAbsLanes[T Float](lanes *[16]T, x []T) {
	last := Lanes[T]() - 1
	for i, xi := range x {
		lanes[i&last] = larger(lanes[i&last], xi)
	}
}

// larger returns the larger of top and |x| by their bits; the bits of NaN are the largest. top has
// no sign.
func larger[T Float](top, x T) T {
	if num.Is32[T]() {
		const magnitude = 1<<31 - 1
		return T(math.Float32frombits(max(math.Float32bits(float32(top)), math.Float32bits(float32(x))&magnitude)))
	}
	const magnitude = 1<<63 - 1
	return T(math.Float64frombits(max(math.Float64bits(float64(top)), math.Float64bits(float64(x))&magnitude)))
}

// AllFinite reports whether no element is infinite or NaN.
func AllFinite[T Float](x []T) bool { return num.Finite(MaxAbs(x)) }
