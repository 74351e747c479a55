package roots

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Powers of 4 in x change exponents alone, wherever the guard lets a root pass: the ranges of docs/exact-sqrt.md.
func TestArchScaling(t *testing.T) {
	r, count := rand.New(rand.NewPCG(7, 8)), 500
	if testing.Short() {
		count = 60
	}
	for _, c := range []struct {
		f           Form
		least, most int // exponents of roots
	}{{Single14, -40, 62}, {Single12, -40, 62}, {Double14, -450, 510}, {Double21, -62, 62}} {
		for i := range count {
			x := rounded(c.f, 1+3*r.Float64())
			if hard := HardCases(c.f.Bits, 32); i < len(hard) {
				x = hard[i].X
			}
			h := estimate(c.f, r, x)
			for j := c.least; j <= c.most; j++ {
				got := root(c.f, math.Ldexp(x, 2*j), math.Ldexp(h, -j))
				if want := math.Ldexp(want(c.f, x), j); got != want {
					t.Fatalf("%s: sqrt(%x * 4^%d) = %x, want %x", c.f.Name, x, j, got, want)
				}
			}
		}
	}
}
