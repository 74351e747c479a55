package bitstep

import "unsafe"

// Products by rule 8 whose operands are read where they lie, in one call of a micro-kernel or few. The smallest take as
// long to check and to call as to compute, so Gemm comes here without a plan.

// direct reports whether a product of few rows and columns is best computed so. Those of narrow C are not, see columns,
// nor are those whose B alone is transposed.
func (t *tileSize) direct(transA, transB bool, m, n int) bool {
	if transB {
		return transA && t.byColumns(m, n)
	}
	return (m <= n || n > narrow) && t.chainRows[0] != 0
}

// byColumns reports whether the product of a transposed A and a transposed B is best computed by tiles that transpose
// their sums: C' = B*A. A vector has a column of C, so few rows of C leave it mostly empty, which costs less than to
// transpose B only where one tile has all of the columns.
func (t *tileSize) byColumns(m, n int) bool {
	return t.columns && (m > t.turnRows[0] || n <= t.chainRows[0])
}

// direct computes C of m x n, with transB by columns. It moves the operands.
func (t *chainArgs[T]) direct(backend Backend, transB bool, m, n int) {
	tile, lanes := backend.tiles(), t.lanes(backend)
	rows, vecs, kind := m, 1, columnsChain
	if transB {
		t.a, t.b, t.aRow, t.aCol, t.bRow = t.b, t.a, t.bRow, t.size(), t.aCol
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

// wide computes C of more columns than so many vectors: in tiles of these, or of all columns if that makes fewer.
func (t *chainArgs[T]) wide(backend Backend, vecs, m, n int) {
	tile, lanes := backend.tiles(), t.lanes(backend)
	all := vectors(n, lanes)
	if all <= len(tile.chainRows) && tile.panels(m, all) < tile.panels(m, vecs)*((all+vecs-1)/vecs) {
		vecs = all
	}
	t.bTile = vecs * lanes * t.size()
	t.multiply(backend, vecs, m, n, false)
}

// panels returns how many panels of rows the tiles of so many vectors make of m rows.
func (t *tileSize) panels(m, vecs int) int { return (m + t.chainRows[vecs-1] - 1) / t.chainRows[vecs-1] }

// vectors computes the n columns of C, whose m elements are several vectors.
func (t *chainArgs[T]) vectors(backend Backend, m, n int) {
	lanes, rows := t.lanes(backend), backend.tiles().chainRows[0]
	a, b, c, most := t.a, t.b, t.c, t.most(rows, lanes, n, lanes)
	for i := 0; i < m; i += lanes {
		t.a, t.b, t.c, t.width = move(a, 0), move(b, i*t.size()), move(c, i*t.cRow), min(lanes, m-i)
		t.panelsOf(backend, columnsChain, 1, n, most)
	}
}
