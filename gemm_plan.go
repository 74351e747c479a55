package bitstep

import (
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/caches"
	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
)

// How products are blocked. Sizes follow from the caches, and change no bits.

var cacheL1, cacheL2, cacheL3, _ = caches.Sizes()

// bytesPerCall is how many bytes the tiles of a call of a micro-kernel read and write at most: assembly cannot be
// preempted, and 256 KiB take some 10 to 50 microseconds, from memory or in a panel's arithmetic.
const bytesPerCall = 256 << 10

// tilesPerCall returns how many tiles a call computes if each reads and writes so many bytes.
func tilesPerCall(bytes int) int { return max(1, bytesPerCall/bytes) }

const fewRows = 24 // of A in a product by chains, up to which it stays in L1 while a tile's columns of B go by

const kept = 1024 // rows and columns of C for which an operand is packed once for a block of k

// lanesOf returns how many elements a vector of the backend has.
func lanesOf[T kernels.Float](b Backend) int {
	return int(uint(b.vecBytes()) / uint(unsafe.Sizeof(T(0))))
}

// small reports whether a product needs no blocking: its operands stay in L1.
func (p *product[T]) small() bool {
	return (p.m+p.n)*p.k*int(unsafe.Sizeof(T(0))) <= cacheL1 && max(p.m, p.n) <= kept
}

// planned plans a product by chains.
func (w *chainWork[T]) planned() chainPlan {
	const keptCols = 512 // columns of C whose sums stay in L1 and L2 while A has few rows
	if w.small() {
		return chainPlan{rows: w.m, cols: w.n, chunk: w.n} // all at once, read in place unless B is transposed
	}
	column := min(w.k, kernels.GemmBlock) * w.size // bytes of a column of B in a block of k
	tiles := func(bytes int) int { return max(1, bytes/(column*w.cols)) * w.cols }
	// Four tiles ahead: of 1, 2, 4, 8, 16 the best for dS'*X of 10 x 3073 x 256, whose X comes from L3 (Zen 3, AVX2).
	p := chainPlan{ahead: 4 * w.cols}
	// What stays in L2 is read where it lies: up to this size that took less time than packing (Zen 5).
	p.packB = w.vecs == w.tile.packVecs && w.m > w.rows && w.k*w.n*w.size > cacheL2/4
	// Without packing, tiles lead where B is larger than L2: that doubled the speed of 10 rows times X from memory.
	if w.vecs == w.tile.packVecs && w.m <= w.rows && !w.transB && w.k*w.n*w.size > cacheL2 {
		p.lead, p.ahead = true, 2*w.cols // one tile is too late for dS'*X (Zen 5)
	}
	if w.m <= fewRows {
		p.chunk = tiles(cacheL1 / 2)
		p.rows, p.cols = w.m, max(keptCols, p.chunk)
		p.halves = p.packB && w.tile.unroll > 1 && p.chunk < 2*w.cols
		return p
	}
	p.chunk = tiles(cacheL2 / 2)
	p.rows, p.cols = kept, max(kept, p.chunk)
	p.stripCols = 2 * w.cols
	p.packA = p.packB && w.n > p.stripCols
	return p
}

// planned plans a product by lanes, in tiles of so many rows with whole lines or, if that is 0, others.
func (w *lanesWork[T]) planned(whole int) lanesPlan {
	const (
		few    = 24  // rows of rowsB, up to which it alone is packed
		inner  = 12  // rows of it that are packed at a time: whole tiles of every instruction set
		wide   = 36  // rows of it whose lanes wait for the next block of lines
		fewest = 8   // lines, for which it pays to load and store a tile's lanes
		most   = 256 // lines of a block if both are packed, whatever L2 is: kept rows of them are 16 MiB
		waits  = 256 // rows of both whose lanes wait
	)
	all := w.k / w.line // a tail goes with the last
	if whole != 0 {
		p := lanesPlan{whole: whole, group: kept, chunk: 4 * kept}
		if w.rowsB.rows*w.k*w.size > cacheL2 {
			p.ahead = whole // the next panel
		}
		return p
	}
	if w.rowsB.rows > few {
		p := lanesPlan{rows: w.tile.lanesTile[0], cols: w.tile.lanesTile[1], packA: true, group: kept, chunk: 4 * kept}
		p.lines = min(most, max(fewest, cacheL2/16/((p.rows+p.cols)*mem.Line)))
		if p.lines < all {
			p.group, p.chunk = waits, waits
		}
		// Vectors as long as lines do a part too soon: to keep its lanes in memory took longer than to read L2 (Zen 5).
		if p.part = p.lines; w.vec < mem.Line {
			lines, l1 := min(p.lines, all), cacheL1*7/8/((p.rows+p.cols)*mem.Line)
			p.part = max(fewest, ceil(lines, ceil(max(lines, 1), max(l1, 1))))
		}
		p.inner = max(1, cacheL2/2/(min(p.lines, all+1)*mem.Line*p.cols)) * p.cols
		return p
	}
	p := lanesPlan{inner: min(inner, w.rowsB.rows)}
	p.rows, p.cols = w.tile.thinTile(w.rowsA.rows, p.inner)
	p.lines = max(fewest, cacheL1*9/16/(p.inner*mem.Line))
	p.part = p.lines
	p.chunk = p.inner
	if p.lines < all {
		p.chunk = min(w.rowsB.rows, wide)
	}
	p.group = max(p.rows, cacheL2/4/(p.chunk*mem.Line)/p.rows*p.rows)
	if w.rowsA.rows*w.k*w.size > cacheL2 {
		p.ahead = p.rows // the next panel; further ones gained nothing (Zen 5)
	}
	return p
}

// wholeRows returns the most rows of tiles of whole lines if they compute the product, or 0 if operands are packed for
// others. Tiles of whole lines read both operands where they lie, and that of more rows again for every few of the
// other's: from L3 if these are all, else from where B is, whose sums are neighbours in C. On Zen 5, with AVX-512, they
// took .5 to .95 of the time of packing and others within these bounds, and up to 1.3 of it beyond.
func (p *product[T]) wholeRows() int {
	whole := &p.backend.tiles().wholeCols
	rows := len(whole)
	for whole[rows-1] == 0 {
		rows--
	}
	row := p.k * int(unsafe.Sizeof(T(0))) // bytes
	few, b := min(p.m, p.n), p.n*row
	inL1, inL2 := b <= cacheL1*3/4, b <= cacheL2/4 && p.m*row+b <= cacheL2*3/4
	switch {
	case few == 1, few <= rows && max(p.m, p.n)*row <= cacheL3/2, rows > 1 && (inL1 || inL2):
		return rows
	}
	return 0
}

// thinTile returns the rows and the most columns of the tiles of an output of m x n: those of the fewest clocks by
// loads, 2 a clock, fma, 2 a clock, and their latency, 4 clocks, and of equals the fewest tiles.
func (t *tileSize) thinTile(m, n int) (rows, cols int) {
	best := 0.0
	for i, most := range t.lanesCols {
		r := i + 1
		if most == 0 || r > m {
			break
		}
		tiles := (n + most - 1) / most
		clocks := max(float64(r*n)/2, float64(tiles*r+n)/2, float64(4*tiles)) + float64(float64(tiles)/64)
		if perRow := clocks / float64(r); best == 0 || perRow < best {
			best, rows, cols = perRow, r, most
		}
	}
	return rows, cols
}
