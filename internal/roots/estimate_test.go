package roots

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
)

// relative is the relative error of an estimate of 1/(2*sqrt(x)).
func relative(h, x float64) float64 { return float64(2*h*math.Sqrt(x)) - 1 }

// The table's error is largest at the ends of its intervals, since it is constant between.
func TestArchFRSQRTE(t *testing.T) {
	largest := 0.0
	for i := range 256 { // intervals of x in [1/4, 1)
		low, width := .25+float64(i)/512, 1./512
		if i >= 128 {
			low, width = .5+float64(i-128)/256, 1./256
		}
		y := FRSQRTE(low)
		if inside := math.Nextafter(low+width, 0); FRSQRTE(inside) != y {
			t.Errorf("FRSQRTE changes between %g and %g", low, inside)
		}
		for _, x := range []float64{low, low + width} {
			largest = max(largest, math.Abs(relative(y/2, x)))
		}
	}
	t.Logf("FRSQRTE errs by 2^%.2f", math.Log2(largest))
	// The step leaves 3/2*e^2 + e^3/2, and three roundings.
	if after := 1.5*largest*largest + largest*largest*largest/2 + 3*0x1p-24; after > Double14.Error {
		t.Errorf("a step of FRSQRTS leaves 2^%.2f", math.Log2(after))
	}
}

// From NEON's estimate, which the architecture fixes, all float32 roots are right.
func TestArchNEON(t *testing.T) {
	step, largest := uint32(1), 0.0
	if testing.Short() {
		step = 61
	}
	for bits := math.Float32bits(1); bits < math.Float32bits(4); bits += step {
		x := math.Float32frombits(bits)
		h := NEON(x, kernels.FMA)
		largest = max(largest, math.Abs(relative(float64(h), float64(x))))
		if got, want := Root(Single14, x, h, kernels.FMA), float32(math.Sqrt(float64(x))); got != want {
			t.Fatalf("sqrt(%x) = %x, want %x", x, got, want)
		}
	}
	t.Logf("NEON's estimate errs by 2^%.2f in float32", math.Log2(largest))
	if largest > Single14.Error {
		t.Errorf("NEON's estimate errs by 2^%.2f", math.Log2(largest))
	}
	for _, c := range HardCases(53, 400) {
		h := NEON(c.X, math.FMA)
		if e := relative(h, c.X); math.Abs(e) > Double14.Error {
			t.Errorf("NEON's estimate errs by %g at %x", e, c.X)
		}
		if got := Root(Double14, c.X, h, math.FMA); got != math.Sqrt(c.X) {
			t.Errorf("sqrt(%x) = %x", c.X, got)
		}
	}
}

// A seed for Double21 has the error that Double21 may start from, whatever the estimate in float32.
func TestArchSeed(t *testing.T) {
	r, largest := rand.New(rand.NewPCG(9, 10)), 0.0
	check := func(x, h float64) {
		e := relative(Seed(x, float32(h), kernels.FMA), x)
		if largest = max(largest, math.Abs(e)); math.Abs(e) > Double21.Error {
			t.Fatalf("the seed of %x from %x errs by %g", x, h, e)
		}
	}
	for _, c := range HardCases(53, 8) {
		for h := range Estimates(Single12, float32(c.X)) {
			check(c.X, float64(h))
		}
	}
	for range 200000 {
		x := 1 + 3*r.Float64()
		check(x, estimate(Single12, r, float64(float32(x))))
	}
	t.Logf("seeds err by %.3g", largest)
}
