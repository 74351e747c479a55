package gorgoniasolver

import (
	"errors"
	"fmt"
	"math"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/schedule"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Options hold for all parameters of a solver. The zero value asks for nothing.
type Options struct {
	optim.Options

	// BatchSize divides gradients, which are sums over so many examples. 0 means 1.
	BatchSize float64

	// Schedule multiplies learning rates; nil means 1.
	Schedule schedule.Schedule
}

// A Solver is a [gorgonia.Solver]. It keeps states and a count of steps for each list of nodes that it is called with,
// and knows a list by its nodes and their order. A node whose value is another than in the step before, by
// [gorgonia.Let], keeps its states. Parameters that are not of type *gorgonia.Node are known by their values.
//
// A Solver must not be used by several goroutines at the same time.
type Solver struct {
	config optim.Config
	opts   Options
	models []any // *model[float32] or *model[float64]
}

var _ gorgonia.Solver = (*Solver)(nil)

// New returns a solver. What is wrong with config or opts is the error of the first step, since it depends on the type
// of the parameters.
func New(config optim.Config, opts Options) *Solver { return &Solver{config: config, opts: opts} }

// Step takes a step and makes the gradients zero, also of a step that [optim.Options].SkipNonFinite skips. It returns
// an error, and has changed nothing, if a parameter has no value or gradient, if the memory of one is not contiguous,
// if element types, sizes or layouts differ, if memory is shared, or if a parameter has been stepped in another list.
func (s *Solver) Step(values []gorgonia.ValueGrad) error {
	if len(values) > 0 && values[0].Value() != nil && values[0].Value().Dtype() == tensor.Float32 {
		return step[float32](s, values)
	}
	return step[float64](s, values)
}

// Optimizer returns what updates these parameters, for its learning rate, states, files, backend and threads. There
// need not have been a step. It is an error if T is not the type of their elements.
func Optimizer[T bitstep.Float](s *Solver, values []gorgonia.ValueGrad) (*optim.Optimizer[T], error) {
	m, err := modelOf[T](s, values)
	if err != nil {
		return nil, err
	}
	m.keep(s)
	return m.opt, nil
}

// A model is a list of parameters.
type model[T bitstep.Float] struct {
	opt           *optim.Optimizer[T]
	kept          bool // by the solver
	keys          []any
	params, grads [][]T
	given         [][]T // parameters of the step that runs
}

// key is what a parameter is known by.
func key(v gorgonia.ValueGrad) any {
	if node, ok := v.(*gorgonia.Node); ok {
		return node
	}
	return v.Value()
}

// modelOf returns the model of these parameters, with the memory that they have now. It is a new one, which is not kept
// yet, if the solver knows none of them.
func modelOf[T bitstep.Float](s *Solver, values []gorgonia.ValueGrad) (*model[T], error) {
	for _, m := range s.models {
		if m, ok := m.(*model[T]); ok && m.is(values) {
			return m, m.follow(values)
		}
	}
	m := &model[T]{}
	var shapes [][]int
	for _, v := range values {
		x, err := elements[T](v.Value())
		if err != nil {
			return nil, failed(v, err)
		}
		for _, other := range s.models {
			if other.(interface{ has(any) bool }).has(key(v)) {
				return nil, failed(v, errors.New("it was stepped in another list of parameters, or in another order"))
			}
		}
		m.keys, m.params, shapes = append(m.keys, key(v)), append(m.params, x), append(shapes, v.Value().Shape())
	}
	m.grads, m.given = make([][]T, len(values)), make([][]T, len(values))
	var err error
	if m.opt, err = newOptimizer(s, optim.Group[T]{Config: s.config, Params: m.params, Shapes: shapes}); err != nil {
		return nil, fmt.Errorf("gorgoniasolver: %w", err)
	}
	return m, nil
}

// keep has the solver know the model from now on.
func (m *model[T]) keep(s *Solver) {
	if !m.kept {
		m.kept, s.models = true, append(s.models, m)
	}
}

func newOptimizer[T bitstep.Float](s *Solver, group optim.Group[T]) (*optim.Optimizer[T], error) {
	opt, err := optim.NewGroups(s.opts.Options, group)
	if err != nil {
		return nil, err
	}
	if b := s.opts.BatchSize; !(b >= 0 && b < math.Inf(1)) {
		return nil, fmt.Errorf("Options: BatchSize = %v, want in [0, +Inf)", b)
	} else if b != 0 {
		if err := opt.SetGradScale(1 / b); err != nil {
			return nil, err
		}
	}
	opt.SetSchedule(s.opts.Schedule)
	return opt, nil
}

func (m *model[T]) is(values []gorgonia.ValueGrad) bool {
	for i, v := range values {
		if i == len(m.keys) || m.keys[i] != key(v) {
			return false
		}
	}
	return len(values) == len(m.keys)
}

func (m *model[T]) has(key any) bool {
	for _, k := range m.keys {
		if k == key {
			return true
		}
	}
	return false
}

// follow has the optimizer update the values that the parameters have now.
func (m *model[T]) follow(values []gorgonia.ValueGrad) (err error) {
	moved := false
	for i, v := range values {
		if m.given[i], err = elements[T](v.Value()); err != nil {
			return failed(v, err)
		}
		moved = moved || unsafe.SliceData(m.given[i]) != unsafe.SliceData(m.params[i]) ||
			len(m.given[i]) != len(m.params[i])
	}
	if !moved {
		return nil
	}
	if err := m.opt.SetParams(m.given...); err != nil {
		return fmt.Errorf("gorgoniasolver: %w", err)
	}
	copy(m.params, m.given)
	return nil
}

func step[T bitstep.Float](s *Solver, values []gorgonia.ValueGrad) error {
	m, err := modelOf[T](s, values)
	if err != nil {
		return err
	}
	for i, v := range values {
		grad, err := v.Grad()
		if err != nil {
			return failed(v, err)
		}
		if m.grads[i], err = elements[T](grad); err != nil {
			return failed(v, fmt.Errorf("gradient: %w", err))
		}
		x, tensors := v.Value().(*tensor.Dense)
		g, ok := grad.(*tensor.Dense)
		if tensors && ok && !x.DataOrder().HasSameOrder(g.DataOrder()) {
			return failed(v, errors.New("value and gradient are not both row-major or both column-major"))
		}
	}
	if _, err = m.opt.TryStep(m.grads...); err != nil {
		return fmt.Errorf("gorgoniasolver: %w", err)
	}
	m.keep(s)
	for _, g := range m.grads {
		clear(g)
	}
	return nil
}

// elements returns the memory of a value.
func elements[T bitstep.Float](v gorgonia.Value) ([]T, error) {
	var is32 bool
	want := tensor.Float64
	if unsafe.Sizeof(*new(T)) == 4 {
		is32, want = true, tensor.Float32
	}
	if v == nil {
		return nil, errors.New("no value")
	}
	if v.Dtype() != want {
		return nil, fmt.Errorf("elements of type %v, want %v: float32 or float64, one for all", v.Dtype(), want)
	}
	switch v := v.(type) {
	case *gorgonia.F32:
		return unsafe.Slice((*T)(unsafe.Pointer(v)), 1), nil
	case *gorgonia.F64:
		return unsafe.Slice((*T)(unsafe.Pointer(v)), 1), nil
	case *tensor.Dense:
		if !v.IsNativelyAccessible() {
			return nil, errors.New("its memory is out of Go's reach")
		}
		var s []T
		if is32 {
			s = retyped[T](v.Float32s())
		} else {
			s = retyped[T](v.Float64s())
		}
		if v.RequiresIterator() || len(s) != v.Shape().TotalSize() {
			return nil, fmt.Errorf("a tensor of shape %v with strides %v, want one without gaps, transposition or "+
				"mask: see tensor.Materialize", v.Shape(), v.Strides())
		}
		return s, nil
	}
	return nil, fmt.Errorf("a value of type %T, want a *tensor.Dense, *gorgonia.F32 or *gorgonia.F64", v)
}

// retyped returns s, whose elements are of type T.
func retyped[T, E any](s []E) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(s))), len(s))
}

// failed names the parameter that err is about.
func failed(v gorgonia.ValueGrad, err error) error {
	name := "a parameter"
	if n, ok := v.(gorgonia.Namer); ok {
		name = n.Name()
	}
	return fmt.Errorf("gorgoniasolver: %s: %w", name, err)
}
