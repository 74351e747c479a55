package bitstep

import (
	"math"
	"sync"
	"time"

	"github.com/bitstep-go/bitstep/internal/crew"
)

// A Pool is threads that stay between calls. Without one, a call that is large enough starts goroutines, for which
// threads need a tenth of a millisecond to wake, and ends them; only where calls follow each other within 50
// microseconds do goroutines stay that long. The helpers of a pool look out for the next call for 200 microseconds
// before they sleep. So a caller in a loop spreads products of 20 microseconds and more, and steps and reductions of
// some 5, and with a pool may do something else between them. A caller that computes seldom wants no pool.
//
// Engines use it by [Engine.Pool]. It serves one call at a time; a call that finds it busy does without. Results do
// not depend on it.
type Pool struct {
	threads int
	mu      sync.Mutex // held by the call that is served
	crew    crew.Crew
	closed  bool
	lookout time.Duration // for which helpers are awake after a call
	left    time.Time     // when the last call was over
}

// common serves calls without a pool.
var common = Pool{lookout: crew.Lingering}

// NewPool starts a pool of so many threads, the caller's among them, or with 0 of GOMAXPROCS. Close it.
func NewPool(threads int) *Pool {
	p := &Pool{threads: crew.Threads(threads, math.MaxInt), lookout: crew.Awake}
	p.crew.Hold(p.threads)
	return p
}

// Close ends the pool's goroutines, after the call that it serves. Engines that have the pool go on without.
// Closing it again does nothing.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.crew.Release()
	p.closed = true
}

// Pool returns e with a pool for its calls, or with nil without one. A call has no more threads than the pool, and no
// more than [Engine.Threads] allows.
func (e Engine[T]) Pool(p *Pool) Engine[T] {
	e.pool = p
	return e
}

// limit is how many threads a call may have at most; 0 is GOMAXPROCS.
func (e Engine[T]) limit() int {
	if e.pool == nil || e.threads > 0 && e.threads < e.pool.threads {
		return e.threads
	}
	return e.pool.threads
}

// enter returns who serves a call until exit: p, or if it is nil or closed, common. It returns nil if another call is
// being served. Awake tells that calls come in a loop: helpers are not asleep.
func (p *Pool) enter() (serving *Pool, awake bool) {
	if p == nil {
		p = &common
	}
	if !p.mu.TryLock() {
		return nil, false
	}
	if p.closed {
		p.mu.Unlock()
		return common.enter()
	}
	awake = time.Since(p.left) < p.lookout
	if p == &common {
		p.crew.Linger(awake)
	}
	return p, awake
}

func (p *Pool) exit() {
	p.left = time.Now()
	p.mu.Unlock()
}
