package main

import (
	"slices"
	"time"
)

// compare times functions in turns, so that a drift of the clock or a noisy neighbour meets all alike, and
// returns the median time of one call of each. The first function sets how often each is called per
// sample: often enough to last for least; the others are called as often, at slow[i] fewer times.
func compare(samples int, least time.Duration, fns ...func()) []time.Duration {
	calls := make([]int, len(fns))
	for i, f := range fns {
		f() // warm
		calls[i] = calibrate(f, least)
	}
	times := make([][]time.Duration, len(fns))
	for range samples {
		for i, f := range fns {
			start := time.Now()
			for range calls[i] {
				f()
			}
			times[i] = append(times[i], time.Since(start)/time.Duration(calls[i]))
		}
	}
	medians := make([]time.Duration, len(fns))
	for i := range times {
		slices.Sort(times[i])
		medians[i] = times[i][len(times[i])/2]
	}
	return medians
}

// calibrate returns how many calls of f last for at least that long.
func calibrate(f func(), least time.Duration) int {
	for calls := 1; ; calls *= 2 {
		start := time.Now()
		for range calls {
			f()
		}
		if took := time.Since(start); took >= least/2 {
			return max(1, int(float64(calls)*float64(least)/float64(took)))
		}
	}
}
