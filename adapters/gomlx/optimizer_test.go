package gomlxoptimizer_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	gomlxoptimizer "github.com/bitstep-go/bitstep/adapters/gomlx"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/schedule"
	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/backends/simplego"
	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gomlx/gomlx/pkg/ml/context"
	"github.com/gomlx/gomlx/pkg/ml/layers"
	"github.com/gomlx/gomlx/pkg/ml/layers/activations"
	"github.com/gomlx/gomlx/pkg/ml/train"
	"github.com/gomlx/gomlx/pkg/ml/train/losses"
	"github.com/gomlx/gomlx/pkg/ml/train/optimizers"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// backend is gomlx's in Go, one operation after the other.
var backend = must(backends.NewWithConfig("go:ops_sequential"))

// net is a classifier with a hidden layer: four variables.
func net(ctx *context.Context, _ any, inputs []*graph.Node) []*graph.Node {
	hidden := activations.Apply(activations.TypeRelu, layers.Dense(ctx.In("hidden"), inputs[0], true, 12))
	return []*graph.Node{layers.Dense(ctx.In("out"), hidden, true, 5)}
}

// batches is a data set of random examples whose class is that of their largest number.
type batches[T bitstep.Float] struct{ r *rand.Rand }

func (b *batches[T]) Name() string { return "random" }
func (b *batches[T]) Reset()       {}
func (b *batches[T]) Yield() (spec any, inputs, labels []*tensors.Tensor, err error) {
	if b.r == nil {
		return nil, nil, nil, io.EOF
	}
	const n, pixels = 16, 20
	x, y := make([]T, n*pixels), make([]int32, n)
	for i := range x {
		x[i] = T(b.r.Float64()*2 - 1)
	}
	for i := range y {
		y[i] = int32(slices.Index(x[i*pixels:], slices.Max(x[i*pixels:][:pixels])) % 5)
	}
	return nil, []*tensors.Tensor{tensors.FromFlatDataAndDimensions(x, n, pixels)},
		[]*tensors.Tensor{tensors.FromFlatDataAndDimensions(y, n, 1)}, nil
}

func newBatches[T bitstep.Float]() *batches[T] { return &batches[T]{rand.New(rand.NewPCG(1, 2))} }

func newContext() *context.Context {
	ctx := context.New()
	if err := ctx.SetRNGStateFromSeed(42); err != nil {
		panic(err)
	}
	return ctx
}

// flat returns the memory of a variable.
func flat[T bitstep.Float](v *context.Variable) (x []T) {
	if err := tensors.ConstFlatData(must(v.Value()), func(s []T) { x = s }); err != nil {
		panic(err)
	}
	return x
}

// trained returns the parameters and their gradients, in the order of the optimizer.
func trained[T bitstep.Float](ctx *context.Context) (params, grads [][]T) {
	for v := range ctx.IterVariables() {
		if v.Trainable {
			params = append(params, flat[T](v))
			if grad := ctx.GetVariableByScopeAndName("/"+gomlxoptimizer.Scope+v.Scope(), v.Name()); grad != nil {
				grads = append(grads, flat[T](grad))
			}
		}
	}
	return params, grads
}

// dimensions are those of what is trained.
func dimensions(ctx *context.Context) (all [][]int) {
	for v := range ctx.IterVariables() {
		if v.Trainable {
			all = append(all, v.Shape().Dimensions)
		}
	}
	return all
}

func clones[T any](s [][]T) (c [][]T) {
	for _, x := range s {
		c = append(c, slices.Clone(x))
	}
	return c
}

func same[T bitstep.Float](a, b []T) bool {
	bits := func(v T) uint64 { return math.Float64bits(float64(v)) }
	return slices.EqualFunc(a, b, func(a, b T) bool { return bits(a) == bits(b) })
}

// Every optimizer of package optim, in gomlx's trainer, leaves the bits that it leaves in plain slices, and the
// parameters stay in the backend's memory.
func TestStepsAreOptims(t *testing.T) {
	t.Run("float32", testStepsAreOptims[float32])
	t.Run("float64", testStepsAreOptims[float64])
}

func testStepsAreOptims[T bitstep.Float](t *testing.T) {
	decay := must(schedule.MultiStep(0.1, 2, 4))
	for _, a := range optim.Algorithms() {
		for _, s := range a.Settings {
			ctx := newContext()
			o := gomlxoptimizer.New(s.Config, gomlxoptimizer.Options{Options: s.Options, Schedule: decay})
			trainer := train.NewTrainer(backend, ctx, net, losses.SparseCategoricalCrossEntropyLogits, o, nil, nil)
			loop := train.NewLoop(trainer)
			var want [][]T
			var opt *optim.Optimizer[T]
			// Of one priority, what is attached first runs first.
			loop.OnStep("before", math.MinInt, func(*train.Loop, []*tensors.Tensor) error {
				params, grads := trained[T](ctx)
				if len(params) != 4 || len(grads) != 4 {
					return fmt.Errorf("%d parameters, %d gradients, want 4", len(params), len(grads))
				}
				if opt == nil {
					want = clones(params)
					opt = must(optim.NewGroups(s.Options, optim.Group[T]{Config: s.Config, Params: want,
						Shapes: dimensions(ctx)}))
					opt.SetSchedule(decay)
				}
				opt.Step(grads...)
				return nil
			})
			o.Attach(loop)
			steps := 0
			var places []*T
			loop.OnStep("after", 0, func(*train.Loop, []*tensors.Tensor) error {
				params, _ := trained[T](ctx)
				steps++
				var at []*T
				for i, x := range params {
					if !same(x, want[i]) {
						return fmt.Errorf("parameter %d has other bits", i)
					}
					at = append(at, unsafe.SliceData(x))
				}
				if steps > 2 && !slices.Equal(at, places) {
					return errors.New("parameters have moved")
				}
				places = at
				return nil
			})
			if _, err := loop.RunSteps(newBatches[T](), 6); err != nil || steps != 6 {
				t.Fatalf("%s: step %d: %v", s.Name, steps, err)
			}
			if n := optimizers.GetGlobalStep(ctx); n != 6 {
				t.Errorf("%s: global step %d, want 6", s.Name, n)
			}
		}
	}
}

// A model trains as with gomlx's own optimizers. These are the same formulas with factors in other places, and Adam's
// powers by another algorithm: updates differ by a few roundings, 6e-8 of them each, and what the next steps see of
// that makes it grow.
func TestTrainsAsGomlx(t *testing.T) {
	const steps, bound = 60, 1e-4
	inverse := must(schedule.InverseSqrt(1))
	for _, c := range []struct {
		name   string
		theirs optimizers.Interface
		ours   *gomlxoptimizer.Optimizer
	}{
		{"SGD", optimizers.StochasticGradientDescent().WithLearningRate(0.3).Done(),
			gomlxoptimizer.New(optim.SGD{LR: 0.3}, gomlxoptimizer.Options{Schedule: inverse})},
		{"Adam", optimizers.Adam().LearningRate(0.01).Done(),
			gomlxoptimizer.New(optim.Adam{LR: 0.01}, gomlxoptimizer.Options{})},
		{"AdamW", optimizers.Adam().LearningRate(0.01).WeightDecay(0.1).Done(),
			gomlxoptimizer.New(optim.AdamW(0.01, 0.1), gomlxoptimizer.Options{})},
		{"RMSProp", optimizers.RMSProp().LearningRate(0.003).Done(),
			gomlxoptimizer.New(optim.Adam{LR: 0.003, Beta1: optim.Zero}, gomlxoptimizer.Options{})},
	} {
		run := func(o optimizers.Interface, attach func(*train.Loop)) (first, last float64, params [][]float32) {
			ctx := newContext()
			loss := losses.SparseCategoricalCrossEntropyLogits
			loop := train.NewLoop(train.NewTrainer(backend, ctx, net, loss, o, nil, nil))
			attach(loop)
			loop.OnStep("loss", 0, func(_ *train.Loop, metrics []*tensors.Tensor) error {
				last = float64(tensors.ToScalar[float32](metrics[0]))
				if first == 0 {
					first = last
				}
				return nil
			})
			if _, err := loop.RunSteps(newBatches[float32](), steps); err != nil {
				t.Fatal(err)
			}
			params, _ = trained[float32](ctx)
			return first, last, params
		}
		_, want, wantParams := run(c.theirs, func(*train.Loop) {})
		first, got, params := run(c.ours, c.ours.Attach)
		off := 0.0
		for i := range params {
			for j := range params[i] {
				off = max(off, math.Abs(float64(params[i][j])-float64(wantParams[i][j])))
			}
		}
		t.Logf("%s: loss %.7f to %.7f, gomlx's own to %.7f, parameters off by %.1e", c.name, first, got, want, off)
		if !(off <= bound) || !(math.Abs(got-want) <= bound) || !(got < first) {
			t.Errorf("%s: off by more than %v, or no training", c.name, bound)
		}
	}
}

// Where the trainer accumulates gradients, a step is taken when they are complete, by their mean.
func TestAccumulatedGradients(t *testing.T) {
	ctx := newContext()
	o := gomlxoptimizer.New(optim.SGD{LR: 1}, gomlxoptimizer.Options{})
	trainer := train.NewTrainer(backend, ctx, net, losses.SparseCategoricalCrossEntropyLogits, o, nil, nil)
	if err := trainer.AccumulateGradients(3); err != nil {
		t.Fatal(err)
	}
	data := newBatches[float32]()
	var before [][]float32
	for i := range 7 {
		_, inputs, labels, _ := data.Yield()
		if _, err := trainer.TrainStep(nil, inputs, labels); err != nil {
			t.Fatal(err)
		}
		now, _ := trained[float32](ctx)
		if i == 0 {
			before = clones(now)
		}
		for range 2 { // the second has nothing to do
			if err := o.Step(); err != nil {
				t.Fatal(err)
			}
		}
		params, grads := trained[float32](ctx)
		for j := range params {
			want := slices.Clone(before[j])
			if i%3 == 2 {
				for k := range want {
					want[k] -= grads[j][k]
				}
			}
			if !same(params[j], want) {
				t.Fatalf("batch %d: parameter %d is not what it should be", i, j)
			}
		}
		before = clones(params)
	}
	if n := o.Optimizer32().Steps(); n != 2 || o.Optimizer64() != nil {
		t.Errorf("%d steps, want 2, of Float32", n)
	}
	if err := o.Clear(ctx); err != nil {
		t.Fatal(err)
	}
	if _, grads := trained[float32](ctx); len(grads) != 0 || o.Optimizer32() != nil {
		t.Error("Clear leaves gradients or states")
	}
}

// Mistakes are errors of the step, and change nothing.
func TestErrors(t *testing.T) {
	two := func(first, second dtypes.DType) train.ModelFn {
		return func(ctx *context.Context, _ any, inputs []*graph.Node) []*graph.Node {
			g := inputs[0].Graph()
			a := ctx.VariableWithShape("a", shapes.Make(first, 3)).ValueGraph(g)
			b := ctx.VariableWithShape("b", shapes.Make(second, 3)).ValueGraph(g)
			to32 := func(n *graph.Node) *graph.Node { return graph.ConvertDType(n, dtypes.Float32) }
			return []*graph.Node{graph.Add(to32(a), to32(b))}
		}
	}
	loss := func(_, predictions []*graph.Node) *graph.Node {
		return graph.ReduceAllSum(graph.Square(predictions[0]))
	}
	for _, c := range []struct {
		model  train.ModelFn
		config optim.Config
		want   string
	}{
		{two(dtypes.Float64, dtypes.Float32), optim.SGD{LR: 1}, "gomlxoptimizer: /b: "},
		{two(dtypes.BFloat16, dtypes.Float32), optim.SGD{LR: 1},
			"gomlxoptimizer: /a is of BFloat16, want Float32 or Float64"},
		{two(dtypes.Float32, dtypes.Float32), optim.SGD{}, "gomlxoptimizer: optim: SGD: LR = 0, want in (0, +Inf)"},
	} {
		ctx := newContext()
		o := gomlxoptimizer.New(c.config, gomlxoptimizer.Options{})
		if err := o.Step(); err != nil {
			t.Errorf("before there is a trainer: %v", err)
		}
		trainer := train.NewTrainer(backend, ctx, c.model, loss, o, nil, nil)
		x := tensors.FromValue([]float32{1})
		if _, err := trainer.TrainStep(nil, []*tensors.Tensor{x}, []*tensors.Tensor{x}); err != nil {
			t.Fatal(err)
		}
		values := func() (s string) {
			for _, name := range []string{"a", "b"} {
				s += fmt.Sprint(ctx.GetVariableByScopeAndName("/", name).MustValue().Value())
			}
			return s
		}
		before := values()
		if err := o.Step(); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
		if after := values(); after != before {
			t.Errorf("%s has changed %s to %s", c.want, before, after)
		}
	}
}

// BenchmarkTrainStep compares train steps of a graph whose gradient is a product by element, in ns per parameter: with
// gomlx's optimizers, which are part of the graph, with those in their place, and the graph alone.
func BenchmarkTrainStep(b *testing.B) {
	for _, n := range []int{1000, 100_000, 10_000_000} {
		for _, c := range []struct {
			name      string
			optimizer func() (optimizers.Interface, func() error)
		}{
			{"graph alone", func() (optimizers.Interface, func() error) {
				return gomlxoptimizer.New(optim.SGD{LR: 0.01}, gomlxoptimizer.Options{}), func() error { return nil }
			}},
			{"SGD/gomlx", func() (optimizers.Interface, func() error) {
				o := optimizers.StochasticGradientDescent().WithLearningRate(0.01).Done()
				return o, func() error { return nil }
			}},
			{"SGD/bitstep", func() (optimizers.Interface, func() error) {
				o := gomlxoptimizer.New(optim.SGD{LR: 0.01}, gomlxoptimizer.Options{})
				return o, o.Step
			}},
			{"Adam/gomlx", func() (optimizers.Interface, func() error) {
				return optimizers.Adam().Done(), func() error { return nil }
			}},
			{"Adam/bitstep", func() (optimizers.Interface, func() error) {
				o := gomlxoptimizer.New(optim.Adam{}, gomlxoptimizer.Options{})
				return o, o.Step
			}},
		} {
			b.Run(fmt.Sprintf("%s/%d", c.name, n), func(b *testing.B) {
				o, step := c.optimizer()
				model := func(ctx *context.Context, _ any, inputs []*graph.Node) []*graph.Node {
					w := ctx.VariableWithShape("w", shapes.Make(dtypes.Float32, n)).ValueGraph(inputs[0].Graph())
					return []*graph.Node{w}
				}
				loss := func(_, predictions []*graph.Node) *graph.Node {
					return graph.ReduceAllSum(graph.Square(predictions[0]))
				}
				trainer := train.NewTrainer(simplego.GetBackend(), newContext(), model, loss, o, nil, nil)
				x := []*tensors.Tensor{tensors.FromValue([]float32{1})}
				train := func() {
					if _, err := trainer.TrainStep(nil, x, x); err != nil {
						b.Fatal(err)
					}
					if err := step(); err != nil {
						b.Fatal(err)
					}
				}
				train() // makes states
				for b.Loop() {
					train()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/parameter")
			})
		}
	}
}
