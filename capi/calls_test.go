package main_test

import (
	"bytes"
	"maps"
	"math"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/internal/rows"
	definitions "github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Calls of every function, right ones and wrong ones, against a second statement of what bitstep.h promises.

// A call is what the driver is to call, and its memory.
type call struct {
	kernel  *kernel // of a row, or
	product string  // gemm, gemm_continue, gemv
	size    int     // of an element
	each    bool
	request
	memory []byte
	used   int // bytes of it, from the end on
}

func newCall() *call {
	words := make([]uint64, memoryBytes/8) // whose alignment is that of the driver's memory
	return &call{memory: unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), memoryBytes)}
}

// in returns n elements at an address, or false if they are not in the memory.
func in[E any](c *call, address, n uint64) ([]E, bool) {
	size := uint64(unsafe.Sizeof(*new(E)))
	if n == 0 {
		return nil, true
	}
	if address < base || address > base+memoryBytes || n > (base+memoryBytes-address)/size || address%size != 0 {
		return nil, false
	}
	return unsafe.Slice((*E)(unsafe.Pointer(&c.memory[address-base])), n), true
}

// place returns the address of n bytes before those that are used, which end on a border of size.
func (c *call) place(r *choices, n, size int) uint64 {
	gap := 0
	if r.one(2) {
		gap = r.below(5)
	}
	c.used = (c.used + n + gap*size + size - 1) / size * size
	if c.used > len(c.memory) {
		panic("the memory is too small")
	}
	return base + uint64(memoryBytes-c.used)
}

// choices decide what a call is: bytes of a fuzzer as long as there are some, then random numbers.
type choices struct {
	data []byte
	*rand.Rand
}

func (r *choices) next() uint64 {
	if len(r.data) >= 2 {
		v := uint64(r.data[0]) | uint64(r.data[1])<<8
		r.data = r.data[2:]
		return v
	}
	return r.Uint64()
}

func (r *choices) below(n int) int { return int(r.next() % uint64(n)) }
func (r *choices) one(of int) bool { return r.below(of) == 0 }

func fill[T bitstep.Float](r *choices, c *call, address uint64, n int, notNegative bool) {
	s, _ := in[T](c, address, uint64(n))
	for i := range s {
		s[i] = edge.Value[T](r.Rand)
		if notNegative {
			s[i] = T(math.Abs(float64(s[i])))
		}
	}
}

// operand places an operand of n elements.
func (c *call) operand(r *choices, o table.Operand, n int) uint64 {
	if n == 0 && r.one(2) {
		return 0
	}
	size := o.Storage.Size(c.size)
	address := c.place(r, n*size, size)
	switch {
	case size == 1: // any bytes are right
	case c.size == 4:
		fill[float32](r, c, address, n, o.NonNegative)
	default:
		fill[float64](r, c, address, n, o.NonNegative)
	}
	return address
}

// modes are floating-point modes of a caller, with what the driver's probe then finds: flushing, rounding upwards.
func modes() map[uint64]uint32 {
	if checked {
		return map[uint64]uint32{0: 0} // valgrind has no other
	}
	if runtime.GOARCH == "arm64" || crossed {
		return map[uint64]uint32{0: 0, 1 << 24: 1, 1 << 22: 2, 2 << 22: 0, 3 << 22: 0, 1<<24 | 1<<25 | 1<<22: 3}
	}
	return map[uint64]uint32{0: 0, 0x1fc0: 1, 0x9f80: 1, 0x9fc0: 1, 0x3f80: 0, 0x5f80: 2, 0x7f80: 0, 0xdfc0: 3,
		0x9fea: 1, 0x1fbf: 0, 0x1f80 &^ 0x1a80: 0}
}

// crossed tells that the driver is one for arm64, under an emulator; checked that it runs under valgrind.
var crossed, checked bool

// random returns a right call of a kernel, or of a product.
func random(r *choices, k *kernel, product string, size, n int, each bool) *call {
	c := newCall()
	c.kernel, c.product, c.size, c.each = k, product, size, each
	for i := range c.memory {
		c.memory[i] = byte(r.IntN(256))
	}
	all := slices.Sorted(maps.Keys(modes()))
	c.Mode = all[r.below(len(all))]
	for i := range c.Float {
		c.Float[i], c.Double[i] = edge.Value[float32](r.Rand), edge.Value[float64](r.Rand)
	}
	if product != "" {
		c.randomProduct(r)
		return c
	}
	c.Function = function(k.c, size, each)
	c.N, c.T = uint64(n), 1+r.next()%1000
	if r.one(20) {
		c.T = math.MaxUint64
	}
	if each {
		c.randomTensors(r, n)
	} else {
		for i := range k.Operands {
			c.Op[i] = c.operand(r, k.Operands[i], n)
		}
	}
	if k.Kind == table.Reduction {
		c.Result = c.place(r, size, size)
	}
	if k.Kind == table.Step {
		c.Hyper = c.place(r, 8*(len(k.hypers)+5), 8)
		h, _ := in[float64](c, c.Hyper, uint64(len(k.hypers)+5))
		clear(h)
		for i, name := range k.hypers {
			switch name {
			case "lr", "eps":
				h[i] = []float64{0, 1e-7, 1e-3, 0.5}[r.below(4)]
			default:
				h[i] = []float64{0, 0.5, 0.9, 0.999}[r.below(4)]
			}
		}
		for i, v := range []float64{-0.5, -0.25, 0.75, 0.01, 0.1} {
			if r.one(2) {
				h[len(k.hypers)+i] = v
			}
		}
	}
	return c
}

// randomTensors makes a call one of count tensors.
func (c *call) randomTensors(r *choices, count int) {
	lengths := make([]uint64, count)
	addresses := make([][]uint64, len(c.kernel.Operands))
	for i := range lengths {
		lengths[i] = []uint64{0, 1, 2, 3, 17, 40, uint64(r.below(100))}[r.below(7)]
		for j, o := range c.kernel.Operands {
			addresses[j] = append(addresses[j], c.operand(r, o, int(lengths[i])))
		}
	}
	array := func(s []uint64) uint64 {
		if len(s) == 0 {
			return 0
		}
		address := c.place(r, 8*len(s), 8)
		there, _ := in[uint64](c, address, uint64(len(s)))
		copy(there, s)
		return address
	}
	c.Lengths = array(lengths)
	for j := range addresses {
		c.Op[j] = array(addresses[j])
	}
}

// randomProduct makes a call a matrix product.
func (c *call) randomProduct(r *choices) {
	c.Function = function(c.product, c.size, false)
	c.M, c.N, c.K = uint64(r.below(9)), uint64(r.below(20)), uint64([]int{0, 1, 5, 20, 130}[r.below(5)])
	c.TransA, c.TransB = int32(r.below(2)), int32(r.below(2))
	for i := range 2 { // alpha and beta
		v := []float64{0, 1, -0.5, 0x1p-140}[r.below(4)]
		c.Float[i], c.Double[i] = float32(v), v
	}
	pad := func(n uint64) uint64 { return max(1, n+uint64(r.below(3))) }
	s := c.shapes()
	c.Lda, c.Ldb, c.Ldc = pad(s[0].cols), pad(s[1].cols), pad(s[2].cols)
	for i, s := range c.shapes() {
		n, _ := s.elements()
		c.Op[i] = c.operand(r, table.Operand{}, int(n))
	}
}

// A shape is how a matrix is stored.
type shape struct {
	rows, cols, ld uint64
	strided        bool // has a leading dimension, which is an argument
}

// shapes are those of a, b and c, or of a, x and y.
func (c *call) shapes() [3]shape {
	if c.product == "gemv" {
		x, y := c.N, c.M
		if c.TransA != 0 {
			x, y = y, x
		}
		return [3]shape{{c.M, c.N, c.Lda, true}, {1, x, x, false}, {1, y, y, false}}
	}
	a, b := shape{c.M, c.K, c.Lda, true}, shape{c.K, c.N, c.Ldb, true}
	if c.TransA != 0 {
		a.rows, a.cols = c.K, c.M
	}
	if c.TransB != 0 {
		b.rows, b.cols = c.N, c.K
	}
	return [3]shape{a, b, {c.M, c.N, c.Ldc, true}}
}

// elements is how many lie between the first and the last of a matrix; false if that is more than a word counts.
func (s shape) elements() (n uint64, ok bool) {
	if s.rows == 0 || s.cols == 0 {
		return 0, true
	}
	hi, lo := bits.Mul64(s.rows-1, s.ld)
	n, carry := bits.Add64(lo, s.cols, 0)
	return n, hi == 0 && carry == 0
}

// spoil makes a right call a wrong one, perhaps.
func (c *call) spoil(r *choices) {
	lengths := []uint64{0, 1, 1 << 32, 1 << 61, 1<<61 + 1, 1<<62 - 1, 1 << 63, math.MaxUint64, math.MaxUint64 - 3,
		math.MaxUint64 / 8, math.MaxInt64 / 4, math.MaxInt64 / 8}
	absurd := func() uint64 { return lengths[r.below(len(lengths))] }
	spoilAddress := func(p *uint64, others []uint64) {
		switch r.below(6) {
		case 0:
			*p = 0
		case 1:
			*p += uint64(1 + r.below(8))
		case 2:
			*p -= uint64(1 + r.below(8))
		case 3:
			*p = others[r.below(len(others))]
		case 4:
			*p = others[r.below(len(others))] + uint64(c.size*r.below(8))
		case 5:
			*p = math.MaxUint64 - 7 - 8*uint64(r.below(40))
		}
	}
	for range 1 + r.below(2) {
		switch r.below(6) {
		case 0:
			c.N = absurd()
		case 1:
			spoilAddress(&c.Op[r.below(5)], c.Op[:])
		case 2:
			spoilAddress([]*uint64{&c.Hyper, &c.Result, &c.Lengths}[r.below(3)], c.Op[:])
		case 3:
			if c.product != "" {
				*[]*uint64{&c.M, &c.N, &c.K, &c.Lda, &c.Ldb, &c.Ldc}[r.below(6)] = absurd()
			} else if c.kernel.Kind == table.Step {
				if h, ok := in[float64](c, c.Hyper, uint64(len(c.kernel.hypers)+5)); ok {
					h[r.below(len(h))] = []float64{-1, 1, math.NaN(), math.Inf(1), math.Inf(-1), 1e39, 1 - 1e-12,
						-1e300, 1e-300}[r.below(9)]
				}
			}
		case 4:
			c.T *= uint64(r.below(2))
			*[]*int32{&c.TransA, &c.TransB}[r.below(2)] = []int32{-1, 2, 1 << 30}[r.below(3)]
		case 5:
			if !c.each {
				continue
			}
			if lengths, ok := in[uint64](c, c.Lengths, c.N); ok && len(lengths) > 0 {
				i := r.below(len(lengths))
				if r.one(3) {
					lengths[i] = absurd()
				} else if a, ok := in[uint64](c, c.Op[r.below(len(c.kernel.Operands))], c.N); ok {
					spoilAddress(&a[i], a)
				}
			}
		}
	}
}

// A verdict is what must come of a call: codes of which it is one, or success.
type verdict struct {
	codes   []int32
	unknown bool // memory is read that is not there: no call
}

func (v *verdict) add(code int32) { v.codes = append(v.codes, code) }

// a block is memory that a call names.
type block struct {
	address, n, size uint64
	written          bool
}

// memory judges a block, and reports whether it can be there.
func (v *verdict) memory(b block) bool {
	hi, n := bits.Mul64(b.n, b.size)
	_, carry := bits.Add64(b.address, n, 0)
	before := len(v.codes)
	if hi != 0 || n > math.MaxInt64 {
		v.add(length)
		return false
	}
	if b.n == 0 {
		return true
	}
	if b.address == 0 {
		v.add(null)
	}
	if b.address%b.size != 0 {
		v.add(alignment)
	}
	if carry != 0 {
		v.add(length)
	}
	return len(v.codes) == before
}

// apart judges whether blocks share memory.
func (v *verdict) apart(all []block) {
	for i, a := range all {
		for _, b := range all[:i] {
			shared := a.address < b.address+b.n*b.size && b.address < a.address+a.n*a.size && a.n > 0 && b.n > 0
			if shared && (a.written || b.written) {
				v.add(overlap)
			}
		}
	}
}

// judge states what a call must return.
func (c *call) judge() (v verdict) {
	if c.product != "" {
		c.judgeProduct(&v)
		return v
	}
	if c.kernel.Kind == table.Step {
		c.judgeHyper(&v)
	}
	if c.kernel.Kind == table.Reduction {
		v.memory(block{c.Result, 1, uint64(c.size), false})
	}
	if !c.each {
		c.judgeOperands(&v, c.N, c.Op[:len(c.kernel.Operands)])
		return v
	}
	there := v.memory(block{c.Lengths, c.N, 8, false})
	for j := range c.kernel.Operands {
		there = v.memory(block{c.Op[j], c.N, 8, false}) && there
	}
	lengths, known := in[uint64](c, c.Lengths, c.N)
	if !there {
		return v
	}
	arrays := make([][]uint64, len(c.kernel.Operands))
	for j := range arrays {
		var ok bool
		arrays[j], ok = in[uint64](c, c.Op[j], c.N)
		known = known && ok
	}
	if !known {
		v.unknown = true
		return v
	}
	for i, n := range lengths {
		op := make([]uint64, len(arrays))
		for j := range op {
			op[j] = arrays[j][i]
		}
		c.judgeOperands(&v, n, op)
	}
	return v
}

func (c *call) judgeOperands(v *verdict, n uint64, op []uint64) {
	var there []block
	for j, o := range c.kernel.Operands {
		if b := (block{op[j], n, uint64(o.Storage.Size(c.size)), o.Write}); v.memory(b) {
			there = append(there, b)
		}
	}
	v.apart(there)
}

func (c *call) judgeHyper(v *verdict) {
	n := uint64(len(c.kernel.hypers) + 5)
	if !v.memory(block{c.Hyper, n, 8, false}) {
		return
	}
	h, ok := in[float64](c, c.Hyper, n)
	if !ok {
		v.unknown = true
		return
	}
	rounded := func(x float64) float64 {
		if c.size == 4 {
			return float64(float32(x))
		}
		return x
	}
	bad := func(x float64, good func(float64) bool) bool { return !good(x) || !good(rounded(x)) }
	finite := func(x float64) bool { return x-x == 0 }
	for i, name := range c.kernel.hypers {
		good := finite
		switch name {
		case "lr", "eps":
			good = func(x float64) bool { return x >= 0 && finite(x) }
		case "rho", "decay", "beta1", "beta2":
			good = func(x float64) bool { return x >= 0 && x < 1 }
		}
		if bad(h[i], good) {
			v.add(value)
		}
	}
	p := h[len(c.kernel.hypers):]
	if bad(p[0], finite) || p[1] != p[1] || p[2] != p[2] || p[1] > p[2] || bad(p[3], finite) ||
		bad(p[4], func(x float64) bool { return x >= 0 && finite(x) }) {
		v.add(value)
	}
	lr := 1.0
	if i := slices.Index(c.kernel.hypers, "lr"); i >= 0 {
		lr = h[i]
	}
	if !finite(rounded(1 - lr*p[4])) {
		v.add(value)
	}
	if c.kernel.t && c.T == 0 {
		v.add(value)
	}
}

func (c *call) judgeProduct(v *verdict) {
	b := c.TransB
	if c.product == "gemv" {
		b = 0
	}
	if c.TransA < 0 || c.TransA > 1 || b < 0 || b > 1 {
		v.add(value)
		return // what is stored how is not known
	}
	if max(c.M, c.N) > math.MaxInt64 || c.product != "gemv" && c.K > math.MaxInt64 {
		v.add(length)
	}
	var there []block
	for i, s := range c.shapes() {
		n, ok := s.elements()
		if !ok || s.strided && (s.ld < s.cols || s.ld == 0 && s.rows > 1 || s.ld > math.MaxInt64) {
			v.add(length)
		} else if m := (block{c.Op[i], n, uint64(c.size), i == 2}); v.memory(m) {
			there = append(there, m)
		}
	}
	v.apart(there)
}

// define does what the call must do, in its own memory, by the definitions. False: it needs memory that is not there.
func (c *call) define() bool {
	if c.size == 4 {
		return define(c, c.Float)
	}
	return define(c, c.Double)
}

func define[T bitstep.Float](c *call, scalars [4]T) bool {
	if c.product != "" {
		return defineProduct(c, scalars)
	}
	k := c.kernel
	coef := rows.NewCoef[T](k.Row)
	switch k.Kind {
	case table.Step:
		given, ok := in[float64](c, c.Hyper, uint64(len(k.hypers)+5))
		if !ok {
			return false
		}
		h := map[string]float64{}
		for i, name := range k.hypers {
			h[name] = given[i]
		}
		var p definitions.Prelude[T]
		scale, lo, hi, l2, decay := given[len(k.hypers)], given[len(k.hypers)+1], given[len(k.hypers)+2],
			given[len(k.hypers)+3], given[len(k.hypers)+4]
		if scale != 0 {
			p = p.Scaled(scale)
		}
		if lo != 0 || hi != 0 {
			p.Use |= definitions.UseClip
			p.Lo, p.Hi = T(lo), T(hi)
		}
		if l2 != 0 {
			p = p.Coupled(l2)
		}
		if decay != 0 {
			lr, ok := h["lr"]
			if !ok {
				lr = 1
			}
			p = p.Decoupled(lr, decay)
		}
		coef = rows.Coef(k.Row, h, c.T, p)
	case table.Map:
		if n := len(k.Scalars); n > 0 {
			h := map[string]float64{}
			for i, s := range k.Scalars {
				name, _, _ := strings.Cut(s, "=")
				h[name] = float64(scalars[i])
			}
			coef = rows.Coef(k.Row, h, 0, definitions.Prelude[T]{})
		}
	}
	if !c.each {
		op, ok := operands[T](c, c.N, c.Op[:len(k.Operands)])
		if !ok {
			return false
		}
		result := rows.Define[T](k.Row, coef, op)
		if k.Kind == table.Reduction {
			there, ok := in[T](c, c.Result, 1)
			if !ok {
				return false
			}
			there[0] = result
		}
		return true
	}
	lengths, _ := in[uint64](c, c.Lengths, c.N)
	for i, n := range lengths {
		addresses := make([]uint64, len(k.Operands))
		for j := range addresses {
			a, _ := in[uint64](c, c.Op[j], c.N)
			addresses[j] = a[i]
		}
		op, ok := operands[T](c, n, addresses)
		if !ok {
			return false
		}
		rows.Define[T](k.Row, coef, op)
	}
	return true
}

func operands[T bitstep.Float](c *call, n uint64, addresses []uint64) (op []any, ok bool) {
	for j, o := range c.kernel.Operands {
		if o.Storage == table.Byte {
			s, ok := in[uint8](c, addresses[j], n)
			if !ok {
				return nil, false
			}
			op = append(op, s)
			continue
		}
		s, ok := in[T](c, addresses[j], n)
		if !ok {
			return nil, false
		}
		op = append(op, s)
	}
	return op, true
}

func defineProduct[T bitstep.Float](c *call, scalars [4]T) bool {
	var s [3][]T
	for i, shape := range c.shapes() {
		n, _ := shape.elements()
		var ok bool
		if s[i], ok = in[T](c, c.Op[i], n); !ok {
			return false
		}
	}
	m, n, k, lda, ldb, ldc := int(c.M), int(c.N), int(c.K), int(c.Lda), int(c.Ldb), int(c.Ldc)
	a, b := c.TransA != 0, c.TransB != 0
	switch c.product {
	case "gemm":
		definitions.Gemm(a, b, m, n, k, scalars[0], s[0], lda, s[1], ldb, scalars[1], s[2], ldc)
	case "gemm_continue":
		definitions.GemmContinue(a, b, m, n, k, s[0], lda, s[1], ldb, s[2], ldc)
	default:
		definitions.Gemv(a, m, n, scalars[0], s[0], lda, s[1], scalars[1], s[2])
	}
	return true
}

// check makes the driver do a call and judges what comes of it. It returns the code, or -1 if the call cannot be made.
func (c *call) check(t testing.TB, d *driver) int32 {
	t.Helper()
	v := c.judge()
	want := &call{kernel: c.kernel, product: c.product, size: c.size, each: c.each, request: c.request,
		memory: newCall().memory}
	copy(want.memory, c.memory)
	if v.unknown || len(v.codes) == 0 && !want.define() {
		return -1
	}
	a, after := d.call(t, c.request, c.memory)
	switch {
	case len(v.codes) == 0 && a.Code != ok:
		t.Errorf("%s: code %d, %s; want none", c.name(), a.Code, a.message())
	case len(v.codes) != 0 && !slices.Contains(v.codes, a.Code):
		t.Errorf("%s: code %d, %s; want one of %v; %+v", c.name(), a.Code, a.message(), v.codes, c.request)
	case a.Code != ok && !strings.HasPrefix(a.message(), c.name()+": "):
		t.Errorf("%s: message %q", c.name(), a.message())
	case c.Mode != 0 && a.Mode != c.Mode:
		t.Errorf("%s: the mode is %#x after the call, was %#x", c.name(), a.Mode, c.Mode)
	case a.Probe != modes()[c.Mode]:
		t.Errorf("%s: mode %#x: the probe found %d, want %d", c.name(), c.Mode, a.Probe, modes()[c.Mode])
	case !checked && !c.same(want.memory, after):
		t.Errorf("%s: code %d, other memory than the definition's; %+v", c.name(), a.Code, c.request)
	}
	return a.Code
}

// same compares memory, in which every NaN of the element type is one.
func (c *call) same(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	if c.size == 4 {
		return sameBits[float32](a, b)
	}
	return sameBits[float64](a, b)
}

func sameBits[T bitstep.Float](a, b []byte) bool {
	n := len(a) / int(unsafe.Sizeof(T(0)))
	canonical := func(s []byte) []byte {
		words := make([]uint64, len(s)/8)
		aligned := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(s))
		copy(aligned, s)
		return num.AppendBits(nil, unsafe.Slice((*T)(unsafe.Pointer(&words[0])), n)...)
	}
	return bytes.Equal(canonical(a), canonical(b))
}

// The number of the step that stands for no bias correction makes that form's scalars.
func TestNoBiasCorrection(t *testing.T) {
	for _, rate := range []float64{0, 0.5, 0.9, 0.999, math.Nextafter(1, 0)} {
		h := definitions.AdamHyper{LR: 0.01, Beta1: rate, Beta2: rate, Eps: 1e-8}
		got, want := definitions.NewAdam[float64](h, math.MaxUint64), definitions.NewAdamAlmost[float64](h)
		if got != want {
			t.Errorf("rates of %v: %+v, want %+v", rate, got, want)
		}
	}
}

var products = []string{"gemm", "gemm_continue", "gemv"}

// allCalls tests every function against its definition, bit for bit, in all modes.
func allCalls(t *testing.T, d *driver, lengths []int) {
	r := &choices{nil, rand.New(rand.NewPCG(1, 2))}
	calls := 0
	for _, k := range allKernels(t) {
		for _, size := range []int{4, 8} {
			for _, n := range lengths {
				c := random(r, &k, "", size, n, false)
				if code := c.check(t, d); code != ok {
					t.Fatalf("%s of %d elements: code %d", c.name(), n, code)
				}
				calls++
				if k.Kind == table.Step && n < 12 {
					c := random(r, &k, "", size, n, true)
					if code := c.check(t, d); code != ok {
						t.Fatalf("%s of %d tensors: code %d", c.name(), n, code)
					}
					calls++
				}
			}
		}
	}
	for range 20 * len(lengths) {
		for _, p := range products {
			c := random(r, nil, p, 4+4*r.IntN(2), 0, false)
			if code := c.check(t, d); code != ok {
				t.Fatalf("%s: code %d", c.name(), code)
			}
			calls++
		}
	}
	t.Logf("%d calls", calls)
}

var someLengths = []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 200, 511, 777}

func TestCalls(t *testing.T) {
	program := program(t, "testdata/driver.c", "libbitstep.so")
	for _, b := range bitstep.Backends() {
		t.Run(b.String(), func(t *testing.T) {
			allCalls(t, start(t, []string{"BITSTEP=" + b.String()}, program), someLengths)
		})
	}
}

// anyCall tests a call that may be right or wrong.
func anyCall(t testing.TB, d *driver, all []kernel, r *choices) int32 {
	t.Helper()
	var c *call
	size := 4 + 4*r.below(2)
	if r.one(5) {
		c = random(r, nil, products[r.below(len(products))], size, 0, false)
	} else {
		k := &all[r.below(len(all))]
		each := k.Kind == table.Step && r.one(2)
		n := r.below(12)
		if !each && r.one(3) {
			n = r.below(500)
		}
		c = random(r, k, "", size, n, each)
	}
	if !r.one(4) {
		c.spoil(r)
	}
	return c.check(t, d)
}

// Random calls, wrong ones too: what is wrong is found, and then nothing changes.
func TestRandomCalls(t *testing.T) {
	d := start(t, nil, program(t, "testdata/driver.c", "libbitstep.a"))
	all, codes := allKernels(t), map[int32]int{}
	r := &choices{nil, rand.New(rand.NewPCG(3, 4))}
	n := 20000
	if testing.Short() {
		n = 2000
	}
	for range n {
		codes[anyCall(t, d, all, r)]++
	}
	t.Logf("calls by code: %v", codes)
	for code := int32(ok); code <= value; code++ {
		if codes[code] < n/100 {
			t.Errorf("%d calls with code %d, want more", codes[code], code)
		}
	}
	if codes[-1] > n/4 {
		t.Errorf("%d of %d calls could not be made", codes[-1], n)
	}
}

func FuzzCalls(f *testing.F) {
	d := start(f, nil, program(f, "testdata/driver.c", "libbitstep.so"))
	all := allKernels(f)
	f.Add([]byte("bitstep"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		anyCall(t, d, all, &choices{data, rand.New(rand.NewPCG(5, uint64(len(data))))})
	})
}
