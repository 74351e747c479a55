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

// Overlap reports whether a and b share memory. Empty slices share none.
func Overlap[A, B any](a []A, b []B) bool {
	startA, endA := Bounds(a)
	startB, endB := Bounds(b)
	return startA < endA && startB < endB && startA < endB && startB < endA
}

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
