package bitstep_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// forEachStep is forEachKind for the steps of the table.
func forEachStep(t *testing.T, most int, f32 func(*testing.T, bitstep.Engine[float32], table.Row),
	f64 func(*testing.T, bitstep.Engine[float64], table.Row)) {
	forEachKind(t, most, func(t *testing.T, k bitstep.Engine[float32], row table.Row) {
		if row.Kind == table.Step {
			f32(t, k, row)
		}
	}, func(t *testing.T, k bitstep.Engine[float64], row table.Row) {
		if row.Kind == table.Step {
			f64(t, k, row)
		}
	})
}

// runEach is run for tensors of several lengths, on as many threads as are listed, one after the other; on those of
// the engine if none are.
func (c trial[T]) runEach(t *testing.T, lengths []int, alloc allocator, threads ...int) {
	t.Helper()
	r := edge.Rand(c.seed)
	var op, start, want [][]any
	for _, n := range lengths {
		tensor := make([]any, len(c.row.Operands))
		for i, o := range c.row.Operands {
			tensor[i] = alloc(i, o.Storage, n)
		}
		edge.FillOperands[T](r, false, tensor...)
		op, start, want = append(op, tensor), append(start, rows.Clone[T](tensor)), append(want, rows.Clone[T](tensor))
	}
	coef := rows.NewCoef[T](c.row)
	edge.FillCoef[T](r, coef, c.use)
	for _, tensor := range want {
		rows.Define[T](c.row, coef, tensor)
	}
	for _, k := range c.engines(threads) {
		for tensor := range op {
			rows.Copy[T](op[tensor], start[tensor])
		}
		rows.CallEach(k, c.row, coef, op)
		for tensor := range op {
			for i, o := range c.row.Operands {
				if j, g, w := rows.Differ[T](op[tensor][i], want[tensor][i]); j >= 0 {
					t.Fatalf("lengths %v, use=%04b seed=%d: tensor %d: %s[%d] = %x, want %x (coefficients %+v)",
						lengths, c.use, c.seed, tensor, o.Name, j, g, w, coef)
				}
			}
		}
	}
}

// A step of several tensors is that of each: of all lengths up to three vectors, of some that are too large to run
// together, and of more elements than one call of assembly takes; each list at other offsets, with every use of the
// prelude.
func TestEach(t *testing.T) {
	forEachStep(t, bitstep.Kinds(), testEach[float32], testEach[float64])
	if !testing.Short() {
		forEachStep(t, 2, testEachLong[float32], testEachLong[float64])
	}
}

func testEach[T kernels.Float](t *testing.T, k bitstep.Engine[T], row table.Row) {
	var short []int
	for n := range 3*kernels.Lanes[T]() + 2 {
		short = append(short, n)
	}
	seed := uint64(0)
	run := func(use kernels.Use, lengths ...int) {
		t.Helper()
		seed++
		alloc, check := guarded[T](int(seed) % 17)
		trial[T]{k: k, row: row, use: use, seed: seed}.runEach(t, lengths, alloc)
		check(t)
	}
	for use := range kernels.Uses {
		run(use, short...)
	}
	run(1)
	run(2, 0)
	run(3, 7, 5000, 0, 20000, 4096, 4097, 3)
	run(4, slices.Repeat([]int{1000}, 40)...)
}

func testEachLong[T kernels.Float](t *testing.T, k bitstep.Engine[T], row table.Row) {
	for i, lengths := range [][]int{slices.Repeat([]int{3, 999}, 300), {3*65536 + 5, 1, 70000}} {
		alloc, check := guarded[T](i)
		trial[T]{k: k, row: row, use: kernels.Use(5 + i), seed: uint64(i)}.runEach(t, lengths, alloc)
		check(t)
	}
}

// Neither do its bits depend on the number of threads, which take some tensors each, and parts of large ones.
func TestEachThreads(t *testing.T) {
	forEachStep(t, 2, testEachThreads[float32], testEachThreads[float64])
}

func testEachThreads[T kernels.Float](t *testing.T, k bitstep.Engine[T], row table.Row) {
	many := slices.Repeat([]int{100, 1000, 0, 333}, 60)
	for i, lengths := range [][]int{many, {100_001}, {5, 40_000, 7, 4097, 50_000, 3}} {
		alloc, check := guarded[T](1)
		bitstep.KeepAwake()
		trial[T]{k: k, row: row, use: kernels.Use(i) + 5, seed: 1}.runEach(t, lengths, alloc, threadCounts()...)
		check(t)
	}
}

// Tensors that end with the last element of a page behind which there is none, and that begin with the first.
func TestEachAtPageEnds(t *testing.T) {
	forEachStep(t, bitstep.Kinds(), testEachAtPageEnds[float32], testEachAtPageEnds[float64])
}

func testEachAtPageEnds[T kernels.Float](t *testing.T, k bitstep.Engine[T], row table.Row) {
	pages := newPages[T](t, len(row.Operands))
	for n := range 5*kernels.Lanes[T]() + 1 {
		c := trial[T]{k: k, row: row, use: kernels.Use(n) % kernels.Uses, seed: uint64(n)}
		lengths := []int{n, 0}
		c.runEach(t, lengths, func(i int, _ table.Storage, n int) any { return pages[i][len(pages[i])-n:] })
		c.runEach(t, lengths, func(i int, _ table.Storage, n int) any { return pages[i][:n:n] })
	}
}

// Calls for several tensors panic before anything is written, and allocate nothing.
func TestEachChecks(t *testing.T) {
	forEachStep(t, 1, testEachChecks[float32], testEachChecks[float64])
}

func testEachChecks[T kernels.Float](t *testing.T, k bitstep.Engine[T], row table.Row) {
	const n, tensors = 20, 3
	last := len(row.Operands) - 1
	for _, c := range []struct {
		spoil func(op [][]any)
		want  string
	}{
		{func(op [][]any) { op[2][last] = op[2][last].([]T)[1:] }, fmt.Sprintf(
			"bitstep: %s: len(%s) = %d, want len(x) = %d", row.Name, row.Operands[last].Name, n-1, n)},
		{func(op [][]any) { op[2][last] = op[2][0] }, fmt.Sprintf(
			"bitstep: %s: x overlaps %s, and one of them is written", row.Name, row.Operands[last].Name)},
	} {
		var op, before [][]any
		for range tensors {
			op = append(op, rows.New[T](row, n))
		}
		c.spoil(op)
		for _, tensor := range op {
			for _, s := range tensor {
				for i := range s.([]T) {
					s.([]T)[i] = 1
				}
			}
			before = append(before, rows.Clone[T](tensor))
		}
		coef := rows.Sample[T](row)
		if message := panics(func() { rows.CallEach(k, row, coef, op) }); message != c.want {
			t.Errorf("panic %q, want %q", message, c.want)
		}
		for i := range op {
			for j := range op[i] {
				if at, got, _ := rows.Differ[T](op[i][j], before[i][j]); at >= 0 {
					t.Errorf("tensor %d: %s[%d] was written before the panic: %v", i, row.Operands[j].Name, at, got)
				}
			}
		}
	}
}

// As many slices of each operand, and no allocation.
func TestEachSlices(t *testing.T) {
	x := [][]float32{make([]float32, 5), make([]float32, 100000)}
	g := [][]float32{make([]float32, 5), make([]float32, 100000)}
	for _, b := range bitstep.Backends() {
		k, c := bitstep.On[float32](b), kernels.NewSGD[float32](kernels.SGDHyper{LR: 1})
		const want = "bitstep: SGDEach: 1 slices of g, want 2, as of x"
		if message := panics(func() { k.SGDEach(x, g[:1], c) }); message != want {
			t.Errorf("%v: panic %q, want %q", b, message, want)
		}
		call := func() {
			bitstep.KeepAwake()
			k.Threads(2).SGDEach(x, g, c)
		}
		if got := testing.AllocsPerRun(10, call); got != 0 && !raceEnabled {
			t.Errorf("%v: %v allocations", b, got)
		}
	}
}
