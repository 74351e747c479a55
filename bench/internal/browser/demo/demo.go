// Package demo is what the page of bench runs in a visitor's browser, and what tests run without one.
package demo

import (
	"context"
	"fmt"

	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

// A browser has no vectors for the kernels, and fused multiply-adds only by integers: so the set is a part of the
// default one, of which an epoch takes seconds.
const (
	images     = 5000 // of the synthetic set
	validation = 500  // of them
)

// Command trains as [Train] does.
var Command = fmt.Sprintf("go run ./bench train -data synthetic:%d -validation %d", images, validation)

// Train trains the classifier that Command trains. It calls begin when all images are made, and progress after each
// step, with the weights so far.
func Train(begin func(), progress func(linear.Progress, *linear.Model[float32])) (*linear.Result[float32], error) {
	all, test, err := dataset.Synthetic{Seed: 1, Train: images}.Images(0)
	if err != nil {
		return nil, err
	}
	train, held, err := all.Split(validation, 1)
	if err != nil {
		return nil, err
	}
	pre := dataset.NewPreprocess(train)
	var sets [3]linear.Set[float32]
	for i, part := range []*dataset.Images{train, held, test} {
		examples, err := dataset.NewExamples[float32](part, pre)
		if err != nil {
			return nil, err
		}
		sets[i] = linear.NewSet(examples)
	}
	steps := linear.StepsPerEpoch(train.Len(), linear.DefaultBatch) * linear.DefaultEpochs
	cosine, err := schedule.Parse("cosine", steps)
	if err != nil {
		return nil, err
	}
	var trainer *linear.Trainer[float32]
	trainer, err = linear.NewTrainer(linear.TrainConfig{ // the defaults of the command's flags
		Lambda: 1e-4, Optimizer: optim.Adam{LR: 3e-4}, Schedule: cosine, Seed: 1,
		Progress: func(p linear.Progress) { progress(p, trainer.Model()) },
	}, linear.Data[float32]{Train: sets[0], Validation: sets[1], Test: sets[2]})
	if err != nil {
		return nil, err
	}
	begin()
	return trainer.Run(context.Background())
}
