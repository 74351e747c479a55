//go:build amd64 || arm64

package bitstep_test

import (
	"fmt"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
)

// Rows lie gigabytes apart, so that offsets in a tile exceed 32 bits: in memory that is reserved and, but for
// a few pages, never touched.
func TestGemmHugeLeadingDimension(t *testing.T) {
	testHuge[float32](t)
	testHuge[float64](t)
}

func testHuge[T kernels.Float](t *testing.T) {
	const ld, rows, cols = 1<<29 + 3, 6, 300
	reserve := func() []T {
		const elements = (rows-1)*ld + cols
		m, err := unix.Mmap(-1, 0, elements*int(unsafe.Sizeof(T(0))), unix.PROT_READ|unix.PROT_WRITE,
			unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_NORESERVE)
		if err != nil {
			t.Skip("this machine reserves no 25 GB of addresses: ", err)
		}
		t.Cleanup(func() { unix.Munmap(m) })
		return unsafe.Slice((*T)(unsafe.Pointer(&m[0])), elements)
	}
	far, farC := reserve(), reserve()
	r, near := edge.Rand(1), make([]T, cols*cols)
	for i := range rows {
		edge.FillSummable(r, far[i*ld:][:cols])
	}
	edge.FillSummable(r, near)
	for _, backend := range bitstep.Backends() {
		k := bitstep.On[T](backend)
		for form := range 4 {
			transA, transB := form&1 != 0, form&2 != 0
			// check compares an m x n product of depth kk, c's rows being ldc apart.
			check := func(m, n, kk int, a []T, lda int, b []T, ldb int, c []T, ldc int) {
				want := make([]T, m*n)
				kernels.Gemm(transA, transB, m, n, kk, 1, a, lda, b, ldb, 0, want, n)
				k.Gemm(transA, transB, m, n, kk, 1, a, lda, b, ldb, 0, c, ldc)
				for i := range m {
					sameBits(t, fmt.Sprintf("%v %T form %d, %dx%dx%d: row %d", backend, T(0), form, m, n, kk, i),
						c[i*ldc:][:n], want[i*n:][:n])
				}
			}
			for _, other := range []int{1, 2, 40} {
				m, kk, n := rows, cols, other // A's rows are far apart
				if transA {
					m, kk = cols, rows
				}
				ldb := n
				if transB {
					ldb = kk
				}
				check(m, n, kk, far, ld, near, ldb, make([]T, m*n), n)

				m, kk, n = other, rows, cols // B's rows
				if transB {
					kk, n = cols, rows
				}
				lda := kk
				if transA {
					lda = m
				}
				check(m, n, kk, near, lda, far, ld, make([]T, m*n), n)

				m, kk, n = rows, 50, other // C's rows
				lda, ldb = kk, n
				if transA {
					lda = m
				}
				if transB {
					ldb = kk
				}
				check(m, n, kk, near, lda, near, ldb, farC, ld)
			}
		}
	}
}
