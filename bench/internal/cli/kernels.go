package cli

import (
	"fmt"
	"io"
	"time"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/internal/traffic"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// A level is a place that operands come from: the working set, all of a call's streams together.
type level struct {
	name  string
	bytes int
}

// levels sizes the working sets: half of L1 and L2; out of L2 but well inside L3, of which a virtual
// machine may have only a part; and at least four times L3, since hot data must not pass for memory.
func levels(m machine, quick bool) []level {
	all := []level{{"L1", m.L1 / 2}, {"L2", m.L2 / 2}, {"L3", max(2*m.L2, m.L3/4)}, {"DRAM", max(4*m.L3, 256<<20)}}
	if quick {
		return all[:1]
	}
	return all
}

// measureKernels times every kernel of the table at every level against the traffic ceiling for its
// streams and against pure Go.
func measureKernels(w io.Writer, m machine, b bitstep.Backend, quick bool) (results []result) {
	all := levels(m, quick)
	// One arena holds the streams of every kernel. Touching it first makes its pages present.
	arena := make([]float64, all[len(all)-1].bytes/8+1<<16)
	for i := range arena {
		arena[i] = 1
	}
	bar := newProgress("measuring", len(elementTypes)*len(table.Rows)*len(all))
	defer bar.Finish()
	for _, typ := range elementTypes {
		one, _ := byType(typ, measureRow[float32], measureRow[float64])
		shared, _ := byType(typ, measureThreads[float32], measureThreads[float64])
		fmt.Fprintf(w, "\n%s on %v, one thread: ns per element, GB/s, share of the traffic ceiling, times pure Go\n",
			typ, b)
		fmt.Fprintf(w, "%-23s", "")
		for _, l := range all {
			fmt.Fprintf(w, " %22s", fmt.Sprintf("%s (%s)", l.name, size(l.bytes)))
		}
		if len(all) == 4 && m.Threads > 1 {
			fmt.Fprintf(w, " %9s", fmt.Sprintf("%d threads", m.Threads))
		}
		fmt.Fprintln(w)
		for _, row := range table.Rows {
			line := fmt.Sprintf("%-23s", row.Name)
			for _, l := range all {
				r := one(b, row, l, arena, quick)
				results = append(results, r)
				line += fmt.Sprintf(" %6.3f %5.1f %3.0f%% %4.1fx", r.NsPerElem, r.GBs, 100*r.Ceiling, r.VersusGo)
				bar.Add(1)
			}
			if len(all) == 4 && m.Threads > 1 {
				alone, r := results[len(results)-1], shared(b, row, all[3], arena, m.Threads)
				results = append(results, r)
				line += fmt.Sprintf(" %8.2fx", alone.NsPerElem/r.NsPerElem)
			}
			bar.Clear()
			fmt.Fprintln(w, line)
		}
	}
	return results
}

// operands cuts n elements for each operand from the arena. Neighbours start 17 lines apart from a
// multiple of 4 KB, so that streams do not meet in the same sets of a cache.
func operands[T kernels.Float](row table.Row, l level, arena []float64) (op []any, memory [][]byte, n int) {
	const line, page = 64, 4096
	size, perElement := int(unsafe.Sizeof(T(0))), 0
	for _, o := range row.Operands {
		perElement += o.Storage.Size(size)
	}
	all := unsafe.Slice((*byte)(unsafe.Pointer(&arena[0])), len(arena)*8)
	room := min(l.bytes, len(all)-len(row.Operands)*2*page)
	n = max(256, room/perElement&^255)
	at := 0
	for i, o := range row.Operands {
		at = (at+page-1)/page*page + 17*i*line
		m := all[at : at+n*o.Storage.Size(size)]
		at += len(m)
		memory = append(memory, m)
		if o.Storage == table.Byte {
			for j := range m {
				m[j] = 1
			}
			op = append(op, m)
			continue
		}
		s := unsafe.Slice((*T)(unsafe.Pointer(&m[0])), n)
		for j := range s {
			s[j] = rows.Ordinary[T](o)
		}
		op = append(op, s)
	}
	return op, memory, n
}

// ordinary returns coefficients that keep values of ordinary size call after call: zeros for what would grow or vanish.
func ordinary[T kernels.Float](row table.Row) any {
	if row.Kind == table.Step {
		return rows.Lasting[T](row)
	}
	return rows.NewCoef[T](row)
}

func name[T kernels.Float](row table.Row, b bitstep.Backend, n int) string {
	return fmt.Sprintf("kernel=%s/type=%T/backend=%v/n=%d", row.Name, T(0), b, n)
}

// measureRow times a kernel and, in turns with it, the ceiling on the same memory: two parts of memory were
// seen to differ by 10 % in speed, by what pages they happen to be made of.
func measureRow[T kernels.Float](b bitstep.Backend, row table.Row, l level, arena []float64, quick bool) result {
	op, memory, n := operands[T](row, l, arena)
	coef := ordinary[T](row)
	size := int(unsafe.Sizeof(T(0)))
	streams, pattern := traffic.Streams(memory), row.Pattern(size)
	k, pure := bitstep.On[T](b).Threads(1), bitstep.On[T](bitstep.Go).Threads(1)
	samples, least := 9, 2*time.Millisecond
	if quick {
		samples, least = 3, time.Millisecond/2
	}
	t := compare(samples, least,
		func() { rows.Call(k, row, coef, op) },
		func() { traffic.Move(b, pattern, streams) })
	g := compare(min(samples, 3), least, func() { rows.Call(pure, row, coef, op) })
	ns := t[0].median() / float64(n)
	return result{Name: name[T](row, b, n), Level: l.name, Threads: 1, NsPerElem: ns,
		GBs: float64(row.Traffic(size)) / ns, Ceiling: t[1].over(t[0]),
		VersusGo: g[0].median() / t[0].median()}
}

func measureThreads[T kernels.Float](b bitstep.Backend, row table.Row, l level, arena []float64, threads int) result {
	op, _, n := operands[T](row, l, arena)
	coef, k := ordinary[T](row), bitstep.On[T](b).Threads(threads)
	t := compare(5, 2*time.Millisecond, func() { rows.Call(k, row, coef, op) })
	ns := t[0].median() / float64(n)
	return result{Name: name[T](row, b, n), Level: l.name, Threads: threads, NsPerElem: ns,
		GBs: float64(row.Traffic(int(unsafe.Sizeof(T(0))))) / ns}
}
