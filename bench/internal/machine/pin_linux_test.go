package machine

import "testing"

// usable are the CPUs that the thread may use.
func usable(t *testing.T) []int {
	cpus, err := allowed()
	if err != nil {
		t.Fatal(err)
	}
	return cpus
}
