package bitstep

import "testing"

// BytesPerCall is bytesPerCall for tests from outside.
const BytesPerCall = bytesPerCall

// SimulateCaches makes products take the caches for others until the test is over.
func SimulateCaches(t *testing.T, l1, l2 int) {
	saved1, saved2, saved3 := cacheL1, cacheL2, cacheL3
	cacheL1, cacheL2, cacheL3 = l1, l2, 16*l2
	t.Cleanup(func() { cacheL1, cacheL2, cacheL3 = saved1, saved2, saved3 })
}
