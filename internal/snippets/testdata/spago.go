package main

import (
	spagostrategy "github.com/bitstep-go/bitstep/adapters/spago"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/nlpodyssey/spago/mat"
	"github.com/nlpodyssey/spago/nn"
	"github.com/nlpodyssey/spago/optimizers"
	"github.com/nlpodyssey/spago/optimizers/adam"
)

// Each snippet uses some of these.
var (
	_ = spagostrategy.New
	_ = optimizers.New
	_ = adam.New
	_ optim.Config
)

type net struct {
	nn.Module
	Weights *nn.Param
}

func main() {
	x := []float32{1, 2, 3}
	model := &net{Weights: nn.NewParam(mat.NewDense[float32](mat.WithBacking(x)))}
	model.Weights.AccGrad(mat.NewDense[float32](mat.WithBacking([]float32{1, 1, 1})))
	// snippet
	if err := optimizer.Optimize(); err != nil {
		panic(err)
	}
}
