package bitstep

import (
	"fmt"
	"os"
	"strings"

	"github.com/bitstep-go/bitstep/kernels"
)

// A Backend is one implementation of the kernels. Its zero value is portable Go, which every machine
// can run. Results do not depend on the backend.
type Backend uint8

// String returns the backend's name, in lower case: go, avx2, ...
func (b Backend) String() string {
	if int(b) < len(backends) {
		return backends[b].name
	}
	return fmt.Sprintf("Backend(%d)", uint8(b))
}

// vecBytes is the length of the backend's vectors; 0 without assembly.
func (b Backend) vecBytes() int { return backends[b].vecBytes }

// tiles is what the micro-kernels of products measure; zero without.
func (b Backend) tiles() *tileSize { return &backends[b].tiles }

// A tileSize is what the micro-kernels of a backend measure: the list of instruction sets explains each.
type tileSize struct {
	chainRows  [8]int
	packVecs   int
	columns    bool
	copyVecs   int
	unroll     int
	turnRows   [4]int
	narrowRows [2][2]int
	lanesCols  [4]int
	lanesTile  [2]int
	wholeCols  [4]int
}

// available holds the backends of this machine, the fastest last; active is the default. Both are
// set once at start.
var (
	available = append([]Backend{Go}, detect()...)
	active    = choose(os.Getenv("BITSTEP"), available)
)

// Backends lists the backends that this build, CPU and operating system can run, the fastest last.
// The first is always [Go].
func Backends() []Backend { return append([]Backend(nil), available...) }

// Active returns the backend of the package's functions: the one that the environment variable BITSTEP
// named at start, or else the fastest.
func Active() Backend { return active }

// choose returns the backend of that name, or the fastest for an empty name. A forced backend must not
// fall back silently, so it panics at start if the machine cannot run it.
func choose(name string, available []Backend) Backend {
	if name == "" {
		return available[len(available)-1]
	}
	var names []string
	for _, b := range available {
		if b.String() == name {
			return b
		}
		names = append(names, b.String())
	}
	panic(fmt.Sprintf("bitstep: BITSTEP=%s: this machine and build can run %s", name, strings.Join(names, ", ")))
}

// An Engine is the kernels of one backend for elements of type T: a small value to keep or to make at
// each call. The zero value is portable Go.
type Engine[T kernels.Float] struct {
	engine
	threads int    // 0: GOMAXPROCS
	pool    *Pool  // nil: none
	fetch   *Fetch // nil: nothing
}

// An engine is the rest of an Engine. The compiler keeps structs of up to four fields and words in registers, others in
// memory.
type engine struct {
	backend Backend
	checked bool // operands of several tensors
}

// On returns the kernels of a backend. It panics if the backend is not one of [Backends].
func On[T kernels.Float](b Backend) Engine[T] {
	if int(b) >= len(runnable) || !runnable[b] {
		notRunnable(b)
	}
	return Engine[T]{engine: engine{backend: b}}
}

// notRunnable panics. It is not part of On, which is inlined without it.
//
//go:noinline
func notRunnable(b Backend) {
	panic(fmt.Sprintf("bitstep: On: backend %v is not one of %v that this machine and build can run", b, available))
}

// runnable marks the available backends.
var runnable = func() (r [len(backends)]bool) {
	for _, b := range available {
		r[b] = true
	}
	return r
}()

// Backend returns the backend of e.
func (e Engine[T]) Backend() Backend { return e.backend }

// Threads returns e limited to n threads per call; n = 1 keeps a call on its own goroutine, which
// callers want that are parallel already. n <= 0 removes the limit: GOMAXPROCS threads, the default.
// Results do not depend on it.
func (e Engine[T]) Threads(n int) Engine[T] {
	e.threads = max(n, 0)
	return e
}
