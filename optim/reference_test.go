package optim_test

import (
	"fmt"
	"math"
	"reflect"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

// A formula is an optimizer as its paper or lecture has it, one element at a time.
type formula[T kernels.Float] struct {
	name   string
	config func(wd float64, decoupled bool) optim.Config
	lr     float64
	damp   float64
	states []string
	first  []T // of the states; nil: 0
	// step returns the new x; s are the element's states.
	step func(t uint64, lr float64, x, g T, s []T) T

	// group is in place of step where elements depend on one another, or decoupled decay is the algorithm's own.
	group func(u *groupStep[T])
	decay bool // is the algorithm's own
}

// A groupStep is what a formula does in a step to all tensors at once.
type groupStep[T kernels.Float] struct {
	t              uint64
	lr, wd         float64
	decoupled      bool
	xNorms, gNorms []float64 // before the prelude, but of scaled and clipped gradients
	x, g           [][]T     // after the prelude
	s              [][][]T   // of tensor, element, state
	numbers        *[2]float64
}

func root[T kernels.Float](v T) T { return T(math.Sqrt(float64(v))) }

// formulas use the hyperparameters below, other than the defaults. 1-beta and the like are computed in
// float64 and rounded once (rule 6); they are variables so that the compiler's exact arithmetic on
// constants does not help.
func formulas[T kernels.Float]() []formula[T] {
	rho, damp, eps, decay, beta1, beta2 := 0.875, 0.3, 1e-5, 0.97, 0.8, 0.95
	momentum := func(_ uint64, lr float64, x, g T, s []T) T {
		s[0] = T(T(rho)*s[0]) + g
		return x - T(T(lr)*s[0])
	}
	meanSquare := func(s *T, decay float64, g T) { *s = T(T(decay)*(*s)) + T(T(T(1-decay)*g)*g) }
	mean := func(m *T, decay float64, g T) { *m = T(T(decay)*(*m)) + T(T(1-decay)*g) }
	quotient := func(g, square T) T { return g / (root(square) + T(eps)) }
	adam := func(amsgrad, almost bool) func(uint64, float64, T, T, []T) T {
		return func(t uint64, lr float64, x, g T, s []T) T {
			alpha, unbias := lr, 1.0
			if !almost {
				power1, power2 := kernels.PowInt(beta1, t), kernels.PowInt(beta2, t)
				alpha, unbias = lr/(1-power1), 1/(1-power2)
			}
			mean(&s[0], beta1, g)
			meanSquare(&s[1], beta2, g)
			square := s[1]
			if amsgrad {
				s[2] = max(s[2], s[1])
				square = s[2]
			}
			return x - quotient(T(T(alpha)*s[0]), T(T(unbias)*square))
		}
	}
	rms := func(centered bool, rho float64) optim.RMSProp {
		return optim.RMSProp{LR: 0.01, Decay: decay, Eps: eps, Rho: rho, Centered: centered}
	}
	rmsprop := func(c optim.RMSProp) func(float64, bool) optim.Config {
		return func(wd float64, d bool) optim.Config { c.WeightDecay, c.Decoupled = wd, d; return c }
	}
	adams := func(c optim.Adam) func(float64, bool) optim.Config {
		c.LR, c.Beta1, c.Beta2, c.Eps = 0.01, beta1, beta2, eps
		return func(wd float64, d bool) optim.Config { c.WeightDecay, c.Decoupled = wd, d; return c }
	}
	all := []formula[T]{
		{name: "SGD", lr: 0.1,
			config: func(wd float64, d bool) optim.Config { return optim.SGD{LR: 0.1, WeightDecay: wd, Decoupled: d} },
			step:   func(_ uint64, lr float64, x, g T, _ []T) T { return x - T(T(lr)*g) }},
		{name: "Momentum", lr: 0.1, states: []string{"v"}, step: momentum,
			config: func(wd float64, d bool) optim.Config {
				return optim.Momentum{LR: 0.1, Rho: rho, WeightDecay: wd, Decoupled: d}
			}},
		{name: "Momentum dampened", lr: 0.1, damp: damp, states: []string{"v"}, step: momentum,
			config: func(wd float64, d bool) optim.Config {
				return optim.Momentum{LR: 0.1, Rho: rho, Dampening: damp, WeightDecay: wd, Decoupled: d}
			}},
		{name: "MomentumVelocity", lr: 0.1, states: []string{"v"},
			config: func(wd float64, d bool) optim.Config {
				return optim.MomentumVelocity{LR: 0.1, Rho: rho, WeightDecay: wd, Decoupled: d}
			},
			step: func(_ uint64, lr float64, x, g T, s []T) T {
				s[0] = T(T(rho)*s[0]) - T(T(lr)*g)
				return x + s[0]
			}},
		{name: "Nesterov", lr: 0.1, states: []string{"v"},
			config: func(wd float64, d bool) optim.Config {
				return optim.Nesterov{LR: 0.1, Rho: rho, WeightDecay: wd, Decoupled: d}
			},
			step: func(_ uint64, lr float64, x, g T, s []T) T {
				before := s[0]
				s[0] = T(T(rho)*s[0]) - T(T(lr)*g)
				x -= T(T(rho) * before)
				return x + T(T(1+rho)*s[0])
			}},
		{name: "NesterovTorch", lr: 0.1, states: []string{"v"},
			config: func(wd float64, d bool) optim.Config {
				return optim.NesterovTorch{LR: 0.1, Rho: rho, WeightDecay: wd, Decoupled: d}
			},
			step: func(_ uint64, lr float64, x, g T, s []T) T {
				s[0] = T(T(rho)*s[0]) + g
				g += T(T(rho) * s[0])
				return x - T(T(lr)*g)
			}},
		{name: "AdaGrad", lr: 0.1, states: []string{"s"}, first: []T{0.25},
			config: func(wd float64, d bool) optim.Config {
				return optim.AdaGrad{LR: 0.1, Eps: eps, LRDecay: 0.05, InitialAccumulator: 0.25, WeightDecay: wd,
					Decoupled: d}
			},
			step: func(t uint64, lr float64, x, g T, s []T) T {
				slowed := 1 + float64(float64(t-1)*0.05)
				s[0] += T(g * g)
				return x - quotient(T(T(lr/slowed)*g), s[0])
			}},
		{name: "RMSProp", lr: 0.01, states: []string{"s"}, config: rmsprop(rms(false, 0)),
			step: func(_ uint64, lr float64, x, g T, s []T) T {
				meanSquare(&s[0], decay, g)
				return x - quotient(T(T(lr)*g), s[0])
			}},
		{name: "RMSProp momentum", lr: 0.01, states: []string{"s", "b"}, config: rmsprop(rms(false, rho)),
			step: func(_ uint64, lr float64, x, g T, s []T) T {
				meanSquare(&s[0], decay, g)
				s[1] = T(T(rho)*s[1]) + quotient(g, s[0])
				return x - T(T(lr)*s[1])
			}},
		{name: "RMSProp centered", lr: 0.01, states: []string{"s", "m"}, config: rmsprop(rms(true, 0)),
			step: func(_ uint64, lr float64, x, g T, s []T) T {
				meanSquare(&s[0], decay, g)
				mean(&s[1], decay, g)
				return x - quotient(T(T(lr)*g), s[0]-T(s[1]*s[1]))
			}},
		{name: "RMSProp centered momentum", lr: 0.01, states: []string{"s", "m", "b"}, config: rmsprop(rms(true, rho)),
			step: func(_ uint64, lr float64, x, g T, s []T) T {
				meanSquare(&s[0], decay, g)
				mean(&s[1], decay, g)
				s[2] = T(T(rho)*s[2]) + quotient(g, s[0]-T(s[1]*s[1]))
				return x - T(T(lr)*s[2])
			}},
		{name: "Adam", lr: 0.01, states: []string{"m", "v"}, config: adams(optim.Adam{}), step: adam(false, false)},
		{name: "Adam almost", lr: 0.01, states: []string{"m", "v"}, config: adams(optim.Adam{NoBiasCorrection: true}),
			step: adam(false, true)},
		{name: "AMSGrad", lr: 0.01, states: []string{"m", "v", "vmax"}, config: adams(optim.Adam{AMSGrad: true}),
			step: adam(true, false)},
		{name: "AMSGrad almost", lr: 0.01, states: []string{"m", "v", "vmax"},
			config: adams(optim.Adam{AMSGrad: true, NoBiasCorrection: true}), step: adam(true, true)},
	}
	return append(all, own[T]()...)
}

// Formulas that stand in the test files of their algorithms.
var (
	own32 []formula[float32]
	own64 []formula[float64]
)

func addFormula(f32 formula[float32], f64 formula[float64]) bool {
	own32, own64 = append(own32, f32), append(own64, f64)
	return true
}

func own[T kernels.Float]() []formula[T] {
	if f, ok := any(own32).([]formula[T]); ok {
		return f
	}
	return any(own64).([]formula[T])
}

// wholes are algorithms whose formula is of whole tensors: their test files have it, and compare.
var wholes []optim.Config

func addWhole(c optim.Config) bool {
	wholes = append(wholes, c)
	return true
}

// Every algorithm has a formula.
func TestFormulasAreComplete(t *testing.T) {
	types := map[reflect.Type]bool{}
	for _, c := range wholes {
		types[reflect.TypeOf(c)] = true
	}
	for _, f := range formulas[float32]() {
		types[reflect.TypeOf(f.config(0, false))] = true
	}
	for _, c := range every() {
		if !types[reflect.TypeOf(c)] {
			t.Errorf("%T has none", c)
		}
	}
}

// testFields checks an algorithm's defaults, and that hyperparameters out of range are errors.
func testFields(t *testing.T, zero, want optim.Config, bad ...optim.Config) {
	t.Helper()
	if got := must(optim.New(zero, []float32{1})).Config(0); got != want {
		t.Errorf("defaults %+v, want %+v", got, want)
	}
	for _, c := range bad {
		if _, err := optim.New(c, []float32{1}); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
}

// falling is a schedule.
type falling struct{}

func (falling) Factor(step uint64) float64 { return 1 / (1 + float64(0.125*float64(step))) }

// A setting is what an optimizer can be asked besides its algorithm.
type setting struct {
	name      string
	opts      optim.Options
	wd        float64
	decoupled bool
	scale     float64
	schedule  schedule.Schedule
}

var settings = []setting{
	{name: "plain", scale: 1},
	{name: "coupled", scale: 1, wd: 0.03},
	{name: "decoupled", scale: 1, wd: 0.03, decoupled: true},
	{name: "scaled", scale: 0.3},
	{name: "maximize", scale: 1, opts: optim.Options{Maximize: true, SkipNonFinite: true}},
	{name: "norm", scale: 1, opts: optim.Options{ClipNorm: 5.5}},
	{name: "value", scale: 1, opts: optim.Options{ClipValue: 0.4}},
	{name: "schedule", scale: 1, schedule: falling{}},
	{name: "all", scale: 1.7, wd: 0.03, schedule: falling{},
		opts: optim.Options{ClipNorm: 9, ClipValue: 0.4, SkipNonFinite: true, Maximize: true}},
	{name: "all decoupled", scale: 1.7, wd: 0.03, decoupled: true, schedule: falling{},
		opts: optim.Options{ClipNorm: 9, ClipValue: 0.4, SkipNonFinite: true, Maximize: true}},
}

// A plain optimizer follows a formula with a setting.
type plain[T kernels.Float] struct {
	f       formula[T]
	s       setting
	x       [][]T
	state   [][][]T // of parameter, element, name
	numbers [2]float64
	t       uint64
}

func newPlain[T kernels.Float](f formula[T], s setting, x [][]T) *plain[T] {
	p := &plain[T]{f: f, s: s, x: x}
	for i := range x {
		p.state = append(p.state, nil)
		for range x[i] {
			elem := make([]T, len(f.states))
			copy(elem, f.first)
			p.state[i] = append(p.state[i], elem)
		}
	}
	return p
}

func (p *plain[T]) step(grads [][]T) {
	scale, lr := p.s.scale, p.f.lr
	if p.s.schedule != nil {
		lr *= p.s.schedule.Factor(p.t)
	}
	if p.s.opts.Maximize {
		scale *= -1
	}
	if limit := p.s.opts.ClipNorm; limit != 0 {
		squares := 0.0
		for _, g := range grads {
			squares += float64(kernels.SumSquares(g))
		}
		if norm := math.Sqrt(squares); math.Abs(scale)*norm > limit {
			scale = math.Copysign(limit/norm, scale)
		}
	}
	p.t++
	undamped := 1 - p.f.damp
	u := groupStep[T]{t: p.t, lr: lr, wd: p.s.wd, decoupled: p.s.decoupled, x: p.x, g: clone(grads), s: p.state,
		numbers: &p.numbers}
	for i, x := range p.x {
		u.xNorms = append(u.xNorms, euclidean(x))
		u.gNorms = append(u.gNorms, math.Abs(scale)*euclidean(grads[i]))
		for j := range x {
			g := T(T(scale*undamped) * grads[i][j])
			if limit := T(p.s.opts.ClipValue * undamped); limit != 0 {
				g = min(max(g, -limit), limit)
			}
			switch {
			case p.s.wd == 0: // a product of 0 that is added would change -0
			case !p.s.decoupled:
				g += T(T(p.s.wd*undamped) * x[j])
			case !p.f.decay:
				x[j] *= T(1 - float64(lr*p.s.wd))
			}
			if u.g[i][j] = g; p.f.group == nil {
				x[j] = p.f.step(p.t, lr, x[j], g, p.state[i][j])
			}
		}
	}
	if p.f.group != nil {
		p.f.group(&u)
	}
}

// euclidean is the norm of x. Where squares underflow in T it is that of float64, which has those of float32 exactly.
func euclidean[T kernels.Float](x []T) float64 {
	sum := float64(kernels.SumSquares(x))
	if sum < 0x1p-85 {
		sum = 0
		for _, v := range x {
			sum += float64(float64(v) * float64(v))
		}
	}
	return math.Sqrt(sum)
}

// largest is the largest finite T.
func largest[T kernels.Float]() float64 {
	if _, ok := any(T(0)).(float32); ok {
		return math.MaxFloat32
	}
	return math.MaxFloat64
}

// tensors are of whole vectors and tails, of one element and of none.
func tensors[T kernels.Float](fill func(i, j int) T) (all [][]T) {
	for i, n := range []int{67, 0, 1, 129} {
		x := make([]T, n)
		for j := range x {
			x[j] = fill(i, j)
		}
		all = append(all, x)
	}
	return all
}

func clone[T kernels.Float](s [][]T) (all [][]T) {
	for _, x := range s {
		all = append(all, append([]T{}, x...))
	}
	return all
}

// Every optimizer with every option is its formula, to the bit, on every backend, parameters and states.
func TestArchFormulas(t *testing.T) {
	t.Run("type=float32", testFormulas[float32])
	t.Run("type=float64", testFormulas[float64])
}

func testFormulas[T kernels.Float](t *testing.T) {
	steps := 30
	if testing.Short() {
		steps = 3
	}
	for _, f := range formulas[T]() {
		for _, s := range settings {
			t.Run(f.name+"/"+s.name, func(t *testing.T) { testFormula(t, f, s, steps) })
		}
	}
}

func testFormula[T kernels.Float](t *testing.T, f formula[T], s setting, steps int) {
	r := edge.Rand(1)
	start := tensors(func(i, j int) T { return T(2*r.Float64() - 1) })
	want := newPlain(f, s, clone(start))
	var opts []*optim.Optimizer[T]
	for _, b := range bitstep.Backends() {
		opt, err := optim.NewGroups(s.opts, optim.Group[T]{Config: f.config(s.wd, s.decoupled), Params: clone(start)})
		if err != nil {
			t.Fatal(err)
		}
		opt.SetEngine(bitstep.On[T](b))
		if err := opt.SetGradScale(s.scale); err != nil {
			t.Fatal(err)
		}
		opt.SetSchedule(s.schedule)
		opts = append(opts, opt)
	}
	for step := range steps {
		// Gradients of all sizes, so that clipping clips now and then; -0, 0 and subnormals among them.
		size := T(math.Ldexp(1, r.IntN(4)-2))
		grads := tensors(func(i, j int) T {
			switch (i + j + step) % 23 {
			case 0:
				return T(math.Copysign(0, float64(j%2)-0.5))
			case 1:
				return math.SmallestNonzeroFloat32
			}
			return T(size * T(2*r.Float64()-1))
		})
		given := clone(grads)
		want.step(grads)
		for i, b := range bitstep.Backends() {
			if !opts[i].Step(grads...) {
				t.Fatalf("%v: step %d was skipped", b, step)
			}
			compare(t, fmt.Sprintf("%v, step %d: x", b, step), opts[i].Params(), want.x)
			for k, name := range f.states {
				states := tensors(func(i, j int) T { return want.state[i][j][k] })
				compare(t, fmt.Sprintf("%v, step %d: %s", b, step, name), opts[i].State(name), states)
			}
			compare(t, "the gradient in memory", grads, given)
		}
		if t.Failed() {
			return
		}
	}
	if opts[0].Steps() != uint64(steps) {
		t.Errorf("Steps() = %d, want %d", opts[0].Steps(), steps)
	}
}

// compare compares bits.
func compare[T kernels.Float](t *testing.T, what string, got, want [][]T) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d slices, want %d", what, len(got), len(want))
		return
	}
	for i := range want {
		if len(got[i]) != len(want[i]) {
			t.Errorf("%s: slice %d has %d elements, want %d", what, i, len(got[i]), len(want[i]))
		} else if j := edge.Differ(got[i], want[i]); j >= 0 {
			t.Errorf("%s[%d][%d] = %x, want %x", what, i, j, got[i][j], want[i][j])
		}
	}
}
