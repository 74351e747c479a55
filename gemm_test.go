package bitstep_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
)

// A matrix product for tests: every argument of Gemm.
type gemmCase struct {
	transA, transB bool
	m, n, k        int
	alpha, beta    float64
	pad            int // columns beyond each matrix's own
	seed           uint64
}

func (g gemmCase) String() string {
	return fmt.Sprintf("transA=%v transB=%v m=%d n=%d k=%d alpha=%v beta=%v pad=%d seed=%d",
		g.transA, g.transB, g.m, g.n, g.k, g.alpha, g.beta, g.pad, g.seed)
}

// matrix returns a matrix and its leading dimension; what lies between the rows is NaN.
func matrix[T kernels.Float](r *rand.Rand, rows, cols, pad int) ([]T, int) {
	ld := max(1, cols+pad)
	a := make([]T, max(0, rows*ld-pad))
	for i := range a {
		a[i] = T(math.NaN())
		if i%ld < cols {
			a[i] = edge.Value[T](r)
		}
	}
	return a, ld
}

func checkGemm[T kernels.Float](t *testing.T, k bitstep.Kernels[T], g gemmCase) {
	t.Helper()
	r := edge.Rand(g.seed)
	rowsA, colsA, rowsB, colsB := g.m, g.k, g.k, g.n
	if g.transA {
		rowsA, colsA = g.k, g.m
	}
	if g.transB {
		rowsB, colsB = g.n, g.k
	}
	a, lda := matrix[T](r, rowsA, colsA, g.pad)
	b, ldb := matrix[T](r, rowsB, colsB, g.pad)
	c, ldc := matrix[T](r, g.m, g.n, g.pad)
	if g.alpha == 0 {
		fill(a, T(math.NaN()))
	}
	if g.beta == 0 {
		fill(c, T(math.NaN()))
	}
	want := append([]T(nil), c...)
	a0, b0 := append([]T(nil), a...), append([]T(nil), b...)
	kernels.Gemm(g.transA, g.transB, g.m, g.n, g.k, T(g.alpha), a, lda, b, ldb, T(g.beta), want, ldc)
	k.Gemm(g.transA, g.transB, g.m, g.n, g.k, T(g.alpha), a, lda, b, ldb, T(g.beta), c, ldc)
	where := fmt.Sprintf("%v %T %v", k.Backend(), T(0), g)
	sameBits(t, where+": c", c, want)
	sameBits(t, where+": a", a, a0)
	sameBits(t, where+": b", b, b0)
}

func fill[T kernels.Float](s []T, v T) {
	for i := range s {
		s[i] = v
	}
}

// sameBits compares bits, all NaN being one (rule 2).
func sameBits[T kernels.Float](t *testing.T, what string, got, want []T) {
	t.Helper()
	if i := edge.Differ(got, want); i >= 0 {
		t.Fatalf("%s[%d] = %x, want %x", what, i, got[i], want[i])
	}
}

func TestGemm(t *testing.T) {
	for _, b := range bitstep.Backends() {
		testGemm(t, bitstep.On[float32](b))
		testGemm(t, bitstep.On[float64](b))
	}
}

func testGemm[T kernels.Float](t *testing.T, k bitstep.Kernels[T]) {
	sizes := []int{0, 1, 2, 4, 5, 6, 9, 10, 11, 15, 16, 17, 31, 33, 67}
	depths := []int{0, 1, 7, 8, 9, 15, 16, 17, 40, 255, 256, 257, 511, 513, 785}
	seed := uint64(0)
	for form := range 4 {
		for _, m := range sizes {
			for _, n := range sizes {
				seed++
				r := edge.Rand(seed)
				g := gemmCase{form&1 != 0, form&2 != 0, m, n, depths[r.IntN(len(depths))],
					[]float64{1, 1, -1.5, 0}[r.IntN(4)], []float64{0, 0, 1, -0.7}[r.IntN(4)], r.IntN(3), seed}
				checkGemm(t, k, g)
			}
		}
		for _, d := range depths {
			for _, m := range []int{1, 10} {
				for _, n := range []int{1, 10, 32} {
					seed++
					checkGemm(t, k, gemmCase{form&1 != 0, form&2 != 0, m, n, d, 1, 0, int(seed % 2), seed})
				}
			}
		}
		checkGemm(t, k, gemmCase{form&1 != 0, form&2 != 0, 10, 37, 3073, 1, 0, 0, seed})
		checkGemm(t, k, gemmCase{form&1 != 0, form&2 != 0, 130, 530, 300, 1, 1, 1, seed})
	}
}
