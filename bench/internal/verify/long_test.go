package verify

import (
	"math"
	"slices"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// some makes exhaustive checks try some blocks.
func some(t *testing.T) {
	saved := every
	t.Cleanup(func() { every = saved })
	every = 1 << 10
}

// The exhaustive checks pass on this machine, in part, and their digests do not depend on the backends.
func TestLong(t *testing.T) {
	some(t)
	digests := map[string]string{}
	for _, backends := range [][]bitstep.Backend{bitstep.Backends(), bitstep.Backends()[:1]} {
		o := Options{Long: true, Backends: backends}
		o.complete()
		for _, p := range longParts() {
			d, err := p.run(&o, func() error { return nil }, nil)
			if m, ok := err.(*mismatch); ok {
				t.Fatalf("%+v", m.Mismatch)
			}
			if want, was := digests[p.what]; d.calls == 0 || was && d.digest != want {
				t.Errorf("%s on %v: %d calls, digest %s, want %s", p.what, backends, d.calls, d.digest, want)
			}
			digests[p.what] = d.digest
		}
	}
	if len(digests) != 9 {
		t.Errorf("parts %v, want 9", digests)
	}
}

// They find one number of all that is wrong by its last bit.
func TestWrongLong(t *testing.T) {
	some(t)
	odd := math.Float32frombits(0x40000000 + 77)
	s := wrong(func(e *rows.Runner[float32], _ int) {
		define, gemm := e.Row, e.GemmContinue
		e.Row = func(row table.Row, coef any, op []any) float32 {
			x := op[0].([]float32)
			at := -1
			for i, v := range x {
				if v == odd {
					at = i
				}
			}
			result := define(row, coef, op)
			if at >= 0 {
				x[at] = lastBit(x[at])
			}
			return result
		}
		e.GemmContinue = func(transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32,
			ldc int) {
			before := slices.Clone(c)
			gemm(transA, transB, m, n, k, a, lda, b, ldb, c, ldc)
			for i := range 16 { // two roundings
				c[i*17] = float32(float64(float64(a[i])*float64(b[i])) + float64(before[i*17]))
			}
		}
	})
	for _, p := range longParts() {
		o := Options{of32: []subject[float32]{backend[float32](bitstep.Go), s}}
		if p.typ != "float32" || p.kernel == "sqrt" || p.kernel == "FromBytes" {
			continue
		}
		_, err := p.run(&o, func() error { return nil }, nil)
		m, ok := err.(*mismatch)
		if !ok {
			t.Fatalf("%s: %v", p.what, err)
		}
		if m.Kernel != p.kernel || m.Backend != "wrong" {
			t.Errorf("%s: %+v", p.what, m.Mismatch)
		}
		if p.kernel != "fma" {
			checkMismatch(t, m.Mismatch, p.kernel, "float32", "x", 77)
		}
	}
}

// A root that is wrong is found, and one that is not trusted without need.
func TestWrongRoots(t *testing.T) {
	v := newVerifier([]subject[float64]{{name: "wrong"}}, func() error { return nil }, nil)
	x := make([]float64, 64)
	for i := range x {
		x[i] = float64(i + 1)
	}
	try := func(change func(out []float64, trusted []bool)) *record.Mismatch {
		r := rooter[float64]{roots: func(x, out []float64, trusted []bool) {
			for i, v := range x {
				out[i], trusted[i/8] = math.Sqrt(v), true
			}
			change(out, trusted)
		}}
		r.Lanes, r.Least, r.End = 8, 1, 40
		if m, ok := v.roots(map[string]rooter[float64]{"wrong": r}, x).(*mismatch); ok {
			return &m.Mismatch
		}
		return nil
	}
	if m := try(func([]float64, []bool) {}); m != nil {
		t.Errorf("right roots: %+v", m)
	}
	m := try(func(out []float64, _ []bool) { out[19] = lastBit(out[19]) })
	if m == nil {
		t.Fatal("a wrong root is not found")
	}
	checkMismatch(t, *m, "sqrt", "float64", "result", 19)
	if m := try(func(out []float64, trusted []bool) { out[45], trusted[5] = 0, false }); m != nil {
		t.Errorf("a root beyond the range that is not trusted: %+v", m)
	}
	if m := try(func(_ []float64, trusted []bool) { trusted[2] = false }); m == nil || m.Index != 16 {
		t.Errorf("a root within the range that is not trusted: %+v", m)
	}
}

// Progress comes to its end, and parts that take minutes tell how far they are.
func TestProgress(t *testing.T) {
	some(t)
	last, all, ticks := 0, 0, 0
	run(t, Options{Long: true, Kernels: []string{"Scale", "fma"}, Progress: func(done, total int) {
		if done <= last || all != 0 && total != all {
			t.Errorf("%d of %d after %d of %d", done, total, last, all)
		}
		last, all = done, total
		ticks++
	}})
	if last != all || ticks < 4 {
		t.Errorf("%d of %d, told %d times", last, all, ticks)
	}
}
