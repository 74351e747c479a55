package optim_test

import (
	"math"
	"testing"

	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

// Formulations that are the same in exact arithmetic.

// pace is a bound on the difference between two of them after n steps on the same gradients, |g| <= 1. With
// u the unit roundoff and V = 1/(1-rho), velocities are at most lr*V, and each of their updates rounds at
// most four times (products, the sum, and scalars that were rounded): an error of 4*u*lr*V a step, which
// momentum carries on to at most 4*u*lr*V^2. An update of x passes on at most 3 such errors (1+2*rho < 3),
// rounds at most 3 products of size 2*lr*V, and twice a number of the size of x. There are two runs; a last
// looking ahead is one update more.
func pace[T kernels.Float](n int, lr, rho, x float64) float64 {
	v := 1 / (1 - rho)
	return 2 * float64(n+1) * unit[T]() * (12*lr*v*v + 6*lr*v + 2*x)
}

// unit is the unit roundoff.
func unit[T kernels.Float]() float64 {
	if _, ok := any(T(0)).(float32); ok {
		return 0x1p-24
	}
	return 0x1p-53
}

// shaken returns n gradients in [-1, 1].
func shaken[T kernels.Float](n, size int) (all [][]T) {
	r := edge.Rand(5)
	for range n {
		g := make([]T, size)
		for i := range g {
			g[i] = T(2*r.Float64() - 1)
		}
		all = append(all, g)
	}
	return all
}

// walk returns the points after each step on given gradients, and the largest |x|.
func walk[T kernels.Float](c optim.Config, grads [][]T, ahead bool) (points [][]T, largest float64) {
	x := make([]T, len(grads[0]))
	opt := must(optim.New(c, x))
	for _, g := range grads {
		opt.Step(g)
		at := append([]T{}, x...)
		if ahead {
			opt.LookAhead(at)
		}
		points = append(points, at)
		for i := range x {
			largest = max(largest, math.Abs(float64(x[i])), math.Abs(float64(at[i])))
		}
	}
	return points, largest
}

func TestFormulationsAgree(t *testing.T) {
	t.Run("type=float32", testFormulationsAgree[float32])
	t.Run("type=float64", testFormulationsAgree[float64])
}

func testFormulationsAgree[T kernels.Float](t *testing.T) {
	const n, lr, rho = 400, 0.01, 0.9
	grads := shaken[T](n, 33)
	for _, pair := range []struct {
		name  string
		a, b  optim.Config
		ahead bool // b's points are those that it looks ahead to
	}{
		{"the two formulations of momentum", optim.Momentum{LR: lr, Rho: rho},
			optim.MomentumVelocity{LR: lr, Rho: rho}, false},
		{"Nesterov by change of variables and by looking ahead", optim.Nesterov{LR: lr, Rho: rho},
			optim.MomentumVelocity{LR: lr, Rho: rho}, true},
		{"the lecture's Nesterov and torch's", optim.Nesterov{LR: lr, Rho: rho},
			optim.NesterovTorch{LR: lr, Rho: rho}, false},
	} {
		a, sizeA := walk(pair.a, grads, false)
		b, sizeB := walk(pair.b, grads, pair.ahead)
		worst := 0.0
		for step := range a {
			for i := range a[step] {
				diff := math.Abs(float64(a[step][i]) - float64(b[step][i]))
				if bound := pace[T](step+1, lr, rho, max(sizeA, sizeB)); diff > bound {
					t.Fatalf("%s: step %d: %v and %v differ by more than %v", pair.name, step, a[step][i], b[step][i],
						bound)
				}
				worst = max(worst, diff)
			}
		}
		t.Logf("%s: largest difference %v", pair.name, worst)
	}
}

// With a rate that is a power of 2 each number of one formulation is exactly that multiple of the other's:
// scaling by it commutes with rounding. The same gradients, here even those at x, give the same x.
func TestArchMomentumFormulations(t *testing.T) {
	t.Run("type=float32", testMomentumFormulations[float32])
	t.Run("type=float64", testMomentumFormulations[float64])
}

func testMomentumFormulations[T kernels.Float](t *testing.T) {
	for _, lr := range []float64{0x1p-3, 0x1p-7} {
		x := tensors(func(i, j int) T { return T(6*i-2*j+1) / 14 }) // none is 0, whose sign could differ
		y := clone(x)
		a := must(optim.New(optim.Momentum{LR: lr, Rho: 0.9}, x...))
		b := must(optim.New(optim.MomentumVelocity{LR: lr, Rho: 0.9}, y...))
		for range 50 {
			gx, gy := clone(x), clone(y)
			for i := range gx {
				for j := range gx[i] {
					gx[i][j] *= T(1+j%5) / 10
					gy[i][j] *= T(1+j%5) / 10
				}
			}
			a.Step(gx...)
			b.Step(gy...)
		}
		compare(t, "x", y, x)
		for i, v := range a.State("v") {
			for j := range v {
				if want := T(T(-lr) * v[j]); !edge.Same(b.State("v")[i][j], want) {
					t.Fatalf("v[%d][%d] = %x, want %x", i, j, b.State("v")[i][j], want)
				}
			}
		}
	}
}

// With dyadic rate and momentum, and as few steps as leave no bit to round, looking ahead and the change of
// variables visit exactly the same points.
func TestArchNesterovForms(t *testing.T) {
	x, y := []float64{3, -5}, []float64{3, -5}
	ahead := must(optim.New(optim.MomentumVelocity{LR: 0.25, Rho: 0.5}, x))
	changed := must(optim.New(optim.Nesterov{LR: 0.25, Rho: 0.5}, y))
	at, g := make([]float64, 2), make([]float64, 2)
	for range 14 {
		ahead.LookAhead(at)
		compare(t, "the point of the gradient", [][]float64{at}, [][]float64{y})
		for i := range g { // of x*x*(i+1)/2
			g[i] = at[i] * float64(i+1)
		}
		ahead.Step(g)
		changed.Step(g)
	}
	if y[0] == 3 {
		t.Error("nothing moved")
	}
}

// LookAhead is x for algorithms that take the gradient there.
func TestLookAhead(t *testing.T) {
	for _, c := range every() {
		x, dst := []float64{1, 2, 3}, make([]float64, 3)
		opt := must(optim.New(c, x))
		opt.Step([]float64{1, -1, 2})
		opt.LookAhead(dst)
		want := append([]float64{}, x...)
		if c, ok := c.(optim.MomentumVelocity); ok {
			for i, v := range opt.State("v")[0] {
				want[i] += float64(0.9 * v)
			}
			if want[0] == x[0] {
				t.Errorf("%T does not look ahead", c)
			}
		}
		compare(t, "the point", [][]float64{dst}, [][]float64{want})
	}
}

// Without bias correction Adam's first step is (1-beta1)/sqrt(1-beta2) = 3.16 times as long as the rate,
// whatever the gradient: v starts from 0 and holds only a thousandth of the first square, m a tenth of the
// first gradient. The corrected form steps by the rate. This is the problem that the lecture shows.
func TestAdamFirstStep(t *testing.T) {
	for _, g := range []float64{1e3, 1, -1e-2} {
		almost, full := []float64{0}, []float64{0}
		must(optim.New(optim.Adam{LR: 1e-3, NoBiasCorrection: true}, almost)).Step([]float64{g})
		must(optim.New(optim.Adam{LR: 1e-3}, full)).Step([]float64{g})
		// eps is at most 1e-5 of |g|; sqrt(v) is sqrt(1-beta2)*|g|, which eps changes by 1e-5/0.0316.
		if got, want := math.Abs(almost[0]), 1e-3*0.1/math.Sqrt(0.001); math.Abs(got/want-1) > 4e-4 {
			t.Errorf("gradient %v: the almost form's first step is %v, want %v", g, got, want)
		}
		if got := math.Abs(full[0]); math.Abs(got/1e-3-1) > 2e-5 {
			t.Errorf("gradient %v: the full form's first step is %v, want 0.001", g, got)
		}
		if almost[0]*g > 0 || full[0]*g > 0 {
			t.Errorf("gradient %v: steps %v and %v go up", g, almost[0], full[0])
		}
	}
}
