package caches

import "testing"

// Sizes that are unknown or cannot be are replaced, and said to be.
func TestUsual(t *testing.T) {
	for _, c := range []struct {
		l1, l2, l3 int
		want       [3]int
		assumed    bool
	}{
		{48 << 10, 2 << 20, 32 << 20, [3]int{48 << 10, 2 << 20, 32 << 20}, false},
		{-1, -1, -1, [3]int{32 << 10, 512 << 10, 8 << 20}, true},
		{0, 1 << 20, 1 << 25, [3]int{32 << 10, 512 << 10, 1 << 25}, true},
		{64 << 10, 32 << 10, 1 << 25, [3]int{32 << 10, 512 << 10, 1 << 25}, true}, // L2 below L1
		{64 << 10, 1 << 20, 0, [3]int{64 << 10, 1 << 20, 16 << 20}, true},         // no L3
	} {
		l1, l2, l3, assumed := usual(c.l1, c.l2, c.l3)
		if got := [3]int{l1, l2, l3}; got != c.want || assumed != c.assumed {
			t.Errorf("%d, %d, %d: %v, assumed %v; want %v, %v", c.l1, c.l2, c.l3, got, assumed, c.want, c.assumed)
		}
	}
	for name, sizes := range map[string]func() (int, int, int, bool){"Sizes": Sizes, "Described": Described} {
		if l1, l2, l3, _ := sizes(); l1 <= 0 || l2 < l1 || l3 <= l2 {
			t.Errorf("%s: L1 %d, L2 %d, L3 %d", name, l1, l2, l3)
		}
	}
}
