package optim_test

import (
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var _ = addWhole(optim.SparseAdam{})

// Rows without a gradient stay as they are, parameters, means and decay; the others are the formula's, with the
// optimizer's count of steps.
func TestArchSparseAdam(t *testing.T) {
	t.Run("type=float32", testSparseAdam[float32])
	t.Run("type=float64", testSparseAdam[float64])
}

func testSparseAdam[T kernels.Float](t *testing.T) {
	beta1, beta2, eps, lr, wd := 0.8, 0.95, 1e-5, 0.01, 0.03
	for _, shapes := range [][][]int{
		{{9, 5}, {0, 3}, {4}, {}}, {{3, 5, 3}, {7, 0}, {1, 4}, {1}}, {{45}, {0}, {4}, {1}}} {
		for _, b := range bitstep.Backends() {
			r := edge.Rand(3)
			var x, grad, want, m, v [][]T
			for _, n := range []int{45, 0, 4, 1} {
				p := make([]T, n)
				for i := range p {
					p[i] = T(2*r.Float64() - 1)
				}
				x, want = append(x, p), append(want, append([]T{}, p...))
				grad, m, v = append(grad, make([]T, n)), append(m, make([]T, n)), append(v, make([]T, n))
			}
			config := optim.SparseAdam{LR: lr, Beta1: beta1, Beta2: beta2, Eps: eps, WeightDecay: wd, Decoupled: true}
			opt := must(optim.NewGroups(optim.Options{}, optim.Group[T]{Params: x, Shapes: shapes, Config: config}))
			opt.SetEngine(bitstep.On[T](b))
			for step := uint64(1); step <= 8; step++ {
				power1, power2 := kernels.PowInt(beta1, step), kernels.PowInt(beta2, step)
				rate := float64(lr*float64(root(1-power2))) / (1 - power1)
				for p, g := range grad {
					size := 1
					if len(shapes[p]) > 0 && len(g) > 0 {
						size = len(g) / shapes[p][0]
					}
					for row := 0; row < len(g); row += size {
						used := r.IntN(3) > 0
						for i := row; i < row+size; i++ {
							g[i] = 0
							if used && (i == row+size-1 || r.IntN(2) == 0) { // the last one is not 0
								g[i] = T(r.Float64() + 0.1)
							}
						}
						for i := row; used && i < row+size; i++ {
							want[p][i] *= T(1 - float64(lr*wd))
							m[p][i] = T(T(beta1)*m[p][i]) + T(T(1-beta1)*g[i])
							v[p][i] = T(T(beta2)*v[p][i]) + T(T(T(1-beta2)*g[i])*g[i])
							want[p][i] -= T(T(rate)*m[p][i]) / (root(v[p][i]) + T(eps))
						}
					}
				}
				opt.Step(grad...)
			}
			compare(t, b.String()+" x", opt.Params(), want)
			compare(t, b.String()+" m", opt.State("m"), m)
			compare(t, b.String()+" v", opt.State("v"), v)
		}
	}
}

func TestSparseAdamFields(t *testing.T) {
	want := optim.SparseAdam{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}
	if got := must(optim.New(optim.SparseAdam{}, []float32{1})).Config(0); got != want {
		t.Errorf("defaults %+v, want %+v", got, want)
	}
	for _, bad := range []optim.SparseAdam{{Beta1: 1}, {Beta2: 1}, {Eps: -1}} {
		if _, err := optim.New(bad, []float32{1}); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}
