package compare

import (
	"math"
	"slices"
	"testing"

	"github.com/bitstep-go/bitstep/bench/internal/record"
)

func row(samples ...float64) record.Row {
	r := record.Row{Group: record.Kernel, Name: "k", Threads: 1, Samples: samples, Share: .5}
	r.Median, r.Spread = record.Statistics(samples)
	return r
}

func one(t *testing.T, old, new record.Row, o Options) Line {
	t.Helper()
	r, err := Records(record.Record{Rows: []record.Row{old}}, record.Record{Rows: []record.Row{new}}, o)
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
		{"as many as tell, too few for an interval", row(1, 1, 1, 1.1, 1.2), row(2, 2, 2, 2.1, 2.2), Slower, 2, false},
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
	// By hand: 9 samples, the median's interval of at least 97.5% is from the second (98.0%, or the first, 99.6%) on.
	l := one(t, nine, row(20, 20.2, 20.4, 20.6, 20.8, 21, 21.2, 21.4, 21.6), Options{Alpha: .05})
	if lo, hi := l.Interval[0], l.Interval[1]; math.Abs(lo-20./10.8) > .08 || math.Abs(hi-21.6/10) > .08 {
		t.Errorf("interval %v", l.Interval)
	}
}

// Half as fast on a machine whose ceilings are half as high is no change of share.
func TestShare(t *testing.T) {
	a, b := row(10, 10.1, 10.2, 10.3, 10.4), row(20, 20.2, 20.4, 20.6, 20.8)
	if l := one(t, a, b, Options{Alpha: .05, ByShare: true}); l.Change != None || l.Ratio != 1 || l.Old != 2 {
		t.Errorf("%+v", l)
	}
	b.Share = .25
	if l := one(t, a, b, Options{Alpha: .05, ByShare: true}); l.Change != Slower || math.Abs(l.Ratio-2) > 1e-12 {
		t.Errorf("%+v", l)
	}
	// Caches differ, and with them the sizes of what lies in them.
	a.Level, a.Bytes, a.N, b.Level, b.Bytes, b.N = "L1", 1, 2, "L1", 3, 4
	one(t, a, b, Options{Alpha: .05, ByShare: true})
	a.Share = 0
	r, err := Records(record.Record{Rows: []record.Row{a}}, record.Record{Rows: []record.Row{b}},
		Options{ByShare: true})
	if err != nil || len(r.Lines) != 0 || len(r.Added) != 1 || len(r.Gone) != 0 {
		t.Errorf("%v, %+v", err, r)
	}
}

func TestRegressions(t *testing.T) {
	r := Result{Lines: []Line{{Change: Slower, Ratio: 1.06}, {Change: Slower, Ratio: 1.04}, {Change: None, Ratio: 2},
		{Change: Slower, Ratio: 2, Unstable: true}, {Change: Faster, Ratio: .5, Bits: true}}}
	if slower, bits := r.Regressions(.05); len(slower) != 1 || slower[0].Ratio != 1.06 || len(bits) != 1 {
		t.Errorf("%v, %v", slower, bits)
	}
}
