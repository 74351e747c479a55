package gonumblas

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/bitstep-go/bitstep"
	"gonum.org/v1/gonum/blas"
)

// Operands are often parts of one matrix, and their rows alternate in memory: results are those of copies.
func TestPartsOfOneMatrix(t *testing.T) {
	single, double := routinesOf(Implementation{})
	t.Run("single", func(t *testing.T) { testParts(t, single) })
	t.Run("double", func(t *testing.T) { testParts(t, double) })
}

func testParts[T bitstep.Float](t *testing.T, f routines[T]) {
	const n, side = 20, 5 * 20 // blocks of a matrix
	rnd := &random[T]{rand.New(rand.NewPCG(3, 4)), 0}
	for range 20 {
		a := rnd.values(side * side)
		for i := range side {
			a[i*side+i] += 4
		}
		block := func(a []T, i, j int) []T { return a[i*n*side+j*n:][:(n-1)*side+n] }
		copied := func(i, j int) []T { return slices.Clone(block(a, i, j)) }
		alpha, beta, tA, tB, ul, s := rnd.scalar(), rnd.beta(), rnd.trans(), rnd.trans(), rnd.uplo(), rnd.side()
		calls := map[string]func(a, b, c, x, y []T){
			"gemm": func(a, b, c, _, _ []T) { f.gemm(tA, tB, n, n, n, alpha, a, side, b, side, beta, c, side) },
			"gemv": func(a, _, _, x, y []T) { f.gemv(tA, n, n, alpha, a, side, x, side, beta, y, 1) },
			"ger":  func(_, _, c, x, y []T) { f.ger(n, n, alpha, x, side, y, 1, c, side) },
			"syrk": func(a, _, c, _, _ []T) { f.syrk(ul, tA, n, n, alpha, a, side, beta, c, side) },
			"symm": func(a, b, c, _, _ []T) { f.symm(s, ul, n, n, alpha, a, side, b, side, beta, c, side) },
			"trmm": func(a, _, c, _, _ []T) { f.trmm(s, ul, tA, blas.NonUnit, n, n, alpha, a, side, c, side) },
			"trsm": func(a, _, c, _, _ []T) { f.trsm(s, ul, tA, blas.NonUnit, n, n, alpha, a, side, c, side) },
			"axpy": func(_, _, _, x, y []T) { f.axpy(n, alpha, x, side, y, 1) },
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
