package optim_test

import (
	"math"
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var _ = addFormula(prodigyFormula[float32](), prodigyFormula[float64]())

func prodigyFormula[T kernels.Float]() formula[T] {
	beta1, beta2, eps, first := 0.8, 0.95, 1e-4, 0.01
	return formula[T]{name: "Prodigy", lr: 0.5, states: []string{"m", "v", "s", "start"}, decay: true,
		config: func(wd float64, d bool) optim.Config {
			return optim.Prodigy{LR: 0.5, Beta1: beta1, Beta2: beta2, Eps: eps, Distance: first, WeightDecay: wd,
				Decoupled: d}
		},
		group: func(u *groupStep[T]) {
			d, n := &u.numbers[0], &u.numbers[1]
			if u.t == 1 {
				*d = first
			}
			old, decay, products, sizes := *d, math.Sqrt(beta2), 0.0, 0.0
			weight := (1 - decay) * u.lr * float64(old*old)
			for i, x := range u.x {
				off, sums := make([]T, len(x)), make([]T, len(x))
				for j, g := range u.g[i] {
					s := u.s[i][j]
					if u.t == 1 {
						s[3] = x[j]
					}
					off[j] = s[3] - x[j]
					s[2] = T(T(decay)*s[2]) + T(T(weight)*g)
					sums[j] = s[2]
					if u.decoupled {
						x[j] *= T(1 - float64(old*u.lr*u.wd))
					}
					s[0] = T(T(beta1)*s[0]) + T(T((1-beta1)*old)*g)
					s[1] = T(T(beta2)*s[1]) + T(T(T((1-beta2)*float64(old*old))*g)*g)
					x[j] -= T(T(old*u.lr)*s[0]) / (root(s[1]) + T(old*eps))
				}
				products += float64(kernels.Dot(u.g[i], off))
				sizes += float64(kernels.SumAbs(sums))
			}
			*n = float64(decay*(*n)) + float64(weight*products)
			if sizes > 0 {
				*d = max(old, *n/sizes)
			}
		}}
}

func TestProdigyFields(t *testing.T) {
	testFields(t, optim.Prodigy{}, optim.Prodigy{LR: 1, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, Distance: 1e-6},
		optim.Prodigy{Beta1: 1}, optim.Prodigy{Beta2: 1}, optim.Prodigy{Eps: -1}, optim.Prodigy{Distance: -1},
		optim.Prodigy{Distance: optim.Zero})
}

// The estimate grows from 1e-6 towards the distance, which is 100 here, and does not pass it. Gradients of |x| are what
// its proof is about.
func TestProdigyFindsTheDistance(t *testing.T) {
	x := []float64{100}
	opt := must(optim.New(optim.Prodigy{}, x))
	last := 0.0
	for range 400 {
		opt.Step([]float64{math.Copysign(1, x[0])})
		d := optim.StateOf[float64](opt, "d")[0][0]
		if d < last || d > 100 {
			t.Fatalf("the estimate goes from %v to %v", last, d)
		}
		last = d
	}
	if last < 1 || math.Abs(x[0]) > 50 {
		t.Errorf("after 400 steps the estimate is %v and x = %v", last, x[0])
	}
}
