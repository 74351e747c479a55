package verify

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/internal/golden"
	"github.com/bitstep-go/bitstep/internal/golden/goldentest"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/internal/testfile"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// run verifies, and fails the test at an error.
func run(t *testing.T, o Options) *record.Verification {
	t.Helper()
	v, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if v.OK != (v.Mismatch == nil) {
		t.Fatalf("OK is %v, with mismatch %+v", v.OK, v.Mismatch)
	}
	return v
}

// The digests are those of every machine, and that of all is the file's own.
func TestList(t *testing.T) {
	goldentest.Write(t, List, func() string {
		list := ""
		v := run(t, Options{Unlisted: true, Backends: bitstep.Backends()[:1], Types: Types()})
		for _, p := range v.Parts {
			list += p.What + " " + p.Digest + "\n"
		}
		return list
	})
	v := run(t, Options{})
	if v.Mismatch != nil {
		t.Fatalf("%+v", *v.Mismatch)
	}
	list := testfile.Read(t, List)
	if want := fmt.Sprintf("%x", sha256.Sum256([]byte(list))); v.Digest != want {
		t.Errorf("digest %s, want %s, of %s", v.Digest, want, List)
	}
	if list != golden.List(List) {
		t.Errorf("another %s is compiled in: run go generate ./...", List)
	}
	// Parts of all kernels and types, and of all lists on all backends.
	backends := len(bitstep.Backends())
	if want := 2*(len(table.Rows)+2*4+2+1) + len(golden.Files())*backends; len(v.Parts) != want {
		t.Errorf("%d parts, want %d", len(v.Parts), want)
	}
}

// Two lists of edges meet in all pairs if their number is a prime: any shift but 0 goes through all.
func TestEdges(t *testing.T) {
	n := len(edges[float32]())
	for d := 2; d < n; d++ {
		if n%d == 0 {
			t.Errorf("%d edges, which %d divides", n, d)
		}
	}
	if len(edges[float64]()) != n {
		t.Errorf("%d edges in float64, want %d", len(edges[float64]()), n)
	}
	different := map[uint64]bool{}
	for _, v := range edges[float64]() {
		different[math.Float64bits(v)] = true
	}
	if len(different) != n {
		t.Errorf("%d different edges in float64, want %d", len(different), n)
	}
}

// Each edge comes at every position, and each pair of two operands' edges together.
func TestEdgesMeet(t *testing.T) {
	row := rowOf(t, "Momentum")
	places, pairs := map[[2]uint64]bool{}, map[[2]uint64]bool{}
	look := subject[float64]{"look", func(int, *bitstep.Pool) rows.Runner[float64] {
		e := rows.Definitions[float64]()
		define := e.Row
		e.Row = func(row table.Row, coef any, op []any) float64 {
			x, v, g := op[0].([]float64), op[1].([]float64), op[2].([]float64)
			for i := range x {
				places[[2]uint64{uint64(i), math.Float64bits(x[i])}] = true
				pairs[[2]uint64{math.Float64bits(x[i]), math.Float64bits(v[i])}] = true
				pairs[[2]uint64{math.Float64bits(x[i]), ^math.Float64bits(g[i])}] = true
			}
			return define(row, coef, op)
		}
		return e
	}}
	v := newVerifier([]subject[float64]{look}, func() error { return nil }, nil)
	if err := v.row(row); err != nil {
		t.Fatal(err)
	}
	for _, a := range edges[float64]() {
		for i := range uint64(97) {
			if !places[[2]uint64{i, math.Float64bits(a)}] {
				t.Errorf("%g is never at position %d", a, i)
			}
		}
		for _, b := range edges[float64]() {
			if !pairs[[2]uint64{math.Float64bits(a), math.Float64bits(b)}] ||
				!pairs[[2]uint64{math.Float64bits(a), ^math.Float64bits(b)}] {
				t.Errorf("%g never meets %g", a, b)
			}
		}
	}
}

func rowOf(t *testing.T, name string) table.Row {
	for _, row := range table.Rows {
		if row.Name == name {
			return row
		}
	}
	t.Fatal("no kernel " + name)
	return table.Row{}
}

// lastBit alters the last bit of a number, which for NaN does not matter.
func lastBit[T kernels.Float](v T) T {
	if w, ok := any(v).(float32); ok {
		return T(math.Float32frombits(math.Float32bits(w) ^ 1))
	}
	return T(math.Float64frombits(math.Float64bits(float64(v)) ^ 1))
}

// wrong returns the definitions with something changed, for so many threads.
func wrong[T kernels.Float](change func(e *rows.Runner[T], threads int)) subject[T] {
	return subject[T]{"wrong", func(threads int, _ *bitstep.Pool) rows.Runner[T] {
		e := rows.Definitions[T]()
		change(&e, threads)
		return e
	}}
}

// wrongRow returns definitions of which one alters the last bit of element at of an operand, if the call is long
// enough. Operand -1 is the result.
func wrongRow[T kernels.Float](name string, operand, at int) subject[T] {
	return wrong(func(e *rows.Runner[T], _ int) {
		define := e.Row
		e.Row = func(row table.Row, coef any, op []any) T {
			result := define(row, coef, op)
			switch {
			case row.Name != name || len(op[0].([]T)) <= at:
			case operand < 0:
				result = lastBit(result)
			default:
				x := op[operand].([]T)
				x[at] = lastBit(x[at])
			}
			return result
		}
	})
}

// verifySubject verifies a kernel by the right definitions and by a subject.
func verifySubject[T kernels.Float](t *testing.T, kernel string, s subject[T]) record.Mismatch {
	t.Helper()
	o := Options{Kernels: []string{kernel}, Types: []string{typeName[T]()}}
	both := []subject[T]{backend[T](bitstep.Go), s}
	switch both := any(both).(type) {
	case []subject[float32]:
		o.of32 = both
	case []subject[float64]:
		o.of64 = both
	}
	v := run(t, o)
	if v.Mismatch == nil {
		t.Fatalf("%s %T: nothing is found", kernel, T(0))
	}
	return *v.Mismatch
}

// checkMismatch expects a mismatch of the subject wrong by the last bit.
func checkMismatch(t *testing.T, m record.Mismatch, kernel, typ, operand string, index int) {
	t.Helper()
	if m.Kernel != kernel || m.Type != typ || m.Backend != "wrong" || m.Operand != operand || m.Index != index {
		t.Errorf("found %s %s on %s: %s[%d], want %s %s on wrong: %s[%d]", m.Kernel, m.Type, m.Backend, m.Operand,
			m.Index, kernel, typ, operand, index)
	}
	bits := regexp.MustCompile(`^(.*) \(0x([0-9a-f]+)\)$`)
	got, want := bits.FindStringSubmatch(m.Got), bits.FindStringSubmatch(m.Want)
	if got == nil || want == nil {
		t.Fatalf("%s: got %q, want %q, without bits", kernel, m.Got, m.Want)
	}
	var g, w uint64
	fmt.Sscanf(got[2], "%x", &g)
	fmt.Sscanf(want[2], "%x", &w)
	if g^w != 1 {
		t.Errorf("%s: got %q, want %q, which is not the last bit", kernel, m.Got, m.Want)
	}
}

// An element of one operand that is wrong by its last bit is found and named, in every kernel of the table, either type
// and each operand that is written, with what it was made of.
func TestWrongElements(t *testing.T) {
	for _, row := range table.Rows {
		wrongElements[float32](t, row)
		wrongElements[float64](t, row)
	}
}

func wrongElements[T kernels.Float](t *testing.T, row table.Row) {
	for _, at := range []int{0, 3, 70} {
		if row.Kind == table.Reduction {
			m := verifySubject(t, row.Name, wrongRow[T](row.Name, -1, at))
			checkMismatch(t, m, row.Name, typeName[T](), "result", 0)
			if m.Length <= at || m.Length > at+20 || len(m.Inputs) < min(m.Length, 8) {
				t.Errorf("%s: length %d, inputs %q", row.Name, m.Length, m.Inputs)
			}
			continue
		}
		for i, o := range row.Operands {
			if !o.Write {
				continue
			}
			m := verifySubject(t, row.Name, wrongRow[T](row.Name, i, at))
			checkMismatch(t, m, row.Name, typeName[T](), o.Name, at)
			if m.Length <= at || m.Length > at+20 { // the first of these elements may be NaN
				t.Errorf("%s: length %d, want %d or few more", row.Name, m.Length, at+1)
			}
			all := strings.Join(m.Inputs, " ")
			for _, o := range row.Operands {
				if o.Read && !strings.Contains(all, fmt.Sprintf("%s[%d]=", o.Name, at)) {
					t.Errorf("%s: no input %s[%d] in %q", row.Name, o.Name, at, m.Inputs)
				}
			}
			for _, s := range row.Scalars {
				name, _, _ := strings.Cut(s, "=")
				if strings.Contains(strings.Join(row.Lines, " "), name) && !strings.Contains(all, name+"=") {
					t.Errorf("%s: no coefficient %s in %q", row.Name, name, m.Inputs)
				}
			}
		}
	}
}

// So is one of a product, in each form, and of a step of several tensors.
func TestWrongProducts(t *testing.T) {
	wrongProducts[float32](t)
	wrongProducts[float64](t)
}

func wrongProducts[T kernels.Float](t *testing.T) {
	typ := typeName[T]()
	for _, f := range [][2]bool{{false, false}, {false, true}, {true, false}, {true, true}} {
		m := verifySubject(t, "Gemm", wrong(func(e *rows.Runner[T], _ int) {
			define := e.Gemm
			e.Gemm = func(transA, transB bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T,
				ldc int) {
				define(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
				if transA == f[0] && transB == f[1] && m > 2 && n > 3 {
					c[2*ldc+3] = lastBit(c[2*ldc+3])
				}
			}
		}))
		checkProduct(t, m, "Gemm", typ, "c", form(f[0], f[1]))
		m = verifySubject(t, "GemmContinue", wrong(func(e *rows.Runner[T], _ int) {
			define := e.GemmContinue
			e.GemmContinue = func(transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, c []T, ldc int) {
				define(transA, transB, m, n, k, a, lda, b, ldb, c, ldc)
				if transA == f[0] && transB == f[1] && m > 2 && n > 3 {
					c[2*ldc+3] = lastBit(c[2*ldc+3])
				}
			}
		}))
		checkProduct(t, m, "GemmContinue", typ, "c", form(f[0], f[1]))
	}
	for _, trans := range []bool{false, true} {
		m := verifySubject(t, "Gemv", wrong(func(e *rows.Runner[T], _ int) {
			define := e.Gemv
			e.Gemv = func(transA bool, m, n int, alpha T, a []T, lda int, x []T, beta T, y []T) {
				define(transA, m, n, alpha, a, lda, x, beta, y)
				if transA == trans && len(y) > 5 {
					y[5] = lastBit(y[5])
				}
			}
		}))
		checkProduct(t, m, "Gemv", typ, "y", form(trans, false)[:1])
		if m.Index != 5 {
			t.Errorf("y[%d] is wrong, want y[5]", m.Index)
		}
	}
	for _, row := range table.Rows {
		if row.Kind != table.Step {
			continue
		}
		last := len(row.Operands) - 2 // before the gradient
		each := wrong(func(e *rows.Runner[T], _ int) {
			define := e.Each
			e.Each = func(row table.Row, coef any, op [][]any) {
				define(row, coef, op)
				if len(op) > 1 {
					x := op[len(op)-1][last].([]T)
					if len(x) > 2 {
						x[2] = lastBit(x[2])
					}
				}
			}
		})
		v := newVerifier([]subject[T]{backend[T](bitstep.Go), each}, func() error { return nil }, nil)
		err := (&set[T]{verifier: v, row: row, r: random(row.Name)}).several()
		m, ok := err.(*mismatch)
		if !ok {
			t.Fatalf("%s: %v", row.Name, err)
		}
		checkMismatch(t, m.Mismatch, row.Name+"Each", typ, row.Operands[last].Name, 2)
	}
	m := verifySubject(t, "AllFinite", wrong(func(e *rows.Runner[T], _ int) {
		define := e.AllFinite
		e.AllFinite = func(x []T) bool { return define(x) || len(x) == 97 && math.IsInf(float64(x[50]), -1) }
	}))
	if m.Kernel != "AllFinite" || m.Length != 97 || m.Want != "false" || m.Got != "true" {
		t.Errorf("AllFinite: %+v", m)
	}
}

// checkProduct expects the last bit of an element, named by its form, with its row and its column.
func checkProduct(t *testing.T, m record.Mismatch, kernel, typ, operand, form string) {
	t.Helper()
	checkMismatch(t, m, kernel, typ, operand, m.Index)
	if !strings.HasPrefix(m.Case, kernel+form+" ") {
		t.Errorf("%s %s: the case is %q", kernel, form, m.Case)
	}
	if want := min(m.Length, shown); strings.Count(strings.Join(m.Inputs, " "), "[") < 2*want+1 {
		t.Errorf("%s, k = %d: inputs %q", kernel, m.Length, m.Inputs)
	}
}

// What is written beside operands is found, too, and so is an operand that is only read.
func TestWrittenBeside(t *testing.T) {
	for _, c := range []struct {
		kernel, operand string
		index           int
		change          func(op []any)
	}{
		{"Axpy", "y", 3, func(op []any) { op[0].([]float32)[:4:4][3] = 1 }},
		{"Axpy", "x", 0, func(op []any) { op[1].([]float32)[0] += 1 }},
		{"FromBytes", "src", 0, func(op []any) { op[1].([]uint8)[0]++ }},
	} {
		m := verifySubject(t, c.kernel, wrong(func(e *rows.Runner[float32], _ int) {
			define := e.Row
			e.Row = func(row table.Row, coef any, op []any) float32 {
				result := define(row, coef, op)
				if n := len(op[0].([]float32)); n >= 4 {
					c.change(op)
				}
				return result
			}
		}))
		if m.Operand != c.operand || m.Index != c.index {
			t.Errorf("%s: %s[%d], want %s[%d]", c.kernel, m.Operand, m.Index, c.operand, c.index)
		}
	}
	v := newVerifier([]subject[float64]{}, func() error { return nil }, nil)
	for _, at := range []int{-margin, -1, 10, 10 + margin - 1} {
		op := v.got[0].copied(make([]float64, 10), 3)
		v.got[0].elements[margin+3+at] = 1
		i, got, want, yes := v.got[0].differs(op, make([]float64, 10), 3)
		if !yes || i != at || want != sentinelMessage {
			t.Errorf("element %d: %v at %d, got %s, want %s", at, yes, i, got, want)
		}
	}
}

// What is wrong on several threads alone is found.
func TestWrongThreads(t *testing.T) {
	for _, kernel := range []string{"Adam", "Dot", "Gemm", "Gemv", "AllFinite"} {
		m := verifySubject(t, kernel, wrong(func(e *rows.Runner[float32], threads int) {
			if threads > 1 {
				*e = rows.Runner[float32]{
					Row: func(row table.Row, coef any, op []any) float32 { return -1 },
					Gemm: func(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32,
						ldb int, beta float32, c []float32, ldc int) {
					},
					Gemv: func(transA bool, m, n int, alpha float32, a []float32, lda int, x []float32, beta float32,
						y []float32) {
					},
					AllFinite: func([]float32) bool { return false },
				}
			}
		}))
		if m.Kernel != kernel {
			t.Errorf("%s is wrong, want %s", m.Kernel, kernel)
		}
	}
}

// However many goroutines verify, the first mismatch is the same: not what is found first.
func TestFirstMismatch(t *testing.T) {
	all := wrong(func(e *rows.Runner[float32], _ int) {
		define := e.Row
		e.Row = func(row table.Row, coef any, op []any) float32 {
			result := define(row, coef, op)
			// Dot is wrong late, those behind it soon.
			if row.Name == "Dot" && len(op[0].([]float32)) > 1000 || row.Name > "Dot" && row.Kind == table.Reduction {
				result = 17
			}
			return result
		}
	})
	for _, goroutines := range []int{1, 2, 5, 16} {
		v := run(t, Options{Kernels: []string{"Mul", "Dot", "Sum", "SumAbs", "SumSquares", "MaxAbs", "AllFinite"},
			Types: []string{"float32"}, Goroutines: goroutines, of32: []subject[float32]{all}})
		if m := v.Mismatch; m == nil || m.Kernel != "Dot" || m.Length != 4097 {
			t.Errorf("with %d goroutines: %+v", goroutines, m)
		}
	}
}

// altered is the folder testdata with a list altered.
func altered(t *testing.T, name string, alter func(string) string) fstest.MapFS {
	lists := fstest.MapFS{}
	for _, list := range []string{List, "golden.txt", "trajectories.txt", "minimizers.txt", "weights.txt"} {
		text := testfile.Read(t, list)
		if list == name {
			text = alter(text)
		}
		lists[list] = &fstest.MapFile{Data: []byte(text)}
	}
	return lists
}

// Lists that have another digest are a mismatch, which names the line; those that are cut off or missing an error.
func TestLists(t *testing.T) {
	other := func(line string) func(string) string { // its digest, shifted by one
		return func(text string) string {
			i := strings.Index(text, line)
			if i < 0 {
				t.Fatalf("no line %q", line)
			}
			end := i + strings.IndexByte(text[i:], '\n')
			return text[:end-1] + string("0123456789abcdef0"[strings.IndexByte("0123456789abcdef", text[end-1])+1]) +
				text[end:]
		}
	}
	m := run(t, Options{Kernels: []string{"SGD", "Lion"}, Lists: altered(t, List, other("Lion float64 "))}).Mismatch
	if m == nil || m.Kernel != "Lion" || m.Type != "float64" || m.Operand != List || m.Got[:63] != m.Want[:63] ||
		m.Got == m.Want {
		t.Errorf("an altered digest: %+v", m)
	}
	if v := run(t, Options{Kernels: []string{"SGD"}, Lists: altered(t, List, other("Lion float64 "))}); !v.OK {
		t.Errorf("a digest of another kernel: %+v", v.Mismatch)
	}
	if !testing.Short() {
		m = run(t, Options{Lists: altered(t, "golden.txt", other("GemmTN float32 10x33x257 "))}).Mismatch
		if m == nil || m.Kernel != "GemmTN float32 10x33x257" || m.Operand != "golden.txt" || m.Backend != "go" {
			t.Errorf("an altered hash: %+v", m)
		}
	}
	for _, name := range []string{List, "trajectories.txt"} {
		var want string
		lists := altered(t, name, func(text string) string {
			n := strings.Count(text, "\n")
			want = fmt.Sprintf("%s has %d whole lines, want %d", name, n-1, n)
			return text[:len(text)-5]
		})
		_, err := Run(context.Background(), Options{Lists: lists})
		if err == nil || err.Error() != want {
			t.Errorf("a truncated list: %v, want %s", err, want)
		}
		delete(lists, name)
		if _, err := Run(context.Background(), Options{Lists: lists}); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a missing list: %v", err)
		}
	}
	lists := altered(t, List, func(text string) string { return strings.Replace(text, "SGD ", "Other ", 1) })
	_, err := Run(context.Background(), Options{Lists: lists, Kernels: []string{"SGD"}})
	if err == nil || err.Error() != "verify.txt has no line SGD float32" {
		t.Errorf("a list of another kernel: %v", err)
	}
}

// A run that is interrupted ends soon, with what was finished.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if v, err := Run(ctx, Options{}); err != context.Canceled || v == nil || v.OK || v.Digest != "" {
		t.Errorf("%+v, %v", v, err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	var at time.Time
	v, err := Run(ctx, Options{Progress: func(done, total int) {
		if done == 3 {
			cancel()
			at = time.Now()
		}
	}})
	if err != context.Canceled || v.OK || len(v.Parts) < 3 || len(v.Parts) > 20 || v.Calls == 0 {
		t.Errorf("%+v, %v", v, err)
	}
	if took := time.Since(at); took > 2*time.Second {
		t.Errorf("it went on for %v", took)
	}
}

// Random calls find a wrong kernel, and the seed of the call that failed does again, whatever the time.
func TestRandom(t *testing.T) {
	s := wrongRow[float64]("Lion", 1, 40)
	// The first part finds nothing else: what is wrong is no kernel of it.
	o := Options{Kernels: []string{"Lion"}, Types: []string{"float64"}, For: time.Minute, Seed: 5, Goroutines: 3,
		of32: []subject[float32]{backend[float32](bitstep.Go)}, of64: []subject[float64]{s}}
	v := &record.Verification{}
	err := o.fuzz(context.Background(), v)
	if err := o.finish(v, err); err != nil || v.Mismatch == nil {
		t.Fatalf("%v, %+v", err, v)
	}
	checkMismatch(t, *v.Mismatch, "Lion", "float64", "m", 40)
	again := o
	again.Only, again.Kernels = true, nil
	if _, err := fmt.Sscan(v.Mismatch.Seed, &again.Seed); err != nil {
		t.Fatal(err)
	}
	if w := run(t, again); !reflect.DeepEqual(w.Mismatch, v.Mismatch) {
		t.Errorf("again: %+v, want %+v", w.Mismatch, v.Mismatch)
	}
	// Right ones go on until the time is over.
	o = Options{For: 2 * time.Second, Kernels: []string{"Sum", "Gemv", "GemmContinue", "AllFinite", "Adam"}}
	o.complete()
	v = &record.Verification{}
	start := time.Now()
	if err := o.fuzz(context.Background(), v); err != nil || v.Calls < 20 || time.Since(start) < o.For {
		t.Errorf("%v, %+v after %v", err, v, time.Since(start))
	}
}

// What is wrong only where two operands are aligned differently is found, whichever two.
func TestWrongAlignment(t *testing.T) {
	row := rowOf(t, "Adam")
	for i := range row.Operands {
		for j := range i {
			m := verifySubject(t, row.Name, wrong(func(e *rows.Runner[float64], _ int) {
				define := e.Row
				e.Row = func(row table.Row, coef any, op []any) float64 {
					result := define(row, coef, op)
					if x := op[0].([]float64); len(x) > 3 && line(op[i]) == 8 && line(op[j]) == 40 {
						x[3] = 17
					}
					return result
				}
			}))
			if m.Kernel != row.Name || m.Operand != "x" || m.Index != 3 || !strings.Contains(m.Case, "at offsets [") {
				t.Errorf("operands %d and %d: %+v", i, j, m)
			}
		}
	}
	product := verifySubject(t, "Gemm", wrong(func(e *rows.Runner[float64], _ int) {
		define := e.Gemm
		e.Gemm = func(transA, transB bool, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int,
			beta float64, c []float64, ldc int) {
			define(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
			if m*n*k > 0 && line(a) == 8 && line(b) == 40 {
				c[0] = 17
			}
		}
	}))
	if product.Kernel != "Gemm" || product.Index != 0 {
		t.Errorf("%+v", product)
	}
	each := wrong(func(e *rows.Runner[float64], _ int) {
		define := e.Each
		e.Each = func(row table.Row, coef any, op [][]any) {
			define(row, coef, op)
			if len(op) > 20 && line(op[20][0]) != line(op[20][1]) {
				op[20][0].([]float64)[0] = 17
			}
		}
	})
	v := newVerifier([]subject[float64]{each}, func() error { return nil }, nil)
	err := (&set[float64]{verifier: v, row: row, r: random(row.Name)}).several()
	if m, ok := err.(*mismatch); !ok || m.Index != 0 || !strings.Contains(m.Case, "tensor 20 of ") {
		t.Errorf("%+v", err)
	}
}

// line is where an operand begins in a line of 64 bytes.
func line(op any) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(op.([]float64)))) % 64 }
