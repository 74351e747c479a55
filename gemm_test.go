package bitstep_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/mem"
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

// A matrix has NaN between its rows, and ends with the last of them.
type matrix[T kernels.Float] struct {
	data           []T
	rows, cols, ld int
}

func newMatrix[T kernels.Float](rows, cols, pad int) matrix[T] {
	ld := max(1, cols+pad)
	m := matrix[T]{make([]T, max(0, rows*ld-pad)), rows, cols, ld}
	fill(m.data, T(math.NaN()))
	return m
}

// fillMatrices fills the rows of the matrices of a product.
func fillMatrices[T kernels.Float](r *rand.Rand, matrices ...matrix[T]) {
	var lines []any
	for _, m := range matrices {
		for i := range m.rows {
			lines = append(lines, m.data[i*m.ld:][:m.cols])
		}
	}
	edge.FillOperands[T](r, true, lines...)
}

// checkGemm compares a product with its definition, on each of the engines.
func checkGemm[T kernels.Float](t *testing.T, g gemmCase, engines ...bitstep.Engine[T]) {
	t.Helper()
	checkGemmIn(t, g, func(_, n int) []T { return make([]T, n) }, engines...)
}

// checkGemmIn is checkGemm with matrices in memory that alloc provides: n elements for matrix i.
func checkGemmIn[T kernels.Float](t *testing.T, g gemmCase, alloc func(i, n int) []T, engines ...bitstep.Engine[T]) {
	t.Helper()
	r := edge.Rand(g.seed)
	rowsA, colsA, rowsB, colsB := g.m, g.k, g.k, g.n
	if g.transA {
		rowsA, colsA = g.k, g.m
	}
	if g.transB {
		rowsB, colsB = g.n, g.k
	}
	a, b, c := newMatrix[T](rowsA, colsA, g.pad), newMatrix[T](rowsB, colsB, g.pad), newMatrix[T](g.m, g.n, g.pad)
	for i, m := range []*matrix[T]{&a, &b, &c} {
		place := alloc(i, len(m.data))
		copy(place, m.data)
		m.data = place
	}
	fillMatrices(r, a, b, c)
	if g.alpha == 0 {
		fill(a.data, T(math.NaN()))
	}
	if g.beta == 0 {
		fill(c.data, T(math.NaN()))
	}
	a0, b0, c0, want := slices.Clone(a.data), slices.Clone(b.data), slices.Clone(c.data), slices.Clone(c.data)
	alpha, beta := T(g.alpha), T(g.beta)
	kernels.Gemm(g.transA, g.transB, g.m, g.n, g.k, alpha, a.data, a.ld, b.data, b.ld, beta, want, c.ld)
	for _, k := range engines {
		copy(c.data, c0)
		k.Gemm(g.transA, g.transB, g.m, g.n, g.k, alpha, a.data, a.ld, b.data, b.ld, beta, c.data, c.ld)
		where := fmt.Sprintf("%v %T %v", k.Backend(), T(0), g)
		sameBits(t, where+": c", c.data, want)
		sameBits(t, where+": a", a.data, a0)
		sameBits(t, where+": b", b.data, b0)
	}
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

func testGemm[T kernels.Float](t *testing.T, k bitstep.Engine[T]) {
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
				checkGemm(t, g, k)
			}
		}
		for _, d := range depths {
			for _, m := range []int{1, 10} {
				for _, n := range []int{1, 10, 32} {
					seed++
					checkGemm(t, gemmCase{form&1 != 0, form&2 != 0, m, n, d, 1, 0, int(seed % 2), seed}, k)
				}
			}
		}
		checkGemm(t, gemmCase{form&1 != 0, form&2 != 0, 10, 37, 3073, 1, 0, 0, seed}, k)
		checkGemm(t, gemmCase{form&1 != 0, form&2 != 0, 130, 530, 300, 1, 1, 1, seed}, k)
	}
}

// All shapes of products that are not planned, and a few more.
func TestGemmFew(t *testing.T) {
	for _, b := range bitstep.Backends()[1:] {
		testGemmFew(t, bitstep.On[float32](b))
		testGemmFew(t, bitstep.On[float64](b))
	}
}

func testGemmFew[T kernels.Float](t *testing.T, k bitstep.Engine[T]) {
	seed := uint64(0)
	for form := range 4 {
		for m := 1; m <= 33; m++ {
			for n := 1; n <= 33; n++ {
				seed++
				r := edge.Rand(seed)
				checkGemm(t, gemmCase{form&1 != 0, form&2 != 0, m, n, 1 + r.IntN(33),
					[]float64{1, 1, -1.5, 0}[r.IntN(4)], []float64{0, 0, 1, -0.7}[r.IntN(4)], r.IntN(3), seed}, k)
			}
		}
	}
}

// Few columns and operands as they are stored, around blocks of k and all heights of tiles.
func TestGemmNarrow(t *testing.T) {
	for _, b := range bitstep.Backends()[1:] {
		testGemmNarrow(t, bitstep.On[float32](b))
		testGemmNarrow(t, bitstep.On[float64](b))
	}
}

func testGemmNarrow[T kernels.Float](t *testing.T, k bitstep.Engine[T]) {
	seed := uint64(0)
	for _, m := range []int{1, 3, 7, 8, 10, 12, 13, 16, 17, 25, 40} {
		for n := 1; n <= 8; n++ {
			for _, depth := range []int{64, 131, 256, 300, 512, 515, 1023, 1281, 1600} {
				seed++
				r := edge.Rand(seed)
				checkGemm(t, gemmCase{false, false, m, n, depth, []float64{1, 1, -1.5}[r.IntN(3)],
					[]float64{0, 0, 1, -0.7}[r.IntN(4)], r.IntN(3), seed}, k)
			}
		}
	}
	checkGemm(t, gemmCase{false, false, 1030, 3, 600, 2, 0.5, 1, seed}, k)
}

// Products do not depend on the caches: blocks of one tile, and of whatever there is.
func TestGemmCaches(t *testing.T) {
	for _, c := range [][2]int{{64, 128}, {8 << 10, 24 << 10}, {4 << 10, 256 << 10}, {8 << 10, 1 << 20},
		{1 << 24, 1 << 30}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			bitstep.SimulateCaches(t, c[0], c[1])
			for _, b := range bitstep.Backends()[1:] {
				testGemmCaches(t, bitstep.On[float32](b))
				testGemmCaches(t, bitstep.On[float64](b))
			}
		})
	}
}

func testGemmCaches[T kernels.Float](t *testing.T, k bitstep.Engine[T]) {
	for form := range 4 {
		for i, s := range [][3]int{{25, 60, 300}, {61, 33, 260}, {3, 90, 130}, {90, 3, 131}, {1, 40, 700}, {40, 1, 128},
			{13, 130, 257}, {14, 17, 1200}, {26, 30, 700}, {30, 29, 1040}} {
			checkGemm(t, gemmCase{form&1 != 0, form&2 != 0, s[0], s[1], s[2], 1, float64(i % 2), i % 3, uint64(i)}, k)
			checkGemm(t, gemmCase{form&1 != 0, form&2 != 0, s[0], s[1], s[2], -0.5, 1, 0, uint64(i)}, k)
		}
	}
}

// Shapes around every border between two ways to compute: tiles, panels, blocks, packing.
func TestGemmBorders(t *testing.T) {
	if testing.Short() {
		t.Skip("many shapes")
	}
	borders := func(t *testing.T) {
		var f32 []bitstep.Engine[float32]
		var f64 []bitstep.Engine[float64]
		for _, b := range bitstep.Backends()[1:] {
			f32, f64 = append(f32, bitstep.On[float32](b)), append(f64, bitstep.On[float64](b))
		}
		testGemmBorders(t, f32...)
		testGemmBorders(t, f64...)
	}
	borders(t)
	t.Run("small caches", func(t *testing.T) { // for which operands are packed that else are read in place
		bitstep.SimulateCaches(t, 16<<10, 64<<10)
		borders(t)
	})
}

func testGemmBorders[T kernels.Float](t *testing.T, k ...bitstep.Engine[T]) {
	seed := uint64(0)
	for form := range 4 {
		for _, m := range []int{3, 7, 13, 25} {
			for _, n := range []int{8, 23, 49, 130, 515} {
				for _, depth := range []int{24, 127, 128, 257} {
					if seed++; m*n*depth < 1_000_000 {
						beta, pad := float64(seed%3/2), int(seed%2)
						checkGemm(t, gemmCase{form&1 != 0, form&2 != 0, m, n, depth, 1, beta, pad, seed}, k...)
					}
				}
			}
		}
		for _, n := range []int{1, 2, 4, 5, 8, 9} { // few columns, or few rows, and blocks of k together
			for _, depth := range []int{3, 256, 511, 512, 1023, 1100, 1537} {
				for _, m := range []int{10, 33, 65} {
					seed++
					alpha, beta, pad := 1-float64(seed%3/2)/2, float64(seed%5/4), int(seed%2)
					checkGemm(t, gemmCase{form&1 != 0, form&2 != 0, m, n, depth, alpha, beta, pad, seed}, k...)
					checkGemm(t, gemmCase{form&1 != 0, form&2 != 0, n, m, depth, alpha, beta, pad, seed}, k...)
				}
			}
		}
		for _, m := range []int{4, 6, 7, 8, 9, 12, 13} { // rows for which B is transposed in registers, in L1 and not
			for _, s := range [][2]int{{70, 127}, {300, 100}, {1500, 1}, {1500, 2}, {1500, 7}} {
				seed++
				checkGemm(t, gemmCase{form&1 != 0, form&2 != 0, m, s[0], s[1], 1, float64(seed % 2), 0, seed}, k...)
			}
		}
		for _, s := range [][3]int{{1030, 25, 129}, {2, 1100, 140}, {1100, 2, 140}, {1, 5000, 129}, {420, 10, 600},
			{1100, 2, 700}, {2, 1100, 300}, {24, 25, 300}, {25, 24, 300}, {25, 26, 300}, {259, 27, 2085},
			{258, 257, 1100}, {4, 13, 9000}, {13, 4, 9000}, {3, 1100, 130}, {4200, 5, 130}} {
			checkGemm(t, gemmCase{form&1 != 0, form&2 != 0, s[0], s[1], s[2], 2, 0.5, 0, seed}, k...)
		}
	}
}

// Each matrix ends where a page does behind which there is none, then starts where one does before which there
// is none: no tile reads or writes past an end.
func TestArchGemmPageEnds(t *testing.T) {
	needMaskedLoads(t)
	for _, b := range bitstep.Backends() {
		testGemmPageEnds(t, bitstep.On[float32](b))
		testGemmPageEnds(t, bitstep.On[float64](b))
	}
}

func testGemmPageEnds[T kernels.Float](t *testing.T, k bitstep.Engine[T]) {
	pages := newPages[T](t, 3)
	for form := range 4 {
		for i, s := range [][3]int{{10, 40, 7}, {5, 33, 15}, {12, 20, 24}, {3, 17, 29}, {1, 30, 16}, {30, 1, 16},
			{1, 1, 500}, {2, 2, 250}, {1, 3, 150}, {17, 2, 29}, {7, 16, 31}, {16, 16, 16}, {9, 9, 9}, {19, 18, 5},
			{32, 14, 16}, {4, 6, 141}, {5, 7, 131}, {6, 4, 141},
			{9, 85, 12}, {7, 90, 3}, {8, 70, 14}, {8, 8, 128}, {8, 4, 127}, {9, 3, 113}, {8, 5, 65}, {10, 2, 101},
			{1, 2, 512}, {2, 2, 512}} { // no matrix exceeds 1024 elements
			g := gemmCase{form&1 != 0, form&2 != 0, s[0], s[1], s[2], 1, float64(i % 2), 0, uint64(i)}
			checkGemmIn(t, g, func(i, n int) []T { return pages[i][len(pages[i])-n:] }, k)
			checkGemmIn(t, g, func(i, n int) []T { return pages[i][:n] }, k)
		}
	}
}

// A few products of each form: what slow emulators can run.
func TestArchGemm(t *testing.T) {
	for _, b := range bitstep.Backends() {
		testFewGemm(t, bitstep.On[float32](b))
		testFewGemm(t, bitstep.On[float64](b))
	}
}

func testFewGemm[T kernels.Float](t *testing.T, k bitstep.Engine[T]) {
	for form := range 4 {
		for i, s := range [][3]int{{10, 33, 270}, {1, 11, 35}, {12, 1, 35}, {1, 1, 17}, {6, 40, 3}} {
			checkGemm(t, gemmCase{form&1 != 0, form&2 != 0, s[0], s[1], s[2], 0.5, float64(i % 2), i, uint64(i)}, k)
		}
	}
}

// Products large enough for threads, the definition being computed once for each.
func TestGemmThreads(t *testing.T) {
	testGemmThreads[float32](t)
	testGemmThreads[float64](t)
}

func testGemmThreads[T kernels.Float](t *testing.T) {
	var engines []bitstep.Engine[T]
	for _, b := range bitstep.Backends() {
		for _, threads := range threadCounts() {
			engines = append(engines, bitstep.On[T](b).Threads(threads))
		}
	}
	for form := range 4 {
		for i, s := range bitstep.SpreadProducts {
			checkGemm(t, gemmCase{form&1 != 0, form&2 != 0, s[0], s[1], s[2], 1, 0.5, 1, uint64(i)}, engines...)
		}
	}
}

// A product can be preempted all along: stopping the world while one runs takes hardly longer than while a Go loop
// runs, where calls of micro-kernels that did all of it, or of a panel, held it up.
func TestGemmPreemption(t *testing.T) {
	if bitstep.Active() == bitstep.Go {
		t.Skip("Go code can be preempted anywhere")
	}
	bitstep.SimulateCaches(t, 1<<30, 1<<30) // one block, one panel
	testGemmPreemption[float32](t)
	testGemmPreemption[float64](t)
}

func testGemmPreemption[T kernels.Float](t *testing.T) {
	e := bitstep.On[T](bitstep.Active()).Threads(1)
	const n, k = 1 << 15, 1 << 11 // B is all zeros, read only, and takes no memory on most systems
	a, b, c := make([]T, 8*k), make([]T, n*k), make([]T, 64*n)
	preemptible(t, fmt.Sprintf("Gemv of %T", T(0)), func() { e.Gemv(false, n, k, 1, b, k, a[:k], 0, c[:n]) })
	preemptible(t, fmt.Sprintf("Gemv of long rows of %T", T(0)), func() {
		e.Gemv(false, 8, n*k/8, 1, b, n*k/8, b[:n*k/8], 0, c[:8])
	})
	preemptible(t, fmt.Sprintf("Gemm of %T", T(0)), func() {
		e.Gemm(false, false, 8, n*8, k/8, 1, a, k, b, n*8, 0, c, n*8)
	})
	preemptible(t, fmt.Sprintf("Gemm of few rows of %T, B transposed", T(0)), func() {
		e.Gemm(true, true, 2, n, k, 1, a, 2, b, k, 0, c, n)
	})
}

// preemptible fails if stopping the world waits for a good part of f, a long call, every time: a busy machine makes
// wait whom it will, but not always.
func preemptible(t *testing.T, name string, f func()) {
	t.Helper()
	if testing.Short() {
		t.Skip("times differ")
	}
	for range 20 {
		_, idle := stops(func() { kernels.Dot(make([]float32, 4096), make([]float32, 4096)) })
		call, wait := stops(f)
		t.Logf("%s takes %v; stopping the world takes %v, and beside Go code %v", name, call, wait, idle)
		if wait <= call/10+2*idle {
			return
		}
	}
	t.Errorf("%s: stopping the world takes a good part of it, every time", name)
}

// stops runs f again and again while it stops the world. It returns what the fastest f took, and the quicker quarter of
// the stops: on a busy machine most of a stop can be waiting for a processor.
func stops(f func()) (fastest, wait time.Duration) {
	stop, done := make(chan struct{}), make(chan struct{})
	var runs, waits []time.Duration
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				start := time.Now()
				f()
				runs = append(runs, time.Since(start))
			}
		}
	}()
	for range 60 {
		time.Sleep(2 * time.Millisecond)
		var m runtime.MemStats
		start := time.Now()
		runtime.ReadMemStats(&m) // stops the world
		waits = append(waits, time.Since(start))
	}
	close(stop)
	<-done
	slices.Sort(waits)
	return slices.Min(runs), waits[len(waits)/4]
}

func TestGemv(t *testing.T) {
	for _, b := range bitstep.Backends() {
		testGemv(t, bitstep.On[float32](b))
		testGemv(t, bitstep.On[float64](b))
	}
}

func testGemv[T kernels.Float](t *testing.T, k bitstep.Engine[T]) {
	seed := uint64(0)
	for _, m := range []int{0, 1, 2, 5, 10, 17, 300} {
		for _, n := range []int{0, 1, 3, 10, 16, 33, 257, 600} {
			for _, transA := range []bool{false, true} {
				seed++
				a := newMatrix[T](m, n, int(seed%3))
				x, y := newMatrix[T](1, max(m, n), 0), newMatrix[T](1, max(m, n), 0)
				fillMatrices(edge.Rand(seed), a, x, y)
				want := slices.Clone(y.data)
				kernels.Gemv(transA, m, n, 1.5, a.data, a.ld, x.data, T(seed%2), want)
				k.Gemv(transA, m, n, 1.5, a.data, a.ld, x.data, T(seed%2), y.data)
				sameBits(t, fmt.Sprintf("%v %T transA=%v m=%d n=%d", k.Backend(), T(0), transA, m, n), y.data, want)
			}
		}
	}
}

// Rows that are too long for a call, by a line, by a tail and by many calls.
func TestGemvLongRows(t *testing.T) {
	for _, b := range bitstep.Backends() {
		testGemvLongRows(t, bitstep.On[float32](b).Threads(1))
		testGemvLongRows(t, bitstep.On[float64](b).Threads(1))
	}
}

func testGemvLongRows[T kernels.Float](t *testing.T, e bitstep.Engine[T]) {
	sizes := [][2]int{{1, 70_003}, {1, 65_536}, {2, 33_000}, {17, 9001}}
	line := kernels.Lanes[T]()
	for _, rows := range []int{4, 6, 8} { // of a tile, whose calls read the vector too
		most := bitstep.BytesPerCall / (rows + 1) / mem.Line * line
		sizes = append(sizes, [2]int{rows, most}, [2]int{rows, most + line - 1}, [2]int{rows + 1, most + line},
			[2]int{2, 2*most + 1})
	}
	for i, s := range sizes {
		checkGemm(t, gemmCase{false, true, 1, s[0], s[1], 1, float64(i % 2), i % 3, uint64(i)}, e)
		checkGemm(t, gemmCase{false, true, s[0], 1, s[1], -2, 0, i % 3, uint64(i)}, e)
	}
}

// Wrong arguments panic with what was wrong, and nothing is written.
func TestGemmChecks(t *testing.T) {
	const untouched = 7
	for _, c := range []struct {
		m, n, k, lenA, lda, lenB, ldb, lenC, ldc int
		want                                     string
	}{
		{-1, 3, 4, 8, 4, 12, 3, 6, 3, "bitstep: Gemm: m = -1, want at least 0"},
		{2, -3, 4, 8, 4, 12, 3, 6, 3, "bitstep: Gemm: n = -3, want at least 0"},
		{2, 3, -4, 8, 4, 12, 3, 6, 3, "bitstep: Gemm: k = -4, want at least 0"},
		{2, 3, 4, 8, 3, 12, 3, 6, 3, "bitstep: Gemm: leading dimension of a = 3, want at least its 4 columns"},
		{2, 3, 4, 7, 4, 12, 3, 6, 3, "bitstep: Gemm: len(a) = 7, too short for 2 rows of 4 with leading dimension 4"},
		{2, 3, 4, 8, 4, 14, 4, 6, 3, "bitstep: Gemm: len(b) = 14, too short for 4 rows of 3 with leading dimension 4"},
		{2, 3, 4, 8, 4, 12, 3, 5, 3, "bitstep: Gemm: len(c) = 5, too short for 2 rows of 3 with leading dimension 3"},
		{2, 3, 4, 8, 4, 12, 3, 6, 2, "bitstep: Gemm: leading dimension of c = 2, want at least its 3 columns"},
		{5, 3, 4, 20, math.MaxInt/2 + 1, 12, 3, 15, 3, // the last row's place, as an int, is 0
			fmt.Sprintf("bitstep: Gemm: len(a) = 20, too short for 5 rows of 4 with leading dimension %d",
				math.MaxInt/2+1)},
		{2, 3, 4, 8, 4, 12, 3, 6, 3, ""},
	} {
		a, b, out := make([]float32, c.lenA), make([]float32, c.lenB), make([]float32, c.lenC)
		fill(out, untouched)
		got := panics(func() {
			bitstep.Gemm(false, false, c.m, c.n, c.k, 1, a, c.lda, b, c.ldb, 0, out, c.ldc)
		})
		if got != c.want {
			t.Errorf("panic %q, want %q", got, c.want)
		}
		if c.want != "" && slices.ContainsFunc(out, func(v float32) bool { return v != untouched }) {
			t.Errorf("c was written before the panic %q", got)
		}
	}
	shared := make([]float64, 40)
	for i, f := range []func(){
		func() { bitstep.Gemm(false, false, 2, 3, 4, 1, shared[:8], 4, shared[20:], 3, 0, shared[7:], 3) },
		func() { bitstep.Gemm(false, false, 2, 3, 4, 1, shared[:8], 4, shared[20:], 3, 0, shared[31:], 3) },
		func() { bitstep.Gemv(false, 2, 4, 1, shared[:8], 4, shared[10:], 0, shared[13:]) },
	} {
		if got := panics(f); !strings.Contains(got, "overlaps") {
			t.Errorf("overlap %d: panic %q", i, got)
		}
	}
}
