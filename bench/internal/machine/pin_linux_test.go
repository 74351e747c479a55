package machine

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"
)

// usable are the CPUs that the thread may use.
func usable(t *testing.T) []int {
	cpus, err := allowed()
	if err != nil {
		t.Fatal(err)
	}
	return cpus
}

// More threads than CPUs take these from one another, and wait.
func TestLostSoFar(t *testing.T) {
	before, began := LostSoFar(), time.Now()
	const each = 4 // threads a CPU
	n := each * runtime.NumCPU()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			for time.Since(began) < 300*time.Millisecond {
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	var ran int // ns, by now not 0 where it is counted
	if n, _ := fmt.Sscan(word("/proc/self/schedstat"), &ran); n == 0 || ran == 0 {
		t.Skipf("/proc/self/schedstat is %q: this system does not count", word("/proc/self/schedstat"))
	}
	if lost := LostSoFar().Since(before); !lost.Counts(n, took) || lost.Waited > 2*time.Duration(n)*took {
		t.Errorf("%d threads of %d CPUs lost %+v in %v", n, runtime.NumCPU(), lost, took)
	}
}
