package bitstep_test

import (
	"fmt"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Every kernel, type and backend on one thread, in the first cache and out of all.
func BenchmarkKernels(b *testing.B) {
	for _, row := range table.Rows {
		for _, backend := range bitstep.Backends() {
			for _, n := range []int{1000, 1 << 24} {
				name := fmt.Sprintf("kernel=%s/type=float32/backend=%v/n=%d", row.Name, backend, n)
				b.Run(name, func(b *testing.B) { benchRow[float32](b, row, backend, n) })
				name = fmt.Sprintf("kernel=%s/type=float64/backend=%v/n=%d", row.Name, backend, n)
				b.Run(name, func(b *testing.B) { benchRow[float64](b, row, backend, n) })
			}
		}
	}
}

func benchRow[T kernels.Float](b *testing.B, row table.Row, backend bitstep.Backend, n int) {
	op, coef := lasting[T](row, n)
	k := bitstep.On[T](backend).Threads(1)
	b.SetBytes(int64(n * row.Traffic(int(unsafe.Sizeof(T(0))))))
	for b.Loop() {
		rows.Call(k, row, coef, op)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/elem")
}

// lasting returns operands and coefficients that neither grow nor vanish call after call.
func lasting[T kernels.Float](row table.Row, n int) (op []any, coef any) {
	op, coef = rows.New[T](row, n), rows.NewCoef[T](row)
	if row.Kind == table.Step {
		coef = rows.Lasting[T](row)
	}
	for i, s := range op {
		if s, ok := s.([]T); ok {
			for j := range s {
				s[j] = rows.Ordinary[T](row.Operands[i])
			}
		}
	}
	return op, coef
}

// The products of a linear classifier of 10 classes: scores and gradients, an example per column
// (W*X, dS*X') or per row (X*W', dS'*X).
func BenchmarkGemm(b *testing.B) {
	for _, backend := range bitstep.Backends() {
		for _, n := range []int{1, 32, 256, 1024} {
			for _, form := range []string{"scores-columns", "scores-rows", "grad-columns", "grad-rows"} {
				name := fmt.Sprintf("product=%s/type=float32/backend=%v/n=%d", form, backend, n)
				b.Run(name, func(b *testing.B) { benchGemm[float32](b, backend, form, n) })
				name = fmt.Sprintf("product=%s/type=float64/backend=%v/n=%d", form, backend, n)
				b.Run(name, func(b *testing.B) { benchGemm[float64](b, backend, form, n) })
			}
		}
	}
}

func benchGemm[T kernels.Float](b *testing.B, backend bitstep.Backend, form string, n int) {
	const classes, features = 10, 3073
	w, x, s := make([]T, classes*features), make([]T, features*n), make([]T, classes*n)
	for _, v := range [][]T{w, x, s} {
		for i := range v {
			v[i] = T(i%1021)/1021 - 0.5
		}
	}
	k := bitstep.On[T](backend).Threads(1)
	for b.Loop() {
		switch form {
		case "scores-columns":
			k.Gemm(false, false, classes, n, features, 1, w, features, x, n, 0, s, n)
		case "scores-rows":
			k.Gemm(false, true, n, classes, features, 1, x, features, w, features, 0, s, classes)
		case "grad-columns":
			k.Gemm(false, true, classes, features, n, 1, s, n, x, n, 0, w, features)
		case "grad-rows":
			k.Gemm(true, false, classes, features, n, 1, s, classes, x, features, 0, w, features)
		}
	}
	b.ReportMetric(2*classes*features*float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

// What steps gain by taking a part of their roots by fma: their time over that of the same step that takes all in
// hardware, in turns, in the first two caches.
func BenchmarkRoots(b *testing.B) {
	for _, row := range table.Rows {
		if !program.Must(row).Ops[program.Sqrt] {
			continue
		}
		for _, backend := range bitstep.Backends()[1:] {
			for _, bytes := range []int{8000, 120000} {
				name := fmt.Sprintf("kernel=%s/backend=%v/bytes=%d/type=", row.Name, backend, bytes)
				b.Run(name+"float32", func(b *testing.B) { benchRoots[float32](b, row, backend, bytes/4) })
				b.Run(name+"float64", func(b *testing.B) { benchRoots[float64](b, row, backend, bytes/8) })
			}
		}
	}
}

func benchRoots[T kernels.Float](b *testing.B, row table.Row, backend bitstep.Backend, n int) {
	op, coef := lasting[T](row, n)
	k := bitstep.On[T](backend).Threads(1)
	var times [2][]float64
	sample := func() (ns float64) {
		calls := 1 + 50000/n
		start := time.Now()
		for range calls {
			rows.Call(k, row, coef, op)
		}
		return float64(time.Since(start).Nanoseconds()) / float64(calls*n)
	}
	for b.Loop() {
		for range 5 {
			bitstep.RunAs(0, func() { times[0] = append(times[0], sample()) })
			times[1] = append(times[1], sample())
		}
	}
	slices.Sort(times[0])
	slices.Sort(times[1])
	middle := len(times[0]) / 2
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(times[1][middle], "ns/elem")
	b.ReportMetric(times[1][middle]/times[0][middle], "x-hardware")
}
