package bitstep

import (
	"testing"
	"unsafe"
)

// A list is spread over the parts of a product: in order, as evenly as can be, each row, or as many as there are parts.
func TestFetchIsSpread(t *testing.T) {
	var memory [40]byte
	var f Fetch
	for _, rows := range []int{0, 1, 2, 5, 16, 40} {
		f.Reset()
		for i := range rows {
			f.Add(memory[i:])
			for _, parts := range []int{1, 2, 7, 32, 7} { // also while it grows
				f.part(0, parts, parts)
			}
		}
		for _, parts := range []int{1, 3, 16, 32, 80} {
			if rows == 0 {
				if f.part(0, parts, parts) != nil || f.Fetched() {
					t.Error("an empty list has parts")
				}
				continue
			}
			times := make([]int, rows)
			last := 0
			for lo := 0; lo < parts; lo += 3 {
				for _, p := range f.part(lo, min(3, parts-lo), parts) {
					at := -1
					for i := range rows {
						if p == unsafe.Pointer(&memory[i]) {
							at = i
						}
					}
					if at < last {
						t.Fatalf("%d rows, %d parts: row %d after %d", rows, parts, at, last)
					}
					last = at
					times[at]++
				}
			}
			fetched := min(rows, parts)
			for i, n := range times[:fetched] {
				if n < parts/fetched || n > (parts+fetched-1)/fetched {
					t.Errorf("%d rows, %d parts: row %d has %d", rows, parts, i, n)
				}
			}
			if last != fetched-1 {
				t.Errorf("%d rows, %d parts: the last is row %d", rows, parts, last)
			}
		}
	}
}

// A list knows whether a product has fetched: products with a few columns or rows do, on engines of one thread.
func TestFetched(t *testing.T) {
	const m, n, k = 32, 10, 785
	x, w, s, g := make([]float32, m*k), make([]float32, n*k), make([]float32, m*n), make([]float32, n*k)
	row := make([]byte, 4*k)
	for _, b := range Backends() {
		for _, rows := range []int{0, 1, 16, 100} {
			f := new(Fetch)
			fetched := func(threads int, product func(e Engine[float32])) bool {
				f.Reset()
				for range rows {
					f.Add(row)
				}
				product(On[float32](b).Threads(threads).Fetching(f))
				return f.Fetched()
			}
			scores := func(e Engine[float32]) { e.Gemm(false, true, m, n, k, 1, x, k, w, k, 0, s, n) }
			one := func(e Engine[float32]) { e.Gemv(false, n, k, 1, w, k, x, 0, s) }
			backward := func(e Engine[float32]) { e.GemmContinue(true, false, 5, k, m, s, n, x, k, g, k) }
			if got, want := fetched(1, scores), rows > 0 && b.tiles().chainRows[0] != 0; got != want {
				t.Errorf("%v, %d rows: scores fetched: %v, want %v", b, rows, got, want)
			}
			if fetched(1, one) || rows == 0 && fetched(1, backward) {
				t.Errorf("%v, %d rows: a product fetched that does not", b, rows)
			}
			if !fetched(1, scores) {
				continue
			}
			if f.Reset(); f.Fetched() {
				t.Errorf("%v: fetched after Reset", b)
			}
		}
	}
}
