package gonumblas

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// A single is the single precision of an implementation as an implementation of double precision, so that testblas
// can judge it: it computes with rounded arguments, and where a result is that of gonum's own in double precision but
// for rounding, it gives the latter. Else testblas sees the difference.
type single struct{ impl Implementation }

var reference gonum.Implementation

// A vectors is an operand in either precision.
type vectors struct {
	s []float32
	d []float64
}

func twice(x []float64) vectors {
	s := make([]float32, len(x))
	for i, v := range x {
		s[i] = float32(v)
	}
	return vectors{s, append([]float64(nil), x...)}
}

func (v vectors) settle(x []float64) {
	for i := range x {
		x[i] = settled(float64(v.s[i]), v.d[i])
	}
}

// settled returns want if got is so in single precision, and else got.
func settled(got, want float64) float64 {
	const tol = 4e-6 // some 32 units in the last place: sums of testblas are short
	switch {
	case math.IsNaN(got) && math.IsNaN(want), math.Abs(got-want) <= tol*max(1, math.Abs(want)),
		math.IsInf(got, 0) && got == float64(float32(want)):
		return want
	}
	return got
}

func (w single) Idamax(n int, x0 []float64, incX int) int { return w.impl.Isamax(n, twice(x0).s, incX) }

func (w single) Drotg(a, b float64) (c, s, r, z float64) {
	c, s, r, z = reference.Drotg(a, b)
	c32, s32, r32, z32 := w.impl.Srotg(float32(a), float32(b))
	return settled(float64(c32), c), settled(float64(s32), s), settled(float64(r32), r), settled(float64(z32), z)
}

func (w single) Drotmg(d1, d2, x1, y1 float64) (p blas.DrotmParams, rd1, rd2, rx1 float64) {
	p, rd1, rd2, rx1 = reference.Drotmg(d1, d2, x1, y1)
	p32, d132, d232, x132 := w.impl.Srotmg(float32(d1), float32(d2), float32(x1), float32(y1))
	p.Flag = p32.Flag
	for i := range p.H {
		p.H[i] = settled(float64(p32.H[i]), p.H[i])
	}
	return p, settled(float64(d132), rd1), settled(float64(d232), rd2), settled(float64(x132), rx1)
}

func (w single) Drotm(n int, x0 []float64, incX int, y0 []float64, incY int, p blas.DrotmParams) {
	x, y := twice(x0), twice(y0)
	p32 := blas.SrotmParams{Flag: p.Flag}
	for i, h := range p.H {
		p32.H[i] = float32(h)
	}
	w.impl.Srotm(n, x.s, incX, y.s, incY, p32)
	reference.Drotm(n, x.d, incX, y.d, incY, p)
	x.settle(x0)
	y.settle(y0)
}

func (w single) Ddot(n int, x0 []float64, incX int, y0 []float64, incY int) float64 {
	x := twice(x0)
	y := twice(y0)
	s := w.impl.Sdot(n, x.s, incX, y.s, incY)
	return settled(float64(s), reference.Ddot(n, x.d, incX, y.d, incY))
}

func (w single) Dnrm2(n int, x0 []float64, incX int) float64 {
	x := twice(x0)
	s := w.impl.Snrm2(n, x.s, incX)
	return settled(float64(s), reference.Dnrm2(n, x.d, incX))
}

func (w single) Dasum(n int, x0 []float64, incX int) float64 {
	x := twice(x0)
	s := w.impl.Sasum(n, x.s, incX)
	return settled(float64(s), reference.Dasum(n, x.d, incX))
}

func (w single) Dswap(n int, x0 []float64, incX int, y0 []float64, incY int) {
	x := twice(x0)
	y := twice(y0)
	w.impl.Sswap(n, x.s, incX, y.s, incY)
	reference.Dswap(n, x.d, incX, y.d, incY)
	x.settle(x0)
	y.settle(y0)
}

func (w single) Dcopy(n int, x0 []float64, incX int, y0 []float64, incY int) {
	x := twice(x0)
	y := twice(y0)
	w.impl.Scopy(n, x.s, incX, y.s, incY)
	reference.Dcopy(n, x.d, incX, y.d, incY)
	x.settle(x0)
	y.settle(y0)
}

func (w single) Daxpy(n int, alpha float64, x0 []float64, incX int, y0 []float64, incY int) {
	x := twice(x0)
	y := twice(y0)
	w.impl.Saxpy(n, float32(alpha), x.s, incX, y.s, incY)
	reference.Daxpy(n, alpha, x.d, incX, y.d, incY)
	x.settle(x0)
	y.settle(y0)
}

func (w single) Drot(n int, x0 []float64, incX int, y0 []float64, incY int, c float64, s float64) {
	x := twice(x0)
	y := twice(y0)
	w.impl.Srot(n, x.s, incX, y.s, incY, float32(c), float32(s))
	reference.Drot(n, x.d, incX, y.d, incY, c, s)
	x.settle(x0)
	y.settle(y0)
}

func (w single) Dscal(n int, alpha float64, x0 []float64, incX int) {
	x := twice(x0)
	w.impl.Sscal(n, float32(alpha), x.s, incX)
	reference.Dscal(n, alpha, x.d, incX)
	x.settle(x0)
}

func (w single) Dgemv(tA blas.Transpose, m int, n int, alpha float64, a0 []float64, lda int, x0 []float64, incX int,
	beta float64, y0 []float64, incY int) {
	a := twice(a0)
	x := twice(x0)
	y := twice(y0)
	w.impl.Sgemv(tA, m, n, float32(alpha), a.s, lda, x.s, incX, float32(beta), y.s, incY)
	reference.Dgemv(tA, m, n, alpha, a.d, lda, x.d, incX, beta, y.d, incY)
	a.settle(a0)
	x.settle(x0)
	y.settle(y0)
}

func (w single) Dgbmv(tA blas.Transpose, m int, n int, kL int, kU int, alpha float64, a0 []float64, lda int,
	x0 []float64, incX int, beta float64, y0 []float64, incY int) {
	a := twice(a0)
	x := twice(x0)
	y := twice(y0)
	w.impl.Sgbmv(tA, m, n, kL, kU, float32(alpha), a.s, lda, x.s, incX, float32(beta), y.s, incY)
	reference.Dgbmv(tA, m, n, kL, kU, alpha, a.d, lda, x.d, incX, beta, y.d, incY)
	a.settle(a0)
	x.settle(x0)
	y.settle(y0)
}

func (w single) Dtrmv(ul blas.Uplo, tA blas.Transpose, d blas.Diag, n int, a0 []float64, lda int, x0 []float64,
	incX int) {
	a := twice(a0)
	x := twice(x0)
	w.impl.Strmv(ul, tA, d, n, a.s, lda, x.s, incX)
	reference.Dtrmv(ul, tA, d, n, a.d, lda, x.d, incX)
	a.settle(a0)
	x.settle(x0)
}

func (w single) Dtbmv(ul blas.Uplo, tA blas.Transpose, d blas.Diag, n int, k int, a0 []float64, lda int,
	x0 []float64, incX int) {
	a := twice(a0)
	x := twice(x0)
	w.impl.Stbmv(ul, tA, d, n, k, a.s, lda, x.s, incX)
	reference.Dtbmv(ul, tA, d, n, k, a.d, lda, x.d, incX)
	a.settle(a0)
	x.settle(x0)
}

func (w single) Dtpmv(ul blas.Uplo, tA blas.Transpose, d blas.Diag, n int, ap0 []float64, x0 []float64, incX int) {
	ap := twice(ap0)
	x := twice(x0)
	w.impl.Stpmv(ul, tA, d, n, ap.s, x.s, incX)
	reference.Dtpmv(ul, tA, d, n, ap.d, x.d, incX)
	ap.settle(ap0)
	x.settle(x0)
}

func (w single) Dtrsv(ul blas.Uplo, tA blas.Transpose, d blas.Diag, n int, a0 []float64, lda int, x0 []float64,
	incX int) {
	a := twice(a0)
	x := twice(x0)
	w.impl.Strsv(ul, tA, d, n, a.s, lda, x.s, incX)
	reference.Dtrsv(ul, tA, d, n, a.d, lda, x.d, incX)
	a.settle(a0)
	x.settle(x0)
}

func (w single) Dtbsv(ul blas.Uplo, tA blas.Transpose, d blas.Diag, n int, k int, a0 []float64, lda int,
	x0 []float64, incX int) {
	a := twice(a0)
	x := twice(x0)
	w.impl.Stbsv(ul, tA, d, n, k, a.s, lda, x.s, incX)
	reference.Dtbsv(ul, tA, d, n, k, a.d, lda, x.d, incX)
	a.settle(a0)
	x.settle(x0)
}

func (w single) Dtpsv(ul blas.Uplo, tA blas.Transpose, d blas.Diag, n int, ap0 []float64, x0 []float64, incX int) {
	ap := twice(ap0)
	x := twice(x0)
	w.impl.Stpsv(ul, tA, d, n, ap.s, x.s, incX)
	reference.Dtpsv(ul, tA, d, n, ap.d, x.d, incX)
	ap.settle(ap0)
	x.settle(x0)
}

func (w single) Dsymv(ul blas.Uplo, n int, alpha float64, a0 []float64, lda int, x0 []float64, incX int,
	beta float64, y0 []float64, incY int) {
	a := twice(a0)
	x := twice(x0)
	y := twice(y0)
	w.impl.Ssymv(ul, n, float32(alpha), a.s, lda, x.s, incX, float32(beta), y.s, incY)
	reference.Dsymv(ul, n, alpha, a.d, lda, x.d, incX, beta, y.d, incY)
	a.settle(a0)
	x.settle(x0)
	y.settle(y0)
}

func (w single) Dsbmv(ul blas.Uplo, n int, k int, alpha float64, a0 []float64, lda int, x0 []float64, incX int,
	beta float64, y0 []float64, incY int) {
	a := twice(a0)
	x := twice(x0)
	y := twice(y0)
	w.impl.Ssbmv(ul, n, k, float32(alpha), a.s, lda, x.s, incX, float32(beta), y.s, incY)
	reference.Dsbmv(ul, n, k, alpha, a.d, lda, x.d, incX, beta, y.d, incY)
	a.settle(a0)
	x.settle(x0)
	y.settle(y0)
}

func (w single) Dspmv(ul blas.Uplo, n int, alpha float64, ap0 []float64, x0 []float64, incX int, beta float64,
	y0 []float64, incY int) {
	ap := twice(ap0)
	x := twice(x0)
	y := twice(y0)
	w.impl.Sspmv(ul, n, float32(alpha), ap.s, x.s, incX, float32(beta), y.s, incY)
	reference.Dspmv(ul, n, alpha, ap.d, x.d, incX, beta, y.d, incY)
	ap.settle(ap0)
	x.settle(x0)
	y.settle(y0)
}

func (w single) Dger(m int, n int, alpha float64, x0 []float64, incX int, y0 []float64, incY int, a0 []float64,
	lda int) {
	x := twice(x0)
	y := twice(y0)
	a := twice(a0)
	w.impl.Sger(m, n, float32(alpha), x.s, incX, y.s, incY, a.s, lda)
	reference.Dger(m, n, alpha, x.d, incX, y.d, incY, a.d, lda)
	x.settle(x0)
	y.settle(y0)
	a.settle(a0)
}

func (w single) Dsyr(ul blas.Uplo, n int, alpha float64, x0 []float64, incX int, a0 []float64, lda int) {
	x := twice(x0)
	a := twice(a0)
	w.impl.Ssyr(ul, n, float32(alpha), x.s, incX, a.s, lda)
	reference.Dsyr(ul, n, alpha, x.d, incX, a.d, lda)
	x.settle(x0)
	a.settle(a0)
}

func (w single) Dspr(ul blas.Uplo, n int, alpha float64, x0 []float64, incX int, ap0 []float64) {
	x := twice(x0)
	ap := twice(ap0)
	w.impl.Sspr(ul, n, float32(alpha), x.s, incX, ap.s)
	reference.Dspr(ul, n, alpha, x.d, incX, ap.d)
	x.settle(x0)
	ap.settle(ap0)
}

func (w single) Dsyr2(ul blas.Uplo, n int, alpha float64, x0 []float64, incX int, y0 []float64, incY int,
	a0 []float64, lda int) {
	x := twice(x0)
	y := twice(y0)
	a := twice(a0)
	w.impl.Ssyr2(ul, n, float32(alpha), x.s, incX, y.s, incY, a.s, lda)
	reference.Dsyr2(ul, n, alpha, x.d, incX, y.d, incY, a.d, lda)
	x.settle(x0)
	y.settle(y0)
	a.settle(a0)
}

func (w single) Dspr2(ul blas.Uplo, n int, alpha float64, x0 []float64, incX int, y0 []float64, incY int,
	a0 []float64) {
	x := twice(x0)
	y := twice(y0)
	a := twice(a0)
	w.impl.Sspr2(ul, n, float32(alpha), x.s, incX, y.s, incY, a.s)
	reference.Dspr2(ul, n, alpha, x.d, incX, y.d, incY, a.d)
	x.settle(x0)
	y.settle(y0)
	a.settle(a0)
}

func (w single) Dgemm(tA blas.Transpose, tB blas.Transpose, m int, n int, k int, alpha float64, a0 []float64,
	lda int, b0 []float64, ldb int, beta float64, c0 []float64, ldc int) {
	a := twice(a0)
	b := twice(b0)
	c := twice(c0)
	w.impl.Sgemm(tA, tB, m, n, k, float32(alpha), a.s, lda, b.s, ldb, float32(beta), c.s, ldc)
	reference.Dgemm(tA, tB, m, n, k, alpha, a.d, lda, b.d, ldb, beta, c.d, ldc)
	a.settle(a0)
	b.settle(b0)
	c.settle(c0)
}

func (w single) Dsymm(s blas.Side, ul blas.Uplo, m int, n int, alpha float64, a0 []float64, lda int, b0 []float64,
	ldb int, beta float64, c0 []float64, ldc int) {
	a := twice(a0)
	b := twice(b0)
	c := twice(c0)
	w.impl.Ssymm(s, ul, m, n, float32(alpha), a.s, lda, b.s, ldb, float32(beta), c.s, ldc)
	reference.Dsymm(s, ul, m, n, alpha, a.d, lda, b.d, ldb, beta, c.d, ldc)
	a.settle(a0)
	b.settle(b0)
	c.settle(c0)
}

func (w single) Dsyrk(ul blas.Uplo, t blas.Transpose, n int, k int, alpha float64, a0 []float64, lda int,
	beta float64, c0 []float64, ldc int) {
	a := twice(a0)
	c := twice(c0)
	w.impl.Ssyrk(ul, t, n, k, float32(alpha), a.s, lda, float32(beta), c.s, ldc)
	reference.Dsyrk(ul, t, n, k, alpha, a.d, lda, beta, c.d, ldc)
	a.settle(a0)
	c.settle(c0)
}

func (w single) Dsyr2k(ul blas.Uplo, t blas.Transpose, n int, k int, alpha float64, a0 []float64, lda int,
	b0 []float64, ldb int, beta float64, c0 []float64, ldc int) {
	a := twice(a0)
	b := twice(b0)
	c := twice(c0)
	w.impl.Ssyr2k(ul, t, n, k, float32(alpha), a.s, lda, b.s, ldb, float32(beta), c.s, ldc)
	reference.Dsyr2k(ul, t, n, k, alpha, a.d, lda, b.d, ldb, beta, c.d, ldc)
	a.settle(a0)
	b.settle(b0)
	c.settle(c0)
}

func (w single) Dtrmm(s blas.Side, ul blas.Uplo, tA blas.Transpose, d blas.Diag, m int, n int, alpha float64,
	a0 []float64, lda int, b0 []float64, ldb int) {
	a := twice(a0)
	b := twice(b0)
	w.impl.Strmm(s, ul, tA, d, m, n, float32(alpha), a.s, lda, b.s, ldb)
	reference.Dtrmm(s, ul, tA, d, m, n, alpha, a.d, lda, b.d, ldb)
	a.settle(a0)
	b.settle(b0)
}

func (w single) Dtrsm(s blas.Side, ul blas.Uplo, tA blas.Transpose, d blas.Diag, m int, n int, alpha float64,
	a0 []float64, lda int, b0 []float64, ldb int) {
	a := twice(a0)
	b := twice(b0)
	w.impl.Strsm(s, ul, tA, d, m, n, float32(alpha), a.s, lda, b.s, ldb)
	reference.Dtrsm(s, ul, tA, d, m, n, alpha, a.d, lda, b.d, ldb)
	a.settle(a0)
	b.settle(b0)
}
