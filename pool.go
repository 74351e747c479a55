package bitstep

import (
	"math"
	"sync"

	"github.com/bitstep-go/bitstep/internal/crew"
)

// A Pool is threads that stay between calls. Without one, a call that is large enough starts goroutines and ends
// them, and waits some tens of microseconds for sleeping threads to wake; the helpers of a pool look out for the
// next call for 200 microseconds before they sleep, so that a caller in a loop spreads calls of 20 microseconds
// and more. A caller that computes seldom wants no pool.
//
// Engines use it by [Engine.Pool]. It serves one call at a time; a call that finds it busy does without. Results do
// not depend on it.
type Pool struct {
	threads int
	mu      sync.Mutex // held by the call that is served
	crew    crew.Crew
	closed  bool
}

// NewPool starts a pool of so many threads, the caller's among them, or with 0 of GOMAXPROCS. Close it.
func NewPool(threads int) *Pool {
	p := &Pool{threads: crew.Threads(threads, math.MaxInt)}
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

// share runs the pieces of a call on the pool, or if it is nil, closed or busy on the call's own crew.
func (p *Pool) share(own *crew.Crew, threads, pieces int, work func(worker, piece int)) {
	if p == nil || !p.mu.TryLock() {
		own.Run(threads, pieces, work)
		return
	}
	defer p.mu.Unlock()
	if p.closed {
		own.Run(threads, pieces, work)
		return
	}
	p.crew.Run(threads, pieces, work)
}
