package crew

import (
	"math"
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

	shares  []portion // of the workers; one for all where pieces go in order
	state   atomic.Uint64
	failure failure

	// Helpers.
	held    bool
	helpers int          // that are held
	lookout atomic.Int64 // nanoseconds for which a helper looks out for the next call before it ends
	present int          // helpers that have been started and have not ended; under mu
	numbers int          // of them that have a number; under mu
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

// Awake is for how long somebody looks out for what is to come before going to sleep. Waking a thread takes some
// tens of microseconds, where its processor sleeps up to a tenth of a millisecond: a fifth of a training step.
const Awake = 200 * time.Microsecond

// For how long helpers look out for the next call before they end: those of a crew that lingers, and those held. Who
// lingers need not be woken to end, and so never sleeps.
const (
	Lingering = Awake / 4
	forever   = math.MaxInt64
)

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
	c.portion(then != nil)
	exiting := true
	defer func() { c.end(exiting) }()
	c.state.Store(state + nextCall | open)
	if threads > 1 {
		c.gather(threads - 1)
	}
	c.take(0)
	exiting = false
}

// end closes the call, waits for everybody, and passes on what went wrong.
func (c *Crew) end(exiting bool) {
	c.state.And(^uint64(open))
	c.until(Lingering, func() bool { return c.state.Load()&atWork == 0 })
	if !c.held && c.lookout.Load() == 0 {
		c.alive.Wait()
	}
	c.work, c.order.then = nil, nil
	c.failure.raise(exiting)
}

func (c *Crew) init() {
	if c.member == nil {
		c.changed.L = &c.mu
		c.member = c.help
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
	for i := range c.shares { // its own share first
		share := &c.shares[(worker+i)%len(c.shares)]
		for {
			piece := int(share.next.Add(1)) - 1
			if piece >= share.end || !c.begin(piece) {
				break
			}
			c.work(worker, piece)
			c.done(worker, piece)
		}
	}
	returned = true
}

// A portion of the pieces belongs to a worker, who begins with it. In the next call with as many pieces it is the same:
// what the pieces read and write is still in the caches of that worker's processor.
type portion struct {
	next atomic.Int64 // the piece to claim
	end  int
	_    [48]byte // a line of a cache each
}

// portion divides the pieces among the workers, or puts them in one order.
func (c *Crew) portion(ordered bool) {
	parts := c.threads
	if ordered {
		parts = 1
	}
	if cap(c.shares) < parts {
		c.shares = make([]portion, parts)
	}
	c.shares = c.shares[:parts]
	for i := range c.shares {
		c.shares[i].next.Store(int64(c.pieces * i / parts))
		c.shares[i].end = c.pieces * (i + 1) / parts
	}
}

// until returns when ready does with true. Whoever makes it so calls notify. For some time it spins, then it sleeps.
func (c *Crew) until(spin time.Duration, ready func() bool) {
	for start := time.Now(); !ready(); runtime.Gosched() {
		if time.Since(start) > spin {
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
