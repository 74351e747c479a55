package optim

import (
	"cmp"
	"fmt"
	"slices"
	"unsafe"

	"github.com/bitstep-go/bitstep/kernels"
)

// A region is memory that an optimizer writes.
type region[T kernels.Float] struct {
	s     []T
	kind  string
	param int
}

func (r region[T]) String() string { return fmt.Sprintf("%s %d", r.kind, r.param) }

// bounds returns the addresses of the first element of s and of the end. Slices that are reachable from
// the heap do not move.
func bounds[T kernels.Float](s []T) (start, end uintptr) {
	start = uintptr(unsafe.Pointer(unsafe.SliceData(s)))
	return start, start + uintptr(len(s))*unsafe.Sizeof(T(0))
}

// disjoint returns the regions that are not empty in the order of their addresses, or an error if two
// share memory.
func disjoint[T kernels.Float](regions []region[T]) ([]region[T], error) {
	regions = slices.DeleteFunc(regions, func(r region[T]) bool { return len(r.s) == 0 })
	slices.SortStableFunc(regions, func(a, b region[T]) int {
		startA, _ := bounds(a.s)
		startB, _ := bounds(b.s)
		return cmp.Compare(startA, startB)
	})
	for i := 1; i < len(regions); i++ {
		_, end := bounds(regions[i-1].s)
		if start, _ := bounds(regions[i].s); start < end {
			return nil, fmt.Errorf("%v overlaps %v", regions[i-1], regions[i])
		}
	}
	return regions, nil
}

// find returns the index of a region that shares memory with s, or -1.
func find[T kernels.Float](regions []region[T], s []T) int {
	if len(s) == 0 {
		return -1
	}
	start, end := bounds(s)
	lo, hi := 0, len(regions) // the first region that ends behind start
	for lo < hi {
		mid := (lo + hi) / 2
		if _, e := bounds(regions[mid].s); e > start {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	if lo < len(regions) {
		if first, _ := bounds(regions[lo].s); first < end {
			return lo
		}
	}
	return -1
}

// checkSlices panics unless there is a slice for each parameter, of its length, that shares no memory
// with parameters or states.
func (o *Optimizer[T]) checkSlices(method, what string, s [][]T) {
	if len(s) != len(o.params) {
		panic(fmt.Sprintf("optim: %s: %d %ss, want %d", method, len(s), what, len(o.params)))
	}
	for i := range s {
		if len(s[i]) != len(o.params[i]) {
			panic(fmt.Sprintf("optim: %s: len(%s %d) = %d, want %d, the length of its parameter", method, what, i,
				len(s[i]), len(o.params[i])))
		}
		if j := find(o.regions, s[i]); j >= 0 {
			panic(fmt.Sprintf("optim: %s: %s %d overlaps %v", method, what, i, o.regions[j]))
		}
	}
}
