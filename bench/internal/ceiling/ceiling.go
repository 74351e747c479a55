// Package ceiling measures what a machine can do at most: the rates of arithmetic in registers, the bandwidth of each
// level of memory for each pattern of streams, latencies, and what waking a thread and touching a page take.
package ceiling

import (
	"context"
	"runtime"
	"slices"
	"time"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/machine"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/bench/internal/turns"
	"github.com/bitstep-go/bitstep/internal/crew"
	"github.com/bitstep-go/bitstep/internal/traffic"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Options choose what is measured.
type Options struct {
	Machine  record.Machine
	Types    []string // float32, float64
	Backends []bitstep.Backend
	Levels   []Level // of the patterns of kernels, and of latencies
	Sizes    []Level // of loads, stores and copies
	Threads  []int
	Timer    turns.Timer
	Arena    Arena // has room for the largest level and size
}

// Sizes are the working sets over which bandwidth is measured: powers of two from 4 KB to 256 MB, as far as memory
// reaches.
func Sizes(m record.Machine) (all []Level) {
	for bytes := 4 << 10; bytes <= 256<<20; bytes *= 2 {
		if Fits(bytes) {
			all = append(all, NewLevel(m, bytes))
		}
	}
	return all
}

// Simple are the patterns of streams that have names of their own.
var Simple = map[string]string{"R": "load", "W": "store", "WR": "copy"}

// Name is that of a pattern's ceiling.
func Name(pattern string) string {
	if name, ok := Simple[pattern]; ok {
		return name
	}
	return "streams " + pattern
}

// Run measures the ceilings, and reports each.
func Run(ctx context.Context, o Options, report func(record.Row)) error {
	r := run{ctx, o, report}
	for _, b := range o.Backends {
		if b == bitstep.Go {
			continue // what it could reach is what the others show
		}
		for _, typ := range o.Types {
			alone, together := arithmetic[float32], shared[float32]
			if typ == "float64" {
				alone, together = arithmetic[float64], shared[float64]
			}
			if err := alone(r, b, typ); err != nil {
				return err
			}
			for _, threads := range r.Threads {
				if threads == 1 {
					continue
				}
				if err := together(r, b, typ, threads); err != nil {
					return err
				}
			}
		}
	}
	fastest := o.Backends[len(o.Backends)-1]
	for _, threads := range o.Threads {
		if err := r.bandwidths(fastest, threads); err != nil {
			return err
		}
	}
	for _, measure := range []func() error{r.latencies, r.waking, r.pages} {
		if err := measure(); err != nil {
			return err
		}
	}
	return nil
}

type run struct {
	ctx context.Context
	Options
	report func(record.Row)
}

// Pinned calls f on a thread that stays on its CPU, if it is to be alone and the system allows it.
func Pinned(threads int, f func() error) error {
	if threads == 1 {
		_, undo, _ := machine.Pin()
		defer undo()
	}
	return f()
}

// NewRow returns a row with its samples.
func NewRow(group, name string, s turns.Series) record.Row {
	r := record.Row{Group: group, Name: name, Threads: 1, Samples: s, Unstable: !s.Stable()}
	r.Median, r.Spread = record.Statistics(s)
	return r
}

// arithmetic measures the rate and the latency of each operation in registers, all in turns.
func arithmetic[T kernels.Float](r run, b bitstep.Backend, typ string) error {
	const turn = 500 // some microseconds
	var fns []func()
	var work []float64
	ops := []traffic.Op{traffic.Add, traffic.Mul, traffic.FMA, traffic.Div, traffic.Sqrt}
	for _, op := range ops {
		work = append(work, traffic.Rate[T](b, op, turn), traffic.Chain[T](b, op, turn))
		fns = append(fns, func() { traffic.Rate[T](b, op, turn) }, func() { traffic.Chain[T](b, op, turn) })
	}
	if slices.Contains(work, 0) {
		return nil
	}
	return Pinned(1, func() error {
		times, err := r.Timer.Run(r.ctx, fns...)
		if err != nil {
			return err
		}
		multiply := times[2*slices.Index(ops, traffic.Mul)+1]
		for i, op := range ops {
			row := NewRow(record.Ceiling, op.String(), times[2*i])
			row.Type, row.Backend, row.N = typ, b.String(), int(work[2*i])
			row.NsPerElement, row.FLOPs = row.Median/work[2*i], 1
			if op == traffic.FMA {
				row.FLOPs = 2
			}
			row.GFLOPs = row.FLOPs / row.NsPerElement
			r.report(row)
		}
		for i, op := range ops {
			s := slices.Clone(times[2*i+1])
			if op == traffic.Sqrt { // each root waits for a multiplication too
				for j := range s {
					s[j] = max(s[j]-multiply[j], 1e-3)
				}
			}
			row := NewRow(record.Ceiling, op.String()+" latency", s)
			row.Type, row.Backend, row.N = typ, b.String(), int(work[2*i+1])
			row.NsPerElement = row.Median / work[2*i+1]
			r.report(row)
		}
		return nil
	})
}

// Peak returns a call of nothing but fma in registers, on so many threads, and how much arithmetic that is: about as
// much as is asked for, but at most some 300 microseconds and, on several threads, no less, so that waking them takes
// little of it. It returns nil where there is no assembly.
func Peak[T kernels.Float](b bitstep.Backend, threads int, flops float64) (call func(), work float64) {
	const most = 100000 // turns
	per := 2 * traffic.Rate[T](b, traffic.FMA, 1) * float64(threads)
	if per == 0 {
		return nil, 0
	}
	if threads == 1 {
		n := int(max(1, min(flops/per, most)))
		return func() { traffic.Rate[T](b, traffic.FMA, n) }, float64(n) * per
	}
	var c crew.Crew
	return func() {
		c.Run(threads, threads, func(int, int) { traffic.Rate[T](b, traffic.FMA, most) })
	}, most * per
}

// shared measures the peak of so many threads, which is less than as many times that of one where they share cores.
func shared[T kernels.Float](r run, b bitstep.Backend, typ string, threads int) error {
	call, work := Peak[T](b, threads, 0)
	if call == nil {
		return nil
	}
	times, err := r.Timer.Run(r.ctx, call)
	if err != nil {
		return err
	}
	row := NewRow(record.Ceiling, traffic.FMA.String(), times[0])
	row.Type, row.Backend, row.Threads, row.FLOPs = typ, b.String(), threads, 2
	row.GFLOPs = work / row.Median
	row.NsPerElement = row.FLOPs / row.GFLOPs
	r.report(row)
	return nil
}

// Streams returns a call that moves streams as a pattern says, and how often it does. On several threads each has a
// part of the streams, and moves it so often that waking the threads takes little of the time.
func Streams(b bitstep.Backend, pattern string, memory [][]byte, threads int) (call func(), passes int) {
	streams := traffic.Streams(memory)
	if threads == 1 {
		return func() { traffic.Move(b, pattern, streams) }, 1
	}
	whole := len(streams[0])
	var parts [][][]float32
	for t := range threads {
		var part [][]float32
		for _, s := range streams {
			at := func(t int) int { // 128 elements of the longest stream, or a part of a shorter one
				return whole / 128 * t / threads * 128 * len(s) / whole
			}
			end := at(t + 1)
			if t == threads-1 {
				end = len(s)
			}
			part = append(part, s[at(t):end])
		}
		if len(part[0]) > 0 {
			parts = append(parts, part)
		}
	}
	var c crew.Crew
	passes = max(1, 64<<20/(4*whole*len(pattern)))
	return func() {
		c.Run(len(parts), len(parts), func(_, i int) {
			for range passes {
				traffic.Move(b, pattern, parts[i])
			}
		})
	}, passes
}

// bandwidths measures loads, stores and copies over the sizes on one thread and else over the levels, and the patterns
// of the kernels over the levels. What is written keeps its values, but for stores, which write zeros.
func (r run) bandwidths(b bitstep.Backend, threads int) error {
	patterns := []string{"R", "W", "WR"}
	sizes := r.Sizes
	if threads > 1 {
		sizes = r.Levels
	}
	for _, l := range sizes {
		if err := r.bandwidth(b, patterns, l, threads); err != nil {
			return err
		}
	}
	var own []string
	for _, row := range table.Rows {
		if p := row.Pattern(4); Simple[p] == "" && !slices.Contains(own, p) {
			own = append(own, p)
		}
	}
	for _, l := range r.Levels {
		if err := r.bandwidth(b, own, l, threads); err != nil {
			return err
		}
	}
	return nil
}

// bandwidth measures patterns over one working set, in turns.
func (r run) bandwidth(b bitstep.Backend, patterns []string, l Level, threads int) error {
	var fns []func()
	var n, bytes []int
	for _, p := range patterns {
		sizes, perElement := streamSizes(p)
		count := Elements(l.Bytes, sizes...)
		call, passes := Streams(b, p, r.Arena.Cut(count, sizes...), threads)
		n, bytes, fns = append(n, count*passes), append(bytes, perElement), append(fns, call)
	}
	return Pinned(threads, func() error {
		times, err := r.Timer.Run(r.ctx, fns...)
		for i, s := range times {
			row := NewRow(record.Ceiling, Name(patterns[i]), s)
			row.Backend, row.Threads, row.Level, row.Bytes, row.N = b.String(), threads, l.Name, l.Bytes, n[i]
			row.BytesPerElement = float64(bytes[i])
			row.NsPerElement = row.Median / float64(n[i])
			row.GBs = row.BytesPerElement / row.NsPerElement
			r.report(row)
		}
		return err
	})
}

// streamSizes returns the bytes of an element of each stream of a pattern of float32, and how many a call moves of all.
func streamSizes(pattern string) (sizes []int, moved int) {
	for _, kind := range pattern {
		size := 4
		switch kind {
		case 'Q':
			size = 1
		case 'O':
			panic("ceiling: no float32 has a stream of an eighth")
		case 'U':
			moved += size
		}
		sizes, moved = append(sizes, size), moved+size
	}
	return sizes, moved
}

// A link is a line of memory that says where the next is.
type link struct {
	next *link
	_    [line - unsafePointerSize]byte
}

const unsafePointerSize = 4 << (^uintptr(0) >> 63)

// chain makes one ring of links in an order that no prefetcher guesses, by Sattolo's algorithm.
func chain(links []link) *link {
	order := make([]int32, len(links))
	for i := range order {
		order[i] = int32(i)
	}
	x := uint64(1)
	for i := len(order) - 1; i > 0; i-- {
		x = x*6364136223846793005 + 1442695040888963407
		j := int(x>>33) % i
		order[i], order[j] = order[j], order[i]
	}
	for i := range order {
		links[i].next = &links[order[i]]
	}
	return &links[0]
}

// latency times loads that wait for each other; calls go on where the last ended, so that no part of the ring is hot.
func (r run) latency(name string, l Level, links []link) error {
	const hops = 512
	at := chain(links)
	times, err := r.Timer.Run(r.ctx, func() {
		p := at
		for range hops {
			p = p.next
		}
		at = p
	})
	if err != nil {
		return err
	}
	row := NewRow(record.Ceiling, name, times[0])
	row.Level, row.Bytes, row.N = l.Name, l.Bytes, hops
	row.NsPerElement = row.Median / hops
	r.report(row)
	return nil
}

func (r run) latencies() error {
	return Pinned(1, func() error {
		for _, l := range r.Levels {
			if err := r.latency("load latency", l, make([]link, l.Bytes/line)); err != nil {
				return err
			}
		}
		return nil
	})
}

// waking measures how long a goroutine that has waited for a while takes to run after it gets a message.
func (r run) waking() error {
	if runtime.GOMAXPROCS(0) < 2 {
		return nil
	}
	sent, woke := make(chan time.Time), make(chan time.Duration)
	defer close(sent)
	go func() {
		for start := range sent {
			woke <- time.Since(start)
		}
	}()
	var s turns.Series
	for range 3 * r.Timer.Samples {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		time.Sleep(time.Millisecond)
		sent <- time.Now()
		for start := time.Now(); time.Since(start) < 100*time.Microsecond; {
			// This goroutine works on, as one that shares its work does.
		}
		s = append(s, max(float64(<-woke), 1))
	}
	row := NewRow(record.Ceiling, "waking a thread", s)
	row.Threads, row.NsPerElement = 2, row.Median
	r.report(row)
	return nil
}
