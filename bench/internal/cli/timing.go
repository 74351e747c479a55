package cli

import (
	"slices"
	"time"
)

// A series holds the time of one call in each sample.
type series []float64 // nanoseconds

func (s series) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	return sorted[len(sorted)/2]
}

// over is the median of the ratios of samples taken next to each other: what disturbs the machine for
// longer than a sample disturbs both.
func (s series) over(t series) float64 {
	ratios := make(series, len(s))
	for i := range s {
		ratios[i] = s[i] / t[i]
	}
	return ratios.median()
}

// compare times functions in turns. Each sample calls its function as often as takes about least.
func compare(samples int, least time.Duration, fns ...func()) []series {
	calls := make([]int, len(fns))
	for i, f := range fns {
		f() // warm
		calls[i] = calibrate(f, least)
	}
	times := make([]series, len(fns))
	for range samples {
		for i, f := range fns {
			start := time.Now()
			for range calls[i] {
				f()
			}
			times[i] = append(times[i], float64(time.Since(start).Nanoseconds())/float64(calls[i]))
		}
	}
	return times
}

// calibrate returns how many calls of f take about least.
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
