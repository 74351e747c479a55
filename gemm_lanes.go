package bitstep

import (
	"math"
	"unsafe"

	"github.com/bitstep-go/bitstep/kernels"
)

// Products by rule 7: both operands lie along k, and every element of C is a line of lanes until its sum is done.
// Micro-kernels continue the lanes of a tile of C in registers. One operand, the smaller, is packed in panels of a
// tile's rows, line by line; the other is streamed where it lies. Since fma(a, b) = fma(b, a), either may be packed.

const (
	lanesBlock       = 48      // lines of k for which the packed panels stay in L1
	lanesBlockSingle = 256     // the same for a panel of one row
	lanesPacked      = 1 << 20 // bytes of the packed operand kept at a time
	lanesSums        = 1 << 16 // bytes of unfinished sums kept at a time
)

// A rowsAlongK is an operand as rows along k: op(A), or op(B) transposed.
type rowsAlongK[T kernels.Float] struct {
	rows, ld int
	data     []T
}

// alongK returns an operand as rows along k. If it is stored across k it is one vector with stride ld.
func alongK[T kernels.Float](data []T, rows, k, ld int, across bool, buf *[]T) rowsAlongK[T] {
	if !across {
		return rowsAlongK[T]{rows, ld, data}
	}
	if ld == 1 {
		return rowsAlongK[T]{1, k, data}
	}
	row := grow(buf, k)
	for i := range row {
		row[i] = data[i*ld]
	}
	return rowsAlongK[T]{1, k, row}
}

type lanesWork[T kernels.Float] struct {
	*product[T]
	*scratch[T]
	single           bool // the packed operand is one row
	rows, cols, step int  // of a tile: packed rows, streamed rows, elements of a line per pass
	line, lines      int  // elements of a line, whole lines in k
	block            int  // lines per block of k
	pack, stream     rowsAlongK[T]
	panels, tails    []T  // packed rows: whole lines, and the short last ones
	swapped          bool // op(B)'s columns are packed, op(A)'s rows streamed
}

// lanes computes the product.
func (p *product[T]) lanes(s *scratch[T]) {
	size := int(unsafe.Sizeof(T(0)))
	t := p.backend.tiles()
	w := lanesWork[T]{product: p, scratch: s, line: kernels.Lanes[T](), block: lanesBlock,
		rows: t.lanesRows, cols: t.lanesCols, step: t.lanesVecs * p.backend.vecBytes() / size}
	w.lines = p.k / w.line
	w.pack = alongK(p.a, p.m, p.k, p.lda, p.transA, &s.gathered[0])
	w.stream = alongK(p.b, p.n, p.k, p.ldb, !p.transB, &s.gathered[1])
	if w.pack.rows > w.stream.rows {
		w.pack, w.stream, w.swapped = w.stream, w.pack, true
	}
	if w.pack.rows == 1 {
		w.single, w.block = true, lanesBlockSingle
		w.rows, w.cols, w.step = 1, t.laneRowCols, t.laneRowVecs*p.backend.vecBytes()/size
	}
	panels := max(1, lanesPacked/(w.rows*(w.lines+1)*w.line*size))
	for p0 := 0; p0 < w.pack.rows; p0 += panels * w.rows {
		p1 := min(w.pack.rows, p0+panels*w.rows)
		w.panels, w.tails = w.packRows(p0, p1)
		perRow := (p1 - p0 + w.rows) * w.line * size
		group := max(1, lanesSums/perRow/w.cols) * w.cols
		for s0 := 0; s0 < w.stream.rows; s0 += group {
			w.sum(p0, p1, s0, min(w.stream.rows, s0+group))
		}
	}
}

// packRows packs rows p0 to p1: panel by panel, in each line by line, in each row by row. The short
// last line of each panel goes to tails, filled up with +0, as are the rows past p1. A
// panel of one row needs no packing: it is the row.
func (w *lanesWork[T]) packRows(p0, p1 int) (packed, tails []T) {
	panels := (p1 - p0 + w.rows - 1) / w.rows
	panelLine := w.rows * w.line
	tails = grow(&w.tailsBuf, panels*panelLine)
	clear(tails)
	if w.single {
		copy(tails, w.pack.data[w.lines*w.line:w.k])
		return w.pack.data, tails
	}
	packed = grow(&w.packed, panels*w.lines*panelLine)
	for q := range panels {
		for r := range w.rows {
			dst := packed[q*w.lines*panelLine:]
			if p0+q*w.rows+r >= p1 {
				for l := range w.lines {
					clear(dst[l*panelLine+r*w.line:][:w.line])
				}
				continue
			}
			src := w.pack.data[(p0+q*w.rows+r)*w.pack.ld:][:w.k]
			for l := range w.lines {
				copy(dst[l*panelLine+r*w.line:][:w.line], src[l*w.line:])
			}
			copy(tails[q*panelLine+r*w.line:], src[w.lines*w.line:])
		}
	}
	return packed, tails
}

// sum computes the elements of C for packed rows p0 to p1 and streamed rows s0 to s1.
func (w *lanesWork[T]) sum(p0, p1, s0, s1 int) {
	panels := (p1 - p0 + w.rows - 1) / w.rows
	tiles := (s1 - s0 + w.cols - 1) / w.cols
	if w.stream.rows < w.cols {
		tiles = s1 - s0
	}
	count := tiles * panels * w.rows * w.cols
	const group = 4 // foldLines takes whole 16 bytes of sums
	count = (count + group - 1) &^ (group - 1)
	acc := grow(&w.sums, count*w.line)
	clear(acc)
	tileSize := panels * w.rows * w.cols * w.line
	for l0 := 0; l0 < w.lines; l0 += w.block {
		lines := min(w.block, w.lines-l0)
		for t := range tiles {
			first, ld := w.tile(s0, t)
			w.tilePanels(panels, l0, lines, w.stream.data[first*w.stream.ld+l0*w.line:], ld, acc[t*tileSize:])
		}
	}
	if w.k > w.lines*w.line {
		w.sumTails(s0, tiles, panels, acc)
	}
	out := grow(&w.out, count)
	foldLines(w.backend, count, &out[0], &acc[0])
	for t := range tiles {
		first, _ := w.tile(s0, t)
		from := s0 + t*w.cols // rows before it belong to an earlier tile
		if w.stream.rows < w.cols {
			from = first
		}
		for q := range panels {
			w.store(out[(t*panels+q)*w.rows*w.cols:], p0+q*w.rows, p1, first, from, s1)
		}
	}
}

// tile returns the first streamed row of tile t of the group that starts at s0, and the distance of
// its rows. The last tile is moved back to end at the operand's end. An operand of fewer rows than a
// tile has one tile per row, which takes that row several times.
func (w *lanesWork[T]) tile(s0, t int) (first, ld int) {
	if w.stream.rows < w.cols {
		return s0 + t, 0
	}
	return min(s0+t*w.cols, w.stream.rows-w.cols), w.stream.ld
}

// tilePanels continues the lanes of one tile for all packed panels.
//
//go:noinline
func (w *lanesWork[T]) tilePanels(panels, l0, lines int, stream []T, ld int, acc []T) {
	for q := range panels {
		a := w.panels[(q*w.lines+l0)*w.rows*w.line:]
		w.passes(lines, a, stream, ld, acc[q*w.rows*w.cols*w.line:])
	}
}

// passes calls the micro-kernel for each part of a line's width.
func (w *lanesWork[T]) passes(lines int, a, b []T, ldb int, acc []T) {
	for x := 0; x < w.line; x += w.step {
		lanesTile(w.backend, w.single, lines, &a[x], &b[x], ldb, &acc[x])
	}
}

// sumTails continues the lanes with the last, short line. Lanes that it does not reach must not change:
// the product of the packed +0 and the streamed -0 is -0, which leaves every number as it is, -0 too.
func (w *lanesWork[T]) sumTails(s0, tiles, panels int, acc []T) {
	b := grow(&w.streamed, w.cols*w.line)
	for i := range b {
		b[i] = T(math.Copysign(0, -1))
	}
	for t := range tiles {
		first, ld := w.tile(s0, t)
		for c := range w.cols {
			row := w.stream.data[first*w.stream.ld+c*ld:]
			copy(b[c*w.line:], row[w.lines*w.line:w.k])
		}
		for q := range panels {
			w.passes(1, w.tails[q*w.rows*w.line:], b, w.line, acc[(t*panels+q)*w.rows*w.cols*w.line:])
		}
	}
}

// store finishes a tile's sums: packed rows p to pEnd at most, streamed rows from first on, of which
// those from `from` to sEnd belong to this tile.
func (w *lanesWork[T]) store(sums []T, p, pEnd, first, from, sEnd int) {
	if w.stream.rows < w.cols {
		sEnd = from + 1
	}
	for r := range min(w.rows, pEnd-p) {
		for s := from; s < min(first+w.cols, sEnd); s++ {
			i, j := p+r, s
			if w.swapped {
				i, j = j, i
			}
			c := &w.c[i*w.ldc+j]
			*c = kernels.GemmUpdate(w.alpha, sums[r*w.cols+s-first], w.beta, *c)
		}
	}
}
