package optim

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"sort"

	"github.com/bitstep-go/bitstep/internal/mem"
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
	if len(s) != len(o.params) {
		return fmt.Errorf("%d %ss, want %d", len(s), what, len(o.params))
	}
	for i := range s {
		if len(s[i]) != len(o.params[i]) {
			return fmt.Errorf("len(%s %d) = %d, want %d, the length of its parameter", what, i, len(s[i]),
				len(o.params[i]))
		}
		start, end := mem.Bounds(s[i])
		if j := find(o.regions, start, end); j >= 0 {
			return fmt.Errorf("%s %d overlaps %v", what, i, o.regions[j])
		}
	}
	return nil
}

// checkGradients is checkSlices for a step, which is mostly given the same slices: of those that were found right
// before, it compares no more than pointers and lengths, since parameters and states stay where they are, or SetParams
// forgets them. At first none were, and none are wrong, since there is a parameter.
func (o *Optimizer[T]) checkGradients(grads [][]T) error {
	given := mem.Bytes(grads)
	if len(given) > 0 && bytes.Equal(given, o.seen) {
		return nil
	}
	if err := o.checkSlices("gradient", grads); err != nil {
		return err
	}
	o.seen = append(o.seen[:0], given...)
	return nil
}
