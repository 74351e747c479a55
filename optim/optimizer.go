package optim

import (
	"fmt"
	"math"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

// A Group is some of an optimizer's parameters with hyperparameters of their own.
type Group[T kernels.Float] struct {
	Name   string // for messages and files; unique unless empty
	Config Config
	Params [][]T // updated in place; a slice may be empty
}

// Options hold for all groups of an optimizer. The zero value asks for nothing.
//
// What happens to a gradient, in this order: it is multiplied by the scale of [Optimizer.SetGradScale],
// and by -1 with Maximize; checked with SkipNonFinite; clipped by the norm of all gradients together;
// clipped element by element; and coupled weight decay is added. All of it happens inside the pass over
// memory that makes the step, except that SkipNonFinite and ClipNorm each read the gradients once before
// it. (Where both are on, one reading serves both.) Gradients in memory do not change.
type Options struct {
	// ClipNorm limits the Euclidean norm of all scaled gradients together: where it is larger, they are
	// multiplied by ClipNorm/norm. (torch.nn.utils.clip_grad_norm_ divides by norm+1e-6.) A norm that is
	// not finite does not clip. 0 means no limit.
	ClipNorm float64

	// ClipValue limits each element of the gradient, scaled and clipped by norm, to the interval from
	// -ClipValue to ClipValue. 0 means no limit.
	ClipValue float64

	// SkipNonFinite makes Step change nothing and return false if an element of a gradient, or its
	// product with the scale, is infinite or NaN. With ClipNorm only the elements count: products that
	// would be infinite are clipped.
	SkipNonFinite bool

	// Maximize changes the sign of the gradients: steps go up.
	Maximize bool
}

// An Optimizer updates parameters by an algorithm. It keeps the slices of parameters that it was made
// with; its methods must not be called at the same time from several goroutines.
type Optimizer[T kernels.Float] struct {
	opts    Options
	k       bitstep.Engine[T]
	params  [][]T
	groups  []group[T]
	regions []region[T] // parameters and states

	schedule schedule.Schedule
	scale    float64 // of gradients
	norm     float64 // of the last step's gradients
	steps    uint64
	skipped  uint64

	grads [][]T // of the step that runs
	u     update[T]
}

// A group is a Group at work.
type group[T kernels.Float] struct {
	name  string
	spec  *spec
	step  func(*update[T])
	first int     // the index of its first parameter among all
	x     [][]T   // parameters
	state [][][]T // by the index of spec.states, then of x
}

// An update is what a step of one group works on.
type update[T kernels.Float] struct {
	k       bitstep.Engine[T]
	lr      float64 // with the schedule's factor
	t       uint64  // 1 at the first step
	prelude kernels.Prelude[T]
	x, g    [][]T
	state   [][][]T
}

// New returns an optimizer of parameters that share one Config. The element type is that of the slices.
//
// Errors name the field, its value and what is wanted: "optim: Adam: Beta1 = 1.5, want in [0, 1)".
func New[T kernels.Float](c Config, params ...[]T) (*Optimizer[T], error) {
	return NewGroups(Options{}, Group[T]{Config: c, Params: params})
}

// NewGroups returns an optimizer of groups of parameters. Gradients and states are in the order of the
// groups and of their parameters. Parameters must not share memory.
func NewGroups[T kernels.Float](opts Options, groups ...Group[T]) (*Optimizer[T], error) {
	o := &Optimizer[T]{opts: opts, k: bitstep.On[T](bitstep.Active()), scale: 1}
	if err := checkOptions[T](opts); err != nil {
		return nil, fmt.Errorf("optim: Options: %w", err)
	}
	if len(groups) == 0 {
		return nil, fmt.Errorf("optim: no groups of parameters, want at least one")
	}
	names := map[string]int{}
	for i, g := range groups {
		where := "optim: "
		if len(groups) > 1 || g.Name != "" {
			where = fmt.Sprintf("optim: group %d %q: ", i, g.Name)
		}
		if j, ok := names[g.Name]; ok && g.Name != "" {
			return nil, fmt.Errorf("%sgroup %d has the same name", where, j)
		}
		names[g.Name] = i
		if g.Config == nil {
			return nil, fmt.Errorf("%sno Config", where)
		}
		if len(g.Params) == 0 {
			return nil, fmt.Errorf("%sno parameters, want at least one slice", where)
		}
		s := g.Config.spec()
		if err := checkSpec[T](s); err != nil {
			return nil, fmt.Errorf("%s%w", where, err)
		}
		o.groups = append(o.groups, group[T]{name: g.Name, spec: s, step: stepOf[T](s), first: len(o.params)})
		o.params = append(o.params, g.Params...)
	}
	for i, x := range o.params {
		o.regions = append(o.regions, region[T]{x, "parameter", i})
	}
	var err error
	if o.regions, err = disjoint(o.regions); err != nil {
		return nil, fmt.Errorf("optim: %w", err)
	}
	o.grads = make([][]T, len(o.params))
	for i := range o.groups {
		o.groups[i].allocate(o, groups[i].Params)
	}
	o.regions, err = disjoint(o.regions)
	return o, err // the states are new: no error is left to happen
}

// allocate makes the states of a group's parameters.
func (g *group[T]) allocate(o *Optimizer[T], params [][]T) {
	g.x = o.params[g.first : g.first+len(params)]
	for _, name := range g.spec.states {
		var state [][]T
		for i, x := range g.x {
			s := make([]T, len(x))
			state = append(state, s)
			o.regions = append(o.regions, region[T]{s, "state " + name + " of parameter", g.first + i})
		}
		g.state = append(g.state, state)
	}
	g.reset()
}

// reset makes states what they were before the first step.
func (g *group[T]) reset() {
	for _, state := range g.state {
		for _, s := range state {
			for i := range s {
				s[i] = T(g.spec.init)
			}
		}
	}
}

func checkOptions[T kernels.Float](opts Options) error {
	for _, v := range []struct {
		name  string
		value float64
	}{{"ClipNorm", opts.ClipNorm}, {"ClipValue", opts.ClipValue}} {
		if !(v.value >= 0 && v.value < math.Inf(1)) {
			return fmt.Errorf("%s = %v, want in [0, +Inf), where 0 means no limit", v.name, v.value)
		}
		if err := fits[T](v.value); err != nil {
			return fmt.Errorf("%s %w", v.name, err)
		}
	}
	return nil
}

// SetEngine chooses the backend and the number of threads of the optimizer's kernels; what it starts
// with is the active backend and no limit. Results do not depend on it.
func (o *Optimizer[T]) SetEngine(k bitstep.Engine[T]) { o.k = k }

// SetSchedule sets the factor on every group's learning rate, of which the next step takes
// Factor(Steps()); nil, what an optimizer starts with, means 1.
func (o *Optimizer[T]) SetSchedule(s schedule.Schedule) { o.schedule = s }

// SetGradScale sets the factor on gradients, 1 to start with: 1/batch for gradients that are sums, or 1
// over the factor on a loss that was scaled. It panics if the scale is infinite or NaN in T.
func (o *Optimizer[T]) SetGradScale(scale float64) {
	if s := T(scale); s-s != 0 {
		panic(fmt.Sprintf("optim: SetGradScale(%v): want a finite %T", scale, s))
	}
	o.scale = scale
}

// GradScale returns the factor on gradients.
func (o *Optimizer[T]) GradScale() float64 { return o.scale }

// SetLR sets the learning rate of a group, by its index. It must not be negative, infinite or NaN; 0 is
// 0 here.
func (o *Optimizer[T]) SetLR(group int, lr float64) error {
	if group < 0 || group >= len(o.groups) {
		return fmt.Errorf("optim: SetLR: group %d, want one of %d", group, len(o.groups))
	}
	if err := checkLR[T](lr); err != nil {
		return fmt.Errorf("optim: SetLR: lr %w", err)
	}
	*o.groups[group].spec.lr = lr
	return nil
}

func checkLR[T kernels.Float](lr float64) error {
	if !(lr >= 0 && lr < math.Inf(1)) {
		return fmt.Errorf("= %v, want in [0, +Inf)", lr)
	}
	return fits[T](lr)
}

// LR returns the learning rate of a group, without the schedule's factor.
func (o *Optimizer[T]) LR(group int) float64 { return *o.groups[group].spec.lr }

// Groups returns the number of groups.
func (o *Optimizer[T]) Groups() int { return len(o.groups) }

// Config returns the hyperparameters of a group with defaults in place, an explicit 0 being 0, and LR as
// it is now.
func (o *Optimizer[T]) Config(group int) Config { return o.groups[group].spec.config() }

// Steps returns how many steps were taken. Those that were skipped do not count.
func (o *Optimizer[T]) Steps() uint64 { return o.steps }

// Skipped returns how many steps SkipNonFinite has skipped.
func (o *Optimizer[T]) Skipped() uint64 { return o.skipped }

// GradNorm returns the norm of the gradients of the last Step, taken or skipped, scaled but not yet
// clipped. It is known only with ClipNorm, and 0 without.
func (o *Optimizer[T]) GradNorm() float64 { return o.norm }

// Params returns the parameters, in the order of the gradients.
func (o *Optimizer[T]) Params() [][]T { return append([][]T(nil), o.params...) }

// State returns the states of a name ("m", "v", ...: see each Config), one for each parameter and in the
// order of the gradients, nil where the group's algorithm has no such state. They are the optimizer's
// own slices: what is written to them is what the next step reads. It returns nil if no group has the
// state.
func (o *Optimizer[T]) State(name string) [][]T {
	var all [][]T
	for _, g := range o.groups {
		for i, state := range g.spec.states {
			if state == name {
				if all == nil {
					all = make([][]T, len(o.params))
				}
				copy(all[g.first:], g.state[i])
			}
		}
	}
	return all
}

// Reset makes the states and the counts of steps what they were at first. Parameters, learning rates,
// schedule and gradient scale stay.
func (o *Optimizer[T]) Reset() {
	for i := range o.groups {
		o.groups[i].reset()
	}
	o.steps, o.skipped, o.norm = 0, 0, 0
}

// LookAhead stores in dst, a slice for each parameter and of its length, the point at which the gradient
// of the next step is to be taken: x + rho*v for [MomentumVelocity], which makes it Nesterov momentum in
// the look-ahead form, and x itself for the other algorithms. It panics, before anything is written, if
// the lengths differ or dst overlaps the optimizer's parameters or states.
func (o *Optimizer[T]) LookAhead(dst ...[]T) {
	o.checkSlices("LookAhead", "slice", dst)
	for _, g := range o.groups {
		for i, x := range g.x {
			d := dst[g.first+i]
			copy(d, x)
			if rho := T(g.spec.rho); rho != 0 {
				o.k.Axpy(d, g.state[0][i], rho)
			}
		}
	}
}
