package gorgoniasolver_test

import (
	"math"
	"math/rand/v2"
	"testing"

	gorgoniasolver "github.com/bitstep-go/bitstep/adapters/gorgonia"
	"github.com/bitstep-go/bitstep/optim"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A peer is a solver of gorgonia's and what stands in its place.
type peer struct {
	name   string
	theirs func() gorgonia.Solver
	ours   func() gorgonia.Solver
	bound  float64 // of differences between parameters, relative to the largest; 0: they are equal
}

// A step of plain gradients or of velocities is the same products and sums in both. The others have factors in other
// places, so that an update, a hundredth of a parameter, differs by some eight roundings, of 6e-8 each; what the next
// steps see of them makes them grow. RMSProp has its eps under the root there and beside it here: both so small that
// neither matters. (AdaGradSolver has no option for eps.)
var peers = []peer{
	{"SGD", func() gorgonia.Solver {
		return gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.05), gorgonia.WithBatchSize(16),
			gorgonia.WithClip(0.01))
	}, func() gorgonia.Solver {
		return gorgoniasolver.New(optim.SGD{LR: 0.05},
			gorgoniasolver.Options{BatchSize: 16, Options: optim.Options{ClipValue: 0.01}})
	}, 0},
	{"Momentum", func() gorgonia.Solver {
		return gorgonia.NewMomentum(gorgonia.WithLearnRate(0.01), gorgonia.WithMomentum(0.8))
	}, func() gorgonia.Solver {
		return gorgoniasolver.New(optim.MomentumVelocity{LR: 0.01, Rho: 0.8}, gorgoniasolver.Options{})
	}, 0},
	{"Adam", func() gorgonia.Solver {
		return gorgonia.NewAdamSolver(gorgonia.WithLearnRate(0.003), gorgonia.WithBatchSize(16),
			gorgonia.WithL2Reg(0.16))
	}, func() gorgonia.Solver {
		return gorgoniasolver.New(optim.Adam{LR: 0.003, Eps: 1e-8, WeightDecay: 0.01},
			gorgoniasolver.Options{BatchSize: 16})
	}, 1e-4},
	{"RMSProp", func() gorgonia.Solver {
		return gorgonia.NewRMSPropSolver(gorgonia.WithLearnRate(0.003), gorgonia.WithRho(0.9), gorgonia.WithEps(1e-20))
	}, func() gorgonia.Solver {
		return gorgoniasolver.New(optim.RMSProp{LR: 0.003, Decay: 0.9, Eps: 1e-10}, gorgoniasolver.Options{})
	}, 1e-3},
}

// A net is a program of gorgonia's that trains.
type net struct {
	learnables gorgonia.Nodes
	vm         gorgonia.VM
	cost       gorgonia.Value
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// data returns 16 examples of 10 classes, each with a mark of its class's, and their targets.
func data(pixels int) (x, y []float32) {
	r := rand.New(rand.NewPCG(3, 4))
	x, y = make([]float32, 16*pixels), make([]float32, 16*10)
	fill(r, x)
	for i := range 16 {
		class := i % 10
		y[i*10+class] = 1
		x[i*pixels+class*pixels/10] += 3
	}
	return x, y
}

func learnable(r *rand.Rand, g *gorgonia.ExprGraph, name string, shape ...int) *gorgonia.Node {
	w := make([]float32, tensor.Shape(shape).TotalSize())
	fill(r, w)
	for i := range w {
		w[i] /= float32(math.Sqrt(float64(len(w) / shape[0])))
	}
	return gorgonia.NewTensor(g, tensor.Float32, len(shape), gorgonia.WithName(name), gorgonia.WithShape(shape...),
		gorgonia.WithValue(tensor.New(tensor.WithShape(shape...), tensor.WithBacking(w))))
}

// train gives a net of logits its cost, and makes it run.
func train(g *gorgonia.ExprGraph, logits *gorgonia.Node, targets []float32, learnables ...*gorgonia.Node) *net {
	n := &net{learnables: learnables}
	y := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithName("y"),
		gorgonia.WithValue(tensor.New(tensor.WithShape(16, 10), tensor.WithBacking(targets))))
	logs := must(gorgonia.Log(must(gorgonia.SoftMax(logits))))
	cost := must(gorgonia.Neg(must(gorgonia.Mean(must(gorgonia.HadamardProd(logs, y))))))
	gorgonia.Read(cost, &n.cost)
	must(gorgonia.Grad(cost, learnables...))
	n.vm = gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(learnables...))
	return n
}

// classifier is a net of a hidden layer, with a bias that is a scalar.
func classifier() *net {
	r, g := rand.New(rand.NewPCG(5, 6)), gorgonia.NewGraph()
	inputs, targets := data(100)
	x := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithName("x"),
		gorgonia.WithValue(tensor.New(tensor.WithShape(16, 100), tensor.WithBacking(inputs))))
	w0, w1 := learnable(r, g, "w0", 100, 30), learnable(r, g, "w1", 30, 10)
	b := gorgonia.NewScalar(g, tensor.Float32, gorgonia.WithName("b"), gorgonia.WithValue(float32(0.1)))
	hidden := must(gorgonia.Rectify(must(gorgonia.Add(must(gorgonia.Mul(x, w0)), b))))
	return train(g, must(gorgonia.Mul(hidden, w1)), targets, w0, w1, b)
}

// convolutional is a net of a convolution, pooling and a layer.
func convolutional() *net {
	r, g := rand.New(rand.NewPCG(5, 6)), gorgonia.NewGraph()
	inputs, targets := data(144)
	x := gorgonia.NewTensor(g, tensor.Float32, 4, gorgonia.WithName("x"),
		gorgonia.WithValue(tensor.New(tensor.WithShape(16, 1, 12, 12), tensor.WithBacking(inputs))))
	w0, w1 := learnable(r, g, "w0", 8, 1, 3, 3), learnable(r, g, "w1", 8*6*6, 10)
	one := []int{1, 1}
	c := must(gorgonia.Rectify(must(gorgonia.Conv2d(x, w0, tensor.Shape{3, 3}, one, one, one))))
	p := must(gorgonia.MaxPool2D(c, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2}))
	return train(g, must(gorgonia.Mul(must(gorgonia.Reshape(p, tensor.Shape{16, 8 * 6 * 6})), w1)), targets, w0, w1)
}

// run takes steps and returns the last cost and the parameters.
func (n *net) run(t *testing.T, solver gorgonia.Solver, steps int) (cost float64, params []float64) {
	defer n.vm.Close()
	for range steps {
		if err := n.vm.RunAll(); err != nil {
			t.Fatal(err)
		}
		if err := solver.Step(gorgonia.NodesToValueGrads(n.learnables)); err != nil {
			t.Fatal(err)
		}
		n.vm.Reset()
	}
	for _, node := range n.learnables {
		if d, ok := node.Value().(*tensor.Dense); ok {
			for _, v := range d.Float32s() {
				params = append(params, float64(v))
			}
		} else {
			params = append(params, float64(scalar[float32](node.Value())[0]))
		}
	}
	return float64(n.cost.Data().(float32)), params
}

// A classifier and a convolutional net train as with gorgonia's own solvers.
func TestTrainsAsGorgonia(t *testing.T) {
	const steps = 40
	for name, make := range map[string]func() *net{"classifier": classifier, "convolutional": convolutional} {
		first, _ := make().run(t, gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0)), 1)
		for _, p := range peers {
			theirs, ours := make(), make()
			if p.name == "Momentum" { // gorgonia's forgets the velocity of a scalar
				theirs.learnables, ours.learnables = theirs.learnables[:2], ours.learnables[:2]
			}
			want, wantParams := theirs.run(t, p.theirs(), steps)
			got, params := ours.run(t, p.ours(), steps)
			largest, off := 0.0, 0.0
			for i := range params {
				largest, off = max(largest, math.Abs(wantParams[i])), max(off, math.Abs(params[i]-wantParams[i]))
			}
			t.Logf("%s, %s: cost %.7f to %.7f, gorgonia's own to %.7f, parameters off by %.1e of the largest", name,
				p.name, first, got, want, off/largest)
			if !(off <= p.bound*largest) || !(math.Abs(got-want) <= p.bound*want) {
				t.Errorf("%s, %s: off by more than %v", name, p.name, p.bound)
			}
		}
	}
}
