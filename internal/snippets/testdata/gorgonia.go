package main

import (
	gorgoniasolver "github.com/bitstep-go/bitstep/adapters/gorgonia"
	"github.com/bitstep-go/bitstep/optim"
	"gorgonia.org/gorgonia"
)

// Each snippet uses one of these.
var (
	_ = gorgonia.NewGraph
	_ = gorgoniasolver.New
	_ optim.Config
)

func main() {
	graph := gorgonia.NewGraph()
	w := gorgonia.NewVector(graph, gorgonia.Float32, gorgonia.WithShape(3), gorgonia.WithName("w"),
		gorgonia.WithInit(gorgonia.Ones()))
	if _, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(w)), w); err != nil {
		panic(err)
	}
	// snippet
	machine := gorgonia.NewTapeMachine(graph, gorgonia.BindDualValues(w))
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		panic(err)
	}
	if err := solver.Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{w})); err != nil {
		panic(err)
	}
	if x := w.Value().Data().([]float32); !(x[0] < 1) {
		panic(x[0])
	}
}
