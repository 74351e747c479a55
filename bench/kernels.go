package main

import (
	"fmt"
	"io"
	"runtime"
	"time"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/internal/traffic"
	"github.com/bitstep-go/bitstep/kernels"
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
	bar := newProgress("measuring", 2*len(kernels.Table)*len(all))
	defer bar.Finish()
	for _, typ := range []string{"float32", "float64"} {
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
		for _, row := range kernels.Table {
			line := fmt.Sprintf("%-23s", row.Name)
			for _, l := range all {
				var r result
				if typ == "float32" {
					r = measureRow[float32](b, row, l, arena, quick)
				} else {
					r = measureRow[float64](b, row, l, arena, quick)
				}
				results = append(results, r)
				line += fmt.Sprintf(" %6.3f %5.1f %3.0f%% %4.1fx", r.NsPerElem, r.GBs, 100*r.Ceiling, r.VersusGo)
				bar.Add(1)
			}
			if len(all) == 4 && m.Threads > 1 {
				one := results[len(results)-1]
				var r result
				if typ == "float32" {
					r = measureThreads[float32](b, row, all[3], arena, m.Threads)
				} else {
					r = measureThreads[float64](b, row, all[3], arena, m.Threads)
				}
				results = append(results, r)
				line += fmt.Sprintf(" %8.2fx", one.NsPerElem/r.NsPerElem)
			}
			bar.Clear()
			fmt.Fprintln(w, line)
		}
	}
	return results
}

// operands cuts n elements for each operand from the arena. Neighbours start 17 lines apart from a
// multiple of 4 KB, so that streams do not meet in the same sets of a cache.
func operands[T kernels.Float](row kernels.Row, l level, arena []float64) (op [][]T, n int) {
	size := int(unsafe.Sizeof(T(0)))
	n = max(256, l.bytes/len(row.Operands)/size&^255)
	all := unsafe.Slice((*T)(unsafe.Pointer(&arena[0])), len(arena)*8/size)
	const line = 64
	at := 0
	for i := range row.Operands {
		at = (at*size+4095)/4096*4096/size + 17*i*line/size
		if at+n > len(all) {
			n = (len(all) - at) &^ 255
		}
		op = append(op, all[at:at+n])
		at += n
	}
	for i := range op {
		op[i] = op[i][:n]
		for j := range op[i] {
			op[i][j] = 1
		}
	}
	return op, n
}

// coefficients that keep values of ordinary size: zeros, but for what is divided by.
func ordinary[T kernels.Float](row kernels.Row) any {
	coef := rows.NewCoef[T](row)
	switch c := coef.(type) {
	case *kernels.AdamCoef[T]:
		*c = kernels.NewAdamAlmost[T](kernels.AdamHyper{Beta1: 0.5, Beta2: 0.5, Eps: 1})
	case *kernels.AMSGradCoef[T]:
		*c = kernels.AMSGradCoef[T](kernels.NewAdamAlmost[T](kernels.AdamHyper{Beta1: 0.5, Beta2: 0.5, Eps: 1}))
	case *kernels.AdaGradCoef[T]:
		c.Eps = 1
	case *kernels.RMSPropCoef[T]:
		*c = kernels.NewRMSProp[T](kernels.RMSPropHyper{Decay: 0.5, Eps: 1})
	case *kernels.RMSPropMomentumCoef[T]:
		*c = kernels.NewRMSPropMomentum[T](kernels.RMSPropHyper{Decay: 0.5, Eps: 1})
	case *kernels.RMSPropCenteredCoef[T]:
		*c = kernels.NewRMSPropCentered[T](kernels.RMSPropHyper{Decay: 0.5, Eps: 1})
	case *kernels.RMSPropCenteredMomentumCoef[T]:
		*c = kernels.NewRMSPropCenteredMomentum[T](kernels.RMSPropHyper{Decay: 0.5, Eps: 1})
	}
	return coef
}

func name[T kernels.Float](row kernels.Row, b bitstep.Backend, n int) string {
	return fmt.Sprintf("kernel=%s/type=%T/backend=%v/n=%d", row.Name, T(0), b, n)
}

// measureRow times a kernel and, in turns with it, the ceiling on the same memory: two parts of memory were
// seen to differ by 10 % in speed, by what pages they happen to be made of.
func measureRow[T kernels.Float](b bitstep.Backend, row kernels.Row, l level, arena []float64, quick bool) result {
	op, n := operands[T](row, l, arena)
	coef := ordinary[T](row)
	size := int(unsafe.Sizeof(T(0)))
	var streams [][]float32
	for _, s := range op {
		streams = append(streams, unsafe.Slice((*float32)(unsafe.Pointer(&s[0])), n*size/4))
	}
	k, pure := bitstep.On[T](b).Threads(1), bitstep.On[T](bitstep.Go).Threads(1)
	samples, least := 9, 2*time.Millisecond
	if quick {
		samples, least = 3, time.Millisecond/2
	}
	t := compare(samples, least,
		func() { rows.Call(k, row, coef, op) },
		func() { traffic.Move(b, row.Pattern(), streams) })
	g := compare(min(samples, 3), least, func() { rows.Call(pure, row, coef, op) })
	reads, writes := row.Streams()
	ns := t[0].median() / float64(n)
	return result{Name: name[T](row, b, n), Level: l.name, Threads: 1, NsPerElem: ns,
		GBs: float64((reads+writes)*size) / ns, Ceiling: t[1].over(t[0]),
		VersusGo: g[0].median() / t[0].median()}
}

func measureThreads[T kernels.Float](b bitstep.Backend, row kernels.Row, l level, arena []float64, threads int) result {
	op, n := operands[T](row, l, arena)
	coef, k := ordinary[T](row), bitstep.On[T](b).Threads(threads)
	t := compare(5, 2*time.Millisecond, func() { rows.Call(k, row, coef, op) })
	reads, writes := row.Streams()
	ns := t[0].median() / float64(n)
	runtime.KeepAlive(op)
	return result{Name: name[T](row, b, n), Level: l.name, Threads: threads, NsPerElem: ns,
		GBs: float64((reads+writes)*int(unsafe.Sizeof(T(0)))) / ns}
}
