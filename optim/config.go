package optim

import (
	"fmt"
	"math"
	"strings"

	"github.com/bitstep-go/bitstep/internal/check"
	"github.com/bitstep-go/bitstep/kernels"
)

// Zero stands for an explicit 0 in a field of a [Config] whose zero value means a default other than 0:
// Adam{Eps: optim.Zero} has no eps, Adam{} has the lecture's. It is the negative number closest to 0,
// which no field accepts.
const Zero = check.Zero

// A Config is an algorithm and its hyperparameters: a value of type [SGD], [Momentum],
// [MomentumVelocity], [Nesterov], [NesterovTorch], [AdaGrad], [RMSProp], [Adam] or [Lion]. ([AdamW] makes
// an Adam.) Other packages cannot add to the list, because every algorithm needs a kernel.
//
// In every Config a field of 0 means its default, and [Zero] means 0. LR is the learning rate, which a
// [schedule.Schedule] multiplies. WeightDecay is coupled, the gradient of WeightDecay/2*x^2 added to g, unless
// Decoupled is set: then x shrinks by the factor 1-lr*WeightDecay before the step (Loshchilov and
// Hutter, 2019).
type Config interface {
	spec() *spec
}

// A spec is what an optimizer, its files and its messages need to know of a Config. The spec method of a
// Config makes it from a copy of the Config, in which it puts defaults; its pointers point into the copy.
type spec struct {
	name   string   // of the Config's type
	states []string // one slice per parameter slice each
	init   float64  // what states start from
	values []value
	flags  []flag
	err    error // the first

	lr, wd    *float64
	decoupled bool
	fold      float64 // a factor on the gradient that Momentum's dampening asks for
	rho       float64 // how far beyond x along the first state gradients are taken: see LookAhead

	f32    func(*update[float32]) // the step
	f64    func(*update[float64])
	config func() Config // the copy
}

// A value is a hyperparameter that is a number.
type value struct {
	name string
	at   *float64
}

// A flag is a hyperparameter that is true or false.
type flag struct {
	name string
	on   bool
}

// newSpec starts a spec with the fields that every Config has. An LR of 0 is an error if lrDefault is 0.
func newSpec(name string, lr *float64, lrDefault float64, wd *float64, decoupled bool) *spec {
	s := &spec{name: name, lr: lr, wd: wd, decoupled: decoupled, fold: 1}
	if *lr == 0 && lrDefault == 0 {
		s.fail("LR = 0, want in (0, +Inf); it has no default, and optim.Zero stands for 0")
	}
	s.value("LR", lr, lrDefault, math.Inf(1))
	s.value("WeightDecay", wd, 0, math.Inf(1))
	s.flag("Decoupled", decoupled)
	return s
}

// value adds a number in [0, limit), putting its default in place.
func (s *spec) value(name string, at *float64, otherwise, limit float64) {
	switch *at {
	case 0:
		*at = otherwise
	case Zero:
		*at = 0
	}
	if !(*at >= 0 && *at < limit) {
		s.fail("%s = %v, want in [0, %v)", name, *at, limit)
	}
	s.values = append(s.values, value{name, at})
}

func (s *spec) flag(name string, on bool) { s.flags = append(s.flags, flag{name, on}) }

// fail keeps the first error.
func (s *spec) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("%s: "+format, append([]any{s.name}, args...)...)
	}
}

// bind gives s the step of its algorithm for both types.
func bind[C Config](s *spec, c *C, f32 func(*update[float32], *C), f64 func(*update[float64], *C)) *spec {
	s.f32 = func(u *update[float32]) { f32(u, c) }
	s.f64 = func(u *update[float64]) { f64(u, c) }
	s.config = func() Config { return *c }
	return s
}

// stepOf returns the step for elements of type T.
func stepOf[T kernels.Float](s *spec) func(*update[T]) {
	if f, ok := any(s.f32).(func(*update[T])); ok {
		return f
	}
	return any(s.f64).(func(*update[T]))
}

// checkSpec returns the first error of s for elements of type T: a number other than 0 must not become 0 or
// infinite in T.
func checkSpec[T kernels.Float](s *spec) error {
	if s.err != nil {
		return s.err
	}
	for _, v := range s.values {
		if err := fits[T](*v.at); err != nil {
			return fmt.Errorf("%s: %s %w", s.name, v.name, err)
		}
	}
	return nil
}

func fits[T kernels.Float](v float64) error {
	if x := T(v); x-x != 0 || x == 0 && v != 0 {
		return fmt.Errorf("= %v, which is %v in %T", v, x, x)
	}
	return nil
}

// named are the algorithms that ParseConfig knows.
var named = []struct {
	name string
	make func(lr float64) Config
}{
	{"sgd", func(lr float64) Config { return SGD{LR: lr} }},
	{"momentum", func(lr float64) Config { return Momentum{LR: lr} }},
	{"velocity", func(lr float64) Config { return MomentumVelocity{LR: lr} }},
	{"nesterov", func(lr float64) Config { return Nesterov{LR: lr} }},
	{"nesterov-torch", func(lr float64) Config { return NesterovTorch{LR: lr} }},
	{"adagrad", func(lr float64) Config { return AdaGrad{LR: lr} }},
	{"rmsprop", func(lr float64) Config { return RMSProp{LR: lr} }},
	{"rmsprop-centered", func(lr float64) Config { return RMSProp{LR: lr, Centered: true} }},
	{"adam", func(lr float64) Config { return Adam{LR: lr} }},
	{"adam-almost", func(lr float64) Config { return Adam{LR: lr, NoBiasCorrection: true} }},
	{"adamw", func(lr float64) Config { return AdamW(lr, 0.01) }},
	{"amsgrad", func(lr float64) Config { return Adam{LR: lr, AMSGrad: true} }},
	{"lion", func(lr float64) Config { return Lion{LR: lr} }},
}

// ParseConfig returns the Config of a name with the given learning rate and defaults otherwise, for
// command lines: sgd, momentum, velocity, nesterov, nesterov-torch, adagrad, rmsprop, rmsprop-centered,
// adam, adam-almost (without bias correction), adamw (with a decay of 0.01), amsgrad, lion. A rate of 0
// means the default of those that have one: the adams and lion.
func ParseConfig(name string, lr float64) (Config, error) {
	var names []string
	for _, n := range named {
		if n.name == name {
			c := n.make(lr)
			if err := c.spec().err; err != nil {
				return nil, fmt.Errorf("optim: %w", err)
			}
			return c, nil
		}
		names = append(names, n.name)
	}
	return nil, fmt.Errorf("optim: algorithm %q, want one of %s", name, strings.Join(names, ", "))
}
