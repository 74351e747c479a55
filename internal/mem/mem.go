// Package mem answers where in memory slices are, and makes them where they should be.
package mem

import (
	"fmt"
	"runtime"
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

// First returns the span of the first n elements of s, of which there are so many.
func First[T any](s []T, n int) Span {
	return Span{unsafe.Pointer(unsafe.SliceData(s)), n, unsafe.Sizeof(*new(T))}
}

// Overlaps reports whether two spans share memory. Empty ones share none.
func (s Span) Overlaps(o Span) bool {
	a, b := uintptr(s.Pointer), uintptr(o.Pointer)
	endA, endB := a+uintptr(s.Len)*s.size, b+uintptr(o.Len)*o.size
	return a < endA && b < endB && a < endB && b < endA
}

// Near is a quick [Span.Overlaps] of two slices of the same length: it reports true if they share memory, and may do so
// if they do not but have no elements, or elements of different sizes. The difference of two addresses that are less
// than so many bytes apart lies between -bytes and bytes.
func Near[A, B any](a []A, b []B) bool {
	bytes := uintptr(len(a)) * max(unsafe.Sizeof(*new(A)), unsafe.Sizeof(*new(B)))
	apart := uintptr(unsafe.Pointer(unsafe.SliceData(a))) - uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return apart+bytes-1 < 2*bytes-1
}

// Meets is Overlaps of two spans that are not empty.
func (s Span) Meets(o Span) bool {
	a, b := uintptr(s.Pointer), uintptr(o.Pointer)
	return a < b+uintptr(o.Len)*o.size && b < a+uintptr(s.Len)*s.size
}

// Checked is what who has looked at the lengths and addresses of slices shows to who would do so again.
type Checked struct{}

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

// Together returns slices of zeros that follow one another in memory, each from the border of a [Line] on, and with
// no capacity beyond them: who goes through many small ones goes through memory in one direction. It panics as make
// does if they are too large.
func Together[T any](lengths []int) [][]T {
	line := Line / int(unsafe.Sizeof(*new(T)))
	padded := func(n int) int { return (n + line - 1) / line * line }
	total := 0
	for _, n := range lengths {
		if total += padded(n); n < 0 || total < 0 {
			total = -1 // make panics
			break
		}
	}
	memory, all := Large[T](total), make([][]T, len(lengths))
	for i, n := range lengths {
		all[i], memory = memory[:n:n], memory[padded(n):]
	}
	return all
}

// Bytes returns the memory of s.
func Bytes[T any](s []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(*new(T))))
}

// Touch brings s to the caches by reading a byte of each line: reads that wait for nothing but memory overlap, and
// hardly do in what comes next, which has better to do than to look far ahead.
func Touch(s []byte) {
	var sum byte
	for i := 0; i < len(s); i += Line {
		sum += s[i]
	}
	runtime.KeepAlive(sum)
}

// Large is [Aligned], in huge pages if it is large and the system has such: data that is read at random places, row
// by row, otherwise waits for the addresses of pages.
func Large[T any](n int) []T {
	const page = 2 << 20
	s := Aligned[T](n)
	if b := Bytes(s); len(b) >= 2*page {
		start, _ := Bounds(b)
		skip := int(-start % page)
		advise(b[skip : skip+(len(b)-skip)/page*page])
	}
	return s
}
