package crew

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var errPlanned = errors.New("planned")

// Calls of every kind in random order, with delays and failures at random places, on crews that work at once.
func TestRandomCalls(t *testing.T) {
	before := runtime.NumGoroutine()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	long := 2 * time.Second
	if testing.Short() {
		long /= 10
	}
	end := time.Now().Add(long)
	var crews sync.WaitGroup
	for seed := range uint64(4) {
		crews.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(end.UnixNano())))
			var c Crew
			defer c.Release()
			held := 0
			for time.Now().Before(end) && !t.Failed() {
				switch r.IntN(12) {
				case 0:
					c.Release()
					held = 0
				case 1:
					if held == 0 {
						held = 1 + r.IntN(6)
						c.Hold(held)
					}
				case 2:
					runtime.GOMAXPROCS(1 + r.IntN(4))
				case 3:
					c.Linger(r.IntN(2) == 0)
				default:
					randomCall(t, r, &c, held)
				}
				delay(r)
			}
		})
	}
	crews.Wait()
	gone(t, before)
}

// delay sleeps, yields, computes or does nothing.
func delay(r *rand.Rand) {
	switch r.IntN(8) {
	case 0:
		time.Sleep(time.Duration(r.IntN(300)) * time.Microsecond)
	case 1, 2:
		runtime.Gosched()
	case 3:
		for start := time.Now(); time.Since(start) < time.Duration(r.IntN(50))*time.Microsecond; {
		}
	}
}

// randomCall makes a call of a crew with so many threads held, 0 for none. If a piece is bad, it and some after it
// panic, or all exit.
func randomCall(t *testing.T, r *rand.Rand, c *Crew, held int) {
	threads, pieces, window := 1+r.IntN(6), r.IntN(40), 1+r.IntN(9)
	if r.IntN(10) == 0 {
		pieces = 500
	}
	ordered, seed := r.IntN(2) == 0, r.Uint64()
	bad, how, where := -1, r.IntN(2), r.IntN(2) // panic or Goexit, in work or in then
	if pieces > 0 && r.IntN(4) == 0 {
		bad = r.IntN(pieces)
	}
	if !ordered {
		where = 0
	}
	limit := Threads(threads, pieces)
	if held > 0 {
		limit = min(limit, held)
	}
	at, done := make([]atomic.Int32, limit), make([]atomic.Int32, pieces)
	var busy, handed, through atomic.Int32
	act := func(worker, piece, here int) {
		r := rand.New(rand.NewPCG(seed, uint64(2*piece+here)))
		if worker >= limit || at[worker].Add(1) != 1 {
			t.Errorf("worker %d of %d: out of range or twice at work", worker, limit)
		}
		busy.Add(1)
		defer func() { busy.Add(-1); at[worker].Add(-1) }()
		delay(r)
		if r.IntN(50) == 0 && caught(func() { c.Run(1, 1, func(_, _ int) {}) }) == nil {
			t.Error("nested use went on")
		}
		if (piece == bad || bad >= 0 && r.IntN(5) == 0 && piece > bad) && here == where {
			if how == 0 {
				panic(errPlanned)
			}
			runtime.Goexit()
		}
	}
	work := func(worker, piece int) {
		if ordered && int32(piece) >= through.Load()+int32(window) {
			t.Errorf("piece %d began when %d were through, window %d", piece, through.Load(), window)
		}
		act(worker, piece, 0)
		if done[piece].Add(1) != 1 {
			t.Errorf("piece %d twice", piece)
		}
	}
	then := func(worker, piece int) {
		if handed.Add(1) != int32(piece)+1 || done[piece].Load() != 1 {
			t.Errorf("piece %d handed on as number %d", piece, handed.Load())
		}
		act(worker, piece, 1)
		through.Add(1)
	}
	returned := false
	var value any
	ended := make(chan bool)
	go func() {
		defer close(ended)
		defer func() { value = recover() }()
		if ordered {
			c.RunInOrder(threads, pieces, window, work, then)
		} else {
			c.Run(threads, pieces, work)
		}
		returned = true
	}()
	select {
	case <-ended:
	case <-time.After(60 * time.Second):
		buf := make([]byte, 1<<20)
		panic("a call hangs:\n" + string(buf[:runtime.Stack(buf, true)]))
	}
	if busy.Load() != 0 {
		t.Error("somebody is still at work")
	}
	if returned != (bad < 0) {
		t.Errorf("returned %v, bad %d (%v)", returned, bad, value)
	}
	if err, _ := value.(error); (how == 0 && bad >= 0) != errors.Is(err, errPlanned) {
		t.Errorf("panic %v, bad %d, how %d", value, bad, how)
	}
	if bad < 0 {
		for i := range done {
			if done[i].Load() != 1 || ordered && handed.Load() != int32(pieces) {
				t.Errorf("piece %d of %d: done %d times, handed %d", i, pieces, done[i].Load(), handed.Load())
			}
		}
	}
}
