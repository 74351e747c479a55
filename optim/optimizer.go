package optim

import (
	"cmp"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/check"
	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

// A Group is some of an optimizer's parameters with hyperparameters of their own.
type Group[T kernels.Float] struct {
	Name   string // for messages and files; unique unless empty
	Config Config
	Params [][]T // updated in place; a slice may be empty

	// Weights are in the place of Params if parameters are in bfloat16. T is float32 then, in which steps compute. They
	// round what they store by random bits (see Options.Seed), for most of an update is lost to nearest; or they update
	// copies in float32 and round these to nearest: see Options.Master. Without a master an algorithm is an error
	// that works on parameters beside its kernel ([Spec.OnePass]): [Adafactor], [ASGD], [LAMB], [Lookahead], [MADGRAD],
	// [Muon], [Prodigy], [ScheduleFreeSGD], [ScheduleFreeAdam] and [SparseAdam].
	Weights [][]kernels.BFloat16

	Shapes [][]int // of the parameters, row-major; nil: each is a vector. Some algorithms and all files tell shapes
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
	// multiplied by ClipNorm/norm. (torch.nn.utils.clip_grad_norm_ divides by norm+1e-6.) An element that is
	// not finite leaves all unclipped. 0 means no limit.
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

	// States is how states are stored that a step reads and writes: [BF16] and [Block8] are for parameters of float32,
	// and take less memory. Arithmetic is that of [Full]; what is stored is rounded (rules 14 to 16 of package
	// kernels), so that results differ from those of Full, and are the same on every CPU. Full is the parameters' type:
	// BF16 for [Group.Weights] without a master. An algorithm is an error with
	// others than Full if its states are weights or are not updated element by element: [ASGD], [MADGRAD], [Prodigy],
	// [Adafactor], [Muon], [SparseAdam], [ScheduleFreeSGD] and [ScheduleFreeAdam]. Those of [Lookahead] stay Full.
	States Storage

	// Master keeps a copy of all [Group.Weights] in float32, made of their values when the optimizer is: what steps
	// update and files hold beside them. After each step the weights are its elements, rounded to nearest; no step
	// reads them. So a step is to the bit that of float32 Params with gradients in float32, whatever the algorithm.
	//
	// Memory: 8 bytes for each element, those of the copy and of its gradient in float32. Gradients in bfloat16 are
	// widened in a pass before the step, and weights rounded in one after it.
	Master bool

	// Seed is that of random bits by which narrow States are rounded, and Weights without a master. Each parameter has
	// its own, and each step.
	Seed uint64
}

// An Optimizer updates parameters by an algorithm. It keeps the slices of parameters that it was made
// with; its methods must not be called at the same time from several goroutines.
type Optimizer[T kernels.Float] struct {
	opts    Options
	k       bitstep.Engine[T]
	params  [][]T                // of weights their master, or nil
	weights [][]kernels.BFloat16 // nil where parameters are of type T
	lengths []int                // of both
	groups  []group[T]
	regions []region // parameters and states

	schedule schedule.Schedule
	momentum schedule.Schedule
	scale    float64 // of gradients
	norm     float64 // of the last step's gradients
	steps    uint64
	skipped  uint64

	grads tensors[T] // of the step that runs
	shown [][]T      // all of Update.X, and then of G: copies, for an algorithm might store to these
	seen  []byte     // the gradients that were checked last: pointers, which keep nothing alive, and lengths
	u     Update[T]
}

// A group is a Group at work.
type group[T kernels.Float] struct {
	name string
	spec *Spec
	step func(*Update[T])
	// lookAhead is nil where gradients are taken at x, and hessian where no estimate of one is.
	lookAhead func(e bitstep.Engine[T], i int, dst []T)
	hessian   func(e bitstep.Engine[T], i int, estimate []T, r kernels.Rounding)

	first    int                  // the index of its first parameter among all
	x        [][]T                // parameters
	w        [][]kernels.BFloat16 // weights; nil: x has them
	wide     [][]T                // memory for gradients of w in T, if there is a master
	lengths  []int
	shapes   [][]int
	states   []groupState
	storage  Storage // of moments
	moments  []*Moment[T]
	rate     float64           // LR as it was given
	schedule schedule.Schedule // nil: the optimizer's
	factor   float64           // on the rate of the step that runs

	paramNorms, gradNorms []float64 // nil unless asked for
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
		if err := checkParams(g); err != nil {
			return nil, fmt.Errorf("%s%w", where, err)
		}
		if !utf8.ValidString(g.Name) {
			return nil, fmt.Errorf("%sthe name is not UTF-8", where)
		}
		s := g.Config.Spec()
		if s == nil || s.config == nil {
			return nil, fmt.Errorf("%s%T: its Spec has no step, want what Bind returns", where, g.Config)
		}
		if err := checkSpec[T](s); err != nil {
			return nil, fmt.Errorf("%s%w", where, err)
		}
		coupled := *s.wd
		if s.decoupled {
			coupled = 0
		}
		err := cmp.Or(checkFactor[T](s, "scale*factor", o.scale), checkFactor[T](s, "ClipValue*factor", opts.ClipValue),
			checkFactor[T](s, "WeightDecay*factor", coupled))
		if err != nil {
			return nil, fmt.Errorf("%s%w", where, err)
		}
		narrow := len(g.Weights) > 0 && !opts.Master
		if narrow && !s.onePass {
			return nil, fmt.Errorf("%s%s: Weights with Options.Master = false, want true: its steps work on "+
				"parameters beside a kernel", where, s.name)
		}
		made := group[T]{name: g.Name, spec: s, first: len(o.params), rate: *s.lr, storage: opts.States}
		o.addParams(g)
		made.lengths = o.lengths[made.first:]
		if made.shapes, err = shapesOf(g.Shapes, made.lengths); err != nil {
			return nil, fmt.Errorf("%s%w", where, err)
		}
		if narrow && made.storage == Full {
			made.storage = BF16
		}
		o.groups = append(o.groups, made)
	}
	for i := range o.params {
		o.regions = append(o.regions, regionOf(o.params[i], parameter, i), regionOf(o.weights[i], parameter, i))
	}
	var err error
	if o.regions, err = disjoint(o.regions); err != nil {
		return nil, fmt.Errorf("optim: %w", err)
	}
	if err := o.split(); err != nil {
		return nil, fmt.Errorf("optim: Options: %w", err)
	}
	o.grads = newTensors[T](len(o.params), o.longest())
	o.shown = make([][]T, 2*len(o.params))
	o.seen = make([]byte, 0, len(mem.Bytes(make([]kernels.Stored, len(o.params)))))
	scratch := 0
	for i := range o.groups {
		g := &o.groups[i]
		setup := Setup[T]{group: g}
		g.step = setUp(g.spec, &setup)
		if err := g.checkStorage(); err != nil {
			return nil, fmt.Errorf("optim: Options: %w", err)
		}
		scratch = max(scratch, setup.scratch)
		for _, state := range g.states {
			for j, t := range state.tensors {
				start, end := t.bounds()
				o.regions = append(o.regions, region{start, end, "state " + state.name + " of parameter", g.first + j})
			}
		}
	}
	o.u.Scratch, o.u.seed, o.u.one = mem.Aligned[T](scratch), opts.Seed, new(Update[T])
	if o.narrow() {
		o.u.xs, o.u.gs = make([]kernels.Stored, 0, len(o.params)), make([]kernels.Stored, 0, len(o.params))
	}
	o.regions, err = disjoint(o.regions)
	return o, err // the states are new: no error is left to happen
}

// shapesOf returns the shapes of a group's parameters, or an error if one does not fit.
func shapesOf(given [][]int, lengths []int) (shapes [][]int, err error) {
	if given != nil && len(given) != len(lengths) {
		return nil, fmt.Errorf("%d Shapes, want %d, one for each parameter", len(given), len(lengths))
	}
	for i, length := range lengths {
		if given == nil {
			shapes = append(shapes, []int{length})
			continue
		}
		shape := append([]int{}, given[i]...)
		if n, ok := check.Elements(shape); !ok || n != uint64(length) {
			return nil, fmt.Errorf("Shapes[%d] = %v, want the shape of %d elements", i, shape, length)
		}
		shapes = append(shapes, shape)
	}
	return shapes, nil
}

func checkOptions[T kernels.Float](opts Options) error {
	for _, v := range []struct {
		name  string
		value float64
	}{{"ClipNorm", opts.ClipNorm}, {"ClipValue", opts.ClipValue}} {
		if err := check.Rounded[T](v.name, v.value, 0, math.Inf(1), check.OpenHigh); err != nil {
			return fmt.Errorf("%w, where 0 means no limit", err)
		}
	}
	return checkStates[T](opts.States)
}

// SetEngine chooses the backend and the number of threads of the optimizer's kernels; what it starts
// with is the active backend and no limit. Results do not depend on it.
func (o *Optimizer[T]) SetEngine(k bitstep.Engine[T]) { o.k = k }

// SetSchedule sets the factor on every group's learning rate, of which the next step takes
// Factor(Steps()); nil, what an optimizer starts with, means 1.
func (o *Optimizer[T]) SetSchedule(s schedule.Schedule) { o.schedule = s }

// SetGroupSchedule sets the factor on the learning rate of one group, by its index, in place of the common one of
// [Optimizer.SetSchedule]; nil, what a group starts with, means the common one.
func (o *Optimizer[T]) SetGroupSchedule(group int, s schedule.Schedule) error {
	if err := o.checkGroup(group); err != nil {
		return fmt.Errorf("optim: SetGroupSchedule: %w", err)
	}
	o.groups[group].schedule = s
	return nil
}

// SetMomentum sets the factor on the momentum of all groups that have one ([Spec.Momentum]: the Rho of [Momentum], the
// Beta1 of [Adam]), of which the next step takes Factor(Steps()); nil, what an optimizer starts with, means 1. The
// other half of [schedule.OneCycle] is [schedule.OneCycleMomentum].
func (o *Optimizer[T]) SetMomentum(s schedule.Schedule) { o.momentum = s }

// SetGradScale sets the factor on gradients, 1 to start with: 1/batch for gradients that are sums, or 1
// over the factor on a loss that was scaled. It must not be infinite or NaN, or become so or 0 in T, alone or times an
// algorithm's [Spec.GradientFactor]. On an error the scale is what it was.
func (o *Optimizer[T]) SetGradScale(scale float64) error {
	if err := o.checkScale(scale); err != nil {
		return fmt.Errorf("optim: SetGradScale: %w", err)
	}
	o.scale = scale
	return nil
}

func (o *Optimizer[T]) checkScale(scale float64) error {
	err := check.Rounded[T]("scale", scale, math.Inf(-1), math.Inf(1), check.Open)
	for _, g := range o.groups {
		err = cmp.Or(err, checkFactor[T](g.spec, "scale*factor", scale))
	}
	return err
}

// GradScale returns the factor on gradients.
func (o *Optimizer[T]) GradScale() float64 { return o.scale }

// SetLR sets the learning rate of a group, by its index. It must not be negative, infinite or NaN; 0 is
// 0 here.
func (o *Optimizer[T]) SetLR(group int, lr float64) error {
	if err := o.checkGroup(group); err != nil {
		return fmt.Errorf("optim: SetLR: %w", err)
	}
	if err := checkLR[T](lr); err != nil {
		return fmt.Errorf("optim: SetLR: %w", err)
	}
	*o.groups[group].spec.lr = lr
	return nil
}

func (o *Optimizer[T]) checkGroup(group int) error {
	if group < 0 || group >= len(o.groups) {
		return fmt.Errorf("group %d, want one of %d", group, len(o.groups))
	}
	return nil
}

func checkLR[T kernels.Float](lr float64) error {
	return check.Rounded[T]("LR", lr, 0, math.Inf(1), check.OpenHigh)
}

// LR returns the learning rate of a group, without the schedule's factor.
func (o *Optimizer[T]) LR(group int) float64 { return *o.groups[group].spec.lr }

// Groups returns the number of groups.
func (o *Optimizer[T]) Groups() int { return len(o.groups) }

// Config returns the hyperparameters of a group with defaults in place, [Zero] for an explicit 0 where a 0 would
// mean a default, and LR as it is now: another optimizer made with it is the same.
func (o *Optimizer[T]) Config(group int) Config { return o.groups[group].spec.given() }

// Steps returns how many steps were taken. Those that were skipped do not count.
func (o *Optimizer[T]) Steps() uint64 { return o.steps }

// Skipped returns how many steps SkipNonFinite has skipped.
func (o *Optimizer[T]) Skipped() uint64 { return o.skipped }

// GradNorm returns the norm of the gradients of the last Step, taken or skipped, scaled but not yet
// clipped. It is known only with ClipNorm, and 0 without.
func (o *Optimizer[T]) GradNorm() float64 { return o.norm }

// Params returns the parameters, in the order of the gradients: of [Group.Weights] the master, which is the optimizer's
// own and what the next step starts from, or nil if they have none.
func (o *Optimizer[T]) Params() [][]T { return append([][]T(nil), o.params...) }

// SetParams has the optimizer update parameters that lie elsewhere now, each of the length of the one in its place;
// states and counts of steps stay. It is for programs whose parameters move. In the place of [Group.Weights], which
// [Optimizer.SetWeights] is for, are slices without elements. On an error nothing has changed.
func (o *Optimizer[T]) SetParams(params ...[]T) error {
	return move(o, "SetParams", o.params, params, func(i int) bool { return o.weights[i] == nil })
}

// State returns the states of a name ("m", "v", ...: see each Config), one for each parameter and in the
// order of the gradients, nil where the group's algorithm has no such state of type T. They are the optimizer's
// own slices: what is written to them is what the next step reads. It returns nil if no group has the
// state. [StateOf] returns those of other types.
func (o *Optimizer[T]) State(name string) [][]T { return StateOf[T](o, name) }

// StateOf is [Optimizer.State] for states with elements of type E.
func StateOf[E checkpoint.Element, T kernels.Float](o *Optimizer[T], name string) (all [][]E) {
	for _, g := range o.groups {
		for _, state := range g.states {
			for i, t := range state.tensors {
				if t, ok := t.(*tensor[E]); ok && state.name == name {
					if all == nil {
						all = make([][]E, len(o.params))
					}
					all[g.first+i] = t.s
				}
			}
		}
	}
	return all
}

// Reset makes the states and the counts of steps what they were at first. Parameters, learning rates,
// schedule and gradient scale stay.
func (o *Optimizer[T]) Reset() {
	for _, g := range o.groups {
		for _, state := range g.states {
			state.reset()
		}
	}
	o.steps, o.skipped, o.norm = 0, 0, 0
}

// LookAhead stores in dst, a slice for each parameter and of its length, in T, the point at which the gradient
// of the next step is to be taken: x + rho*v for [MomentumVelocity], which makes it Nesterov momentum in
// the look-ahead form, and x itself for the other algorithms of this package. It panics, before anything is written, if
// the lengths differ, dst overlaps the optimizer's parameters or states, or the factor on momentum is none.
func (o *Optimizer[T]) LookAhead(dst ...[]T) {
	if err := o.checkSlices("slice", dst); err != nil {
		panic(fmt.Sprintf("optim: LookAhead: %v", err))
	}
	momentum, err := o.momentumFactor()
	if err != nil {
		panic(fmt.Sprintf("optim: LookAhead: %v", err))
	}
	for _, g := range o.groups {
		before := g.spec.multiplyMomentum(momentum)
		for i, x := range g.x {
			d := dst[g.first+i]
			if g.w != nil && !o.opts.Master {
				narrowed(o.k).FromBFloat16(any(d).([]float32), g.w[i])
			} else {
				copy(d, x)
			}
			if g.lookAhead != nil {
				g.lookAhead(o.k, i, d)
			}
		}
		g.spec.swapMomentum(before)
	}
}
