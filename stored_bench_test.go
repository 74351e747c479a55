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
	"github.com/bitstep-go/bitstep/internal/traffic"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Steps with roots in narrow storage, in turns with the same step in float32: of-float32 is the median of the ratios of
// their times. In the second cache, and at 256 MB of Adam's float32 on one thread and on all.
func BenchmarkStored(b *testing.B) {
	for _, row := range table.Rows {
		if row.Kind != table.Step || !program.Must(row).Ops[program.Sqrt] {
			continue
		}
		for _, form := range table.Forms {
			narrow, _ := row.In(form)
			for _, backend := range bitstep.Backends()[1:] {
				for _, nearest := range []bool{true, false} {
					for _, at := range []struct{ n, threads int }{{1 << 15, 1}, {1 << 24, 1}, {1 << 24, 0}} {
						name := fmt.Sprintf("kernel=%s/form=%s/nearest=%v/backend=%v/n=%d/threads=%d",
							row.Name, form.Name, nearest, backend, at.n, at.threads)
						b.Run(name, func(b *testing.B) {
							benchStored(b, row, narrow, bitstep.On[float32](backend).Threads(at.threads), at.n,
								kernels.Rounding{Nearest: nearest})
						})
					}
				}
			}
		}
	}
}

func benchStored(b *testing.B, row, narrow table.Row, k bitstep.Engine[float32], n int, r kernels.Rounding) {
	op, coef := lasting[float32](row, n)
	stored := rows.NewStored(narrow, n)
	for i, s := range op {
		wide, random := s.([]float32), kernels.Rounding{Nearest: true}
		switch stored[i].Storage() {
		case table.Element:
			copy(stored[i].Float32, wide)
		case table.BFloat16:
			bitstep.Narrow(k).ToBFloat16(stored[i].BFloat16, wide, random)
		case table.Block8:
			bitstep.Narrow(k).EncodeBlocks(stored[i].Block8, wide, !row.Operands[i].NonNegative, random)
		}
	}
	var ratios, times []float64
	calls := max(1, 1<<18/n) // that a clock can tell
	for b.Loop() {
		start := time.Now()
		for range calls {
			rows.Call(k, row, coef, op)
		}
		middle := time.Now()
		for range calls {
			rows.CallStored(bitstep.Narrow(k), narrow, coef, stored, r)
		}
		end := time.Now()
		r.Step++
		ratios = append(ratios, float64(end.Sub(middle))/float64(middle.Sub(start)))
		times = append(times, float64(end.Sub(middle))/float64(n*calls))
	}
	slices.Sort(ratios)
	slices.Sort(times)
	b.ReportMetric(ratios[len(ratios)/2], "of-float32")
	b.ReportMetric(times[len(times)/2], "ns/elem")
}

// Conversions on one thread, in turns with a loop that moves the same streams: of-traffic is the median of the ratios
// of times. In the second cache (half a megabyte of both operands) and at 256 MB.
func BenchmarkConversions(b *testing.B) {
	for _, c := range table.Conversions {
		roundings := []bool{true}
		if o := c.Operands[0]; o.Stochastic(o.Storage) {
			roundings = []bool{true, false}
		}
		for _, nearest := range roundings {
			for _, backend := range bitstep.Backends()[1:] {
				for _, bytes := range []int{1 << 19, 1 << 28} {
					n := bytes / c.Traffic(4) &^ 127
					name := fmt.Sprintf("conversion=%s/nearest=%v/backend=%v/n=%d", c.Name, nearest, backend, n)
					r := kernels.Rounding{Nearest: nearest}
					b.Run(name, func(b *testing.B) {
						benchConversion(b, c, bitstep.On[float32](backend).Threads(1), n, r)
					})
				}
			}
		}
	}
}

func benchConversion(b *testing.B, c table.Conversion, k bitstep.Engine[float32], n int, r kernels.Rounding) {
	op := rows.NewStored(c.Row, n)
	var memory [][]byte
	for _, s := range op { // all written once: what never was is one page of zeros, which is read from L1
		switch {
		case s.Float32 != nil:
			for i := range s.Float32 {
				s.Float32[i] = 1 + float32(i%1021)/1021
			}
			memory = append(memory, unsafe.Slice((*byte)(unsafe.Pointer(&s.Float32[0])), 4*n))
		case s.BFloat16 != nil:
			for i := range s.BFloat16 {
				s.BFloat16[i] = bitstep.BFloat16(0x3c00 + i%1021)
			}
			memory = append(memory, unsafe.Slice((*byte)(unsafe.Pointer(&s.BFloat16[0])), 2*n))
		default:
			for i := range s.Block8.Codes {
				s.Block8.Codes[i] = uint8(i)
			}
			for i := range s.Block8.Scales {
				s.Block8.Scales[i] = 127
			}
			memory = append(memory, s.Block8.Codes)
		}
	}
	streams := traffic.Streams(memory)
	var ratios, times []float64
	calls := max(1, 1<<20/n) // that a clock can tell
	for b.Loop() {
		start := time.Now()
		for range calls {
			traffic.Move(k.Backend(), c.Pattern(4), streams)
		}
		middle := time.Now()
		for range calls {
			rows.Convert(bitstep.Narrow(k), c, op, r)
		}
		end := time.Now()
		ratios = append(ratios, float64(end.Sub(middle))/float64(middle.Sub(start)))
		times = append(times, float64(end.Sub(middle))/float64(n*calls))
	}
	slices.Sort(ratios)
	slices.Sort(times)
	b.ReportMetric(ratios[len(ratios)/2], "of-traffic")
	b.ReportMetric(times[len(times)/2], "ns/elem")
	b.ReportMetric(0, "ns/op")
}
