package golden

import (
	"fmt"
	"sync"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/optim"
)

// A Training is one line of testdata/weights.txt: a few steps of a linear classifier on the small set.
type Training struct {
	Loss      linear.Loss
	Type      string // float32 or float64
	Optimizer string // as optim.ParseConfig has it
}

// String is the training's name in the file.
func (t Training) String() string { return fmt.Sprintf("%s %s %s", t.Loss.Name(), t.Type, t.Optimizer) }

// Trainings lists the lines of the file.
func Trainings() []Training {
	var all []Training
	for _, loss := range linear.Losses() {
		if loss.Target() != linear.Classes {
			continue
		}
		for _, typ := range []string{"float32", "float64"} {
			for _, optimizer := range []string{"sgd", "momentum", "rmsprop", "adam"} {
				all = append(all, Training{loss, typ, optimizer})
			}
		}
	}
	return all
}

// smallSet makes the first 70 examples of the set in testdata.
var smallSet = sync.OnceValues(func() (*dataset.Images, error) {
	train, _, err := dataset.Synthetic{Seed: 1, Train: 70, Test: 1}.Images(0)
	return train, err
})

// Run returns the hash of the weights after the last step, made by a backend and so many threads from the
// pixels, or with resident from rows in memory. In float32 there are two steps, of a whole block of examples
// and two more, and of the four that then are left of 70; in float64, where fused multiply-adds are software
// on some machines, three of eight examples.
func (t Training) Run(b bitstep.Backend, threads int, resident bool) (string, error) {
	train, err := smallSet()
	if err != nil {
		return "", err
	}
	config, err := optim.ParseConfig(t.Optimizer, 0.001)
	if err != nil {
		return "", err
	}
	c := linear.TrainConfig{Loss: t.Loss, Lambda: 0.001, Optimizer: config, Batch: 66, Seed: 1, Threads: threads}
	if t.Type == "float32" {
		return trainSteps[float32](c, train, b, resident, 2)
	}
	c.Batch = 8
	return trainSteps[float64](c, train, b, resident, 3)
}

func trainSteps[T kernels.Float](c linear.TrainConfig, d *dataset.Images, b bitstep.Backend, resident bool,
	steps int) (string, error) {
	examples, err := dataset.NewExamples[T](d, dataset.NewPreprocess(d))
	if err != nil {
		return "", err
	}
	set := linear.NewSet(examples)
	if resident {
		set = linear.NewResidentSet(examples, bitstep.On[T](b), c.Threads)
	}
	trainer, err := linear.NewTrainer(c, linear.Data[T]{Train: set})
	if err != nil {
		return "", err
	}
	trainer.On(b)
	for range steps {
		if _, err := trainer.Step(); err != nil {
			return "", err
		}
	}
	return trainer.Model().Hash(), nil
}
