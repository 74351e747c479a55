package machine

import (
	"os"
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
	if _, err := os.Stat("/proc/self/schedstat"); err != nil {
		t.Skip(err)
	}
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
	if lost := LostSoFar().Since(before); !lost.Counts(n, took) || lost.Waited > 2*time.Duration(n)*took {
		t.Errorf("%d threads of %d CPUs lost %+v in %v", n, runtime.NumCPU(), lost, took)
	}
}
