package turns

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"
)

// Functions are called in turns, and their ratio is that of their work.
func TestTurns(t *testing.T) {
	spin := func(d time.Duration) {
		for start := time.Now(); time.Since(start) < d; {
		}
	}
	last, repeats, ratio := 0, 0, 0.0
	one := func(i int, d time.Duration) func() {
		return func() {
			if i == last {
				repeats++
			}
			last = i
			spin(d)
		}
	}
	for range 5 { // a busy machine may disturb more than half of the samples of a try
		last, repeats = 0, 0
		got, err := Timer{Samples: 9, Least: time.Microsecond}.Run(context.Background(),
			one(1, 100*time.Microsecond), one(2, 200*time.Microsecond))
		if err != nil || len(got) != 2 || len(got[0]) < 9 || len(got[0]) != len(got[1]) {
			t.Fatalf("%v, %v", got, err)
		}
		if repeats > 4 { // while they are calibrated
			t.Errorf("%d calls follow one of the same function", repeats)
		}
		if ratio = got[1].Over(got[0]).Median(); ratio > 1.5 && ratio < 2.5 {
			return
		}
	}
	t.Errorf("ratio %v, want 2", ratio)
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	calls := 0
	_, err := Timer{Samples: 1000, Least: time.Nanosecond}.Run(ctx, func() {
		if calls++; calls == 50 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || calls > 60 {
		t.Errorf("%d calls, error %v", calls, err)
	}
}

// Samples that vary are uncertain, an outlier among equal ones is not, and more samples are less so.
func TestUncertainty(t *testing.T) {
	few := Series{1, 2, 1.1, 1.9, 1.2, 1.8, 1.3, 1.7, 1.4, 1.6, 1.5}
	var many Series
	for range 100 {
		many = append(many, few...)
	}
	if few.Stable() || many.Uncertainty() >= few.Uncertainty()/3 {
		t.Errorf("%v of few, %v of many", few.Uncertainty(), many.Uncertainty())
	}
	if u := (Series{1, 1, 1, 9, 1, 1, 1, 1, 1}).Uncertainty(); u != 0 {
		t.Errorf("%v with an outlier", u)
	}
	if u := (Series{1, 1, 1, 1, 1}).Uncertainty(); !math.IsInf(u, 1) {
		t.Errorf("%v of five", u)
	}
	for n := range 501 { // against sums of logarithms of factorials
		log := func(k int) float64 {
			all, _ := math.Lgamma(float64(n + 1))
			a, _ := math.Lgamma(float64(k + 1))
			b, _ := math.Lgamma(float64(n - k + 1))
			return all - a - b - float64(n)*math.Ln2
		}
		k, tail := outside(n), 0.
		for i := range k + 1 {
			tail += math.Exp(log(i))
		}
		if tail > .025 || tail+math.Exp(log(k+1)) <= .025 {
			t.Errorf("%d outside of %d: %v", k, n, tail)
		}
	}
	if a, b := outside(500), outside(501); b > a || b < a-1 {
		t.Errorf("%d of 500, %d of 501", a, b)
	}
	if u := (Series{1, 1.5, 1, 1, 1, 1}).Uncertainty(); u != .5 {
		t.Errorf("%v of six", u)
	}
}
