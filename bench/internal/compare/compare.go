// Package compare tells what changed from one record to another.
package compare

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/aclements/go-moremath/stats"
	"golang.org/x/perf/benchmath"

	"github.com/bitstep-go/bitstep/bench/internal/record"
)

// Options say how records are compared.
type Options struct {
	ByShare bool    // times over those of the ceilings, which machines that differ have in common
	Alpha   float64 // chance shows a change in a row that has none no more often than this
}

// A Side is what one version of the program measured on one machine: a record for each process. What stays the same
// while a process measures a row and not in the next, as the pages that its memory is made of, where its code lies, and
// what a neighbour does, moves all samples alike. So the unit of several processes is the process, by its medians; the
// samples of a single one are compared if there is nothing better, and say nothing of that.
type Side struct {
	Name    string
	Records []record.Record
}

// A Line is a row that both sides have.
type Line struct {
	record.Key
	Old      float64   `json:"old"`                // the median: nanoseconds, or by share, times the ceiling's time
	New      float64   `json:"new"`                //
	Ratio    float64   `json:"ratio"`              // of the new median to the old
	Interval []float64 `json:"interval,omitempty"` // of the ratio, at 1 - Alpha; missing if there are too few values
	P        float64   `json:"p"`                  // of the test of Mann, Whitney and Wilcoxon
	Change   Change    `json:"change,omitempty"`
	Unstable bool      `json:"unstable,omitempty"` // as one of the rows says, where samples are compared
	Bits     bool      `json:"bits_differ,omitempty"`
}

// A Change is significant.
type Change string

const (
	None   Change = ""
	Slower Change = "slower"
	Faster Change = "faster"
)

// A Result is what changed from one side to another.
type Result struct {
	Old       string       `json:"old"` // names of the sides
	New       string       `json:"new"`
	Processes [2]int       `json:"processes"` // of the old side and the new
	ByShare   bool         `json:"by_share"`
	Mean      float64      `json:"geometric_mean"` // of the ratios; 0 if there are none
	Lines     []Line       `json:"lines"`
	Gone      []record.Key `json:"gone"`  // rows of the old side alone
	Added     []record.Key `json:"added"` // rows of the new side alone
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

// Sides compares two sides of the same machine, or by share of ceilings. Either both are of one process or both of
// several.
func Sides(old, new Side, o Options) (Result, error) {
	n, m := len(old.Records), len(new.Records)
	r := Result{Old: old.Name, New: new.Name, Processes: [2]int{n, m}, ByShare: o.ByShare, Lines: []Line{},
		Gone: []record.Key{}, Added: []record.Key{}}
	if (n == 1) != (m == 1) {
		return r, fmt.Errorf("%d and %d records: samples of one process and medians of several are not comparable", n,
			m)
	}
	for _, s := range []Side{old, new} {
		if err := s.uniform(); err != nil {
			return r, err
		}
	}
	if d := Machines(old.Records[0].Machine, new.Records[0].Machine); len(d) > 0 && !o.ByShare {
		return r, fmt.Errorf("the machines differ: %s; -share compares shares of their ceilings", strings.Join(d, ", "))
	}
	before, after := old.index(o), new.index(o)
	logs := 0.
	for _, k := range before.order {
		if after.rows[k] == nil {
			r.Gone = append(r.Gone, k)
			continue
		}
		l := compare(k, before.rows[k], after.rows[k], o)
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

// uniform returns an error if the records are not of one machine and program.
func (s Side) uniform() error {
	first := s.Records[0]
	for _, r := range s.Records[1:] {
		d := Machines(first.Machine, r.Machine)
		if r.Program != first.Program {
			d = append(d, fmt.Sprintf("program %+v and %+v", first.Program, r.Program))
		}
		if len(d) > 0 {
			return fmt.Errorf("%s is no one side: its records differ: %s", s.Name, strings.Join(d, ", "))
		}
	}
	return nil
}

// An indexed side has its rows by their keys, at most one of each process.
type indexed struct {
	order []record.Key
	rows  map[record.Key][]record.Row
}

func (s Side) index(o Options) indexed {
	x := indexed{rows: map[record.Key][]record.Row{}}
	for _, r := range s.Records {
		seen := map[record.Key]bool{}
		for _, row := range r.Rows {
			if o.ByShare && row.Share == 0 {
				continue // a ceiling, or what has none
			}
			k := row.Key()
			if o.ByShare && k.Level != "" { // which caches of other sizes have with other sizes of their own
				k.Bytes, k.N = 0, 0
			}
			if seen[k] { // if a row was measured twice, the first counts
				continue
			}
			if seen[k] = true; x.rows[k] == nil {
				x.order = append(x.order, k)
			}
			x.rows[k] = append(x.rows[k], row)
		}
	}
	return x
}

func compare(k record.Key, old, new []record.Row, o Options) Line {
	a, b := values(old, o), values(new, o)
	before, _ := record.Statistics(a)
	after, _ := record.Statistics(b)
	thresholds := &benchmath.Thresholds{CompareAlpha: o.Alpha}
	test := benchmath.AssumeNothing.Compare(benchmath.NewSample(a, thresholds), benchmath.NewSample(b, thresholds))
	l := Line{Key: k, Old: before, New: after, Ratio: after / before, P: test.P, Interval: Interval(a, b, o.Alpha),
		Unstable: len(old) == 1 && len(new) == 1 && (old[0].Unstable || new[0].Unstable), Bits: bitsDiffer(old, new)}
	switch { // the test says the same as the interval, but where values are equal
	case test.P >= o.Alpha || l.Interval == nil || l.Interval[0] <= 1 && l.Interval[1] >= 1:
	case l.Ratio > 1:
		l.Change = Slower
	case l.Ratio < 1:
		l.Change = Faster
	}
	return l
}

// Interval returns an interval of the ratio of b to a, at least at 1 - alpha whatever their distribution is, if b is
// distributed as a times a number: what the test of Mann, Whitney and Wilcoxon does not reject (Hodges and Lehmann,
// 1963). U, how many of all quotients lie below the ratio, has a known distribution. It returns nil if even the least
// and the greatest quotient are no such interval: at 95%, of less than four values on either side.
func Interval(a, b []float64, alpha float64) []float64 {
	var quotients []float64
	for _, x := range a {
		for _, y := range b {
			quotients = append(quotients, y/x)
		}
	}
	slices.Sort(quotients)
	u := stats.UDist{N1: len(a), N2: len(b)}
	half := len(quotients) / 2
	below := sort.Search(half, func(i int) bool { return u.CDF(float64(i)) > alpha/2 }) - 1
	if len(quotients) > 2500 { // where the sums of the distribution take long, and a normal one is as good
		n, m := float64(len(a)), float64(len(b))
		deviations := math.Sqrt2 * math.Erfinv(1-alpha)
		below = int(float64(n*m/2) - float64(deviations*math.Sqrt(n*m*(n+m+1)/12)) - .5)
	}
	if below < 0 {
		return nil
	}
	return []float64{quotients[below], quotients[len(quotients)-1-below]}
}

// values are what is compared: of one process its samples, of several their medians. By share, they are in units of the
// ceiling's time.
func values(rows []record.Row, o Options) (all []float64) {
	for _, r := range rows {
		samples := r.Samples
		if o.ByShare {
			samples = nil
			for _, share := range r.Shares {
				samples = append(samples, 1/share)
			}
			if len(samples) == 0 { // of a program that did not record them
				samples = []float64{1 / r.Share}
			}
		}
		if len(rows) == 1 {
			return slices.Clone(samples)
		}
		median, _ := record.Statistics(samples)
		all = append(all, median)
	}
	return all
}

// bitsDiffer reports whether two rows of the same inputs have other results.
func bitsDiffer(old, new []record.Row) bool {
	hashes := map[int]string{} // by N
	for _, r := range slices.Concat(old, new) {
		if r.Hash == "" {
			continue
		}
		if h := hashes[r.N]; h != "" && h != r.Hash {
			return true
		}
		hashes[r.N] = r.Hash
	}
	return false
}

// Judged reports whether a threshold can be found exceeded.
func (l Line) Judged() bool { return l.Interval != nil && !l.Unstable }

// Unstable counts the lines that are.
func (r Result) Unstable() (n int) {
	for _, l := range r.Lines {
		if l.Unstable {
			n++
		}
	}
	return n
}

// Regressions returns the lines that are surely slower by more than a part of the old time, and those whose bits
// differ.
func (r Result) Regressions(threshold float64) (slower, bits []Line) {
	for _, l := range r.Lines {
		if l.Judged() && l.Interval[0] > 1+threshold {
			slower = append(slower, l)
		}
		if l.Bits {
			bits = append(bits, l)
		}
	}
	return slower, bits
}
