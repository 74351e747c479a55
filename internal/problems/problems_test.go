package problems

import (
	"math"
	"testing"
)

// difference returns the derivative of f at 0 by central differences of order six.
func difference(f func(h float64) float64, h float64) float64 {
	d := func(k float64) float64 { return f(k*h) - f(-k*h) }
	return (45*d(1) - 9*d(2) + d(3)) / (60 * h)
}

// points returns the start of p and points near it.
func points(p Problem) [][]float64 {
	points := [][]float64{p.Start}
	for k := 1; k < 4; k++ {
		x := append([]float64(nil), p.Start...)
		for j := range x {
			x[j] += (0.05*math.Abs(x[j]) + 0.01) * math.Sin(float64(7*k+3*j))
		}
		points = append(points, x)
	}
	return points
}

// near reports whether a and b agree to 1e-7 of the scale.
func near(a, b, scale float64) bool { return math.Abs(a-b) <= 1e-7*scale }

func TestGradients(t *testing.T) {
	for _, p := range All() {
		for _, x := range points(p) {
			n := len(x)
			g, shifted := make([]float64, n), append([]float64(nil), x...)
			f := p.Value(x, g)
			if again := p.Value(x, nil); again != f {
				t.Errorf("%s: %v with gradient, %v without", p.Name, f, again)
			}
			for j := range x {
				h := 1e-3 * max(math.Abs(x[j]), 1e-2)
				want := difference(func(s float64) float64 {
					shifted[j] = x[j] + s
					defer func() { shifted[j] = x[j] }()
					return p.Value(shifted, nil)
				}, h)
				if !near(g[j], want, math.Abs(want)+1e-5*math.Abs(f)/h+1e-3) {
					t.Errorf("%s at %v: derivative %d is %v, want %v", p.Name, x, j, g[j], want)
				}
			}
		}
	}
}

func TestHessians(t *testing.T) {
	for _, p := range All() {
		if p.Hessian == nil {
			continue
		}
		for _, x := range points(p) {
			n := len(x)
			h, g, shifted := make([]float64, n*n), make([]float64, n), append([]float64(nil), x...)
			p.Hessian(x, h)
			p.Value(x, g)
			top := 0.0
			for _, v := range h {
				top = max(top, math.Abs(v))
			}
			for j := range x {
				rounding := 1e-5 * math.Abs(g[j])
				for k := range x {
					want := difference(func(s float64) float64 {
						shifted[k] = x[k] + s
						defer func() { shifted[k] = x[k] }()
						p.Value(shifted, g)
						return g[j]
					}, 1e-3*max(math.Abs(x[k]), 1e-2))
					if !near(h[j*n+k], want, math.Abs(want)+1e-2*top+1e-3+rounding) {
						t.Errorf("%s at %v: second derivative %d, %d is %v, want %v", p.Name, x, j, k, h[j*n+k], want)
					}
				}
			}
		}
	}
}

func TestAtan(t *testing.T) {
	for _, z := range []float64{0, 1e-300, 1e-9, 0.1, -0.3, 0.999, 1, 1.5, -7, 1e3, 1e17, math.Inf(-1)} {
		if got, want := atan(z), math.Atan(z); math.Abs(got-want) > 4e-16*math.Abs(want) {
			t.Errorf("atan(%v) = %v, want %v", z, got, want)
		}
	}
}
