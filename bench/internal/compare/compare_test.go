package compare

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/bitstep-go/bitstep/bench/internal/record"
)

func row(samples ...float64) record.Row {
	r := record.Row{Group: record.Kernel, Name: "k", Threads: 1, Samples: samples, Share: .5}
	r.Median, r.Spread = record.Statistics(samples)
	return r
}

// side is of a process for each row.
func side(rows ...record.Row) (s Side) {
	for _, r := range rows {
		s.Records = append(s.Records, record.Record{Rows: []record.Row{r}})
	}
	return s
}

func one(t *testing.T, old, new record.Row, o Options) Line {
	t.Helper()
	r, err := Sides(side(old), side(new), o)
	if err != nil || len(r.Lines) != 1 {
		t.Fatalf("%v, %d lines", err, len(r.Lines))
	}
	return r.Lines[0]
}

func TestLine(t *testing.T) {
	nine := row(10, 10.1, 10.2, 10.3, 10.4, 10.5, 10.6, 10.7, 10.8)
	for _, c := range []struct {
		name     string
		old, new record.Row
		change   Change
		ratio    float64
		interval bool
	}{
		{"the same", nine, nine, None, 1, true},
		{"slower", nine, row(12, 12.1, 12.2, 12.3, 12.48, 12.5, 12.6, 12.7, 12.8), Slower, 1.2, true},
		{"faster", nine, row(5, 5.1, 5.15, 5.17, 5.2, 5.3, 5.4, 5.5, 5.6), Faster, .5, true},
		{"few samples", row(1, 2, 3), row(4, 5, 6), None, 2.5, false},
		{"as many as tell", row(1, 1, 1.1, 1.2), row(2, 2, 2.1, 2.2), Slower, 2.05 / 1.05, true},
	} {
		l := one(t, c.old, c.new, Options{Alpha: .05})
		if l.Change != c.change || math.Abs(l.Ratio-c.ratio) > 1e-12 || (l.Interval != nil) != c.interval {
			t.Errorf("%s: %+v", c.name, l)
		}
		if l.Interval != nil && (l.Interval[0] > l.Ratio || l.Interval[1] < l.Ratio) {
			t.Errorf("%s: ratio %v outside %v", c.name, l.Ratio, l.Interval)
		}
	}
	if !slices.IsSorted(nine.Samples) || nine.Samples[0] != 10 {
		t.Error("samples were changed")
	}
}

// The interval holds as often as it says, and tells the same as the test. By tables (Hollander and Wolfe), U of 4 and 4
// is 0 in 1 of 70 cases, and of 9 and 9 at most 17 in 2.5%.
func TestInterval(t *testing.T) {
	a, b := []float64{1, 2, 4, 8}, []float64{16, 32, 64, 128}
	if got := Interval(a, b, .05); len(got) != 2 || got[0] != 2 || got[1] != 128 {
		t.Errorf("%v, want the least and the greatest quotient", got)
	}
	if got := Interval(a, b, .02); got != nil {
		t.Errorf("%v at 98%%", got)
	}
	if got := Interval(a[:3], b[:3], .05); got != nil {
		t.Errorf("%v of three and three", got)
	}
	nine := make([]float64, 9)
	ones := make([]float64, 9)
	for i := range nine {
		nine[i], ones[i] = float64(i+1), 1
	}
	var quotients []float64
	for _, x := range nine {
		for _, y := range nine {
			quotients = append(quotients, y/x)
		}
	}
	slices.Sort(quotients)
	if got := Interval(nine, nine, .05); got[0] != quotients[17] || got[1] != quotients[81-18] {
		t.Errorf("%v, want %v and %v", got, quotients[17], quotients[63])
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{4, 5, 9, 15, 55} {
		tries, missed := 1000, 0
		if n > 9 { // the test takes long
			tries = 300
		}
		for range tries {
			draw := func(scale float64) record.Row {
				s := make([]float64, n)
				for i := range s {
					s[i] = scale * math.Exp(.1*math.Pow(r.Float64(), 3)) // skewed
				}
				return row(s...)
			}
			l := one(t, draw(1), draw(1.5), Options{Alpha: .05})
			if l.Interval[0] > 1.5 || l.Interval[1] < 1.5 {
				missed++
			}
			same := one(t, draw(1), draw(1.02), Options{Alpha: .05})
			if outside := same.Interval[0] > 1 || same.Interval[1] < 1; outside != (same.P < .05) && n < 50 {
				t.Fatalf("%d values: p is %v, the interval %v", n, same.P, same.Interval)
			}
		}
		if most := .05*float64(tries) + 3*math.Sqrt(.05*float64(tries)); float64(missed) > most || missed < tries/100 {
			t.Errorf("%d values: %d of %d intervals miss the ratio", n, missed, tries)
		}
	}
}

// Of several processes the medians are compared: what differs from one to the next is in the interval, samples of one
// are not.
func TestProcesses(t *testing.T) {
	process := func(median float64, unstable bool) record.Row {
		r := row(median*.999, median, median*1.001)
		r.Unstable = unstable
		return r
	}
	if l := one(t, row(1, 1, 1, 1, 1, 1), row(1.1, 1.1, 1.1, 1.1, 1.1, 1.1), Options{Alpha: .05}); l.Change != Slower {
		t.Errorf("one process each: %+v", l)
	}
	old := side(process(1, false), process(1.1, true), process(1.02, false), process(1.08, false))
	for _, c := range []struct {
		new    Side
		change Change
	}{
		{side(process(1.1, false), process(1.1, false), process(1.1, false), process(1.1, false)), None},
		{side(process(1.2, false), process(1.21, false), process(1.19, true), process(1.3, false)), Slower},
		{side(process(1.2, false), process(1.21, false)), None}, // too few
	} {
		r, err := Sides(old, c.new, Options{Alpha: .05})
		if err != nil || len(r.Lines) != 1 {
			t.Fatalf("%v, %+v", err, r)
		}
		if l := r.Lines[0]; l.Change != c.change || l.Unstable || math.Abs(l.Old-1.05) > 1e-12 {
			t.Errorf("%+v, want %q", l, c.change)
		}
	}
	for _, c := range []struct {
		name     string
		old, new Side
	}{
		{"one process and several", side(row(1)), old},
		{"several machines", Side{"", []record.Record{{}, {Machine: record.Machine{CPU: "x"}}}}, old},
		{"several programs", old, Side{"", []record.Record{{}, {Program: record.Program{Revision: "x"}}}}},
	} {
		if r, err := Sides(c.old, c.new, Options{Alpha: .05, ByShare: true}); err == nil {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
	// Bits that differ anywhere are told, of the same number of elements.
	bits := side(process(1, false), process(1, false))
	bits.Records[0].Rows[0].Hash, bits.Records[1].Rows[0].Hash = "a", "b"
	if r, err := Sides(bits, old, Options{Alpha: .05}); err != nil || !r.Lines[0].Bits {
		t.Errorf("%v, %+v", err, r)
	}
}

// Half as fast on a machine whose ceilings are half as high is no change of share.
func TestShare(t *testing.T) {
	a, b := row(10, 10.1, 10.2, 10.3, 10.4), row(20, 20.2, 20.4, 20.6, 20.8)
	a.Shares, b.Shares = []float64{.5, .49, .51, .5, .5}, []float64{.5, .49, .51, .5, .5}
	if l := one(t, a, b, Options{Alpha: .05, ByShare: true}); l.Change != None || l.Ratio != 1 || l.Old != 2 {
		t.Errorf("%+v", l)
	}
	b.Share, b.Shares = .25, []float64{.25, .25, .25, .25, .25}
	if l := one(t, a, b, Options{Alpha: .05, ByShare: true}); l.Change != Slower || math.Abs(l.Ratio-2) > 1e-12 {
		t.Errorf("%+v", l)
	}
	// Caches differ, and with them the sizes of what lies in them.
	a.Level, a.Bytes, a.N, b.Level, b.Bytes, b.N = "L1", 1, 2, "L1", 3, 4
	one(t, a, b, Options{Alpha: .05, ByShare: true})
	a.Share = 0
	r, err := Sides(side(a), side(b), Options{ByShare: true, Alpha: .05})
	if err != nil || len(r.Lines) != 0 || len(r.Added) != 1 || len(r.Gone) != 0 {
		t.Errorf("%v, %+v", err, r)
	}
}

func TestRegressions(t *testing.T) {
	r := Result{Lines: []Line{
		{Change: Slower, Ratio: 1.06, Interval: []float64{1.051, 2}},
		{Change: Slower, Ratio: 1.06, Interval: []float64{1.01, 1.1}},
		{Change: None, Ratio: 2},
		{Change: Slower, Ratio: 2, Interval: []float64{1.9, 2}, Unstable: true},
		{Change: Faster, Ratio: .5, Interval: []float64{.4, .6}, Bits: true}}}
	if slower, bits := r.Regressions(.05); len(slower) != 1 || slower[0].Interval[1] != 2 || len(bits) != 1 {
		t.Errorf("%v, %v", slower, bits)
	}
}
