package check

import (
	"math"
	"testing"
)

func TestErrors(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		err  error
		want string // "" for none
	}{
		{In("x", 0.0, 0, 1, Closed), ""},
		{In("x", 1.0, 0, 1, Closed), ""},
		{In("Beta1", 1.5, 0, 1, OpenHigh), "Beta1 = 1.5, want in [0, 1)"},
		{In("x", 1.0, 0, 1, OpenHigh), "x = 1, want in [0, 1)"},
		{In("x", 0.0, 0, 1, OpenLow), "x = 0, want in (0, 1]"},
		{In("x", 1.0, 0, 1, OpenLow), ""},
		{In("x", 0.0, 0, 1, Open), "x = 0, want in (0, 1)"},
		{In("x", 1.0, 0, 1, Open), "x = 1, want in (0, 1)"},
		{In("x", nan, 0, 1, Closed), "x = NaN, want in [0, 1]"},
		{In("x", math.MaxFloat64, 0, inf, OpenHigh), ""},
		{In("LR", inf, 0, inf, OpenHigh), "LR = +Inf, want in [0, +Inf)"},
		{In("x", -inf, -inf, inf, Open), "x = -Inf, want in (-Inf, +Inf)"},
		{In("x", Zero, 0, 1, OpenHigh), "x = -5e-324, want in [0, 1)"},
		{In("Batch", 1000, 1, 500, Closed), "Batch = 1000, want in [1, 500]"},
		{Rounded[float32]("x", 0.5, 0, 1, OpenHigh), ""},
		{Rounded[float32]("x", 0, 0, 1, OpenHigh), ""},
		{Rounded[float64]("x", 1-0x1p-53, 0, 1, OpenHigh), ""},
		{Rounded[float32]("x", 1.5, 0, 1, OpenHigh), "x = 1.5, want in [0, 1)"},
		{Rounded[float32]("Rho", 0.99999999999, 0, 1, OpenHigh),
			"Rho = 0.99999999999, which is 1 in float32, want in [0, 1)"},
		{Rounded[float32]("LR", 1e-50, 0, inf, OpenHigh),
			"LR = 1e-50, which is 0 in float32, want a number in its range"},
		{Rounded[float32]("LR", 1e39, 0, inf, OpenHigh),
			"LR = 1e+39, which is +Inf in float32, want a number in its range"},
		{Rounded[float32]("x", 1e39, 0, inf, Closed),
			"x = 1e+39, which is +Inf in float32, want a number in its range"},
		{Rounded[float32]("x", inf, 0, inf, Closed), ""},
		{AtLeast("Batch", 1, 1), ""},
		{AtLeast("Batch", 0, 1), "Batch = 0, want at least 1"},
		{AtLeast("x", nan, 1), "x = NaN, want at least 1"},
		{AtLeast("period", uint64(0), 1), "period = 0, want at least 1"},
		{Ascending[uint64]("starts", nil), ""},
		{Ascending("starts", []uint64{1, 2, 5}), ""},
		{Ascending("starts", []uint64{1, 2, 2}), "starts[2] = 2, want more than starts[1] = 2"},
	} {
		got := ""
		if c.err != nil {
			got = c.err.Error()
		}
		if got != c.want {
			t.Errorf("error %q, want %q", got, c.want)
		}
	}
}

func TestDefault(t *testing.T) {
	for _, c := range [][2]float64{{0, 7}, {Zero, 0}, {2, 2}, {-1, -1}} {
		if got := Default(c[0], 7); got != c[1] {
			t.Errorf("Default(%v, 7) = %v, want %v", c[0], got, c[1])
		}
	}
	if got := Default(math.NaN(), 7); got == got {
		t.Errorf("Default(NaN, 7) = %v", got)
	}
}

func TestElements(t *testing.T) {
	for _, c := range []struct {
		shape []int
		n     uint64
		ok    bool
	}{{nil, 1, true}, {[]int{2, 3}, 6, true}, {[]int{2, 0}, 0, true}, {[]int{-2, -3}, 0, false},
		{[]int{0, -1}, 0, false}, {[]int{1 << 30, 1 << 30, 8}, 1 << 63, true},
		{[]int{1 << 30, 1 << 30, 16}, 0, false}} {
		if n, ok := Elements(c.shape); n != c.n || ok != c.ok {
			t.Errorf("Elements(%v) = %d, %v, want %d, %v", c.shape, n, ok, c.n, c.ok)
		}
	}
}
