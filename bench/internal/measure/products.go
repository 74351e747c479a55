package measure

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/ceiling"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear/dataset"
)

// CIFAR-10's linear classifier.
const classes, features = 10, dataset.Features

// A Product is a form of Gemm: op(A) of m x k times op(B) of k x n.
type Product struct {
	Name, About    string
	TransA, TransB bool
	Shape          func(n int) (m, nn, k int)
	least, most    int // N that are measured: pure Go's and the definition's time may grow with its cube
}

// Sizes are those N of the default that are measured.
func (p Product) Sizes() []int {
	return slices.DeleteFunc(slices.Clone(sizes), func(n int) bool { return !p.measures(n) })
}

func (p Product) measures(n int) bool { return p.least <= n && n <= p.most }

// sizes are the N of products.
var sizes = []int{1, 32, 64, 256, 1024}

// Products are the five that are measured, by what a step of training has and by what all else has.
var Products = []Product{
	{"scores-columns", "S = W*X, an example per column", false, false,
		func(n int) (int, int, int) { return classes, n, features }, 1, 1 << 20},
	{"scores-rows", "S = X*W', an example per row", false, true,
		func(n int) (int, int, int) { return n, classes, features }, 1, 1 << 20},
	{"grad-columns", "dW = dS*X', an example per column", false, true,
		func(n int) (int, int, int) { return classes, features, n }, 1, 1 << 20},
	{"grad-rows", "dW = dS'*X, an example per row", true, false,
		func(n int) (int, int, int) { return classes, features, n }, 1, 1 << 20},
	{"square", "C = A*B, N x N each", false, false,
		func(n int) (int, int, int) { return n, n, n }, 8, 512},
}

func (r *run) products() error {
	for _, typ := range r.Types {
		measure := measureProduct[float32]
		if typ == "float64" {
			measure = measureProduct[float64]
		}
		for _, b := range r.Backends {
			for _, p := range Products {
				for _, n := range r.N {
					if !p.measures(n) {
						continue
					}
					for _, threads := range r.Threads {
						if err := measure(r, typ, b, p, n, threads); err != nil {
							return err
						}
					}
				}
			}
		}
	}
	return nil
}

func measureProduct[T kernels.Float](r *run, typ string, b bitstep.Backend, p Product, size, threads int) error {
	m, n, k := p.Shape(size)
	matrix := func(n int) []T {
		x := make([]T, n)
		for i := range x {
			x[i] = T(i%1021)/1021 - 0.5
		}
		return x
	}
	a, x, c := matrix(m*k), matrix(k*n), make([]T, m*n)
	lda, ldb := k, n
	if p.TransA {
		lda = m
	}
	if p.TransB {
		ldb = k
	}
	on := func(e bitstep.Engine[T]) func() {
		return func() { e.Gemm(p.TransA, p.TransB, m, n, k, 1, a, lda, x, ldb, 0, c, n) }
	}
	e := bitstep.On[T](b).Threads(threads)
	flops := 2 * float64(m) * float64(n) * float64(k)
	row := record.Row{Group: record.Product, Name: p.Name, Type: typ, Backend: b.String(), Threads: threads, N: size,
		Shape: fmt.Sprintf("%dx%dx%d", m, n, k)}

	want := make([]T, m*n)
	kernels.Gemm(p.TransA, p.TransB, m, n, k, 1, a, lda, x, ldb, 0, want, n)
	on(e)()
	var mistake error
	if i := edge.Differ(c, want); i >= 0 {
		mistake = wrong("%s %s on %v, N = %d: C[%d] = %x, the definition gives %x", p.Name, typ, b, size, i, c[i],
			want[i])
	} else {
		row.Hash, row.Checked = hashOf(c), true
	}

	t := timed{row: row, call: on(e)}
	if peak := peakOf[T](fastest(b), threads, flops); peak.call != nil {
		t.bounds = append(t.bounds, peak)
	}
	if threads > 1 {
		t.alone = on(e.Threads(1))
	} else if b != bitstep.Go {
		t.pure = on(bitstep.On[T](bitstep.Go).Threads(1))
	}
	row, err := r.time(t)
	if err != nil {
		return err
	}
	row.GFLOPs = flops / row.Median
	r.report(row)
	return mistake
}

func hashOf[T kernels.Float](s []T) string {
	var b []byte
	for _, x := range s {
		b = bits(b, x)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// peakOf is the bound of nothing but fma in registers, on so many threads, by the arithmetic.
func peakOf[T kernels.Float](b bitstep.Backend, threads int, flops float64) bound {
	call, work := ceiling.Peak[T](b, threads, flops)
	if call == nil {
		return bound{}
	}
	return bound{"fma", call, work / flops}
}
