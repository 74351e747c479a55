package minimize

import (
	"math"
	"math/rand/v2"
	"testing"
)

// symmetric returns B*B' + shift*I for a random B, with NaN above the diagonal, which nothing may read.
func symmetric(r *rand.Rand, n int, shift float64) []float64 {
	b, a := make([]float64, n*n), make([]float64, n*n)
	for i := range b {
		b[i] = r.Float64() - 0.5
	}
	for i := range n {
		for j := range n {
			a[i*n+j] = math.NaN()
			if j <= i {
				a[i*n+j] = 0
				for k := range n {
					a[i*n+j] += b[i*n+k] * b[j*n+k]
				}
			}
		}
		a[i*n+i] += shift
	}
	return a
}

func TestCholesky(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for n := range 20 {
		a, l, x := symmetric(r, n, 0.01), make([]float64, n*n), make([]float64, n)
		if tau, ok := choleskyDamped(l, a, n); !ok || tau != 0 {
			t.Fatalf("%d: not positive definite: tau = %v", n, tau)
		}
		for i := range n {
			x[i] = r.Float64()
			for j := range i + 1 {
				sum := 0.0
				for k := range j + 1 {
					sum += l[i*n+k] * l[j*n+k]
				}
				if math.Abs(sum-a[i*n+j]) > 1e-14*float64(n) {
					t.Errorf("%d: product %d, %d is %v, want %v", n, i, j, sum, a[i*n+j])
				}
			}
		}
		b := append([]float64(nil), x...)
		choleskySolve(l, x, n)
		for i := range n {
			sum := 0.0
			for j := range n {
				sum += a[max(i, j)*n+min(i, j)] * x[j]
			}
			if math.Abs(sum-b[i]) > 1e-10 {
				t.Errorf("%d: row %d of A*x is %v, want %v", n, i, sum, b[i])
			}
		}
		in := append([]float64(nil), a...) // in place
		if !cholesky(in, in, n, 0) || n > 0 && in[n*n-1] != l[n*n-1] {
			t.Errorf("%d: in place differs", n)
		}
	}
}

// Damping makes any finite matrix positive definite, with a tau not far beyond what is needed.
func TestCholeskyDamping(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 200 {
		n := 1 + r.IntN(10)
		a, l := symmetric(r, n, -3*r.Float64()), make([]float64, n*n)
		tau, ok := choleskyDamped(l, a, n)
		if !ok {
			t.Fatalf("%v: no tau", a)
		}
		largest := 0.0
		for i := range n {
			largest = max(largest, math.Abs(a[i*n+i]))
		}
		if !cholesky(l, a, n, tau) || tau > 0 && cholesky(l, a, n, tau/4-0.01*largest) {
			t.Errorf("%v: tau = %v", a, tau)
		}
	}
	for _, a := range [][]float64{{0}, {-5}, {1e-300}, {1e300}, {0, 0, 1, 0}, {-1e308},
		{0x1p-1070, 0, 1, 0x1p-1070}, {0x1p-1074, 0, 0x1p-1070, 0x1p-1074}} {
		n := int(math.Sqrt(float64(len(a))))
		if tau, ok := choleskyDamped(make([]float64, len(a)), a, n); !ok {
			t.Errorf("%v: tau = %v", a, tau)
		}
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for _, at := range []int{0, 2, 3} {
			a := []float64{1, 0, 0, 1}
			a[at] = bad
			if _, ok := choleskyDamped(make([]float64, 4), a, 2); ok {
				t.Errorf("%v is positive definite", a)
			}
		}
	}
}
