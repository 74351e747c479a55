package optim

import (
	"math"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
)

// norm returns the Euclidean norm of all elements of all tensors: the root, in float64, of the sum of the
// tensors' sums of squares (rule 7, in T) in their order. Where squares overflow or underflow in T it is
// computed in float64 from scaled elements instead. It is NaN or infinite only if an element is: a norm beyond the
// range of float64, or one that rounds beyond it, is math.MaxFloat64.
func norm[T kernels.Float](k bitstep.Engine[T], x [][]T) float64 { return tensors[T]{whole: x}.norm(k) }

func (t tensors[T]) norm(k bitstep.Engine[T]) float64 {
	sum := 0.0
	for i := range t.whole {
		sum += float64(t.sumSquares(k, i))
	}
	if sum >= leastSum[T]() && sum < math.Inf(1) {
		return math.Sqrt(sum)
	}
	return t.scaledNorm(k)
}

// leastSum is a sum of squares beyond which underflow does not matter: each square that underflows is off
// by less than the smallest subnormal of T, 2^-149 or 2^-1074, and fewer than 2^40 of them move such a
// sum by less than its last bit, a 2^-24 or 2^-53 of it.
func leastSum[T kernels.Float]() float64 {
	if num.Is32[T]() {
		return 0x1p-85
	}
	return 0x1p-981
}

// scaledNorm divides elements by the power of two next to the largest, sums squares one after the
// other, and multiplies the root.
func (t tensors[T]) scaledNorm(k bitstep.Engine[T]) float64 {
	var top T
	for i := range t.whole {
		largest := t.maxAbs(k, i)
		if !num.Finite(largest) {
			return float64(largest)
		}
		top = max(top, largest)
	}
	if top == 0 {
		return 0
	}
	_, exp := math.Frexp(float64(top))
	sum := 0.0
	for i := range t.whole {
		for lo := 0; lo < t.len(i); {
			part := t.part(k, i, lo)
			for _, v := range part {
				scaled := math.Ldexp(float64(v), -exp)
				sum += float64(scaled * scaled)
			}
			lo += len(part)
		}
	}
	return min(math.Ldexp(math.Sqrt(sum), exp), math.MaxFloat64)
}

// scalar returns v in T: the largest finite number of its sign where it is beyond them. A quotient by a norm near the
// smallest of T would otherwise make infinite what the norm's vector brings back to the size that was meant.
func scalar[T kernels.Float](v float64) T {
	largest := math.MaxFloat64
	if num.Is32[T]() {
		largest = math.MaxFloat32
	}
	return T(max(-largest, min(v, largest)))
}
