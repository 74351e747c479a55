package gonumblas

import (
	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"gonum.org/v1/gonum/blas"
)

// Products of rectangular matrices. As in level 1, false leaves a call to gonum.

// gemm is kernels.Gemm. With alpha = 0 or k = 0 there is no sum, and gonum multiplies C by beta.
func gemm[T bitstep.Float](i Implementation, tA, tB blas.Transpose, m, n, k int, alpha T, a []T, lda int, b []T,
	ldb int,
	beta T, c []T, ldc int) bool {
	transA, okA := transposes(tA)
	transB, okB := transposes(tB)
	rowsA, colsA, rowsB, colsB := m, k, k, n
	if transA {
		rowsA, colsA = k, m
	}
	if transB {
		rowsB, colsB = n, k
	}
	if !okA || !okB || alpha == 0 || !matrix(rowsA, colsA, a, lda) || !matrix(rowsB, colsB, b, ldb) ||
		!matrix(m, n, c, ldc) {
		return false
	}
	a, b, c = extent(rowsA, colsA, a, lda), extent(rowsB, colsB, b, ldb), extent(m, n, c, ldc)
	meetsA, meetsB := overlap(c, a), overlap(c, b)
	if !meetsA && !meetsB {
		on[T](i).Gemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return true
	}
	// Parts of one matrix, as LAPACK has them: their rows alternate in memory.
	s := getScratch[T]()
	if meetsA {
		d := grow(&s.x, rowsA*colsA)
		dense(d, rowsA, colsA, a, lda)
		a, lda = d, colsA
	}
	if meetsB {
		d := grow(&s.y, rowsB*colsB)
		dense(d, rowsB, colsB, b, ldb)
		b, ldb = d, colsB
	}
	on[T](i).Gemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	s.put()
	return true
}

// gemv is kernels.Gemv.
func gemv[T bitstep.Float](i Implementation, tA blas.Transpose, m, n int, alpha T, a []T, lda int, x []T, incX int,
	beta T, y []T, incY int) bool {
	trans, ok := transposes(tA)
	lenX, lenY := n, m
	if trans {
		lenX, lenY = m, n
	}
	if !ok || alpha == 0 || !matrix(m, n, a, lda) || !vector(lenX, x, incX) || !vector(lenY, y, incY) {
		return false
	}
	a = extent(m, n, a, lda)
	e := on[T](i)
	spread := incX != 1 && (incX < 0 || lenX > few || !trans && m > fewRows) // and to be gathered
	apart := incY == 1 && !overlap(y[:lenY], a)
	if apart && !spread && !overlap(y[:lenY], x[:(lenX-1)*incX+1]) {
		row(e, trans, m, n, alpha, a, lda, x, incX, beta, y)
		return true
	}
	s := getScratch[T]()
	gathered := grow(&s.x, lenX)
	gather(gathered, x, first(lenX, incX), incX)
	if apart {
		row(e, trans, m, n, alpha, a, lda, gathered, 1, beta, y)
	} else {
		out, at := grow(&s.y, lenY), first(lenY, incY)
		if beta != 0 {
			gather(out, y, at, incY)
		}
		row(e, trans, m, n, alpha, a, lda, gathered, 1, beta, out)
		scatter(y, at, incY, out)
	}
	s.put()
	return true
}

const (
	fewRows = 8                      // of A in products that are computed as if both were transposed (Zen 5)
	few     = kernels.StripedMin - 1 // elements of x that are read where they lie: fewer than are striped
)

// row is kernels.Gemv. Small ones are faster as the products of the same bits, whose micro-kernels are called at once;
// these take x as a column, and incX as its leading dimension.
func row[T bitstep.Float](e bitstep.Engine[T], trans bool, m, n int, alpha T, a []T, lda int, x []T, incX int,
	beta T, y []T) {
	switch {
	case trans:
		e.Gemm(true, false, 1, n, m, alpha, x, incX, a, lda, beta, y, n)
	case m <= fewRows && n <= few:
		e.Gemm(true, true, 1, m, n, alpha, x, incX, a, lda, beta, y, m)
	default:
		e.Gemv(false, m, n, alpha, a, lda, x[:n], beta, y[:m])
	}
}

// ger is kernels.Gemm of a column and a row.
func ger[T bitstep.Float](i Implementation, m, n int, alpha T, x []T, incX int, y []T, incY int, a []T, lda int) bool {
	if alpha == 0 || !vector(m, x, incX) || !vector(n, y, incY) || !matrix(m, n, a, lda) {
		return false
	}
	a = extent(m, n, a, lda)
	e := on[T](i)
	directX, directY := incX > 0 && !overlap(x[:(m-1)*incX+1], a), incY == 1 && !overlap(y[:n], a)
	if directX && directY {
		e.Gemm(false, false, m, n, 1, alpha, x, incX, y, n, 1, a, lda)
		return true
	}
	s := getScratch[T]()
	if !directX {
		gathered := grow(&s.x, m)
		gather(gathered, x, first(m, incX), incX)
		x, incX = gathered, 1
	}
	if !directY {
		gathered := grow(&s.y, n)
		gather(gathered, y, first(n, incY), incY)
		y = gathered
	}
	e.Gemm(false, false, m, n, 1, alpha, x, incX, y, n, 1, a, lda)
	s.put()
	return true
}
