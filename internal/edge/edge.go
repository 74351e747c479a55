// Package edge makes the operands that tests and the bench command run kernels on: ordinary numbers
// mixed with those at the edges of the formats, the same on every machine for the same seed.
package edge

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"

	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
)

// Rand returns a generator whose Uint64, IntN and Float64 are the same on every machine.
func Rand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x6269747374657000)) }

// format is what Value needs to know of a type.
type format struct {
	minExp    int // exponent of the smallest subnormal
	precision int
	max       float64
}

func formatOf[T kernels.Float]() format {
	if num.Is32[T]() {
		return format{-149, 24, math.MaxFloat32}
	}
	return format{-1074, 53, math.MaxFloat64}
}

// Value returns mostly a number of ordinary size, and now and then a zero of either sign, a subnormal,
// the border of the normal numbers, a number next to a power of two (ties), one near overflow, one
// whose square over- or underflows, an infinity or NaN.
func Value[T kernels.Float](r *rand.Rand) T {
	f := formatOf[T]()
	sign := float64(1 - 2*r.IntN(2))
	switch r.IntN(96) {
	case 0, 1:
		return T(math.Copysign(0, sign))
	case 2:
		return T(sign * math.Ldexp(float64(1+r.IntN(1000)), f.minExp))
	case 3:
		return T(sign * math.Ldexp(1, f.minExp+f.precision-1))
	case 4:
		return T(sign * math.Ldexp(1, r.IntN(8)-4) * (1 + math.Ldexp(float64(r.IntN(3)-1), 1-f.precision)))
	case 5:
		return T(sign * f.max * (0.25 + float64(0.75*r.Float64())))
	case 6:
		return T(sign * math.Sqrt(f.max) * (0.5 + float64(r.Float64())))
	case 7:
		return T(sign * math.Ldexp(float64(r.Float64())+0.5, f.minExp/2-r.IntN(8)))
	case 8:
		return T(sign * math.Inf(1))
	case 9:
		return T(math.NaN())
	case 10, 11, 12:
		return T(sign * math.Ldexp(r.Float64(), r.IntN(60)-30))
	}
	return T(float64(2*float64(r.Float64())) - 1)
}

// Fill fills s with values. One slice in two has no infinity and no NaN.
func Fill[T kernels.Float](r *rand.Rand, s []T) {
	finite := r.IntN(2) == 0
	for i := range s {
		for s[i] = Value[T](r); finite && !num.Finite(s[i]); {
			s[i] = Value[T](r)
		}
	}
}

// FillSummable fills s with values that are not NaN and at most 16 in size, so that sums of their products
// are numbers and none is lost in a sum of many others.
func FillSummable[T kernels.Float](r *rand.Rand, s []T) {
	const limit = 16
	for i := range s {
		for s[i] = Value[T](r); !(-limit <= s[i] && s[i] <= limit); {
			s[i] = Value[T](r)
		}
	}
}

// Filler returns what fills the operands of sums of n terms: FillSummable if they are long, and in three cases of four
// if not, else Fill.
func Filler[T kernels.Float](r *rand.Rand, n int) func(*rand.Rand, []T) {
	const long = 1000
	if r.IntN(4) > 0 || n > long {
		return FillSummable[T]
	}
	return Fill[T]
}

// FillOperands fills the operands of a call: each a []T or []uint8. Those that it sums are summable if they are
// long, and in three calls of four if not: in a long sum there is always an infinity or NaN else, which hides
// all the rest.
func FillOperands[T kernels.Float](r *rand.Rand, sums bool, op ...any) {
	n := 0
	if len(op) > 0 {
		if s, ok := op[0].([]T); ok {
			n = len(s)
		}
	}
	fill := Fill[T]
	if sums {
		fill = Filler[T](r, n)
	}
	for _, s := range op {
		switch s := s.(type) {
		case []T:
			fill(r, s)
		case []uint8:
			FillBytes(r, s)
		default:
			panic(fmt.Sprintf("edge: operand of type %T", s))
		}
	}
}

// FillBytes fills s with bytes of every value.
func FillBytes(r *rand.Rand, s []uint8) {
	for i := range s {
		s[i] = uint8(r.IntN(256))
	}
}

// FillCoef fills what rows.NewCoef returned: scalars between 0 and 1, now and then an edge, and in a step
// the use of its prelude.
func FillCoef[T kernels.Float](r *rand.Rand, coef any, use kernels.Use) {
	if coef == nil {
		return
	}
	fill[T](r, reflect.ValueOf(coef).Elem(), use)
}

func fill[T kernels.Float](r *rand.Rand, v reflect.Value, use kernels.Use) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill[T](r, v.Field(i), use)
			if v.Type().Field(i).Name == "Lo" { // below 0, so that clipping leaves some values
				v.Field(i).SetFloat(-v.Field(i).Float())
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			fill[T](r, v.Index(i), use)
		}
	case reflect.Uint32:
		v.SetUint(uint64(use))
	default:
		x := T(r.Float64())
		if r.IntN(24) == 0 {
			x = Value[T](r)
		}
		v.SetFloat(float64(x))
	}
}

// Same reports whether a and b have the same bits, all NaN being one (rule 2 of the contract).
func Same[T kernels.Float](a, b T) bool {
	return a != a && b != b || math.Float64bits(float64(a)) == math.Float64bits(float64(b))
}

// Differ returns the first index at which got and want are not the same, or -1.
func Differ[T kernels.Float](got, want []T) int {
	for i := range want {
		if !Same(got[i], want[i]) {
			return i
		}
	}
	return -1
}
