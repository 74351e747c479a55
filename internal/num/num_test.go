package num

import (
	"bytes"
	"math"
	"testing"
)

func TestIs32(t *testing.T) {
	if !Is32[float32]() || Is32[float64]() {
		t.Errorf("Is32: float32 %v, float64 %v", Is32[float32](), Is32[float64]())
	}
}

func TestFinite(t *testing.T) {
	for _, x := range []float64{0, math.Copysign(0, -1), 0x1p-1074, -math.MaxFloat64} {
		if !Finite(x) {
			t.Errorf("Finite(%v) = false", x)
		}
	}
	inf := math.Inf(1)
	for _, x := range []float64{inf, -inf, math.NaN()} {
		if Finite(x) || Finite(float32(x)) {
			t.Errorf("Finite(%v) = true", x)
		}
	}
	if big := 1e39; Finite(float32(big)) || !Finite(float32(math.MaxFloat32)) {
		t.Error("Finite differs about the range of float32")
	}
}

func TestAppendBits(t *testing.T) {
	got := AppendBits([]byte{9}, 1, float32(math.Copysign(0, -1)), math.Float32frombits(0xffc12345), 0x1p-149)
	want := []byte{9, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x80, 0, 0, 0xc0, 0x7f, 1, 0, 0, 0}
	if !bytes.Equal(got, want) {
		t.Errorf("float32: % x, want % x", got, want)
	}
	got = AppendBits(nil, 1, math.Inf(-1), math.Float64frombits(0xfff8000000000001))
	want = []byte{0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0xf0, 0xff, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f}
	if !bytes.Equal(got, want) {
		t.Errorf("float64: % x, want % x", got, want)
	}
}

func TestCanonical(t *testing.T) {
	for bits, want := range map[uint32]uint32{0x7f800000: 0x7f800000, 0x7f800001: 0x7fc00000, 0xffffffff: 0x7fc00000,
		0xff800000: 0xff800000, 0x80000000: 0x80000000, 1: 1} {
		if got := Canonical32(bits); got != want {
			t.Errorf("Canonical32(%#x) = %#x, want %#x", bits, got, want)
		}
	}
	const inf, nan, sign = 0x7ff0000000000000, 0x7ff8000000000000, 1 << 63
	for bits, want := range map[uint64]uint64{inf: inf, inf + 1: nan, math.MaxUint64: nan, sign + inf: sign + inf,
		sign: sign, 1: 1} {
		if got := Canonical64(bits); got != want {
			t.Errorf("Canonical64(%#x) = %#x, want %#x", bits, got, want)
		}
	}
}
