package verify

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/bitstep-go/bitstep"
)

// errAbandoned ends a task when one before it has failed.
var errAbandoned = errors.New("abandoned")

// inOrder runs tasks 0 to n-1 on so many goroutines, each of which has a pool of threads for its calls, and returns the
// error of the first task that has one, first by number and not by time: those before it are run to their end, and
// those behind are abandoned. A task asks stop now and then, and returns its error. When ctx ends all do, and a
// task's own error is returned before that of ctx.
func inOrder(ctx context.Context, goroutines, n int,
	do func(i int, stop func() error, pool *bitstep.Pool) error) error {
	var next, failed atomic.Int64
	failed.Store(int64(n))
	var mu sync.Mutex
	var first, stopped error // of task failed; of a context that has ended
	var wait sync.WaitGroup
	for range min(goroutines, n) {
		wait.Go(func() {
			pool := bitstep.NewPool(3)
			defer pool.Close()
			for {
				i := next.Add(1) - 1
				if i >= failed.Load() {
					return
				}
				stop := func() error {
					if i > failed.Load() {
						return errAbandoned
					}
					return ctx.Err()
				}
				if err := do(int(i), stop, pool); err != nil {
					mu.Lock()
					switch {
					case ctx.Err() != nil && errors.Is(err, ctx.Err()): // hides nothing that another has found
						stopped = err
					case i < failed.Load():
						failed.Store(i)
						first = err
					}
					mu.Unlock()
					if ctx.Err() != nil {
						return
					}
				}
			}
		})
	}
	wait.Wait()
	if first == nil {
		return stopped
	}
	return first
}
