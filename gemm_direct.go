package bitstep

import "unsafe"

// Products by rule 8 whose operands are read where they lie, in one call of a micro-kernel or few. The smallest take as
// long to check and to call as to compute, so Gemm comes here without a plan.

// byRows reports whether a product whose B is not transposed is best computed by plain tiles: unless C is narrow, see
// columns.
func byRows(m, n int) bool { return m <= n || n > narrow }

// byColumns reports whether the product of a transposed A and a transposed B is best computed by tiles that transpose
// their sums, C' = B*A: whether that takes fewer fma, or time for such, than to transpose B. A vector of these tiles
// has a column of C, so few rows leave it mostly empty. One column of several vectors is computed as a row: see
// columns.
func (t *tileSize) byColumns(m, n, lanes int) bool {
	const (
		latency   = 8 // fma before one that needs the first
		transpose = 3 // shuffles for a vector of B, or 4
	)
	vecs := vectors(n, lanes)
	return t.columns && (n > 1 || m <= lanes) && vectors(m, lanes)*n <= max(vecs*m, latency)+vecs*transpose
}

// direct computes C of m x n, with transB by columns. It moves the operands.
func (t *chainArgs[T]) direct(backend Backend, transB bool, m, n int) {
	tile, lanes := backend.tiles(), t.lanes(backend)
	rows, vecs, kind := m, 1, columnsChain
	if transB {
		t.columns()
		if m > lanes {
			t.vectors(backend, m, n)
			return
		}
		rows, t.width = n, m
	} else {
		vecs, kind = tile.chainTile(m, n, lanes), plainChain
		if n > vecs*lanes {
			t.wide(backend, vecs, m, n)
			return
		}
		if t.width = n - (vecs-1)*lanes; t.width < lanes {
			kind = maskedChain
		}
		t.tiles = 1
	}
	if rows > tile.chainRows[vecs-1] {
		t.panelsOf(backend, kind, vecs, rows, t.most(tile.chainRows[vecs-1], vecs*lanes, rows, vecs*lanes))
		return
	}
	t.panels = 1
	chainTiles[T](backend, chainCode(kind, rows, vecs), (*byte)(unsafe.Pointer(t)))
}

// columns sets the operands of a tile of columns, C' = B*A, to those that both are transposed.
func (t *chainArgs[T]) columns() {
	t.a, t.b, t.aRow, t.aCol, t.bRow = t.b, t.a, t.bRow, t.size(), t.aCol
}

// wide computes C of more columns than so many vectors: in tiles of these, or of all columns if that makes fewer.
// (Tiles of still more vectors have so few rows that they wait for loads.)
func (t *chainArgs[T]) wide(backend Backend, vecs, m, n int) {
	tile, lanes := backend.tiles(), t.lanes(backend)
	all := vectors(n, lanes)
	if all <= 2*tile.packVecs && tile.panels(m, all) < tile.panels(m, vecs)*((all+vecs-1)/vecs) {
		vecs = all
	}
	t.bTile = vecs * lanes * t.size()
	t.multiply(backend, vecs, m, n, false)
}

// panels returns how many panels of rows the tiles of so many vectors make of m rows.
func (t *tileSize) panels(m, vecs int) int {
	return (m + t.chainRows[vecs-1] - 1) / t.chainRows[vecs-1]
}

// vectors computes the n columns of C, whose m elements are several vectors.
func (t *chainArgs[T]) vectors(backend Backend, m, n int) {
	lanes, rows := t.lanes(backend), backend.tiles().chainRows[0]
	a, b, c, most := t.a, t.b, t.c, t.most(rows, lanes, n, lanes)
	for i := 0; i < m; i += lanes {
		t.a, t.b, t.c, t.width = move(a, 0), move(b, i*t.size()), move(c, i*t.cRow), min(lanes, m-i)
		t.panelsOf(backend, columnsChain, 1, n, most)
	}
}
