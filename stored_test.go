package bitstep_test

import (
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// forEachStored runs f for every step of the table in every form, every conversion, and every backend of this machine.
func forEachStored(t *testing.T, f func(t *testing.T, e bitstep.Engine[float32], row table.Row)) {
	for _, b := range bitstep.Backends() {
		for _, c := range table.Conversions {
			t.Run(fmt.Sprintf("conversion=%s/backend=%v", c.Name, b), func(t *testing.T) {
				f(t, bitstep.On[float32](b), c.Row)
			})
		}
		for _, form := range table.Forms {
			for i, row := range table.Rows {
				if row, ok := row.In(form); ok && !leftOut(i) {
					t.Run(fmt.Sprintf("kernel=%s/form=%s/backend=%v", row.Name, form.Name, b), func(t *testing.T) {
						f(t, bitstep.On[float32](b), row)
					})
				}
			}
		}
	}
}

// conversionOf is the conversion whose row this is, or nil of a step.
func conversionOf(row table.Row) *table.Conversion {
	for i := range table.Conversions {
		if table.Conversions[i].Name == row.Name {
			return &table.Conversions[i]
		}
	}
	return nil
}

// runStored runs a step or a conversion on an engine, and defineStored runs its definition.
func runStored(k bitstep.Engine[float32], row table.Row, coef any, op []kernels.Stored, r kernels.Rounding) {
	if c := conversionOf(row); c != nil {
		rows.Convert(bitstep.Narrow(k), *c, op, r)
	} else {
		rows.CallStored(bitstep.Narrow(k), row, coef, op, r)
	}
}

func defineStored(row table.Row, coef any, op []kernels.Stored, r kernels.Rounding) {
	if c := conversionOf(row); c != nil {
		rows.DefineConversion(*c, op, r)
	} else {
		kernels.StoredStep(op, coef, r)
	}
}

// inBlocks reports whether an operand is in 8-bit blocks.
func inBlocks(row table.Row) bool {
	return slices.ContainsFunc(row.Operands, func(o table.Operand) bool { return o.Storage == table.Block8 })
}

// A storedTrial is a call of a step with narrow operands, or of a conversion, beside its definition.
type storedTrial struct {
	k    bitstep.Engine[float32]
	row  table.Row
	n    int
	use  kernels.Use
	seed uint64

	// Memory for so many elements of some bytes, of operand i, or of its scales at i+row's operands.
	at func(i, n, size int) unsafe.Pointer
}

// rounding is a trial's: in one of four to nearest, in one of three where the index passes 2^32 or 2^64, at any element
// if there are no blocks.
func (c storedTrial) rounding() kernels.Rounding {
	r := kernels.Rounding{Nearest: c.seed%4 == 0, Seed: c.seed * 77, Step: c.seed, Stream: c.seed / 5}
	if c.seed%3 == 0 {
		r.Base = c.seed%2<<32 - 32*(c.seed%5)
		if !inBlocks(c.row) {
			r.Base += c.seed / 2 % 32
		}
	}
	return r
}

// place moves operands to the trial's memory.
func (c storedTrial) place(op []kernels.Stored) {
	for i := range op {
		switch s := &op[i]; s.Storage() {
		case table.Element:
			s.Float32 = placed(c.at(i, c.n, 4), s.Float32)
		case table.BFloat16:
			s.BFloat16 = placed(c.at(i, c.n, 2), s.BFloat16)
		case table.Block8:
			s.Block8.Codes = placed(c.at(i, c.n, 1), s.Block8.Codes)
			s.Block8.Scales = placed(c.at(i+len(op), len(s.Block8.Scales), 1), s.Block8.Scales)
		}
	}
}

func placed[E any](p unsafe.Pointer, s []E) []E {
	t := unsafe.Slice((*E)(p), len(s))
	copy(t, s)
	return t
}

func (c storedTrial) run(t *testing.T) {
	t.Helper()
	r := edge.Rand(c.seed)
	op := rows.NewStored(c.row, c.n)
	rows.FillStored(r, c.row, op)
	want := rows.CloneStored(op)
	if c.at != nil {
		c.place(op)
	}
	coef := rows.NewCoef[float32](c.row)
	if coef != nil {
		edge.FillCoef[float32](r, coef, c.use)
	}
	runStored(c.k, c.row, coef, op, c.rounding())
	defineStored(c.row, coef, want, c.rounding())
	for i, o := range c.row.Operands {
		if j, g, w := rows.DifferStored(op[i], want[i]); j >= 0 {
			t.Fatalf("n=%d use=%04b seed=%d %+v: %s[%d] = %x, want %x (coefficients %+v)",
				c.n, c.use, c.seed, c.rounding(), o.Name, j, g, w, coef)
		}
	}
}

// guardedBytes is memory at an offset of so many elements from a line's begin, and a check that what surrounds it is
// untouched.
func guardedBytes(elements int) (at func(i, n, size int) unsafe.Pointer, check func(t *testing.T)) {
	const sentinel = 0xa5
	var checks []func(t *testing.T)
	at = func(i, n, size int) unsafe.Pointer {
		offset, bytes := elements*size, n*size
		s := make([]uint64, (offset+bytes)/8+32) // aligned as floats are
		b := unsafe.Slice((*uint8)(unsafe.Pointer(&s[0])), 8*len(s))
		for j := range b {
			b[j] = sentinel
		}
		checks = append(checks, func(t *testing.T) {
			t.Helper()
			for j, v := range b {
				if (j < offset || j >= offset+bytes) && v != sentinel {
					t.Fatalf("operand %d: byte %d of %d was written", i, j-offset, bytes)
				}
			}
		})
		return unsafe.Pointer(&b[offset])
	}
	return at, func(t *testing.T) {
		t.Helper()
		for _, f := range checks {
			f(t)
		}
	}
}

// All lengths up to some blocks, each at another offset and with another use of the prelude; then chunks.
func TestStored(t *testing.T) {
	forEachStored(t, func(t *testing.T, k bitstep.Engine[float32], row table.Row) {
		seed, trials := uint64(0), 4
		if k.Backend() == bitstep.Go {
			trials = 1 // it is the definition
		}
		for n := range 3*table.Block + 2 {
			for range trials {
				seed++
				at, check := guardedBytes(int(seed % 17))
				storedTrial{k, row, n, kernels.Use(seed*5) % kernels.Uses, seed, at}.run(t)
				check(t)
			}
		}
		long := []int{16383, 16385, 65537}
		if testing.Short() {
			long = long[1:2]
		}
		for _, n := range long {
			seed++
			storedTrial{k, row, n, kernels.Use(seed) % kernels.Uses, seed, nil}.run(t)
		}
	})
}

// A few lengths of everything: what slow emulators can run.
func TestArchStored(t *testing.T) {
	forEachStored(t, func(t *testing.T, k bitstep.Engine[float32], row table.Row) {
		for i, n := range []int{0, 1, 31, 32, 67, 201} {
			at, check := guardedBytes(i)
			storedTrial{k, row, n, kernels.Use(i*3) % kernels.Uses, uint64(i), at}.run(t)
			check(t)
		}
		for use := range kernels.Uses {
			storedTrial{k, row, 64 + 5, use, uint64(use), nil}.run(t)
		}
	})
}

// Each operand's last element is the last of a page behind which there is none, then its first the first of a page
// before which there is none.
func TestArchStoredPageEnds(t *testing.T) {
	forEachStored(t, func(t *testing.T, k bitstep.Engine[float32], row table.Row) {
		pages := newPages[float32](t, 2*len(row.Operands))
		for _, n := range []int{0, 1, 2, 3, 31, 32, 33, 63, 64, 65, 100} {
			end := func(i, n, size int) unsafe.Pointer {
				b := bytesOf(pages[i])
				return unsafe.Pointer(unsafe.SliceData(b[len(b)-n*size:]))
			}
			storedTrial{k, row, n, 0, uint64(n), end}.run(t)
			begin := func(i, _, _ int) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(pages[i])) }
			storedTrial{k, row, n, kernels.Uses - 1, uint64(n) + 1, begin}.run(t)
		}
	})
}

// Bits do not depend on the number of threads, nor on whether a tensor is whole or in shards.
func TestStoredThreads(t *testing.T) {
	const n = 5*65536 + 77
	forEachStored(t, func(t *testing.T, k bitstep.Engine[float32], row table.Row) {
		if row.Kind == table.Step && row.Name != "Adam" && row.Name != "AMSGrad" && row.Name != "SGD" {
			return // all steps share what is tested here
		}
		for _, threads := range threadCounts() {
			bitstep.KeepAwake()
			storedTrial{k.Threads(threads), row, n, kernels.Use(threads) % kernels.Uses, 1, nil}.run(t)
		}
		r := edge.Rand(5)
		whole := rows.NewStored(row, n)
		rows.FillStored(r, row, whole)
		parts := rows.CloneStored(whole)
		coef, unit := rows.NewCoef[float32](row), 1
		if coef != nil {
			edge.FillCoef[float32](r, coef, 0)
		}
		if inBlocks(row) {
			unit = table.Block
		}
		rounding := kernels.Rounding{Seed: 3, Step: 4, Stream: 5}
		runStored(k, row, coef, whole, rounding)
		for lo := 0; lo < n; {
			hi := min(n, lo+unit*(1+r.IntN(96000/unit)))
			rounding.Base = uint64(lo)
			runStored(k, row, coef, shard(parts, lo, hi), rounding)
			lo = hi
		}
		for i, o := range row.Operands {
			if j, g, w := rows.DifferStored(parts[i], whole[i]); j >= 0 {
				t.Fatalf("in shards %s[%d] = %x, want %x", o.Name, j, g, w)
			}
		}
	})
}

// shard is elements lo to hi of operands, of blocks whole ones.
func shard(op []kernels.Stored, lo, hi int) (all []kernels.Stored) {
	for _, s := range op {
		switch s.Storage() {
		case table.Element:
			s.Float32 = s.Float32[lo:hi]
		case table.BFloat16:
			s.BFloat16 = s.BFloat16[lo:hi]
		case table.Block8:
			s.Block8 = kernels.Blocks8{Codes: s.Block8.Codes[lo:hi],
				Scales: s.Block8.Scales[lo/table.Block : (hi+table.Block-1)/table.Block]}
		}
		all = append(all, s)
	}
	return all
}

// Operands may differ in storage as they please, and if all are float32 the step is the engine's.
func TestStoredMixtures(t *testing.T) {
	storages := []table.Storage{table.Element, table.BFloat16, table.Block8}
	seed := uint64(0)
	for _, b := range bitstep.Backends() {
		for i, row := range table.Rows {
			if row.Kind != table.Step || leftOut(i) {
				continue
			}
			row.Operands = append([]table.Operand(nil), row.Operands...)
			for range 20 {
				seed++
				r := edge.Rand(seed)
				for i := range row.Operands {
					row.Operands[i].Storage = storages[r.IntN(3)]
				}
				storedTrial{bitstep.On[float32](b), row, 70, kernels.Use(seed) % kernels.Uses, seed, nil}.run(t)
			}
			for i := range row.Operands {
				row.Operands[i].Storage = table.Element
			}
			storedTrial{bitstep.On[float32](b), row, 70, 5, seed, nil}.run(t)
		}
	}
}

// A step of several tensors is the step of each, with streams that follow one another.
func TestStoredEach(t *testing.T) {
	forEachStored(t, func(t *testing.T, k bitstep.Engine[float32], row table.Row) {
		if row.Kind != table.Step {
			return
		}
		r := edge.Rand(9)
		op := make([][]kernels.Stored, len(row.Operands))
		var want [][]kernels.Stored
		for _, n := range []int{5, 0, 64, 70} {
			tensor := rows.NewStored(row, n)
			rows.FillStored(r, row, tensor)
			want = append(want, rows.CloneStored(tensor))
			for j := range op {
				op[j] = append(op[j], tensor[j])
			}
		}
		coef := rows.NewCoef[float32](row)
		edge.FillCoef[float32](r, coef, 0)
		rounding := kernels.Rounding{Seed: 3, Step: 4, Stream: 5}
		rows.CallStoredEach(bitstep.Narrow(k), row, coef, op, rounding)
		for i, tensor := range want {
			rounding.Stream = 5 + uint64(i)
			kernels.StoredStep(tensor, coef, rounding)
			for j, o := range row.Operands {
				if at, g, w := rows.DifferStored(op[j][i], tensor[j]); at >= 0 {
					t.Fatalf("tensor %d: %s[%d] = %x, want %x", i, o.Name, at, g, w)
				}
			}
		}
		op[1] = op[1][1:]
		want2 := fmt.Sprintf("bitstep: %sEach: 3 tensors of %s, want 4, as of x", row.Name, row.Operands[1].Name)
		call := func() { rows.CallStoredEach(bitstep.Narrow(k), row, coef, op, rounding) }
		if message := panics(call); message != want2 {
			t.Errorf("panic %q, want %q", message, want2)
		}
	})
}

// What is wrong about operands panics before anything is written.
func TestStoredChecks(t *testing.T) {
	k := bitstep.Narrow(bitstep.On[float32](bitstep.Active()))
	c := bitstep.AdamCoef[float32]{}
	x, g, m := make([]float32, 40), make([]float32, 40), make([]bitstep.BFloat16, 40)
	v := make([]bitstep.BFloat16, 40)
	f := func(s []float32) bitstep.Stored { return bitstep.Stored{Float32: s} }
	b := func(s []bitstep.BFloat16) bitstep.Stored { return bitstep.Stored{BFloat16: s} }
	blocks := func(codes, scales int) bitstep.Stored {
		return bitstep.Stored{Block8: bitstep.Blocks8{Codes: make([]uint8, codes), Scales: make([]uint8, scales)}}
	}
	for want, call := range map[string]func(){
		"bitstep: Adam: len(v) = 39, want len(x) = 40": func() {
			k.Adam(f(x), b(m), b(v[1:]), f(g), c, bitstep.Rounding{})
		},
		"bitstep: Adam: m overlaps v, and one of them is written": func() {
			k.Adam(f(x), b(m), b(m), f(g), c, bitstep.Rounding{})
		},
		"bitstep: Adam: v has 1 scales, want 2": func() {
			k.Adam(f(x), blocks(40, 2), blocks(40, 1), f(g), c, bitstep.Rounding{})
		},
		"bitstep: Adam: m is in blocks of 32, and r.Base = 16": func() {
			k.Adam(f(x), blocks(40, 2), blocks(40, 2), f(g), c, bitstep.Rounding{Base: 16})
		},
		"bitstep: Adam: m has more than one storage": func() {
			k.Adam(f(x), bitstep.Stored{BFloat16: m, Float32: x}, b(v), f(g), c, bitstep.Rounding{})
		},
		"bitstep: ToBFloat16: len(src) = 40, want len(dst) = 39": func() { k.ToBFloat16(m[1:], x, bitstep.Rounding{}) },
		"bitstep: FromFloat16: len(src) = 0, want len(dst) = 40": func() { k.FromFloat16(x, nil) },
		"bitstep: ToFloat16: dst overlaps src, and one of them is written": func() {
			k.ToFloat16(unsafe.Slice((*bitstep.Float16)(unsafe.Pointer(&x[20])), 40), x)
		},
		"bitstep: EncodeBlocks: dst is in blocks of 32, and r.Base = 33": func() {
			k.EncodeBlocks(blocks(40, 2).Block8, x, true, bitstep.Rounding{Base: 33})
		},
		"bitstep: EncodeBlocks: dst has 2 scales, want 1": func() {
			k.EncodeBlocks(blocks(30, 2).Block8, x[:30], true, bitstep.Rounding{})
		},
	} {
		if message := panics(call); message != want {
			t.Errorf("panic %q, want %q", message, want)
		}
	}
	for i := range x {
		if x[i] != 0 || m[i] != 0 || v[i] != 0 {
			t.Fatalf("element %d was written before a panic", i)
		}
	}
}

// Float16 has hardware's conversions, which are the definition's: of every float16, and of float32 numbers, all if
// BITSTEP_CONVERSIONS is set. Else of those that begin with all 24 bits and go on with zeros, or with a one behind: the
// last 8 bits say no more to what rounds after 13 bits of 24 or earlier.
func TestArchFloat16(t *testing.T) {
	tiesUp := os.Getenv("BITSTEP_TIES_UP") != "" // an emulator that rounds ties up, which CPUs do not
	const chunk = 1 << 16
	half := make([]kernels.Float16, chunk)
	wide, want := make([]float32, chunk), make([]float32, chunk)
	for _, b := range bitstep.Backends()[1:] {
		e := bitstep.Narrow(bitstep.On[float32](b).Threads(1))
		for i := range half {
			half[i] = kernels.Float16(i)
		}
		e.FromFloat16(wide, half)
		kernels.FromFloat16(want, half)
		if i := edge.Differ(wide, want); i >= 0 {
			t.Fatalf("%v: float16 %#x is %x, want %x", b, i, wide[i], want[i])
		}
		step := uint64(1 << 8)
		switch {
		case os.Getenv("BITSTEP_CONVERSIONS") != "":
			step = 1
		case testing.Short():
			step = 1<<11 + 1
		}
		for first := uint64(0); first < 1<<32; first += chunk * step {
			for odd := range min(step, 2) {
				for i := range wide {
					wide[i] = math.Float32frombits(uint32(first + uint64(i)*step + odd))
				}
				e.ToFloat16(half, wide)
				for i, h := range half {
					want := kernels.NearestFloat16(wide[i])
					if h != want && !(tiesUp && h == want+1 && halfway(wide[i], want)) {
						t.Fatalf("%v: %x becomes %#x, want %#x", b, math.Float32bits(wide[i]), h, want)
					}
				}
			}
		}
	}
}

// halfway reports whether x is as far from h as from the next larger number, sign aside.
func halfway(x float32, h kernels.Float16) bool {
	distance := func(h kernels.Float16) float64 { return math.Abs(float64(x) - float64(h.Float32())) } // exact
	return distance(h) == distance(h+1)
}

// Calls allocate nothing, on one thread and on several.
func TestStoredAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	const n = 1 << 18
	forEachStored(t, func(t *testing.T, k bitstep.Engine[float32], row table.Row) {
		if row.Name != "Adam" && row.Name != "ToFloat16" && row.Name != "DecodeBlocksE4M3" {
			return
		}
		op, c := rows.NewStored(row, n), bitstep.NewAdam[float32](bitstep.AdamHyper{}, 1)
		half := make([]bitstep.Float16, n)
		for _, threads := range []int{1, 2} {
			e := bitstep.Narrow(k.Threads(threads))
			call := map[string]func(){
				"Adam":             func() { e.Adam(op[0], op[1], op[2], op[3], c, bitstep.Rounding{}) },
				"ToFloat16":        func() { e.ToFloat16(half, op[1].Float32) },
				"DecodeBlocksE4M3": func() { e.DecodeBlocks(op[0].Float32, op[1].Block8, true) },
			}[row.Name]
			call() // what is pooled
			allocs := testing.AllocsPerRun(5, call)
			for range 5 { // the runtime starts threads meanwhile, and collections empty pools
				allocs = min(allocs, testing.AllocsPerRun(5, call))
			}
			if allocs != 0 {
				t.Errorf("%d threads: %v allocations a call", threads, allocs)
			}
		}
	})
}
