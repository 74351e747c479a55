package bitstep

import (
	"fmt"
	"unsafe"

	"github.com/bitstep-go/bitstep/kernels"
)

// FromBytes makes numbers of bytes, such as features of pixels:
//
//	dst = scale*src - offset
//
// Byte, product and difference are each rounded to T. It runs on its own goroutine, and panics, before
// anything is written, if the slices differ in length or dst overlaps another. It runs on the active
// backend; see [On] for another.
func FromBytes[T kernels.Float](dst []T, src []uint8, scale T, offset []T) {
	On[T](Active()).FromBytes(dst, src, scale, offset)
}

// FromBytes is [FromBytes] on this backend.
func (e Engine[T]) FromBytes(dst []T, src []uint8, scale T, offset []T) {
	if len(src) != len(dst) || len(offset) != len(dst) {
		panic(fmt.Sprintf("bitstep: FromBytes: len(src) = %d, len(offset) = %d, want len(dst) = %d",
			len(src), len(offset), len(dst)))
	}
	if overlap(dst, offset) {
		panic("bitstep: FromBytes: dst, which is written, overlaps offset")
	}
	if n := len(dst); n > 0 {
		size := uintptr(n) * unsafe.Sizeof(scale)
		if d, s := uintptr(unsafe.Pointer(&dst[0])), uintptr(unsafe.Pointer(&src[0])); d < s+uintptr(n) && s < d+size {
			panic("bitstep: FromBytes: dst, which is written, overlaps src")
		}
	}
	for len(dst) > chunk {
		e.fromBytes(dst[:chunk], src, scale, offset)
		dst, src, offset = dst[chunk:], src[chunk:], offset[chunk:]
	}
	e.fromBytes(dst, src, scale, offset)
}

// fromBytes converts one chunk: whole vectors in assembly, the rest by definition.
//
//go:noinline
func (e Engine[T]) fromBytes(dst []T, src []uint8, scale T, offset []T) {
	n := 0
	if vec := e.backend.vecBytes() / int(unsafe.Sizeof(scale)); vec != 0 && len(dst) >= vec {
		n = len(dst) &^ (vec - 1)
		assemblyFromBytes(e.backend, n, &scale, &dst[0], &src[0], &offset[0])
	}
	if n < len(dst) {
		kernels.FromBytes(dst[n:], src[n:], scale, offset[n:])
	}
}
