package optim_test

import (
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/golden"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

// Steps of sums are those that are given the sums, to the bit, also when a run is saved between and resumed.
func TestAccumulator(t *testing.T) {
	t.Run("type=float32", testAccumulator[float32])
	t.Run("type=float64", testAccumulator[float64])
}

func testAccumulator[T kernels.Float](t *testing.T) {
	const every, last = 3, 20
	x, y := golden.NewParams[T](), golden.NewParams[T]()
	grads, sums := golden.NewParams[T](), golden.NewParams[T]()
	make1 := func(x [][]T) (*optim.Optimizer[T], *optim.Accumulator[T]) {
		opt := must(optim.New(optim.Adam{LR: 0.01}, x...))
		return opt, must(optim.NewAccumulator(opt, every))
	}
	opt, acc := make1(x)
	plain := must(optim.New(optim.Adam{LR: 0.01}, y...))
	for i := range uint64(last) {
		golden.FillGradients(i, y, grads)
		for j := range sums {
			for k, g := range grads[j] {
				if sums[j][k] += g; i%every == 0 {
					sums[j][k] = g
				}
			}
		}
		taken := acc.Add(grads...)
		if i%every == every-1 {
			plain.Step(sums...)
		}
		if taken != (i%every == every-1) || acc.Count() != (i+1)%every {
			t.Fatalf("gradient %d: a step was taken: %v; %d in the sums", i, taken, acc.Count())
		}
		compare(t, "x", x, y)
		if i == 10 {
			c := checkpoint.New()
			opt.Snapshot(c, "opt.")
			acc.Snapshot(c, "acc.")
			x = golden.NewParams[T]()
			opt, acc = make1(x)
			opt.SetEngine(bitstep.On[T](bitstep.Go))
			if err := opt.Restore(c, "opt."); err != nil {
				t.Fatal(err)
			}
			if err := acc.Restore(c, "acc."); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !acc.Flush() || acc.Flush() {
		t.Error("what is left makes no step, or two")
	}
	plain.Step(sums...)
	compare(t, "x at the end", x, y)
}

func TestAccumulatorMistakes(t *testing.T) {
	x := []float32{1, 2}
	opt := must(optim.New(optim.SGD{LR: 1}, x))
	if _, err := optim.NewAccumulator(opt, 0); err == nil ||
		err.Error() != "optim: Accumulator: every = 0, want at least 1" {
		t.Errorf("error %v", err)
	}
	acc := must(optim.NewAccumulator(opt, 2))
	const want = "optim: Accumulator: gradient 0 overlaps parameter 0"
	if got := panics(func() { acc.Add(x) }); got != want || acc.Count() != 0 {
		t.Errorf("panic %q, want %q", got, want)
	}
	acc.Add([]float32{1, 1})
	c := checkpoint.New()
	acc.Snapshot(c, "")
	for want, other := range map[string]*optim.Accumulator[float32]{
		`checkpoint: metadata "every" is 2, but what is to be restored has 3`: must(optim.NewAccumulator(opt, 3)),
		`checkpoint: tensor "sum.0" has shape [2], want [1]`: must(optim.NewAccumulator(
			must(optim.New(optim.SGD{LR: 1}, x[:1])), 2)),
		`checkpoint: metadata "parameters" is 1, but what is to be restored has 2`: must(optim.NewAccumulator(
			must(optim.New(optim.SGD{LR: 1}, x, []float32{3})), 2)),
	} {
		if err := other.Restore(c, ""); err == nil || err.Error() != want || other.Count() != 0 {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	c.SetMetaUint("count", 2)
	if err := acc.Restore(c, ""); err == nil ||
		err.Error() != `checkpoint: metadata "count" = 2, want below 2, which make a step` {
		t.Errorf("error %v", err)
	}
}
