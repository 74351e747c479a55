package bitstep

import (
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
)

// A Fetch lists rows of memory that will be read after a product, such as the next examples of a pass over data. A
// product on an [Engine] that is [Engine.Fetching] brings them to the caches while it computes, so that the arithmetic
// of one part of the data hides the wait for the next. That changes no result. The zero value lists nothing.
//
// What fetches are products by rule 8 that run on one thread and whose B is not transposed, nor packed by a panel of
// more than a few rows; small ones do not. A list is spread over the tiles that do so: all of a product's, or where A
// is packed, those of its first panel of rows, or where B is, those of later panels. Where more is listed than
// it has time to ask for, the last rows are not fetched; and what is listed should fit in the second cache beside the
// operands. A Fetch serves one product at a time.
type Fetch struct {
	rows    [][]byte
	bytes   int              // of the longest row
	apart   bool             // rows do not all begin where those before end
	pieces  []unsafe.Pointer // of the last product
	fetched int
}

// Reset empties the list.
func (f *Fetch) Reset() {
	clear(f.rows)
	clear(f.pieces[:cap(f.pieces)])
	f.rows, f.pieces, f.bytes, f.apart, f.fetched = f.rows[:0], f.pieces[:0], 0, false, 0
}

// Add adds a row. Nothing is read before a product runs, and the row need not be there then: fetching it does no
// harm.
func (f *Fetch) Add(row []byte) {
	if n := len(f.rows); n > 0 {
		_, end := mem.Bounds(f.rows[n-1])
		start, _ := mem.Bounds(row)
		f.apart = f.apart || start != end
	}
	f.rows = append(f.rows, row)
	f.bytes = max(f.bytes, len(row))
}

// Len returns the number of rows.
func (f *Fetch) Len() int { return len(f.rows) }

// Fetched returns how many rows, the first ones, the last product has fetched; 0 after a Reset.
func (f *Fetch) Fetched() int { return f.fetched }

// A fetchList is what the tiles of a product fetch: a piece of a row each, so many bytes with each step.
type fetchList struct {
	pieces []unsafe.Pointer
	step   int
}

// over cuts the rows to pieces for so many tiles, which ask for so many lines of the cache with each of their steps,
// and with one more: all lines of rows that begin with a whole one. A core drops more of what is asked for the faster
// it comes, and the less it is in order: on Zen 5 it dropped 70% of 32 rows of 12 KB if every tile asked for a part of
// each, and 30% if for a piece of one. So all tiles ask, at all their steps, and again for the same lines if these are
// few. If tiles are too few for the rows, a piece is several that are neighbours.
func (f *Fetch) over(tiles, steps, lines int) (list fetchList) {
	if len(f.rows) == 0 || tiles == 0 {
		return list
	}
	most := (steps + 1) * lines // lines of a piece
	together := 1               // rows
	if !f.apart {
		together = max(1, min(ceil(len(f.rows), tiles), most*mem.Line/max(1, f.bytes)))
	}
	row, rows := max(1, ceil(together*f.bytes, mem.Line)), ceil(len(f.rows), together) // such rows: lines, and how many
	perRow := max(1, tiles/rows, ceil(row, most))
	piece := ceil(row, perRow) // lines
	perRow = ceil(row, piece)
	list.step = min(lines*mem.Line, ceil(piece*mem.Line, steps))
	pieces := min(tiles, perRow*rows)
	f.fetched = min(len(f.rows), pieces/perRow*together)
	f.pieces = f.pieces[:0]
	due := 0 // tiles, in parts of a piece
	for r := range ceil(pieces, perRow) {
		row := f.rows[r*together]
		for i := 0; i < perRow && len(f.pieces) < tiles; i++ {
			from := row
			if at := i * piece * mem.Line; at < len(row) { // rows may be shorter
				from = row[at:]
			}
			for due += tiles; due >= pieces; due -= pieces {
				f.pieces = append(f.pieces, unsafe.Pointer(unsafe.SliceData(from)))
			}
		}
	}
	list.pieces = f.pieces
	return list
}

func ceil(a, b int) int { return (a + b - 1) / b }

// take takes the pieces of the next tiles from a list, or nil if there are none left.
func take[T kernels.Float](list *fetchList, tiles int) *T {
	if tiles == 0 || len(list.pieces) < tiles {
		return nil
	}
	next := &list.pieces[:tiles][0]
	list.pieces = list.pieces[tiles:]
	return stays((*T)(unsafe.Pointer(next)))
}

// Fetching returns e with products that fetch what f lists when they run; with nil they fetch nothing.
func (e Engine[T]) Fetching(f *Fetch) Engine[T] {
	e.fetch = f
	return e
}
