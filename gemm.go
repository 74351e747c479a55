package bitstep

import (
	"fmt"
	"math"
	"math/bits"
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
)

// Matrix products: what users call, and the checks. The sums are in gemm_chains.go and gemm_lanes.go, the threads in
// gemm_threads.go.

// Gemm computes, as BLAS on row-major matrices,
//
//	C = alpha*op(A)*op(B) + beta*C
//
// where op(A) is m x k and op(B) is k x n: A is stored m x k with lda >= k, or with transA k x m with
// lda >= m; B is stored k x n with ldb >= n, or with transB n x k with ldb >= k; C is m x n with
// ldc >= n. Elements between a row's end and the next row are neither read nor written.
//
// Each element is T(alpha*sum) + T(beta*c). With beta = 0, C is not read; with alpha = 0, A and B are
// not. The order of the sum is part of the contract: see [kernels.Gemm], the definition.
//
// It panics, before anything is written, if a size is negative, a leading dimension too small or a slice
// too short, or if c overlaps a or b. It runs on the active backend; see [On] for another.
func Gemm[T kernels.Float](transA, transB bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int,
	beta T, c []T, ldc int) {
	On[T](Active()).Gemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// Gemv computes y = alpha*A*x + beta*y, or with transA y = alpha*A'*x + beta*y. A is stored m x n with
// lda >= n; x and y have n and m elements, with transA m and n.
//
// Alpha and beta are as in [Gemm], the order of the sums is that of [kernels.Gemv], the definition: y is the row
// that Gemm computes of x' and A or A'. It panics, before anything is written, if a size is negative, lda too small
// or a slice too short, or if y overlaps a or x. It runs on the active backend; see [On] for another.
func Gemv[T kernels.Float](transA bool, m, n int, alpha T, a []T, lda int, x []T, beta T, y []T) {
	On[T](Active()).Gemv(transA, m, n, alpha, a, lda, x, beta, y)
}

// GemmContinue continues sums that C holds, by chains of fma, k ascending:
//
//	c = fma(op(A)[i][k], op(B)[k][j], c)
//
// So a product of up to [kernels.GemmBlock] k in the order of rule 8 can be taken in parts of k, the first by Gemm, and
// has the bits of the whole: see [kernels.GemmContinue], the definition. Arguments and panics are those of [Gemm]. It
// runs on the active backend; see [On] for another.
func GemmContinue[T kernels.Float](transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, c []T, ldc int) {
	On[T](Active()).GemmContinue(transA, transB, m, n, k, a, lda, b, ldb, c, ldc)
}

// Gemm is [Gemm] on this engine.
func (e Engine[T]) Gemm(transA, transB bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int,
	beta T, c []T, ldc int) {
	tile := e.backend.tiles()
	if max(uint(m-1), uint(n-1), uint(k-1)) >= unplanned || alpha == 0 || tile.chainRows[0] == 0 || e.fetch != nil {
		e.gemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	// Checked the short way; what is wrong, the long way tells.
	rowsA, colsA, rowsB, colsB := stored(transA, transB, m, n, k)
	lenA, lenB, lenC := (rowsA-1)*lda+colsA, (rowsB-1)*ldb+colsB, (m-1)*ldc+n
	atA, atB, atC := address(a), address(b), address(c)
	size := unsafe.Sizeof(alpha)
	endC := atC + uintptr(lenC)*size
	if max(uint(lda-colsA), uint(ldb-colsB), uint(ldc-n)) > longest ||
		lenA > len(a) || lenB > len(b) || lenC > len(c) ||
		atC < atA+uintptr(lenA)*size && atA < endC || atC < atB+uintptr(lenB)*size && atB < endC {
		e.gemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	if !transB && byRows(m, n) || transA && transB && tile.byColumns(m, n, lanesOf[T](e.backend)) {
		var t chainArgs[T] // field by field: the compiler makes a literal elsewhere and copies it
		t.k, t.a, t.b, t.c = k, unsafe.SliceData(a), unsafe.SliceData(b), unsafe.SliceData(c)
		t.strides(transA, lda, ldb, ldc)
		t.update(alpha, beta)
		rows, cols, kind := m, n, plainChain
		if transB {
			rows, cols, kind = n, m, columnsChain
		}
		lanes := lanesOf[T](e.backend)
		if cols > lanes || rows > tile.chainRows[0] {
			t.direct(e.backend, transB, m, n)
			return
		}
		// One tile, which may take no longer than to call a function that calls it.
		if t.panels, t.tiles, t.width = 1, 1, cols; transB {
			t.columns()
		} else if cols < lanes {
			kind = maskedChain
		}
		chainTiles[T](e.backend, chainCode(kind, rows, 1), (*byte)(unsafe.Pointer(&t)))
		return
	}
	var p product[T] // field by field, too
	p.backend, p.striped, p.transA, p.transB = e.backend, kernels.GemmStriped(transA, transB, k), transA, transB
	p.m, p.n, p.k, p.alpha, p.beta = m, n, k, alpha, beta
	p.a, p.b, p.c, p.lda, p.ldb, p.ldc = a, b, c, lda, ldb, ldc
	p.run() // too small for threads
}

// gemm is Gemm of a product of any size. (It is a function of its own, or its variables took registers.)
func (e Engine[T]) gemm(transA, transB bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int,
	beta T, c []T, ldc int) {
	lenA, lenB, lenC := checkGemm("Gemm", transA, transB, m, n, k, len(a), lda, len(b), ldb, len(c), ldc)
	var p product[T]
	p.backend, p.striped, p.transA, p.transB = e.backend, kernels.GemmStriped(transA, transB, k), transA, transB
	p.m, p.n, p.k, p.alpha, p.beta = m, n, k, alpha, beta
	p.a, p.b, p.c, p.lda, p.ldb, p.ldc = a[:lenA], b[:lenB], c[:lenC], lda, ldb, ldc
	p.do(e, "Gemm", "c", "a", "b")
}

// GemmContinue is [GemmContinue] on this engine.
func (e Engine[T]) GemmContinue(transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, c []T, ldc int) {
	lenA, lenB, lenC := checkGemm("GemmContinue", transA, transB, m, n, k, len(a), lda, len(b), ldb, len(c), ldc)
	var p product[T]
	p.backend, p.continues, p.transA, p.transB = e.backend, true, transA, transB
	p.m, p.n, p.k, p.alpha = m, n, k, 1
	p.a, p.b, p.c, p.lda, p.ldb, p.ldc = a[:lenA], b[:lenB], c[:lenC], lda, ldb, ldc
	p.do(e, "GemmContinue", "c", "a", "b")
}

// checkGemm checks sizes, strides and lengths, and returns how long the matrices are. (To set a product's operands here
// would move them to the heap.)
func checkGemm(fn string, transA, transB bool, m, n, k, a, lda, b, ldb, c, ldc int) (lenA, lenB, lenC int) {
	rowsA, colsA, rowsB, colsB := stored(transA, transB, m, n, k)
	lenA, okA := extent(rowsA, colsA, lda, a)
	lenB, okB := extent(rowsB, colsB, ldb, b)
	lenC, okC := extent(m, n, ldc, c)
	if !okA || !okB || !okC {
		checkSize(fn, "m", m)
		checkSize(fn, "n", n)
		checkSize(fn, "k", k)
		checkMatrix(fn, "a", okA, a, rowsA, colsA, lda)
		checkMatrix(fn, "b", okB, b, rowsB, colsB, ldb)
		checkMatrix(fn, "c", okC, c, m, n, ldc)
	}
	return lenA, lenB, lenC
}

// Gemv is [Gemv] on this engine.
func (e Engine[T]) Gemv(transA bool, m, n int, alpha T, a []T, lda int, x []T, beta T, y []T) {
	lenX, lenY := n, m
	if transA {
		lenX, lenY = m, n
	}
	lenA, ok := extent(m, n, lda, len(a))
	if !ok || len(x) < lenX || len(y) < lenY {
		checkSize("Gemv", "m", m)
		checkSize("Gemv", "n", n)
		checkMatrix("Gemv", "a", ok, len(a), m, n, lda)
		checkMatrix("Gemv", "x", len(x) >= lenX, len(x), 1, lenX, lenX)
		checkMatrix("Gemv", "y", len(y) >= lenY, len(y), 1, lenY, lenY)
	}
	var p product[T]
	p.backend, p.striped, p.transB = e.backend, kernels.GemmStriped(false, !transA, lenX), !transA
	p.m, p.n, p.k, p.alpha, p.beta = 1, lenY, lenX, alpha, beta
	p.a, p.b, p.c, p.lda, p.ldb, p.ldc = x[:lenX], a[:lenA], y[:lenY], lenX, lda, lenY
	p.do(e, "Gemv", "y", "x", "a")
}

// extent returns how many elements lie between the first and the last of a matrix, and whether its sizes make sense and
// a slice of that length holds it.
func extent(rows, cols, ld, length int) (n int, ok bool) {
	if rows <= 0 || cols <= 0 {
		return 0, rows >= 0 && cols >= 0 && ld >= cols && (ld > 0 || rows < 2)
	}
	hi, last := bits.Mul(uint(rows-1), uint(ld)) // the last row's place
	n = int(last) + cols
	return n, ld >= cols && hi == 0 && last <= uint(length) && cols <= length-int(last)
}

// unplanned is up to how many rows, columns and k a product is not worth any planning: its operands stay in L1.
const unplanned = 32

// longest is the longest stride that such a product has: no place in its matrices overflows.
const longest = math.MaxInt32 / unplanned / 2

// address is that of the first element. (What the compiler takes into a function as long as Gemm is no larger.)
func address[T any](s []T) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(s))) }

// stored returns how A and B are stored.
func stored(transA, transB bool, m, n, k int) (rowsA, colsA, rowsB, colsB int) {
	rowsA, colsA, rowsB, colsB = m, k, k, n
	if transA {
		rowsA, colsA = k, m
	}
	if transB {
		rowsB, colsB = n, k
	}
	return rowsA, colsA, rowsB, colsB
}

func checkSize(fn, name string, n int) {
	if n < 0 {
		panic(fmt.Sprintf("bitstep: %s: %s = %d, want at least 0", fn, name, n))
	}
}

// checkMatrix panics if a matrix is not ok.
func checkMatrix(fn, name string, ok bool, length, rows, cols, ld int) {
	switch {
	case ok:
	case ld < cols || ld < 1:
		panic(fmt.Sprintf("bitstep: %s: leading dimension of %s = %d, want at least its %d columns",
			fn, name, ld, cols))
	default:
		panic(fmt.Sprintf("bitstep: %s: len(%s) = %d, too short for %d rows of %d with leading dimension %d",
			fn, name, length, rows, cols, ld))
	}
}

// A product is the whole or a part of a matrix product.
type product[T kernels.Float] struct {
	backend        Backend
	striped        bool // rule 7 or rule 8: decided for the whole, kept for its parts
	continues      bool // GemmContinue: alpha is 1, beta 0
	transA, transB bool
	m, n, k        int
	alpha, beta    T
	a, b, c        []T
	lda, ldb, ldc  int
	fetch          *Fetch // nil: nothing
}

// do checks for overlap and runs the product on this goroutine or on several.
func (p *product[T]) do(e Engine[T], fn, c, a, b string) {
	if e.fetch != nil {
		e.fetch.fetched = 0
	}
	if p.m == 0 || p.n == 0 {
		return
	}
	if mem.Overlap(p.c, p.a) {
		panic(fmt.Sprintf("bitstep: %s: %s, which is written, overlaps %s", fn, c, a))
	}
	if mem.Overlap(p.c, p.b) {
		panic(fmt.Sprintf("bitstep: %s: %s, which is written, overlaps %s", fn, c, b))
	}
	if p.k == 0 && p.continues {
		return
	}
	if p.alpha == 0 || p.k == 0 { // no sum to take
		kernels.Gemm(p.transA, p.transB, p.m, p.n, p.k, p.alpha, p.a, p.lda, p.b, p.ldb, p.beta, p.c, p.ldc)
		return
	}
	if !p.threaded(e) {
		p.fetch = e.fetch
		p.run()
	}
}

// microKernels reports whether the backend has micro-kernels. Others run the definition.
func (p *product[T]) microKernels() bool { return p.backend.tiles().chainRows[0] != 0 }

// run computes the product on this goroutine.
func (p *product[T]) run() {
	switch {
	case !p.microKernels() && p.continues:
		kernels.GemmContinue(p.transA, p.transB, p.m, p.n, p.k, p.a, p.lda, p.b, p.ldb, p.c, p.ldc)
	case !p.microKernels() && p.striped:
		kernels.GemmLanes(p.transA, p.transB, p.m, p.n, p.k, p.alpha, p.a, p.lda, p.b, p.ldb, p.beta, p.c, p.ldc)
	case !p.microKernels():
		kernels.GemmChains(p.transA, p.transB, p.m, p.n, p.k, p.alpha, p.a, p.lda, p.b, p.ldb, p.beta, p.c, p.ldc)
	default:
		if p.striped {
			p.lanes()
		} else {
			p.chains()
		}
	}
}

// update is kernels.GemmUpdate of a row of C, which is what Axpby and Scale compute.
func (p *product[T]) update(c, sums []T) {
	update := call[T]{id: idAxpby, backend: p.backend, n: len(c),
		op: [maxOperands]unsafe.Pointer{unsafe.Pointer(unsafe.SliceData(c)), unsafe.Pointer(unsafe.SliceData(sums))}}
	if p.beta == 0 {
		copy(c, sums)
		update.id = idScale
	}
	*(*[2]T)(unsafe.Pointer(&update.coef)) = [2]T{p.alpha, p.beta}
	update.run(0, len(c))
}

// scratch is pooled memory for packed operands and unfinished sums.
type scratch[T kernels.Float] struct {
	packedA, packedB, sums, folded []T
}

var scratches pools // of *scratch[T]

func getScratch[T kernels.Float]() *scratch[T] {
	if s, _ := poolOf[T](&scratches).Get().(*scratch[T]); s != nil {
		return s
	}
	return new(scratch[T])
}

func (s *scratch[T]) put() { poolOf[T](&scratches).Put(s) }

// grow returns n elements from a line's border on, reusing buf. Their values are arbitrary.
func grow[T kernels.Float](buf *[]T, n int) []T {
	if cap(*buf) < n {
		*buf = mem.Aligned[T](n)
	}
	return (*buf)[:n]
}
