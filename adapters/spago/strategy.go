package spagostrategy

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/schedule"
	"github.com/nlpodyssey/spago/mat"
	"github.com/nlpodyssey/spago/mat/float"
	"github.com/nlpodyssey/spago/nn"
	"github.com/nlpodyssey/spago/optimizers"
)

// Options hold for all parameters of a strategy. The zero value asks for nothing.
type Options struct {
	// ClipNorm must be 0, since a strategy sees one parameter at a time: see spago's gradclipper. (So Prodigy's
	// distance is one of each parameter.) SkipNonFinite skips the step of the parameter alone.
	optim.Options

	// Schedule multiplies learning rates by a function of the parameter's count of steps; nil means 1.
	Schedule schedule.Schedule
}

// A Strategy is an [optimizers.OptimizationStrategy]. Several goroutines may use it at the same time.
type Strategy struct {
	config optim.Config
	opts   Options
	mu     sync.Mutex // of the State fields of parameters
}

var _ optimizers.OptimizationStrategy = (*Strategy)(nil)

// New returns a strategy. What is wrong with config or opts is the error of the first step, since it depends on the
// type of the parameters.
func New(config optim.Config, opts Options) *Strategy { return &Strategy{config: config, opts: opts} }

// OptimizeParams makes the step of a parameter, if it has a gradient, and takes the gradient away. It returns an error,
// and neither value nor gradient has changed, if these are no [mat.Dense] of one type and size, if they share memory,
// or if the parameter's State is of another strategy or was saved with other hyperparameters.
func (s *Strategy) OptimizeParams(param *nn.Param) (err error) {
	switch x := param.Value().(type) {
	case *mat.Dense[float32]:
		err = step(s, param, x)
	case *mat.Dense[float64]:
		err = step(s, param, x)
	default:
		err = fmt.Errorf("a value of type %T, want a *mat.Dense", x)
	}
	if err != nil {
		return fmt.Errorf("spagostrategy: %w", err)
	}
	return nil
}

func step[T bitstep.Float](s *Strategy, param *nn.Param, value *mat.Dense[T]) error {
	state, err := stateOf[T](s, param)
	if err != nil {
		return err
	}
	state.mu.Lock()
	defer state.mu.Unlock()
	if !param.HasGrad() {
		return nil
	}
	gradient, ok := param.Grad().(*mat.Dense[T])
	if !ok {
		return fmt.Errorf("a gradient of type %T, want %T, as the value", param.Grad(), value)
	}
	x, g := float.SliceValueOf[T](value.Data()), float.SliceValueOf[T](gradient.Data())
	if err := state.follow(s, x, value.Shape()); err != nil {
		return err
	}
	if _, err := state.opt.TryStep(g); err != nil {
		return err
	}
	param.ZeroGrad()
	return nil
}

// stateOf returns the parameter's state, a new one if it has none.
func stateOf[T bitstep.Float](s *Strategy, param *nn.Param) (*State[T], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if param.State == nil {
		param.State = &State[T]{}
	}
	state, ok := param.State.(*State[T])
	if !ok {
		return nil, fmt.Errorf("the parameter's State is another strategy's: a %T, want %T", param.State, state)
	}
	return state, nil
}

// follow has the state's optimizer, which it makes unless there is one, update x.
func (s *State[T]) follow(strategy *Strategy, x []T, shape []int) error {
	if s.opt != nil {
		if unsafe.SliceData(s.x) == unsafe.SliceData(x) && len(s.x) == len(x) {
			return nil
		}
		if err := s.opt.SetParams(x); err != nil {
			return err
		}
		s.x = x
		return nil
	}
	if strategy.opts.ClipNorm != 0 {
		return errors.New("Options: ClipNorm: a strategy sees one parameter at a time: see spago's gradclipper")
	}
	opt, err := optim.NewGroups(strategy.opts.Options, optim.Group[T]{Config: strategy.config, Params: [][]T{x},
		Shapes: [][]int{shape}})
	if err != nil {
		return err
	}
	opt.SetSchedule(strategy.opts.Schedule)
	if len(s.saved) != 0 {
		if err := s.restore(opt, x); err != nil {
			return err
		}
	}
	s.opt, s.x = opt, x
	return nil
}
