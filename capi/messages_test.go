package main_test

import (
	"math"
	"testing"
)

// What bad calls are told: the function, the argument, what it is and what it should be. Addresses are the driver's.
func TestMessages(t *testing.T) {
	d := start(t, nil, program(t, "testdata/driver.c", "libbitstep.so"))
	memory := newCall()
	hyper, _ := in[float64](memory, base, 9)
	copy(hyper, []float64{0.9, 0.999, 1e-3, 1e-7}) // beta1, beta2, lr, eps, and a prelude of zeros
	const x, m, v, g = base + 0x100, base + 0x200, base + 0x300, base + 0x400
	lengths, _ := in[uint64](memory, base+0x500, 2)
	pointers, _ := in[uint64](memory, base+0x600, 2)
	good := request{N: 3, T: 1, Op: [8]uint64{x, m, v, g}, Hyper: base}
	adam := func(change func(*request)) request {
		r := good
		r.Function = function("adam", 4, false)
		change(&r)
		return r
	}
	each := func(change func(*request)) request {
		const p = base + 0x600
		// Adam's eps is its lr.
		r := request{Function: function("sgd", 8, true), N: 2, Op: [8]uint64{p, p}, Lengths: base + 0x500,
			Hyper: base + 24}
		change(&r)
		return r
	}
	gemm := func(change func(*request)) request {
		r := request{Function: function("gemm", 8, false), M: 2, N: 3, K: 4, Lda: 4, Ldb: 3, Ldc: 3,
			Op: [8]uint64{base + 0x100, base + 0x200, base + 0x300}}
		change(&r)
		return r
	}
	set := func(name string, n, text uint64) request {
		r := request{N: n, Op: [8]uint64{text}}
		copy(r.Function[:], name)
		return r
	}
	name, _ := in[uint8](memory, base+0x700, 4)
	copy(name, "mmx\x00")
	for _, c := range []struct {
		r    request
		h    map[int]float64
		n    []uint64 // of tensors
		p    []uint64 // their addresses
		code int32
		want string
	}{
		{r: adam(func(r *request) { r.Op[1] = 0 }), code: null, want: "bitstep_adam_f32: m is null, want 3 elements"},
		{r: adam(func(r *request) { r.Hyper = 0 }), code: null,
			want: "bitstep_adam_f32: hyper is null, want 9 elements"},
		{r: adam(func(r *request) { r.N = math.MaxUint64 }), code: length,
			want: "bitstep_adam_f32: x has 18446744073709551615 elements of 4 bytes, want at most 2305843009213693951"},
		{r: adam(func(r *request) { r.N, r.Op[0] = 8, math.MaxUint64-15 }), code: length,
			want: "bitstep_adam_f32: x has 8 elements of 4 bytes from 0xfffffffffffffff0 on, which is " +
				"beyond all memory"},
		{r: adam(func(r *request) { r.Op[2]++ }), code: alignment,
			want: "bitstep_adam_f32: v is at 0x200f0301, want a multiple of 4"},
		{r: adam(func(r *request) { r.Hyper += 4 }), code: alignment,
			want: "bitstep_adam_f32: hyper is at 0x200f0004, want a multiple of 8"},
		{r: adam(func(r *request) { r.Op[3] = x + 8 }), code: overlap,
			want: "bitstep_adam_f32: x, 12 bytes at 0x200f0100, overlaps g, 12 bytes at 0x200f0108, and x is written"},
		{r: adam(func(r *request) { r.T = 0 }), code: value, want: "bitstep_adam_f32: t = 0, want at least 1"},
		{r: adam(func(r *request) {}), h: map[int]float64{0: 1}, code: value,
			want: "bitstep_adam_f32: hyper->beta1 = 1, want in [0, 1)"},
		{r: adam(func(r *request) {}), h: map[int]float64{1: 1 - 1e-12}, code: value,
			want: "bitstep_adam_f32: hyper->beta2 = 0.999999999999, which is 1 in float, want in [0, 1)"},
		{r: adam(func(r *request) {}), h: map[int]float64{2: 1e39}, code: value,
			want: "bitstep_adam_f32: hyper->lr = 1e+39, which is +Inf in float, want in [0, +Inf)"},
		{r: adam(func(r *request) {}), h: map[int]float64{3: math.NaN()}, code: value,
			want: "bitstep_adam_f32: hyper->eps = NaN, want in [0, +Inf)"},
		{r: adam(func(r *request) {}), h: map[int]float64{4: math.Inf(1)}, code: value,
			want: "bitstep_adam_f32: hyper->prelude.scale = +Inf, want in (-Inf, +Inf)"},
		{r: adam(func(r *request) {}), h: map[int]float64{5: 1}, code: value,
			want: "bitstep_adam_f32: hyper->prelude.clip_lo = 1, want at most clip_hi = 0"},
		{r: adam(func(r *request) {}), h: map[int]float64{8: -1}, code: value,
			want: "bitstep_adam_f32: hyper->prelude.decay = -1, want in [0, +Inf)"},
		{r: adam(func(r *request) {}), h: map[int]float64{2: 1e20, 8: 1e20}, code: value,
			want: "bitstep_adam_f32: hyper->prelude.decay = 1e+20 and lr = 1e+20: 1 - lr*decay is -Inf in float, " +
				"want a finite number"},

		{r: each(func(r *request) { r.Lengths = 0 }), code: null,
			want: "bitstep_sgd_f64_each: n is null, want 2 elements"},
		{r: each(func(r *request) { r.N = 1 << 60 }), code: length,
			want: "bitstep_sgd_f64_each: n has 1152921504606846976 elements of 8 bytes, want at most " +
				"1152921504606846975"},
		{r: each(func(r *request) { r.Op[1] = 0 }), code: null,
			want: "bitstep_sgd_f64_each: g is null, want 2 elements"},
		{r: each(func(r *request) {}), n: []uint64{0, 5}, code: null,
			want: "bitstep_sgd_f64_each: x[1] is null, want 5 elements"},
		{r: each(func(r *request) {}), n: []uint64{0, 5}, p: []uint64{0, x}, code: overlap,
			want: "bitstep_sgd_f64_each: x[1], 40 bytes at 0x200f0100, overlaps g[1], 40 bytes at 0x200f0100, and " +
				"x[1] is written"},

		{r: gemm(func(r *request) { r.TransB = 2 }), code: value, want: "bitstep_gemm_f64: trans_b = 2, want 0 or 1"},
		{r: gemm(func(r *request) { r.Lda = 3 }), code: length,
			want: "bitstep_gemm_f64: lda = 3, want at least the 4 columns of a"},
		{r: gemm(func(r *request) { r.Ldc = 1 << 63 }), code: length,
			want: "bitstep_gemm_f64: ldc = 9223372036854775808, want at most 9223372036854775807"},
		{r: gemm(func(r *request) { r.K, r.Lda = math.MaxUint64, math.MaxUint64 }), code: length,
			want: "bitstep_gemm_f64: k = 18446744073709551615, want at most 9223372036854775807"},
		{r: gemm(func(r *request) { r.Ldb = 1 << 60 }), code: length,
			want: "bitstep_gemm_f64: b has 4 rows of 1152921504606846976 from one row to the next, of 8 bytes each, " +
				"want at most 9223372036854775807 bytes"},
		{r: gemm(func(r *request) { r.Op[1] = 0 }), code: null, want: "bitstep_gemm_f64: b is null, want 12 elements"},
		{r: gemm(func(r *request) { r.Op[2] = base + 0x108 }), code: overlap,
			want: "bitstep_gemm_f64: a, 64 bytes at 0x200f0100, overlaps c, 48 bytes at 0x200f0108, and c is written"},

		{r: set("bitstep_set_threads", 5000, 0), code: value,
			want: "bitstep_set_threads: threads = 5000, want at most 4096"},
		{r: set("bitstep_set_pool", math.MaxUint64, 0), code: value,
			want: "bitstep_set_pool: threads = 18446744073709551615, want at most 4096"},
	} {
		before := append([]float64{}, hyper...)
		for i, h := range c.h {
			hyper[i] = h
		}
		clear(lengths)
		clear(pointers)
		copy(lengths, c.n)
		copy(pointers, c.p)
		a, after := d.call(t, c.r, memory.memory)
		if a.Code != c.code || a.message() != c.want {
			t.Errorf("code %d, %s\nwant %d, %s", a.Code, a.message(), c.code, c.want)
		}
		if string(after) != string(memory.memory) {
			t.Errorf("%s: the memory has changed", c.want)
		}
		copy(hyper, before)
	}
	nothing := [8]uint64{4, 4, 4, 4} // pointers to no elements
	for _, r := range []request{adam(func(*request) {}), gemm(func(*request) {}), each(func(*request) {}),
		adam(func(r *request) { r.N, r.Op = 0, nothing }),
		each(func(r *request) { r.N, r.Op, r.Lengths = 0, nothing, 4 }),
		gemm(func(r *request) { r.K, r.Op[0], r.Op[1] = 0, 4, 4 }),
		set("bitstep_set_threads", 4096, 0), set("bitstep_set_threads", 0, 0), set("bitstep_set_backend", 0, 0)} {
		if a, _ := d.call(t, r, memory.memory); a.Code != ok {
			t.Errorf("%s: code %d, %s", r.name(), a.Code, a.message())
		}
	}
	a, _ := d.call(t, set("bitstep_set_backend", 0, base+0x700), memory.memory)
	if want := `bitstep_set_backend: name = "mmx", want one of go`; a.Code != value || len(a.message()) < len(want) ||
		a.message()[:len(want)] != want {
		t.Errorf("code %d, %s", a.Code, a.message())
	}
}
