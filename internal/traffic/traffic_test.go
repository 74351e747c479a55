package traffic

import (
	"slices"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
)

// Every backend but Go has every loop, and says how much that did.
func TestLoops(t *testing.T) {
	for _, b := range bitstep.Backends() {
		testLoops[float32](t, b)
		testLoops[float64](t, b)
	}
}

func testLoops[T kernels.Float](t *testing.T, b bitstep.Backend) {
	for op := range FMA + 1 {
		rate, chain := Rate[T](b, op, 3), Chain[T](b, op, 3)
		if b == bitstep.Go && (rate != 0 || chain != 0) {
			t.Errorf("%v, %v %T: %v and %v without assembly", b, op, T(0), rate, chain)
		} else if b != bitstep.Go && (rate <= chain || chain < 3 || Rate[T](b, op, 6) != 2*rate ||
			Chain[T](b, op, 6) != 2*chain) {
			t.Errorf("%v, %v %T: %v elements, %v links", b, op, T(0), rate, chain)
		}
	}
}

// A load changes nothing, a store and a copy change all of what they write and nothing else.
func TestMove(t *testing.T) {
	for _, b := range bitstep.Backends() {
		for _, pattern := range []string{"R", "W", "WR"} {
			const n = 1040 // whole vectors, but no whole turns of loops
			s := [][]float32{make([]float32, n), make([]float32, n)}[:len(pattern)]
			for i := range s {
				for j := range s[i] {
					s[i][j] = float32(1 + i)
				}
			}
			if Move(b, pattern, s); pattern == "R" && slices.Contains(s[0], 0) {
				t.Errorf("%v: a load writes", b)
			} else if pattern == "W" && slices.Contains(s[0], 1) {
				t.Errorf("%v: a store leaves something", b)
			} else if pattern == "WR" && (slices.Contains(s[0], 1) || slices.Contains(s[1], 1)) {
				t.Errorf("%v: a copy gives %v of %v", b, s[0], s[1])
			}
		}
		for _, pattern := range []string{"hR", "WH", "qR", "WQ"} {
			const n = 1024
			dst, src := make([]float32, n+1), make([]float32, n)
			for i := range src {
				src[i] = 2
			}
			Move(b, pattern, [][]float32{dst[:n/periods[pattern[0]]], src[:n/periods[pattern[1]]]})
			if i := slices.Index(dst, 0); i != n/periods[pattern[0]] {
				t.Errorf("%v: %s writes %d elements, want %d", b, pattern, i, n/periods[pattern[0]])
			}
		}
	}
}
