package crew

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
)

// A Panic is what a call panics with after a panic in one of its pieces, on whichever goroutine.
type Panic struct {
	Value any    // of the panic
	Stack []byte // of the goroutine, as debug.Stack formats it
}

// Error returns the value and the stack.
func (p *Panic) Error() string { return fmt.Sprintf("%v\n\n%s", p.Value, p.Stack) }

// Unwrap returns the value if it is an error, as those of the runtime are.
func (p *Panic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// A failure is how a call failed: by the first panic, else by runtime.Goexit.
type failure struct {
	happened atomic.Bool
	panic    *Panic // written under the crew's mu
}

// fail ends the call after a panic with that value, or for nil after runtime.Goexit.
func (c *Crew) fail(value any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if value != nil && c.failure.panic == nil {
		p, ok := value.(*Panic) // of a crew that a piece used
		if !ok {
			p = &Panic{value, debug.Stack()}
		}
		c.failure.panic = p
	}
	c.failure.happened.Store(true)
	c.changed.Broadcast() // who waits for a piece that will not come
}

// raise passes a failure on to the caller, whose goroutine may be exiting already.
func (f *failure) raise(exiting bool) {
	if !f.happened.Swap(false) {
		return
	}
	p := f.panic
	f.panic = nil
	if p != nil {
		panic(p)
	}
	if !exiting {
		runtime.Goexit()
	}
}
