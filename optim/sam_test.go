package optim_test

import (
	"math"
	"testing"

	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

// The parameters go to x + rho*g/|g|, of all parameters together, and a step leaves from x, to the bit.
func TestSAM(t *testing.T) {
	t.Run("type=float32", testSAM[float32])
	t.Run("type=float64", testSAM[float64])
}

func testSAM[T kernels.Float](t *testing.T) {
	for _, adaptive := range []bool{false, true} {
		for _, maximize := range []bool{false, true} {
			r := edge.Rand(5)
			random := func(i, j int) T { return T(2*r.Float64() - 1) }
			x, g, second := tensors(random), tensors(random), tensors(random)
			y := clone(x)
			opts := optim.Options{Maximize: maximize}
			opt := must(optim.NewGroups(opts, optim.Group[T]{Config: optim.Momentum{LR: 0.1}, Params: x}))
			plain := must(optim.NewGroups(opts, optim.Group[T]{Config: optim.Momentum{LR: 0.1}, Params: y}))
			sam := must(optim.NewSAM(optim.SAMConfig{Rho: 0.25, Adaptive: adaptive}, opt))
			for range 3 {
				direction, sum := clone(g), 0.0
				for i := range direction {
					for j := range direction[i] {
						if adaptive {
							direction[i][j] = T(x[i][j] * g[i][j])
						}
					}
					sum += float64(kernels.SumSquares(direction[i]))
				}
				factor := T(0.25 / math.Sqrt(sum))
				if maximize {
					factor = -factor
				}
				want := clone(x)
				for i := range want {
					for j, d := range direction[i] {
						if adaptive {
							d = T(want[i][j] * d)
						}
						want[i][j] += T(factor * d)
					}
				}
				sam.Ascend(g...)
				compare(t, "x'", x, want)
				sam.Step(second...)
				plain.Step(second...)
				compare(t, "x", x, y)
			}
		}
	}
}

func TestSAMMistakes(t *testing.T) {
	x, g := []float32{1, 2}, []float32{0, 0}
	opt := must(optim.New(optim.SGD{LR: 1}, x))
	sam := must(optim.NewSAM(optim.SAMConfig{}, opt))
	const early = "optim: SAM: Step, want Ascend, which comes before it"
	if got := panics(func() { sam.Step(g) }); got != early {
		t.Errorf("panic %q, want %q", got, early)
	}
	if got := panics(func() { sam.Ascend(x) }); got != "optim: SAM: Ascend: gradient 0 overlaps parameter 0" {
		t.Errorf("panic %q", got)
	}
	sam.Ascend(g)
	if x[0] != 1 || x[1] != 2 {
		t.Errorf("gradients of 0 move x to %v", x)
	}
	if got := panics(func() { sam.Ascend(g) }); got != "optim: SAM: Ascend, want Step, which comes after it" {
		t.Errorf("panic %q", got)
	}
	sam.Step(g)
	sam.Ascend([]float32{float32(math.Inf(1)), 0})
	if x[1] == x[1] {
		t.Errorf("an infinite gradient leads to %v, want NaN", x)
	}
	sam.Step(g)
	if x[0] != 1 || x[1] != 2 {
		t.Errorf("back at %v, want [1 2]", x)
	}
	if _, err := optim.NewSAM(optim.SAMConfig{Rho: -1}, opt); err == nil ||
		err.Error() != "optim: SAM: Rho = -1, want in [0, +Inf)" {
		t.Errorf("error %v", err)
	}
}

// What stands between gradients and steps allocates nothing.
func TestAroundAllocations(t *testing.T) {
	x, g, h := make([]float32, 1000), make([]float32, 1000), make([]float32, 1000)
	x[7], g[7], h[7] = 1, 1, 1
	opt := must(optim.New(optim.SGD{LR: 0.01}, x))
	plain := must(optim.NewSAM(optim.SAMConfig{}, opt))
	adaptive := must(optim.NewSAM(optim.SAMConfig{Adaptive: true}, opt))
	sums := must(optim.NewAccumulator(opt, 2))
	for name, around := range map[string]func(){
		"SAM":          func() { plain.Ascend(g); plain.Step(h) },
		"adaptive SAM": func() { adaptive.Ascend(g); adaptive.Step(h) },
		"Accumulator":  func() { sums.Add(g); sums.Add(h) },
	} {
		got := 1.0
		for try := 0; try < 5 && got != 0; try++ {
			got = testing.AllocsPerRun(5, around)
		}
		if got != 0 && !raceEnabled {
			t.Errorf("%s: %v allocations", name, got)
		}
	}
}
