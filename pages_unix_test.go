//go:build unix

package bitstep_test

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/bitstep-go/bitstep/kernels"
)

// newPages returns slices of two pages each, between two pages that cannot be accessed.
func newPages[T kernels.Float](t *testing.T, count int) [][]T {
	t.Helper()
	page := unix.Getpagesize()
	var pages [][]T
	for range count {
		m, err := unix.Mmap(-1, 0, 4*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Munmap(m) })
		for _, outer := range [][]byte{m[:page], m[3*page:]} {
			if err := unix.Mprotect(outer, unix.PROT_NONE); err != nil {
				t.Fatal(err)
			}
		}
		size := int(unsafe.Sizeof(T(0)))
		pages = append(pages, unsafe.Slice((*T)(unsafe.Pointer(&m[page])), 2*page/size))
	}
	return pages
}
