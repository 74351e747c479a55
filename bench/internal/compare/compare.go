// Package compare tells what changed from one record to another.
package compare

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"golang.org/x/perf/benchmath"

	"github.com/bitstep-go/bitstep/bench/internal/record"
)

// Options say how records are compared.
type Options struct {
	ByShare bool    // times over those of the ceilings, which machines that differ have in common
	Alpha   float64 // chance shows a change that is none less often than this
}

// A Line is a row that both records have.
type Line struct {
	record.Key
	Old      float64   `json:"old"`                // the median: nanoseconds, or by share, times the ceiling's time
	New      float64   `json:"new"`                //
	Ratio    float64   `json:"ratio"`              // of the new time to the old
	Interval []float64 `json:"interval,omitempty"` // of the ratio: 95% or more; missing if there are too few samples
	P        float64   `json:"p"`                  // of the test of Mann, Whitney and Wilcoxon
	Change   Change    `json:"change,omitempty"`
	Unstable bool      `json:"unstable,omitempty"` // as one of the rows says
	Bits     bool      `json:"bits_differ,omitempty"`
}

// A Change is significant.
type Change string

const (
	None   Change = ""
	Slower Change = "slower"
	Faster Change = "faster"
)

// A Result is what changed from one record to another.
type Result struct {
	Old     string       `json:"old"` // names of files
	New     string       `json:"new"`
	ByShare bool         `json:"by_share"`
	Mean    float64      `json:"geometric_mean"` // of the ratios; 0 if there are none
	Lines   []Line       `json:"lines"`
	Gone    []record.Key `json:"gone"`  // rows of the old record alone
	Added   []record.Key `json:"added"` // rows of the new record alone
}

// Machines says in what two machines differ, if what they measure cannot be compared therefore.
func Machines(a, b record.Machine) (differences []string) {
	for _, f := range []struct {
		name string
		a, b any
	}{{"CPU", a.CPU, b.CPU}, {"system", a.OS + "/" + a.Arch, b.OS + "/" + b.Arch}, {"cores", a.Cores, b.Cores},
		{"threads", a.Threads, b.Threads}, {"hypervisor", a.Hypervisor, b.Hypervisor}} {
		if f.a != f.b {
			differences = append(differences, fmt.Sprintf("%s %v and %v", f.name, f.a, f.b))
		}
	}
	return differences
}

// Records compares two records of the same machine, or by share of ceilings.
func Records(old, new record.Record, o Options) (Result, error) {
	r := Result{ByShare: o.ByShare, Lines: []Line{}, Gone: []record.Key{}, Added: []record.Key{}}
	if d := Machines(old.Machine, new.Machine); len(d) > 0 && !o.ByShare {
		return r, fmt.Errorf("the machines differ: %s; -share compares shares of their ceilings", strings.Join(d, ", "))
	}
	before, after := index(old, o), index(new, o)
	logs := 0.
	for _, k := range before.order {
		if after.rows[k] == nil {
			r.Gone = append(r.Gone, k)
			continue
		}
		l := compare(k, *before.rows[k], *after.rows[k], o)
		logs += math.Log(l.Ratio)
		r.Lines = append(r.Lines, l)
	}
	for _, k := range after.order {
		if before.rows[k] == nil {
			r.Added = append(r.Added, k)
		}
	}
	if len(r.Lines) > 0 {
		r.Mean = math.Exp(logs / float64(len(r.Lines)))
	}
	return r, nil
}

// An indexed record has its rows by their keys.
type indexed struct {
	order []record.Key
	rows  map[record.Key]*record.Row
}

func index(r record.Record, o Options) indexed {
	x := indexed{rows: map[record.Key]*record.Row{}}
	for i := range r.Rows {
		row := &r.Rows[i]
		if o.ByShare && row.Share == 0 {
			continue // a ceiling, or what has none
		}
		k := row.Key()
		if o.ByShare && k.Level != "" { // which caches of other sizes have with other sizes of their own
			k.Bytes, k.N = 0, 0
		}
		if x.rows[k] == nil { // if a row was measured twice, the first counts
			x.order = append(x.order, k)
			x.rows[k] = row
		}
	}
	return x
}

func compare(k record.Key, old, new record.Row, o Options) Line {
	thresholds := benchmath.Thresholds{CompareAlpha: o.Alpha}
	a, b := sample(old, o, &thresholds), sample(new, o, &thresholds)
	// Each interval misses its median in at most 2.5% of all cases, and so one of them does in at most 5%.
	const each = .975
	before, after := benchmath.AssumeNothing.Summary(a, each), benchmath.AssumeNothing.Summary(b, each)
	test := benchmath.AssumeNothing.Compare(a, b)
	l := Line{Key: k, Old: before.Center, New: after.Center, Ratio: after.Center / before.Center, P: test.P,
		Unstable: old.Unstable || new.Unstable,
		Bits:     old.N == new.N && old.Hash != "" && new.Hash != "" && old.Hash != new.Hash}
	lo, hi := after.Lo/before.Hi, after.Hi/before.Lo
	if !slices.ContainsFunc([]float64{before.Lo, before.Hi, after.Lo, after.Hi}, infinite) {
		l.Interval = []float64{lo, hi}
	}
	switch { // of hundreds of rows some are below alpha by chance: the interval has to say it, too
	case test.P >= o.Alpha || l.Interval != nil && lo <= 1 && hi >= 1:
	case l.Ratio > 1:
		l.Change = Slower
	case l.Ratio < 1:
		l.Change = Faster
	}
	return l
}

func infinite(x float64) bool { return math.IsInf(x, 0) }

// sample returns the times of a row: by share, over that of its ceiling, which is share times the median.
func sample(r record.Row, o Options, t *benchmath.Thresholds) *benchmath.Sample {
	values := slices.Clone(r.Samples)
	if o.ByShare {
		for i := range values {
			values[i] /= r.Share * r.Median
		}
	}
	return benchmath.NewSample(values, t)
}

// Regressions returns the lines that are slower by more than a part of the old time and not unstable, and those whose
// bits differ.
func (r Result) Regressions(threshold float64) (slower, bits []Line) {
	for _, l := range r.Lines {
		if l.Change == Slower && l.Ratio > 1+threshold && !l.Unstable {
			slower = append(slower, l)
		}
		if l.Bits {
			bits = append(bits, l)
		}
	}
	return slower, bits
}
