package roots

import (
	"math"

	"github.com/bitstep-go/bitstep/internal/num"
)

// A Shipped takes square roots as the steps of a backend do, on this CPU's estimates.
type Shipped[T float32 | float64] struct {
	Lanes int // elements of a vector
	// Least and End bound the numbers whose roots are all trusted.
	Least, End T
	guarded    func(n int, x, out *T, unfit *uint64)
}

// ShippedBy returns the roots of a backend, and not ok if it has none: it is portable, or takes them in hardware
// because this CPU's estimates are too far off for one of those numbers that [Wrong] lists.
func ShippedBy[T float32 | float64](backend string) (s Shipped[T], ok bool) {
	for _, in := range assembly {
		if in.backend != backend {
			continue
		}
		if num.Is32[T]() {
			single := Shipped[float32]{in.vecBytes / 4, 0x1p-80, 0x1p126, in.single.guarded}
			return any(single).(Shipped[T]), backend != "avx2" || single.right(Wrong(Single12Short))
		}
		double := Shipped[float64]{in.vecBytes / 8, 0x1p-900, 0x1p1022, in.double.guarded}
		if backend == "avx2" { // from estimates of float32
			double.Least, double.End = 0x1p-124, 0x1p125
		}
		return any(double).(Shipped[T]), true
	}
	return s, false
}

// Roots takes roots of whole vectors, and tells for each vector if they are trusted.
func (s Shipped[T]) Roots(x, out []T, trusted []bool) {
	unfit := make([]uint64, len(x)/s.Lanes)
	s.guarded(len(x), &x[0], &out[0], &unfit[0])
	for i, u := range unfit {
		trusted[i] = u == 0
	}
}

// right reports whether the roots of some numbers are.
func (s Shipped[T]) right(numbers []T) bool {
	x := make([]T, (len(numbers)+s.Lanes-1)/s.Lanes*s.Lanes)
	copy(x, numbers)
	for i := len(numbers); i < len(x); i++ {
		x[i] = 1
	}
	out := make([]T, len(x))
	s.Roots(x, out, make([]bool, len(x)/s.Lanes))
	for i, v := range x {
		if out[i] != T(math.Sqrt(float64(v))) {
			return false
		}
	}
	return true
}
