package bitstep_test

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// forEach runs f for every kernel of the table, both types and every backend of this machine; steps with roots as on
// every kind of processor.
func forEach(t *testing.T, f32 func(*testing.T, bitstep.Engine[float32], table.Row),
	f64 func(*testing.T, bitstep.Engine[float64], table.Row)) {
	forEachKind(t, bitstep.Kinds(), f32, f64)
}

// leftOut reports whether a test is to leave out row i of the table. With the race detector, under which definitions
// take ten times as long, short tests run one of four: what goroutines share is the same for all.
func leftOut(i int) bool { return raceEnabled && testing.Short() && i%4 != 0 }

// forEachKind is forEach with the first kinds of processors.
func forEachKind(t *testing.T, most int, f32 func(*testing.T, bitstep.Engine[float32], table.Row),
	f64 func(*testing.T, bitstep.Engine[float64], table.Row)) {
	for _, b := range bitstep.Backends() {
		for i, row := range table.Rows {
			if leftOut(i) {
				continue
			}
			kinds := 1
			if b != bitstep.Go && program.Must(row).Ops[program.Sqrt] {
				kinds = most
			}
			for kind := range kinds {
				name := fmt.Sprintf("kernel=%s/backend=%v/processor=%d/type=", row.Name, b, kind)
				t.Run(name+"float32", func(t *testing.T) {
					bitstep.RunAs(kind, func() { f32(t, bitstep.On[float32](b), row) })
				})
				t.Run(name+"float64", func(t *testing.T) {
					bitstep.RunAs(kind, func() { f64(t, bitstep.On[float64](b), row) })
				})
			}
		}
	}
}

// A trial is a call of a kernel beside its definition.
type trial[T kernels.Float] struct {
	k    bitstep.Engine[T]
	row  table.Row
	n    int
	use  kernels.Use
	seed uint64
}

// An allocator makes operand i of a call, n elements of its storage.
type allocator func(i int, s table.Storage, n int) any

// run calls the kernel on operands that alloc provides, and compares all operands and the result
// with the definition's. Operands that are not written must come out as they went in: the definition
// does not write them either. It runs on as many threads as are listed, one after the other; on those of the engine if
// none are.
func (c trial[T]) run(t *testing.T, alloc allocator, threads ...int) {
	t.Helper()
	r := edge.Rand(c.seed)
	op := make([]any, len(c.row.Operands))
	for i, o := range c.row.Operands {
		op[i] = alloc(i, o.Storage, c.n)
	}
	edge.FillOperands[T](r, c.row.Kind == table.Reduction, op...)
	for i, o := range c.row.Operands {
		if o.NonNegative && r.IntN(2) == 0 { // so that most roots are numbers
			s := op[i].([]T)
			for j := range s {
				s[j] = T(math.Abs(float64(s[j])))
			}
		}
	}
	start, want := rows.Clone[T](op), rows.Clone[T](op)
	coef := rows.NewCoef[T](c.row)
	edge.FillCoef[T](r, coef, c.use)
	result := rows.Define[T](c.row, coef, want)
	for _, k := range c.engines(threads) {
		rows.Copy[T](op, start)
		if got := rows.Call(k, c.row, coef, op); !edge.Same(got, result) {
			t.Fatalf("n=%d seed=%d: result %x, want %x", c.n, c.seed, got, result)
		}
		for i, o := range c.row.Operands {
			if j, g, w := rows.Differ[T](op[i], want[i]); j >= 0 {
				t.Fatalf("n=%d use=%04b seed=%d: %s[%d] = %x, want %x (coefficients %+v)",
					c.n, c.use, c.seed, o.Name, j, g, w, coef)
			}
		}
	}
}

// engines are c.k for each number of threads, or c.k.
func (c trial[T]) engines(threads []int) (all []bitstep.Engine[T]) {
	for _, n := range threads {
		all = append(all, c.k.Threads(n))
	}
	if threads == nil {
		all = append(all, c.k)
	}
	return all
}

// uses are the combinations of prelude lines that a kernel can run.
func uses(row table.Row) kernels.Use {
	if row.Kind == table.Step {
		return kernels.Uses
	}
	return 1
}

// pipelines are lengths for which a step with roots runs in a software pipeline, and one that is too short: all numbers
// of vectors behind whole groups, at most 4 of 64 bytes.
func pipelines[T kernels.Float](row table.Row) (all []int) {
	if !program.Must(row).Ops[program.Sqrt] {
		return nil
	}
	size := int(unsafe.Sizeof(T(0)))
	for bytes := bitstep.Pipelined - size; bytes <= bitstep.Pipelined+5*64; bytes += 16 - size {
		all = append(all, bytes/size)
	}
	return all
}

// guarded returns slices inside larger ones at an offset, and a check that what surrounds them is
// untouched.
func guarded[T kernels.Float](offset int) (alloc allocator, check func(t *testing.T)) {
	var checks []func(t *testing.T)
	alloc = func(i int, s table.Storage, n int) any {
		if s == table.Byte {
			op, check := surrounded[uint8](0xa5, i, offset, n)
			checks = append(checks, check)
			return op
		}
		op, check := surrounded[T](-12345.5, i, offset, n)
		checks = append(checks, check)
		return op
	}
	check = func(t *testing.T) {
		t.Helper()
		for _, f := range checks {
			f(t)
		}
		checks = nil
	}
	return alloc, check
}

func surrounded[E comparable](sentinel E, i, offset, n int) (op []E, check func(t *testing.T)) {
	s := make([]E, n+64)
	for j := range s {
		s[j] = sentinel
	}
	return s[offset : offset+n], func(t *testing.T) {
		t.Helper()
		for j, v := range s {
			if (j < offset || j >= offset+n) && v != sentinel {
				t.Fatalf("operand %d: element %d of %d was written", i, j-offset, n)
			}
		}
	}
}

// Lengths up to three turns of the longest unrolled loop (4 vectors of 64 bytes) and one element; each
// at another offset, each with another use of the prelude. Then some long ones: chunks, and threads.
func TestKernels(t *testing.T) { forEach(t, testKernel[float32], testKernel[float64]) }

func testKernel[T kernels.Float](t *testing.T, k bitstep.Engine[T], row table.Row) {
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
	for _, n := range pipelines[T](row) {
		seed++
		alloc, check := guarded[T](int(seed) % 17)
		trial[T]{k, row, n, kernels.Use(seed) % uses(row), seed}.run(t, alloc)
		check(t)
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
	if row.Kind == table.Reduction {
		long = append(long, 7*65536+5) // chunks of which 4, 2 and 1 run at a time, and a tail
	}
	for _, n := range long {
		seed++
		alloc, check := guarded[T](3)
		trial[T]{k, row, n, kernels.Use(seed) % uses(row), seed}.run(t, alloc)
		check(t)
	}
}

// Lanes that a tail does not reach stay -0, where products too small for T made them so.
func TestArchTailKeepsNegativeZero(t *testing.T) {
	for _, b := range bitstep.Backends() {
		tailKeepsNegativeZero[float32](t, b, 1e-30)
		tailKeepsNegativeZero[float64](t, b, 1e-200)
	}
}

// tailKeepsNegativeZero sums products that are less than the least number, of tiny ones.
func tailKeepsNegativeZero[T kernels.Float](t *testing.T, b bitstep.Backend, tiny T) {
	x, y := make([]T, 40), make([]T, 40)
	for i := range x {
		x[i], y[i] = tiny, -tiny
	}
	for n := 1; n <= len(x); n++ {
		want := kernels.Dot(x[:n], y[:n])
		if n >= kernels.Lanes[T]() && !math.Signbit(float64(want)) {
			t.Fatalf("%d products: the definition says %v, want -0 as all lanes", n, want)
		}
		if got := bitstep.On[T](b).Dot(x[:n], y[:n]); !edge.Same(got, want) {
			t.Errorf("%v, %T, %d products: %v, want %v", b, tiny, n, got, want)
		}
	}
}

// A few lengths of everything: what slow emulators can run.
func TestArchKernels(t *testing.T) { forEach(t, testFew[float32], testFew[float64]) }

func testFew[T kernels.Float](t *testing.T, k bitstep.Engine[T], row table.Row) {
	for i, n := range []int{0, 1, 7, 67, 201} {
		alloc, check := guarded[T](i)
		trial[T]{k, row, n, kernels.Use(i+3) % uses(row), uint64(i)}.run(t, alloc)
		check(t)
	}
	lengths := []int{64 + 16 + 5} // of every vector's length: a turn of four vectors, one of one, and a tail
	if all := pipelines[T](row); all != nil {
		lengths = append(lengths, all[len(all)-1])
	}
	for _, n := range lengths {
		for use := range uses(row) {
			alloc, check := guarded[T](int(use))
			trial[T]{k, row, n, use, uint64(use)}.run(t, alloc)
			check(t)
		}
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

// Bits do not depend on the number of threads. (How a thread takes roots is no matter of how many there are.)
func TestThreads(t *testing.T) { forEachKind(t, 2, testThreads[float32], testThreads[float64]) }

func testThreads[T kernels.Float](t *testing.T, k bitstep.Engine[T], row table.Row) {
	alloc, check := guarded[T](1)
	bitstep.KeepAwake()
	trial[T]{k, row, 5*65536 + 77, 5 % uses(row), 1}.run(t, alloc, threadCounts()...)
	check(t)
}

// Each operand's last element is the last of a page behind which there is none, then its first the
// first of a page before which there is none: a read or write past an end is a fault.
func TestArchPageEnds(t *testing.T) {
	needMaskedLoads(t)
	forEach(t, testPageEnds[float32], testPageEnds[float64])
}

// needMaskedLoads skips a test that has operands at page ends where masked loads read all of a vector.
func needMaskedLoads(t *testing.T) {
	t.Helper()
	if os.Getenv("BITSTEP_WHOLE_LOADS") != "" {
		t.Skip("an emulator that reads whole vectors for AVX2's masked loads, which CPUs do not")
	}
}

func testPageEnds[T kernels.Float](t *testing.T, k bitstep.Engine[T], row table.Row) {
	pages := newPages[T](t, len(row.Operands))
	lengths := []int{0, 1, 2, 3, 5, 8, 15, 16, 17, 31, 33, 63, 64, 65, 127, 129, 200}
	for _, n := range append(lengths, pipelines[T](row)...) {
		trial[T]{k, row, n, 0, uint64(n)}.run(t, func(i int, s table.Storage, n int) any {
			if s == table.Byte {
				b := bytesOf(pages[i])
				return b[len(b)-n:]
			}
			return pages[i][len(pages[i])-n:]
		})
		all := (kernels.Uses - 1) % uses(row)
		trial[T]{k, row, n, all, uint64(n)}.run(t, func(i int, s table.Storage, n int) any {
			if s == table.Byte {
				return bytesOf(pages[i])[:n]
			}
			return pages[i][:n]
		})
	}
}

// Lengths that differ and overlaps with a written operand panic before anything is written.
func TestOperandChecks(t *testing.T) {
	forEach(t, testOperandChecks[float32], testOperandChecks[float64])
}

func testOperandChecks[T kernels.Float](t *testing.T, k bitstep.Engine[T], row table.Row) {
	const n = 40
	size := int(unsafe.Sizeof(T(0)))
	for i := range row.Operands {
		for j := range i {
			op, coef := rows.New[T](row, n), rows.NewCoef[T](row)
			if s, ok := op[i].([]T); ok {
				op[i] = s[:n-1]
			} else {
				op[i] = op[i].([]uint8)[:n-1]
			}
			want := fmt.Sprintf("bitstep: %s: len(%s) = %d, want len(%s) = %d", row.Name,
				row.Operands[i].Name, n-1, row.Operands[0].Name, n)
			if message := panics(func() { rows.Call(k, row, coef, op) }); message != want {
				t.Errorf("panic %q, want %q", message, want)
			}

			// Both in one memory: the last element of one is the first of the other.
			op = rows.New[T](row, n)
			shared := bytesOf(make([]T, 3*n))
			place := func(s table.Storage, at int) any {
				if s == table.Byte {
					return shared[at : at+n]
				}
				return unsafe.Slice((*T)(unsafe.Pointer(&shared[(at+size-1)/size*size])), n)
			}
			end := n * row.Operands[j].Storage.Size(size)
			op[j], op[i] = place(row.Operands[j].Storage, 0), place(row.Operands[i].Storage, end-size)
			before := rows.Clone[T](op)
			message := panics(func() { rows.Call(k, row, coef, op) })
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
				if at, got, _ := rows.Differ[T](op[o], before[o]); written && at >= 0 {
					t.Fatalf("%s[%d] was written before the panic: %v", row.Operands[o].Name, at, got)
				}
			}
			op[i] = place(row.Operands[i].Storage, end) // neighbours do not overlap
			if message := panics(func() { rows.Call(k, row, coef, op) }); message != "" {
				t.Errorf("neighbours panic with %q", message)
			}
		}
	}
}

// bytesOf is the memory of s.
func bytesOf[T kernels.Float](s []T) []uint8 {
	return unsafe.Slice((*uint8)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(T(0))))
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

// A long call can be preempted: while one runs, stopping the world takes a small part of it. Calls to assembly from a
// loop without stack checks were seen to hold it up for seconds.
func TestPreemption(t *testing.T) {
	x, y, z := make([]float32, 1<<24), make([]float32, 1<<24), make([]float32, 1<<24)
	k := bitstep.On[float32](bitstep.Active()).Threads(1)
	for _, c := range []struct {
		name string
		f    func()
	}{ // one that takes several chunks at once, the one that takes most of them, one that moves much, and a reduction
		{"Axpy", func() { k.Axpy(y, x, 1) }},
		{"Scale", func() { k.Scale(x, 1) }},
		{"MomentumVelocity", func() { k.MomentumVelocity(x, y, z, bitstep.MomentumVelocityCoef[float32]{Rho: 1}) }},
		{"Dot", func() { k.Dot(x, y) }},
	} {
		t.Run(c.name, func(t *testing.T) { preemptible(t, c.name, c.f) })
	}
}
