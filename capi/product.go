package main

// #include "border.h"
import "C"

import (
	"fmt"
	"math"
	"math/bits"
	"unsafe"

	"github.com/bitstep-go/bitstep"
)

// Calls of matrix products.

type productCall = C.struct_bitstep_product

//export bitstepGoProduct
func bitstepGoProduct(c *productCall) (code C.int) {
	defer recovered(c.message, func() string { return productName(c) }, &code)
	var m *mistake
	if c.bytes == 4 {
		m = runProduct[float32](c)
	} else {
		m = runProduct[float64](c)
	}
	if m != nil {
		return report(c.message, productName(c), m)
	}
	return C.BITSTEP_OK
}

func productName(c *productCall) string {
	name := map[uint32]string{C.BITSTEP_GEMM: "gemm", C.BITSTEP_GEMM_CONTINUE: "gemm_continue",
		C.BITSTEP_GEMV: "gemv"}[uint32(c.function)]
	return fmt.Sprintf("bitstep_%s_f%d", name, 8*c.bytes)
}

// A matrix is an operand of a product.
type matrix struct {
	name, ld         string
	address          unsafe.Pointer
	rows, cols, size uintptr
	stride           uintptr
}

// span returns the memory from a matrix's first element to its last.
func (x *matrix) span() (span, *mistake) {
	s := span{x.name, -1, uintptr(x.address), 0, x.size}
	switch {
	case x.ld == "":
	case x.stride < x.cols || x.stride == 0 && x.rows > 1:
		return s, mistakef(C.BITSTEP_LENGTH, "%s = %d, want at least the %d columns of %s", x.ld, x.stride,
			max(1, x.cols), x.name)
	case x.stride > math.MaxInt:
		return s, mistakef(C.BITSTEP_LENGTH, "%s = %d, want at most %d", x.ld, x.stride, math.MaxInt)
	}
	if x.rows == 0 || x.cols == 0 {
		return s, nil
	}
	hi, last := bits.Mul(uint(x.rows-1), uint(x.stride))
	n, carry := bits.Add(last, uint(x.cols), 0)
	if hi != 0 || carry != 0 || uintptr(n) > math.MaxInt/x.size {
		return s, mistakef(C.BITSTEP_LENGTH, "%s has %d rows of %d from one row to the next, of %d bytes each, "+
			"want at most %d bytes", x.name, x.rows, x.stride, x.size, math.MaxInt)
	}
	s.n = uintptr(n)
	return s, s.check()
}

func runProduct[T bitstep.Float](c *productCall) *mistake {
	for _, trans := range []struct {
		name  string
		value C.int
	}{{"trans_a", c.trans_a}, {"trans_b", c.trans_b}} {
		if trans.value != 0 && trans.value != 1 {
			return mistakef(C.BITSTEP_VALUE, "%s = %d, want 0 or 1", trans.name, trans.value)
		}
	}
	transA, transB := c.trans_a != 0, c.trans_b != 0
	m, n, k := uintptr(c.m), uintptr(c.n), uintptr(c.k)
	for _, l := range []struct {
		name  string
		value uintptr
	}{{"m", m}, {"n", n}, {"k", k}} {
		if l.value > math.MaxInt {
			return mistakef(C.BITSTEP_LENGTH, "%s = %d, want at most %d", l.name, l.value, math.MaxInt)
		}
	}
	size := unsafe.Sizeof(T(0))
	a := matrix{"a", "lda", c.a, m, k, size, uintptr(c.lda)}
	b := matrix{"b", "ldb", c.b, k, n, size, uintptr(c.ldb)}
	y := matrix{"c", "ldc", c.c, m, n, size, uintptr(c.ldc)}
	switch {
	case c.function == C.BITSTEP_GEMV && transA:
		a.cols, b, y = n, matrix{"x", "", c.b, 1, m, size, m}, matrix{"y", "", c.c, 1, n, size, n}
	case c.function == C.BITSTEP_GEMV:
		a.cols, b, y = n, matrix{"x", "", c.b, 1, n, size, n}, matrix{"y", "", c.c, 1, m, size, m}
	default:
		if transA {
			a.rows, a.cols = k, m
		}
		if transB {
			b.rows, b.cols = n, k
		}
	}
	var spans [3]span
	for i, x := range []*matrix{&a, &b, &y} {
		var m *mistake
		if spans[i], m = x.span(); m != nil {
			return m
		}
	}
	for i := range 2 {
		if m := spans[2].checkOverlap(&spans[i], true); m != nil {
			return m
		}
	}
	as, bs, ys := elements[T](c.a, spans[0].n), elements[T](c.b, spans[1].n), elements[T](c.c, spans[2].n)
	alpha, beta := *(*T)(unsafe.Pointer(&c.alpha)), *(*T)(unsafe.Pointer(&c.beta))
	lda, ldb, ldc := int(c.lda), int(c.ldb), int(c.ldc)
	switch e := engine[T](); c.function {
	case C.BITSTEP_GEMM:
		e.Gemm(transA, transB, int(m), int(n), int(k), alpha, as, lda, bs, ldb, beta, ys, ldc)
	case C.BITSTEP_GEMM_CONTINUE:
		e.GemmContinue(transA, transB, int(m), int(n), int(k), as, lda, bs, ldb, ys, ldc)
	default:
		e.Gemv(transA, int(m), int(n), alpha, as, lda, bs, beta, ys)
	}
	return nil
}
