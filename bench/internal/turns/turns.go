// Package turns times functions that are to be compared in turns: a sample of one, a sample of the next, and again.
// What disturbs a machine for longer than a sample disturbs neighbours alike, so their ratio stays.
package turns

import (
	"context"
	"math"
	"runtime/debug"
	"slices"
	"time"

	"github.com/bitstep-go/bitstep/bench/internal/record"
)

// A Series holds the nanoseconds of one call in each sample.
type Series []float64

// Median returns the median.
func (s Series) Median() float64 {
	median, _ := record.Statistics(s)
	return median
}

// Over returns the ratios of samples taken next to each other.
func (s Series) Over(t Series) Series {
	ratios := make(Series, len(s))
	for i := range s {
		ratios[i] = s[i] / t[i]
	}
	return ratios
}

// Uncertainty is how far the median may be from that of infinitely many samples, relatively: the farther end of its
// interval of 95%, which lies between two of the samples whatever their distribution is. Of less than six samples not
// even the least and the most are such an interval: all lie on one side in 2 of 2^n cases. Their uncertainty is
// infinite.
func (s Series) Uncertainty() float64 {
	lo := outside(len(s))
	if lo < 0 {
		return math.Inf(1)
	}
	sorted := slices.Sorted(slices.Values(s))
	median, least, most := s.Median(), sorted[lo], sorted[len(s)-1-lo]
	return max(most-median, median-least) / median
}

// outside is how many of n samples lie outside of the interval of their median on either side, or -1 if there is none.
// How many are below the median is binomial: at most k are in a tail of sums of C(n, i)/2^n, i up to k, which must not
// exceed 2.5%.
func outside(n int) int {
	if n > 500 { // 2^-n would vanish; by a normal distribution
		return int(float64(float64(n)/2) - float64(1.96*math.Sqrt(float64(n))/2) - 1)
	}
	k, term := -1, math.Ldexp(1, -n) // of k+1
	for tail := term; tail <= .025; tail += term {
		k++
		term = float64(term * (float64(n-k) / float64(k+1)))
	}
	return k
}

// limit is the uncertainty up to which a share of a ceiling is told without a warning.
const limit = .05

// Stable reports whether the median is known to 5%.
func (s Series) Stable() bool { return s.Uncertainty() <= limit }

// A Timer says how to sample.
type Timer struct {
	Samples int           // up to four times as many while the functions' ratios are unstable, fewer of long calls
	Least   time.Duration // of a sample, as far as a single call is not longer
}

const (
	patience = 120 * time.Millisecond // for how long more samples are taken than few
	few      = 6                      // the least that have an uncertainty
	long     = 10 * time.Millisecond  // what comes between a call seldom takes
)

// Calm prepares the process for measuring: nothing is collected until undo, and a clock that rests has some time to
// rise.
func Calm() (undo func()) {
	const warmUp = 100 * time.Millisecond
	percent := debug.SetGCPercent(-1)
	for start := time.Now(); time.Since(start) < warmUp; {
	}
	return func() { debug.SetGCPercent(percent) }
}

// Run times functions in turns.
func (t Timer) Run(ctx context.Context, fns ...func()) ([]Series, error) {
	calls := make([]int, len(fns))
	for i, f := range fns {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		calls[i] = calibrate(f, t.Least)
	}
	times := make([]Series, len(fns))
	begin := time.Now()
	more := func(n int) bool {
		return n < min(few, t.Samples) || time.Since(begin) < patience &&
			(n < t.Samples || n < 4*t.Samples && unstable(times))
	}
	for n := 0; more(n); n++ {
		for i, f := range fns {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			start := time.Now()
			for range calls[i] {
				f()
			}
			times[i] = append(times[i], float64(time.Since(start).Nanoseconds())/float64(calls[i]))
		}
	}
	for _, s := range times {
		for i := range s { // a clock may be too coarse for a short call
			s[i] = max(s[i], 1e-3)
		}
	}
	return times, nil
}

// unstable reports whether the ratio of the first to any other is, or itself if it is alone.
func unstable(times []Series) bool {
	if len(times) == 1 {
		return !times[0].Stable()
	}
	return slices.ContainsFunc(times[1:], func(s Series) bool { return !times[0].Over(s).Stable() })
}

// calibrate returns how many calls of f take about least, and has warmed f then.
func calibrate(f func(), least time.Duration) int {
	time := func(calls int) time.Duration {
		start := time.Now()
		for range calls {
			f()
		}
		return time.Since(start)
	}
	one := time(1)
	if one > 20*least && one < long {
		one = min(one, time(1))
	}
	if one > 20*least { // even when it is warm, and not by what came between once
		return 1
	}
	for calls := 1; ; calls *= 2 {
		took := time(calls)
		if took >= least/2 {
			took = min(took, time(calls))
		}
		if took >= least/2 {
			return max(1, int(float64(calls)*float64(least)/float64(took)))
		}
	}
}
