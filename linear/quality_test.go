package linear

import (
	"math"
	"slices"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/optim"
)

// nearestAdam is Adam with a v in bfloat16 that is rounded to nearest: a wrong one, by which TestQuality is seen to
// tell.
type nearestAdam struct{ LR, WeightDecay float64 }

func (c nearestAdam) Spec() *optim.Spec {
	s := optim.NewSpec("nearestAdam", &c.LR, 1e-3, &c.WeightDecay, false)
	return optim.Bind(s, &c, stepNearest[float32], stepNearest[float64])
}

func stepNearest[T kernels.Float](s *optim.Setup[T], c *nearestAdam) func(*optim.Update[T]) {
	m, v := s.Like("m", 0), s.Like("v", 0)
	s.Scratch(len(m[0]))
	return func(u *optim.Update[T]) {
		u.Prepare(0, u.Scratch[:len(m[0])])
		u.Engine.Adam(u.X[0], m[0], v[0], u.Scratch[:len(m[0])], kernels.NewAdam[T](
			kernels.AdamHyper{LR: u.LR, Beta1: 0.9, Beta2: 0.999, Eps: 1e-7}, u.Step))
		for i, x := range v[0] {
			v[0][i] = T(kernels.NearestBFloat16(float32(x)).Float32())
		}
	}
}

// The classifier's loss over its training set after 2,500 steps, with states or weights in less than float32, is within
// float32's spread: the mean of five seeds is not below the least of the five losses of float32, nor above the
// greatest; and it is as near to the mean of the same seeds in float32 as a tenth of that spread. That of the wrong
// Adam is not.
// The images are more than features can separate: few are learned by heart, with any rounding. Bits are the same
// everywhere, losses too: no bound is met by chance.
func TestQuality(t *testing.T) {
	if testing.Short() || raceEnabled || bitstep.Active() == bitstep.Go {
		t.Skip("without assembly it takes minutes, for bits of which TestArchTrainerBits sees that they are the same")
	}
	images, _, err := dataset.Synthetic{Seed: 1, Train: 8000, Test: 1}.Images(0)
	if err != nil {
		t.Fatal(err)
	}
	e, err := dataset.NewExamples[float32](images, dataset.NewPreprocess(images))
	if err != nil {
		t.Fatal(err)
	}
	d := Data[float32]{Train: NewResidentSet(e, bitstep.On[float32](bitstep.Active()), 1)}
	adam, wrong := optim.Config(optim.Adam{LR: 1e-3}), optim.Config(nearestAdam{LR: 1e-3})
	var full []float64
	var fullMean float64
	for i, s := range []struct {
		name            string
		config          optim.Config
		states, weights optim.Storage
		master          bool
	}{
		{"float32", adam, optim.Full, optim.Full, false},
		{"states in bfloat16", adam, optim.BF16, optim.Full, false},
		{"states in blocks", adam, optim.Block8, optim.Full, false},
		{"all in bfloat16", adam, optim.Full, optim.BF16, false},
		{"weights in bfloat16 with a master", adam, optim.Full, optim.BF16, true},
		{"weights in bfloat16 with a master, states in blocks", adam, optim.Block8, optim.BF16, true},
		{"v in bfloat16, but to nearest", wrong, optim.Full, optim.Full, false},
	} {
		losses, mean := make([]float64, 5), 0.0
		for seed := range losses {
			x := trainer(t, TrainConfig{Loss: Softmax{}, Lambda: 1e-4, Optimizer: s.config, Batch: 32, Epochs: 10,
				Seed: uint64(seed + 1), Weights: s.weights, Threads: 1,
				Options: optim.Options{States: s.states, Master: s.master, Seed: uint64(seed + 1)}}, d)
			r, err := x.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			losses[seed] = r.Train.Loss
			mean += r.Train.Loss / 5
		}
		if i == 0 {
			full, fullMean = losses, mean
		}
		t.Logf("%s: %.4f %.4f", s.name, mean, losses)
		least, greatest := slices.Min(full), slices.Max(full)
		near := mean >= least && mean <= greatest && math.Abs(mean-fullMean) <= (greatest-least)/10
		if right := s.config == adam; near != right {
			t.Errorf("%s has a mean loss of %.4f, float32 of %.4f from %.4f to %.4f: near %v, want %v", s.name, mean,
				fullMean, least, greatest, near, right)
		}
	}
}
