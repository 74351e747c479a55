package turns

import (
	"math"
	"time"
)

// A Canary tells whether something else uses what the CPU shares with it: on a virtual machine, or where two threads
// share a core, a neighbour can double the time of what comes from L1 and leave arithmetic in registers as it is, for a
// tenth of a second or for some. All samples of a row are wrong alike then, and their own spread does not show it. A
// short call that reads and writes L1 does, by its time over that of a chain of multiplications, which takes the same
// number of cycles in any case: so a clock that moves passes.
type Canary struct {
	ratio func() float64 // of the call to the chain
	least float64
}

// NewCanary returns one that makes this call, of about 200 ns, and has seen some moments: of the calmest, it takes the
// measure.
func NewCanary(call func()) *Canary {
	c := &Canary{func() float64 { return ratio(call) }, math.Inf(1)}
	for range 50 {
		c.Disturbed()
	}
	return c
}

// Disturbed reports whether the call takes longer than 5% more than it ever took.
func (c *Canary) Disturbed() bool {
	r := c.ratio()
	c.least = min(c.least, r)
	return r > (1+limit)*c.least
}

// ratio is the time of a call over that of the chain: the median of some, which an interrupt does not move.
func ratio(call func()) float64 {
	const calls, rounds = 16, 5
	var ratios Series
	for range rounds {
		start := time.Now()
		for range calls {
			call()
		}
		middle := time.Now()
		sink = Chain(sink, 2048)
		ratios = append(ratios, float64(middle.Sub(start))/max(1, float64(time.Since(middle))))
	}
	return ratios.Median()
}

var sink uint64

// Chain is of n multiplications and additions that wait for each other: it takes the same number of cycles each time.
func Chain(x uint64, n int) uint64 {
	for range n {
		x = x*6364136223846793005 + 1442695040888963407
	}
	return x
}
