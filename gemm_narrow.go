package bitstep

import (
	"math/bits"
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
)

// Products by rule 8 of few columns whose operands lie as they are stored: A along k, B along its rows. A vector of B's
// row would be half empty, or more, so that micro-kernels fill it with several rows of C.

// narrowTurn is how many k tiles take at a time, in two blocks, as long as there are so many: the blocks' sums hide
// each other's latency.
const narrowTurn = 2 * kernels.GemmBlock

// narrows reports whether a product is one of those, and takes fewer clocks so than otherwise.
func (p *product[T]) narrows() bool {
	const few, least, more = 8, 64, 128 // rows, k that are worth it, and where rows are fewer
	if p.transA || p.transB || p.continues || p.k < least || p.m < few && p.k < more {
		return false
	}
	parts := p.parts()
	return parts > 0 && p.narrowClocks(parts) < p.otherClocks()
}

// narrowClocks is about how many clocks that takes (measured on Zen 5, as all here).
func (p *product[T]) narrowClocks(parts int) int {
	// In twentieths of a clock for a k: fma and shuffles of a vector, and of B if its part is not full.
	const some, part, masked = 12, 3, 8
	work, rest := vectors(p.m, parts)*(some+part*parts), p.k%narrowTurn
	if p.n*parts < lanesOf[T](p.backend) {
		work += masked
	}
	clocks := (p.k - rest) * max(work, 20*fmaLatency/2*p.panels(parts, 2))
	clocks += rest * max(work, 20*fmaLatency*p.panels(parts, 1))
	if p.aliases() {
		clocks += 20 * 2 * p.m * p.k * int(unsafe.Sizeof(T(0))) / 16 // 2 for 16 bytes
	}
	return clocks / 20
}

// otherClocks is about how many it takes by plain tiles, or if that is how it is done, by columns as rows.
func (p *product[T]) otherClocks() int {
	const swapping = 400 // besides
	turnRows := &p.backend.tiles().turnRows
	if p.n > turnRows[0] || !p.columns() { // of more rows there are two panels, each of which transposes A
		clocks := p.k * max(11*p.m, 20*fmaLatency) / 20
		if p.aliases() {
			clocks += 2 * p.m * p.k // 2 for an element
		}
		return clocks
	}
	vecs, together := vectors(p.m, lanesOf[T](p.backend)), 1
	for i, most := range turnRows {
		if p.n <= most && (vecs > i || (i+1)*kernels.GemmBlock <= p.k) {
			together = i + 1
		}
	}
	clocks := max(p.columnsClocks(), vecs*p.k*fmaLatency/together)
	if !p.dense() {
		clocks += swapping
	}
	if p.aliases() {
		clocks += 5 * p.m * p.k * int(unsafe.Sizeof(T(0))) / mem.Line // 5 for a line
	}
	return clocks
}

// aliases reports whether A's rows are a multiple of 4,096 bytes apart. Then they meet in one set of L1, and what is
// read of a line comes from L2 each time.
func (p *product[T]) aliases() bool { return p.lda*int(unsafe.Sizeof(T(0)))%4096 == 0 }

const fmaLatency = 4 // clocks

// parts returns how many rows of C a vector can hold, 0 if but one.
func (p *product[T]) parts() int {
	most, lanes := &p.backend.tiles().narrowRows[0], lanesOf[T](p.backend)
	for i := len(most) - 1; i >= 0; i-- {
		if most[i] > 0 && p.n<<(i+1) <= lanes {
			return 2 << i
		}
	}
	return 0
}

// panels returns how many tiles C has, of so many blocks of k and with so many rows in a vector.
func (p *product[T]) panels(parts, blocks int) int {
	most := p.backend.tiles().narrowRows[blocks-1][narrowVariant(parts)]
	if p.m <= most {
		return 1
	}
	return ceil(p.m, most)
}

// narrow computes such a product.
func (p *product[T]) narrow() {
	if p.k <= kernels.GemmBlock || p.alpha == 1 && p.beta == 0 {
		p.narrowSums()
		return
	}
	memory, q := getScratch[T](), *p
	q.alpha, q.beta, q.ldc = 1, 0, p.n
	for i := 0; i < p.m; i += kept { // C may be huge
		q.m = min(kept, p.m-i)
		q.a, q.c = p.a[i*p.lda:], grow(&memory.sums, q.m*q.n)
		q.narrowSums()
		for r := range q.m {
			row := p.c[(i+r)*p.ldc:][:p.n]
			for j, c := range row {
				row[j] = kernels.GemmUpdate(p.alpha, q.c[r*q.n+j], p.beta, c)
			}
		}
	}
	memory.put()
}

// narrowSums computes sums, and what becomes of them if they are of one block.
func (p *product[T]) narrowSums() {
	var c chainArgs[T]
	c.of(p)
	c.update(p.alpha, p.beta)
	t := narrowArgs[T]{aRow: c.aRow, bRow: c.bRow, cRow: c.cRow, width: p.n, alpha: c.alpha, beta: c.beta,
		scaled: c.scaled, accumulate: c.accumulate, weighted: c.weighted}
	parts := p.parts()
	masked := p.n*parts < lanesOf[T](p.backend)
	for k0 := 0; k0 < p.k; {
		blocks, depth := 1, min(kernels.GemmBlock, p.k-k0)
		if p.k-k0 >= narrowTurn {
			blocks = 2
		}
		vecs, panels := vectors(p.m, parts), p.panels(parts, blocks)
		if t.k = depth; blocks == 2 {
			rowB := max(p.n*c.size(), min(c.bRow, mem.Line)) // bytes: a line each, however few columns, but for dense B
			t.turns = min((p.k-k0)/narrowTurn, tilesPerCall(narrowTurn*(p.m/panels*c.size()+rowB)))
			if panels > 1 { // B's rows shall stay in L1 until the next panel
				t.turns = min(t.turns, max(1, cacheL1/2/(narrowTurn*rowB)))
			}
			depth = t.turns * narrowTurn
		}
		for i := range panels {
			lo, hi := share(vecs, panels, i)
			lo, hi = lo*parts, min(hi*parts, p.m)
			call := t // whose operands move
			call.a, call.b, call.c = stays(p.elementA(lo, k0)), stays(p.elementB(k0, 0)), stays(&p.c[lo*p.ldc])
			narrowTiles[T](p.backend, narrowCode(hi-lo, parts, blocks, masked), (*byte)(unsafe.Pointer(&call)))
		}
		t.accumulate = 1
		k0 += depth
	}
}

// narrowVariant is the place of tiles whose vectors have so many rows.
func narrowVariant(parts int) int { return bits.Len(uint(parts)) - 2 }

// narrowCode is the number of a tile in the table of codes; see narrows in asmgen.
func narrowCode(rows, parts, blocks int, masked bool) int {
	kind := blocks - 1
	if masked {
		kind += len(tileSize{}.narrowRows)
	}
	return (kind*len(tileSize{}.narrowRows[0])+narrowVariant(parts))*maxNarrowRows + rows - 1
}
