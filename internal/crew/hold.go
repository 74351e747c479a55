package crew

import (
	"runtime"
	"time"
)

// Helpers: goroutines that join calls.

// Hold starts threads-1 helpers, with 0 one fewer than GOMAXPROCS, which stay until Release, for calls in quick
// succession. It panics if the crew is held already.
func (c *Crew) Hold(threads int) {
	if c.held {
		panic("crew: Hold of a crew that is held")
	}
	c.init()
	c.held, c.helpers = true, Threads(threads, atWork)-1
	c.lookout.Store(forever)
	c.gather(c.helpers)
}

// Release ends the helpers and returns when they are gone. It does nothing if the crew is not held.
func (c *Crew) Release() {
	if !c.held {
		return
	}
	c.lookout.Store(0)
	c.notify()
	c.alive.Wait()
	c.held, c.helpers = false, 0
}

// Linger tells a crew whether the helpers of later calls shall look out for the next one for the time of [Lingering].
// Else a call returns when they are gone. It does nothing if the crew is held.
func (c *Crew) Linger(on bool) {
	if c.held {
		return
	}
	lookout := time.Duration(0)
	if on {
		lookout = Lingering
	}
	c.lookout.Store(int64(lookout))
}

// gather starts the helpers that are missing, and wakes those that sleep.
func (c *Crew) gather(helpers int) {
	c.mu.Lock()
	for ; c.present < helpers; c.present++ {
		c.alive.Add(1)
		go c.member()
	}
	c.changed.Broadcast()
	c.mu.Unlock()
}

// help is the life of a helper, from its number on.
func (c *Crew) help() {
	c.mu.Lock()
	c.numbers++
	worker := c.numbers
	c.mu.Unlock()
	c.helpAs(worker)
}

// helpAs joins each call once, until it shall leave.
func (c *Crew) helpAs(worker int) {
	left := false
	defer func() {
		if left {
			c.alive.Done()
		} else { // runtime.Goexit in a piece: another goroutine lives on
			go c.helpAs(worker)
		}
	}()
	const none = ^uint64(0)
	for last := none; ; {
		state, opened := c.await(last)
		if !opened {
			if c.leave(worker, last) {
				break
			}
			runtime.Gosched()
		} else if c.state.CompareAndSwap(state, state+1) { // else it has changed: look again
			last = state / nextCall
			c.join(worker)
		}
	}
	left = true
}

// await returns the state when a call other than the last one is open, or false when it has looked out for long enough.
func (c *Crew) await(last uint64) (state uint64, opened bool) {
	start := time.Now()
	c.until(Awake, func() bool {
		state = c.state.Load()
		opened = another(state, last)
		return opened || int64(time.Since(start)) >= c.lookout.Load()
	})
	return state, opened
}

// another reports whether a call other than the last one is open.
func another(state, last uint64) bool { return state&open != 0 && state/nextCall != last }

// leave takes leave of a helper, unless a call has been opened, whose caller counts on it, or helpers of higher numbers
// are there, so that the numbers of those that are have no gaps.
func (c *Crew) leave(worker int, last uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if another(c.state.Load(), last) || worker < c.present {
		return false
	}
	c.present--
	c.numbers--
	return true
}

// join takes part in a call, in which state counts this helper already.
func (c *Crew) join(worker int) {
	defer func() {
		if c.state.Add(^uint64(0))&(open|atWork) == 0 {
			c.notify() // the caller, who may wait for the last one
		}
	}()
	if worker < c.threads {
		c.take(worker)
	}
}
