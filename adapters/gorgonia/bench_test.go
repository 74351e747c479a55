package gorgoniasolver_test

import (
	"fmt"
	"testing"

	"github.com/bitstep-go/bitstep"
	gorgoniasolver "github.com/bitstep-go/bitstep/adapters/gorgonia"
	"github.com/bitstep-go/bitstep/optim"
	"gorgonia.org/gorgonia"
)

// BenchmarkStep compares gorgonia's solvers to those in their place, in ns per parameter. All values are zero, as
// gradients are after a step, or states would decay into subnormal numbers.
func BenchmarkStep(b *testing.B) {
	b.Run("float32", benchmarkStep[float32])
	b.Run("float64", benchmarkStep[float64])
}

func benchmarkStep[T bitstep.Float](b *testing.B) {
	ours := func(c optim.Config) func() gorgonia.Solver {
		return func() gorgonia.Solver { return gorgoniasolver.New(c, gorgoniasolver.Options{}) }
	}
	for _, size := range []struct{ tensors, each int }{{1, 1000}, {1, 100_000}, {1, 10_000_000}, {100, 100}} {
		for _, s := range []struct {
			name         string
			theirs, ours func() gorgonia.Solver
		}{
			{"SGD", func() gorgonia.Solver { return gorgonia.NewVanillaSolver() }, ours(optim.SGD{LR: 1e-3})},
			{"Momentum", func() gorgonia.Solver { return gorgonia.NewMomentum() },
				ours(optim.MomentumVelocity{LR: 1e-3})},
			{"RMSProp", func() gorgonia.Solver { return gorgonia.NewRMSPropSolver() }, ours(optim.RMSProp{LR: 1e-3})},
			{"Adam", func() gorgonia.Solver { return gorgonia.NewAdamSolver() }, ours(optim.Adam{})},
		} {
			for side, make := range map[string]func() gorgonia.Solver{"gorgonia": s.theirs, "bitstep": s.ours} {
				b.Run(fmt.Sprintf("%s/%dx%d/%s", s.name, size.tensors, size.each, side), func(b *testing.B) {
					var nodes gorgonia.Nodes
					for i := range size.tensors {
						n, _ := node(fmt.Sprint("w", i), zeros[T](size.each), size.each)
						nodes = append(nodes, n)
					}
					model, solver := values(nodes...), make()
					if err := solver.Step(model); err != nil { // makes states
						b.Fatal(err)
					}
					for b.Loop() {
						if err := solver.Step(model); err != nil {
							b.Fatal(err)
						}
					}
					steps := float64(b.N * size.tensors * size.each)
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/steps, "ns/parameter")
				})
			}
		}
	}
}

func zeros[T bitstep.Float](n int) []T { return make([]T, n) }
