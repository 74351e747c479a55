package linear

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A crew is goroutines that help with pass after pass. Without one, a pass starts its own, which takes up to a
// tenth of a millisecond until they run where a processor has gone to sleep: a fifth of a step's time. A crew
// stays awake for as long between two passes, and sleeps if the next one takes longer to come.
type crew struct {
	size  int
	call  atomic.Uint64 // how many passes were called
	stop  atomic.Bool
	mu    sync.Mutex
	woken sync.Cond
	done  sync.WaitGroup // of the members' end
}

// awake is how long a member looks out for the next pass before it sleeps.
const awake = 200 * time.Microsecond

// start makes a crew of that size, whose members call work with their number, from 1, at each call.
func (c *crew) start(size int, work func(member int)) {
	c.size = size
	c.stop.Store(false)
	c.woken.L = &c.mu
	first := c.call.Load()
	for i := range size {
		c.done.Go(func() {
			for last := first; c.wait(last); {
				last++ // nobody calls again before all have worked
				work(i + 1)
			}
		})
	}
}

// wait returns when there is a call after the last one, or with false when the crew ends.
func (c *crew) wait(last uint64) bool {
	ready := func() bool { return c.call.Load() != last || c.stop.Load() }
	for start := time.Now(); !ready(); runtime.Gosched() {
		if time.Since(start) > awake {
			c.mu.Lock()
			for !ready() {
				c.woken.Wait()
			}
			c.mu.Unlock()
		}
	}
	return !c.stop.Load()
}

// begin calls the members to work.
func (c *crew) begin() {
	c.call.Add(1)
	c.wake()
}

// end sends the members away, and returns when they are gone.
func (c *crew) end() {
	c.stop.Store(true)
	c.wake()
	c.done.Wait()
	c.size = 0
}

func (c *crew) wake() {
	c.mu.Lock() // a member that has just found nothing now sleeps, and is woken
	c.woken.Broadcast()
	c.mu.Unlock()
}
