package bitstep

// Kinds is how many kinds of processors the architecture has; number 0 takes all roots in hardware.
func Kinds() int { return len(processors) + 1 }

// Pipelined is the least bytes of an operand for which steps with roots run in a software pipeline.
const Pipelined = pipelined

// RunAs runs f with the steps of a kind of processor, whatever the machine's is.
func RunAs(kind int, f func()) {
	defer func(by [len(backends)]balanced) { rootsBy = by }(rootsBy)
	p := ordinary
	if kind > 0 {
		p = processors[kind-1].kind
	}
	for b := range rootsBy {
		rootsBy[b] = balanced{p, p}
	}
	f()
}

// RaceEnabled is raceEnabled for this package's own tests.
var RaceEnabled bool
