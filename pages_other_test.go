//go:build !unix

package bitstep_test

import (
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
)

// newPages returns ordinary slices where there is no mmap: ends are then checked by sentinels alone.
func newPages[T kernels.Float](t *testing.T, count int) [][]T {
	t.Log("no mmap here: operands do not end at an unmapped page")
	var pages [][]T
	for range count {
		pages = append(pages, make([]T, 4096))
	}
	return pages
}
