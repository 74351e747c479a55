package bitstep

import (
	"testing"
	"unsafe"

	"github.com/bitstep-go/bitstep/kernels"
)

// The assembly of products runs where it is claimed to: called behind the dispatch, each
// tile of every backend gives all its elements, and nothing beyond them. The numbers are small integers, so
// that any order of summing gives the same.
func TestArchTilesRun(t *testing.T) {
	for _, b := range Backends()[1:] {
		if b.tiles() == (tileSize{}) {
			continue // products run their definition
		}
		for _, single := range []bool{false, true} {
			chainTileRuns[float32](t, b, single)
			chainTileRuns[float64](t, b, single)
			lanesTileRuns[float32](t, b, single)
			lanesTileRuns[float64](t, b, single)
		}
		foldRuns[float32](t, b)
		foldRuns[float64](t, b)
	}
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

func chainTileRuns[T kernels.Float](t *testing.T, backend Backend, single bool) {
	size := backend.tiles()
	rows, cols := size.chainRows, size.chainVecs*vecLen[T](backend)
	if single {
		rows, cols = 1, size.rowVecs*vecLen[T](backend)
	}
	for _, k := range []int{1, 2, 3, 4, 5, 8, 9} {
		ldb, ldc := cols+1, cols+3
		a, b, c := integers[T](k*rows), integers[T](k*ldb), sentinels[T](rows*ldc)
		for accumulate := range 2 { // stores, then adds
			chainTile(backend, single, k, &a[0], &b[0], ldb, &c[0], ldc, accumulate)
			for i, got := range c {
				r, j := i/ldc, i%ldc
				want := T(untouched)
				if j < cols {
					want = 0
					for kk := range k {
						want += T(a[kk*rows+r] * b[kk*ldb+j])
					}
					want *= T(1 + accumulate)
				}
				if got != want {
					t.Fatalf("%v %T chain tile, single %v, k = %d, accumulate = %d: element (%d, %d) = %v, want %v",
						backend, got, single, k, accumulate, r, j, got, want)
				}
			}
		}
	}
}

func lanesTileRuns[T kernels.Float](t *testing.T, backend Backend, single bool) {
	size := backend.tiles()
	line := kernels.Lanes[T]()
	rows, cols, step := size.lanesRows, size.lanesCols, size.lanesVecs*vecLen[T](backend)
	if single {
		rows, cols, step = 1, size.laneRowCols, size.laneRowVecs*vecLen[T](backend)
	}
	if line%step != 0 {
		t.Errorf("%v %T: passes of %d elements do not cover a line", backend, T(0), step)
	}
	for _, lines := range []int{1, 2, 3, 4, 5, 8, 9} {
		ldb := (lines + 1) * line
		a, b := integers[T](lines*rows*line), integers[T](cols*ldb)
		for x := 0; x < line; x += step {
			acc := integers[T](rows * cols * line)
			lanesTile(backend, single, lines, &a[x], &b[x], ldb, &acc[x])
			for i, got := range acc {
				r, c, lane := i/line/cols, i/line%cols, i%line
				want := T(1 + i%61)
				if x <= lane && lane < x+step {
					for l := range lines {
						want += T(a[(l*rows+r)*line+lane] * b[c*ldb+l*line+lane])
					}
				}
				if got != want {
					t.Fatalf("%v %T lanes tile, single %v, %d lines, pass %d: lane %d of (%d, %d) = %v, want %v",
						backend, got, single, lines, x, lane, r, c, got, want)
				}
			}
		}
	}
}

func foldRuns[T kernels.Float](t *testing.T, backend Backend) {
	line := kernels.Lanes[T]()
	for _, n := range []int{4, 8, 12, 20} { // multiples of 4, see lanesWork.sum
		acc, out := integers[T](n*line), sentinels[T](n+4)
		foldLines(backend, n, &out[0], &acc[0])
		for i, got := range out {
			want := T(untouched)
			if i < n {
				want = 0
				for _, v := range acc[i*line:][:line] {
					want += v
				}
			}
			if got != want {
				t.Fatalf("%v %T fold of %d lines: sum %d = %v, want %v", backend, got, n, i, got, want)
			}
		}
	}
}
