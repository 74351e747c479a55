// Package mem answers where in memory slices are, and makes them where they should be.
package mem

import (
	"fmt"
	"unsafe"
)

// Line is the size of a cache line in bytes, and of the line of lanes of the numeric contract.
const Line = 64

// Bounds returns the addresses of s's first element and of its end. They stay true of memory on the heap, and of
// memory on a stack until the next call.
func Bounds[T any](s []T) (start, end uintptr) {
	start = uintptr(unsafe.Pointer(unsafe.SliceData(s)))
	return start, start + uintptr(len(s))*unsafe.Sizeof(*new(T))
}

// A Span is the memory of a slice of any type. It holds a pointer, which moves with a stack.
type Span struct {
	Pointer unsafe.Pointer // at the first element
	Len     int            // elements
	size    uintptr        // of one
}

// Of returns the span of s.
func Of[T any](s []T) Span {
	return Span{unsafe.Pointer(unsafe.SliceData(s)), len(s), unsafe.Sizeof(*new(T))}
}

// Overlaps reports whether two spans share memory. Empty ones share none.
func (s Span) Overlaps(o Span) bool {
	a, b := uintptr(s.Pointer), uintptr(o.Pointer)
	endA, endB := a+uintptr(s.Len)*s.size, b+uintptr(o.Len)*o.size
	return a < endA && b < endB && a < endB && b < endA
}

// Overlap reports whether a and b share memory. Empty slices share none.
func Overlap[A, B any](a []A, b []B) bool { return Of(a).Overlaps(Of(b)) }

// Aligned returns n zeros from the border of a [Line] on, and with no capacity beyond them. It panics if the size
// of an element does not divide a line.
func Aligned[T any](n int) []T {
	size := int(unsafe.Sizeof(*new(T)))
	if size == 0 || Line%size != 0 {
		panic(fmt.Sprintf("mem: Aligned: elements of %d bytes, want a divisor of %d", size, Line))
	}
	all := make([]T, n+Line/size-1)
	start, _ := Bounds(all)
	skip := int(-start%Line) / size
	return all[skip:][:n:n]
}
