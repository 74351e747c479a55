package spagostrategy

import (
	"context"

	"github.com/nlpodyssey/spago/nn"
	"github.com/nlpodyssey/spago/optimizers"
)

// An Optimizer is spago's of the same name, but that it is done when it returns. It steps one parameter after the
// other, a large one with several threads.
type Optimizer struct {
	parameters nn.ParamChannelFunc
	strategy   optimizers.OptimizationStrategy
}

// NewOptimizer returns an optimizer of the parameters by any strategy.
func NewOptimizer(parameters nn.ParamChannelFunc, strategy optimizers.OptimizationStrategy) *Optimizer {
	return &Optimizer{parameters, strategy}
}

// Optimize steps the parameters that have gradients. After an error the parameters that follow have not been stepped.
func (o *Optimizer) Optimize() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel() // ends the channel's sender
	for param := range o.parameters(ctx) {
		if !param.HasGrad() {
			continue
		}
		if err := o.strategy.OptimizeParams(param); err != nil {
			return err
		}
	}
	return nil
}
