package gonumblas

import (
	"slices"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep"
)

// small has the largest vectors and square matrices of which calls are gonum's own with Fastest. (Routines that have
// the same bits in either way are left out.)
var small = map[string]int{"dot": 511, "asum": 127, "nrm2": 63, "ger": 45, "gemv": 45, "gemm": 3, "syrk": 7, "symm": 5,
	"trmm": 12, "trsm": 12}

// Fastest has the bits of gonum's own up to these sizes, and from then on those that are without.
func TestFastest(t *testing.T) {
	ours32, ours64 := routinesOf(Implementation{})
	fast32, fast64 := routinesOf(Implementation{}.Fastest())
	host32, host64 := routinesOfGonum()
	t.Run("single", func(t *testing.T) { testFastest(t, &fast32, &ours32, &host32) })
	t.Run("double", func(t *testing.T) { testFastest(t, &fast64, &ours64, &host64) })
}

func testFastest[T bitstep.Float](t *testing.T, fast, ours, host *routines[T]) {
	tested := 0
	for _, s := range speeds[T]() {
		routine, _, _ := strings.Cut(s.name, " ")
		last, ok := small[routine]
		if !ok {
			continue
		}
		tested++
		for n, sides := range map[int][2]*routines[T]{last: {host, ours}, last + 1: {ours, host}} {
			differ := false
			for seed := uint64(0); seed < 20 && !differ; seed++ {
				run := func(r *routines[T]) []T {
					o := randomOperands[T](n, seed)
					s.call(r, o, n)
					return append(slices.Clone(o.c), append(o.y, o.result)...)
				}
				want := run(sides[0])
				same(t, s.name, run(fast), want)
				differ = !slices.Equal(want, run(sides[1]))
			}
			if hostRounds && !differ {
				t.Errorf("%s of %d has the same bits in either way: this tests nothing", s.name, n)
			}
		}
	}
	if tested < len(small) {
		t.Errorf("%d calls, want one of each of %d routines at least", tested, len(small))
	}
}

func randomOperands[T bitstep.Float](n int, seed uint64) *operands[T] {
	r := newRandom[T](seed)
	o := &operands[T]{a: r.values(n * n), b: r.values(n * n), c: r.values(n * n), x: r.values(3 * n),
		y: r.values(3 * n)}
	for i := range n {
		o.a[i*n+i] += T(n)
	}
	for i := range o.x {
		o.x[i] *= 1e9 // since updates are by 1e-9 of it
	}
	return o
}
