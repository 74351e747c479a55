package bitstep

import (
	"fmt"
	"testing"
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/mem"
)

// Tiles ask for every line of what is fetched: at each of their steps and once more, for so many lines. All tiles have
// a piece, in order, and what is not fetched are the last rows.
func TestFetchIsSpread(t *testing.T) {
	const length = 5056 // whole lines
	memory := mem.Aligned[byte](41 * length)
	var f Fetch
	for _, rows := range []int{0, 1, 2, 5, 16, 40} {
		for _, bytes := range []int{0, 1, 64, 100, 3072, length} {
			f.Reset()
			for i := range rows {
				f.Add(memory[i*length:][:bytes-bytes*i/rows/9]) // of different lengths
			}
			testSpread(t, &f, memory, 1)
			if bytes%mem.Line != 0 {
				continue
			}
			f.Reset()
			for i := range rows {
				f.Add(memory[i*bytes:][:bytes]) // neighbours
			}
			testSpread(t, &f, memory, rows)
		}
	}
}

// testSpread tests lists of f's rows, which are in memory, of which a piece may be so many.
func testSpread(t *testing.T, f *Fetch, memory []byte, together int) {
	base := uintptr(unsafe.Pointer(&memory[0]))
	for _, tiles := range []int{0, 1, 7, 16, 96, 1000} {
		for _, steps := range []int{1, 8, 32, 192} {
			for _, lines := range []int{1, 2} {
				f.fetched = 0
				list := f.over(tiles, steps, lines)
				if f.Len() == 0 || tiles == 0 {
					if list.pieces != nil || f.Fetched() != 0 {
						t.Fatalf("%d rows, %d tiles: a list of %d", f.Len(), tiles, len(list.pieces))
					}
					continue
				}
				where := fmt.Sprintf("%d rows of %d bytes, %d together, %d tiles of %d steps of %d", f.Len(), f.bytes,
					together, tiles, steps, lines)
				if len(list.pieces) != tiles || list.step > lines*mem.Line {
					t.Fatalf("%s: %d pieces, steps of %d", where, len(list.pieces), list.step)
				}
				asked := make([]bool, len(memory)/mem.Line)
				times, last := map[uintptr]int{}, uintptr(0)
				for _, p := range list.pieces {
					at := uintptr(p) - base
					if at < last && times[at] == 0 {
						t.Fatalf("%s: %d after %d", where, at, last)
					}
					last = at
					times[at]++
					for s := range steps + 1 {
						for l := range lines {
							asked[min(len(memory)-1, int(at)+s*list.step+l*mem.Line)/mem.Line] = true
						}
					}
				}
				for i, row := range f.rows[:f.Fetched()] {
					start, end := mem.Bounds(row)
					for at := start - base; at < end-base; at++ {
						if !asked[at/mem.Line] {
							t.Fatalf("%s: row %d is not fetched at %d", where, i, at)
						}
					}
				}
				room := tiles * (steps + 1) * lines * mem.Line
				if f.Fetched() < min(f.Len(), tiles*together, room/2/max(1, f.bytes)) {
					t.Errorf("%s: %d rows are fetched, but there is room for %d bytes", where, f.Fetched(), room)
				}
			}
		}
	}
}

// After a reset nothing keeps the memory alive that was listed.
func TestFetchForgets(t *testing.T) {
	var f Fetch
	for range 9 {
		f.Add(make([]byte, 1))
	}
	f.over(50, 8, 1)
	f.over(20, 8, 1)
	f.Reset()
	for _, row := range f.rows[:cap(f.rows)] {
		if row != nil {
			t.Error("a list still holds a row")
		}
	}
	for _, p := range f.pieces[:cap(f.pieces)] {
		if p != nil {
			t.Error("a list still holds a piece")
		}
	}
}

// What products fetch: of those by rule 8 all that is listed, or as much as there are tiles for; of others, and on
// engines of several threads, nothing. What an earlier product has fetched does not count.
func TestFetched(t *testing.T) {
	SimulateCaches(t, 32<<10, 1<<20) // what is packed depends on them
	for _, b := range Backends() {
		few := 1 // rows of C
		if b.tiles().chainRows[0] != 0 {
			few = b.tiles().chainRows[b.tiles().packVecs-1]
		}
		for _, product := range []struct {
			name             string
			transA, transB   bool
			m, n, k, threads int
			most             int // rows of 2,000 bytes that are fetched at most
		}{
			{"a gradient", true, false, few, 3073, 32, 1, 60},
			{"a gradient of two panels", true, false, few + 2, 3073, 32, 1, 180},
			{"a gradient of much k", true, false, few, 3073, 600, 1, 180},
			{"a product of two blocks of columns", false, false, few, 1500, 64, 1, 40},
			{"a gradient of a tile", true, false, few, 31, 31, 1, 0},
			{"one of no rows", true, false, 0, 3073, 32, 1, 0},
			{"a gradient of much k and two panels", true, false, few + 2, 3073, 600, 1, 360},
			{"a gradient that is not packed", true, false, few + 2, 300, 64, 1, 8},
			{"several panels", true, false, 3 * few, 100, 256, 1, 9},
			{"scores", false, true, 32, few, 3073, 1, 0},
			{"on four threads", true, false, few, 3073, 3000, 4, 0},
		} {
			rowsA, colsA, rowsB, colsB := stored(product.transA, product.transB, product.m, product.n, product.k)
			a, x, c := make([]float32, rowsA*colsA), make([]float32, rowsB*colsB), make([]float32, product.m*product.n)
			for _, rows := range []int{0, 1, 32, 10000} {
				f, row := new(Fetch), make([]byte, 2000)
				for range rows {
					f.Add(row)
				}
				f.fetched = rows + 1 // as an earlier product might have left it
				On[float32](b).Threads(product.threads).Fetching(f).Gemm(product.transA, product.transB, product.m,
					product.n, product.k, 1, a, max(1, colsA), x, colsB, 0, c, product.n)
				least := min(rows, product.most)
				if b.tiles().chainRows[0] == 0 { // it runs the definition
					least = 0
				}
				if got := f.Fetched(); got < least || got > rows || product.most == 0 && got > 0 {
					t.Errorf("%v, %d rows: %s fetched %d, want at least %d", b, rows, product.name, got, least)
				}
			}
		}
	}
}
