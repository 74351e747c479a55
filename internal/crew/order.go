package crew

import "sync/atomic"

// The order in which pieces are handed on by RunInOrder.
type order struct {
	then    func(worker, piece int) // nil for Run
	window  int
	due     atomic.Int64 // the piece to hand on
	waiting []bool       // of piece i at i mod window: it is done, and not yet handed on
	busy    bool         // somebody hands on, and will see the piece that is done meanwhile
}

func (o *order) reset(window int, then func(worker, piece int)) {
	o.window, o.then, o.busy = window, then, false
	if cap(o.waiting) < window {
		o.waiting = make([]bool, window)
	}
	o.waiting = o.waiting[:window]
	clear(o.waiting)
	o.due.Store(0)
}

// begin waits until the piece is inside the window. It reports false if the call has failed.
func (c *Crew) begin(piece int) bool {
	if c.order.then != nil {
		c.until(Awake, func() bool {
			return piece < int(c.order.due.Load())+c.order.window || c.failure.happened.Load()
		})
	}
	return !c.failure.happened.Load()
}

// done hands on the piece and those that waited for it, unless the piece must wait itself.
func (c *Crew) done(worker, piece int) {
	o := &c.order
	if o.then == nil {
		return
	}
	c.mu.Lock()
	o.waiting[piece%o.window] = true
	if o.busy {
		c.mu.Unlock()
		return
	}
	o.busy = true
	for !c.failure.happened.Load() {
		due := int(o.due.Load())
		if !o.waiting[due%o.window] {
			break
		}
		o.waiting[due%o.window] = false
		c.mu.Unlock()
		o.then(worker, due)
		c.mu.Lock()
		o.due.Add(1)
		c.changed.Broadcast()
	}
	o.busy = false
	c.mu.Unlock()
}
