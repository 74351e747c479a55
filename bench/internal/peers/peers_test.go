package peers

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/bench/internal/turns"
	"github.com/bitstep-go/bitstep/kernels"
)

func quick() Options {
	return Options{Backend: bitstep.Active(), Quick: true, Timer: turns.Timer{Samples: 1, Least: time.Nanosecond},
		Machine: record.Machine{L1: 32 << 10, L2: 1 << 20, L3: 8 << 20}}
}

// Every peer that is here is right, and has a row for each task that it knows.
func TestRun(t *testing.T) {
	seen := map[string]int{}
	o, between := quick(), 0
	o.Between = func() { between++ }
	err := Run(context.Background(), o, func(r record.Row) {
		seen[r.Peer+" "+r.Type]++
		if r.Group != record.Peer || r.Checked != (r.Peer == ours) || r.Median <= 0 || r.GFLOPs <= 0 ||
			len(r.Samples) == 0 {
			t.Errorf("%+v", r)
		}
	})
	if err != nil || between != 2*13 {
		t.Errorf("%v, %d times between measurements, want 26", err, between)
	}
	for name, want := range map[string]int{ours + " float32": 13, ours + " float64": 13, "Go loop float32": 13,
		"Go loop float64": 13, "gonum float32": 12, "gonum float64": 12} {
		if seen[name] != want {
			t.Errorf("%s has %d rows, want %d", name, seen[name], want)
		}
	}
	libraries32, _, _ := libraries()
	for _, p := range libraries32 {
		if n := seen[p.name+" float32"]; n < 10 {
			t.Errorf("%s has %d rows", p.name, n)
		}
	}
	if p, err := archsimd(); err == nil && seen[p.name+" float32"] != 3 {
		t.Errorf("%s has %d rows, want 3", p.name, seen[p.name+" float32"])
	}
	t.Logf("%v; missing: %q", seen, Missing())
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	rows := 0
	err := Run(ctx, quick(), func(record.Row) { rows++; cancel() })
	if err != context.Canceled || rows == 0 || rows > 20 {
		t.Errorf("%v after %d rows", err, rows)
	}
}

// A result that is wrong in one element is found, by bits in ours and by the bound in others.
func TestWrong(t *testing.T) {
	t.Run("float32", testWrong[float32])
	t.Run("float64", testWrong[float64])
}

func testWrong[T kernels.Float](t *testing.T) {
	right := bitsteps(bitstep.On[T](bitstep.Active()).Threads(1))
	more := 1 + T(4096*unit[T]()) // beyond every bound of what is as short as here
	for _, c := range []struct {
		name, want string
		of         peer[T]
	}{
		{ours, "C[", peer[T]{gemm: loopGemm[T]}},
		{ours, "sum[0]", peer[T]{dot: func(x, y []T) T { return right.dot(x, y) * (1 + T(4*unit[T]())) }}},
		{"other", "C[3]", peer[T]{gemm: func(ta, tb bool, m, n, k int, a []T, lda int, b []T, ldb int, c []T, ldc int) {
			right.gemm(ta, tb, m, n, k, a, lda, b, ldb, c, ldc)
			c[3] *= T(3*gamma[T](k)) + more
		}}},
		{"other", "C[1]", peer[T]{gemm: func(ta, tb bool, m, n, k int, a []T, lda int, b []T, ldb int, c []T, ldc int) {
			right.gemm(ta, tb, m, 1, k, a, lda, b, ldb, c, ldc) // the rest is not written
		}}},
		{"other", "y[2]", peer[T]{axpy: func(a T, x, y []T) { right.axpy(a, x, y); y[2] *= more }}},
		{"other", "sum[0]", peer[T]{dot: func(x, y []T) T { return right.dot(x, y) * (T(3*gamma[T](len(x))) + more) }}},
		{"other", "x[5]", peer[T]{adam: func(x, m, v, g []T, c *kernels.AdamCoef[T]) {
			right.adam(x, m, v, g, c)
			x[5] *= more
		}}},
		{"other", "m[5]", peer[T]{adam: func(x, m, v, g []T, c *kernels.AdamCoef[T]) {
			right.adam(x, m, v, g, c)
			m[5] *= more
		}}},
		{"other", "v[5]", peer[T]{adam: func(x, m, v, g []T, c *kernels.AdamCoef[T]) {
			right.adam(x, m, v, g, c)
			v[5] *= more
		}}},
	} {
		c.of.name = c.name
		err := run(context.Background(), quick(), []peer[T]{right, c.of}, func(record.Row) {})
		if err == nil || !strings.HasPrefix(err.Error(), c.name+", ") || !strings.Contains(err.Error(), ": "+c.want) {
			t.Errorf("%s, %s: %v", c.name, c.want, err)
		}
	}
}
