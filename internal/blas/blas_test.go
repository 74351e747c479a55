package blas

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/blas/gonum"
	"gonum.org/v1/gonum/blas/testblas"
	lapack "gonum.org/v1/gonum/lapack/gonum"
	"gonum.org/v1/gonum/lapack/testlapack"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
)

// adapter is gonum's implementation of BLAS with the routines that a backend has in their place. It gathers
// vectors with strides, as bitstep takes none, and numbers of T from those of float64.
type adapter[T kernels.Float] struct {
	gonum.Implementation
	k bitstep.Engine[T]
}

func trans(t blas.Transpose) bool {
	switch t {
	case blas.NoTrans:
		return false
	case blas.Trans, blas.ConjTrans:
		return true
	}
	panic(fmt.Sprintf("transpose %q", rune(t)))
}

// numbers are those of a matrix or vector as T.
func numbers[T kernels.Float](s []float64) []T {
	if same, ok := any(s).([]T); ok {
		return same
	}
	t := make([]T, len(s))
	for i, v := range s {
		t[i] = T(v)
	}
	return t
}

// index returns where element i of a vector of n elements lies; a negative stride runs from its end.
func index(i, n, inc int) int {
	if inc < 0 {
		return (i + 1 - n) * inc
	}
	return i * inc
}

func gather[T kernels.Float](n int, x []float64, inc int) []T {
	if n < 0 || inc == 0 {
		panic(fmt.Sprintf("vector of %d elements with stride %d", n, inc))
	}
	s := make([]float64, n)
	for i := range s {
		s[i] = x[index(i, n, inc)]
	}
	return numbers[T](s)
}

func scatter[T kernels.Float](s []T, x []float64, inc int) {
	for i, v := range s {
		x[index(i, len(s), inc)] = float64(v)
	}
}

func (b adapter[T]) Ddot(n int, x []float64, incX int, y []float64, incY int) float64 {
	return float64(b.k.Dot(gather[T](n, x, incX), gather[T](n, y, incY)))
}

func (b adapter[T]) Dasum(n int, x []float64, incX int) float64 {
	if incX < 0 {
		return 0
	}
	return float64(b.k.SumAbs(gather[T](n, x, incX)))
}

func (b adapter[T]) Daxpy(n int, alpha float64, x []float64, incX int, y []float64, incY int) {
	sum := gather[T](n, y, incY)
	b.k.Axpy(sum, gather[T](n, x, incX), T(alpha))
	scatter(sum, y, incY)
}

func (b adapter[T]) Dscal(n int, alpha float64, x []float64, incX int) {
	if incX < 0 {
		return
	}
	product := gather[T](n, x, incX)
	b.k.Scale(product, T(alpha))
	if alpha == 0 { // BLAS clears; bitstep multiplies, and 0*NaN is NaN
		clear(product)
	}
	scatter(product, x, incX)
}

func (b adapter[T]) Dgemv(tA blas.Transpose, m, n int, alpha float64, a []float64, lda int, x []float64, incX int,
	beta float64, y []float64, incY int) {
	lenX, lenY := n, m
	if trans(tA) {
		lenX, lenY = m, n
	}
	out := gather[T](lenY, y, incY)
	b.k.Gemv(trans(tA), m, n, T(alpha), numbers[T](a), lda, gather[T](lenX, x, incX), T(beta), out)
	scatter(out, y, incY)
}

// Dgemm takes parts of one matrix too, as LAPACK does, where c lies between rows of a or b.
func (b adapter[T]) Dgemm(tA, tB blas.Transpose, m, n, k int, alpha float64, a []float64, lda int, x []float64,
	ldx int, beta float64, c []float64, ldc int) {
	if m == 0 || n == 0 {
		return
	}
	out := numbers[T](slices.Clone(c[:(m-1)*ldc+n]))
	b.k.Gemm(trans(tA), trans(tB), m, n, k, T(alpha), numbers[T](a), lda, numbers[T](x), ldx, T(beta), out, ldc)
	for i := range m {
		scatter(out[i*ldc:][:n], c[i*ldc:], 1)
	}
}

func each[T kernels.Float](t *testing.T, test func(t *testing.T, b adapter[T])) {
	for _, b := range bitstep.Backends() {
		t.Run(fmt.Sprintf("%T/%v", T(0), b), func(t *testing.T) { test(t, adapter[T]{k: bitstep.On[T](b)}) })
	}
}

// gonum's tests of BLAS, those of float32 as far as their numbers are exact in it.
func TestBLAS(t *testing.T) {
	each(t, func(t *testing.T, b adapter[float64]) {
		testblas.TestDgemm(t, b)
		testblas.DgemvTest(t, b)
		testblas.DdotTest(t, b)
		testblas.DasumTest(t, b)
		testblas.DaxpyTest(t, b)
		testblas.DscalTest(t, b)
	})
	each(t, func(t *testing.T, b adapter[float32]) {
		testblas.TestDgemm(t, b)
	})
}

// gonum's tests of LAPACK's factorizations (LU, Cholesky, QR), which are made of products of matrices and
// vectors.
func TestLAPACK(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	defer blas64.Use(blas64.Implementation())
	each(t, func(t *testing.T, b adapter[float64]) {
		blas64.Use(b)
		var impl lapack.Implementation
		testlapack.DgetrfTest(t, impl)
		testlapack.DgetriTest(t, impl)
		testlapack.DpotrfTest(t, impl)
		testlapack.DgeqrfTest(t, impl)
		testlapack.DlarfbTest(t, impl)
	})
}

// Products of random matrices are gonum's but for rounding: each differs from the exact one by at most
// (k+3)*u/(1-(k+3)*u) times the sum of the terms' sizes, in any order (Higham, Accuracy and Stability of
// Numerical Algorithms, section 3.1), u being half the distance from 1 to the next number.
func TestProductsOfGonum(t *testing.T) {
	each(t, func(t *testing.T, b adapter[float64]) {
		products(t, b.k, 0x1p-53, gonum.Implementation{}.Dgemm, gonum.Implementation{}.Dgemv)
	})
	each(t, func(t *testing.T, b adapter[float32]) {
		products(t, b.k, 0x1p-24, gonum.Implementation{}.Sgemm, gonum.Implementation{}.Sgemv)
	})
}

func products[T kernels.Float](t *testing.T, k bitstep.Engine[T], u float64,
	gemm func(tA, tB blas.Transpose, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int),
	gemv func(tA blas.Transpose, m, n int, alpha T, a []T, lda int, x []T, incX int, beta T, y []T, incY int)) {
	r := edge.Rand(1)
	uniform := func(n int) []T {
		s := make([]T, n)
		for i := range s {
			s[i] = T(2*r.Float64() - 1)
		}
		return s
	}
	sizes := []int{1, 2, 3, 5, 8, 10, 16, 17, 33, 64, 100}
	forms := []blas.Transpose{blas.NoTrans, blas.Trans}
	for round := range 200 {
		m, n, depth := sizes[r.IntN(len(sizes))], sizes[r.IntN(len(sizes))], sizes[r.IntN(len(sizes))]*(1+r.IntN(7))
		tA, tB := forms[round%2], forms[round/2%2]
		vector := round%3 == 0
		if vector {
			n, tB = 1, blas.NoTrans
		}
		rowsA, colsA, rowsB, colsB := m, depth, depth, n
		if trans(tA) {
			rowsA, colsA = depth, m
		}
		if trans(tB) {
			rowsB, colsB = n, depth
		}
		lda, ldb, ldc := colsA+r.IntN(3), colsB, n
		if !vector {
			ldb, ldc = ldb+r.IntN(3), ldc+r.IntN(3)
		}
		a, x, got := uniform(rowsA*lda), uniform(rowsB*ldb), uniform(m*ldc)
		want, alpha, beta := slices.Clone(got), T(1.5), T(round%4)/2
		// The sums of sizes: the same product of absolute values.
		terms, sizeA, sizeX := slices.Clone(got), slices.Clone(a), slices.Clone(x)
		for _, s := range [][]T{terms, sizeA, sizeX} {
			for i, v := range s {
				s[i] = T(math.Abs(float64(v)))
			}
		}
		if vector {
			gemv(tA, rowsA, colsA, alpha, a, lda, x, 1, beta, want, 1)
			gemv(tA, rowsA, colsA, alpha, sizeA, lda, sizeX, 1, beta, terms, 1)
			k.Gemv(trans(tA), rowsA, colsA, alpha, a, lda, x, beta, got)
		} else {
			gemm(tA, tB, m, n, depth, alpha, a, lda, x, ldb, beta, want, ldc)
			gemm(tA, tB, m, n, depth, alpha, sizeA, lda, sizeX, ldb, beta, terms, ldc)
			k.Gemm(trans(tA), trans(tB), m, n, depth, alpha, a, lda, x, ldb, beta, got, ldc)
		}
		steps := float64(depth+3) * u
		bound := 2 * steps / (1 - steps) // both round
		for i := range got {
			if diff := math.Abs(float64(got[i]) - float64(want[i])); diff > bound*float64(terms[i])*(1+bound) {
				t.Fatalf("%v%v of %dx%dx%d: element %d is %v, gonum has %v, which differ by %g, want at most %g",
					tA, tB, m, n, depth, i, got[i], want[i], diff, bound*float64(terms[i]))
			}
		}
	}
}
