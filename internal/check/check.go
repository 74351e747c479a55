// Package check validates the fields that users set, with one text for each way to be wrong:
//
//	Beta1 = 1.5, want in [0, 1)
//	Batch = 0, want at least 1
//	Rho = 0.99999999999, which is 1 in float32, want in [0, 1)
//
// Errors do not say whose field it is: callers wrap them, as in fmt.Errorf("optim: Adam: %w", err). The first of
// several errors is cmp.Or(err1, err2, ...).
package check

import (
	"fmt"
	"math/bits"

	"github.com/bitstep-go/bitstep/internal/num"
)

// Number is what a field may be.
type Number interface{ int | uint64 | float64 }

// Ends says which ends of an interval belong to it, as mathematics writes it.
type Ends string

const (
	Closed   Ends = "[]"
	Open     Ends = "()"
	OpenLow  Ends = "(]"
	OpenHigh Ends = "[)" // up to +Inf: any finite number
)

// in reports whether v lies in the interval. NaN does not.
func in[N Number](v, lo, hi N, ends Ends) bool {
	return v >= lo && v <= hi && (ends[0] == '[' || v > lo) && (ends[1] == ']' || v < hi)
}

// In returns an error unless v lies between lo and hi. NaN does not.
func In[N Number](field string, v, lo, hi N, ends Ends) error {
	if in(v, lo, hi, ends) {
		return nil
	}
	return fmt.Errorf("%s = %v, want in %c%v, %v%c", field, v, ends[0], lo, hi, ends[1])
}

// Rounded is [In] for a number that is used in T: what it rounds to must lie in the interval too, and must not be
// 0 or infinite where v is not.
func Rounded[T float32 | float64](field string, v, lo, hi float64, ends Ends) error {
	if err := In(field, v, lo, hi, ends); err != nil {
		return err
	}
	switch x := T(v); {
	case x == 0 && v != 0 || !num.Finite(x) && num.Finite(v):
		return fmt.Errorf("%s = %v, which is %v in %T, want a number in its range", field, v, x, x)
	case !in(float64(x), lo, hi, ends):
		return fmt.Errorf("%s = %v, which is %v in %T, want in %c%v, %v%c", field, v, x, x, ends[0], lo, hi, ends[1])
	}
	return nil
}

// AtLeast returns an error unless v is least or more.
func AtLeast[N Number](field string, v, least N) error {
	if v >= least {
		return nil
	}
	return fmt.Errorf("%s = %v, want at least %v", field, v, least)
}

// Ascending returns an error unless each element of s is more than the one before.
func Ascending[N Number](field string, s []N) error {
	for i := 1; i < len(s); i++ {
		if !(s[i] > s[i-1]) {
			return fmt.Errorf("%s[%d] = %v, want more than %s[%d] = %v", field, i, s[i], field, i-1, s[i-1])
		}
	}
	return nil
}

// Elements returns the product of a shape's dimensions, taken in their order. It is not ok if one is negative or a
// product overflows.
func Elements(shape []int) (n uint64, ok bool) {
	n = 1
	for _, d := range shape {
		hi, lo := bits.Mul64(n, uint64(d))
		if d < 0 || hi != 0 {
			return 0, false
		}
		n = lo
	}
	return n, true
}

// Zero in a field whose zero value stands for a default is an explicit 0. It is the negative number closest to 0.
const Zero = -0x1p-1074

// Default returns the number that a field of value v means: otherwise for 0, and 0 for [Zero].
func Default(v, otherwise float64) float64 {
	switch v {
	case 0:
		return otherwise
	case Zero:
		return 0
	}
	return v
}
