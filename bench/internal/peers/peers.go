// Package peers measures what else a Go program can call, beside bitstep and in turns with it: loops in Go, gonum, the
// compiler's own vectors, and libraries of C that are installed.
package peers

import (
	"context"
	"fmt"
	"runtime"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/ceiling"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/bench/internal/turns"
	"github.com/bitstep-go/bitstep/kernels"
)

// A peer is what computes what bitstep does, in an order of its own. What it lacks is nil.
type peer[T kernels.Float] struct {
	name string
	gemm func(transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, c []T, ldc int) // C = A*B
	axpy func(a T, x, y []T)                                                                    // y = y + a*x
	dot  func(x, y []T) T
	adam func(x, m, v, g []T, c *kernels.AdamCoef[T]) // [kernels.Adam], without its Prelude
}

// ours is what peers are compared with.
const ours = "bitstep"

func bitsteps[T kernels.Float](e bitstep.Engine[T]) peer[T] {
	return peer[T]{ours,
		func(transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, c []T, ldc int) {
			e.Gemm(transA, transB, m, n, k, 1, a, lda, b, ldb, 0, c, ldc)
		},
		func(a T, x, y []T) { e.Axpy(y, x, a) },
		e.Dot,
		func(x, m, v, g []T, c *kernels.AdamCoef[T]) { e.Adam(x, m, v, g, *c) },
	}
}

// Options say what is measured.
type Options struct {
	Backend bitstep.Backend
	Machine record.Machine
	Quick   bool // fewer sizes, nothing from memory
	Timer   turns.Timer
	Between func() // is called between measurements
}

// Missing says which peers there could be, and why they are not there.
func Missing() (missing []string) {
	if _, err := archsimd(); err != nil {
		missing = append(missing, err.Error())
	}
	_, _, errs := libraries()
	for _, err := range errs {
		missing = append(missing, err.Error())
	}
	return missing
}

// Run measures every task on every peer that has it, and hands over a row for each. If a result of bitstep is not that
// of its definition to the bit, or that of a peer is farther from it than rounding can explain, Run goes on and returns
// an error at the end.
func Run(ctx context.Context, o Options, emit func(record.Row)) error {
	defer turns.Calm()()
	libraries32, libraries64, _ := libraries()
	peers32 := []peer[float32]{bitsteps(bitstep.On[float32](o.Backend).Threads(1)), loops[float32](), gonum32}
	if p, err := archsimd(); err == nil {
		peers32 = append(peers32, p)
	}
	peers64 := []peer[float64]{bitsteps(bitstep.On[float64](o.Backend).Threads(1)), loops[float64](), gonum64}
	first := run(ctx, o, append(peers32, libraries32...), emit)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	second := run(ctx, o, append(peers64, libraries64...), emit)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case first != nil:
		return first
	}
	return second
}

// run measures the tasks of an element type, and returns the first wrong result.
func run[T kernels.Float](ctx context.Context, o Options, peers []peer[T], emit func(record.Row)) (wrong error) {
	for _, t := range tasks[T](o) {
		if ctx.Err() != nil {
			return wrong
		}
		instance := t.make()
		var calls []func()
		var rows []record.Row
		for _, p := range peers {
			call := instance.call(p)
			if call == nil {
				continue
			}
			row := t.row
			row.Group, row.Peer, row.Type, row.Threads = record.Peer, p.name, fmt.Sprintf("%T", T(0)), 1
			if p.name == ours {
				row.Backend = o.Backend.String()
			}
			hash, err := instance.check(p)
			if err != nil && wrong == nil {
				wrong = fmt.Errorf("%s, %s, %s %s%s: %w", p.name, row.Type, row.Name, row.Shape, row.Level, err)
			}
			row.Hash, row.Checked = hash, hash != "" && err == nil
			calls, rows = append(calls, call), append(rows, row)
		}
		var times []turns.Series
		err := ceiling.Pinned(1, func() (err error) {
			times, err = o.Timer.Run(ctx, calls...)
			return err
		})
		if err != nil {
			return wrong
		}
		for i, s := range times {
			row, timed := rows[i], ceiling.NewRow(record.Peer, t.row.Name, s)
			row.Samples, row.Median, row.Spread, row.Unstable = s, timed.Median, timed.Spread, timed.Unstable
			if i > 0 { // what is told of it is how it compares with bitstep
				row.Unstable = !s.Over(times[0]).Stable()
			}
			row.GFLOPs = t.flops / row.Median
			if row.BytesPerElement > 0 {
				row.NsPerElement = row.Median / float64(row.N)
				row.GBs = row.BytesPerElement / row.NsPerElement
			}
			emit(row)
		}
		if o.Between != nil {
			o.Between()
		}
		runtime.GC() // of the operands
	}
	return wrong
}
