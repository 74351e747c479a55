package crew

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// The ways to make a call: what each test tries.
var ways = []struct {
	held, ordered, lingering bool
}{{}, {ordered: true}, {held: true}, {held: true, ordered: true}, {lingering: true}, {ordered: true, lingering: true}}

// each runs test in each way. Run of the way calls work, and then where there is an order.
func each(t *testing.T, threads int, test func(t *testing.T, run func(pieces int, work func(worker, piece int)))) {
	for _, w := range ways {
		t.Run(fmt.Sprintf("%d threads, %+v", threads, w), func(t *testing.T) {
			before := runtime.NumGoroutine()
			var c Crew
			if w.held {
				c.Hold(threads)
			}
			c.Linger(w.lingering)
			test(t, func(pieces int, work func(worker, piece int)) {
				if w.ordered {
					c.RunInOrder(threads, pieces, 2*threads, work, func(worker, piece int) {})
					return
				}
				c.Run(threads, pieces, work)
			})
			c.Release()
			gone(t, before)
		})
	}
}

// gone expects that no goroutine is left. One that has said that it ends may take a moment to.
func gone(t *testing.T, before int) {
	t.Helper()
	for range 1000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// Each piece is done once, and no worker does two at a time.
func TestRun(t *testing.T) {
	for _, threads := range []int{1, 2, 5} {
		each(t, threads, func(t *testing.T, run func(int, func(worker, piece int))) {
			for call, pieces := range []int{0, 1, 2, 7, 100, 3, 1000, -1} {
				if call == 4 {
					time.Sleep(2 * Awake) // held helpers sleep
				}
				done, at := make([]atomic.Int32, max(0, pieces)), make([]atomic.Int32, threads)
				run(pieces, func(worker, piece int) {
					if at[worker].Add(1) != 1 {
						t.Errorf("worker %d is at work twice", worker)
					}
					done[piece].Add(1)
					at[worker].Add(-1)
				})
				for i := range done {
					if n := done[i].Load(); n != 1 {
						t.Fatalf("piece %d of %d was done %d times", i, pieces, n)
					}
				}
			}
		})
	}
}

// Threads that are not asked for, or not held, take no part.
func TestRunLimit(t *testing.T) {
	var c Crew
	check := func(threads, limit int) {
		t.Helper()
		c.Run(threads, 1000, func(worker, _ int) {
			if worker >= limit {
				t.Errorf("worker %d of %d", worker, limit)
			}
			runtime.Gosched()
		})
	}
	c.Hold(4)
	check(2, 2)
	check(9, 4)
	c.Release()
	c.Hold(1)
	check(9, 1)
	c.Release()
	check(3, 3)
	if got, want := Threads(0, 1<<20), runtime.GOMAXPROCS(0); got != want || Threads(3, 2) != 2 || Threads(3, 0) != 1 {
		t.Errorf("Threads: %d, %d, %d, want %d, 2, 1", got, Threads(3, 2), Threads(3, 0), want)
	}
}

// Where helpers linger, a call that follows another finds them there, and else they are gone when it returns.
func TestLinger(t *testing.T) {
	for _, on := range []bool{false, true} {
		before := runtime.NumGoroutine()
		var c Crew
		c.Linger(on)
		there := 0
		for range 1000 {
			c.Run(3, 3, func(_, _ int) { runtime.Gosched() })
			c.mu.Lock()
			there += c.present
			c.mu.Unlock()
		}
		if (there > 0) != on {
			t.Errorf("lingering %v: %d helpers after 1000 calls", on, there)
		}
		gone(t, before)
	}
}

// A worker takes its own share of the pieces first: the second of two begins in the middle, or after the first is done.
func TestShares(t *testing.T) {
	var c Crew
	c.Hold(2)
	defer c.Release()
	const pieces = 100
	for range 100 {
		first, done := -1, 0 // of worker 1, by worker 0
		var taken atomic.Int32
		c.Run(2, pieces, func(worker, piece int) {
			if worker == 0 && piece < pieces/2 {
				taken.Add(1)
			}
			if worker == 1 && first < 0 {
				first, done = piece, int(taken.Load())
			}
		})
		if first >= 0 && first < pieces/2 && done < pieces/2 {
			t.Fatalf("worker 1 began with piece %d of %d, when worker 0 had %d", first, pieces, done)
		}
	}
}

// The helpers do work: piece 0 ends after others have begun.
func TestRunHelps(t *testing.T) {
	each(t, 3, func(t *testing.T, run func(int, func(worker, piece int))) {
		began := make(chan int, 3)
		for range 3 {
			run(3, func(_, piece int) {
				began <- piece
				if piece == 0 {
					for len(began) < 3 {
						runtime.Gosched()
					}
				}
			})
			for range 3 {
				<-began
			}
		}
	})
}

func TestRunInOrder(t *testing.T) {
	for _, threads := range []int{1, 2, 4} {
		for _, window := range []int{1, 2, 8} {
			var c Crew
			for _, pieces := range []int{300, 1, 0, 5} {
				var handed []int // without a lock: one at a time
				buffers := make([]atomic.Int64, window)
				c.RunInOrder(threads, pieces, window, func(_, piece int) {
					if !buffers[piece%window].CompareAndSwap(0, int64(piece)+1) {
						t.Errorf("piece %d began before piece %d was through", piece, piece-window)
					}
					if piece%7 == 3 {
						time.Sleep(10 * time.Microsecond)
					}
				}, func(_, piece int) {
					handed = append(handed, piece)
					if !buffers[piece%window].CompareAndSwap(int64(piece)+1, 0) {
						t.Errorf("piece %d was handed on before it was done", piece)
					}
				})
				if len(handed) != pieces || !slices.IsSorted(handed) {
					t.Errorf("%d threads, window %d: handed on %v, want 0 to %d", threads, window, handed, pieces-1)
				}
			}
		}
	}
}

// caught returns what f panics with.
func caught(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

// A panic on whatever worker reaches the caller, when no one is at work any more, and the crew works on.
func TestPanic(t *testing.T) {
	for _, bad := range []int{0, 1, 2} { // worker
		each(t, 3, func(t *testing.T, run func(int, func(worker, piece int))) {
			for range 3 {
				var busy, done atomic.Int64
				var reached atomic.Bool
				const pieces = 1 << 20
				p, ok := caught(func() {
					run(pieces, func(worker, piece int) {
						busy.Add(1)
						defer busy.Add(-1)
						if worker == bad {
							reached.Store(true)
							panicWith(io.ErrNoProgress)
						}
						for !reached.Load() { // the bad worker gets a piece
							runtime.Gosched()
						}
						done.Add(1)
						time.Sleep(10 * time.Microsecond)
					})
				}).(*Panic)
				if !ok || p.Value != any(io.ErrNoProgress) || !errors.Is(p, io.ErrNoProgress) {
					t.Fatalf("panic %v, want of %v", p, io.ErrNoProgress)
				}
				if text := p.Error(); !strings.HasPrefix(text, io.ErrNoProgress.Error()) ||
					!strings.Contains(text, "panicWith") {
					t.Errorf("the text lacks the value or the stack: %s", text)
				}
				if busy.Load() != 0 || done.Load() > pieces/2 {
					t.Errorf("%d still at work, %d pieces done after the panic", busy.Load(), done.Load())
				}
				works(t, run)
			}
		})
	}
}

//go:noinline
func panicWith(v any) { panic(v) }

// works expects that a crew does all pieces.
func works(t *testing.T, run func(int, func(worker, piece int))) {
	t.Helper()
	var n atomic.Int64
	run(100, func(_, _ int) { n.Add(1) })
	if n.Load() != 100 {
		t.Errorf("%d pieces of 100 done afterwards", n.Load())
	}
}

// A panic in handing on, and one of a crew within a crew.
func TestPanicElsewhere(t *testing.T) {
	var c, inner Crew
	nothing := func(_, _ int) {}
	for _, threads := range []int{1, 3} {
		p, _ := caught(func() {
			c.RunInOrder(threads, 1000, 4, nothing, func(_, piece int) {
				if piece == 10 {
					panic("ten")
				}
			})
		}).(*Panic)
		if p == nil || p.Value != "ten" || p.Unwrap() != nil {
			t.Errorf("panic %v, want ten", p)
		}
		p, _ = caught(func() {
			c.Run(threads, 1, func(_, _ int) { inner.Run(2, 2, func(_, _ int) { panic("inner") }) })
		}).(*Panic)
		if p == nil || p.Value != "inner" {
			t.Errorf("panic %v, want inner", p)
		}
	}
	for what, misuse := range map[string]func(){
		"Run within a piece": func() { c.Run(1, 1, func(_, _ int) { c.Run(1, 1, nothing) }) },
		"a second Hold":      func() { c.Hold(2); defer c.Release(); c.Hold(2) },
		"a window of 0":      func() { c.RunInOrder(1, 1, 0, nothing, nothing) },
	} {
		if caught(misuse) == nil {
			t.Errorf("no panic: %s", what)
		}
	}
	works(t, func(pieces int, work func(worker, piece int)) { c.Run(2, pieces, work) })
}

// runtime.Goexit, on whatever worker, ends the caller's goroutine when no one is at work, and the crew works on.
func TestGoexit(t *testing.T) {
	for _, bad := range []int{0, 1} {
		each(t, 2, func(t *testing.T, run func(int, func(worker, piece int))) {
			for range 3 {
				returned, ended := false, make(chan bool)
				go func() {
					defer close(ended)
					var reached atomic.Bool
					run(1<<20, func(worker, _ int) {
						if worker == bad {
							reached.Store(true)
							runtime.Goexit()
						}
						for !reached.Load() {
							runtime.Gosched()
						}
					})
					returned = true
				}()
				<-ended
				if returned {
					t.Error("the caller went on")
				}
				works(t, run)
			}
		})
	}
}

// Calls allocate nothing once the crew has been used.
func TestAllocations(t *testing.T) {
	nothing := func(_, _ int) {}
	for _, held := range []bool{false, true} {
		var c Crew
		if held {
			c.Hold(2)
		}
		got := testing.AllocsPerRun(100, func() {
			c.Run(2, 10, nothing)
			c.RunInOrder(2, 10, 4, nothing, nothing)
		})
		if got != 0 {
			t.Errorf("held=%v: %v allocations per call", held, got)
		}
		c.Release()
	}
}
