// Package rows calls kernels by their row of the table, for the tests and benchmarks that range over it.
package rows

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// MostOperands is how many operands those rows have that have the most.
func MostOperands() (n int) {
	for _, row := range table.Rows {
		n = max(n, len(row.Operands))
	}
	return n
}

// A Runner runs kernels, those of the table and those outside it: a backend, or the definitions.
type Runner[T kernels.Float] struct {
	Row  func(row table.Row, coef any, op []any) T
	Each func(row table.Row, coef any, op [][]any) // a Step of several tensors
	Gemm func(transA, transB bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int)

	GemmContinue func(transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, c []T, ldc int)
	Gemv         func(transA bool, m, n int, alpha T, a []T, lda int, x []T, beta T, y []T)
	AllFinite    func(x []T) bool
}

// On returns the runner of an engine.
func On[T kernels.Float](e bitstep.Engine[T]) Runner[T] {
	row := func(row table.Row, coef any, op []any) T { return Call(e, row, coef, op) }
	each := func(row table.Row, coef any, op [][]any) { CallEach(e, row, coef, op) }
	return Runner[T]{row, each, e.Gemm, e.GemmContinue, e.Gemv, e.AllFinite}
}

// Definitions returns the runner of package kernels.
func Definitions[T kernels.Float]() Runner[T] {
	each := func(row table.Row, coef any, op [][]any) {
		for _, tensor := range op {
			Define[T](row, coef, tensor)
		}
	}
	return Runner[T]{Define[T], each, kernels.Gemm[T], kernels.GemmContinue[T], kernels.Gemv[T], kernels.AllFinite[T]}
}

// Sample returns coefficients made of the row's sample hyperparameters, at step 1 and without a prelude.
func Sample[T kernels.Float](row table.Row) any {
	h := map[string]float64{}
	for _, v := range program.Must(row).Hypers {
		h[v.Name] = v.Sample
	}
	return Coef(row, h, 1, kernels.Prelude[T]{})
}

// Lasting returns coefficients for measurements, which call a step again and again on the same operands: averages stay
// what they are, and nothing vanishes or overflows. (What a step gains by an average of one gradient forever is no
// measure: variances become 0.)
func Lasting[T kernels.Float](row table.Row) any {
	coef, p := Sample[T](row), program.Must(row)
	c := reflect.ValueOf(coef).Elem()
	for _, s := range p.Scalars {
		if h, ok := strings.CutPrefix(s.Name, "1-"); ok {
			c.FieldByName(s.Field()).SetFloat(0)
			if f := c.FieldByName(program.FieldName(h)); f.IsValid() {
				f.SetFloat(1)
			}
		}
	}
	return coef
}

// Ordinary is what measurements fill an operand with: squares are larger than those of others, so that variances are
// positive.
func Ordinary[T kernels.Float](o table.Operand) T {
	if o.NonNegative {
		return 1
	}
	return .5
}

// Clone copies operands.
func Clone[T kernels.Float](op []any) []any {
	c := make([]any, len(op))
	for i := range op {
		switch s := op[i].(type) {
		case []T:
			c[i] = slices.Clone(s)
		case []uint8:
			c[i] = slices.Clone(s)
		default:
			panic(fmt.Sprintf("rows: operand of type %T", op[i]))
		}
	}
	return c
}

// Copy gives operands what clones of them have.
func Copy[T kernels.Float](op, from []any) {
	for i := range op {
		switch s := op[i].(type) {
		case []T:
			copy(s, from[i].([]T))
		case []uint8:
			copy(s, from[i].([]uint8))
		default:
			panic(fmt.Sprintf("rows: operand of type %T", op[i]))
		}
	}
}

// Differ returns the first index at which two operands are not the same, and what they have there, or -1.
func Differ[T kernels.Float](got, want any) (i int, g, w any) {
	switch want := want.(type) {
	case []T:
		got := got.([]T)
		if i = edge.Differ(got, want); i >= 0 {
			return i, got[i], want[i]
		}
	case []uint8:
		got := got.([]uint8)
		for i := range want {
			if got[i] != want[i] {
				return i, got[i], want[i]
			}
		}
	default:
		panic(fmt.Sprintf("rows: operand of type %T", want))
	}
	return -1, nil, nil
}
