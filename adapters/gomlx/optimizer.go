package gomlxoptimizer

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/schedule"
	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gomlx/gomlx/pkg/ml/context"
	"github.com/gomlx/gomlx/pkg/ml/context/initializers"
	"github.com/gomlx/gomlx/pkg/ml/train"
	"github.com/gomlx/gomlx/pkg/ml/train/optimizers"
)

// Scope is where the variables are that hold gradients.
const Scope = "bitstep_gradients"

// Options hold for all parameters of an optimizer. The zero value asks for nothing.
type Options struct {
	optim.Options

	// Schedule multiplies learning rates; nil means 1.
	Schedule schedule.Schedule
}

// An Optimizer is an [optimizers.Interface] of one trainer, and is [train.OptimizeWithGradients].
type Optimizer struct {
	config optim.Config
	opts   Options

	ctx   *context.Context
	vars  []variable
	model interface { // nil before the first step
		step([]variable) error
	}
	taken int64 // the global step of the last step
}

var (
	_ optimizers.Interface        = (*Optimizer)(nil)
	_ train.OptimizeWithGradients = (*Optimizer)(nil)
)

// A variable is a parameter and what the graph leaves its gradient in.
type variable struct{ value, grad *context.Variable }

// New returns an optimizer. What is wrong with config or opts is the error of the first step, since it depends on the
// type of the parameters.
func New(config optim.Config, opts Options) *Optimizer {
	return &Optimizer{config: config, opts: opts, taken: -1}
}

// Attach has the loop take the step after each of the trainer's, before whatever else it does then.
func (o *Optimizer) Attach(loop *train.Loop) {
	loop.OnStep("bitstep", math.MinInt, func(*train.Loop, []*tensors.Tensor) error { return o.Step() })
}

// UpdateGraph is for gomlx's trainer.
func (o *Optimizer) UpdateGraph(ctx *context.Context, _ *graph.Graph, loss *graph.Node) {
	if !loss.Shape().IsScalar() {
		panic(fmt.Errorf("gomlxoptimizer: a loss of shape %s, want a scalar", loss.Shape()))
	}
	o.UpdateGraphWithGradients(ctx, ctx.BuildTrainableVariablesGradientsGraph(loss), loss.DType())
}

// UpdateGraphWithGradients is for gomlx's trainer.
func (o *Optimizer) UpdateGraphWithGradients(ctx *context.Context, grads []*graph.Node, lossType dtypes.DType) {
	if len(grads) == 0 {
		panic(errors.New("gomlxoptimizer: no variables to train"))
	}
	g := grads[0].Graph()
	optimizers.IncrementGlobalStepGraph(ctx, g, lossType)
	var vars []variable
	for v := range ctx.IterVariables() {
		if !v.Trainable || !v.InUseByGraph(g) {
			continue
		}
		scope := strings.TrimSuffix(context.ScopeSeparator+Scope+v.Scope(), context.ScopeSeparator)
		grad := ctx.Checked(false).InAbsPath(scope).WithInitializer(initializers.Zero).
			VariableWithShape(v.Name(), v.Shape()).SetTrainable(false)
		grad.SetValueGraph(grads[len(vars)])
		vars = append(vars, variable{v, grad})
	}
	if o.vars != nil && !slices.Equal(vars, o.vars) {
		panic(errors.New("gomlxoptimizer: the graph trains other variables than the one before"))
	}
	o.ctx, o.vars = ctx, vars
}

// Clear deletes the gradients and forgets states and counts of steps.
func (o *Optimizer) Clear(ctx *context.Context) error {
	o.vars, o.model, o.taken = nil, nil, -1
	return ctx.InAbsPath(context.ScopeSeparator + Scope).DeleteVariablesInScope()
}

// Step updates the parameters by the gradients of the trainer's last step, for programs that call Trainer.TrainStep
// themselves. Without one since the last Step, or if it only accumulated, there is nothing to do. On an error no
// parameter has changed.
func (o *Optimizer) Step() error {
	if o.vars == nil {
		return nil
	}
	now := optimizers.GetGlobalStep(o.ctx)
	if now == o.taken {
		return nil
	}
	if o.model == nil {
		switch t := o.vars[0].value.DType(); t {
		case dtypes.Float32:
			o.model = &model[float32]{config: o.config, opts: o.opts}
		case dtypes.Float64:
			o.model = &model[float64]{config: o.config, opts: o.opts}
		default:
			return fmt.Errorf("gomlxoptimizer: %s is of %s, want Float32 or Float64", o.vars[0].value.ScopeAndName(), t)
		}
	}
	if err := o.model.step(o.vars); err != nil {
		return fmt.Errorf("gomlxoptimizer: %w", err)
	}
	o.taken = now
	return nil
}

// Optimizer32 returns what updates the parameters, for its learning rate, states, files, backend and threads. It is nil
// before the first step, and if they are not of Float32.
func (o *Optimizer) Optimizer32() *optim.Optimizer[float32] { return optimizerOf[float32](o) }

// Optimizer64 is Optimizer32 of Float64.
func (o *Optimizer) Optimizer64() *optim.Optimizer[float64] { return optimizerOf[float64](o) }

func optimizerOf[T bitstep.Float](o *Optimizer) *optim.Optimizer[T] {
	if m, ok := o.model.(*model[T]); ok {
		return m.opt
	}
	return nil
}

// A model is the parameters of one optimizer.
type model[T bitstep.Float] struct {
	config       optim.Config
	opts         Options
	opt          *optim.Optimizer[T]
	params       [][]T // what opt updates
	given, grads [][]T // of the step that runs
}

func (m *model[T]) step(vars []variable) error {
	if m.given == nil {
		m.given, m.grads = make([][]T, len(vars)), make([][]T, len(vars))
	}
	return m.with(vars, 0, func() error {
		if err := m.follow(vars); err != nil {
			return err
		}
		_, err := m.opt.TryStep(m.grads...)
		return err
	})
}

// with calls f while it holds the memory of variables i and up.
func (m *model[T]) with(vars []variable, i int, f func() error) error {
	if i == len(vars) {
		return f()
	}
	value, err := vars[i].value.Value()
	if err != nil {
		return err
	}
	grad, err := vars[i].grad.Value()
	if err != nil {
		return err
	}
	var inner, outer error
	err = tensors.MutableFlatData(value, func(x []T) {
		outer = tensors.ConstFlatData(grad, func(g []T) {
			m.given[i], m.grads[i] = x, g
			inner = m.with(vars, i+1, f)
		})
	})
	if err = cmp.Or(err, outer); err != nil {
		return fmt.Errorf("%s: %w", vars[i].value.ScopeAndName(), err)
	}
	return inner
}

// follow has the optimizer, which it makes unless there is one, update the memory that the parameters have now.
func (m *model[T]) follow(vars []variable) error {
	if m.opt == nil {
		group := optim.Group[T]{Config: m.config, Params: m.given}
		for _, v := range vars {
			group.Shapes = append(group.Shapes, v.value.Shape().Dimensions)
		}
		opt, err := optim.NewGroups(m.opts.Options, group)
		if err != nil {
			return err
		}
		opt.SetSchedule(m.opts.Schedule)
		m.opt, m.params = opt, slices.Clone(m.given)
		return nil
	}
	here := func(a, b []T) bool { return unsafe.SliceData(a) == unsafe.SliceData(b) && len(a) == len(b) }
	if slices.EqualFunc(m.params, m.given, here) {
		return nil
	}
	if err := m.opt.SetParams(m.given...); err != nil {
		return err
	}
	copy(m.params, m.given)
	return nil
}
