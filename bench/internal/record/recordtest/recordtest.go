// Package recordtest makes up records, for tests of what reads and shows them.
package recordtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/bitstep-go/bitstep/bench/internal/measure"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// New returns a record as a whole run on a machine with two cores makes it. The samples are those of the seed.
func New(seed uint64) record.Record {
	g := generator{rand.New(rand.NewPCG(seed, 1)), record.Record{
		Schema: record.Schema, Complete: true, Started: time.Date(2026, 11, 30, 1, 2, 3, 0, time.UTC), Seconds: 101,
		Program: record.Program{Version: "v1.0.0", Revision: "0123456789abcdef0123", Go: "go1.26.8"},
		Machine: record.Machine{CPU: "Example CPU 9000", Vendor: "Example", OS: "linux", Arch: "amd64", Cores: 2,
			Threads: 2, Features: []string{"AVX2", "FMA3", "AVX512F"}, L1: 48 << 10, L2: 1 << 20, L3: 32 << 20,
			Hypervisor: "KVM", HugePages: "madvise", Governor: "not known: no cpufreq", Pinning: "available",
			Counters: "not available: no PMU", Backends: []string{"go", "avx2", "avx512"}, Active: "avx512"},
		Notices: []string{"A hypervisor runs this machine: its clock and neighbours are not known."},
		Verification: &record.Verification{OK: true, Calls: 32400, Backends: []string{"go", "avx2", "avx512"},
			Digest: strings.Repeat("0123456789abcdef", 4),
			Parts: []record.Part{{What: "kernels", Backend: "avx512", Calls: 10800,
				Digest: strings.Repeat("ab", 32)}}},
	}}
	for i, typ := range []string{"float32", "float64"} {
		for _, backend := range g.r.Machine.Backends {
			g.typed(typ, backend, 4<<i)
		}
	}
	for _, from := range []string{"pixels", "features"} {
		for threads := 1; threads <= 2; threads++ {
			g.row(record.Row{Group: record.Training, Name: "svm, adam, from " + from, Type: "float32",
				Backend: "avx512", Threads: threads, N: 50000, ImagesPerSecond: 7e5 * float64(threads),
				Median: 7e7 / float64(threads)})
		}
	}
	for i, peer := range []string{"bitstep", "Go loop", "gonum", "OpenBLAS"} {
		for _, name := range []string{"Dot", "Axpy"} {
			g.row(record.Row{Group: record.Peer, Name: name, Peer: peer, Type: "float32", Threads: 1, Level: "L1",
				N: 4096, Median: 1000 * float64(i+1), GFLOPs: 8 / float64(i+1)})
		}
	}
	return g.r
}

type generator struct {
	*rand.Rand
	r record.Record
}

// typed adds the rows of an element type of so many bytes on a backend.
func (g *generator) typed(typ, backend string, size int) {
	speed := map[string]float64{"go": .1, "avx2": .8, "avx512": 1}[backend] * 4 / float64(size)
	peak := 220 * speed
	rate := map[string]float64{"L1": 250, "L2": 120, "L3": 60, "DRAM": 25}
	if backend != "go" {
		g.row(record.Row{Group: record.Ceiling, Name: "FMA peak", Type: typ, Backend: backend, Threads: 1, GFLOPs: peak,
			Median: 1000})
	}
	for bytes := 4 << 10; bytes <= 256<<20; bytes *= 4 {
		level := "DRAM"
		for i, limit := range []int{g.r.Machine.L1, g.r.Machine.L2, g.r.Machine.L3} {
			if bytes <= limit {
				level = []string{"L1", "L2", "L3"}[i]
				break
			}
		}
		for i, name := range []string{"load", "store", "copy"} {
			if typ == "float32" && backend == "avx512" {
				g.row(record.Row{Group: record.Ceiling, Name: name, Type: typ, Backend: backend, Threads: 1,
					Level: level, Bytes: bytes, GBs: rate[level] / float64(i+1),
					Median: float64(bytes) * float64(i+1) / rate[level]})
			}
		}
	}
	for _, row := range table.Rows {
		flops := float64(strings.Count(strings.Join(row.Lines, ""), "*") + len(row.Lines))
		traffic := float64(row.Traffic(size))
		for i, level := range []string{"L1", "L2", "L3", "DRAM"} {
			ns := max(traffic/rate[level], flops/peak*3) * 1.1
			if backend == "go" {
				ns = max(ns, flops/2)
			}
			bytes := []int{24 << 10, 512 << 10, 8 << 20, 256 << 20}[i]
			n := bytes / int(traffic)
			for threads := 1; threads <= 2; threads++ {
				g.row(record.Row{Group: record.Kernel, Name: row.Name, Type: typ, Backend: backend, Threads: threads,
					Level: level, Bytes: bytes, N: n, Median: ns * float64(n) / math.Sqrt(float64(threads)),
					BytesPerElement: traffic, FLOPs: flops, Ceiling: "streams " + row.Pattern(size), Share: .9,
					VersusGo: flops / 2 / ns * .9,
					Scaling:  math.Sqrt(float64(threads)), Hash: "sha", Checked: true})
			}
		}
	}
	for i, p := range measure.Products {
		for n := 1; n <= 4096; n *= 4 {
			m, nn, k := p.Shape(n)
			gflops := peak * float64(n) / float64(n+4+3*i)
			for threads := 1; threads <= 2; threads++ {
				g.row(record.Row{Group: record.Product, Name: p.Name, Type: typ, Backend: backend, Threads: threads,
					N: n, Shape: fmt.Sprintf("%dx%dx%d", m, nn, k), GFLOPs: gflops * math.Sqrt(float64(threads)),
					Median: 2 * float64(m*nn*k) / gflops / math.Sqrt(float64(threads)), Ceiling: "FMA peak",
					Share: gflops / peak, VersusGo: 10, Scaling: math.Sqrt(float64(threads)), Hash: "sha",
					Checked: true})
			}
		}
	}
}

// row adds a row with samples about its median.
func (g *generator) row(r record.Row) {
	for range 9 {
		r.Samples = append(r.Samples, r.Median*(1+g.Float64()/50))
	}
	r.Median, r.Spread = record.Statistics(r.Samples)
	if r.Share > 0 {
		for _, s := range r.Samples {
			r.Shares = append(r.Shares, r.Share*r.Median/s)
		}
		r.Share, _ = record.Statistics(r.Shares)
	}
	if r.N > 0 && r.Group == record.Kernel {
		r.NsPerElement = r.Median / float64(r.N)
		r.GBs = r.BytesPerElement / r.NsPerElement
	}
	g.r.Rows = append(g.r.Rows, r)
}
