// Package crew shares work over threads. It is the only place of this module that starts goroutines, waits for
// them and counts what they take.
//
// The work is cut into pieces 0 to n-1, which the workers of a [Crew] claim: worker 0 is the caller, the others are
// helpers. Each begins with its own share of the pieces, in ascending order, and then takes of the others' shares.
// [Crew.Run] returns when all pieces are done, and allocates nothing once the crew has been used. Its work function
// gets the worker's number, for memory that each thread has for itself, and the piece. Which worker gets which piece is
// left to chance in the end, so results must not depend on it (rule 9 of the numeric contract): pieces write to places
// of their own.
//
// Where pieces are terms of a sum, [Crew.RunInOrder] hands them on in ascending order, each as soon as those before
// it are done, by whichever worker finishes the one that is due, and lets no worker get further ahead of it than a
// window of pieces. A pass over the blocks of a batch then needs no locks, no list of free buffers and no counters
// of its own: block i is worked out in buffer i modulo the window, by work, and added from there to the total, by
// then. While one worker adds, the others work on.
//
//	c.Hold(threads) // for a whole training run
//	defer c.Release()
//	...
//	c.RunInOrder(threads, blocks, window,
//		func(worker, i int) { p.block(&workers[worker], &buffers[i%window], i) },
//		func(worker, i int) { p.accumulate(&workers[worker], &buffers[i%window], i) })
//
// (Functions that are made once, not at each call, keep calls from allocating.) Helpers live for one call, or
// from [Crew.Hold] to [Crew.Release]: then they look out for the next call, and sleep if it takes long to come.
// None outlives the one or the other, but where the crew lingers: see [Crew.Linger].
//
// A panic in a piece, on any goroutine, reaches the caller: the others take no more pieces, everybody is waited for,
// and the caller panics with a [*Panic]. After runtime.Goexit in a piece, which testing.T.FailNow calls, the caller's
// goroutine ends likewise. Either way the crew can be used again.
package crew
