package gonumblas

import "gonum.org/v1/gonum/blas"

// The routines in double precision. float32.go is made of this file.

//go:generate go test -run TestSingle -update-single

// Dgemm is C = alpha*op(A)*op(B) + beta*C, as kernels.Gemm.
func (i Implementation) Dgemm(tA, tB blas.Transpose, m, n, k int, alpha float64, a []float64, lda int,
	b []float64, ldb int, beta float64, c []float64, ldc int) {
	if i.small(gemmFrom, m, n, k) || !gemm(i, tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) {
		i.Implementation.Dgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	}
}

// Dgemv is y = alpha*op(A)*x + beta*y, as kernels.Gemv.
func (i Implementation) Dgemv(tA blas.Transpose, m, n int, alpha float64, a []float64, lda int, x []float64, incX int,
	beta float64, y []float64, incY int) {
	if i.small(gemvFrom, m, n, 1) || !gemv(i, tA, m, n, alpha, a, lda, x, incX, beta, y, incY) {
		i.Implementation.Dgemv(tA, m, n, alpha, a, lda, x, incX, beta, y, incY)
	}
}

// Dger is A = A + alpha*x*y', as kernels.Gemm of one column and one row.
func (i Implementation) Dger(m, n int, alpha float64, x []float64, incX int, y []float64, incY int,
	a []float64, lda int) {
	if i.small(gerFrom, m, n, 1) || !ger(i, m, n, alpha, x, incX, y, incY, a, lda) {
		i.Implementation.Dger(m, n, alpha, x, incX, y, incY, a, lda)
	}
}

// Dsyrk is C = alpha*op(A)*op(A)' + beta*C of a symmetric C, as kernels.Gemm.
func (i Implementation) Dsyrk(ul blas.Uplo, tA blas.Transpose, n, k int, alpha float64, a []float64, lda int,
	beta float64, c []float64, ldc int) {
	if i.small(syrkFrom, n, n, k) || !syrk(i, ul, tA, n, k, alpha, a, lda, beta, c, ldc) {
		i.Implementation.Dsyrk(ul, tA, n, k, alpha, a, lda, beta, c, ldc)
	}
}

// Dsymm is C = alpha*A*B + beta*C or C = alpha*B*A + beta*C of a symmetric A, as kernels.Gemm of the whole of A.
func (i Implementation) Dsymm(s blas.Side, ul blas.Uplo, m, n int, alpha float64, a []float64, lda int,
	b []float64, ldb int, beta float64, c []float64, ldc int) {
	if i.small(symmFrom, m, n, order(s, m, n)) || !symm(i, s, ul, m, n, alpha, a, lda, b, ldb, beta, c, ldc) {
		i.Implementation.Dsymm(s, ul, m, n, alpha, a, lda, b, ldb, beta, c, ldc)
	}
}

// Dtrmm is B = alpha*op(A)*B or B = alpha*B*op(A) of a triangular A.
func (i Implementation) Dtrmm(s blas.Side, ul blas.Uplo, tA blas.Transpose, d blas.Diag, m, n int, alpha float64,
	a []float64, lda int, b []float64, ldb int) {
	if i.small(trianglesFrom, m, n, order(s, m, n)) || !triangles(i, false, s, ul, tA, d, m, n, alpha, a, lda, b, ldb) {
		i.Implementation.Dtrmm(s, ul, tA, d, m, n, alpha, a, lda, b, ldb)
	}
}

// Dtrsm solves op(A)*X = alpha*B or X*op(A) = alpha*B, A triangular, and stores X in B.
func (i Implementation) Dtrsm(s blas.Side, ul blas.Uplo, tA blas.Transpose, d blas.Diag, m, n int, alpha float64,
	a []float64, lda int, b []float64, ldb int) {
	if i.small(trianglesFrom, m, n, order(s, m, n)) || !triangles(i, true, s, ul, tA, d, m, n, alpha, a, lda, b, ldb) {
		i.Implementation.Dtrsm(s, ul, tA, d, m, n, alpha, a, lda, b, ldb)
	}
}

// Daxpy is y = y + alpha*x, as kernels.Axpy.
func (i Implementation) Daxpy(n int, alpha float64, x []float64, incX int, y []float64, incY int) {
	if i.small(axpyFrom, n, 1, 1) || !axpy(i, n, alpha, x, incX, y, incY) {
		i.Implementation.Daxpy(n, alpha, x, incX, y, incY)
	}
}

// Dscal is x = alpha*x, as kernels.Scale.
func (i Implementation) Dscal(n int, alpha float64, x []float64, incX int) {
	if i.small(scalFrom, n, 1, 1) || !scal(i, n, alpha, x, incX) {
		i.Implementation.Dscal(n, alpha, x, incX)
	}
}

// Ddot is the sum of x[i]*y[i], as kernels.Dot.
func (i Implementation) Ddot(n int, x []float64, incX int, y []float64, incY int) float64 {
	if !i.small(dotFrom, n, 1, 1) {
		if sum, ok := dot(i, n, x, incX, y, incY); ok {
			return sum
		}
	}
	return i.Implementation.Ddot(n, x, incX, y, incY)
}

// Dasum is the sum of |x[i]|, as kernels.SumAbs.
func (i Implementation) Dasum(n int, x []float64, incX int) float64 {
	if !i.small(asumFrom, n, 1, 1) {
		if sum, ok := asum(i, n, x, incX); ok {
			return sum
		}
	}
	return i.Implementation.Dasum(n, x, incX)
}

// Dnrm2 is the root of the sum of x[i]*x[i], as kernels.SumSquares, scaled where that overflows or underflows.
func (i Implementation) Dnrm2(n int, x []float64, incX int) float64 {
	if !i.small(nrm2From, n, 1, 1) {
		if norm, ok := nrm2(i, n, x, incX); ok {
			return norm
		}
	}
	return i.Implementation.Dnrm2(n, x, incX)
}

// Idamax returns the first place of the largest |x[i]|.
func (i Implementation) Idamax(n int, x []float64, incX int) int {
	if !i.small(iamaxFrom, n, 1, 1) {
		if at, ok := iamax(i, n, x, incX); ok {
			return at
		}
	}
	return i.Implementation.Idamax(n, x, incX)
}
