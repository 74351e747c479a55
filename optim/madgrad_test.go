package optim_test

import (
	"math"
	"testing"

	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var _ = addFormula(madgradFormula[float32](), madgradFormula[float64]())

func madgradFormula[T kernels.Float]() formula[T] {
	rho, eps := 0.75, 1e-3
	return formula[T]{name: "MADGRAD", lr: 0.01, states: []string{"s", "v", "start"}, decay: true,
		config: func(wd float64, d bool) optim.Config {
			return optim.MADGRAD{LR: 0.01, Rho: rho, Eps: eps, WeightDecay: wd, Decoupled: d}
		},
		group: func(u *groupStep[T]) {
			for i, x := range u.x {
				for j, g := range u.g[i] {
					s := u.s[i][j]
					if u.t == 1 {
						s[2] = x[j]
					}
					if u.decoupled {
						x[j] *= T(1 - float64(u.lr*u.wd))
					}
					weighted := T(T(u.lr*math.Sqrt(float64(u.t))) * g)
					s[0] += weighted
					s[1] += T(weighted * g)
					target := s[2] - s[0]/(rootOf3(max(s[1], 1e-36))+T(eps))
					x[j] = T(T(rho)*x[j]) + T(T(1-rho)*target)
				}
			}
		}}
}

// rootOf3 is the cube root as kernels.MADGRAD says that it rounds.
func rootOf3[T kernels.Float](w T) T {
	a := root(root(w))
	b := root(root(a))
	c := root(root(b))
	r := T(a * b)
	r *= T(c * root(root(c)))
	for range 3 {
		cube := T(T(r*r) * r)
		r += T(r * ((w - cube) / (cube + cube + w)))
	}
	return r
}

// The cube root is right to a unit in the last place.
func TestMADGRADCubeRoot(t *testing.T) {
	t.Run("type=float32", testMADGRADCubeRoot[float32])
	t.Run("type=float64", testMADGRADCubeRoot[float64])
}

func testMADGRADCubeRoot[T kernels.Float](t *testing.T) {
	r, worst := edge.Rand(3), 0.0
	for range 5000 {
		w := T(math.Exp(r.Float64()*74*math.Ln10 - 36*math.Ln10))
		x := []T{0}
		opt := must(optim.New(optim.MADGRAD{LR: 1, Rho: optim.Zero, Eps: optim.Zero}, x))
		opt.State("v")[0][0] = w
		opt.State("s")[0][0] = -1
		opt.Step([]T{0})
		want := 1 / math.Cbrt(float64(w))
		off := math.Abs(float64(x[0])/want-1) / unit[T]()
		worst = max(worst, off) // a unit of the root, and half of one of the quotient, whose units may be half as large
		if !(off <= 3) {
			t.Fatalf("1 over the cube root of %v: %v, want %v", w, x[0], want)
		}
	}
	t.Logf("at most %.2f units", worst)
}

func TestMADGRADFields(t *testing.T) {
	testFields(t, optim.MADGRAD{}, optim.MADGRAD{LR: 0.01, Rho: 0.9, Eps: 1e-6},
		optim.MADGRAD{Rho: 1}, optim.MADGRAD{Eps: -1}, optim.MADGRAD{LR: -1})
	x := []float32{1, 2}
	must(optim.New(optim.MADGRAD{Eps: optim.Zero}, x)).Step([]float32{0, 1})
	if x[0] != 1 || !(x[1] < 2) {
		t.Errorf("gradients of 0 and 1 lead from [1 2] to %v", x)
	}
}
