package machine

import "time"

// Lost is what other processes have taken from this one.
type Lost struct {
	Times  int           // that the system took a CPU from a thread which would have gone on
	Waited time.Duration // that its threads were ready and had no CPU, together
}

// Since is what was lost after a moment.
func (l Lost) Since(before Lost) Lost { return Lost{l.Times - before.Times, l.Waited - before.Waited} }

// Counts reports whether a median of samples that took a time together may be another for what was lost meanwhile: more
// than a quarter of them met it, and it was more than a twentieth of the time. (A sample of microseconds is lost by one
// time slice, and a median does not mind that; one of a tenth of a second hardly becomes longer by several.)
func (l Lost) Counts(samples int, took time.Duration) bool {
	return l.Times > samples/4 && l.Waited > took/20
}
