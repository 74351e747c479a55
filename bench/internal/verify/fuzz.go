package verify

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Random calls. A seed says all of a call but for the backends, and the next call has the next seed: the seed of one
// that fails makes it again, whatever was chosen besides.

// fuzz makes random calls for a time, or the one of Only, and adds them to v.
func (o *Options) fuzz(ctx context.Context, v *record.Verification) error {
	var calls atomic.Int64
	start, n := time.Now(), math.MaxInt
	var mu sync.Mutex // for told
	told := 0         // seconds
	if o.Only {
		n = 1
	}
	err := inOrder(ctx, o.Goroutines, n, func(i int, stop func() error, pool *bitstep.Pool) error {
		if err := stop(); err != nil {
			return err
		}
		if !o.Only && time.Since(start) >= o.For {
			return errTime
		}
		seed := o.Seed + uint64(i)
		r := edge.Rand(seed)
		var made int
		var err error
		if r.IntN(2) == 0 {
			made, err = fuzz(r, o, newVerifier(o.of32, stop, pool))
		} else {
			made, err = fuzz(r, o, newVerifier(o.of64, stop, pool))
		}
		calls.Add(int64(made * len(o.of32)))
		if m, ok := err.(*mismatch); ok {
			m.Seed = fmt.Sprint(seed)
		}
		if o.Progress != nil && !o.Only {
			mu.Lock()
			if s := int(min(time.Since(start), o.For) / time.Second); s > told {
				told = s
				o.Progress(s, int(o.For/time.Second))
			}
			mu.Unlock()
		}
		return err
	})
	v.Calls += int(calls.Load())
	if err == errTime {
		err = nil
	}
	return err
}

// errTime ends calls when the time is over.
var errTime = errors.New("the time is over")

// fuzz makes the call of a generator, unless another kernel or type is chosen.
func fuzz[T kernels.Float](r *rand.Rand, o *Options, v *verifier[T]) (calls int, err error) {
	kinds := Kernels()
	kernel, typ := kinds[r.IntN(len(kinds))], typeName[T]()
	if !o.takes(kernel, typ) {
		return 0, nil
	}
	for _, row := range table.Rows {
		if row.Name == kernel {
			return 1, fuzzRow(r, v, row)
		}
	}
	if kernel == "AllFinite" {
		x := v.in[0].place(table.Element, length(r), r.IntN(offsets)).([]T)
		edge.Fill(r, x)
		return 1, v.allFinite("random", 0, x, 1+r.IntN(4))
	}
	return 1, fuzzProduct(r, v, kernel)
}

// length draws a length: mostly a few lines, now and then some chunks.
func length(r *rand.Rand) int {
	most := []int{40, 300, 300, 300, 5000, 5000, 70_000, 300_000}
	return r.IntN(most[r.IntN(len(most))])
}

func fuzzRow[T kernels.Float](r *rand.Rand, v *verifier[T], row table.Row) error {
	coef := rows.NewCoef[T](row)
	edge.FillCoef[T](r, coef, kernels.Use(r.IntN(int(kernels.Uses))))
	threads := 1 + r.IntN(4)
	s := &set[T]{verifier: v, row: row, r: r}
	if row.Kind == table.Step && r.IntN(4) == 0 {
		var op [][]any
		for range r.IntN(40) {
			tensor := rows.New[T](row, length(r)/8)
			s.fuzz(tensor)
			op = append(op, tensor)
		}
		return v.each(row, 0, coef, op, threads)
	}
	op := s.fresh(length(r))
	s.fuzz(op)
	v.calls = r.IntN(offsets) // the alignment
	return v.call(call[T]{row: row, set: "random", coef: coef, op: op, threads: threads})
}

// fuzz fills operands: with what tests have, ordinary numbers, few edges, or any bits.
func (s *set[T]) fuzz(op []any) {
	s.fill(op)
	kind, e := s.r.IntN(4), edges[T]()
	if kind < 2 {
		return
	}
	for _, x := range op {
		x, ok := x.([]T)
		for i := range x {
			switch {
			case !ok:
			case kind == 3:
				x[i] = bits[T](s.r)
			case s.r.IntN(50) == 0:
				x[i] = e[s.r.IntN(len(e))]
			default:
				x[i] = T(s.r.Float64()) + .5
			}
		}
	}
}

// bits draws a number of any bits.
func bits[T kernels.Float](r *rand.Rand) T {
	if num.Is32[T]() {
		return T(math.Float32frombits(uint32(r.Uint64())))
	}
	return T(math.Float64frombits(r.Uint64()))
}

// fuzzProduct draws a shape of at most a million multiplications, often with one that is short.
func fuzzProduct[T kernels.Float](r *rand.Rand, v *verifier[T], kernel string) error {
	side := func() int {
		most := []int{4, 17, 40, 140, 600, 1500}
		return r.IntN(most[r.IntN(len(most))])
	}
	p := product[T]{kernel, r.IntN(2) == 0, r.IntN(2) == 0, side(), side(), side(), T(alphas[r.IntN(4)]),
		T(betas[r.IntN(4)]), r.IntN(9), 1 + r.IntN(4)}
	if kernel == "Gemv" {
		p.transA, p.m = false, 1
	}
	for int64(p.m)*int64(p.n)*int64(p.k) > 1_000_000 {
		n, k := p.n, p.k
		p.m, p.n, p.k = n, k, (p.m+1)/2
		if kernel == "Gemv" {
			p.m, p.n, p.k = 1, (n+1)/2, k
		}
	}
	v.calls = r.IntN(offsets)
	return v.product(r, p)
}
