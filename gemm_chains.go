package bitstep

import (
	"unsafe"

	"github.com/bitstep-go/bitstep/kernels"
)

// Products by rule 8, blocked for the caches as Goto and van de Geijn (Anatomy of High-Performance Matrix
// Multiplication, 2008) describe, with the contract's block of 256 k. Micro-kernels compute tiles of C in registers:
// a panel of A's rows, which stays in L1, times all of a block of B's columns, which stay in L2. Either operand is read
// where it lies, or packed k-major: see packA and columns.

// A chainWork is a product on its way. Strides are in bytes.
type chainWork[T kernels.Float] struct {
	*product[T]
	*scratch[T]     // nil if nothing is packed or kept
	size        int // of an element
	lanes       int // elements of a vector
	tile        *tileSize
	vecs        int // vectors of a tile's columns
	cols        int // elements of them
	rows        int // the most rows of a tile
	direct      bool
	plan        chainPlan
}

// A chainPlan says how a product is blocked.
type chainPlan struct {
	packA, packB bool
	rows, cols   int // of C that go through all of k before the next
	chunk        int // columns of B that all rows of A meet before the next: what L1 or L2 holds
	ahead        int // bytes from what is read of B to what is fetched for later
}

func (p *product[T]) chains() {
	w := chainWork[T]{product: p, size: int(unsafe.Sizeof(T(0))), tile: p.backend.tiles()}
	w.lanes = p.backend.vecBytes() / w.size
	w.vecs, w.rows = w.tile.chainTile(p.m, p.n, w.lanes)
	w.cols = w.vecs * w.lanes
	// Sums go straight to C where the finished element is the sum, or what is added to C.
	w.direct = p.alpha == 1 && (p.beta == 0 || p.beta == 1 && p.k <= kernels.GemmBlock)
	w.plan = w.planned()
	if !w.plan.packA && !w.plan.packB && !w.transB && w.direct {
		w.blocks()
		return
	}
	memory := getScratch[T]() // not w.scratch, or the compiler moves w and p to the heap with it
	w.scratch = memory
	w.blocks()
	memory.put()
}

func (w *chainWork[T]) blocks() {
	for i := 0; i < w.m; i += w.plan.rows {
		for j := 0; j < w.n; j += w.plan.cols {
			w.block(i, min(w.m, i+w.plan.rows), j, min(w.n, j+w.plan.cols))
		}
	}
}

// chainTile returns the vectors and the most rows of the tiles for an output of m x n: those of most accumulators, or
// more vectors if so few rows are all there are, or fewer if the columns are.
func (t *tileSize) chainTile(m, n, lanes int) (vecs, rows int) {
	for vecs = len(t.chainRows); vecs > 1; vecs-- {
		if rows := t.chainRows[vecs-1]; rows > 0 && vecs*lanes <= n && (rows >= m || vecs <= t.packVecs) {
			break
		}
	}
	return vecs, t.chainRows[vecs-1]
}

// block computes rows i0 to i1 and columns j0 to j1 of C.
func (w *chainWork[T]) block(i0, i1, j0, j1 int) {
	dst, ld := unsafe.Pointer(&w.c[i0*w.ldc+j0]), w.ldc*w.size
	if !w.direct {
		ld = (j1 - j0) * w.size
		dst = unsafe.Pointer(unsafe.SliceData(grow(&w.sums, (i1-i0)*(j1-j0))))
	}
	panels := (i1 - i0 + w.rows - 1) / w.rows
	for k0 := 0; k0 < w.k; k0 += kernels.GemmBlock {
		kb := min(kernels.GemmBlock, w.k-k0)
		accumulate := 1
		if k0 == 0 && !(w.direct && w.beta != 0) {
			accumulate = 0
		}
		few := w.plan.chunk < j1-j0 // A is packed once for all chunks
		if w.plan.packA {
			grow(&w.packedA, (i1-i0)*kb+w.lanes)
		}
		if few && w.plan.packA {
			for q := range panels {
				lo, hi := share(i1-i0, panels, q)
				w.packA(i0+lo, hi-lo, k0, kb, lo)
			}
		}
		for j := j0; j < j1; j += w.plan.chunk {
			b := w.columns(j, min(j1, j+w.plan.chunk), k0, kb)
			for q := range panels {
				lo, hi := share(i1-i0, panels, q)
				a := operandA{unsafe.Pointer(w.elementA(i0+lo, k0)), w.size, w.lda * w.size}
				if !w.transA {
					a.row, a.col = a.col, a.row
				}
				if w.plan.packA {
					at := lo
					if !few {
						at = 0
						w.packA(i0+lo, hi-lo, k0, kb, at)
					}
					a = operandA{unsafe.Pointer(&w.packedA[at*kb]), w.size, (hi - lo) * w.size}
				}
				w.panel(hi-lo, kb, a, &b, unsafe.Add(dst, lo*ld+(j-j0)*w.size), ld, accumulate)
			}
		}
	}
	if w.direct {
		return
	}
	sums := w.sums
	for i := range i1 - i0 {
		w.update(w.c[(i0+i)*w.ldc+j0:][:j1-j0], sums[i*(j1-j0):][:j1-j0])
	}
}

// An operandA is a panel of A: element (r, k) is r*row + k*col bytes from at on.
type operandA struct {
	at       unsafe.Pointer
	row, col int
}

// An operandB is a block of B's columns: whole tiles of them, and what is left. Rows of a tile are row bytes apart,
// tiles tile bytes.
type operandB struct {
	at        unsafe.Pointer
	row, tile int
	tiles     int
	edge      unsafe.Pointer
	edgeRow   int
	edgeCols  int
	pack      unsafe.Pointer // where the first panel of A packs the whole tiles; nil: nowhere
}

// panel computes a panel of A times a block of B, whole tiles and then what is left of the columns.
func (w *chainWork[T]) panel(rows, kb int, a operandA, b *operandB, c unsafe.Pointer, ldc, accumulate int) {
	if b.tiles > 0 {
		code := w.tile.chainCode(rows, w.vecs)
		if b.pack != nil {
			code = w.tile.packingChainCode(rows)
		}
		most := tilesPerCall((kb + rows) * w.cols * w.size)
		for t := 0; t < b.tiles; t += most {
			var pack unsafe.Pointer
			if b.pack != nil {
				pack = unsafe.Add(b.pack, t*kb*w.cols*w.size)
			}
			chainTiles(w.backend, code, kb, (*T)(a.at), a.row, a.col, (*T)(unsafe.Add(b.at, t*b.tile)), b.row, b.tile,
				(*T)(unsafe.Add(c, t*w.cols*w.size)), ldc,
				min(most, b.tiles-t), 0, accumulate, (*T)(pack), w.plan.ahead)
		}
		if b.pack != nil {
			b.at, b.row, b.tile, b.pack = b.pack, w.cols*w.size, kb*w.cols*w.size, nil
		}
		if b.edgeCols > 0 {
			c = unsafe.Add(c, b.tiles*w.cols*w.size)
		}
	}
	vecs, left, at := w.vecs, b.edgeCols, b.edge
	for left > 0 {
		for vecs > 1 && (vecs*w.lanes > left || w.tile.chainRows[vecs-1] < rows) {
			vecs--
		}
		step := vecs * w.lanes * w.size
		tiles, code := left/(vecs*w.lanes), w.tile.chainCode(rows, vecs)
		if tiles == 0 {
			tiles, code = 1, w.tile.maskedChainCode(rows)
		}
		chainTiles(w.backend, code, kb, (*T)(a.at), a.row, a.col, (*T)(at), b.edgeRow, step, (*T)(c), ldc,
			tiles, left, accumulate, nil, 0)
		if left -= tiles * vecs * w.lanes; left > 0 {
			c, at = unsafe.Add(c, tiles*step), unsafe.Add(at, tiles*step)
		}
	}
}

// chainCode is the number of a tile in the table of codes; see chains in asmgen.
func (t *tileSize) chainCode(rows, vecs int) int {
	code := rows - 1
	for _, most := range t.chainRows[:vecs-1] {
		code += most
	}
	return code
}

// packingChainCode is the number of the tile of packVecs vectors that packs.
func (t *tileSize) packingChainCode(rows int) int { return t.chainCode(rows, len(t.chainRows)+1) }

// maskedChainCode is the number of the tile of one vector that is not whole.
func (t *tileSize) maskedChainCode(rows int) int {
	return t.packingChainCode(rows) + t.chainRows[t.packVecs-1]
}

// share returns where part i of n things begins and ends if they are spread evenly over so many parts.
func share(n, parts, i int) (lo, hi int) {
	if parts == 1 {
		return 0, n
	}
	begin := func(i int) int { return n/parts*i + min(i, n%parts) }
	return begin(i), begin(i + 1)
}

// elementA is element (i, k) of op(A).
func (p *product[T]) elementA(i, k int) *T {
	if p.transA {
		return &p.a[k*p.lda+i]
	}
	return &p.a[i*p.lda+k]
}

// elementB is element (k, j) of op(B).
func (p *product[T]) elementB(k, j int) *T {
	if p.transB {
		return &p.b[j*p.ldb+k]
	}
	return &p.b[k*p.ldb+j]
}

// packA packs rows of op(A) from i on, k-major, behind the first `at` rows of the packed panels.
func (w *chainWork[T]) packA(i, rows, k0, kb, at int) {
	dst := unsafe.Add(unsafe.Pointer(unsafe.SliceData(w.packedA)), at*kb*w.size)
	if w.transA {
		w.copyRows(kb, w.elementA(i, k0), w.lda*w.size, (*T)(dst), rows*w.size, rows)
		return
	}
	w.transpose(kb, w.elementA(i, k0), rows, w.lda, (*T)(dst), rows)
}

// columns returns columns j0 to j1 of op(B) for k0 to k0+kb: in place, to be packed by the first panel of A that meets
// them, or transposed and packed in panels of a tile's columns.
func (w *chainWork[T]) columns(j0, j1, k0, kb int) operandB {
	row := w.ldb * w.size
	b := operandB{tiles: (j1 - j0) / w.cols, edgeCols: (j1 - j0) % w.cols}
	if !w.plan.packB && !w.transB {
		b.at, b.row, b.tile, b.edgeRow = unsafe.Pointer(w.elementB(k0, j0)), row, w.cols*w.size, row
		if b.edgeCols > 0 {
			b.edge = unsafe.Pointer(w.elementB(k0, j0+b.tiles*w.cols))
		}
		return b
	}
	panels := (j1 - j0 + w.cols - 1) / w.cols
	packed := unsafe.Pointer(unsafe.SliceData(grow(&w.packedB, panels*kb*w.cols)))
	tile := kb * w.cols * w.size
	if b.edgeCols > 0 {
		b.edge, b.edgeRow = unsafe.Add(packed, b.tiles*tile), w.cols*w.size
	}
	if w.transB {
		for q := range panels {
			j := j0 + q*w.cols
			w.transpose(kb, w.elementB(k0, j), min(w.cols, j1-j), w.ldb, (*T)(unsafe.Add(packed, q*tile)), w.cols)
		}
		b.at, b.row, b.tile = packed, w.cols*w.size, tile
		return b
	}
	b.at, b.row, b.tile, b.pack = unsafe.Pointer(w.elementB(k0, j0)), row, w.cols*w.size, packed
	if b.edgeCols > 0 {
		w.copyRows(kb, w.elementB(k0, j0+b.tiles*w.cols), row, (*T)(b.edge), w.cols*w.size, b.edgeCols)
	}
	return b
}

// copyRows copies rows of width elements, no more than copyVecs vectors; dst gets whole vectors.
func (w *chainWork[T]) copyRows(k int, src *T, srcRow int, dst *T, dstRow, width int) {
	vecs := (width + w.lanes - 1) / w.lanes
	code, last := 2*(vecs-1), width-(vecs-1)*w.lanes
	if last < w.lanes {
		code++
	}
	copyRows(w.backend, code, k, src, srcRow, dst, dstRow, last)
}

// transpose packs k elements of rows that lie ld elements apart, k-major: element (r, k) goes to k*stride + r. Whole
// vectors are stored; the last rows go first, so that what they store too much is overwritten.
func (w *chainWork[T]) transpose(k int, src *T, rows, ld int, dst *T, stride int) {
	var at [16]*T
	for r0 := (rows - 1) / w.lanes * w.lanes; r0 >= 0; r0 -= w.lanes {
		for r := range w.lanes {
			at[r] = (*T)(unsafe.Add(unsafe.Pointer(src), min(r0+r, rows-1)*ld*w.size))
		}
		transposeRows(w.backend, k, &at[0], (*T)(unsafe.Add(unsafe.Pointer(dst), r0*w.size)), stride*w.size)
	}
}
