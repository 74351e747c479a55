//go:build !linux

package machine

func hugePages() string          { return available(errSystem) }
func governor() string           { return available(errSystem) }
func hypervisorOfSystem() string { return "" }
func cpuName() string            { return "unknown CPU" }

// Pin would bind the calling goroutine to a CPU.
func Pin() (cpu int, undo func(), err error) { return 0, func() {}, errSystem }

func usage() (times, error) { return times{}, errSystem }

// LostSoFar would return what other processes have taken from this one.
func LostSoFar() Lost { return Lost{} }

// Memory is how many bytes the machine has left, 0 if unknown.
func Memory() int { return 0 }

// Counters are none on this system.
type Counters struct{}

// OpenCounters returns nil counters, which count nothing, and why.
func OpenCounters() (*Counters, error) { return nil, errSystem }

// Start would start counting.
func (c *Counters) Start() {}

// Stop returns nothing.
func (c *Counters) Stop() map[string]float64 { return nil }

// Close ends the counters.
func (c *Counters) Close() {}
