package rows

import (
	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
)

// An Engine runs kernels, those of the table and those outside it: a backend, or the definitions.
type Engine[T kernels.Float] struct {
	Row       func(row kernels.Row, coef any, op [][]T) T
	Gemm      func(transA, transB bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int)
	Gemv      func(transA bool, m, n int, alpha T, a []T, lda int, x []T, beta T, y []T)
	FromBytes func(dst []T, src []uint8, scale T, offset []T)
	AllFinite func(x []T) bool
}

// On returns the engine of a backend.
func On[T kernels.Float](k bitstep.Engine[T]) Engine[T] {
	row := func(row kernels.Row, coef any, op [][]T) T { return Call(k, row, coef, op) }
	return Engine[T]{row, k.Gemm, k.Gemv, k.FromBytes, k.AllFinite}
}

// Definitions returns the engine of package kernels.
func Definitions[T kernels.Float]() Engine[T] {
	return Engine[T]{Define[T], kernels.Gemm[T], kernels.Gemv[T], kernels.FromBytes[T], kernels.AllFinite[T]}
}
