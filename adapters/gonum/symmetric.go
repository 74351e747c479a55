package gonumblas

import (
	"github.com/bitstep-go/bitstep"
	"gonum.org/v1/gonum/blas"
)

// Symmetric matrices, of which one triangle is stored.

// upper returns what ul says, and whether it says something that BLAS knows.
func upper(ul blas.Uplo) (upper, ok bool) {
	return ul == blas.Upper, ul == blas.Upper || ul == blas.Lower
}

// order is that of the matrix on a side of one of m x n.
func order(side blas.Side, m, n int) int {
	if side == blas.Left {
		return m
	}
	return n
}

// syrk is the triangle of kernels.Gemm of A and A'.
func syrk[T bitstep.Float](i Implementation, ul blas.Uplo, tA blas.Transpose, n, k int, alpha T, a []T, lda int,
	beta T, c []T, ldc int) bool {
	const block = 48 // rows and columns of the squares on the diagonal, half of which is in vain
	isUpper, okU := upper(ul)
	trans, okT := transposes(tA)
	rows, cols := n, k
	if trans {
		rows, cols = k, n
	}
	if !okU || !okT || alpha == 0 || !matrix(rows, cols, a, lda) || !matrix(n, n, c, ldc) {
		return false
	}
	a, c = extent(rows, cols, a, lda), extent(n, n, c, ldc)
	e, s := on[T](i), getScratch[T]()
	if overlap(a, c) {
		d := grow(&s.x, rows*cols)
		dense(d, rows, cols, a, lda)
		a, lda = d, cols
	}
	row := lda // from a row of op(A) to the next
	if trans {
		row = 1
	}
	for lo := 0; lo < n; lo += block {
		hi := min(lo+block, n)
		side := hi - lo
		square := grow(&s.y, side*side)
		if beta != 0 {
			triangle(isUpper, side, square, side, c[lo*ldc+lo:], ldc)
		}
		e.Gemm(trans, !trans, side, side, k, alpha, a[lo*row:], lda, a[lo*row:], lda, beta, square, side)
		triangle(isUpper, side, c[lo*ldc+lo:], ldc, square, side)
		if isUpper && hi < n {
			e.Gemm(trans, !trans, side, n-hi, k, alpha, a[lo*row:], lda, a[hi*row:], lda, beta, c[lo*ldc+hi:], ldc)
		} else if !isUpper && lo > 0 {
			e.Gemm(trans, !trans, side, lo, k, alpha, a[lo*row:], lda, a, lda, beta, c[lo*ldc:], ldc)
		}
	}
	s.put()
	return true
}

// triangle copies one.
func triangle[T bitstep.Float](isUpper bool, n int, dst []T, ldd int, src []T, lds int) {
	for i := range n {
		if isUpper {
			copy(dst[i*ldd+i:][:n-i], src[i*lds+i:])
		} else {
			copy(dst[i*ldd:][:i+1], src[i*lds:])
		}
	}
}

// symm is kernels.Gemm of the whole of A.
func symm[T bitstep.Float](i Implementation, side blas.Side, ul blas.Uplo, m, n int, alpha T, a []T, lda int, b []T,
	ldb int,
	beta T, c []T, ldc int) bool {
	const block = 256 // rows or columns of A that are made whole at a time
	isUpper, ok := upper(ul)
	k := order(side, m, n)
	if !ok || side != blas.Left && side != blas.Right || alpha == 0 || !matrix(k, k, a, lda) || !matrix(m, n, b, ldb) ||
		!matrix(m, n, c, ldc) {
		return false
	}
	a, b, c = extent(k, k, a, lda), extent(m, n, b, ldb), extent(m, n, c, ldc)
	e, s := on[T](i), getScratch[T]()
	if overlap(b, c) {
		d := grow(&s.y, m*n)
		dense(d, m, n, b, ldb)
		b, ldb = d, n
	}
	for lo := 0; lo < k; lo += block {
		hi := min(lo+block, k)
		whole := grow(&s.x, (hi-lo)*k)
		if side == blas.Left {
			symmetric(isUpper, whole, lo, hi, 0, k, a, lda)
			e.Gemm(false, false, hi-lo, n, k, alpha, whole, k, b, ldb, beta, c[lo*ldc:], ldc)
		} else {
			symmetric(isUpper, whole, 0, k, lo, hi, a, lda)
			e.Gemm(false, false, m, hi-lo, k, alpha, b, ldb, whole, hi-lo, beta, c[lo:], ldc)
		}
	}
	s.put()
	return true
}

// symmetric makes rows r0 to r1 and columns c0 to c1 of a matrix of which a triangle is stored.
func symmetric[T bitstep.Float](isUpper bool, dst []T, r0, r1, c0, c1 int, a []T, lda int) {
	const few = 16 // rows of dst that are written side by side, from as many neighbours in a
	cols := c1 - c0
	for r := r0; r < r1; r += few {
		end := min(r+few, r1)
		for i := r; i < end; i++ { // what is stored as row i
			row := dst[(i-r0)*cols:][:cols]
			if from := max(c0, i); isUpper && from < c1 {
				copy(row[from-c0:], a[i*lda+from:i*lda+c1])
			} else if to := min(c1, i+1); !isUpper && c0 < to {
				copy(row, a[i*lda+c0:i*lda+to])
			}
		}
		from, to := c0, min(c1, end) // columns of which some are stored as row j, at their column i
		if !isUpper {
			from, to = max(c0, r), c1
		}
		for j := from; j < to; j++ {
			lo, hi := max(r, j+1), end
			if !isUpper {
				lo, hi = r, min(end, j)
			}
			at := (lo-r0)*cols + j - c0
			for i := lo; i < hi; i++ {
				dst[at] = a[j*lda+i]
				at += cols
			}
		}
	}
}
