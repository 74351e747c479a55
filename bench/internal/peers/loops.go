package peers

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/bitstep-go/bitstep/kernels"
)

// loops are what one writes in Go without thinking further.
func loops[T kernels.Float]() peer[T] {
	return peer[T]{"Go loop", loopGemm[T], loopAxpy[T], loopDot[T], loopAdam[T]}
}

// loopGemm runs along the rows of what it can.
func loopGemm[T kernels.Float](transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, c []T, ldc int) {
	for i := range m {
		row := c[i*ldc : i*ldc+n]
		clear(row)
		for p := range k {
			at := i*lda + p
			if transA {
				at = p*lda + i
			}
			f := a[at]
			if transB {
				for j := range row {
					row[j] += T(f * b[j*ldb+p])
				}
				continue
			}
			for j, y := range b[p*ldb : p*ldb+n] {
				row[j] += T(f * y)
			}
		}
	}
}

func loopAxpy[T kernels.Float](a T, x, y []T) {
	for i := range x {
		y[i] += T(a * x[i])
	}
}

func loopDot[T kernels.Float](x, y []T) (sum T) {
	for i := range x {
		sum += T(x[i] * y[i])
	}
	return sum
}

func loopAdam[T kernels.Float](x, m, v, g []T, c *kernels.AdamCoef[T]) {
	for i, g := range g {
		m[i] = T(c.Beta1*m[i]) + T(c.OneMinusBeta1*g)
		v[i] = T(c.Beta2*v[i]) + T(c.OneMinusBeta2*g*g)
		x[i] -= T(c.Alpha * m[i] / (T(math.Sqrt(float64(c.Unbias*v[i]))) + c.Eps))
	}
}

// gonum32 and gonum64 are gonum's own BLAS, in Go and some assembly.
var (
	gonum32 = peer[float32]{
		"gonum",
		func(transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int) {
			gonum.Implementation{}.Sgemm(transposed(transA), transposed(transB), m, n, k, 1, a, lda, b, ldb, 0, c, ldc)
		},
		func(a float32, x, y []float32) { gonum.Implementation{}.Saxpy(len(x), a, x, 1, y, 1) },
		func(x, y []float32) float32 { return gonum.Implementation{}.Sdot(len(x), x, 1, y, 1) },
		nil,
	}
	gonum64 = peer[float64]{
		"gonum",
		func(transA, transB bool, m, n, k int, a []float64, lda int, b []float64, ldb int, c []float64, ldc int) {
			gonum.Implementation{}.Dgemm(transposed(transA), transposed(transB), m, n, k, 1, a, lda, b, ldb, 0, c, ldc)
		},
		func(a float64, x, y []float64) { gonum.Implementation{}.Daxpy(len(x), a, x, 1, y, 1) },
		func(x, y []float64) float64 { return gonum.Implementation{}.Ddot(len(x), x, 1, y, 1) },
		nil,
	}
)

func transposed(t bool) blas.Transpose {
	if t {
		return blas.Trans
	}
	return blas.NoTrans
}
