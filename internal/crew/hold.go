package crew

// Helpers: goroutines that join calls.

// Hold starts threads-1 helpers, with 0 one fewer than GOMAXPROCS, which stay until Release, for calls in quick
// succession. It panics if the crew is held already.
func (c *Crew) Hold(threads int) {
	if c.held {
		panic("crew: Hold of a crew that is held")
	}
	c.init()
	c.held, c.helpers = true, Threads(threads, atWork)-1
	c.leave.Store(false)
	c.spawn(c.helpers)
}

// Release ends the helpers and returns when they are gone. It does nothing if the crew is not held.
func (c *Crew) Release() {
	if !c.held {
		return
	}
	c.leave.Store(true)
	c.notify()
	c.alive.Wait()
	c.held, c.helpers = false, 0
}

func (c *Crew) spawn(helpers int) {
	c.numbers.Store(0)
	c.alive.Add(helpers)
	for range helpers {
		go c.member()
	}
}

// help is the life of a helper: it joins each call once, until it shall leave.
func (c *Crew) help(worker int) {
	left := false
	defer func() {
		if left {
			c.alive.Done()
		} else { // runtime.Goexit in a piece: another goroutine lives on
			go c.help(worker)
		}
	}()
	const none = ^uint64(0)
	for last := none; ; {
		state := c.state.Load()
		c.until(func() bool {
			state = c.state.Load()
			return state&open != 0 && state/nextCall != last || c.leave.Load()
		})
		if state&open == 0 || state/nextCall == last {
			break
		}
		if c.state.CompareAndSwap(state, state+1) { // else it has changed: look again
			last = state / nextCall
			c.join(worker)
		}
	}
	left = true
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
