package bitstep

import (
	"unsafe"

	"github.com/bitstep-go/bitstep/kernels"
)

// Products by rule 8, blocked for the caches as Goto and van de Geijn (Anatomy of High-Performance Matrix
// Multiplication, 2008) describe, with the contract's block of 256 k. Micro-kernels compute tiles of C in registers.
// A is packed in panels of a tile's rows, k-major. B is read where it lies if its rows are contiguous and few panels
// of A share it; else it is packed too, in panels of a tile's columns.

const (
	chainsRows = 120 // rows of A packed at a time: half of a 256 KB cache in float32
	chainsCols = 512 // columns of C whose sums are kept between blocks of k
)

// chains computes the product.
func (p *product[T]) chains(s *scratch[T]) {
	t := p.backend.tiles()
	vec := p.backend.vecBytes() / int(unsafe.Sizeof(T(0)))
	w := chainWork[T]{product: p, scratch: s, rows: t.chainRows, cols: t.chainVecs * vec}
	if p.m == 1 {
		w.single, w.rows, w.cols = true, 1, t.rowVecs*vec
	}
	// Sums go straight to C where the finished element is the sum itself.
	w.direct = p.alpha == 1 && p.beta == 0
	for j := 0; j < p.n; j += chainsCols {
		for i := 0; i < p.m; i += chainsRows {
			w.block(i, min(p.m, i+chainsRows), j, min(p.n, j+chainsCols))
		}
	}
}

type chainWork[T kernels.Float] struct {
	*product[T]
	*scratch[T]
	single, direct bool // A is one row; sums go straight to C
	rows, cols     int  // of a tile
}

// block computes rows i0 to i1 and columns j0 to j1 of C.
func (w *chainWork[T]) block(i0, i1, j0, j1 int) {
	dst, ld := w.c[i0*w.ldc+j0:], w.ldc
	if !w.direct {
		ld = j1 - j0
		dst = grow(&w.sums, (i1-i0)*ld)
	}
	panels := (i1 - i0 + w.rows - 1) / w.rows
	for k0 := 0; k0 < w.k; k0 += kernels.GemmBlock {
		kb := min(kernels.GemmBlock, w.k-k0)
		a := w.packA(i0, i1, panels, k0, kb)
		for j := j0; j < j1; j += w.cols {
			width := min(w.cols, j1-j)
			b, ldb := w.packB(j, width, panels, k0, kb)
			w.multiply(a, panels, kb, b, ldb, dst[j-j0:], ld, i1-i0, width, k0 > 0)
		}
	}
	if w.direct {
		return
	}
	for i := range i1 - i0 {
		w.finish(w.c[(i0+i)*w.ldc+j0:][:j1-j0], dst[i*ld:][:j1-j0])
	}
}

// finish is kernels.GemmUpdate of a row of C, which is what Axpby and Scale compute.
func (w *chainWork[T]) finish(c, sums []T) {
	update := call[T]{id: idAxpby, backend: w.backend, n: len(c),
		op: [maxOperands]unsafe.Pointer{unsafe.Pointer(unsafe.SliceData(c)), unsafe.Pointer(unsafe.SliceData(sums))}}
	if w.beta == 0 {
		copy(c, sums)
		update.id = idScale
	}
	*(*[2]T)(unsafe.Pointer(&update.coef)) = [2]T{w.alpha, w.beta}
	update.run(0, len(c))
}

// packA copies rows i0 to i1 of op(A) for k0 to k0+kb: panel by panel, k-major, rows past i1 zero.
func (w *chainWork[T]) packA(i0, i1, panels, k0, kb int) []T {
	a := grow(&w.packed, panels*w.rows*kb)
	for q := range panels {
		dst := a[q*w.rows*kb:][:w.rows*kb]
		first := i0 + q*w.rows
		height := min(w.rows, i1-first)
		if height < w.rows {
			clear(dst)
		}
		if w.transA {
			for k := range kb {
				copy(dst[k*w.rows:][:height], w.a[(k0+k)*w.lda+first:])
			}
			continue
		}
		for r := range height {
			row := w.a[(first+r)*w.lda+k0:][:kb]
			for k, v := range row {
				dst[k*w.rows+r] = v
			}
		}
	}
	return a
}

// packB returns width columns of op(B) for k0 to k0+kb as a panel, whose rows are a tile's columns: in place, or
// packed with zeros for columns past the edge.
func (w *chainWork[T]) packB(j, width, panels, k0, kb int) (b []T, ldb int) {
	const manyPanels = 4 // of A, from which on packing B pays
	if !w.transB && width == w.cols && panels < manyPanels {
		return w.b[k0*w.ldb+j:], w.ldb
	}
	b = grow(&w.streamed, kb*w.cols)
	if width < w.cols {
		clear(b)
	}
	if w.transB {
		for c := range width {
			for k, v := range w.b[(j+c)*w.ldb+k0:][:kb] {
				b[k*w.cols+c] = v
			}
		}
		return b, w.cols
	}
	for k := range kb {
		copy(b[k*w.cols:][:width], w.b[(k0+k)*w.ldb+j:])
	}
	return b, w.cols
}

// multiply computes all panels of A times one of B, and stores the sums in dst or accumulates them there. Tiles at
// the edges of C are computed whole in memory of their own.
//
//go:noinline
func (w *chainWork[T]) multiply(a []T, panels, kb int, b []T, ldb int, dst []T, ld, rows, width int, accumulate bool) {
	for q := range panels {
		aq := &a[q*w.rows*kb]
		height := min(w.rows, rows-q*w.rows)
		if height == w.rows && width == w.cols {
			w.microKernel(kb, aq, &b[0], ldb, &dst[q*w.rows*ld], ld, accumulate)
			continue
		}
		edge := grow(&w.out, w.rows*w.cols)
		w.microKernel(kb, aq, &b[0], ldb, &edge[0], w.cols, false)
		for r := range height {
			row := dst[(q*w.rows+r)*ld:][:width]
			sums := edge[r*w.cols:][:width]
			if !accumulate {
				copy(row, sums)
				continue
			}
			for j, sum := range sums {
				row[j] += sum
			}
		}
	}
}

// microKernel computes one tile of C.
func (w *chainWork[T]) microKernel(kb int, a, b *T, ldb int, c *T, ldc int, accumulate bool) {
	add := 0
	if accumulate {
		add = 1
	}
	chainTile(w.backend, w.single, kb, a, b, ldb, c, ldc, add)
}
