package bitstep

import (
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
)

// Products by rule 7: both operands lie along k, and every element of C is a line of lanes until its sum is done.
// Micro-kernels compute tiles of C in registers, a vector of each line at a time, and fold the lanes there after the
// last block of lines; between blocks lanes wait in memory. Small products read both operands where they lie. Of
// others, operands that both have many rows are packed for the tiles; else the one with fewer is packed, and the other
// is streamed where it lies, a tile's rows at a time. Since fma(a, b) = fma(b, a), either may be that one.

// A lanesWork is a product on its way. Strides are in bytes.
type lanesWork[T kernels.Float] struct {
	*product[T]
	*scratch[T]
	size, vec, line int // bytes of an element, bytes of a vector, elements of a line
	tile            *tileSize
	rowsA, rowsB    lanesOperand[T] // of op(A) and op(B), or swapped: what is packed has no more rows
	swapped         bool
	plan            lanesPlan
}

// A lanesOperand is rows along k.
type lanesOperand[T kernels.Float] struct {
	data     []T
	rows, ld int
}

func (o *lanesOperand[T]) at(row, k int) *T { return &o.data[row*o.ld+k] }

// aligned reports whether rows begin at lines of the cache.
func (o *lanesOperand[T]) aligned() bool {
	start, _ := mem.Bounds(o.data)
	return start%mem.Line == 0 && o.ld*int(unsafe.Sizeof(T(0)))%mem.Line == 0
}

// A lanesOutput is where sums go: that of row i of rowsA and row j of rowsB is i*row + j*col bytes from at on, where a
// block's rows count from 0.
type lanesOutput struct {
	at       unsafe.Pointer
	row, col int
}

// A lanesPlan says how a product is blocked.
type lanesPlan struct {
	whole        int  // rows of rowsB in a tile of whole lines; 0: operands are packed for others
	rows, cols   int  // of a tile: of rowsA, of rowsB
	packA        bool // all of rowsA for a block of lines; else it is streamed where it lies
	lines        int  // of a block
	part         int  // of a block's lines that all tiles of a panel go through before the next: what L1 holds
	group, chunk int  // rows of rowsA and rowsB whose lanes are kept between blocks
	inner        int  // rows of rowsB that are packed at a time, and meet all of a group
	ahead        int  // rows from those that are streamed to those that are fetched for later; 0: none
}

func (p *product[T]) lanes() {
	memory := getScratch[T]()
	w := lanesWork[T]{product: p, scratch: memory, size: int(unsafe.Sizeof(T(0))), vec: p.backend.vecBytes(),
		line: kernels.Lanes[T](), tile: p.backend.tiles(),
		rowsA: lanesOperand[T]{p.a, p.m, p.lda}, rowsB: lanesOperand[T]{p.b, p.n, p.ldb}}
	whole := p.wholeRows()
	if w.swapped = p.m < p.n || p.m > whole && p.n > whole && whole != 0; w.swapped {
		w.rowsA, w.rowsB = w.rowsB, w.rowsA
	}
	w.plan = w.planned(whole)
	for i := 0; i < w.rowsA.rows; i += w.plan.group {
		for j := 0; j < w.rowsB.rows; j += w.plan.chunk {
			w.elements(i, min(w.rowsA.rows, i+w.plan.group), j, min(w.rowsB.rows, j+w.plan.chunk))
		}
	}
	memory.put() // not w.scratch, or the compiler moves w and p to the heap with it
}

// elements computes the elements of C that are of rows i0 to i1 of rowsA and rows j0 to j1 of rowsB.
func (w *lanesWork[T]) elements(i0, i1, j0, j1 int) {
	row, rows, col, cols := i0, i1-i0, j0, j1-j0 // of C
	if w.swapped {
		row, rows, col, cols = col, cols, row, rows
	}
	c := w.c[row*w.ldc+col:]
	sums, ld := c, w.ldc
	direct := w.alpha == 1 && w.beta == 0
	if !direct {
		sums, ld = grow(&w.folded, rows*cols), cols
	}
	out := lanesOutput{unsafe.Pointer(&sums[0]), ld * w.size, w.size}
	if w.swapped {
		out.row, out.col = out.col, out.row
	}
	if w.plan.whole != 0 {
		w.inPlace(i0, i1, j0, j1, out)
	} else {
		w.block(i0, i1, j0, j1, out)
	}
	if direct {
		return
	}
	for r := range rows {
		w.update(c[r*w.ldc:][:cols], sums[r*cols:][:cols])
	}
}

// A linesBlock is a block of lines of k, the last one with a tail of so many elements.
type linesBlock struct {
	first, lines, tail int
	last               bool
}

// linesFrom is the block of so many lines at most that begins there.
func (w *lanesWork[T]) linesFrom(first, most int) linesBlock {
	whole := w.k / w.line
	b := linesBlock{first: first, lines: min(most, whole-first)}
	if b.last = first+b.lines == whole; b.last {
		b.tail = w.k % w.line
	}
	return b
}

// bytes is how many a row has there, packed.
func (b *linesBlock) bytes() int { return (b.lines + min(b.tail, 1)) * mem.Line }

// part is so many lines of a block at most, from line l of it on.
func (b linesBlock) part(l, most int) linesBlock {
	if l+most < b.lines {
		b.last, b.tail = false, 0
	}
	b.first, b.lines = b.first+l, min(b.lines-l, most)
	return b
}

// of makes args those for a block of lines.
func (args *lanesArgs[T]) of(b *linesBlock) {
	args.lines, args.tail, args.first, args.last = b.lines, b.tail, 0, 0
	if b.first == 0 {
		args.first = 1
	}
	if b.last {
		args.last = 1
	}
}

// A lanesPanels is rows of an operand as panels for tiles of most rows, as equal as can be, the higher ones first.
// Packed panels follow each other; in each, a vector of every line follows the others of its place in a line, line by
// line and row by row.
type lanesPanels struct {
	rows, most int
	bytes      int            // of a row
	packed     unsafe.Pointer // nil: they lie in place
}

// from returns how high the panel is that begins with row lo, and how many of that height there are from there.
func (p *lanesPanels) from(lo int) (height, panels int) {
	all := (p.rows + p.most - 1) / p.most
	height = p.rows / all
	if high := p.rows % all * (height + 1); lo < high {
		return height + 1, (high - lo) / (height + 1)
	}
	return height, (p.rows - lo) / height
}

// at is where the panel with row lo begins.
func (p *lanesPanels) at(lo int) unsafe.Pointer { return unsafe.Add(p.packed, lo*p.bytes) }

// pack returns the panels of rows from row i on, packed. (To set p.packed here would move w to the heap.)
func (w *lanesWork[T]) pack(b *linesBlock, rows *lanesOperand[T], i int, p lanesPanels, room *[]T) lanesPanels {
	p.packed = unsafe.Pointer(unsafe.SliceData(grow(room, p.rows*p.bytes/w.size)))
	for lo := 0; lo < p.rows; {
		height, panels := p.from(lo)
		panels = min(panels, tilesPerCall(height*p.bytes))
		args := packArgs[T]{lines: b.lines, tail: b.tail,
			src: rows.at(i+lo, b.first*w.line), srcRow: rows.ld * w.size, srcTile: height * rows.ld * w.size,
			dst: (*T)(p.at(lo)), dstVec: height * p.bytes * w.vec / mem.Line, dstTile: height * p.bytes, tiles: panels}
		packLines[T](w.backend, height-1, (*byte)(unsafe.Pointer(&args)))
		lo += panels * height
	}
	return p
}

// block computes the sums of rows i0 to i1 of rowsA and rows j0 to j1 of rowsB.
func (w *lanesWork[T]) block(i0, i1, j0, j1 int, out lanesOutput) {
	wait, parts := w.plan.lines < w.k/w.line, w.plan.part < min(w.plan.lines, w.k/w.line)
	room := w.plan.rows * w.plan.cols // a tile's lanes, or a panel's between parts, or all between blocks
	switch {
	case wait:
		room = (i1 - i0) * (j1 - j0)
	case parts:
		room = w.plan.rows * w.plan.inner
	}
	lanes := unsafe.Pointer(unsafe.SliceData(grow(&w.sums, room*w.line)))
	for l0 := 0; l0 == 0 || l0 < w.k/w.line; l0 += w.plan.lines {
		b := w.linesFrom(l0, w.plan.lines)
		rows := lanesPanels{rows: i1 - i0, most: w.plan.rows, bytes: b.bytes()}
		if w.plan.packA {
			rows = w.pack(&b, &w.rowsA, i0, rows, &w.packedA)
		}
		for j := j0; j < j1; j += w.plan.inner {
			cols := lanesPanels{rows: min(j1-j, w.plan.inner), most: w.plan.cols, bytes: b.bytes()}
			cols = w.pack(&b, &w.rowsB, j, cols, &w.packedB)
			for lo := 0; lo < rows.rows; {
				height, _ := rows.from(lo)
				a := lanesPanel{unsafe.Pointer(w.rowsA.at(i0+lo, l0*w.line)), w.rowsA.ld * w.size, mem.Line, w.vec}
				if w.plan.packA {
					a = w.panel(&rows, lo, height)
				}
				var args lanesArgs[T]
				args.aRow, args.aLine, args.aVec = a.row, a.line, a.vec
				args.ahead = w.ahead(&b, i0, i1, i0+lo)
				args.acc = (*T)(lanes)
				switch {
				case wait:
					args.acc = (*T)(unsafe.Add(lanes, (lo*(j1-j0)+j-j0)*mem.Line))
					args.accRow = (j1 - j0) * mem.Line
				case parts:
					args.accRow = cols.rows * mem.Line
				}
				to := out
				to.at = unsafe.Add(to.at, lo*to.row+(j-j0)*to.col)
				for l := 0; l == 0 || l < b.lines; l += w.plan.part {
					part := b.part(l, w.plan.part)
					args.of(&part)
					args.a = (*T)(unsafe.Add(a.at, l*a.line))
					w.tiles(args, height, &cols, l, to)
				}
				lo += height
			}
		}
	}
}

// A lanesPanel is a panel of rows for tiles: where it begins, and how far rows, lines and a line's next vectors are
// apart.
type lanesPanel struct {
	at             unsafe.Pointer
	row, line, vec int
}

// panel is the packed panel of rows from row lo on.
func (w *lanesWork[T]) panel(p *lanesPanels, lo, height int) lanesPanel {
	return lanesPanel{p.at(lo), w.vec, height * w.vec, height * p.bytes * w.vec / mem.Line}
}

// ahead returns how many bytes it is from a row of a block of lines and of rows i0 to i1 of rowsA to what its tiles
// fetch: to a later row of these, or to their next lines, or to the next rows; 0 if there is nothing to fetch.
func (w *lanesWork[T]) ahead(b *linesBlock, i0, i1, row int) int {
	ahead, ld := w.plan.ahead, w.rowsA.ld*w.size
	switch {
	case ahead == 0:
	case row+ahead < i1:
		return ahead * ld
	case !b.last:
		return (ahead-(i1-i0))*ld + b.lines*mem.Line
	case row+ahead < w.rowsA.rows:
		return ahead*ld - b.first*mem.Line
	}
	return 0
}

// tiles computes the sums of a panel of rows and all panels of columns to out, from line l of these on. Lanes wait
// where rows of them have a stride, else all tiles take the same place for theirs.
func (w *lanesWork[T]) tiles(args lanesArgs[T], rows int, cols *lanesPanels, l int, out lanesOutput) {
	args.cRow, args.cCol = out.row, w.stride(out.col)
	wait, first := args.accRow != 0, args.acc
	for at := 0; at < cols.rows; {
		width, panels := cols.from(at)
		b := w.panel(cols, at, width)
		args.tiles = min(panels, tilesPerCall(width*cols.bytes))
		args.b, args.bLine, args.bVec, args.bTile = (*T)(unsafe.Add(b.at, l*b.line)), b.line, b.vec, width*cols.bytes
		if wait {
			args.acc, args.accTile = (*T)(unsafe.Add(unsafe.Pointer(first), at*mem.Line)), width*mem.Line
		} else {
			args.accRow = width * mem.Line
		}
		args.c, args.cTile = (*T)(unsafe.Add(out.at, at*out.col)), width*out.col
		lanesTiles[T](w.backend, w.tile.lanesCode(rows, width), (*byte)(unsafe.Pointer(&args)))
		at += args.tiles * width
	}
}

// stride is how tiles have that of a row's sums.
func (w *lanesWork[T]) stride(col int) int {
	if col == w.size {
		return 0 // neighbours
	}
	return col
}

// inPlace computes the sums of rows i0 to i1 of rowsA and rows j0 to j1 of rowsB, both read where they lie, whole lines
// at a time.
func (w *lanesWork[T]) inPlace(i0, i1, j0, j1 int, out lanesOutput) {
	cols := lanesPanels{rows: j1 - j0, most: w.plan.whole}
	for lo := 0; lo < cols.rows; {
		height, _ := cols.from(lo)
		to := out
		to.at = unsafe.Add(to.at, lo*to.col)
		w.whole(i0, i1, j0+lo, height, to)
		lo += height
	}
}

// loadsFast reports whether a tile of so many bytes may do with more loads for each fma: whether its rows stay in L1
// and begin at lines of the cache.
func (w *lanesWork[T]) loadsFast(bytes int) bool {
	return bytes <= cacheL1 && w.rowsA.aligned() && w.rowsB.aligned()
}

// foldedAtOnce is how many lines of float32 a fold of the longest vectors takes.
const foldedAtOnce = 16

// whole computes the sums of rows i0 to i1 of rowsA and so many rows of rowsB from row j on: a row of tiles. If rows
// are too long for a call, a tile's lanes wait in memory for the next lines.
func (w *lanesWork[T]) whole(i0, i1, j, height int, out lanesOutput) {
	code, most := w.tile.wholeCode(height, 1), w.tile.wholeCols[height-1]
	if few := min(most, foldedAtOnce/height); w.loadsFast((height + few) * w.k * w.size) {
		most = few
	}
	all := w.linesFrom(0, w.k)
	var args lanesArgs[T]
	args.of(&all)
	args.aRow, args.aLine, args.aVec = w.rowsB.ld*w.size, mem.Line, w.vec
	args.bRow, args.bLine, args.bVec = w.rowsA.ld*w.size, mem.Line, w.vec
	if w.plan.ahead != 0 && j+w.plan.ahead < w.rowsB.rows {
		args.ahead = w.plan.ahead * args.aRow
	}
	args.acc = unsafe.SliceData(grow(&w.sums, height*most*w.line))
	args.cRow, args.cCol = out.col, w.stride(out.row)
	rows := lanesPanels{rows: i1 - i0, most: most}
	tiles, lines := perCall(height+most, all.bytes()/mem.Line)
	for lo := 0; lo < rows.rows; {
		width, panels := rows.from(lo)
		args.tiles, args.accRow = min(panels, tiles), width*mem.Line
		args.bTile, args.cTile = width*w.rowsA.ld*w.size, width*out.row
		args.c = (*T)(unsafe.Add(out.at, lo*out.row))
		for l := 0; l == 0 || l < all.lines; l += lines {
			if lines < all.lines {
				b := all.part(l, lines)
				args.of(&b)
			}
			args.a, args.b = w.rowsB.at(j, l*w.line), w.rowsA.at(i0+lo, l*w.line)
			lanesTiles[T](w.backend, code+width-1, (*byte)(unsafe.Pointer(&args)))
		}
		lo += args.tiles * width
	}
}

// perCall returns how many tiles a call computes that read so many rows of so many lines, and how many lines of them:
// fewer if one tile would read too many.
func perCall(rows, lines int) (tiles, most int) {
	if rows*lines*mem.Line > bytesPerCall {
		return 1, tilesPerCall(rows * mem.Line)
	}
	return tilesPerCall(rows * lines * mem.Line), lines
}

// lanesCode is the number of a tile in the table of codes, wholeCode that of one of whole lines: see allLanes in
// asmgen.
func (t *tileSize) lanesCode(rows, cols int) int { return total(t.lanesCols[:rows-1]) + cols - 1 }

func (t *tileSize) wholeCode(rows, cols int) int {
	return total(t.lanesCols[:]) + total(t.wholeCols[:rows-1]) + cols - 1
}

func total(s []int) (n int) {
	for _, si := range s {
		n += si
	}
	return n
}
