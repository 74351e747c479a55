package bitstep

import "unsafe"

// A Fetch lists rows of memory that will be read after a product, such as the next examples of a pass over data. A
// product on an [Engine] that is [Engine.Fetching] brings them to the caches while it computes, so that the arithmetic
// of one part of the data hides the wait for the next. That changes no result. The zero value lists nothing.
//
// What fetches are products on engines of one thread, by rule 8 if B is not transposed and C has a few rows, by rule 7
// if C has a few rows or columns, but not one: up to as many bytes of a listed row as a row of B has. A list is spread
// over the product, over the rows of B by rule 8 and over tiles of C by rule 7; rows beyond as many of these are not
// fetched. What is listed should fit in the second cache beside the operands. A Fetch serves one product at a time.
type Fetch struct {
	rows    []unsafe.Pointer
	spread  []unsafe.Pointer // rows as part has them; empty: yet to be made
	bytes   int              // of the longest row
	fetched bool
}

// Reset empties the list.
func (f *Fetch) Reset() {
	clear(f.rows)
	clear(f.spread)
	f.rows, f.spread, f.bytes, f.fetched = f.rows[:0], f.spread[:0], 0, false
}

// Add adds a row. Nothing is read before a product runs, and the row need not be there then: fetching it does no
// harm.
func (f *Fetch) Add(row []byte) {
	f.rows, f.spread = append(f.rows, unsafe.Pointer(unsafe.SliceData(row))), f.spread[:0]
	f.bytes = max(f.bytes, len(row))
}

// Len returns the number of rows.
func (f *Fetch) Len() int { return len(f.rows) }

// Fetched reports whether a product has fetched any since the list was empty.
func (f *Fetch) Fetched() bool { return f.fetched }

// part returns what parts lo to lo+n of so many parts of a product fetch, a row each; nil if nothing is listed. A core
// drops more of what is asked for the faster it comes: fewer rows are spread evenly, each asked for in several parts.
func (f *Fetch) part(lo, n, parts int) []unsafe.Pointer {
	if len(f.rows) == 0 {
		return nil
	}
	if len(f.spread) != parts {
		f.spread = f.spread[:0]
		for i := range parts {
			f.spread = append(f.spread, f.rows[i*min(len(f.rows), parts)/parts])
		}
	}
	f.fetched = true
	return f.spread[lo:][:n]
}

// Fetching returns e with products that fetch what f lists when they run; with nil they fetch nothing.
func (e Engine[T]) Fetching(f *Fetch) Engine[T] {
	e.fetch = f
	return e
}
