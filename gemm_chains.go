package bitstep

import (
	"math"
	"math/bits"
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
)

// Products by rule 8, blocked for the caches as Goto and van de Geijn (Anatomy of High-Performance Matrix
// Multiplication, 2008) describe, with the contract's block of 256 k. Micro-kernels compute tiles of C in registers:
// a panel of A's rows, which stays in L1, times all of a block of B's columns, which stay in L2. Either operand is read
// where it lies, or packed k-major: see packA and blockB.

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
	fetches     fetchList
}

// A chainPlan says how a product is blocked.
type chainPlan struct {
	packA, packB bool
	stripCols    int  // columns of C up to which A need not be packed
	rows, cols   int  // of C that go through all of k before the next
	chunk        int  // columns of B that all rows of A meet before the next: what L1 or L2 holds
	ahead        int  // columns of B from those that are read to those that are fetched for later
	lead         bool // tiles that do not pack fetch, too
	halves       bool // of what is ahead are fetched by the first two panels of rows
}

func (p *product[T]) chains() {
	if p.k == 1 && p.ldb == 1 { // B is a row
		p.transB = false
	}
	once := p.k <= kernels.GemmBlock && p.small()
	switch {
	case p.narrows():
		p.narrow()
		return
	case once && p.byColumns():
		p.once()
		return
	case !p.continues && p.columns():
		p.swapped()
		return
	case p.turns():
		p.turned()
		return
	case once:
		p.once()
		return
	}
	w := p.chainWork()
	if !w.plan.packA && !w.plan.packB && !w.transB && w.direct {
		w.blocks()
		return
	}
	memory := getScratch[T]() // not w.scratch, or the compiler moves w and p to the heap with it
	w.scratch = memory
	w.blocks()
	memory.put()
}

// chainWork is the product, planned.
func (p *product[T]) chainWork() chainWork[T] {
	w := chainWork[T]{product: p, size: int(unsafe.Sizeof(T(0))), tile: p.backend.tiles()}
	w.lanes = p.backend.vecBytes() / w.size
	w.vecs = w.tile.chainTile(p.m, p.n, w.lanes)
	w.rows = w.tile.chainRows[w.vecs-1]
	w.cols = w.vecs * w.lanes
	// Sums go straight to C where C has nothing to add to several of them.
	w.direct = p.k <= kernels.GemmBlock || p.alpha == 1 && p.beta == 0
	w.plan = w.planned()
	return w
}

// narrow is up to how many columns C may be so.
const narrow = 8

// store is how many clocks it takes to store an element of C by itself.
const store = 3

// columns reports whether C is so narrow that its columns are better computed as rows. Vectors along its rows are
// mostly empty, and each k takes half a clock a row. Vectors along its columns are full; but unless A is transposed it
// has to be, in registers, and unless C is one dense column its elements are stored one by one.
func (p *product[T]) columns() bool {
	const few = 16 // rows of a transposed A that are not worth it
	if p.n > narrow || p.m <= p.n {
		return false
	}
	if p.transA {
		return p.dense() || p.m > few && p.n*p.k/(2*lanesOf[T](p.backend))+store*p.n < p.k/2
	}
	return p.columnsClocks() < p.m*p.k*11/20 // and not p.m*p.k/2: it measured so (Zen 5)
}

// columnsClocks is how many clocks columns take as rows if A is to be transposed.
func (p *product[T]) columnsClocks() int {
	lanes := lanesOf[T](p.backend)
	shuffles := bits.TrailingZeros(uint(lanes)) * vectors(p.k, lanes) * lanes // of a vector's rows, 2 a clock
	clocks := vectors(p.m, lanes) * (p.n*p.k + shuffles) / 2
	if p.dense() {
		return clocks
	}
	return clocks + store*p.n*p.m
}

// dense reports whether C is a column that is as good as a row.
func (p *product[T]) dense() bool { return p.n == 1 && p.ldc == 1 }

// swapped computes the rows of the transposed C, C' = op(B)'*op(A)', since fma(a, b) = fma(b, a).
func (p *product[T]) swapped() {
	q := *p
	q.transA, q.transB, q.m, q.n, q.ldc = !p.transB, !p.transA, p.n, p.m, p.m
	q.a, q.b, q.lda, q.ldb = p.b, p.a, p.ldb, p.lda
	if p.dense() {
		q.chains()
		return
	}
	memory := getScratch[T]()
	q.alpha, q.beta = 1, 0
	for i := 0; i < p.m; i += kept { // C may be huge
		q.n = min(kept, p.m-i)
		q.b, q.ldc, q.c = p.a[offset(i, p.lda, p.transA):], q.n, grow(&memory.sums, q.m*q.n)
		q.chains()
		for r := range q.n {
			row := p.c[(i+r)*p.ldc:][:p.n]
			for j, c := range row {
				row[j] = kernels.GemmUpdate(p.alpha, q.c[j*q.n+r], p.beta, c)
			}
		}
	}
	memory.put()
}

// once computes a product without blocking, in one call of a micro-kernel or few.
func (p *product[T]) once() {
	var t chainArgs[T] // field by field, as in Gemm
	t.k, t.a, t.b, t.c = p.k, &p.a[0], &p.b[0], &p.c[0]
	t.of(p)
	t.update(p.alpha, p.beta)
	if !p.transB || p.byColumns() {
		t.direct(p.backend, p.transB, p.m, p.n)
		return
	}
	lanes := t.lanes(p.backend)
	memory, row := getScratch[T](), vectors(p.n, lanes)*lanes
	t.b, t.bRow = unsafe.SliceData(grow(&memory.packedB, p.k*row)), row*t.size()
	p.transpose(p.k, &p.b[0], p.n, p.ldb, t.b, row)
	t.direct(p.backend, false, p.m, p.n)
	memory.put()
}

// byColumns reports whether the product is one that tiles compute which transpose their sums.
func (p *product[T]) byColumns() bool {
	return p.transA && p.transB && !p.continues && p.backend.tiles().byColumns(p.m, p.n, lanesOf[T](p.backend))
}

func (w *chainWork[T]) blocks() {
	w.fetches = w.list()
	for i := 0; i < w.m; i += w.plan.rows {
		for j := 0; j < w.n; j += w.plan.cols {
			w.block(i, min(w.m, i+w.plan.rows), j, min(w.n, j+w.plan.cols))
		}
	}
}

// chainTile returns the vectors of the tiles for an output of m x n: those of most accumulators, or more if so few rows
// are all there are, or fewer if the columns are.
func (t *tileSize) chainTile(m, n, lanes int) int {
	vecs := min(len(t.chainRows), vectors(n, lanes))
	for vecs > t.packVecs && t.chainRows[vecs-1] < m {
		vecs--
	}
	return vecs
}

// vectors is how many hold n elements. lanes is a power of 2.
func vectors(n, lanes int) int { return (n + lanes - 1) >> (bits.TrailingZeros(uint(lanes)) & 63) }

// block computes rows i0 to i1 and columns j0 to j1 of C.
func (w *chainWork[T]) block(i0, i1, j0, j1 int) {
	var t chainArgs[T]
	t.of(w.product)
	dst := unsafe.Pointer(&w.c[i0*w.ldc+j0])
	if !w.direct {
		t.cRow = (j1 - j0) * w.size
		dst = unsafe.Pointer(unsafe.SliceData(grow(&w.sums, (i1-i0)*(j1-j0))))
	} else if w.k <= kernels.GemmBlock {
		t.update(w.alpha, w.beta)
	}
	panels := (i1 - i0 + w.rows - 1) / w.rows
	for k0 := 0; k0 < w.k; k0 += kernels.GemmBlock {
		t.k = min(kernels.GemmBlock, w.k-k0)
		if k0 > 0 && !w.continues {
			t.accumulate = 1
		}
		few := w.plan.chunk < j1-j0 // A is packed once for all chunks
		if w.plan.packA {
			grow(&w.packedA, (i1-i0)*t.k+w.lanes)
		}
		if few && w.plan.packA {
			for q := range panels {
				lo, hi := share(i1-i0, panels, q)
				w.packA(i0+lo, hi-lo, k0, t.k, lo)
			}
		}
		for j := j0; j < j1; j += w.plan.chunk {
			n := min(j1-j, w.plan.chunk)
			w.blockB(&t, j, j+n, k0)
			t.ahead, t.aheadSkip, t.aheadRow = w.ahead(j, j0, j1, k0, t.k), t.bRow, t.bRow
			c := unsafe.Add(dst, (j-j0)*w.size)
			if !w.plan.packA {
				w.inPlace(t, i0, i1, j, n, k0, c)
				continue
			}
			for q := range panels {
				lo, hi := share(i1-i0, panels, q)
				at := lo
				if !few {
					at = 0
					w.packA(i0+lo, hi-lo, k0, t.k, at)
				}
				t.a, t.aRow, t.aCol = &w.packedA[at*t.k], w.size, (hi-lo)*w.size
				t.c = (*T)(unsafe.Add(c, lo*t.cRow))
				if q == 0 {
					w.next(&t, hi-lo, n)
				}
				w.multiply(&t, hi-lo, n, w.plan.lead)
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

// ahead returns how many bytes it is from columns of B from j on, in a block of columns j0 to j1 and of kb of k, to
// what their tiles fetch: to later columns of these, or to their next k, or to the next columns.
func (w *chainWork[T]) ahead(j, j0, j1, k0, kb int) int {
	ahead := w.plan.ahead
	switch {
	case j+ahead < j1:
	case k0+kb < w.k:
		ahead += kb*w.ldb - (j1 - j0)
	default:
		ahead -= k0 * w.ldb
	}
	return ahead * w.size
}

// inPlace computes rows i0 to i1 of C, to c, from those of A where they lie and a chunk of B. The first panel of rows
// may have more to do, alone; where the second is to lead as well, each fetches half of the k, so that memory is busy
// all the time. The arguments are a copy: what is set through a pointer escapes, operands too.
func (w *chainWork[T]) inPlace(t chainArgs[T], i0, i1, j, n, k0 int, c unsafe.Pointer) {
	m, halves := i1-i0, w.plan.halves && t.packed != nil
	panels, ahead := (m+w.rows-1)/w.rows, t.ahead
	if halves {
		t.aheadSkip = 0
	}
	for lo, q := 0, 0; lo < m; q++ {
		hi, lead := m, w.plan.lead
		switch {
		case q == 0 && t.packed != nil:
			_, hi = share(m, panels, 0)
		case q == 1 && halves:
			_, hi = share(m, panels, 1)
			inPlace := uintptr(unsafe.Pointer(w.elementB(k0+t.k/2, j)))
			t.ahead, lead = int(inPlace-uintptr(unsafe.Pointer(t.b)))+ahead, true
		}
		t.a, t.c = w.elementA(i0+lo, k0), (*T)(unsafe.Add(c, lo*t.cRow))
		w.next(&t, hi-lo, n)
		w.multiply(&t, hi-lo, n, lead)
		lo = hi
	}
}

// multiply computes m rows and n columns of C. If whole tiles of B are packed meanwhile, B is there afterwards.
func (w *chainWork[T]) multiply(t *chainArgs[T], m, n int, lead bool) {
	b, packed := stays(t.b), stays(t.packed)
	t.multiply(w.backend, w.vecs, m, n, lead)
	t.next = nil
	if t.b = b; packed != nil {
		t.b, t.bRow, t.bTile, t.packed = packed, w.cols*w.size, t.k*w.cols*w.size, nil
	}
}

// steps is how many k whole blocks have, or the only one.
func (w *chainWork[T]) steps() int { return min(w.k, kernels.GemmBlock) }

// list spreads what the product fetches over its tiles of a whole number of vectors in whole blocks of k, if there are
// tiles of that kind: of all panels of rows, or where A is packed, of the first. One that packs fetches if it has few
// rows.
func (w *chainWork[T]) list() fetchList {
	if w.fetch == nil || w.transB || w.vecs != w.tile.packVecs {
		return fetchList{}
	}
	blocks, most := ceil(w.m, w.plan.rows), min(w.m, w.plan.rows)
	panels := w.m/most*ceil(most, w.rows) + ceil(w.m%most, w.rows)
	if w.plan.packA {
		panels = blocks
	}
	if _, first := share(most, ceil(most, w.rows), 0); w.plan.packB && first > bothRows {
		panels -= blocks
	}
	whole := w.n/w.plan.cols*(w.plan.cols/w.cols) + w.n%w.plan.cols/w.cols
	return w.fetch.over(panels*whole*(w.k/w.steps()), w.steps(), vectors(w.vecs*w.backend.vecBytes(), mem.Line))
}

// next gives the tiles of m rows and n columns their pieces of that list.
func (w *chainWork[T]) next(t *chainArgs[T], m, n int) {
	if t.k == w.steps() && (t.packed == nil || m <= bothRows) {
		t.next, t.nextTile, t.nextStep = take[T](&w.fetches, ceil(m, w.rows)*(n/w.cols)), 0, w.fetches.step
	}
}

// of sets strides of the product's matrices, read and written where they lie, and whether sums start from C.
func (t *chainArgs[T]) of(p *product[T]) {
	if p.continues {
		t.continues = 1
	}
	t.strides(p.transA, p.lda, p.ldb, p.ldc)
}

// size is that of an element in bytes, lanes how many elements a vector has.
func (t *chainArgs[T]) size() int                 { return int(unsafe.Sizeof(T(0))) }
func (t *chainArgs[T]) lanes(backend Backend) int { return lanesOf[T](backend) }

// strides sets those of matrices that are read and written where they lie.
func (t *chainArgs[T]) strides(transA bool, lda, ldb, ldc int) {
	t.aRow, t.aCol, t.bRow, t.cRow = lda*t.size(), t.size(), ldb*t.size(), ldc*t.size()
	if transA {
		t.aRow, t.aCol = t.aCol, t.aRow
	}
}

// update sets what becomes of sums over all of k: alpha*sum + beta*c.
func (t *chainArgs[T]) update(alpha, beta T) {
	t.alpha, t.beta = alpha, beta
	if alpha != 1 {
		t.scaled = 1
	}
	if beta != 0 {
		t.accumulate = 1
		if beta != 1 {
			t.weighted = 1
		}
	}
}

// multiply computes m rows and n columns of C in tiles of so many vectors, and then what is left of the columns, which
// is never packed. It moves the operands.
func (t *chainArgs[T]) multiply(backend Backend, vecs, m, n int, lead bool) {
	lanes := t.lanes(backend)
	cols, kind := vecs*lanes, plainChain
	most := t.most(backend.tiles().chainRows[vecs-1], cols, m, n)
	switch {
	case t.packed != nil:
		kind = packingChain
	case lead:
		kind = leadingChain
	}
	for {
		tiles := 1
		switch {
		case n >= 2*cols:
			tiles = min(n/cols, most)
		case n < cols:
			kind, vecs = plainChain, vectors(n, lanes)
			if t.width = n - (vecs-1)*lanes; t.width < lanes {
				kind = maskedChain
			}
		}
		a, b, c, as, panels := t.a, t.b, t.c, kind, max(1, most/tiles)
		if t.next != nil && n >= cols {
			as, panels = fetchingChain, 1
			if kind == packingChain {
				as = bothChain
			}
		}
		t.tiles = tiles
		t.panelsOf(backend, as, vecs, m, panels)
		if n -= tiles * cols; n <= 0 {
			return
		}
		t.a, t.b, t.c = move(a, 0), move(b, tiles*t.bTile), move(c, tiles*cols*t.size())
		if kind == packingChain {
			t.packed = move(t.packed, tiles*t.k*cols*t.size())
		}
	}
}

// most is how many tiles of rows x cols a call may compute of m rows and n columns of C. Multiplications tell where all
// may: then there is no limit.
func (t *chainArgs[T]) most(rows, cols, m, n int) int {
	bytes := ((rows+t.k)*cols + rows*t.k) * t.size() // of a tile
	if (m+rows)*(n+cols)*bytes <= rows*cols*bytesPerCall {
		return math.MaxInt
	}
	return tilesPerCall(bytes)
}

// panelsOf computes m rows of C, in tiles of heights that differ by 1 at most, and no more than so many panels a call.
func (t *chainArgs[T]) panelsOf(backend Backend, kind chainKind, vecs, m, most int) {
	panels, low, high := 1, m, 0 // as many panels have low+1 rows
	if rows := backend.tiles().chainRows[vecs-1]; m > rows {
		panels = (m + rows - 1) / rows
		low = m / panels
		high = m - low*panels
	}
	for {
		rows := low
		t.panels = min(panels, most)
		if high > 0 {
			rows, t.panels = low+1, min(high, most)
			high -= t.panels
		}
		t.aPanel, t.cPanel = rows*t.aRow, rows*t.cRow
		if kind == columnsChain {
			t.cPanel = rows * t.size()
		}
		chainTiles[T](backend, chainCode(kind, rows, vecs), (*byte)(unsafe.Pointer(t)))
		if panels -= t.panels; panels == 0 {
			return
		}
		t.a, t.c = move(t.a, t.aPanel), move(t.c, t.cPanel) // from the last panel of the call
	}
}

// move returns an operand so many bytes on, which is stored through a pointer to a chainArgs.
func move[T any](p *T, bytes int) *T { return stays((*T)(unsafe.Add(unsafe.Pointer(p), bytes))) }

// A chainKind is a tile as in asmgen.
type chainKind int

const (
	plainChain    chainKind = iota
	maskedChain             // of which the last vector is not whole
	packingChain            // which packs what it reads of B
	fetchingChain           // which fetches what is to come
	bothChain               // which does both, of at most bothRows rows
	leadingChain            // which fetches later columns of B
	columnsChain            // of which a vector is a column of C, and its last rows need not be there
)

// chainCode is the number of a tile in the table of codes; see chains in asmgen.
func chainCode(kind chainKind, rows, vecs int) int {
	return (int(kind)*len(tileSize{}.chainRows)+vecs-1)*maxChainRows + rows - 1
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

// blockB makes b columns j0 to j1 of op(B) for k from k0 on: in place, to be packed by the first panel of A that meets
// them, or transposed and packed in panels of a tile's columns.
func (w *chainWork[T]) blockB(t *chainArgs[T], j0, j1, k0 int) {
	panels, tile := (j1-j0+w.cols-1)/w.cols, t.k*w.cols*w.size
	var packed *T
	if w.transB || w.plan.packB && (w.m > fewRows || j1-j0 >= w.cols) { // few rows read less than a tile in place
		packed = stays(unsafe.SliceData(grow(&w.packedB, panels*t.k*w.cols)))
	}
	if w.transB {
		t.b, t.bRow, t.bTile = packed, w.cols*w.size, tile
		whole, ld, vec := (j1-j0)/w.cols, w.ldb*w.size, w.lanes*w.size
		for v := 0; v < w.vecs && whole > 0; v++ { // this vector of all panels that are whole
			w.transposeGroups(t.k, w.elementB(k0, j0+v*w.lanes), w.lanes, w.ldb, w.cols*ld, move(packed, v*vec), t.bRow,
				tile, whole)
		}
		if edge := j0 + whole*w.cols; edge < j1 {
			w.transpose(t.k, w.elementB(k0, edge), j1-edge, w.ldb, move(packed, whole*tile), w.cols)
		}
		return
	}
	t.b, t.bRow, t.bTile, t.packed = stays(w.elementB(k0, j0)), w.ldb*w.size, w.cols*w.size, packed
	if tiles := (j1 - j0) / w.cols; packed != nil && tiles < panels {
		edge := j0 + tiles*w.cols
		w.copyRows(t.k, w.elementB(k0, edge), t.bRow, move(packed, tiles*tile), t.bTile, j1-edge)
	}
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
func (p *product[T]) transpose(k int, src *T, rows, ld int, dst *T, stride int) {
	size := int(unsafe.Sizeof(T(0)))
	lanes := p.backend.vecBytes() / size
	groups := rows / lanes
	if whole := groups * lanes; whole < rows {
		p.transposeGroups(k, move(src, whole*ld*size), rows-whole, ld, 0, move(dst, whole*size), stride*size, 0, 1)
	}
	if groups > 0 { // or rows of a group would leave the matrix
		p.transposeGroups(k, src, lanes, ld, lanes*ld*size, dst, stride*size, lanes*size, groups)
	}
}

// transposeGroups packs groups of as many rows as a vector has elements, or of fewer; dst gets whole vectors, dstRow
// bytes apart. From group to group src moves by srcGroup bytes and dst by dstGroup.
func (p *product[T]) transposeGroups(k int, src *T, rows, ld, srcGroup int, dst *T, dstRow, dstGroup, groups int) {
	size := int(unsafe.Sizeof(T(0)))
	lanes := p.backend.vecBytes() / size
	var at [16]*T
	row := 0
	for r := range lanes {
		at[r] = move(src, row)
		if r < rows-1 {
			row += ld * size
		}
	}
	for most := tilesPerCall(2 * k * lanes * size); groups > 0; groups -= most {
		transposeRows(p.backend, k, &at[0], srcGroup, dst, dstRow, dstGroup, min(groups, most))
		if groups > most {
			for r := range lanes {
				at[r] = move(at[r], most*srcGroup)
			}
			dst = move(dst, most*dstGroup)
		}
	}
}
