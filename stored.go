package bitstep

import (
	"fmt"
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/crew"
	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Calls of which an operand is stored in less than float32: steps, and conversions.

// BFloat16, Float16, Blocks8, Stored and Rounding are those of package kernels: how numbers are stored, and rounded.
type (
	BFloat16 = kernels.BFloat16
	Float16  = kernels.Float16
	Blocks8  = kernels.Blocks8
	Stored   = kernels.Stored
	Rounding = kernels.Rounding
)

// Narrow is the kernels of an engine for operands that are stored in less than float32: Narrow(On[float32](b)).
//
// Its steps are those of [Engine], each operand a [Stored] of its own storage. What they store in fewer bits is rounded
// as r says; arithmetic is in float32. Operands may differ in storage as they please. A step has assembly in the three
// forms of table.Forms: all in bfloat16; x and g in float32, and all others in bfloat16; or these in 8-bit blocks. In
// any other it runs its definition, and so do Adan and MADGRAD where there are not registers enough.
// If all are in float32 it is the [Engine]'s step.
//
// They panic, before anything is written, if operands differ in length, if an operand has more than one storage, if a
// written operand overlaps another, if 8-bit blocks have other than as many scales as [kernels.Scales] says, or if
// there are such and r.Base is no multiple of 32.
type Narrow Engine[float32]

// work is what a storedCall does: a step, by its number in table.Rows, or a conversion, of which the count goes on from
// there.
type work int

// A storedCall is one use of a kernel some of whose operands are narrow.
type storedCall struct {
	work     work
	backend  Backend
	n        int // elements
	count    int // operands
	form     int // of table.Forms, 0 of conversions; -1: none, and no assembly
	storage  [maxOperands]table.Storage
	op       [maxOperands]unsafe.Pointer // at the first element or code
	scales   [maxOperands]unsafe.Pointer // of blocks
	coef     [coefWords]uint64
	rounding Rounding
}

// conversion is what a call converts, or nil if it is a step.
func (c *storedCall) conversion() *table.Conversion {
	if i := int(c.work) - len(table.Rows); i >= 0 {
		return &table.Conversions[i]
	}
	return nil
}

func (c *storedCall) row() *table.Row {
	if cv := c.conversion(); cv != nil {
		return &cv.Row
	}
	return &table.Rows[c.work]
}

func (c *storedCall) name() string {
	if cv := c.conversion(); cv != nil {
		return cv.Function
	}
	return c.row().Name
}

func (c *storedCall) operandName(i int) string { return c.row().Operands[i].Name }

// operands takes the operands, of which some are written, or panics. It reports whether all are float32, and then
// leaves what else there is to check to others.
func (c *storedCall) operands(op []Stored, written uint) (plain bool) {
	plain, c.n, c.count = true, op[0].Len(), len(op)
	for i := range op {
		s := &op[i]
		c.storage[i] = s.Storage()
		plain = plain && c.storage[i] == table.Element && s.Block8.Scales == nil
		if one(s.Float32 != nil)+one(s.BFloat16 != nil)+one(s.Block8.Codes != nil || s.Block8.Scales != nil) > 1 {
			panic(fmt.Sprintf("bitstep: %s: %s has more than one storage", c.name(), c.operandName(i)))
		}
	}
	if plain {
		return true
	}
	var span [2 * maxOperands]mem.Span // of operand i at 2*i, and of its scales
	for i := range op {
		s := hide(&op[i]) // or who puts pointers where c points is taken for letting them escape
		switch c.storage[i] {
		case table.Element:
			span[2*i] = mem.Of(s.Float32)
		case table.BFloat16:
			span[2*i] = mem.Of(s.BFloat16)
		case table.Block8:
			span[2*i] = mem.Of(s.Block8.Codes)
		}
		span[2*i+1] = mem.Of(s.Block8.Scales)
		c.op[i], c.scales[i] = span[2*i].Pointer, span[2*i+1].Pointer
	}
	c.check(span[:2*len(op)], written)
	c.form = c.formOf()
	return false
}

// formOf is the form that the operands of a step have. Conversions have one.
func (c *storedCall) formOf() int {
	if c.conversion() != nil {
		return 0
	}
	row := c.row()
	for i, f := range table.Forms {
		matches := true
		for j, o := range row.Operands {
			matches = matches && c.storage[j] == f.Of(o)
		}
		if matches {
			return i
		}
	}
	return -1
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (c *storedCall) check(span []mem.Span, written uint) {
	for i := range c.count {
		if got := span[2*i].Len; got != c.n {
			panic(fmt.Sprintf("bitstep: %s: len(%s) = %d, want len(%s) = %d", c.name(), c.operandName(i), got,
				c.operandName(0), c.n))
		}
		scales := 0
		if c.storage[i] == table.Block8 {
			scales = kernels.Scales(c.n)
			if c.rounding.Base%table.Block != 0 {
				panic(fmt.Sprintf("bitstep: %s: %s is in blocks of %d, and r.Base = %d", c.name(), c.operandName(i),
					table.Block, c.rounding.Base))
			}
		}
		if got := span[2*i+1].Len; got != scales {
			panic(fmt.Sprintf("bitstep: %s: %s has %d scales, want %d", c.name(), c.operandName(i), got, scales))
		}
	}
	for i := range span {
		for j := range i {
			if (written>>(i/2)|written>>(j/2))&1 != 0 && span[i].Overlaps(span[j]) {
				panic(fmt.Sprintf("bitstep: %s: %s overlaps %s, and one of them is written", c.name(),
					c.operandName(j/2), c.operandName(i/2)))
			}
		}
	}
}

// checkCounts panics if there are not as many tensors of each operand.
func checkCounts(id kernelID, counts ...int) {
	for i, n := range counts {
		if n != counts[0] {
			row := &table.Rows[id]
			panic(fmt.Sprintf("bitstep: %sEach: %d tensors of %s, want %d, as of %s", row.Name, n, row.Operands[i].Name,
				counts[0], row.Operands[0].Name))
		}
	}
}

// A storedJob is a storedCall that is spread; see job.
type storedJob struct {
	crew crew.Crew
	storedCall
	piece func(worker, piece int)
}

var storedJobs pools // of *storedJob

// run runs a call on as many threads as pay.
func (e Narrow) run(c *storedCall) {
	if e.threads == 1 || c.n <= chunk {
		c.run(0, c.n)
		return
	}
	bytes := 0
	for i := range c.count {
		bytes += c.storage[i].Size(4)
	}
	if c.backend == Go {
		bytes *= 8
	}
	pieces := (c.n + chunk - 1) / chunk
	pool, threads := Engine[float32](e).spread(2*int64(bytes)*int64(c.n), pieces, c.onStack())
	if pool != nil {
		defer pool.exit()
	}
	if threads == 1 {
		c.run(0, c.n)
		return
	}
	jobs := poolOf[float32](&storedJobs)
	j, _ := jobs.Get().(*storedJob)
	if j == nil {
		j = new(storedJob)
		j.piece = func(_, i int) { j.run(i*chunk, min((i+1)*chunk, j.n)) }
	}
	j.storedCall = *hide(c)
	own := &j.crew
	if pool != nil {
		own = &pool.crew
	}
	own.Run(threads, pieces, j.piece)
	j.storedCall = storedCall{}
	jobs.Put(j)
}

// onStack reports whether an operand is on the stack: see hide.
func (c *storedCall) onStack() bool {
	for i := range c.count {
		if mem.OnStack(c.op[i]) || mem.OnStack(c.scales[i]) {
			return true
		}
	}
	return false
}

// run updates elements lo to hi, a chunk at a time, all of them elements whose indices have one high half: those have
// one key. A chunk is whole blocks.
func (c *storedCall) run(lo, hi int) {
	for lo < hi {
		n := min(hi-lo, chunk)
		if left := 1<<32 - (c.rounding.Base+uint64(lo))&(1<<32-1); uint64(n) > left {
			n = int(left)
		}
		c.chunk(lo, n)
		lo += n
	}
}

// chunk updates n elements from lo on. As what runs a chunk of other calls it is not inlined.
//
//go:noinline
func (c *storedCall) chunk(lo, n int) {
	if whole := n &^ (table.Block - 1); c.assembly(lo, whole) {
		if whole < n {
			c.tail(lo+whole, n-whole)
		}
		return
	}
	part := storedCall{work: c.work, coef: c.coef, rounding: c.rounding}
	part.rounding.Base += uint64(lo)
	var op [maxOperands]Stored
	for i := range c.count {
		op[i] = c.stored(i, lo, n)
	}
	if c.conversion() != nil {
		part.convert(&op)
	} else {
		part.step(op[:c.count])
	}
}

// tail updates the last n elements, fewer than a block, from lo on: in a block of memory that the last of them fills,
// whose copies have no larger magnitude and no other faults than it has.
func (c *storedCall) tail(lo, n int) {
	var memory [maxOperands][table.Block]float32
	var scales [maxOperands]uint8
	whole := *c
	whole.rounding.Base += uint64(lo)
	for i := range c.count {
		whole.op[i], whole.scales[i] = unsafe.Pointer(&memory[i]), unsafe.Pointer(&scales[i])
		from, to := c.stored(i, lo, n), whole.stored(i, 0, table.Block)
		fill(to.Float32, from.Float32)
		fill(to.BFloat16, from.BFloat16)
		fill(to.Block8.Codes, from.Block8.Codes)
		copy(to.Block8.Scales, from.Block8.Scales)
	}
	whole.assembly(0, table.Block)
	for i, o := range c.row().Operands {
		if o.Write {
			from, to := whole.stored(i, 0, n), c.stored(i, lo, n)
			copy(to.Float32, from.Float32)
			copy(to.BFloat16, from.BFloat16)
			copy(to.Block8.Codes, from.Block8.Codes)
			copy(to.Block8.Scales, from.Block8.Scales)
		}
	}
}

// fill copies elements, and the last of them to the rest.
func fill[E any](dst, src []E) {
	for i := copy(dst, src); i < len(dst); i++ {
		dst[i] = src[len(src)-1]
	}
}

// stored is n elements of operand i from lo on, which begin a block.
func (c *storedCall) stored(i, lo, n int) (s Stored) {
	switch c.storage[i] {
	case table.Element:
		s.Float32 = unsafe.Slice((*float32)(unsafe.Add(c.op[i], 4*lo)), n)
	case table.BFloat16:
		s.BFloat16 = unsafe.Slice((*BFloat16)(unsafe.Add(c.op[i], 2*lo)), n)
	case table.Block8:
		s.Block8.Codes = unsafe.Slice((*uint8)(unsafe.Add(c.op[i], lo)), n)
		s.Block8.Scales = unsafe.Slice((*uint8)(unsafe.Add(c.scales[i], lo/table.Block)), kernels.Scales(n))
	}
	return s
}

// convert runs the definition of a conversion. A Float16 lies as a BFloat16 does.
func (c *storedCall) convert(op *[maxOperands]Stored) {
	dst, src := &op[0], &op[1]
	switch c.work {
	case toBFloat16:
		kernels.ToBFloat16(dst.BFloat16, src.Float32, c.rounding)
	case fromBFloat16:
		kernels.FromBFloat16(dst.Float32, src.BFloat16)
	case toFloat16:
		kernels.ToFloat16(float16s(dst.BFloat16), src.Float32)
	case fromFloat16:
		kernels.FromFloat16(dst.Float32, float16s(src.BFloat16))
	case encodeBlocksE4M3, encodeBlocksE5M3:
		kernels.EncodeBlocks(dst.Block8, src.Float32, c.work == encodeBlocksE4M3, c.rounding)
	case decodeBlocksE4M3, decodeBlocksE5M3:
		kernels.DecodeBlocks(dst.Float32, src.Block8, c.work == decodeBlocksE4M3)
	}
}

func float16s(s []BFloat16) []Float16 {
	return unsafe.Slice((*Float16)(unsafe.Pointer(unsafe.SliceData(s))), len(s))
}

// toNearest is the rounding of what takes no random bits.
var toNearest = Rounding{Nearest: true}

// convertTo runs a call of two operands, of which the first is written. One of them is narrow, unless it is nil.
func (e Narrow) convertTo(w work, dst, src Stored, r Rounding) {
	c := storedCall{work: w, backend: e.backend, rounding: r}
	op := [...]Stored{dst, src}
	if plain := c.operands(op[:], 0b1); !plain {
		e.run(&c)
	} else if n := src.Len(); dst.Len() != n {
		panic(fmt.Sprintf("bitstep: %s: len(src) = %d, want len(dst) = %d", c.name(), n, dst.Len()))
	}
}

// ToBFloat16 is [kernels.ToBFloat16] on this engine: dst = src, rounded to nearest or by random bits. As all
// conversions it panics, before anything is written, if lengths differ, if there are other than as many scales as
// [kernels.Scales] says, or if dst and src overlap.
func (e Narrow) ToBFloat16(dst []BFloat16, src []float32, r Rounding) {
	e.convertTo(toBFloat16, Stored{BFloat16: dst}, Stored{Float32: src}, r)
}

// FromBFloat16 is [kernels.FromBFloat16] on this engine: dst = src, exactly.
func (e Narrow) FromBFloat16(dst []float32, src []BFloat16) {
	e.convertTo(fromBFloat16, Stored{Float32: dst}, Stored{BFloat16: src}, toNearest)
}

// ToFloat16 is [kernels.ToFloat16] on this engine: dst = src, rounded to nearest.
func (e Narrow) ToFloat16(dst []Float16, src []float32) {
	e.convertTo(toFloat16, Stored{BFloat16: bfloat16s(dst)}, Stored{Float32: src}, toNearest)
}

// FromFloat16 is [kernels.FromFloat16] on this engine: dst = src, exactly.
func (e Narrow) FromFloat16(dst []float32, src []Float16) {
	e.convertTo(fromFloat16, Stored{Float32: dst}, Stored{BFloat16: bfloat16s(src)}, toNearest)
}

func bfloat16s(s []Float16) []BFloat16 {
	return unsafe.Slice((*BFloat16)(unsafe.Pointer(unsafe.SliceData(s))), len(s))
}

// EncodeBlocks is [kernels.EncodeBlocks] on this engine: dst = src in 8-bit blocks, signed (E4M3) or not (E5M3),
// rounded to nearest or by random bits. It panics too if r.Base is no multiple of 32.
func (e Narrow) EncodeBlocks(dst Blocks8, src []float32, signed bool, r Rounding) {
	w := encodeBlocksE5M3
	if signed {
		w = encodeBlocksE4M3
	}
	e.convertTo(w, Stored{Block8: dst}, Stored{Float32: src}, r)
}

// DecodeBlocks is [kernels.DecodeBlocks] on this engine: dst = src, exactly.
func (e Narrow) DecodeBlocks(dst []float32, src Blocks8, signed bool) {
	w := decodeBlocksE5M3
	if signed {
		w = decodeBlocksE4M3
	}
	e.convertTo(w, Stored{Float32: dst}, Stored{Block8: src}, toNearest)
}
