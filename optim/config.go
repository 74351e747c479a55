package optim

import (
	"fmt"
	"math"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/bitstep-go/bitstep/internal/check"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
)

// Zero stands for an explicit 0 in a field of a [Config] whose zero value means a default other than 0:
// Adam{Eps: optim.Zero} has no eps, Adam{} has the lecture's. It is the negative number closest to 0,
// which no field accepts.
const Zero = check.Zero

// A Config is an algorithm and its hyperparameters: a value of a type of this package ([Algorithms] lists them;
// [AdamW] makes an Adam), or of one written elsewhere over the kernels of package bitstep: see [Spec].
//
// In every Config a field of 0 means its default, and [Zero] means 0. LR is the learning rate, which a
// [schedule.Schedule] multiplies. WeightDecay is coupled, the gradient of WeightDecay/2*x^2 added to g, unless
// Decoupled is set: then x shrinks by the factor 1-lr*WeightDecay before the step (Loshchilov and
// Hutter, 2019).
type Config interface {
	// Spec describes the algorithm. It has a value receiver: what it describes is a copy of the Config, in which
	// defaults are put.
	Spec() *Spec
}

// A Spec is what an optimizer, its files and its messages need to know of a [Config]: the hyperparameters and how
// they are checked, and the step. An algorithm is a struct with a Spec method and a function that is generic in
// the element type:
//
//	type Sign struct{ LR, WeightDecay float64; Decoupled bool }
//
//	func (c Sign) Spec() *optim.Spec {
//		s := optim.NewSpec("Sign", &c.LR, 0, &c.WeightDecay, c.Decoupled)
//		s.OnePass()
//		return optim.Bind(s, &c, sign[float32], sign[float64])
//	}
//
//	func sign[T bitstep.Float](s *optim.Setup[T], c *Sign) func(*optim.Update[T]) {
//		m := s.Moment("m", 0) // a state of a parameter's size for each parameter
//		return func(u *optim.Update[T]) {
//			u.Lion(m, bitstep.NewLion[T](bitstep.LionHyper{LR: u.LR, Beta1: 0, Beta2: 0.9}))
//		}
//	}
type Spec struct {
	name   string // of the Config's type
	values []value
	flags  []flag
	err    error // the first

	lr, wd         *float64
	lrGiven        bool // the caller set it
	decoupled      bool
	gradientFactor float64
	firstFactor    float64  // 0: gradientFactor
	momentum       *float64 // nil: there is none
	onePass        bool

	f32    func(*Setup[float32]) func(*Update[float32])
	f64    func(*Setup[float64]) func(*Update[float64])
	config func() Config
}

// A value is a hyperparameter that is a number.
type value struct {
	name         string
	at           *float64
	otherwise    float64
	least, limit float64
	ends         check.Ends
}

// A flag is a hyperparameter that is true or false.
type flag struct {
	name string
	on   bool
}

// NewSpec starts the description of an algorithm with the fields that every Config has: LR, which is in
// [0, +Inf) and required if lrDefault is 0, WeightDecay in [0, +Inf), 0 by default, and Decoupled.
func NewSpec(name string, lr *float64, lrDefault float64, weightDecay *float64, decoupled bool) *Spec {
	s := &Spec{name: name, lr: lr, wd: weightDecay, decoupled: decoupled, gradientFactor: 1, lrGiven: *lr != 0}
	if !utf8.ValidString(name) { // files have it
		s.err = fmt.Errorf("the algorithm's name %q is not UTF-8", name)
	}
	if *lr == 0 && lrDefault == 0 {
		s.fail("LR = 0, want in (0, +Inf); it has no default, and optim.Zero stands for 0")
	}
	s.Value("LR", lr, lrDefault, math.Inf(1))
	s.Value("WeightDecay", weightDecay, 0, math.Inf(1))
	s.Flag("Decoupled", decoupled)
	return s
}

// Value adds a field that is a number in [0, limit), also when it is rounded to the parameters' type. It puts the
// default in place of 0, and 0 in place of [Zero]. Names of fields are in files: UTF-8, unique, and with a capital
// letter first, as those of exported fields.
func (s *Spec) Value(name string, field *float64, otherwise, limit float64) {
	s.add(value{name, field, otherwise, 0, limit, check.OpenHigh})
}

// Signed is [Spec.Value] of a field that is any finite number.
func (s *Spec) Signed(name string, field *float64, otherwise float64) {
	s.add(value{name, field, otherwise, math.Inf(-1), math.Inf(1), check.Open})
}

func (s *Spec) add(v value) {
	s.checkField(v.name)
	*v.at = check.Default(*v.at, v.otherwise)
	if err := check.In(v.name, *v.at, v.least, v.limit, v.ends); err != nil {
		s.fail("%w", err)
	}
	s.values = append(s.values, v)
}

// Flag adds a field that is true or false. Of its name holds what Value says.
func (s *Spec) Flag(name string, on bool) {
	s.checkField(name)
	s.flags = append(s.flags, flag{name, on})
}

// checkField checks the name of a new field. The keys of a file that are no fields begin with a small letter.
func (s *Spec) checkField(name string) {
	first, _ := utf8.DecodeRuneInString(name)
	switch {
	case !utf8.ValidString(name):
		s.fail("field %q: the name is not UTF-8", name)
	case !unicode.IsUpper(first):
		s.fail("field %q: want a capital letter first", name)
	case slices.ContainsFunc(s.values, func(v value) bool { return v.name == name }),
		slices.ContainsFunc(s.flags, func(f flag) bool { return f.name == name }):
		s.fail("field %q: there are two of that name", name)
	}
}

// Momentum says which field, one that [Spec.Value] has added, is the momentum that [Optimizer.SetMomentum] puts a
// factor on. The field has the product while a step runs, and what a step needs of it is to be read then.
func (s *Spec) Momentum(field *float64) { s.momentum = field }

// OnePass says that a step reads and writes parameters and gradients by the methods of [Update] that are named after
// kernels alone, so not by [Update.Prepare]: of Update.X and Update.G it takes no more than how many slices there are,
// for those in bfloat16 are nil. ([Setup.Shapes] has their sizes.) Only then may parameters be in bfloat16 without a
// master: see [Group].
func (s *Spec) OnePass() { s.onePass = true }

// swapMomentum sets the momentum, if there is one, and returns what it was.
func (s *Spec) swapMomentum(m float64) (before float64) {
	if s.momentum != nil {
		before, *s.momentum = *s.momentum, m
	}
	return before
}

// multiplyMomentum multiplies the momentum, if there is one, and returns what it was.
func (s *Spec) multiplyMomentum(factor float64) (before float64) {
	if s.momentum == nil {
		return 0
	}
	return s.swapMomentum(float64(*s.momentum * factor))
}

// GradientFactor sets a factor on the gradient that is part of the algorithm, as the 1-d of [Momentum]'s dampening.
// It is multiplied into the scale of gradients, the limit of clipping by value and the coupled decay, each
// rounded once, and so costs nothing. A product that is infinite, or 0 where no factor of it is, is an error.
func (s *Spec) GradientFactor(factor float64) { s.gradientFactor = factor }

// FirstGradientFactor sets a factor of the first step's own, of which holds what [Spec.GradientFactor] says. 0 sets
// none.
func (s *Spec) FirstGradientFactor(factor float64) { s.firstFactor = factor }

// factorAt is the factor on the gradient of the step after so many.
func (s *Spec) factorAt(steps uint64) float64 {
	if steps == 0 && s.firstFactor != 0 {
		return s.firstFactor
	}
	return s.gradientFactor
}

// fail keeps the first error.
func (s *Spec) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("%s: "+format, append([]any{s.name}, args...)...)
	}
}

// Bind completes the description by the algorithm itself, for both element types: a function that is called once
// for a group of parameters, asks for states and what else a step needs, and returns the step. Config is the
// copy that the receiver of Spec is. Without a function an optimizer is an error.
func Bind[C Config](s *Spec, config *C, f32 func(*Setup[float32], *C) func(*Update[float32]),
	f64 func(*Setup[float64], *C) func(*Update[float64])) *Spec {
	if f32 == nil || f64 == nil {
		s.fail("Bind: a function is nil, want one for each element type")
	}
	s.f32 = func(a *Setup[float32]) func(*Update[float32]) { return f32(a, config) }
	s.f64 = func(a *Setup[float64]) func(*Update[float64]) { return f64(a, config) }
	s.config = func() Config { return *config }
	return s
}

// setUp calls the algorithm for elements of type T.
func setUp[T kernels.Float](s *Spec, a *Setup[T]) func(*Update[T]) {
	if num.Is32[T]() {
		return any(s.f32).(func(*Setup[T]) func(*Update[T]))(a)
	}
	return any(s.f64).(func(*Setup[T]) func(*Update[T]))(a)
}

// given returns a Config that means what s has: a 0 whose field would mean something else is [Zero].
func (s *Spec) given() Config {
	for _, v := range s.values {
		if *v.at == 0 && (v.otherwise != 0 || v.at == s.lr) {
			*v.at = Zero
			defer func() { *v.at = 0 }()
		}
	}
	return s.config()
}

// checkFactor checks the products of a number and the gradient's factors, as T has them.
func checkFactor[T kernels.Float](s *Spec, name string, v float64) error {
	for steps := range uint64(2) {
		factor := s.factorAt(steps)
		err := check.Rounded[T](name, float64(v*factor), math.Inf(-1), math.Inf(1), check.Open)
		if err != nil {
			return fmt.Errorf("%s: %w, where factor = %v is the algorithm's on gradients", s.name, err, factor)
		}
	}
	return nil
}

// checkSpec returns the first error of s for elements of type T.
func checkSpec[T kernels.Float](s *Spec) error {
	if s.err != nil {
		return s.err
	}
	for _, v := range s.values {
		if err := check.Rounded[T](v.name, *v.at, v.least, v.limit, v.ends); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}
