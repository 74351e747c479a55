package dataset

import (
	"fmt"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
)

// A Matrix holds Rows x Cols elements, the element in row r and column c at Data[r*Stride+c]. Elements
// between a row's end and the next row are not part of it.
type Matrix[T kernels.Float] struct {
	Rows, Cols, Stride int
	Data               []T
}

// Row returns row r: a part of Data, not a copy.
func (m Matrix[T]) Row(r int) []T {
	lo := r * m.Stride
	return m.Data[lo : lo+m.Cols : lo+m.Cols]
}

// Len returns Rows, the number of examples of a matrix that has examples as rows.
func (m Matrix[T]) Len() int { return m.Rows }

// Features returns Cols.
func (m Matrix[T]) Features() int { return m.Cols }

// Check returns an error if a size is negative, the stride less than Cols, or Data too short.
func (m Matrix[T]) Check() error {
	if m.Rows < 0 || m.Cols < 0 || m.Stride < m.Cols {
		return fmt.Errorf("dataset: Matrix: %d rows of %d with stride %d, want none negative, and a row in a stride",
			m.Rows, m.Cols, m.Stride)
	}
	if m.Rows > 0 && (len(m.Data) < m.Cols || (len(m.Data)-m.Cols)/max(1, m.Stride) < m.Rows-1) {
		return fmt.Errorf("dataset: Matrix: len(Data) = %d, too short for %d rows of %d with stride %d", len(m.Data),
			m.Rows, m.Cols, m.Stride)
	}
	return nil
}

// FillRows sets row i of dst, whose leading dimension is ld, to row indices[i] of m. It panics if an index
// is out of range, ld is less than Cols, or dst too short. It copies, whatever the engine, and allocates nothing.
func (m Matrix[T]) FillRows(_ bitstep.Engine[T], dst []T, ld int, indices []int) {
	checkRows("FillRows", dst, ld, len(indices), m.Cols)
	for i, r := range indices {
		copy(dst[i*ld:], m.Row(r))
	}
}

// FillRange sets the rows of dst, whose leading dimension is ld, to the rows lo to hi-1 of m. It panics as
// FillRows does. It allocates nothing.
func (m Matrix[T]) FillRange(_ bitstep.Engine[T], dst []T, ld, lo, hi int) {
	checkRows("FillRange", dst, ld, hi-lo, m.Cols)
	for r := lo; r < hi; r++ {
		copy(dst[(r-lo)*ld:], m.Row(r))
	}
}

// Memory returns the bytes of row r, for [Resident].
func (m Matrix[T]) Memory(r int) []byte { return mem.Bytes(m.Row(r)) }

// View returns the rows lo to hi-1 where they lie, and their leading dimension. It panics if hi is not more than lo
// or a row is out of range.
func (m Matrix[T]) View(lo, hi int) (rows []T, ld int) {
	return m.Data[lo*m.Stride : (hi-1)*m.Stride+m.Cols], m.Stride
}
