package optim_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

// A quotient by a norm near the smallest number is too large for the type, and what it multiplies is not.
func TestTinyNorms(t *testing.T) {
	t.Run("type=float32", func(t *testing.T) { testTinyNorms[float32](t, math.SmallestNonzeroFloat32) })
	t.Run("type=float64", func(t *testing.T) { testTinyNorms[float64](t, math.SmallestNonzeroFloat64) })
}

func testTinyNorms[T kernels.Float](t *testing.T, least T) {
	near := func(name string, x []T) {
		if !(x[0] >= 2.9 && x[0] <= 3.1) {
			t.Errorf("%s: a gradient of %g moves 3 to %v", name, least, x[0])
		}
	}
	for _, c := range []optim.Config{optim.LARS{LR: 1e-3}, optim.LAMB{LR: 1e-3, Eps: 1}, optim.Muon{LR: 1e-3}} {
		x := []T{3}
		opt := must(optim.New(c, x))
		for _, factor := range []float64{1, 0} {
			opt.SetSchedule(schedule.Func(func(uint64) float64 { return factor }))
			opt.Step([]T{least})
			near(fmt.Sprintf("%T", c), x)
		}
	}
	x := []T{3}
	must(optim.NewSAM(optim.SAMConfig{}, must(optim.New(optim.SGD{LR: 1}, x)))).Ascend([]T{least})
	near("SAM", x)
}
