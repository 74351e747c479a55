package optim

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/check"
	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

// A Setup is what an algorithm asks for when an optimizer is made: states of its group's parameters, which are
// saved, restored and reset with the optimizer, and what a step needs besides. Everything is allocated here, so
// that a step allocates nothing.
type Setup[T kernels.Float] struct {
	group   *group[T]
	scratch int
}

// Shapes returns the shapes of the group's parameters, in their order: see Group.Shapes. They must not be changed.
func (s *Setup[T]) Shapes() [][]int { return s.group.shapes }

// Like returns a state of each parameter's size, whose elements are first at the start.
func (s *Setup[T]) Like(name string, first float64) [][]T {
	return State(s, name, T(first), func(shape []int) []int { return shape })
}

// Scratch asks for n elements in Update.Scratch. The optimizer has one such memory for all its groups: a step finds
// in it whatever it may be.
func (s *Setup[T]) Scratch(n int) { s.scratch = max(s.scratch, n) }

// longest is the elements of the largest parameter.
func (s *Setup[T]) longest() int { return slices.Max(s.group.lengths) }

// Number returns a number of the group's own, 0 at the start, which is saved, restored and reset as its states are.
// [StateOf] has it, as a slice of one float64, in the place of the group's first parameter.
func (s *Setup[T]) Number(name string) *float64 {
	number := mem.Aligned[float64](1)
	s.group.add(groupState{name, []stored{&tensor[float64]{s: number, shape: []int{}}}})
	return &number[0]
}

// Norms asks for Update.ParamNorms and Update.GradNorms, which take one reading of parameters and gradients.
func (s *Setup[T]) Norms() {
	n := len(s.group.x)
	s.group.paramNorms, s.group.gradNorms = make([]float64, n), make([]float64, n)
}

// LookAhead says where the gradient of the next step is to be taken: see [Optimizer.LookAhead]. The function changes
// dst, in which parameter i of the group is.
func (s *Setup[T]) LookAhead(f func(e bitstep.Engine[T], i int, dst []T)) { s.group.lookAhead = f }

// State returns a state of any type that a file holds: for each parameter a slice whose shape is a function of the
// parameter's, filled with first. An empty shape is a single element. The name is UTF-8 and unique in the algorithm.
// State panics if it is not, or if a shape has a negative dimension or more elements than can be counted.
//
//	rows := optim.State(s, "rows", float32(0), func(shape []int) []int { return shape[:1] })
//	signs := optim.State(s, "signs", uint8(0), func(shape []int) []int { return shape })
func State[E checkpoint.Element, T kernels.Float](s *Setup[T], name string, first E,
	shape func(parameter []int) []int) [][]E {
	g := s.group
	state, lengths := groupState{name: name}, make([]int, len(g.shapes))
	tensors := make([]tensor[E], len(g.shapes))
	for i, parameter := range g.shapes {
		t := &tensors[i]
		t.shape, t.first = append([]int{}, shape(parameter)...), first
		n, ok := check.Elements(t.shape)
		if !ok {
			g.mistake(name, "shape %v, want dimensions from 0 up and a product below 1<<64", t.shape)
		}
		lengths[i] = int(n)
		state.tensors = append(state.tensors, t)
	}
	all := mem.Together[E](lengths)
	for i, s := range all {
		tensors[i].s = s
	}
	state.reset()
	g.add(state)
	return all
}

// add gives a group a state. It panics if the name is none.
func (g *group[T]) add(state groupState) {
	if !utf8.ValidString(state.name) {
		g.mistake(state.name, "the name is not UTF-8")
	}
	for _, other := range g.states {
		if other.name == state.name {
			g.mistake(state.name, "the algorithm has two of that name")
		}
	}
	g.states = append(g.states, state)
}

func (g *group[T]) mistake(state, format string, args ...any) {
	panic(fmt.Sprintf("optim: %s: state %q: %s", g.spec.name, state, fmt.Sprintf(format, args...)))
}

// An Update is what a step of one group works on.
type Update[T kernels.Float] struct {
	Engine  bitstep.Engine[T]
	LR      float64 // with the schedule's factor
	Step    uint64  // 1 at the first step
	Prelude kernels.Prelude[T]
	// X and G are the group's parameters and gradients. Gradients are as they were given, before the Prelude, and
	// must not be changed. To put other slices here changes nothing for the methods named after kernels. With
	// [Spec.OnePass] an element is nil that is in bfloat16.
	X, G [][]T
	// Scratch is what Setup.Scratch asked for, or more.
	Scratch []T
	// ParamNorms and GradNorms are the Euclidean norms of each parameter before the step and of its gradient, scaled
	// and clipped by norm, before the rest of the Prelude. They are there if Setup.Norms asked for them.
	ParamNorms, GradNorms []float64

	// What the methods named after kernels work on: x and g are what X and G were at first.
	group   *group[T]
	at      int // the first of x among the group's parameters
	x, g    tensors[T]
	checked bitstep.Engine[T] // for x, g and states, of which is known that they share no memory
	full    bool              // x, g and states are of type T
	narrow  bitstep.Narrow    // if some are not
	seed    uint64
	xs, gs  []kernels.Stored
	one     *Update[T] // for only
}

// Prepare is the Prelude for algorithms whose kernels have none: it stores in dst the gradient of parameter i after
// scaling, clipping and coupled weight decay, and shrinks the parameter by decoupled weight decay.
func (u *Update[T]) Prepare(i int, dst []T) {
	u.gradient(i, 0, dst)
	if p := u.Prelude; p.Use&kernels.UseKeep != 0 {
		u.Engine.Scale(u.X[i], p.Keep)
	}
}

// gradient is the part of Prepare that stores the gradient, its elements from lo on.
func (u *Update[T]) gradient(i, lo int, dst []T) {
	p := u.Prelude
	tensors[T]{u.G, u.g.halves, nil}.copy(u.Engine, dst, i, lo)
	if p.Use&kernels.UseScale != 0 {
		u.Engine.Scale(dst, p.Scale)
	}
	if p.Use&kernels.UseClip != 0 {
		u.Engine.Clip(dst, p.Lo, p.Hi)
	}
	if p.Use&kernels.UseL2 != 0 {
		of := tensors[T]{u.X, u.x.halves, u.x.buffer}
		for at := 0; at < len(dst); {
			x := of.part(u.Engine, i, lo+at)
			x = x[:min(len(x), len(dst)-at)]
			u.Engine.Axpy(dst[at:at+len(x)], x, p.L2)
			at += len(x)
		}
	}
}

// A groupState is a state of a group's parameters.
type groupState struct {
	name    string
	tensors []stored // by parameter
}

// reset makes a state what it was before the first step.
func (g groupState) reset() {
	for _, t := range g.tensors {
		t.reset()
	}
}

// stored is a tensor of any type.
type stored interface {
	put(c *checkpoint.File, name string)
	// get reads what put wrote, and returns what sets the tensor to it.
	get(c *checkpoint.File, name string) (set func(), err error)
	reset()
	bounds() (start, end uintptr)
}

type tensor[E checkpoint.Element] struct {
	s     []E
	shape []int
	first E
}

func (t *tensor[E]) put(c *checkpoint.File, name string) { checkpoint.Put(c, name, t.shape, t.s) }

func (t *tensor[E]) get(c *checkpoint.File, name string) (set func(), err error) {
	read, err := checkpoint.Get[E](c, name, t.shape)
	return func() { copy(t.s, read) }, err
}

func (t *tensor[E]) reset() {
	for i := range t.s {
		t.s[i] = t.first
	}
}

func (t *tensor[E]) bounds() (start, end uintptr) { return mem.Bounds(t.s) }
