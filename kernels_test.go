package bitstep_test

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels"
)

// forEach runs f for every kernel of the table, both types and every backend of this machine.
func forEach(t *testing.T, f32 func(*testing.T, bitstep.Engine[float32], kernels.Row),
	f64 func(*testing.T, bitstep.Engine[float64], kernels.Row)) {
	for _, b := range bitstep.Backends() {
		for _, row := range kernels.Table {
			t.Run(fmt.Sprintf("kernel=%s/type=float32/backend=%v", row.Name, b), func(t *testing.T) {
				f32(t, bitstep.On[float32](b), row)
			})
			t.Run(fmt.Sprintf("kernel=%s/type=float64/backend=%v", row.Name, b), func(t *testing.T) {
				f64(t, bitstep.On[float64](b), row)
			})
		}
	}
}

// A trial is a call of a kernel beside its definition.
type trial[T kernels.Float] struct {
	k    bitstep.Engine[T]
	row  kernels.Row
	n    int
	use  kernels.Use
	seed uint64
}

// run calls the kernel on operands that alloc provides, and compares all operands and the result
// with the definition's. Operands that are not written must come out as they went in: the definition
// does not write them either.
func (c trial[T]) run(t *testing.T, alloc func(i, n int) []T) {
	t.Helper()
	r := edge.Rand(c.seed)
	op, want := make([][]T, len(c.row.Operands)), make([][]T, len(c.row.Operands))
	for i := range op {
		op[i] = alloc(i, c.n)
	}
	edge.FillOperands(r, c.row.Kind == kernels.Reduction, op...)
	for i := range op {
		want[i] = append([]T(nil), op[i]...)
	}
	coef := rows.NewCoef[T](c.row)
	edge.FillCoef[T](r, coef, c.use)
	got, result := rows.Call(c.k, c.row, coef, op), rows.Define(c.row, coef, want)
	if !edge.Same(got, result) {
		t.Fatalf("n=%d seed=%d: result %x, want %x", c.n, c.seed, got, result)
	}
	for i, o := range c.row.Operands {
		if j := edge.Differ(op[i], want[i]); j >= 0 {
			t.Fatalf("n=%d use=%04b seed=%d: %s[%d] = %x, want %x (coefficients %+v)",
				c.n, c.use, c.seed, o.Name, j, op[i][j], want[i][j], coef)
		}
	}
}

// uses are the combinations of prelude lines that a kernel can run.
func uses(row kernels.Row) kernels.Use {
	if row.Kind == kernels.Step {
		return kernels.Uses
	}
	return 1
}

// guarded returns slices inside larger ones at an offset, and a check that what surrounds them is
// untouched.
func guarded[T kernels.Float](offset int) (alloc func(i, n int) []T, check func(t *testing.T)) {
	const sentinel = -12345.5
	var all [][]T
	var lens []int
	alloc = func(i, n int) []T {
		s := make([]T, n+64)
		for j := range s {
			s[j] = sentinel
		}
		all, lens = append(all, s), append(lens, n)
		return s[offset : offset+n]
	}
	check = func(t *testing.T) {
		t.Helper()
		for i, s := range all {
			for j, v := range s {
				if (j < offset || j >= offset+lens[i]) && v != sentinel {
					t.Fatalf("operand %d: element %d of %d was written", i, j-offset, lens[i])
				}
			}
		}
		all, lens = nil, nil
	}
	return alloc, check
}

// Lengths up to three turns of the longest unrolled loop (4 vectors of 64 bytes) and one element; each
// at another offset, each with another use of the prelude. Then some long ones: chunks, and threads.
func TestKernels(t *testing.T) { forEach(t, testKernel[float32], testKernel[float64]) }

func testKernel[T kernels.Float](t *testing.T, k bitstep.Engine[T], row kernels.Row) {
	longest := 3*4*kernels.Lanes[T]() + 1
	seed := uint64(0)
	for n := range longest + 1 {
		for use := range uses(row) {
			seed++
			alloc, check := guarded[T](int(seed) % 17)
			trial[T]{k, row, n, use, seed}.run(t, alloc)
			check(t)
		}
	}
	for offset := range 17 { // every alignment
		for _, n := range []int{1, 31, 100, 193} {
			seed++
			alloc, check := guarded[T](offset)
			trial[T]{k, row, n, kernels.Use(seed) % uses(row), seed}.run(t, alloc)
			check(t)
		}
	}
	long := []int{16383, 16385, 65535, 65537, 3*65536 + 5}
	if testing.Short() {
		long = long[3:]
	}
	for _, n := range long {
		seed++
		alloc, check := guarded[T](3)
		trial[T]{k, row, n, kernels.Use(seed) % uses(row), seed}.run(t, alloc)
		check(t)
	}
}

// A few lengths of everything: what slow emulators can run.
func TestArchKernels(t *testing.T) { forEach(t, testFew[float32], testFew[float64]) }

func testFew[T kernels.Float](t *testing.T, k bitstep.Engine[T], row kernels.Row) {
	for i, n := range []int{0, 1, 7, 67, 201} {
		alloc, check := guarded[T](i)
		trial[T]{k, row, n, kernels.Use(i+3) % uses(row), uint64(i)}.run(t, alloc)
		check(t)
	}
}

// threadCounts are how many threads tests compare with the definition; one of them where things are slow:
// under emulators, and under the race detector, which looks at what threads share and not at bits.
func threadCounts() []int {
	if raceEnabled || testing.Short() {
		return []int{2}
	}
	return []int{1, 2, 5}
}

// Bits do not depend on the number of threads.
func TestThreads(t *testing.T) { forEach(t, testThreads[float32], testThreads[float64]) }

func testThreads[T kernels.Float](t *testing.T, k bitstep.Engine[T], row kernels.Row) {
	for _, threads := range threadCounts() {
		alloc, check := guarded[T](1)
		trial[T]{k.Threads(threads), row, 5*65536 + 77, kernels.Use(threads) % uses(row), 1}.run(t, alloc)
		check(t)
	}
}

// Each operand's last element is the last of a page behind which there is none, then its first the
// first of a page before which there is none: a read or write past an end is a fault.
func TestPageEnds(t *testing.T) { forEach(t, testPageEnds[float32], testPageEnds[float64]) }

func testPageEnds[T kernels.Float](t *testing.T, k bitstep.Engine[T], row kernels.Row) {
	pages := newPages[T](t, len(row.Operands))
	for _, n := range []int{0, 1, 2, 3, 5, 8, 15, 16, 17, 31, 33, 63, 64, 65, 127, 129, 200} {
		trial[T]{k, row, n, 0, uint64(n)}.run(t, func(i, n int) []T { return pages[i][len(pages[i])-n:] })
		all := (kernels.Uses - 1) % uses(row)
		trial[T]{k, row, n, all, uint64(n)}.run(t, func(i, n int) []T { return pages[i][:n] })
	}
}

// Lengths that differ and overlaps with a written operand panic before anything is written.
func TestOperandChecks(t *testing.T) {
	forEach(t, testOperandChecks[float32], testOperandChecks[float64])
}

func testOperandChecks[T kernels.Float](t *testing.T, k bitstep.Engine[T], row kernels.Row) {
	const n = 40
	for i := range row.Operands {
		for j := range i {
			op := make([][]T, len(row.Operands))
			for o := range op {
				op[o] = make([]T, n)
			}
			op[i] = op[i][:n-1]
			want := fmt.Sprintf("bitstep: %s: len(%s) = %d, want len(%s) = %d", row.Name,
				row.Operands[i].Name, n-1, row.Operands[0].Name, n)
			if message := panics(func() { rows.Call(k, row, rows.NewCoef[T](row), op) }); message != want {
				t.Errorf("panic %q, want %q", message, want)
			}

			shared := make([]T, 2*n)
			op[j], op[i] = shared[:n], shared[n-1:2*n-1]
			for o := range op {
				for e := range op[o] {
					op[o][e] = 3
				}
			}
			message := panics(func() { rows.Call(k, row, rows.NewCoef[T](row), op) })
			written := row.Operands[i].Write || row.Operands[j].Write
			want = fmt.Sprintf("bitstep: %s: %s overlaps %s, and one of them is written", row.Name,
				row.Operands[j].Name, row.Operands[i].Name)
			if written && message != want {
				t.Errorf("panic %q, want %q", message, want)
			} else if !written && message != "" {
				t.Errorf("%s and %s are only read, but overlap panics with %q",
					row.Operands[j].Name, row.Operands[i].Name, message)
			}
			for o := range op {
				for e, v := range op[o] {
					if written && v != 3 {
						t.Fatalf("%s[%d] was written before the panic", row.Operands[o].Name, e)
					}
				}
			}
			op[i] = shared[n : 2*n] // neighbours do not overlap
			if message := panics(func() { rows.Call(k, row, rows.NewCoef[T](row), op) }); message != "" {
				t.Errorf("neighbours panic with %q", message)
			}
		}
	}
}

// panics returns what f panics with, or "".
func panics(f func()) (message string) {
	defer func() {
		if v := recover(); v != nil {
			message = fmt.Sprint(v)
		}
	}()
	f()
	return ""
}

// The active backend is the one that the environment names; CI says which it expects where none is
// named.
func TestArchActive(t *testing.T) {
	t.Logf("active backend: %v", bitstep.Active())
	for _, name := range []string{"BITSTEP", "BITSTEP_EXPECT"} {
		if want := os.Getenv(name); want != "" && bitstep.Active().String() != want {
			t.Errorf("active backend is %v, %s says %s", bitstep.Active(), name, want)
		}
	}
	if b := bitstep.Backends(); b[0] != bitstep.Go {
		t.Errorf("Backends() = %v, want go first", b)
	}
	for _, b := range bitstep.Backends() {
		if got := bitstep.On[float32](b).Backend(); got != b {
			t.Errorf("On(%v).Backend() = %v", b, got)
		}
	}
	message := panics(func() { bitstep.On[float64](bitstep.Backend(99)) })
	if !strings.Contains(message, "Backend(99)") {
		t.Errorf("On of an unknown backend panics with %q", message)
	}
}

func TestAllFinite(t *testing.T) {
	for _, b := range bitstep.Backends() {
		k := bitstep.On[float32](b)
		for _, n := range []int{0, 1, 17, 200, 70000} {
			x := make([]float32, n)
			for i := range x {
				x[i] = math.MaxFloat32
			}
			if !k.AllFinite(x) {
				t.Errorf("%v: %d finite elements: false", b, n)
			}
			for _, bad := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
				for _, at := range []int{0, n / 2, n - 1} {
					if n > 0 {
						x[at] = float32(bad)
						if k.AllFinite(x) {
							t.Errorf("%v: %d elements with %v at %d: true", b, n, bad, at)
						}
						x[at] = 1
					}
				}
			}
		}
	}
}

// A long call can be preempted: while one runs on every processor, stopping the world stays quick. Calls
// to assembly from a loop without stack checks were seen to hold it up for seconds.
func TestPreemption(t *testing.T) {
	x, y := make([]float32, 1<<24), make([]float32, 1<<24)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		k := bitstep.On[float32](bitstep.Active()).Threads(1)
		for {
			select {
			case <-stop:
				return
			default:
				k.Axpy(y, x, 1)
			}
		}
	}()
	var worst time.Duration
	for range 50 {
		var m runtime.MemStats
		start := time.Now()
		runtime.ReadMemStats(&m) // stops the world
		worst = max(worst, time.Since(start))
		time.Sleep(time.Millisecond)
	}
	close(stop)
	<-done
	t.Logf("longest stop of the world: %v", worst)
	if worst > 500*time.Millisecond {
		t.Errorf("stopping the world took %v", worst)
	}
}
