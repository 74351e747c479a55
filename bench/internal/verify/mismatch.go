package verify

import (
	"fmt"
	"math"
	"reflect"

	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// A mismatch is an error that ends a part.
type mismatch struct{ record.Mismatch }

func (m *mismatch) Error() string { return m.Kernel + " differs" }

// value writes a number and its bits.
func value[T kernels.Float](v T) string {
	if num.Is32[T]() {
		return fmt.Sprintf("%v (0x%08x)", v, math.Float32bits(float32(v)))
	}
	return fmt.Sprintf("%v (0x%016x)", v, math.Float64bits(float64(v)))
}

func byteValue(b uint8) string { return fmt.Sprintf("%d (0x%02x)", b, b) }

// typeName is the name of T.
func typeName[T kernels.Float]() string { return fmt.Sprintf("%T", T(0)) }

// element writes element i of an operand.
func element[T kernels.Float](name string, op any, i int) string {
	switch s := op.(type) {
	case []T:
		return fmt.Sprintf("%s[%d]=%s", name, i, value(s[i]))
	case []uint8:
		return fmt.Sprintf("%s[%d]=%s", name, i, byteValue(s[i]))
	}
	panic("verify: an operand of another type")
}

// shown is how many elements of a sum are listed: the whole case can be run again.
const shown = 8

// more says how many elements of a sum are not listed.
func more(n int) []string {
	if n <= shown {
		return nil
	}
	return []string{fmt.Sprintf("and %d more", n-shown)}
}

// inputs lists what element i of a call depends on: for a reduction, its first elements.
func inputs[T kernels.Float](row table.Row, coef any, op []any, i, n int) (list []string) {
	for j, o := range row.Operands {
		switch {
		case !o.Read:
		case row.Kind == table.Reduction:
			for k := range min(n, shown) {
				list = append(list, element[T](o.Name, op[j], k))
			}
		case 0 <= i && i < n:
			list = append(list, element[T](o.Name, op[j], i))
		}
	}
	if row.Kind == table.Reduction {
		return append(list, more(n)...)
	}
	return append(list, coefficients[T](row, coef)...)
}

// coefficients lists those of a call, and of its prelude what is in use.
func coefficients[T kernels.Float](row table.Row, coef any) (list []string) {
	if coef == nil {
		return nil
	}
	c := reflect.ValueOf(coef).Elem()
	for i, s := range program.Must(row).Scalars {
		f := c.Index
		if c.Kind() == reflect.Struct {
			f = c.Field
		}
		list = append(list, s.Name+"="+value(T(f(i).Float())))
	}
	if c.Kind() != reflect.Struct {
		return list
	}
	p := c.FieldByName("Prelude").Interface().(kernels.Prelude[T])
	for _, s := range []struct {
		use  kernels.Use
		name string
		v    T
	}{{kernels.UseScale, "scale", p.Scale}, {kernels.UseClip, "lo", p.Lo}, {kernels.UseClip, "hi", p.Hi},
		{kernels.UseL2, "l2", p.L2}, {kernels.UseKeep, "keep", p.Keep}} {
		if p.Use&s.use != 0 {
			list = append(list, s.name+"="+value(s.v))
		}
	}
	return list
}
