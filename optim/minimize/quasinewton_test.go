package minimize_test

import (
	"context"
	"encoding/binary"
	"hash/fnv"
	"math"
	"slices"
	"testing"

	"github.com/bitstep-go/bitstep/internal/problems"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim/minimize"
)

// inverse returns the inverse Hessian that BFGS makes of gamma*I and pairs of changes, by the product form of the
// update: H' = V'*H*V + rho*s*s', V = I - rho*y*s'.
func inverse(gamma float64, s, y [][]float64) [][]float64 {
	n := len(s[0])
	h := make([][]float64, n)
	for i := range h {
		h[i] = make([]float64, n)
		h[i][i] = gamma
	}
	product := func(a, b [][]float64) [][]float64 {
		c := make([][]float64, n)
		for i := range c {
			c[i] = make([]float64, n)
			for j := range n {
				for k := range n {
					c[i][j] += a[i][k] * b[k][j]
				}
			}
		}
		return c
	}
	for p := range s {
		rho := 1 / inner(s[p], y[p])
		v, vt := make([][]float64, n), make([][]float64, n)
		for i := range n {
			v[i], vt[i] = make([]float64, n), make([]float64, n)
			for j := range n {
				v[i][j], vt[i][j] = -rho*y[p][i]*s[p][j], -rho*s[p][i]*y[p][j]
			}
			v[i][i]++
			vt[i][i]++
		}
		h = product(product(vt, h), v)
		for i := range n {
			for j := range n {
				h[i][j] += rho * s[p][i] * s[p][j]
			}
		}
	}
	return h
}

func inner(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// The directions are those of the textbook's matrices: of all changes for BFGS, started from the first change's
// gamma; of the last Memory changes for L-BFGS, started from the last one's.
func TestDirectionsAreTheFormulas(t *testing.T) {
	for _, name := range []string{"Wood", "Powell singular", "Logistic regression", "Trigonometric",
		"Broyden tridiagonal"} {
		p := problems.Named(name)
		for _, memory := range []int{0, 1, 3, 10} { // 0: BFGS
			var x, g [][]float64
			var steps []float64
			record := func(it minimize.Iterate[float64]) bool {
				x, g = append(x, slices.Clone(it.X)), append(g, slices.Clone(it.Grad))
				steps = append(steps, it.Step)
				return it.Iteration == 14
			}
			var err error
			if memory == 0 {
				_, err = minimize.BFGS[float64]{OnIteration: record}.Minimize(context.Background(), p.Value,
					slices.Clone(p.Start))
			} else {
				_, err = minimize.LBFGS[float64]{Memory: memory, OnIteration: record}.Minimize(context.Background(),
					p.Value, slices.Clone(p.Start))
			}
			if err != nil || len(x) < 8 {
				t.Fatalf("%s: %d iterates, %v", name, len(x), err)
			}
			var s, y [][]float64
			for k := 1; k < len(x); k++ {
				ds, dy := make([]float64, len(x[0])), make([]float64, len(x[0]))
				for i := range ds {
					ds[i], dy[i] = x[k][i]-x[k-1][i], g[k][i]-g[k-1][i]
				}
				if k > 1 {
					from, of := 0, 0
					if memory > 0 {
						from, of = max(0, len(s)-memory), len(s)-1
					}
					h := inverse(inner(s[of], y[of])/inner(y[of], y[of]), s[from:], y[from:])
					for i := range ds {
						want := -steps[k] * inner(h[i], g[k-1])
						if scale := kernels.MaxAbs(ds); math.Abs(ds[i]-want) > 1e-6*scale {
							t.Errorf("%s, memory %d: step %d moves x[%d] by %v, want %v",
								name, memory, k, i, ds[i], want)
						}
					}
				}
				s, y = append(s, ds), append(y, dy)
			}
		}
	}
}

// Backtracking solves what the strong Wolfe search solves, and Newton's method what has a Hessian.
func TestBacktrackingAndNewtonSolve(t *testing.T) {
	for _, p := range problems.All() {
		for _, backtracking := range []bool{false, true} {
			each(t, func(t *testing.T, method string) {
				if method == "Newton" && p.Hessian == nil || method != "Newton" && !backtracking ||
					p.Name == "Meyer" { // whose gradient's rounding is larger than the tolerance
					return
				}
				x := slices.Clone(p.Start)
				r, err := runMethod(context.Background(), method,
					shared[float64]{line: minimize.LineSearch{Backtracking: backtracking}}, p.Value, p.Hessian, x)
				if end := (outcome{f: r.F, norm: r.GradNorm}); err != nil || !end.solved(p) {
					t.Errorf("%s, backtracking %v: %+v, %v", p.Name, backtracking, r, err)
				}
			})
		}
	}
}

// Objectives made of noise, with values and derivatives that are not finite here and there: a minimization ends,
// at a point that was evaluated and is not above the start.
func TestSenselessObjectives(t *testing.T) {
	for seed := range uint64(300) {
		each(t, func(t *testing.T, method string) {
			values := map[[2]float64]float64{}
			noise := func(x []float64, k uint64) float64 {
				h := fnv.New64a()
				binary.Write(h, binary.LittleEndian, []uint64{seed, k, math.Float64bits(x[0]), math.Float64bits(x[1])})
				u := h.Sum64()
				switch u >> 8 % 40 {
				case 0:
					return math.NaN()
				case 1:
					return math.Inf(1)
				case 2:
					return math.Inf(-1)
				case 3:
					return math.Ldexp(float64(int64(u)), 950)
				case 4:
					return math.Ldexp(float64(int64(u)), -1100)
				}
				return float64(int64(u)) / (1 << 62)
			}
			f := func(x, grad []float64) float64 {
				value, start := noise(x, 0), x[0] == 1 && x[1] == 2
				if start {
					value = 1
				}
				for i := range grad {
					grad[i] = noise(x, uint64(i+1))
					if start {
						grad[i] = float64(i + 1)
					}
				}
				values[[2]float64(x)] = value
				return value
			}
			x := []float64{1, 2}
			r, _ := runMethod(context.Background(), method, shared[float64]{stop: minimize.Stop{Iterations: 200},
				line: minimize.LineSearch{Backtracking: seed%2 == 1}}, f, func(x, h []float64) {
				for i := range h {
					h[i] = noise(x, uint64(i+7))
				}
			}, x)
			value, known := values[[2]float64(x)]
			if !known || value != r.F || !(r.F <= 1+1e-9) || r.Status == minimize.Unfinished ||
				r.GradNorm != r.GradNorm {
				t.Errorf("seed %d: %+v at %v, where the value is %v (%v)", seed, r, x, value, known)
			}
		})
	}
}

// An iteration reads or writes ten vectors for each change in memory, and some 25 besides; in between is the
// objective.
func BenchmarkLBFGS(b *testing.B) {
	const n = 1 << 20
	x := make([]float32, n)
	for i := range x {
		x[i] = 1
	}
	spent := 0
	f := func(x, grad []float32) float64 {
		spent++
		for i := range grad {
			grad[i] = x[i] * float32(1+i&1023)
		}
		return float64(kernels.Dot(x[:1024], grad[:1024]))
	}
	b.SetBytes(4 * n * (10*10 + 25))
	stop := minimize.Stop{Iterations: b.N, Gradient: minimize.Zero}
	b.ResetTimer()
	r, _ := minimize.LBFGS[float32]{Stop: stop}.Minimize(context.Background(), f, x)
	if r.Iterations < b.N {
		b.Logf("only %d iterations of %d", r.Iterations, b.N)
	}
}
