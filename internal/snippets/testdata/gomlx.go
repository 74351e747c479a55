package main

import (
	gomlxoptimizer "github.com/bitstep-go/bitstep/adapters/gomlx"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/gomlx/gomlx/backends"
	_ "github.com/gomlx/gomlx/backends/simplego"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/ml/context"
	"github.com/gomlx/gomlx/pkg/ml/layers"
	"github.com/gomlx/gomlx/pkg/ml/train"
	"github.com/gomlx/gomlx/pkg/ml/train/losses"
)

func main() {
	backend, ctx, loss := backends.MustNew(), context.New(), losses.MeanSquaredError
	model := func(ctx *context.Context, _ any, inputs []*graph.Node) []*graph.Node {
		return []*graph.Node{layers.Dense(ctx, inputs[0], true, 1)}
	}
	// snippet
	_ = loop
}
