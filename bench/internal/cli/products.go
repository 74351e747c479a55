package cli

import (
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/traffic"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear/dataset"
)

// The scores of CIFAR-10's linear classifier.
const classes, features = 10, dataset.Features

// A layout is a way to store n examples.
type layout struct {
	name   string
	transB bool // scores of rows: X*W'; of columns: W*X
}

var layouts = []layout{{"S = W*X, an example per column", false}, {"S = X*W', an example per row", true}}

// measureProducts times the scores' Gemm against the peak of fused multiply-adds and against pure Go.
func measureProducts(w io.Writer, b bitstep.Backend, quick bool) (results []result) {
	counts := []int{1, 32, 256, 1024}
	if quick {
		counts = counts[:2]
	}
	bar := newProgress("measuring products", len(elementTypes)*len(layouts)*len(counts))
	defer bar.Finish()
	for _, typ := range elementTypes {
		measure, _ := byType(typ, measureProduct[float32], measureProduct[float64])
		fma, _ := byType(typ, traffic.Peak32, traffic.Peak64)
		for _, l := range layouts {
			fmt.Fprintf(w, "\n%s, %s, W %dx%d, on %v, one thread\n", l.name, typ, classes, features, b)
			fmt.Fprintf(w, "%8s %12s %10s %9s %9s %11s\n", "N", "microseconds", "GFLOP/s", "of peak", "pure Go",
				fmt.Sprintf("%d threads", runtime.GOMAXPROCS(0)))
			for _, n := range counts {
				r, all := measure(b, l, n, quick, fma)
				results = append(results, r, all)
				bar.Add(1)
				bar.Clear()
				peak := "-"
				if r.Ceiling > 0 {
					peak = fmt.Sprintf("%.0f%%", 100*r.Ceiling)
				}
				fmt.Fprintf(w, "%8d %12.1f %10.1f %9s %8.1fx %10.2fx\n", n, flops(n)/r.GFLOPs/1e3, r.GFLOPs, peak,
					r.VersusGo, all.GFLOPs/r.GFLOPs)
			}
		}
	}
	return results
}

// flops is the arithmetic of one product.
func flops(n int) float64 { return 2 * classes * features * float64(n) }

func measureProduct[T kernels.Float](b bitstep.Backend, l layout, n int, quick bool,
	peak func(bitstep.Backend, int) float64) (one, all result) {
	weights, x, s := make([]T, classes*features), make([]T, features*n), make([]T, classes*n)
	for _, v := range [][]T{weights, x} {
		for i := range v {
			v[i] = T(i%1021)/1021 - 0.5
		}
	}
	gemm := func(k bitstep.Engine[T]) func() {
		if l.transB {
			return func() {
				k.Gemm(false, true, n, classes, features, 1, x, features, weights, features, 0, s, classes)
			}
		}
		return func() { k.Gemm(false, false, classes, n, features, 1, weights, features, x, n, 0, s, n) }
	}
	samples, least := 9, 2*time.Millisecond
	if quick {
		samples, least = 3, time.Millisecond
	}
	const turns = 10000
	var work float64
	k := bitstep.On[T](b)
	t := compare(samples, least, gemm(k.Threads(1)), func() { work = peak(b, turns) }, gemm(k))
	g := compare(min(samples, 3), least, gemm(bitstep.On[T](bitstep.Go).Threads(1)))
	rate := func(s series) float64 { return flops(n) / s.median() }
	id := fmt.Sprintf("product=%dx%dx%d,transB=%v/type=%T/backend=%v", classes, features, n, l.transB, T(0), b)
	one = result{Name: id, Threads: 1, GFLOPs: rate(t[0]), VersusGo: g[0].median() / t[0].median()}
	if work > 0 {
		one.Ceiling = flops(n) / work * t[1].over(t[0])
	}
	all = result{Name: id, Threads: runtime.GOMAXPROCS(0), GFLOPs: rate(t[2])}
	return one, all
}
