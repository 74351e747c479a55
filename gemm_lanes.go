package bitstep

import (
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
)

// Products by rule 7: both operands lie along k, and every element of C is a line of lanes until its sum is done.
// Micro-kernels continue the lanes of tiles of C in registers, a vector of each line at a time. The operand with fewer
// rows is packed, line by line, in blocks of lines that stay in L1; the other is streamed where it lies, a tile's rows
// at a time. Since fma(a, b) = fma(b, a), either may be packed.

// A lanesWork is a product on its way. Strides are in bytes.
type lanesWork[T kernels.Float] struct {
	*product[T]
	*scratch[T]
	size, vec, line int // bytes of an element, bytes of a vector, elements of a line
	tile            *tileSize
	packed          lanesOperand[T]
	streamed        lanesOperand[T]
	swapped         bool // op(B)'s columns are streamed, op(A)'s rows packed
	plan            lanesPlan
}

// A lanesOperand is rows along k.
type lanesOperand[T kernels.Float] struct {
	data     []T
	rows, ld int
}

func (o *lanesOperand[T]) at(row, k int) unsafe.Pointer { return unsafe.Pointer(&o.data[row*o.ld+k]) }

// A lanesPlan says how a product is blocked.
type lanesPlan struct {
	rows, cols   int // of a tile: streamed, packed
	group, chunk int // streamed and packed rows whose lanes are kept between blocks of lines
	inner        int // packed rows that are packed at a time
	lines        int // of a block
}

func (p *product[T]) lanes() {
	memory := getScratch[T]()
	w := lanesWork[T]{product: p, scratch: memory, size: int(unsafe.Sizeof(T(0))), vec: p.backend.vecBytes(),
		line: kernels.Lanes[T](), tile: p.backend.tiles(),
		packed: lanesOperand[T]{p.b, p.n, p.ldb}, streamed: lanesOperand[T]{p.a, p.m, p.lda}}
	if p.m < p.n {
		w.packed, w.streamed, w.swapped = w.streamed, w.packed, true
	}
	w.plan = w.planned()
	for i := 0; i < w.streamed.rows; i += w.plan.group {
		for j := 0; j < w.packed.rows; j += w.plan.chunk {
			w.block(i, min(w.streamed.rows, i+w.plan.group), j, min(w.packed.rows, j+w.plan.chunk))
		}
	}
	memory.put() // not w.scratch, or the compiler moves w and p to the heap with it
}

// block computes the elements of C for streamed rows i0 to i1 and packed rows j0 to j1.
func (w *lanesWork[T]) block(i0, i1, j0, j1 int) {
	rows, cols := i1-i0, j1-j0
	lanes := grow(&w.sums, (rows+w.line)*cols*w.line) // a fold reads lines up to a multiple of a vector's elements
	whole, tail := w.k/w.line, w.k%w.line
	for l0 := 0; l0 == 0 || l0 < whole; l0 += w.plan.lines {
		b := linesBlock{first: l0, lines: min(w.plan.lines, whole-l0)}
		if l0+b.lines == whole {
			b.tail = tail
		}
		if w.packed.rows == 1 {
			w.vector(b, i0, i1, lanes)
			continue
		}
		for j := j0; j < j1; j += w.plan.inner {
			inner := min(j1-j, w.plan.inner)
			panels := w.pack(b, j, inner)
			for i := i0; i < i1; i += w.plan.rows {
				w.panel(b, i, min(w.plan.rows, i1-i), panels, inner,
					&lanes[((i-i0)*cols+j-j0)*w.line], cols*mem.Line)
			}
		}
	}
	w.finish(i0, i1, j0, j1, lanes)
}

// A linesBlock is a block of lines of k, the last one with a tail of so many elements.
type linesBlock struct{ first, lines, tail int }

// vectors is how many there are of one row, for each vector of a line.
func (b linesBlock) vectors() int { return b.lines + min(b.tail, 1) }

// pack packs rows from j on: vector by vector of a line, tile by tile, line by line, row by row.
func (w *lanesWork[T]) pack(b linesBlock, j, rows int) unsafe.Pointer {
	vecs := w.line * w.size / w.vec
	dst := unsafe.Pointer(unsafe.SliceData(grow(&w.packedB, rows*b.vectors()*w.line)))
	tiles := (rows + w.plan.cols - 1) / w.plan.cols
	for v := range vecs {
		for t := range tiles {
			lo, hi := share(rows, tiles, t)
			for r := lo; r < hi; r++ {
				src := w.packed.at(j+r, b.first*w.line)
				to := unsafe.Add(dst, (v*rows*b.vectors()+lo*b.vectors()+r-lo)*w.vec)
				step := (hi - lo) * w.vec
				if b.lines > 0 {
					copyRows(w.backend, 0, b.lines, (*T)(unsafe.Add(src, v*w.vec)), mem.Line, (*T)(to), step, 0)
				}
				if left := b.tail - v*w.vec/w.size; left > 0 {
					copyRows(w.backend, 1, 1, (*T)(unsafe.Add(src, b.lines*mem.Line+v*w.vec)), 0,
						(*T)(unsafe.Add(to, b.lines*step)), 0, min(left, w.vec/w.size))
				}
			}
		}
	}
	return dst
}

// panel continues the lanes of streamed rows from i on and the packed ones.
func (w *lanesWork[T]) panel(b linesBlock, i, rows int, packed unsafe.Pointer, cols int, lanes *T, lanesRow int) {
	tiles := (cols + w.plan.cols - 1) / w.plan.cols
	a := w.streamed.at(i, b.first*w.line)
	first := 0
	if b.first == 0 {
		first = 1
	}
	for v := 0; v < w.line*w.size/w.vec; v++ {
		for t := 0; t < tiles; {
			// All tiles of one width in one call: the wider ones come first.
			lo, hi := share(cols, tiles, t)
			same := tiles - t
			if wide := cols % tiles; wide > t {
				same = wide - t
			}
			width := hi - lo
			lanesTiles(w.backend, w.tile.lanesCode(rows, width), b.lines,
				(*T)(unsafe.Add(a, v*w.vec)), w.streamed.ld*w.size, mem.Line,
				(*T)(unsafe.Add(packed, (v*cols+lo)*b.vectors()*w.vec)), w.vec, width*w.vec, width*b.vectors()*w.vec,
				(*T)(unsafe.Add(unsafe.Pointer(lanes), lo*mem.Line+v*w.vec)), lanesRow,
				same, first, w.tailOf(b, v))
			t += same
		}
	}
}

// tailOf is how many elements of a block's tail are in vector v of the line.
func (w *lanesWork[T]) tailOf(b linesBlock, v int) int {
	lanes := w.vec / w.size
	return max(0, min(b.tail-v*lanes, lanes))
}

// vector continues the lanes of one row, read where it lies, and streamed rows, whole lines at a time.
func (w *lanesWork[T]) vector(b linesBlock, i0, i1 int, lanes []T) {
	first, most := 0, w.tile.wholeCols
	if b.first == 0 {
		first = 1
	}
	code := w.tile.lanesCode(1, 1)
	if most > 0 {
		code = w.tile.wholeCode(1)
	} else {
		most = w.tile.lanesCols[0]
	}
	for i := i0; i < i1; {
		width := min(most, i1-i)
		tiles := min((i1-i)/width, tilesPerCall(width*b.vectors()*mem.Line))
		lanesTiles(w.backend, code+width-1, b.lines,
			(*T)(w.packed.at(0, b.first*w.line)), 0, mem.Line,
			(*T)(w.streamed.at(i, b.first*w.line)), w.streamed.ld*w.size, mem.Line, width*w.streamed.ld*w.size,
			&lanes[(i-i0)*w.line], 0, tiles, first, b.tail)
		i += tiles * width
	}
}

// lanesCode is the number of a tile in the table of codes, wholeCode that of one of whole lines: see allLanes in
// asmgen.
func (t *tileSize) lanesCode(rows, cols int) int {
	code := cols - 1
	for _, most := range t.lanesCols[:rows-1] {
		code += most
	}
	return code
}

func (t *tileSize) wholeCode(cols int) int { return t.lanesCode(len(t.lanesCols)+1, cols) }

// finish folds the lanes and stores the elements of C.
func (w *lanesWork[T]) finish(i0, i1, j0, j1 int, lanes []T) {
	rows, cols := i1-i0, j1-j0
	direct := w.alpha == 1 && w.beta == 0
	if !w.swapped && direct && (cols == w.ldc || rows == 1) {
		foldLines(w.backend, rows*cols, &w.c[i0*w.ldc+j0], &lanes[0], mem.Line)
		return
	}
	outer, inner, step := rows, cols, mem.Line
	if w.swapped {
		outer, inner, step = cols, rows, cols*mem.Line
	}
	for r := range outer {
		at, from := (i0+r)*w.ldc+j0, r*cols*w.line
		if w.swapped {
			at, from = (j0+r)*w.ldc+i0, r*w.line
		}
		c := w.c[at:][:inner]
		if direct {
			foldLines(w.backend, inner, &c[0], &lanes[from], step)
			continue
		}
		sums := grow(&w.folded, inner)
		foldLines(w.backend, inner, &sums[0], &lanes[from], step)
		w.update(c, sums)
	}
}
