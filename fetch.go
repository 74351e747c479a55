package bitstep

import "unsafe"

// A Fetch lists rows of memory that will be read after a product, such as the next examples of a pass over data. A
// product on an [Engine] that is [Engine.Fetching] brings them to the second cache while it computes, so that the
// arithmetic of one part of the data hides the wait for the next. That changes no result. The zero value lists
// nothing.
//
// What fetches are products by rule 8 on engines of one thread whose B is not transposed and whose C has a few rows,
// unless their operands fit in the first cache: while row i of B is read, so is row i of the list, up to as many bytes
// as the row of B has. What is listed should fit in the second cache beside the operands. A Fetch serves one product at
// a time.
type Fetch struct {
	rows  []unsafe.Pointer
	bytes int // of the longest row
}

// Reset empties the list.
func (f *Fetch) Reset() {
	clear(f.rows)
	f.rows, f.bytes = f.rows[:0], 0
}

// Add adds a row. Nothing is read before a product runs, and the row need not be there then: fetching it does no
// harm.
func (f *Fetch) Add(row []byte) {
	f.rows = append(f.rows, unsafe.Pointer(unsafe.SliceData(row)))
	f.bytes = max(f.bytes, len(row))
}

// Len returns the number of rows.
func (f *Fetch) Len() int { return len(f.rows) }

// part returns rows lo to lo+n, the last one as often as rows are missing; nil if all are.
func (f *Fetch) part(lo, n int) []unsafe.Pointer {
	listed := len(f.rows)
	if listed <= lo {
		return nil
	}
	for len(f.rows) < lo+n {
		f.rows = append(f.rows, f.rows[listed-1])
	}
	part := f.rows[lo:][:n]
	f.rows = f.rows[:listed]
	return part
}

// Fetching returns e with products that fetch what f lists when they run; with nil they fetch nothing.
func (e Engine[T]) Fetching(f *Fetch) Engine[T] {
	e.fetch = f
	return e
}
