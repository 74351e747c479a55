// Package measure times kernels, products and training beside their ceilings and beside pure Go, in turns, and checks
// what they return against the definitions, once and outside of the timing.
package measure

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/ceiling"
	"github.com/bitstep-go/bitstep/bench/internal/machine"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/bench/internal/turns"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Options choose what is measured.
type Options struct {
	Machine  record.Machine
	Groups   []string // of rows: record.Ceiling, Kernel, Product, Training
	Kernels  []string // names in the table
	Types    []string // float32, float64
	Backends []bitstep.Backend
	Levels   []ceiling.Level // working sets of the kernels
	Brief    bool            // beyond L2, where bytes count: one type, threads once a pattern, no slow kernel
	Sizes    []ceiling.Level // of loads, stores and copies
	Threads  []int           // ascending
	N        []int           // of the products
	Images   int             // of an epoch
	Timer    turns.Timer
	Counters bool
	Between  func() // is called between measurements
}

// Default measures everything with the active backend.
func Default(m record.Machine) Options {
	o := Options{Machine: m, Groups: []string{record.Ceiling, record.Kernel, record.Product, record.Training},
		Types: Types, Backends: []bitstep.Backend{bitstep.Active()}, Levels: ceiling.Levels(m),
		Sizes: ceiling.Sizes(m), Threads: []int{1}, N: slices.Clone(sizes), Images: 50000,
		Timer: turns.Timer{Samples: 15, Least: 60 * time.Microsecond}, Brief: true}
	for _, row := range table.Rows {
		o.Kernels = append(o.Kernels, row.Name)
	}
	if m.Threads > 1 {
		o.Threads = append(o.Threads, m.Threads)
	}
	return o
}

// Quick measures a little of everything, to see that it works.
func Quick(m record.Machine) Options {
	o := Default(m)
	o.Levels, o.N, o.Images = o.Levels[:1], o.N[:2], 2560
	o.Sizes = slices.DeleteFunc(o.Sizes, func(l ceiling.Level) bool { return l.Bytes > 1<<20 })
	o.Timer = turns.Timer{Samples: 3, Least: 50 * time.Microsecond}
	return o
}

// Types are the element types.
var Types = []string{"float32", "float64"}

// A WrongError is a result that is not the definition's.
type WrongError struct{ What string }

func (e *WrongError) Error() string { return "wrong bits: " + e.What }

// Run measures, and reports each row as soon as it is finished. It ends with the error of the context, or with a
// [WrongError] after the first result that is not the definition's, whose row is reported too.
func Run(ctx context.Context, o Options, report func(record.Row)) error {
	largest := 0
	for _, l := range slices.Concat(o.Levels, o.Sizes) {
		largest = max(largest, l.Bytes)
	}
	defer turns.Calm()() // garbage is collected between groups
	r := &run{ctx: ctx, Options: o, arena: ceiling.NewArena(largest)}
	if err := ceiling.Pinned(1, func() error { r.canary = canary(o.Machine); return nil }); err != nil {
		return err
	}
	r.report = func(row record.Row) {
		report(row)
		if o.Between != nil {
			o.Between()
		}
	}
	for _, group := range []struct {
		name string
		run  func() error
	}{{record.Ceiling, r.ceilings}, {record.Kernel, r.kernels}, {record.Product, r.products},
		{record.Training, r.training}} {
		if !slices.Contains(o.Groups, group.name) {
			continue
		}
		if err := group.run(); err != nil {
			return err
		}
		runtime.GC()
	}
	return nil
}

type run struct {
	Options
	ctx    context.Context
	report func(record.Row)
	arena  ceiling.Arena
	canary *turns.Canary
}

// canary reads and writes half of L1 of float32.
func canary(m record.Machine) *turns.Canary {
	n := max(256, min(m.L1, 64<<10)/16)
	x, y, e := make([]float32, n), make([]float32, n), bitstep.On[float32](bitstep.Active()).Threads(1)
	return turns.NewCanary(func() { e.Axpy(y, x, .5) })
}

// again is for how long a row is timed again and again that something disturbs: one from memory is not.
const again = 20 * time.Millisecond

// inTurns times functions in turns, again if something disturbed them, and reports whether it did each time. Of several
// threads one waits for another from which other processes take the CPU.
func (r *run) inTurns(threads int, fns ...func()) (times []turns.Series, disturbed bool, err error) {
	for start := time.Now(); times == nil || time.Since(start) < again; {
		disturbed = r.canary.Disturbed()
		lost, began := machine.LostSoFar(), time.Now()
		if times, err = r.Timer.Run(r.ctx, fns...); err != nil {
			return nil, disturbed, err
		}
		took, lost := time.Since(began), machine.LostSoFar().Since(lost)
		crowded := threads > 1 && lost.Counts(len(times[0])*len(fns), took)
		if disturbed = r.canary.Disturbed() || disturbed || crowded; !disturbed {
			break
		}
	}
	return times, disturbed, nil
}

func (r *run) ceilings() error {
	return ceiling.Run(r.ctx, ceiling.Options{Machine: r.Machine, Types: r.Types, Backends: r.Backends,
		Levels: r.Levels, Sizes: r.Sizes, Threads: r.Threads, Timer: r.Timer, Arena: r.arena}, r.report)
}

// A bound is a ceiling that a row may have: a call that does a part of what the row's call does and nothing else.
type bound struct {
	name  string
	call  func()
	scale float64 // the call's work over the row's
}

// A timed is what is to be timed in turns.
type timed struct {
	row    record.Row // what is known of it
	call   func()
	pure   func()  // the same in pure Go on one thread; nil: not asked
	part   float64 // of the call, which pure does; 0 is all
	alone  func()  // the same on one thread; nil: it is that
	bounds []bound
}

// time times a call, its bounds, and the same call in other ways, and fills the row in. Of the bounds, the one that
// takes the longest is the ceiling.
func (r *run) time(t timed) (row record.Row, err error) {
	row = t.row
	err = ceiling.Pinned(row.Threads, func() error {
		fns := []func(){t.call}
		for _, b := range t.bounds {
			fns = append(fns, b.call)
		}
		times, disturbed, err := r.inTurns(row.Threads, fns...)
		if err != nil {
			return err
		}
		s := ceiling.NewRow(row.Group, row.Name, times[0])
		row.Samples, row.Median, row.Spread, row.Unstable = s.Samples, s.Median, s.Spread, s.Unstable
		for i, b := range t.bounds {
			shares := times[1+i].Over(times[0])
			for j := range shares {
				shares[j] /= b.scale
			}
			if share := shares.Median(); share > row.Share {
				row.Ceiling, row.Share, row.Shares, row.Unstable = b.name, share, shares, !shares.Stable()
			}
		}
		row.Unstable = row.Unstable || disturbed
		few := turns.Timer{Samples: (r.Timer.Samples + 4) / 5, Least: r.Timer.Least}
		if t.pure != nil {
			times, err := few.Run(r.ctx, t.call, t.pure)
			if err != nil {
				return err
			}
			row.VersusGo = times[1].Over(times[0]).Median() / cmp.Or(t.part, 1)
		}
		if t.alone != nil {
			times, err := few.Run(r.ctx, t.call, t.alone)
			if err != nil {
				return err
			}
			row.Scaling = times[1].Over(times[0]).Median()
		}
		if r.Counters && row.Threads == 1 {
			row.Counters = count(t.call)
		}
		return nil
	})
	return row, err
}

// count returns what the hardware counts in one call, nil where it does not.
func count(call func()) map[string]float64 {
	c, err := machine.OpenCounters()
	if err != nil {
		return nil
	}
	defer c.Close()
	c.Start()
	call()
	return c.Stop()
}

// fastest is the backend that ceilings are measured with for rows in pure Go.
func fastest(b bitstep.Backend) bitstep.Backend {
	if all := bitstep.Backends(); b == bitstep.Go {
		return all[len(all)-1]
	}
	return b
}

func wrong(format string, args ...any) error { return &WrongError{fmt.Sprintf(format, args...)} }
