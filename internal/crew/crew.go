package crew

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A Crew runs the pieces of some work on the caller and helpers. Its zero value is ready. It serves one call at a
// time, and must not be copied.
type Crew struct {
	// The call, written while it is not open.
	threads, pieces int
	work            func(worker, piece int)
	order           order

	next    atomic.Int64 // the piece to claim
	state   atomic.Uint64
	failure failure

	// Helpers.
	held    bool
	helpers int          // that are held
	numbers atomic.Int64 // given to helpers so far
	leave   atomic.Bool  // helpers end when no call is open
	alive   sync.WaitGroup
	member  func() // what a helper runs; made once, because go with a method value allocates

	mu      sync.Mutex
	changed sync.Cond // what somebody may be waiting for: see until
}

// The state of a crew: how many helpers are at work, whether they may join, and the number of the call. A helper
// that comes late finds the call closed, so that nobody waits for one that has not woken up.
const (
	atWork   = 1<<16 - 1
	open     = 1 << 16
	nextCall = 1 << 17
)

// awake is for how long somebody looks out for what is to come before going to sleep. Waking a thread takes some
// tens of microseconds, where its processor sleeps up to a tenth of a millisecond: a fifth of a training step.
const awake = 200 * time.Microsecond

// Threads returns how many threads share so many pieces if at most limit are wanted, or for 0 GOMAXPROCS.
func Threads(limit, pieces int) int {
	if limit <= 0 {
		limit = runtime.GOMAXPROCS(0)
	}
	return max(1, min(limit, pieces))
}

// Run calls work for each of the pieces 0 to pieces-1, on [Threads](threads, pieces) workers, or on as many as are
// held if that is fewer. It panics if it is called from one of its own pieces.
func (c *Crew) Run(threads, pieces int, work func(worker, piece int)) {
	c.run(threads, pieces, work, 0, nil)
}

// RunInOrder is [Crew.Run] and calls then for each piece after work, in ascending order and one at a time. Piece i
// is not begun before piece i-window has been through both. It panics if window is not positive.
func (c *Crew) RunInOrder(threads, pieces, window int, work, then func(worker, piece int)) {
	if window < 1 {
		panic("crew: RunInOrder: the window must be positive")
	}
	c.run(threads, pieces, work, window, then)
}

func (c *Crew) run(threads, pieces int, work func(worker, piece int), window int, then func(worker, piece int)) {
	state := c.state.Load()
	if state&(open|atWork) != 0 {
		panic("crew: Run before the last one is over")
	}
	c.init()
	threads = Threads(threads, min(pieces, atWork))
	if c.held {
		threads = min(threads, c.helpers+1)
	}
	c.threads, c.pieces, c.work = threads, pieces, work
	c.order.reset(window, then)
	c.next.Store(0)
	exiting := true
	defer func() { c.end(exiting) }()
	c.state.Store(state + nextCall | open)
	switch {
	case threads == 1:
	case c.held:
		c.notify()
	default:
		c.leave.Store(true) // after this call
		c.spawn(threads - 1)
	}
	c.take(0)
	exiting = false
}

// end closes the call, waits for everybody, and passes on what went wrong.
func (c *Crew) end(exiting bool) {
	c.state.And(^uint64(open))
	c.until(func() bool { return c.state.Load()&atWork == 0 })
	if !c.held {
		c.alive.Wait()
	}
	c.work, c.order.then = nil, nil
	c.failure.raise(exiting)
}

func (c *Crew) init() {
	if c.member == nil {
		c.changed.L = &c.mu
		c.member = func() { c.help(int(c.numbers.Add(1))) }
	}
}

// take runs pieces until none is left.
func (c *Crew) take(worker int) {
	returned := false
	defer func() {
		if !returned {
			c.fail(recover())
		}
	}()
	for {
		piece := int(c.next.Add(1)) - 1
		if piece >= c.pieces || !c.begin(piece) {
			break
		}
		c.work(worker, piece)
		c.done(worker, piece)
	}
	returned = true
}

// until returns when ready does with true. Whoever makes it so calls notify.
func (c *Crew) until(ready func() bool) {
	for start := time.Now(); !ready(); runtime.Gosched() {
		if time.Since(start) > awake {
			c.mu.Lock()
			for !ready() {
				c.changed.Wait()
			}
			c.mu.Unlock()
			return
		}
	}
}

func (c *Crew) notify() {
	c.mu.Lock() // who has just found nothing now sleeps, and is woken
	c.changed.Broadcast()
	c.mu.Unlock()
}
