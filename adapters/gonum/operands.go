package gonumblas

import (
	"math/bits"
	"sync"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"gonum.org/v1/gonum/blas"
)

// What BLAS allows of operands and package bitstep does not: increments, and memory that operands share.

// vector reports whether x holds n elements that are inc apart, n > 0 and inc != 0.
func vector[T bitstep.Float](n int, x []T, inc int) bool {
	if inc == 1 {
		return n > 0 && n <= len(x)
	}
	step := uint(inc)
	if inc < 0 {
		step = -step
	}
	hi, last := bits.Mul(uint(n-1), step)
	return n > 0 && inc != 0 && hi == 0 && last < uint(len(x))
}

// matrix reports whether a holds rows x cols elements, both above 0, with a leading dimension that is long enough.
func matrix[T bitstep.Float](rows, cols int, a []T, ld int) bool {
	hi, last := bits.Mul(uint(rows-1), uint(ld)) // the last row's place
	return rows > 0 && cols > 0 && ld >= cols && hi == 0 && last <= uint(len(a)) && cols <= len(a)-int(last)
}

// transposes returns what t says, and whether it says something that BLAS knows.
func transposes(t blas.Transpose) (trans, ok bool) {
	trans = t == blas.Trans || t == blas.ConjTrans
	return trans, trans || t == blas.NoTrans
}

// first is the place of the first of n elements, which with a negative increment is the last in memory.
func first(n, inc int) int {
	if inc < 0 {
		return (1 - n) * inc
	}
	return 0
}

// gather puts elements that are inc apart into dst, as many as dst holds.
func gather[T bitstep.Float](dst, x []T, at, inc int) {
	for len(dst) >= 4 {
		dst[0], dst[1], dst[2], dst[3] = x[at], x[at+inc], x[at+2*inc], x[at+3*inc]
		dst = dst[4:]
		at += 4 * inc
	}
	for i := range dst {
		dst[i] = x[at]
		at += inc
	}
}

// scatter is the reverse of gather.
func scatter[T bitstep.Float](x []T, at, inc int, src []T) {
	for _, v := range src {
		x[at] = v
		at += inc
	}
}

// overlap reports whether two slices that are not empty share memory.
func overlap[T bitstep.Float](a, b []T) bool {
	startA, startB := uintptr(unsafe.Pointer(unsafe.SliceData(a))), uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	size := unsafe.Sizeof(a[0])
	return startA < startB+uintptr(len(b))*size && startB < startA+uintptr(len(a))*size
}

// extent is the part of a that a matrix takes.
func extent[T bitstep.Float](rows, cols int, a []T, ld int) []T { return a[:(rows-1)*ld+cols] }

// dense copies a matrix without what is between its rows.
func dense[T bitstep.Float](dst []T, rows, cols int, a []T, ld int) {
	for i := range rows {
		copy(dst[i*cols:][:cols], a[i*ld:])
	}
}

// scratch is pooled memory, for operands that have to be copied.
type scratch[T bitstep.Float] struct{ x, y []T }

var scratches32, scratches64 sync.Pool // of *scratch[T]

func scratchesOf[T bitstep.Float]() *sync.Pool {
	if _, ok := any(T(0)).(float32); ok {
		return &scratches32
	}
	return &scratches64
}

func getScratch[T bitstep.Float]() *scratch[T] {
	if s, _ := scratchesOf[T]().Get().(*scratch[T]); s != nil {
		return s
	}
	return new(scratch[T])
}

func (s *scratch[T]) put() { scratchesOf[T]().Put(s) }

// grow returns n elements with arbitrary values, reusing buf.
func grow[T bitstep.Float](buf *[]T, n int) []T {
	if cap(*buf) < n {
		*buf = make([]T, n)
	}
	return (*buf)[:n]
}
