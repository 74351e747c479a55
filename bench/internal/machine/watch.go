package machine

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/bitstep-go/bitstep/bench/internal/turns"
)

// times are sums over all CPUs.
type times struct{ all, busy, stolen, own time.Duration }

// A Watch finds out what makes the figures of a run doubtful.
type Watch struct {
	started time.Time
	before  times
	err     error
	clock   []float64 // nanoseconds of the chain
}

// NewWatch starts to watch.
func NewWatch() *Watch {
	w := &Watch{started: time.Now()}
	w.before, w.err = usage()
	w.Sample()
	return w
}

// chainLength makes a chain of some 20 microseconds, which few interrupts meet.
const chainLength = 16384

// Sample takes a sample of the clock, of the CPU that threads are pinned to: it is called between measurements.
func (w *Watch) Sample() {
	_, undo, _ := Pin()
	defer undo()
	least := time.Hour
	for range 3 {
		start := time.Now()
		sink = turns.Chain(sink, chainLength)
		least = min(least, time.Since(start))
	}
	w.clock = append(w.clock, float64(least.Nanoseconds()))
}

var sink uint64

// Notices returns what was found, in sentences.
func (w *Watch) Notices() []string {
	notices := []string{}
	if c := slices.Sorted(slices.Values(w.clock)); len(c) > 1 {
		// The slowest twentieth may be interrupts.
		fast, slow := c[0], c[(len(c)-1)*19/20]
		if slow > 1.03*fast {
			notices = append(notices, fmt.Sprintf("the clock moved by %.0f%%: compare shares of ceilings, not times",
				100*(slow/fast-1)))
		}
	}
	if h := hypervisor(); h != "" {
		notices = append(notices, fmt.Sprintf("a virtual machine (%s): neighbours share caches, memory and clock", h))
	}
	after, err := usage()
	if err = cmp.Or(w.err, err); err != nil {
		return append(notices, fmt.Sprintf("other processes and stolen time are unknown: %v", err))
	}
	return append(notices, between(w.before, after)...)
}

// between returns what the machine did besides this process.
func between(before, after times) (notices []string) {
	all := float64(after.all - before.all)
	if all <= 0 {
		return nil
	}
	others := float64(after.busy-before.busy) - float64(after.own-before.own)
	if share := others / all; share > .03 {
		notices = append(notices, fmt.Sprintf("the machine is busy: other processes took %.0f%% of its CPUs",
			100*share))
	}
	if share := float64(after.stolen-before.stolen) / all; share > .005 {
		notices = append(notices, fmt.Sprintf("the hypervisor stole %.1f%% of the time", 100*share))
	}
	return notices
}
