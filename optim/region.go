package optim

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"sort"

	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
)

// A region is memory that an optimizer writes.
type region struct {
	start, end uintptr // slices that are reachable from the heap do not move
	kind       string
	param      int
}

// parameter is the kind of a region that is one.
const parameter = "parameter"

func (r region) String() string { return fmt.Sprintf("%s %d", r.kind, r.param) }

func regionOf[T any](s []T, kind string, param int) region {
	start, end := mem.Bounds(s)
	return region{start, end, kind, param}
}

// disjoint returns the regions that are not empty in the order of their addresses, or an error if two
// share memory.
func disjoint(regions []region) ([]region, error) {
	regions = slices.DeleteFunc(regions, func(r region) bool { return r.start == r.end })
	slices.SortStableFunc(regions, func(a, b region) int { return cmp.Compare(a.start, b.start) })
	for i := 1; i < len(regions); i++ {
		if regions[i].start < regions[i-1].end {
			return nil, fmt.Errorf("%v overlaps %v", regions[i-1], regions[i])
		}
	}
	return regions, nil
}

// find returns the index of a region that shares memory with the one from start to end, or -1.
func find(regions []region, start, end uintptr) int {
	if start == end {
		return -1
	}
	i := sort.Search(len(regions), func(i int) bool { return regions[i].end > start })
	if i < len(regions) && regions[i].start < end {
		return i
	}
	return -1
}

// checkSlices returns an error unless there is a slice for each parameter, of its length, that shares no memory
// with parameters or states.
func (o *Optimizer[T]) checkSlices(what string, s [][]T) error {
	if err := o.checkCount(what, len(s)); err != nil {
		return err
	}
	for i := range s {
		if err := checkSlice(o, what, i, s[i]); err != nil {
			return err
		}
	}
	return nil
}

func (o *Optimizer[T]) checkCount(what string, n int) error {
	if n != len(o.params) {
		return fmt.Errorf("%d %ss, want %d", n, what, len(o.params))
	}
	return nil
}

// checkSlice is checkSlices for parameter i, with elements of any type.
func checkSlice[E any, T kernels.Float](o *Optimizer[T], what string, i int, s []E) error {
	if len(s) != o.lengths[i] {
		return fmt.Errorf("len(%s %d) = %d, want %d, the length of its parameter", what, i, len(s), o.lengths[i])
	}
	start, end := mem.Bounds(s)
	if j := find(o.regions, start, end); j >= 0 {
		return fmt.Errorf("%s %d overlaps %v", what, i, o.regions[j])
	}
	return nil
}

// sawGradients reports whether gradients are those that were found right before. A step is mostly given the same
// slices: it then compares no more than pointers and lengths, since parameters and states stay where they are, or
// SetParams forgets them. At first there were none, and none are wrong, since there is a parameter.
func sawGradients[E any, T kernels.Float](o *Optimizer[T], grads []E) bool {
	given := mem.Bytes(grads)
	return len(grads) == len(o.params) && len(given) > 0 && bytes.Equal(given, o.seen)
}

// see has sawGradients know gradients that are right.
func see[E any, T kernels.Float](o *Optimizer[T], grads []E) {
	o.seen = append(o.seen[:0], mem.Bytes(grads)...)
}
