package gonumblas

import (
	"math"

	"github.com/bitstep-go/bitstep"
	"gonum.org/v1/gonum/blas"
)

// Triangular matrices: products of blocks, and down to few rows of a triangle, which are computed one by one.
//
// All is done to the rows of B, as BLAS's left side has it. The right side is the left side of the transposed:
// B*op(A) = (op(A)'*B')'.

// A triangular is op(A) of some routine and the rows of B that it changes.
type triangular[T bitstep.Float] struct {
	e       bitstep.Engine[T]
	solve   bool // trsm: B = inverse of op(A) times alpha*B; or trmm: B = op(A) times alpha*B
	isUpper bool // op(A) is
	trans   bool // as which A is stored
	unit    bool
	a       []T
	lda     int
	b       []T
	ldb     int
}

const (
	leastRows  = 8   // of a triangle that is cut no further
	blockRows  = 64  // of a triangle that is taken through columns of B by blocks
	blockCols  = 256 // which stay in L2 with that many rows
	transposed = 256 // rows of B that are transposed at a time, for the right side
)

// triangles is trmm or trsm, which is solve.
func triangles[T bitstep.Float](i Implementation, solve bool, side blas.Side, ul blas.Uplo, tA blas.Transpose,
	d blas.Diag,
	m, n int, alpha T, a []T, lda int, b []T, ldb int) bool {
	isUpper, okU := upper(ul)
	trans, okT := transposes(tA)
	k := order(side, m, n)
	if side != blas.Left && side != blas.Right || !okU || !okT || d != blas.Unit && d != blas.NonUnit || alpha == 0 ||
		!matrix(k, k, a, lda) || !matrix(m, n, b, ldb) {
		return false
	}
	a, b = extent(k, k, a, lda), extent(m, n, b, ldb)
	t := triangular[T]{e: on[T](i), solve: solve, isUpper: isUpper != trans, trans: trans, unit: d == blas.Unit,
		a: a, lda: lda, b: b, ldb: ldb}
	if side == blas.Left && !overlap(a, b) {
		t.rows(0, m, n, 0, alpha)
		return true
	}
	s := getScratch[T]()
	if side == blas.Left {
		t.a, t.lda = grow(&s.x, k*k), k
		dense(t.a, k, k, a, lda)
		t.rows(0, m, n, 0, alpha)
		s.put()
		return true
	}
	t.isUpper, t.trans = !t.isUpper, !t.trans
	for lo := 0; lo < m; lo += transposed {
		width := min(transposed, m-lo)
		t.b, t.ldb = grow(&s.x, n*width), width
		transpose(t.b, width, b[lo*ldb:], ldb, width, n)
		t.rows(0, n, width, 0, alpha)
		transpose(b[lo*ldb:], ldb, t.b, width, n, width)
	}
	s.put()
	return true
}

// rows multiplies rows lo to hi of B, n columns from one on, by their triangle, or by its inverse, and by alpha.
func (t *triangular[T]) rows(lo, hi, n, from int, alpha T) {
	rows := hi - lo
	switch {
	case rows <= leastRows:
		t.few(lo, hi, n, from, alpha)
	case rows <= blockRows && n > blockCols:
		for at := 0; at < n; at += blockCols {
			t.rows(lo, hi, min(blockCols, n-at), from+at, alpha)
		}
	default:
		mid := lo + leastRows
		for mid-lo < (rows+1)/2 {
			mid += mid - lo
		}
		// Solving begins at the triangle's tip. Multiplying ends there, since it needs rows as they were.
		switch {
		case t.solve && t.isUpper:
			t.rows(mid, hi, n, from, alpha)
			t.product(lo, mid, mid, hi, n, from, -1, alpha)
			t.rows(lo, mid, n, from, 1)
		case t.solve:
			t.rows(lo, mid, n, from, alpha)
			t.product(mid, hi, lo, mid, n, from, -1, alpha)
			t.rows(mid, hi, n, from, 1)
		case t.isUpper:
			t.rows(lo, mid, n, from, alpha)
			t.product(lo, mid, mid, hi, n, from, alpha, 1)
			t.rows(mid, hi, n, from, alpha)
		default:
			t.rows(mid, hi, n, from, alpha)
			t.product(mid, hi, lo, mid, n, from, alpha, 1)
			t.rows(lo, mid, n, from, alpha)
		}
	}
}

// few is rows of few.
func (t *triangular[T]) few(lo, hi, n, from int, alpha T) {
	for r := range hi - lo {
		i := lo + r
		if t.isUpper == t.solve {
			i = hi - 1 - r
		}
		others, end := lo, i
		if t.isUpper {
			others, end = i+1, hi
		}
		row := t.b[i*t.ldb+from:][:n]
		diagonal := T(1)
		if !t.unit {
			diagonal = t.a[i*t.lda+i]
		}
		if !t.solve {
			beta := T(alpha * diagonal)
			if beta == 0 { // with which Gemm would not read B, and lose what is NaN
				scale(t.e, row, beta)
				beta = 1
			}
			t.product(i, i+1, others, end, n, from, alpha, beta)
			continue
		}
		t.product(i, i+1, others, end, n, from, -1, alpha)
		if !t.unit {
			divide(t.e, row, diagonal)
		}
	}
}

// product is B = alpha*op(A)*B + beta*B, the rows lo to hi of B on the left, from to end on the right.
func (t *triangular[T]) product(lo, hi, others, end, n, from int, alpha, beta T) {
	c := t.b[lo*t.ldb+from:]
	if others == end {
		if beta != 1 {
			scale(t.e, c[:n], beta)
		}
		return
	}
	a := t.a[lo*t.lda+others:]
	if t.trans {
		a = t.a[others*t.lda+lo:]
	}
	t.e.Gemm(t.trans, false, hi-lo, n, end-others, alpha, a, t.lda, t.b[others*t.ldb+from:], t.ldb, beta, c, t.ldb)
}

// divide multiplies by the reciprocal of d, or divides if that is no normal number.
func divide[T bitstep.Float](e bitstep.Engine[T], x []T, d T) {
	least := 0x1p-1022
	if _, ok := any(d).(float32); ok {
		least = 0x1p-126
	}
	if r := 1 / d; math.Abs(float64(r)) >= least && r-r == 0 {
		scale(e, x, r)
		return
	}
	for i := range x {
		x[i] /= d
	}
}

// scale is kernels.Scale.
func scale[T bitstep.Float](e bitstep.Engine[T], x []T, a T) {
	if len(x) >= shortUpdate {
		e.Scale(x, a)
		return
	}
	for i := range x {
		x[i] *= a
	}
}

// transpose writes the rows x cols matrix src, transposed, to dst.
func transpose[T bitstep.Float](dst []T, ldd int, src []T, lds, rows, cols int) {
	const few = 16 // columns of dst that are written side by side
	for lo := 0; lo < rows; lo += few {
		hi := min(lo+few, rows)
		for j := range cols {
			out := dst[j*ldd+lo:][:hi-lo]
			at := lo*lds + j
			for i := range out {
				out[i] = src[at]
				at += lds
			}
		}
	}
}
