package machine

import (
	"testing"

	"golang.org/x/sys/unix"
)

// allowed is how many CPUs the thread may use.
func allowed(t *testing.T) int {
	var s unix.CPUSet
	if err := unix.SchedGetaffinity(0, &s); err != nil {
		t.Fatal(err)
	}
	return s.Count()
}
