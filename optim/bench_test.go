package optim_test

import (
	"fmt"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

// A step of Adam beside its kernel alone, on one thread: what the optimizer adds, for many small tensors and
// for one out of cache, and what a norm's reading costs.
func BenchmarkStep(b *testing.B) {
	for _, s := range []struct{ tensors, n int }{{100, 64}, {1, 1 << 22}} {
		for _, clip := range []float64{0, 1} {
			b.Run(fmt.Sprintf("step=optimizer/tensors=%d/n=%d/clip=%v", s.tensors, s.n, clip), func(b *testing.B) {
				var params, grads [][]float32
				for range s.tensors {
					params, grads = append(params, make([]float32, s.n)), append(grads, make([]float32, s.n))
				}
				grads[0][0] = 1
				opt := must(optim.NewGroups(optim.Options{ClipNorm: clip},
					optim.Group[float32]{Config: optim.Adam{}, Params: params}))
				opt.SetEngine(bitstep.On[float32](bitstep.Active()).Threads(1))
				b.SetBytes(int64(7 * 4 * s.tensors * s.n))
				for b.Loop() {
					opt.Step(grads...)
				}
			})
		}
		b.Run(fmt.Sprintf("step=kernel/tensors=%d/n=%d", s.tensors, s.n), func(b *testing.B) {
			var op [4][][]float32
			for range s.tensors {
				for i := range op {
					op[i] = append(op[i], make([]float32, s.n))
				}
			}
			k := bitstep.On[float32](bitstep.Active()).Threads(1)
			c := kernels.NewAdam[float32](kernels.AdamHyper{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-7}, 1)
			b.SetBytes(int64(7 * 4 * s.tensors * s.n))
			for b.Loop() {
				for i := range op[0] {
					k.Adam(op[0][i], op[1][i], op[2][i], op[3][i], c)
				}
			}
		})
	}
}
