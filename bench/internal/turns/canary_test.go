package turns

import (
	"testing"
	"time"
)

// What takes 5% longer than it ever did is disturbed, whenever that was.
func TestCanary(t *testing.T) {
	now := 1.
	c := &Canary{func() float64 { return now }, 2}
	for _, step := range []struct {
		ratio float64
		want  bool
	}{{2, false}, {2.09, false}, {2.11, true}, {1, false}, {1.04, false}, {1.06, true}, {2, true}, {1, false}} {
		now = step.ratio
		if got := c.Disturbed(); got != step.want {
			t.Errorf("%v is disturbed: %v", now, got)
		}
	}
}

// A call's ratio is that of its work to the chain's.
func TestCanaryRatio(t *testing.T) {
	if r := NewCanary(func() { sink = Chain(sink, 256) }).least; r < 1.5 || r > 2.5 {
		t.Errorf("twice the chain takes %v times as long", r)
	}
}

// The chain's time is in proportion to its length.
func TestChain(t *testing.T) {
	least := func(n int) time.Duration {
		best := time.Hour
		for range 50 {
			start := time.Now()
			sink = Chain(sink, n)
			best = min(best, time.Since(start))
		}
		return best
	}
	if r := float64(least(40_000)) / float64(least(10_000)); r < 3 || r > 5 {
		t.Errorf("four times the chain takes %v times as long", r)
	}
}
