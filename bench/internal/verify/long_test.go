package verify

import (
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"strings"
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
	m = try(func([]float64, []bool) { v.got[0].elements[margin+v.calls%offsets+64] = 8 })
	if m == nil || m.Index != 64 || m.Want != sentinelMessage {
		t.Errorf("a root too many: %+v", m)
	}
	x[20], x[21] = 0, -1
	for _, at := range []int{20, 21, 40} {
		var before float64
		r := rooter[float64]{roots: func(x, out []float64, trusted []bool) {
			before = out[at]
			for i, v := range x {
				if trusted[i/8] = true; i != at {
					out[i] = math.Sqrt(v)
				}
			}
		}}
		r.Lanes, r.Least, r.End = 8, 1, 40
		err := v.roots(map[string]rooter[float64]{"wrong": r}, x)
		if m, ok := err.(*mismatch); !ok || m.Index != at || m.Got != value(before) {
			t.Errorf("root %d is not written, %v before: %+v", at, before, err)
		}
	}
	x[20], x[21] = 21, 22
	if m := try(func(out []float64, trusted []bool) { out[45], trusted[5] = 0, false }); m != nil {
		t.Errorf("a root beyond the range that is not trusted: %+v", m)
	}
	if m := try(func(_ []float64, trusted []bool) { trusted[2] = false }); m == nil || m.Index != 16 {
		t.Errorf("a root within the range that is not trusted: %+v", m)
	}
}

// What is exhaustive has a digest of its own, and none where nothing was: that of the default parts stays what it is.
// Backends without roots from estimates are named, and their calls are not counted.
func TestLongDigest(t *testing.T) {
	some(t)
	all := run(t, Options{Long: true, Kernels: []string{"sqrt"}, Types: []string{"float32"}})
	if all.Digest != "" || len(all.LongDigest) != 64 || len(all.Parts) != 1 {
		t.Fatalf("%+v", all)
	}
	p := all.Parts[0]
	if want := fmt.Sprintf("%x", sha256.Sum256([]byte(p.What+" "+p.Digest+"\n"))); all.LongDigest != want {
		t.Errorf("digest %s, want %s", all.LongDigest, want)
	}
	backends := strings.FieldsFunc(p.Backend, func(c rune) bool { return c == ',' })
	if all.Calls != p.Calls*len(backends) || len(backends)+len(p.NotCovered) != len(all.Backends) ||
		!slices.Contains(p.NotCovered, "go") || slices.Contains(backends, "go") {
		t.Errorf("%d calls, %+v", all.Calls, p)
	}
	both := run(t, Options{Long: true, Kernels: []string{"FromBytes"}})
	if plain := run(t, Options{Kernels: []string{"FromBytes"}}); both.Digest != plain.Digest ||
		both.LongDigest == "" || plain.LongDigest != "" {
		t.Errorf("digests %q and %q with -long, %q and %q without", both.Digest, both.LongDigest, plain.Digest,
			plain.LongDigest)
	}
	o := Options{Long: true, Kernels: []string{"sqrt"}, Backends: []bitstep.Backend{bitstep.Go}}
	if err := o.Empty(); err == nil || err.Error() != "sqrt: there is nothing to verify on go" {
		t.Errorf("roots on go: %v", err)
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
