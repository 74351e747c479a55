package main

// #include "border.h"
import "C"

import (
	"math"
	"slices"
	"sync"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/internal/num"
)

// Calls of the table's kernels.

type rowCall = C.struct_bitstep_row

// A function is what is common to the functions of a row.
type function struct {
	name      string
	operands  []operand
	hypers    []hyper // of a step
	lr        int     // which of them is the learning rate; -1 if none is
	numbered  bool    // a step that depends on its number
	reduction bool
	written   uint // which operands are, a bit each
	mixed     bool // some are bytes
}

func init() {
	for i := range functions {
		f := &functions[i]
		for j, o := range f.operands {
			if o.written {
				f.written |= 1 << j
			}
			f.mixed = f.mixed || o.bytes
		}
	}
}

type operand struct {
	name    string
	written bool
	bytes   bool // not elements
}

type hyper struct {
	name string
	in   interval
}

// elements returns n elements at an address. Of none it keeps no address: 4, say, which is a pointer to nothing in some
// languages, ends the program where Go's runtime finds it in a stack that it moves.
func elements[E any](p unsafe.Pointer, n uintptr) []E {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*E)(p), int(n))
}

// at returns an operand of a call of one tensor.
func at[E any](c *rowCall, i int) []E { return elements[E](c.op[i], uintptr(c.n)) }

func scalar[T bitstep.Float](c *rowCall, i int) T { return *(*T)(unsafe.Pointer(&c.scalar[i])) }

//export bitstepGoRow
func bitstepGoRow(c *rowCall) (code C.int) {
	defer recovered(c.message, func() string { return rowName(c) }, &code)
	var m *mistake
	if c.bytes == 4 {
		m = runRow[float32](c)
	} else {
		m = runRow[float64](c)
	}
	if m != nil {
		return report(c.message, rowName(c), m)
	}
	return C.BITSTEP_OK
}

// rowName is the name of the function that was called.
func rowName(c *rowCall) string {
	name := "bitstep_" + functions[c.row].name + "_f32"
	if c.bytes == 8 {
		name = name[:len(name)-2] + "64"
	}
	if c.each != 0 {
		name += "_each"
	}
	return name
}

func runRow[T bitstep.Float](c *rowCall) *mistake {
	f := &functions[c.row]
	var h [maxHypers]float64
	var p bitstep.Prelude[T]
	if len(f.hypers) > 0 {
		if m := readHyper(c, f, &h, &p); m != nil {
			return m
		}
	}
	e := engine[T]()
	if c.each != 0 {
		return runEach(e, c, f, &h, p)
	}
	var op [maxOperands]uintptr
	for i := range f.operands {
		op[i] = uintptr(c.op[i])
	}
	if n, size := uintptr(c.n), unsafe.Sizeof(T(0)); f.mixed || !f.fine(n, size, &op) {
		if m := checkOperands(f, -1, n, size, &op); m != nil {
			return m
		}
	}
	if f.reduction {
		if m := (span{"result", -1, uintptr(c.result), 1, unsafe.Sizeof(T(0))}).check(); m != nil {
			return m
		}
	}
	call(e, c, &h, p, nil)
	return nil
}

// fine reports whether nothing is wrong with the operands of one tensor, which have elements of the same size.
func (f *function) fine(n, size uintptr, op *[maxOperands]uintptr) bool {
	if n == 0 {
		return true
	}
	bytes := n * size
	if n > math.MaxInt/size {
		return false
	}
	for i := range f.operands {
		a := op[i]
		if a == 0 || a&(size-1) != 0 || a+bytes < a {
			return false
		}
		for j := range i {
			if d := a - op[j]; (d < bytes || -d < bytes) && (f.written>>i|f.written>>j)&1 != 0 {
				return false
			}
		}
	}
	return true
}

// checkOperands tells what is wrong with the operands of one tensor of several, or with -1 of the only one.
func checkOperands(f *function, tensor int, n, size uintptr, op *[maxOperands]uintptr) *mistake {
	var spans [maxOperands]span
	for i, o := range f.operands {
		spans[i] = span{o.name, tensor, op[i], n, o.size(size)}
		if m := spans[i].check(); m != nil {
			return m
		}
		for j := range i {
			if o.written || f.operands[j].written {
				if m := spans[i].checkOverlap(&spans[j], o.written); m != nil {
					return m
				}
			}
		}
	}
	return nil
}

func (o operand) size(element uintptr) uintptr {
	if o.bytes {
		return 1
	}
	return element
}

// lists are the slices of the operands of a call of several tensors. They are used again, and are empty meanwhile: an
// address of C's in Go's memory could be one of Go's own some day.
type lists[T bitstep.Float] [maxOperands][][]T

var lists32, lists64 = sync.Pool{New: func() any { return new(lists[float32]) }},
	sync.Pool{New: func() any { return new(lists[float64]) }}

func runEach[T bitstep.Float](e bitstep.Engine[T], c *rowCall, f *function, h *[maxHypers]float64,
	p bitstep.Prelude[T]) *mistake {
	pointer := unsafe.Sizeof(uintptr(0))
	count := uintptr(c.n)
	if m := (span{"n", -1, uintptr(unsafe.Pointer(c.lengths)), count, pointer}).check(); m != nil {
		return m
	}
	for i, o := range f.operands {
		if m := (span{o.name, -1, uintptr(c.op[i]), count, pointer}).check(); m != nil {
			return m
		}
	}
	pool := &lists64
	if num.Is32[T]() {
		pool = &lists32
	}
	l := pool.Get().(*lists[T])
	defer func() {
		for i := range l {
			clear(l[i])
			l[i] = l[i][:0]
		}
		pool.Put(l)
	}()
	var given [maxOperands][]unsafe.Pointer
	for i := range f.operands {
		given[i] = elements[unsafe.Pointer](c.op[i], count)
		l[i] = slices.Grow(l[i], int(count))[:count]
	}
	size := unsafe.Sizeof(T(0))
	for tensor, n := range elements[C.size_t](unsafe.Pointer(c.lengths), count) {
		var op [maxOperands]uintptr
		for i := range f.operands {
			op[i] = uintptr(given[i][tensor])
		}
		if !f.fine(uintptr(n), size, &op) {
			if m := checkOperands(f, tensor, uintptr(n), size, &op); m != nil {
				return m
			}
		}
		for i := range f.operands {
			l[i][tensor] = elements[T](given[i][tensor], uintptr(n))
		}
	}
	call(e.Checked(mem.Checked{}), c, h, p, (*[maxOperands][][]T)(l))
	return nil
}

// readHyper reads the hyperparameters of a step and its prelude.
func readHyper[T bitstep.Float](c *rowCall, f *function, h *[maxHypers]float64, p *bitstep.Prelude[T]) *mistake {
	n := len(f.hypers)
	if m := (span{"hyper", -1, uintptr(unsafe.Pointer(c.hyper)), uintptr(n + preludeFields), 8}).check(); m != nil {
		return m
	}
	given := unsafe.Slice((*float64)(c.hyper), n+preludeFields)
	copy(h[:], given[:n])
	for i, y := range f.hypers {
		if m := checkValue[T](y.name, h[i], y.in); m != nil {
			return m
		}
	}
	if f.numbered && c.t == 0 {
		return mistakef(C.BITSTEP_VALUE, "t = 0, want at least 1")
	}
	lr := 1.0
	if f.lr >= 0 {
		lr = h[f.lr]
	}
	return readPrelude([preludeFields]float64(given[n:]), lr, p)
}

// preludeFields is how many numbers a bitstep_prelude is.
const preludeFields = C.sizeof_bitstep_prelude / 8

// readPrelude makes a prelude of a bitstep_prelude. A field of 0 leaves its line out.
func readPrelude[T bitstep.Float](given [preludeFields]float64, lr float64, p *bitstep.Prelude[T]) *mistake {
	if given == ([preludeFields]float64{}) {
		return nil
	}
	scale, lo, hi, l2, decay := given[0], given[1], given[2], given[3], given[4]
	for _, v := range []struct {
		name  string
		value float64
		in    interval
	}{
		{"prelude.scale", scale, anyFinite}, {"prelude.clip_lo", lo, anyNumber}, {"prelude.clip_hi", hi, anyNumber},
		{"prelude.l2", l2, anyFinite}, {"prelude.decay", decay, notNegative},
	} {
		if m := checkValue[T](v.name, v.value, v.in); m != nil {
			return m
		}
	}
	if lo > hi {
		return mistakef(C.BITSTEP_VALUE, "hyper->prelude.clip_lo = %v, want at most clip_hi = %v", lo, hi)
	}
	if scale != 0 {
		*p = p.Scaled(scale)
	}
	if lo != 0 || hi != 0 {
		*p = p.Clipped(hi)
		p.Lo = T(lo)
	}
	if l2 != 0 {
		*p = p.Coupled(l2)
	}
	if decay != 0 {
		*p = p.Decoupled(lr, decay)
		if !num.Finite(p.Keep) {
			return mistakef(C.BITSTEP_VALUE, "hyper->prelude.decay = %v and lr = %v: 1 - lr*decay is %v in %s, "+
				"want a finite number", decay, lr, p.Keep, cName[T]())
		}
	}
	return nil
}

// An interval is where a hyperparameter must lie, also once it is rounded to T.
type interval struct {
	text   string
	lo, hi float64
	ends   [2]bool // whether lo and hi belong to it
}

var (
	rate        = interval{"[0, 1)", 0, 1, [2]bool{true, false}}
	notNegative = interval{"[0, +Inf)", 0, math.Inf(1), [2]bool{true, false}}
	anyFinite   = interval{"(-Inf, +Inf)", math.Inf(-1), math.Inf(1), [2]bool{}}
	anyNumber   = interval{"[-Inf, +Inf]", math.Inf(-1), math.Inf(1), [2]bool{true, true}}
)

func (i *interval) has(v float64) bool {
	return (v > i.lo || i.ends[0] && v == i.lo) && (v < i.hi || i.ends[1] && v == i.hi)
}

func checkValue[T bitstep.Float](name string, v float64, in interval) *mistake {
	switch x := float64(T(v)); {
	case !in.has(v):
		return mistakef(C.BITSTEP_VALUE, "hyper->%s = %v, want in %s", name, v, in.text)
	case !in.has(x):
		return mistakef(C.BITSTEP_VALUE, "hyper->%s = %v, which is %v in %s, want in %s", name, v, x, cName[T](),
			in.text)
	}
	return nil
}

// cName is the element type in C.
func cName[T bitstep.Float]() string {
	if num.Is32[T]() {
		return "float"
	}
	return "double"
}
