package bitstep

import (
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
)

// Products by rule 8 of few rows, or of few columns as the transposed product's rows, whose B lies along k. A
// micro-kernel transposes B in registers, as it reads it.

// turns reports whether a product is one of those. More panels of rows transpose B each: that takes less time than to
// store it only where it leaves L1 meanwhile, and not if k are less than a vector. (With AVX-512 such rows are
// transposed in pieces.)
func (p *product[T]) turns() bool {
	most := p.backend.tiles().turnRows[0]
	more := p.m <= 2*most && p.k >= lanesOf[T](p.backend) && !p.small()
	return p.transB && !p.continues && (p.m <= most || more)
}

// turned computes such a product.
func (p *product[T]) turned() {
	if p.k <= kernels.GemmBlock || p.alpha == 1 && p.beta == 0 {
		p.turnedSums()
		return
	}
	memory, q := getScratch[T](), *p
	q.alpha, q.beta = 1, 0
	for j := 0; j < p.n; j += kept { // C may be huge
		q.n = min(kept, p.n-j)
		q.b, q.ldc, q.c = p.b[j*p.ldb:], q.n, grow(&memory.sums, p.m*q.n)
		q.turnedSums()
		for i := range p.m {
			p.update(p.c[i*p.ldc+j:][:q.n], q.c[i*q.n:][:q.n])
		}
	}
	memory.put()
}

// turnedSums takes the blocks of k one by one, or several at a time: where there are few sums, those of different
// blocks hide each other's latency.
func (p *product[T]) turnedSums() {
	var t turnArgs[T]
	t.strides(p)
	size := p.backend.tiles()
	panels := (p.m + size.turnRows[0] - 1) / size.turnRows[0]
	for k0 := 0; k0 < p.k; {
		t.k = min(kernels.GemmBlock, p.k-k0)
		blocks := 1
		if vectors(p.n, t.lanes(p.backend)) < len(size.turnRows) {
			for _, most := range [...]int{2, 4} {
				if (p.m+panels-1)/panels <= size.turnRows[most-1] && most*kernels.GemmBlock <= p.k-k0 {
					blocks = most
				}
			}
		}
		for i := range panels {
			lo, hi := share(p.m, panels, i)
			t.a, t.b, t.c = stays(p.elementA(lo, k0)), stays(p.elementB(k0, 0)), stays(&p.c[lo*p.ldc])
			t.panel(p.backend, hi-lo, p.n, blocks)
		}
		t.accumulate = 1
		k0 += blocks * t.k
	}
}

func (t *turnArgs[T]) lanes(backend Backend) int { return lanesOf[T](backend) }

// strides sets those of the product, and what becomes of its sums.
func (t *turnArgs[T]) strides(p *product[T]) {
	var c chainArgs[T]
	c.of(p)
	c.update(p.alpha, p.beta)
	t.aRow, t.aCol, t.bRow, t.cRow = c.aRow, c.aCol, p.ldb*c.size(), c.cRow
	t.alpha, t.beta, t.scaled, t.accumulate, t.weighted = c.alpha, c.beta, c.scaled, c.accumulate, c.weighted
}

// panel computes rows of C, of so many blocks of k.
func (t *turnArgs[T]) panel(backend Backend, rows, n, blocks int) {
	lanes, size := t.lanes(backend), int(unsafe.Sizeof(T(0)))
	groups := 1 // vectors of a tile
	for most := vectors(n, lanes); blocks == 1 && groups < most && groups < len(tileSize{}.turnRows) &&
		backend.tiles().turnRows[groups] >= rows; {
		groups++
	}
	column := rows*size + max(blocks*t.k*size, mem.Line) // bytes: B's columns are a line each, however few k
	most := tilesPerCall(groups * lanes * column)
	for {
		cols := groups * lanes
		t.tiles, t.width = 1, lanes
		switch {
		case n >= 2*cols:
			t.tiles = min(n/cols, most)
		case n < cols:
			groups = vectors(n, lanes)
			t.width = n - (groups-1)*lanes
		}
		together := groups
		if blocks > 1 {
			together = blocks
		}
		t.steps(lanes, together, blocks > 1)
		call := *t // whose pointers it moves
		turnTiles[T](backend, turnCode(blocks > 1, t.width, lanes, rows, together), (*byte)(unsafe.Pointer(&call)))
		if n -= t.tiles * cols; n <= 0 {
			return
		}
		t.b, t.c = move(t.b, t.tiles*t.bTile), move(t.c, t.tiles*cols*size)
	}
}

// steps sets how pointers move in a tile of so many groups.
func (t *turnArgs[T]) steps(lanes, groups int, blocks bool) {
	size := int(unsafe.Sizeof(T(0)))
	aGroup, bGroup := 0, lanes*t.bRow
	t.bTile = groups * bGroup
	if blocks {
		t.bTile = bGroup
		aGroup, bGroup = kernels.GemmBlock*t.aCol, kernels.GemmBlock*size
	}
	t.aNext, t.aBack = aGroup-lanes*t.aCol, -(groups-1)*aGroup
	t.bNext, t.bBack = bGroup, lanes*size-(groups-1)*bGroup
}

// turnCode is the number of a tile in the table of codes; see turns in asmgen.
func turnCode(blocks bool, width, lanes, rows, groups int) int {
	const plain, masked, ofBlocks, maskedBlocks = 0, 1, 2, 3 // the last of each number of quarters
	kind := plain
	switch {
	case blocks && width < lanes:
		kind = maskedBlocks + (4*width-1)/lanes
	case blocks:
		kind = ofBlocks
	case width < lanes:
		kind = masked
	}
	return (kind*len(tileSize{}.turnRows)+groups-1)*maxTurnRows + rows - 1
}
