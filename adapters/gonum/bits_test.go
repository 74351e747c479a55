package gonumblas

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"gonum.org/v1/gonum/blas"
)

// The overridden routines give the bits of the definitions in package kernels, element by element, on every backend and
// with any number of threads. A routine of one precision is a function of T here.
type routines[T bitstep.Float] struct {
	gemm func(tA, tB blas.Transpose, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int)
	gemv func(tA blas.Transpose, m, n int, alpha T, a []T, lda int, x []T, incX int, beta T, y []T, incY int)
	ger  func(m, n int, alpha T, x []T, incX int, y []T, incY int, a []T, lda int)
	syrk func(ul blas.Uplo, tA blas.Transpose, n, k int, alpha T, a []T, lda int, beta T, c []T, ldc int)
	symm func(s blas.Side, ul blas.Uplo, m, n int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T,
		ldc int)
	trmm, trsm func(s blas.Side, ul blas.Uplo, tA blas.Transpose, d blas.Diag, m, n int, alpha T, a []T, lda int,
		b []T, ldb int)
	axpy       func(n int, alpha T, x []T, incX int, y []T, incY int)
	scal       func(n int, alpha T, x []T, incX int)
	dot        func(n int, x []T, incX int, y []T, incY int) T
	asum, nrm2 func(n int, x []T, incX int) T
	iamax      func(n int, x []T, incX int) int
}

func routinesOf(i Implementation) (routines[float32], routines[float64]) {
	return routines[float32]{i.Sgemm, i.Sgemv, i.Sger, i.Ssyrk, i.Ssymm, i.Strmm, i.Strsm, i.Saxpy, i.Sscal, i.Sdot,
			i.Sasum, i.Snrm2, i.Isamax},
		routines[float64]{i.Dgemm, i.Dgemv, i.Dger, i.Dsyrk, i.Dsymm, i.Dtrmm, i.Dtrsm, i.Daxpy, i.Dscal, i.Ddot,
			i.Dasum, i.Dnrm2, i.Idamax}
}

func TestBits(t *testing.T) {
	for _, b := range bitstep.Backends() {
		for _, threads := range []int{1, 3} {
			single, double := routinesOf(On(b).Threads(threads))
			t.Run(fmt.Sprintf("%v/%d/single", b, threads), func(t *testing.T) { testBits(t, single) })
			t.Run(fmt.Sprintf("%v/%d/double", b, threads), func(t *testing.T) { testBits(t, double) })
		}
	}
	single, double := routinesOf(Implementation{})
	t.Run("active/single", func(t *testing.T) { testBits(t, single) })
	t.Run("active/double", func(t *testing.T) { testBits(t, double) })
}

func testBits[T bitstep.Float](t *testing.T, r routines[T]) {
	rounds := 64
	if testing.Short() {
		rounds = 16
	}
	tests := map[string]func(*testing.T, *random[T], routines[T]){"gemm": testGemm[T], "gemv": testGemv[T],
		"ger": testGer[T], "syrk": testSyrk[T], "symm": testSymm[T], "triangles": testTriangles[T],
		"updates": testUpdates[T], "reductions": testReductions[T]}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			rnd := newRandom[T](1)
			for round := 0; round < rounds && !t.Failed(); round++ {
				rnd.round = round
				test(t, rnd, r)
			}
		})
	}
}

// A random makes arguments. Each eighth round has larger ones, for several threads and whole blocks.
type random[T bitstep.Float] struct {
	*rand.Rand
	round int
	sizes []int // the next ones, before others are made up
}

func newRandom[T bitstep.Float](seed uint64) *random[T] {
	return &random[T]{Rand: rand.New(rand.NewPCG(seed, seed+1))}
}

func (r *random[T]) size() int {
	if len(r.sizes) > 0 {
		next := r.sizes[0]
		r.sizes = r.sizes[1:]
		return next
	}
	if r.round%8 == 7 {
		return 1 + r.IntN(180)
	}
	if r.round%8 == 5 {
		return []int{8, 9, 16, 17, 32, 33, 65}[r.IntN(7)] // where triangles and squares are cut
	}
	return 1 + r.IntN(20)
}

// long is how long a vector is.
func (r *random[T]) long() int {
	switch r.round % 8 {
	case 6:
		return 1 + r.IntN(3*kernels.ReduceChunk)
	case 7:
		return 1 + r.IntN(8000)
	}
	return 1 + r.IntN(100)
}

func (r *random[T]) scalar() T { return []T{0.7, 1, -1, T(r.NormFloat64())}[r.IntN(4)] }
func (r *random[T]) beta() T   { return []T{0, 1, -1, T(r.NormFloat64())}[r.IntN(4)] }
func (r *random[T]) trans() blas.Transpose {
	return []blas.Transpose{blas.NoTrans, blas.Trans, blas.ConjTrans}[r.IntN(3)]
}
func (r *random[T]) uplo() blas.Uplo { return []blas.Uplo{blas.Upper, blas.Lower}[r.IntN(2)] }
func (r *random[T]) side() blas.Side { return []blas.Side{blas.Left, blas.Right}[r.IntN(2)] }
func (r *random[T]) diag() blas.Diag { return []blas.Diag{blas.Unit, blas.NonUnit}[r.IntN(2)] }
func (r *random[T]) ld(cols int) int { return cols + r.IntN(2)*r.IntN(5) }
func (r *random[T]) inc() int        { return []int{1, 1, 2, 3, -1, -2}[r.IntN(6)] }

// values are n numbers and, now and then, others that a product must treat as they say.
func (r *random[T]) values(n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(r.NormFloat64())
	}
	if r.round%4 == 3 && n > 0 {
		rare := []T{0, T(math.Copysign(0, -1)), T(math.Inf(1)), T(math.NaN()), T(math.Ldexp(1, -140)),
			T(math.Ldexp(1, 100))}
		for range 1 + r.IntN(3) {
			x[r.IntN(n)] = rare[r.IntN(len(rare))]
		}
	}
	return x
}

func (r *random[T]) matrix(rows, cols int) (a []T, ld int) {
	ld = r.ld(cols)
	return r.values((rows-1)*ld + cols + r.IntN(2)), ld
}

func (r *random[T]) vector(n int) (x []T, inc int) {
	inc = r.inc()
	return r.values((n-1)*max(inc, -inc) + 1 + r.IntN(2)), inc
}

// at is the place of element i of n.
func at(i, n, inc int) int {
	if inc < 0 {
		return (n - 1 - i) * -inc
	}
	return i * inc
}

func picked[T any](x []T, n, inc int) []T {
	y := make([]T, n)
	for i := range y {
		y[i] = x[at(i, n, inc)]
	}
	return y
}

func placed[T any](x []T, inc int, y []T) {
	for i, v := range y {
		x[at(i, len(y), inc)] = v
	}
}

func trans(t blas.Transpose) bool { return t != blas.NoTrans }

func shape(t blas.Transpose, rows, cols int) (int, int) {
	if trans(t) {
		return cols, rows
	}
	return rows, cols
}

func same[T bitstep.Float](t *testing.T, what string, got, want []T) {
	t.Helper()
	for i := range want {
		g, w := float64(got[i]), float64(want[i])
		if math.Float64bits(g) != math.Float64bits(w) && (g == g || w == w) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, g, w)
		}
	}
}

func testGemm[T bitstep.Float](t *testing.T, r *random[T], f routines[T]) {
	m, n, k, tA, tB := r.size(), r.size(), r.size(), r.trans(), r.trans()
	if r.round == 15 { // for several threads
		m, n, k = 300, 350, 320
	}
	a, lda := r.matrix(shape(tA, m, k))
	b, ldb := r.matrix(shape(tB, k, n))
	c, ldc := r.matrix(m, n)
	alpha, beta, want := r.scalar(), r.beta(), slices.Clone(c)
	kernels.Gemm(trans(tA), trans(tB), m, n, k, alpha, a, lda, b, ldb, beta, want, ldc)
	f.gemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	same(t, fmt.Sprint("gemm ", string(tA), string(tB), m, n, k, alpha, beta), c, want)
}

func testGemv[T bitstep.Float](t *testing.T, r *random[T], f routines[T]) {
	m, n, tA := r.size(), r.size(), r.trans()
	lenY, lenX := shape(tA, m, n)
	a, lda := r.matrix(m, n)
	x, incX := r.vector(lenX)
	y, incY := r.vector(lenY)
	alpha, beta, want := r.scalar(), r.beta(), slices.Clone(y)
	out := picked(y, lenY, incY)
	kernels.Gemv(trans(tA), m, n, alpha, a, lda, picked(x, lenX, incX), beta, out)
	placed(want, incY, out)
	f.gemv(tA, m, n, alpha, a, lda, x, incX, beta, y, incY)
	same(t, fmt.Sprint("gemv ", string(tA), m, n, alpha, beta, incX, incY), y, want)
}

func testGer[T bitstep.Float](t *testing.T, r *random[T], f routines[T]) {
	m, n := r.size(), r.size()
	x, incX := r.vector(m)
	y, incY := r.vector(n)
	a, lda := r.matrix(m, n)
	alpha, want := r.scalar(), slices.Clone(a)
	kernels.Gemm(false, false, m, n, 1, alpha, picked(x, m, incX), 1, picked(y, n, incY), n, 1, want, lda)
	f.ger(m, n, alpha, x, incX, y, incY, a, lda)
	same(t, fmt.Sprint("ger ", m, n, alpha, incX, incY), a, want)
}

func stored(ul blas.Uplo, i, j int) bool { return i == j || i < j == (ul == blas.Upper) }

func testSyrk[T bitstep.Float](t *testing.T, r *random[T], f routines[T]) {
	n, k, ul, tA := r.size(), r.size(), r.uplo(), r.trans()
	a, lda := r.matrix(shape(tA, n, k))
	c, ldc := r.matrix(n, n)
	alpha, beta, want := r.scalar(), r.beta(), slices.Clone(c)
	whole := slices.Clone(c)
	kernels.Gemm(trans(tA), !trans(tA), n, n, k, alpha, a, lda, a, lda, beta, whole, ldc)
	for i := range n {
		for j := range n {
			if stored(ul, i, j) {
				want[i*ldc+j] = whole[i*ldc+j]
			}
		}
	}
	f.syrk(ul, tA, n, k, alpha, a, lda, beta, c, ldc)
	same(t, fmt.Sprint("syrk ", string(ul), string(tA), n, k, alpha, beta), c, want)
}

func testSymm[T bitstep.Float](t *testing.T, r *random[T], f routines[T]) {
	m, n, side, ul := r.size(), r.size(), r.side(), r.uplo()
	k := n
	if side == blas.Left {
		k = m
	}
	a, lda := r.matrix(k, k)
	b, ldb := r.matrix(m, n)
	c, ldc := r.matrix(m, n)
	alpha, beta, want := r.scalar(), r.beta(), slices.Clone(c)
	whole := make([]T, k*k)
	for i := range k {
		for j := range k {
			whole[i*k+j] = a[j*lda+i]
			if stored(ul, i, j) {
				whole[i*k+j] = a[i*lda+j]
			}
		}
	}
	if side == blas.Left {
		kernels.Gemm(false, false, m, n, k, alpha, whole, k, b, ldb, beta, want, ldc)
	} else {
		kernels.Gemm(false, false, m, n, k, alpha, b, ldb, whole, k, beta, want, ldc)
	}
	f.symm(side, ul, m, n, alpha, a, lda, b, ldb, beta, c, ldc)
	same(t, fmt.Sprint("symm ", string(side), string(ul), m, n, alpha, beta), c, want)
}

// A column is what the package comment says of trsm and trmm, for one column x of the left side.
type column[T bitstep.Float] struct {
	a           func(i, k int) T // op(A)
	upper, unit bool
	x           []T
}

// update is x[i] = alpha*(sum of a(i, k)*x[k], k from lo to hi) + beta*x[i], or beta*x[i] if there are no such k.
func (c *column[T]) update(i, lo, hi int, alpha, beta T) {
	if lo == hi {
		c.x[i] = T(beta * c.x[i])
		return
	}
	row, sum := make([]T, hi-lo), make([]T, 1)
	for k := range row {
		row[k] = c.a(i, lo+k)
	}
	kernels.Gemm(false, false, 1, 1, hi-lo, 1, row, hi-lo, c.x[lo:], 1, 0, sum, 1)
	c.x[i] = T(alpha*sum[0]) + T(beta*c.x[i])
}

func (c *column[T]) others(i, lo, hi int) (int, int) {
	if c.upper {
		return i + 1, hi
	}
	return lo, i
}

func (c *column[T]) diagonal(i int) T {
	if c.unit {
		return 1
	}
	return c.a(i, i)
}

func normal[T bitstep.Float](x T) bool {
	least := 0x1p-1022
	if any(T(0)) == any(float32(0)) {
		least = 0x1p-126
	}
	return math.Abs(float64(x)) >= least && !math.IsInf(float64(x), 0)
}

// cut is where n elements are cut: at the least 8, 16, 32, ... that is half of them.
func cut(n int) int {
	for at := 8; ; at *= 2 {
		if 2*at >= n {
			return at
		}
	}
}

func (c *column[T]) multiply(lo, hi int, alpha T) {
	if hi-lo <= 8 {
		for r := lo; r < hi; r++ {
			i := r
			if !c.upper {
				i = lo + hi - 1 - r
			}
			from, to := c.others(i, lo, hi)
			c.update(i, from, to, alpha, T(alpha*c.diagonal(i)))
		}
		return
	}
	mid := lo + cut(hi-lo)
	if c.upper {
		c.multiply(lo, mid, alpha)
		for i := lo; i < mid; i++ {
			c.update(i, mid, hi, alpha, 1)
		}
		c.multiply(mid, hi, alpha)
	} else {
		c.multiply(mid, hi, alpha)
		for i := mid; i < hi; i++ {
			c.update(i, lo, mid, alpha, 1)
		}
		c.multiply(lo, mid, alpha)
	}
}

func (c *column[T]) solve(lo, hi int, alpha T) {
	if hi-lo <= 8 {
		for r := lo; r < hi; r++ {
			i := r
			if c.upper {
				i = lo + hi - 1 - r
			}
			from, to := c.others(i, lo, hi)
			c.update(i, from, to, -1, alpha)
			if d := c.diagonal(i); !c.unit && normal(1/d) {
				c.x[i] = T(c.x[i] * T(1/d))
			} else {
				c.x[i] /= d
			}
		}
		return
	}
	mid := lo + cut(hi-lo)
	first, last := [2]int{lo, mid}, [2]int{mid, hi}
	if c.upper {
		first, last = last, first
	}
	c.solve(first[0], first[1], alpha)
	for i := last[0]; i < last[1]; i++ {
		c.update(i, first[0], first[1], -1, alpha)
	}
	c.solve(last[0], last[1], 1)
}

func testTriangles[T bitstep.Float](t *testing.T, r *random[T], f routines[T]) {
	m, n, side, ul, tA, d := r.size(), r.size(), r.side(), r.uplo(), r.trans(), r.diag()
	k, columns := n, m
	if side == blas.Left {
		k, columns = m, n
	}
	a, lda := r.matrix(k, k)
	b, ldb := r.matrix(m, n)
	for i := range k { // or solutions overflow soon
		a[i*lda+i] += T(math.Copysign(float64(k), float64(a[i*lda+i])))
	}
	if r.round%8 == 3 { // a reciprocal that is no normal number
		i := r.IntN(k)
		a[i*lda+i] = []T{T(math.MaxFloat32), T(math.Ldexp(1, -149)), 0, T(math.Inf(1))}[r.IntN(4)]
		if any(T(0)) == any(float64(0)) && r.IntN(2) == 0 {
			a[i*lda+i] = T(math.Ldexp(1, 1023))
		}
	}
	alpha, multiplied, solved := r.scalar(), slices.Clone(b), slices.Clone(b)
	for j := range columns {
		c := column[T]{upper: (ul == blas.Upper) != trans(tA), unit: d == blas.Unit,
			a: func(i, k int) T { return a[i*lda+k] }, x: make([]T, k)}
		if trans(tA) != (side == blas.Right) {
			c.a = func(i, k int) T { return a[k*lda+i] }
		}
		place := func(i int) int { return i*ldb + j }
		if side == blas.Right {
			c.upper = !c.upper
			place = func(i int) int { return j*ldb + i }
		}
		for compute, out := range map[string][]T{"multiply": multiplied, "solve": solved} {
			for i := range k {
				c.x[i] = b[place(i)]
			}
			if compute == "solve" {
				c.solve(0, k, alpha)
			} else {
				c.multiply(0, k, alpha)
			}
			for i := range k {
				out[place(i)] = c.x[i]
			}
		}
	}
	what := fmt.Sprint(string(side), string(ul), string(tA), string(d), m, n, alpha)
	got := slices.Clone(b)
	f.trmm(side, ul, tA, d, m, n, alpha, a, lda, got, ldb)
	same(t, "trmm "+what, got, multiplied)
	f.trsm(side, ul, tA, d, m, n, alpha, a, lda, b, ldb)
	same(t, "trsm "+what, b, solved)
}

func testUpdates[T bitstep.Float](t *testing.T, r *random[T], f routines[T]) {
	n, alpha := r.long(), r.scalar()
	x, incX := r.vector(n)
	y, incY := r.vector(n)
	want, out := slices.Clone(y), picked(y, n, incY)
	kernels.Axpy(out, picked(x, n, incX), alpha)
	placed(want, incY, out)
	f.axpy(n, alpha, x, incX, y, incY)
	same(t, fmt.Sprint("axpy ", n, alpha, incX, incY), y, want)

	want = slices.Clone(x)
	if incX > 0 { // else scal does nothing
		out = picked(x, n, incX)
		kernels.Scale(out, alpha)
		placed(want, incX, out)
	}
	f.scal(n, alpha, x, incX)
	same(t, fmt.Sprint("scal ", n, alpha, incX), x, want)
}

func testReductions[T bitstep.Float](t *testing.T, r *random[T], f routines[T]) {
	n := r.long()
	x, incX := r.vector(n)
	y, incY := r.vector(n)
	dense := picked(x, n, incX)
	what := fmt.Sprint(n, incX, incY)
	same(t, "dot "+what, []T{f.dot(n, x, incX, y, incY)}, []T{kernels.Dot(dense, picked(y, n, incY))})

	power := 0 // by which the norm is scaled
	switch r.IntN(4) {
	case 0:
		power = 100
	case 1:
		power = -100
	}
	if any(T(0)) == any(float64(0)) {
		power *= 8
	}
	for i := range x {
		x[i] = T(math.Ldexp(float64(x[i]), power))
	}
	dense = picked(x, n, incX)
	if incX < 0 {
		same(t, "asum "+what, []T{f.asum(n, x, incX)}, []T{0})
		same(t, "nrm2 "+what, []T{f.nrm2(n, x, incX)}, []T{0})
		return
	}
	same(t, "asum "+what, []T{f.asum(n, x, incX)}, []T{kernels.SumAbs(dense)})
	same(t, "nrm2 "+what, []T{f.nrm2(n, x, incX)}, []T{norm(dense)})
	want := 0
	for i, v := range dense {
		if math.Abs(float64(v)) > math.Abs(float64(dense[want])) {
			want = i
		}
	}
	if got := f.iamax(n, x, incX); got != want {
		t.Fatalf("iamax %s: %d, want %d", what, got, want)
	}
}

// Sizes at which another code begins: reductions of kernels, sums that are striped, blocks.
func TestBorders(t *testing.T) {
	single, double := routinesOf(Implementation{})
	t.Run("single", func(t *testing.T) { testBorders(t, single) })
	t.Run("double", func(t *testing.T) { testBorders(t, double) })
}

func testBorders[T bitstep.Float](t *testing.T, f routines[T]) {
	r := newRandom[T](5)
	for n := 1; n <= 2*shortDot; n++ {
		x, y := r.values(n), r.values(n)
		what := fmt.Sprint(" of ", n)
		same(t, "dot"+what, []T{f.dot(n, x, 1, y, 1)}, []T{kernels.Dot(x, y)})
		same(t, "asum"+what, []T{f.asum(n, x, 1)}, []T{kernels.SumAbs(x)})
		same(t, "nrm2"+what, []T{f.nrm2(n, x, 1)}, []T{norm(x)})
	}
	for _, c := range []struct {
		test   func(*testing.T, *random[T], routines[T])
		rounds int
		sizes  [][]int
	}{
		{testGemv[T], 64, [][]int{{fewRows, few}, {fewRows, few + 1}, {fewRows + 1, few}, {few, 3}, {few + 1, 3}}},
		{testSyrk[T], 8, [][]int{{48, 5}, {49, 5}, {97, 130}}},
		{testSymm[T], 8, [][]int{{257, 3}, {3, 257}}},
		{testTriangles[T], 8, [][]int{{blockRows, blockCols + 1}, {blockRows + 1, blockCols + 1}, {transposed + 1, 9}}},
	} {
		for _, sizes := range c.sizes {
			for range c.rounds {
				r.sizes = sizes
				c.test(t, r, f)
			}
		}
	}
}

// Ties, NaN, zeros and numbers at the ends of the range, which random elements seldom are.
func TestRare(t *testing.T) {
	single, double := routinesOf(Implementation{})
	t.Run("single", func(t *testing.T) { testRare(t, single) })
	t.Run("double", func(t *testing.T) { testRare(t, double) })
}

func testRare[T bitstep.Float](t *testing.T, f routines[T]) {
	const n = 5000
	nan, x := T(math.NaN()), make([]T, n)
	for _, c := range []struct {
		want int
		set  map[int]T
	}{
		{0, nil},
		{100, map[int]T{100: -7, 101: 7, 3000: 7, n - 1: -7}},
		{4000, map[int]T{4000: -8, 4001: nan, 100: 7}},
		{4000, map[int]T{4000: T(math.Inf(-1)), 600: nan, 601: T(math.MaxFloat32)}},
		{0, map[int]T{0: nan, 100: 7}},
	} {
		clear(x)
		for i, v := range c.set {
			x[i] = v
		}
		if got := f.iamax(n, x, 1); got != c.want {
			t.Errorf("iamax of %v: %d, want %d", c.set, got, c.want)
		}
	}
	clear(x)
	y := make([]T, n)
	for i := range y {
		y[i] = -1
	}
	for k := 1; k < 200; k++ { // fma adds -0 to +0
		same(t, fmt.Sprint("dot of zeros ", k), []T{f.dot(k, x, 1, y, 1)}, []T{kernels.Dot(x[:k], y[:k])})
	}
	for _, inc := range []int{1, 2} { // alpha = 0 multiplies nothing
		x[0], x[inc], x[2*inc] = nan, T(math.Inf(1)), -1
		f.scal(n/inc, 0, x, inc)
		same(t, "scal by 0", x, make([]T, n))
	}
	testRareTriangles(t, f)
}

// Zeros on a diagonal, rows that are not finite, elements whose reciprocals are infinite, subnormal or nearly so.
func testRareTriangles[T bitstep.Float](t *testing.T, f routines[T]) {
	two := func(scale float64, power int) T { return T(math.Ldexp(scale, power)) }
	largest, least := 1023, two(1, -1074)
	if any(T(0)) == any(float32(0)) {
		largest, least = 127, two(1, -149)
	}
	inf := T(math.Inf(1))
	for _, d := range []T{0, least, -least, two(1.3, largest-2), two(1.3, largest-1), two(1.9, largest), inf} {
		for _, v := range []T{3, 7, 0.3, 0, least, inf, T(math.NaN()), two(1.7, largest)} {
			x := []T{v}
			f.trsm('L', 'U', 'N', 'N', 1, 1, 1, []T{d}, 1, x, 1)
			want := v / d
			if normal(1 / d) {
				want = v * T(1/d)
			}
			same(t, fmt.Sprint(v, " solved by ", d), x, []T{want})
			x[0] = v
			f.trmm('L', 'U', 'N', 'N', 1, 1, 1, []T{d}, 1, x, 1)
			same(t, fmt.Sprint(v, " multiplied by ", d), x, []T{v * d})
			x = []T{v, 0}
			f.trmm('L', 'U', 'N', 'N', 2, 1, 1, []T{d, 5, 0, 1}, 2, x, 1)
			same(t, fmt.Sprint(v, " multiplied by ", d, " plus 0"), x, []T{0 + T(v*d), 0})
		}
	}
}

// An implementation computes where it is told to.
func TestChoice(t *testing.T) {
	if got, want := on[float32](Implementation{}), bitstep.On[float32](bitstep.Active()); got != want {
		t.Errorf("the zero value is %+v, want %+v", got, want)
	}
	for _, b := range bitstep.Backends() {
		for _, n := range []int{-1, 0, 1, 3} {
			got, want := on[float64](On(b).Threads(n)), bitstep.On[float64](b).Threads(n)
			if got != want {
				t.Errorf("%v with %d threads is %+v, want %+v", b, n, got, want)
			}
		}
	}
}

// norm is nrm2 as the package comment has it.
func norm[T bitstep.Float](x []T) T {
	least, up, down := 0x1p-960, 600, 540
	if any(T(0)) == any(float32(0)) {
		least, up, down = 0x1p-80, 100, 90
	}
	if len(x) == 1 {
		return T(math.Abs(float64(x[0])))
	}
	power, sum := 0, float64(kernels.SumSquares(x))
	if sum < least {
		power = up
	} else if math.IsInf(sum, 1) {
		power = -down
	}
	scaled := slices.Clone(x)
	for i := range scaled {
		scaled[i] = T(math.Ldexp(float64(x[i]), power))
	}
	return T(math.Ldexp(float64(T(math.Sqrt(float64(kernels.SumSquares(scaled))))), -power))
}
