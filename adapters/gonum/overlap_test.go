package gonumblas

import (
	"slices"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"gonum.org/v1/gonum/blas"
)

// Operands are often parts of one matrix, and their rows alternate in memory: results are those of copies.
func TestPartsOfOneMatrix(t *testing.T) {
	single, double := routinesOf(Implementation{})
	t.Run("single", func(t *testing.T) { testParts(t, single) })
	t.Run("double", func(t *testing.T) { testParts(t, double) })
}

func testParts[T bitstep.Float](t *testing.T, f routines[T]) {
	rnd := newRandom[T](3)
	for round := range 20 {
		n := 20
		if round%4 == 3 {
			n = 60 // more than one block for syrk
		}
		side := 5 * n // of the matrix that all are blocks of
		a := rnd.values(side * side)
		for i := range side {
			a[i*side+i] += 4
		}
		block := func(a []T, i, j int) []T { return a[i*n*side+j*n:][:(n-1)*side+n] }
		copied := func(i, j int) []T { return slices.Clone(block(a, i, j)) }
		alpha, beta, tA, tB, ul, s := rnd.scalar(), rnd.beta(), rnd.trans(), rnd.trans(), rnd.uplo(), rnd.side()
		other := rnd.values(n * n)
		calls := map[string]func(a, b, c, x, y []T){
			"gemm":       func(a, b, c, _, _ []T) { f.gemm(tA, tB, n, n, n, alpha, a, side, b, side, beta, c, side) },
			"gemv":       func(a, _, _, x, y []T) { f.gemv(tA, n, n, alpha, a, side, x, side, beta, y, 1) },
			"gemv other": func(_, _, _, x, y []T) { f.gemv(tA, n, n, alpha, other, n, x, side, beta, y, 1) },
			"gemv few":   func(_, _, _, x, y []T) { f.gemv(blas.NoTrans, 3, n, alpha, other, n, x, side, beta, y, 1) },
			"ger":        func(_, _, c, x, y []T) { f.ger(n, n, alpha, x, side, y, 1, c, side) },
			"syrk":       func(a, _, c, _, _ []T) { f.syrk(ul, tA, n, n, alpha, a, side, beta, c, side) },
			"symm":       func(a, b, c, _, _ []T) { f.symm(s, ul, n, n, alpha, a, side, b, side, beta, c, side) },
			"trmm":       func(a, _, c, _, _ []T) { f.trmm(s, ul, tA, blas.NonUnit, n, n, alpha, a, side, c, side) },
			"trsm":       func(a, _, c, _, _ []T) { f.trsm(s, ul, tA, blas.NonUnit, n, n, alpha, a, side, c, side) },
			"axpy":       func(_, _, _, x, y []T) { f.axpy(n, alpha, x, side, y, 1) },
		}
		for name, call := range calls {
			part := slices.Clone(a)
			want := slices.Clone(a)
			// Rows of blocks (1, 1), (1, 2) and (1, 3) alternate; x is a column of block (1, 0), y a row of (1, 4).
			av, bv, cv, xv, yv := copied(1, 1), copied(1, 2), copied(1, 3), copied(1, 0)[3:], copied(1, 4)[7*side:]
			call(av, bv, cv, xv, yv)
			for i := range n {
				copy(want[(n+i)*side+3*n:][:n], cv[i*side:])
			}
			copy(want[(n+7)*side+4*n:][:n], yv[:n])
			call(block(part, 1, 1), block(part, 1, 2), block(part, 1, 3), block(part, 1, 0)[3:], block(part, 1,
				4)[7*side:])
			same(t, name, part, want)
		}
	}
}

// An operand may be the one that is written, element by element.
func TestItself(t *testing.T) {
	single, double := routinesOf(Implementation{})
	t.Run("single", func(t *testing.T) { testItself(t, single) })
	t.Run("double", func(t *testing.T) { testItself(t, double) })
}

func testItself[T bitstep.Float](t *testing.T, f routines[T]) {
	r := newRandom[T](7)
	for _, n := range []int{5, shortUpdate, 2*shortUpdate + 3} {
		x, alpha := r.values(n), r.scalar()
		want := slices.Clone(x)
		kernels.Axpy(want, x, alpha)
		f.axpy(n, alpha, x, 1, x, 1)
		same(t, "axpy", x, want)
	}
}
