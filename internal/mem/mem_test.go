package mem

import (
	"math"
	"testing"
	"unsafe"
)

func TestOverlap(t *testing.T) {
	var memory [16]float64
	s := memory[:]
	for _, c := range []struct {
		a, b []float64
		want bool
	}{
		{s[:8], s[8:], false}, {s[8:], s[:8], false}, {s[:9], s[8:], true}, {s[8:], s[:9], true},
		{s, s[5:6], true}, {s[5:6], s, true}, {s, s, true},
		{s, s[5:5], false}, {s[5:5], s, false}, {s, nil, false}, {nil, nil, false}, {s, make([]float64, 16), false},
	} {
		if got := Overlap(c.a, c.b); got != c.want {
			t.Errorf("Overlap(len %d, len %d) = %v, want %v", len(c.a), len(c.b), got, c.want)
		}
		if len(c.a) == 0 || len(c.b) == 0 {
			continue
		}
		if got := First(c.a, len(c.a)).Meets(First(c.b, len(c.b))); got != c.want {
			t.Errorf("Meets(len %d, len %d) = %v, want %v", len(c.a), len(c.b), got, c.want)
		}
	}
}

// Near is exact for elements of one type, and says yes of other slices that overlap.
func TestNear(t *testing.T) {
	memory, size := make([]float64, 24), 8
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(&memory[0])), len(memory)*size)
	for n := 1; n <= 8; n++ {
		for i := range 16 {
			for j := range 16 {
				a, b := memory[i:i+n], memory[j:j+n]
				if got, want := Near(a, b), Overlap(a, b); got != want {
					t.Errorf("%d elements from %d and %d on: %v, want %v", n, i, j, got, want)
				}
			}
			for at := range 16 * size {
				a, b := memory[i:i+n], bytes[at:at+n]
				if Overlap(a, b) && (!Near(a, b) || !Near(b, a)) {
					t.Errorf("%d elements from %d on, and bytes from %d on: not near, and overlap", n, i, at)
				}
			}
		}
	}
}

// Elements need not be of one type: the addresses count.
func TestOverlapOfTypes(t *testing.T) {
	type both struct {
		bytes [8]uint8
		words [2]uint32
	}
	pair := new([2]both)
	if Overlap(pair[0].bytes[:], pair[0].words[:]) || Overlap(pair[0].words[:], pair[1].bytes[:]) {
		t.Error("neighbours overlap")
	}
	if !Overlap(pair[:], pair[1].words[1:]) || Overlap(make([]struct{}, 3), pair[:]) {
		t.Error("a part does not overlap the whole, or what has no size does")
	}
}

func TestAligned(t *testing.T) {
	for n := range 70 {
		testAligned[uint8](t, n)
		testAligned[float32](t, n)
		testAligned[float64](t, n)
		testAligned[[Line]byte](t, n)
	}
	testAligned[float32](t, 1<<20+1)
	defer func() {
		if recover() == nil {
			t.Error("no panic for elements of 3 bytes")
		}
	}()
	Aligned[[3]byte](1)
}

func testAligned[T any](t *testing.T, n int) {
	s := Aligned[T](n)
	if start, _ := Bounds(s); len(s) != n || cap(s) != n || n > 0 && start%Line != 0 {
		t.Errorf("%d of %T: len %d, cap %d, at %#x", n, s, len(s), cap(s), start)
	}
}

func TestBytes(t *testing.T) {
	s := make([]float64, 5)
	b := Bytes(s[1:4])
	start, end := Bounds(s[1:4])
	if gotStart, gotEnd := Bounds(b); gotStart != start || gotEnd != end || len(b) != 24 {
		t.Errorf("%d bytes from %#x to %#x, want those from %#x to %#x", len(b), gotStart, gotEnd, start, end)
	}
	if b := Bytes([]float32(nil)); len(b) != 0 {
		t.Errorf("%d bytes of nothing", len(b))
	}
}

func TestLarge(t *testing.T) {
	for _, n := range []int{0, 1, 1 << 20, 3<<20 + 1} {
		s := Large[float32](n)
		if len(s) != n {
			t.Errorf("%d elements, want %d", len(s), n)
		}
		for i, v := range s {
			if v != 0 {
				t.Fatalf("element %d of %d is %v", i, n, v)
			}
			s[i] = 1
		}
		Touch(Bytes(s))
	}
}

func TestTogether(t *testing.T) {
	all := Together[float32]([]int{3, 0, 16, 17, 1})
	end := uintptr(0)
	for i, n := range []int{3, 0, 16, 17, 1} {
		s := all[i]
		if len(s) != n || cap(s) != n {
			t.Fatalf("slice %d: len %d, cap %d, want %d", i, len(s), cap(s), n)
		}
		if n == 0 {
			continue
		}
		start, next := Bounds(s)
		if start%Line != 0 || end != 0 && (start < end || start >= end+Line) {
			t.Errorf("slice %d is at %#x, want the first line from %#x on", i, start, end)
		}
		end = next
	}
	for _, lengths := range [][]int{{-1}, {1, -1}, {math.MaxInt, math.MaxInt, math.MaxInt}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("lengths %v: no panic", lengths)
				}
			}()
			Together[uint8](lengths)
		}()
	}
}
