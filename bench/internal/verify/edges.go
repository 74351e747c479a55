package verify

import (
	"math"

	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
)

// edges are numbers at which a format, a kernel or an estimate of a root changes its ways. They are a prime number of
// values, so that any two operands meet in all pairs when their lists are shifted by different amounts.
func edges[T kernels.Float]() []T {
	precision, least, normal, most, low := 24, 0x1p-149, 0x1p-126, math.MaxFloat32, 0x1p-125
	if !num.Is32[T]() {
		precision, least, normal, most, low = 53, 0x1p-1074, 0x1p-1022, math.MaxFloat64, 0x1p-901
	}
	ulp := math.Ldexp(1, 1-precision) // of 1
	var all []T
	for _, v := range []float64{
		0, math.Copysign(0, -1), 1, -1, math.Inf(1), math.Inf(-1), math.NaN(),
		least, -least, normal - least, -normal + least, normal, -normal, normal + least,
		most, -most, most / 2, -most / 3,
		1 + ulp, 1 - float64(ulp/2), -1 - ulp, // the neighbours of a power of two
		2, .5, 1.5, -.75, 1. / 3, 255, 1e-7,
		1/ulp + 1,                                                                     // and a half is a tie
		math.Sqrt(most), -1.01 * math.Sqrt(most), math.Sqrt(normal), math.Sqrt(least), // squares overflow, vanish
		0x1p-80, 0x1p-81, 0x1p-124, low, // where roots are taken from estimates, and where not
	} {
		all = append(all, T(v))
	}
	return all
}

// exponents are arguments at which [kernels.Exp] changes its ways: around overflow, subnormal results and zero.
func exponents() (all []float64) {
	for _, border := range []float64{1024 * math.Ln2, -1022 * math.Ln2, -1074 * math.Ln2, -1075 * math.Ln2, 710, -746,
		88.72284, -87.33655, -103.97208} { // the last are float32's
		x := border
		for range 8 {
			x = math.Nextafter(x, math.Inf(-1))
		}
		for range 17 {
			all = append(all, x)
			x = math.Nextafter(x, math.Inf(1))
		}
	}
	return all
}
