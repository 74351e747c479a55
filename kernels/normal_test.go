package kernels

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Moments are within five standard errors of the normal distribution's, and the largest distance of the
// empirical distribution from it within the Kolmogorov-Smirnov bound of 1 in 10,000.
func TestNormalDistribution(t *testing.T) {
	const n = 200000
	sources := map[string]rand.Source{"PCG": rand.NewPCG(7, 8), "ChaCha8": rand.NewChaCha8([32]byte{7})}
	for name, source := range sources {
		r := rand.New(source)
		x := make([]float64, n)
		var m [5]float64
		product := 0. // of neighbours: they are independent
		for i := range x {
			x[i] = Normal(r)
			power := 1.
			for k := range m {
				m[k] += power / n
				power *= x[i]
			}
			if i > 0 {
				product += x[i] * x[i-1] / n
			}
		}
		// The variances of x^k are 1, 2, 15 and 96; that of a product of neighbours is 1.
		for i, c := range [][3]float64{{m[1], 0, 1}, {m[2], 1, 2}, {m[3], 0, 15}, {m[4], 3, 96}, {product, 0, 1}} {
			if bound := 5 * math.Sqrt(c[2]/n); math.Abs(c[0]-c[1]) > bound {
				t.Errorf("%s: moment %d is %v, want %v within %v", name, i+1, c[0], c[1], bound)
			}
		}
		slices.Sort(x)
		worst := 0.
		for i, v := range x {
			p := math.Erfc(-v/math.Sqrt2) / 2
			worst = max(worst, p-float64(i)/n, float64(i+1)/n-p)
		}
		if bound := 2.23 / math.Sqrt(n); worst > bound {
			t.Errorf("%s: the distribution is off by %v, want at most %v", name, worst, bound)
		}
		if x[0] > -4 || x[n-1] < 4 {
			t.Errorf("%s: the tails end at %v and %v", name, x[0], x[n-1])
		}
	}
}

// The first numbers are the polar method's, written out with package math.
func TestNormalFormula(t *testing.T) {
	r, same := rand.New(rand.NewPCG(3, 4)), rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		got, want := Normal(r), 0.
		for want == 0 {
			x, y := 2*same.Float64()-1, 2*same.Float64()-1
			if radius := math.Hypot(x, y); radius < 1 {
				want = x / radius * math.Sqrt(-4*math.Log(radius))
			}
		}
		if math.Abs(got-want) > 1e-14*math.Abs(want)+1e-14 {
			t.Fatalf("Normal = %v, want %v", got, want)
		}
	}
}
