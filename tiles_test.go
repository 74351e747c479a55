//go:build (amd64 || arm64) && !purego && !noasm

package bitstep

//lint:file-ignore SA4006 where a tile only panics, as without assembly, what follows its call is not reached

import (
	"math"
	"slices"
	"testing"
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
)

// The assembly of products runs where it is claimed to: called behind the dispatch, each
// tile of every backend gives all its elements, and nothing beyond them. The numbers are small integers, so
// that any order of summing gives the same.
func TestArchTilesRun(t *testing.T) {
	for _, b := range Backends()[1:] {
		if b.tiles().chainRows[0] == 0 {
			continue // products run their definition
		}
		tilesRun[float32](t, b)
		tilesRun[float64](t, b)
	}
}

func tilesRun[T kernels.Float](t *testing.T, b Backend) {
	size := b.tiles()
	for v, most := range size.chainRows {
		for r := range most {
			for width := 1; width <= vecLen[T](b); width++ {
				chainTileRuns[T](t, b, r+1, v+1, width)
			}
		}
	}
	if size.columns {
		for r := range size.chainRows[0] {
			for width := 1; width <= vecLen[T](b); width++ {
				columnsTileRuns[T](t, b, r+1, width)
			}
		}
	}
	for g, most := range size.turnRows {
		for r := range most {
			for width := 1; width <= vecLen[T](b); width++ {
				turnTileRuns[T](t, b, r+1, g+1, width, false)
				if g%2 == 1 {
					turnTileRuns[T](t, b, r+1, g+1, width, true)
				}
			}
		}
	}
	for blocks, kinds := range size.narrowRows {
		for i, most := range kinds {
			for r := range most {
				for width := 1; width <= vecLen[T](b)>>(i+1); width++ {
					narrowTileRuns[T](t, b, r+1, 2<<i, blocks+1, width)
				}
			}
		}
	}
	for r := range size.chainRows[size.packVecs-1] {
		packingTileRuns[T](t, b, r+1)
	}
	for r, most := range size.lanesCols {
		for c := range most {
			lanesTileRuns[T](t, b, size.lanesCode(r+1, c+1), r+1, c+1, false)
		}
	}
	for r, most := range size.wholeCols {
		for c := range most {
			lanesTileRuns[T](t, b, size.wholeCode(r+1, c+1), r+1, c+1, true)
		}
	}
	copyRuns[T](t, b)
	transposeRuns[T](t, b)
}

// integers returns n different small integers from 1 on.
func integers[T kernels.Float](n int) []T {
	s := make([]T, n)
	for i := range s {
		s[i] = T(1 + i%61)
	}
	return s
}

const untouched = -9999

// sentinels returns n elements that no result equals.
func sentinels[T kernels.Float](n int) []T {
	s := make([]T, n)
	for i := range s {
		s[i] = untouched
	}
	return s
}

func vecLen[T kernels.Float](b Backend) int { return b.vecBytes() / int(unsafe.Sizeof(T(0))) }

// chainTileRuns checks a tile whose last vector has width elements.
func chainTileRuns[T kernels.Float](t *testing.T, backend Backend, rows, vecs, width int) {
	size, lanes := int(unsafe.Sizeof(T(0))), vecLen[T](backend)
	cols, kind := (vecs-1)*lanes+width, plainChain
	if width < lanes {
		kind = maskedChain
	}
	const alpha, beta = 3, 5
	for _, k := range []int{1, 2, 3, 4, 5, 8, 9} {
		tiles, panels := 1+k%2, 1+k%3
		if kind == maskedChain {
			tiles = 1
		}
		m, ldb, ldc := rows*panels, tiles*cols+1, tiles*cols+3
		// A lies along k, or across; its other elements do not matter.
		for i, stride := range [][2]int{{1, m + 1}, {k + 2, 1}} {
			a, b := integers[T](m*stride[0]+k*stride[1]), integers[T](k*ldb)
			c := sentinels[T](m * ldc)
			args := chainArgs[T]{k: k, a: &a[0], aRow: stride[0] * size, aCol: stride[1] * size,
				aPanel: rows * stride[0] * size, b: &b[0], bRow: ldb * size, bTile: cols * size,
				c: &c[0], cRow: ldc * size, cPanel: rows * ldc * size,
				panels: panels, tiles: tiles, width: width, alpha: alpha, beta: beta}
			for update := range 4 { // store, then add, then add to what has a weight, then continue
				args.a, args.c = &a[0], &c[0]
				args.scaled, args.accumulate, args.weighted = i, min(1, update), update/2
				if update == 3 {
					args.scaled, args.accumulate, args.weighted, args.continues = 0, 0, 0, 1
				}
				chainTiles[T](backend, chainCode(kind, rows, vecs), (*byte)(unsafe.Pointer(&args)))
				if args.a != &a[(panels-1)*rows*stride[0]] || args.c != &c[(panels-1)*rows*ldc] {
					t.Fatalf("%v %T chain tile %d x %d: operands moved too far", backend, c[0], rows, vecs)
				}
				for at, got := range c {
					r, j := at/ldc, at%ldc
					want := T(untouched)
					if j < tiles*cols {
						want = 0
						for kk := range k {
							want += T(a[r*stride[0]+kk*stride[1]] * b[kk*ldb+j])
						}
						sum := want
						if i != 0 {
							want *= alpha
						}
						want *= []T{1, 2, 2*beta + 1, 2*beta + 1}[update]
						if update == 3 {
							want += sum
						}
					}
					if got != want {
						t.Fatalf("%v %T chain tile %d x %d, width %d, k = %d, update %d: (%d, %d) = %v, want %v",
							backend, got, rows, vecs, width, k, update, r, j, got, want)
					}
				}
			}
		}
	}
}

// columnsTileRuns checks a tile that transposes its sums, of so many columns of C and of width rows.
func columnsTileRuns[T kernels.Float](t *testing.T, backend Backend, columns, width int) {
	const alpha, beta = 3, 5
	size := int(unsafe.Sizeof(T(0)))
	for _, k := range []int{1, 2, 5, 9} {
		panels := 1 + k%3
		n := panels * columns
		lda, ldb, ldc := width+1, k+2, n+3 // of A, k x width, of B, n x k, and of C
		a, b, c := integers[T](k*lda), integers[T](n*ldb), sentinels[T](width*ldc)
		for update := range 6 { // store, add, add to what has a weight, and so with alpha
			args := chainArgs[T]{k: k, a: &b[0], aRow: ldb * size, aCol: size, aPanel: columns * ldb * size,
				b: &a[0], bRow: lda * size, c: &c[0], cRow: ldc * size, cPanel: columns * size,
				panels: panels, width: width, alpha: alpha, beta: beta,
				scaled: update / 3, accumulate: min(1, update%3), weighted: update % 3 / 2}
			was := slices.Clone(c)
			chainTiles[T](backend, chainCode(columnsChain, columns, 1), (*byte)(unsafe.Pointer(&args)))
			for at, got := range c {
				r, j, want := at/ldc, at%ldc, T(untouched)
				if j < n {
					want = 0
					for kk := range k {
						want += T(a[kk*lda+r] * b[j*ldb+kk])
					}
					want = T(want*[]T{1, alpha}[update/3]) + T(was[at]*[]T{0, 1, beta}[update%3])
				}
				if got != want {
					t.Fatalf("%v %T tile of %d columns, %d rows, k = %d, update %d: (%d, %d) = %v, want %v",
						backend, got, columns, width, k, update, r, j, got, want)
				}
			}
		}
	}
}

// Tiles that pack, fetch or lead compute what plain ones do. Those that pack store the columns that they read tile by
// tile. What is fetched need not be there.
func packingTileRuns[T kernels.Float](t *testing.T, backend Backend, rows int) {
	const tiles = 2
	size := int(unsafe.Sizeof(T(0)))
	vecs := backend.tiles().packVecs
	cols := vecs * vecLen[T](backend)
	for k := 1; k < 8; k++ {
		ldb, ldc := tiles*cols+1, tiles*cols+3
		a, b, packed := integers[T](rows*k), integers[T](k*ldb), sentinels[T](tiles*k*cols+1)
		want, next := sentinels[T](rows*ldc), slices.Repeat([]*T{&a[0]}, tiles)
		results := map[chainKind][]T{}
		for _, kind := range []chainKind{packingChain, fetchingChain, bothChain, leadingChain} {
			results[kind] = slices.Clone(want)
		}
		for accumulate := range 2 {
			run := func(kind chainKind, c []T, packed *T) {
				args := chainArgs[T]{k: k, a: &a[0], aRow: k * size, aCol: size, b: &b[0], bRow: ldb * size,
					bTile: cols * size, c: &c[0], cRow: ldc * size, panels: 1, tiles: tiles, accumulate: accumulate,
					packed: packed, ahead: far, next: (*T)(unsafe.Pointer(&next[0])), nextStep: far}
				first, moved := args.next, 0
				chainTiles[T](backend, chainCode(kind, rows, vecs), (*byte)(unsafe.Pointer(&args)))
				if kind == fetchingChain || kind == bothChain {
					moved = tiles * 8
				}
				if args.next != first || args.nextTile != moved {
					t.Fatalf("%v %T tile of kind %d, %d rows: %d tiles moved %d bytes along the list, which is at %p "+
						"and was at %p", backend, c[0], kind, rows, tiles, args.nextTile, args.next, first)
				}
			}
			run(plainChain, want, nil)
			for kind, got := range results {
				if kind == bothChain && rows > bothRows {
					continue
				}
				clear(packed)
				packed[tiles*k*cols] = untouched
				run(kind, got, &packed[0])
				if !slices.Equal(got, want) {
					t.Fatalf("%v %T tile of kind %d, %d rows, k = %d: %v, want %v", backend, got[0], kind, rows, k, got,
						want)
				}
				if kind == packingChain || kind == bothChain {
					packedRight(t, packed, b, k, cols, ldb, tiles)
				}
			}
		}
	}
}

// packedRight expects k rows of b, tile by tile, and nothing behind them.
func packedRight[T kernels.Float](t *testing.T, packed, b []T, k, cols, ldb, tiles int) {
	t.Helper()
	for i, v := range packed {
		tile, kk, j := i/cols/k, i/cols%k, i%cols
		if want := T(untouched); tile == tiles && v != want || tile < tiles && v != b[kk*ldb+tile*cols+j] {
			t.Fatalf("%T packed, k = %d, %d columns: element %d = %v", v, k, cols, i, v)
		}
	}
}

// far is 1 TB, where addresses have 64 bits: what is fetched need not be there.
const far = math.MaxInt >> 23

// turnTileRuns checks a tile that transposes B: of so many vectors of C, the last of width elements, or of one that is
// the sum of so many blocks of k.
func turnTileRuns[T kernels.Float](t *testing.T, backend Backend, rows, groups, width int, blocks bool) {
	size, lanes := int(unsafe.Sizeof(T(0))), vecLen[T](backend)
	vecs, depths := groups, []int{1, lanes - 1, lanes, 2*lanes + 1}
	if blocks {
		vecs, depths = 1, []int{kernels.GemmBlock}
	}
	cols, masked := (vecs-1)*lanes+width, width < lanes
	const alpha, beta = 3, 5
	for _, k := range depths {
		tiles, all := 1+k%2, k // of k
		if masked {
			tiles = 1
		}
		if blocks {
			all = k * groups
		}
		ldb, ldc := all+1, tiles*cols+3
		for scaled, stride := range [][2]int{{1, rows + 1}, {all + 2, 1}} { // A lies across k, or along
			a, b := integers[T](rows*stride[0]+all*stride[1]), integers[T](tiles*cols*ldb)
			c := sentinels[T](rows * ldc)
			args := turnArgs[T]{k: k, a: &a[0], aRow: stride[0] * size, aCol: stride[1] * size, bRow: ldb * size,
				cRow: ldc * size, tiles: tiles, width: width, alpha: alpha, beta: beta}
			for update := range 3 { // store, then add, then add to what has a weight
				args.b, args.c = &b[0], &c[0]
				args.accumulate, args.scaled, args.weighted = min(1, update), scaled, update/2
				weight := []T{0, 1, beta}[update]
				if blocks { // are added as they are
					args.scaled, args.weighted, weight = 0, 0, T(min(1, update))
				}
				before := slices.Clone(c)
				args.steps(lanes, groups, blocks)
				turnTiles[T](backend, turnCode(blocks, width, lanes, rows, groups), (*byte)(unsafe.Pointer(&args)))
				if args.b != &b[(tiles-1)*cols*ldb] || args.c != &c[(tiles-1)*cols] {
					t.Fatalf("%v %T turning tile %d x %d: operands moved too far", backend, c[0], rows, groups)
				}
				for i, got := range c {
					r, j := i/ldc, i%ldc
					want := T(untouched)
					if j < tiles*cols {
						want = 0
						for kk := range all {
							want += T(a[r*stride[0]+kk*stride[1]] * b[j*ldb+kk])
						}
						if args.scaled != 0 {
							want *= alpha
						}
						if weight != 0 {
							want += weight * before[i]
						}
					}
					if got != want {
						t.Fatalf("%v %T turning tile %d x %d, blocks %v, width %d, k = %d, update %d: (%d, %d) = %v, "+
							"want %v", backend, got, rows, groups, blocks, width, k, update, r, j, got, want)
					}
				}
			}
		}
	}
}

// narrowTileRuns checks a tile whose vectors have so many rows, each of width elements: of one block of k, or of turns
// of two that are added up.
func narrowTileRuns[T kernels.Float](t *testing.T, backend Backend, rows, parts, blocks, width int) {
	const alpha, beta = 3, 5
	size, depths := int(unsafe.Sizeof(T(0))), []int{1, 2, 3, 4, 5, 8, 11}
	if blocks == 2 {
		depths = []int{kernels.GemmBlock}
	}
	masked := width*parts < vecLen[T](backend)
	for i, k := range depths {
		turns, all := 0, k // of k
		if blocks == 2 {
			turns = 1 + (rows+width)%2
			all = turns * blocks * k
		}
		lda, ldb, ldc := all+i%2, width+i%3, width+rows%3
		a, b, c := integers[T](rows*lda), integers[T](all*ldb), sentinels[T](rows*ldc)
		for update := range 6 { // store, add, add to what has a weight, and so with alpha
			args := narrowArgs[T]{k: k, a: &a[0], aRow: lda * size, b: &b[0], bRow: ldb * size, c: &c[0],
				cRow: ldc * size, turns: turns, width: width, alpha: alpha, beta: beta,
				scaled: update / 3, accumulate: min(1, update%3), weighted: update % 3 / 2}
			scale, weight := []T{1, alpha}[update/3], []T{0, 1, beta}[update%3]
			if blocks == 2 { // are added as they are
				args.scaled, args.weighted, scale, weight = 0, 0, 1, min(1, weight)
			}
			was := slices.Clone(c)
			narrowTiles[T](backend, narrowCode(rows, parts, blocks, masked), (*byte)(unsafe.Pointer(&args)))
			if done := max(0, turns-1) * blocks * k; args.a != &a[done] || args.b != &b[done*ldb] || args.c != &c[0] {
				t.Fatalf("%v %T narrow tile of %d rows, %d blocks: operands moved too far", backend, c[0], rows, blocks)
			}
			for at, got := range c {
				r, j, want := at/ldc, at%ldc, T(untouched)
				if j < width {
					want = 0
					for kk := range all {
						want += T(a[r*lda+kk] * b[kk*ldb+j])
					}
					want = T(want*scale) + T(was[at]*weight)
				}
				if got != want {
					t.Fatalf("%v %T narrow tile of %d rows, %d in a vector, width %d, %d blocks, k = %d, update %d: "+
						"(%d, %d) = %v, want %v", backend, got, rows, parts, width, blocks, k, update, r, j, got, want)
				}
				if blocks == 2 && update > 0 {
					c[at] = was[at] // or sums grow too large for float32
				}
			}
		}
	}
}

// lanesTileRuns runs tiles of rows x cols sums on rows that lie in place, and those of b in place if a pass does whole
// lines, else packed.
func lanesTileRuns[T kernels.Float](t *testing.T, backend Backend, code, rows, cols int, whole bool) {
	size, line, lanes := int(unsafe.Sizeof(T(0))), kernels.Lanes[T](), vecLen[T](backend)
	for lines := range 4 {
		for tail := range line {
			if lines == 0 && tail == 0 {
				continue
			}
			tiles, k := 1+lines%2, lines*line+tail
			ld := (lines + 1) * line
			a, b := integers[T](rows*ld), integers[T](tiles*cols*ld)
			args := lanesArgs[T]{lines: lines, tail: tail, tiles: tiles,
				a: &a[0], aRow: ld * size, aLine: mem.Line, aVec: lanes * size,
				bRow: ld * size, bLine: mem.Line, bTile: cols * ld * size}
			packed := b
			if !whole {
				packed = sentinels[T](len(b))
				width := lanes * size
				args.bRow, args.bLine, args.bVec = width, cols*width, (lines+min(tail, 1))*cols*width
				pack := packArgs[T]{lines: lines, tail: tail, tiles: tiles,
					src: &b[0], srcRow: ld * size, srcTile: args.bTile,
					dst: &packed[0], dstVec: args.bVec, dstTile: args.bTile}
				packLines[T](backend, cols-1, (*byte)(unsafe.Pointer(&pack)))
			}
			args.b = &packed[0]
			for mode := range 16 {
				args.first, args.last, args.ahead = mode%2, mode/2%2, mode/8*far
				ldc := tiles*cols + 3
				cRow, cCol := ldc, 1
				if mode/4%2 == 1 { // transposed
					cRow, cCol = 1, rows+3
				}
				args.cRow, args.cCol, args.cTile = cRow*size, cCol*size, cols*cCol*size
				if cCol == 1 {
					args.cCol = 0
				}
				acc, c := integers[T](rows*tiles*cols*line), sentinels[T](rows*cRow+tiles*cols*cCol)
				args.acc, args.accRow, args.accTile = &acc[0], tiles*cols*mem.Line, cols*mem.Line
				args.c = &c[0]
				want := sentinels[T](len(c))
				wantAcc := integers[T](len(acc))
				for i := range rows * tiles * cols {
					r, col := i/(tiles*cols), i%(tiles*cols)
					sums := wantAcc[i*line:][:line]
					for l := range sums {
						sums[l] *= T(1 - args.first)
					}
					sum := T(0)
					for kk := range k {
						sums[kk%line] += T(a[r*ld+kk] * b[col*ld+kk])
					}
					for _, v := range sums {
						sum += v
					}
					if args.last == 1 {
						want[r*cRow+col*cCol] = sum
					}
				}
				lanesTiles[T](backend, code, (*byte)(unsafe.Pointer(&args)))
				if !slices.Equal(c, want) || args.last == 0 && !slices.Equal(acc, wantAcc) {
					t.Fatalf("%v %T tile %d x %d, %d lines, tail %d, mode %d: sums %v, want %v; lanes %v, want %v",
						backend, c[0], rows, cols, lines, tail, mode, c, want, acc, wantAcc)
				}
			}
		}
	}
}

// A call of tiles of rule 8 touches little more than bytesPerCall, however few columns there are for how many rows, and
// small products are one call.
func TestChainCallsAreShort(t *testing.T) {
	for _, k := range []int{1, 16, 256} {
		for _, m := range []int{1, 5, 12, 100, kept} {
			for _, n := range []int{1, 20, 50, 100, 1000, 1 << 16} {
				for _, rows := range []int{1, 6, 12} {
					const cols = 32
					args := chainArgs[float32]{k: k}
					bytes := ((rows+k)*cols + rows*k) * args.size()
					all := (m + rows - 1) / rows * ((n + cols - 1) / cols)
					most := args.most(rows, cols, m, n)
					if touched := min(all, most) * bytes; touched > max(bytes, bytesPerCall) {
						t.Errorf("%d x %d x %d, %d rows: a call touches %d bytes", m, n, k, rows, touched)
					}
					if all == 1 && most < all || all*bytes <= bytesPerCall/8 && most < all {
						t.Errorf("%d x %d x %d, %d rows: a call of %d tiles of %d", m, n, k, rows, most, all)
					}
				}
			}
		}
	}
}

// A call of tiles of whole lines reads at most bytesPerCall, and no fewer tiles or lines than it can.
func TestWholeLinesCallsAreShort(t *testing.T) {
	for _, rows := range []int{2, 5, 7, 9, 10} { // of a tile, of both operands
		for lines := 8; lines < 1<<16; lines += 1 + lines/9 {
			tiles, most := perCall(rows, lines)
			line := rows * mem.Line
			if tiles*most*line > bytesPerCall {
				t.Errorf("%d rows of %d lines: a call of %d tiles of %d lines", rows, lines, tiles, most)
			}
			if most > lines || most < lines && (most+1)*line <= bytesPerCall || (tiles+1)*most*line <= bytesPerCall {
				t.Errorf("%d rows of %d lines: calls of only %d tiles of %d lines", rows, lines, tiles, most)
			}
		}
	}
}

// What is packed of striped products does not grow with k, nor with caches beyond some size.
func TestStripedProductsPackLittle(t *testing.T) {
	for l2 := 128; l2 <= 1<<30; l2 *= 2 {
		SimulateCaches(t, 48<<10, l2)
		for b, info := range backends {
			if info.tiles.chainRows[0] == 0 {
				continue // products run their definition
			}
			for k := 128; k <= 1<<22; k *= 2 {
				p := product[float32]{backend: Backend(b), striped: true, transB: true, m: 5000, n: 3000, k: k}
				w := lanesWork[float32]{product: &p, size: 4, line: kernels.Lanes[float32](), tile: &info.tiles,
					rowsA: lanesOperand[float32]{rows: p.m}, rowsB: lanesOperand[float32]{rows: p.n}}
				plan := w.planned(p.wholeRows())
				row := min(plan.lines, k/w.line) * mem.Line
				if bytes := row * plan.group; bytes > 16<<20 {
					t.Errorf("%v, L2 of %d, k = %d: %d bytes of one operand, %+v", Backend(b), l2, k, bytes, plan)
				}
				if bytes := row * min(plan.inner, plan.chunk); bytes > max(l2/2, row*plan.cols) {
					t.Errorf("%v, L2 of %d, k = %d: %d bytes of the other, %+v", Backend(b), l2, k, bytes, plan)
				}
			}
		}
	}
}

// Many rows have B packed, also less than a tile's columns: its rows may be so far apart that caches keep few of them.
func TestManyRowsPackB(t *testing.T) {
	SimulateCaches(t, 32<<10, 256<<10)
	for _, b := range Backends() {
		size := b.tiles()
		if size.chainRows[0] == 0 {
			continue // products run their definition
		}
		n, k := size.packVecs*lanesOf[float32](b)-1, 2000
		for _, m := range []int{fewRows, fewRows + 1, 1000} {
			p := product[float32]{backend: b, m: m, n: n, k: k, alpha: 1, b: make([]float32, k*n), ldb: n}
			w := p.chainWork()
			w.scratch = new(scratch[float32])
			args := chainArgs[float32]{k: w.steps()}
			if w.blockB(&args, 0, n, 0); !w.plan.packB || (args.packed != nil) != (m > fewRows) {
				t.Errorf("%v, %d rows: %+v, is B to be packed: %v", b, m, w.plan, args.packed != nil)
			}
		}
	}
}

// Scores of few examples have several rows in a vector, wherever there are such tiles.
func TestScoresAreNarrow(t *testing.T) {
	for _, b := range Backends() {
		for i, most := range b.tiles().narrowRows[0] {
			n := vecLen[float32](b) >> (i + 1)
			p := product[float32]{backend: b, m: 10, n: n, k: 3073, lda: 3073, ldb: n, ldc: n, alpha: 1}
			if most > 0 && !p.narrows() {
				t.Errorf("%v: scores of %d examples are computed otherwise: %d clocks, not %d", b, n, p.otherClocks(),
					p.narrowClocks(p.parts()))
			}
		}
	}
}

// The driver of narrow products, behind the decision which of them it takes, with more rows than it keeps.
func TestArchNarrowDriver(t *testing.T) {
	for _, b := range Backends() {
		testNarrowDriver[float32](t, b)
		testNarrowDriver[float64](t, b)
	}
}

func testNarrowDriver[T Float](t *testing.T, b Backend) {
	const k = 600 // blocks of two, and more
	for n := 1; n <= 8; n++ {
		p := product[T]{backend: b, m: kept + 6, n: n, k: k, lda: k + 1, ldb: n + 2, ldc: n + 1, alpha: 2, beta: 0.5}
		if p.parts() == 0 {
			continue
		}
		p.a, p.b, p.c = integers[T](p.m*p.lda), integers[T](k*p.ldb), integers[T](p.m*p.ldc)
		want := slices.Clone(p.c)
		kernels.Gemm(false, false, p.m, n, k, p.alpha, p.a, p.lda, p.b, p.ldb, p.beta, want, p.ldc)
		p.narrow()
		for i, c := range p.c {
			if c != want[i] {
				t.Fatalf("%v %T, %d columns: C[%d, %d] = %v, want %v", b, c, n, i/p.ldc, i%p.ldc, c, want[i])
			}
		}
	}
}

// One call copies what a tile that packs has of rows, and a part of its columns.
func TestCopiesAreWide(t *testing.T) {
	for b, info := range backends {
		size := info.tiles
		for _, elem := range []int{4, 8} {
			lanes := info.vecBytes / elem
			if size.copyVecs*lanes < max(size.packVecs*lanes-1, packedRows(&size)) {
				t.Errorf("%v, elements of %d bytes: copies of up to %d vectors", Backend(b), elem, size.copyVecs)
			}
		}
	}
}

// packedRows is the most rows of a panel of A that is packed.
func packedRows(size *tileSize) int {
	if size.packVecs == 0 {
		return 0 // products run their definition
	}
	return size.chainRows[size.packVecs-1]
}

func copyRuns[T kernels.Float](t *testing.T, backend Backend) {
	size, lanes := int(unsafe.Sizeof(T(0))), vecLen[T](backend)
	for vecs := 1; vecs <= backend.tiles().copyVecs; vecs++ {
		for width := 1; width <= lanes; width++ {
			masked := 1
			if width == lanes {
				masked = 0
			}
			const k = 3
			row := (vecs-1)*lanes + width
			src, dst := integers[T](k*(row+2)), sentinels[T](k*row+lanes)
			copyRows(backend, 2*(vecs-1)+masked, k, &src[0], (row+2)*size, &dst[0], row*size, width)
			for i := range k * row {
				if want := src[i/row*(row+2)+i%row]; dst[i] != want {
					t.Fatalf("%v %T copy of rows of %d: element %d = %v, want %v", backend, want, row, i, dst[i], want)
				}
			}
		}
	}
}

func transposeRuns[T kernels.Float](t *testing.T, backend Backend) {
	size, lanes := int(unsafe.Sizeof(T(0))), vecLen[T](backend)
	for k := 1; k <= 3*lanes; k++ {
		for groups := range 4 {
			src, row := integers[T](max(1, lanes*k*groups)), groups*lanes+1
			dst := sentinels[T](k * row)
			var rows [16]*T
			for r := range lanes {
				rows[r] = &src[min(r*k, len(src)-1)]
			}
			transposeRows(backend, k, &rows[0], lanes*k*size, &dst[0], row*size, lanes*size, groups)
			for i, got := range dst {
				want := T(untouched)
				if r := i % row; r < groups*lanes {
					want = src[r*k+i/row]
				}
				if got != want {
					t.Fatalf("%v %T transposition of %d of %d groups: element %d = %v, want %v", backend, got, k,
						groups, i, got, want)
				}
			}
		}
	}
}
