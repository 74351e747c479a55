package kernels

import (
	"math"
	"math/big"
	"testing"
)

// Scalars are derived in float64 and rounded once: 1-beta2 of float32 operands would be another number.
func TestCoefRounding(t *testing.T) {
	h := AdamHyper{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}
	c := NewAdam[float32](h, 3)
	p1, p2 := h.Beta1*(h.Beta1*h.Beta1), h.Beta2*(h.Beta2*h.Beta2)
	for name, pair := range map[string][2]float32{
		"Beta1":         {c.Beta1, 0.9},
		"OneMinusBeta1": {c.OneMinusBeta1, float32(1 - h.Beta1)},
		"Beta2":         {c.Beta2, 0.999},
		"OneMinusBeta2": {c.OneMinusBeta2, float32(1 - h.Beta2)},
		"Alpha":         {c.Alpha, float32(h.LR / (1 - p1))},
		"Unbias":        {c.Unbias, float32(1 / (1 - p2))},
		"Eps":           {c.Eps, 1e-8},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s = %v, want %v", name, pair[0], pair[1])
		}
	}
	if c.OneMinusBeta2 == 1-c.Beta2 {
		t.Error("1-beta2 was computed in float32")
	}
	almost := NewAdamAlmost[float64](h)
	if almost.Alpha != h.LR || almost.Unbias != 1 {
		t.Errorf("without bias correction alpha = %v and unbias = %v, want %v and 1", almost.Alpha, almost.Unbias, h.LR)
	}
	if c := (Prelude[float32]{}).Clipped(0.1); c.Lo != -0.1 || c.Hi != 0.1 {
		t.Errorf("the bounds are %v and %v, want -0.1 and 0.1", c.Lo, c.Hi)
	}
	if keep := (Prelude[float64]{}).Decoupled(0.1, 0.01).Keep; keep != 1-0.1*0.01 {
		t.Errorf("keep = %v, want %v", keep, 1-0.1*0.01)
	}
}

func TestPowInt(t *testing.T) {
	for _, x := range []float64{0, 1, 0.9, 0.999, -0.5, 2, 0.1} {
		for _, power := range []uint64{0, 1, 2, 3, 7, 8, 100, 1000, 12345} {
			exact := big.NewFloat(1).SetPrec(20000)
			for range power {
				exact.Mul(exact, big.NewFloat(x))
			}
			want, _ := exact.Float64()
			got := PowInt(x, power)
			// Each of the roundings, of which there are at most 128, moves the power by half a unit in the last
			// place, and every later squaring doubles what a square carries: t units bound it.
			bound := float64(power) * 0x1p-52 * math.Abs(want)
			if math.Abs(got-want) > bound+math.SmallestNonzeroFloat64 {
				t.Errorf("PowInt(%v, %d) = %v, want %v", x, power, got, want)
			}
		}
	}
	// Least significant bit first, which is (x*x)*(x^4)*... and not ((x^2)*x)^2*...
	x := 0.9
	x2 := float64(x * x)
	x4 := float64(x2 * x2)
	if got, want := PowInt(x, 7), float64(float64(x*x2)*x4); got != want {
		t.Errorf("PowInt(0.9, 7) = %x, want %x", got, want)
	}
	if PowInt(0.5, math.MaxUint64) != 0 || PowInt(1, math.MaxUint64) != 1 || PowInt(0, 0) != 1 {
		t.Error("PowInt is wrong at its ends")
	}
}
