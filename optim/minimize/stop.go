package minimize

import (
	"fmt"
	"math"

	"github.com/bitstep-go/bitstep/internal/check"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
)

// Zero stands for an explicit 0 in a field whose zero value means a default: LineSearch{Noise: minimize.Zero}.
const Zero = check.Zero

// Stop has the rules that end a minimization. Each is tested at every iterate, in the order of the fields; f, x
// and g are the value, the point and the gradient there, a dash marks the iterate before. [Zero] stands for an
// explicit 0 where 0 means a default.
type Stop struct {
	// Gradient ends at max|g[i]| <= Gradient. Default: 1e-5 for float64, 1e-3 for float32.
	Gradient float64
	// GradientRelative ends at max|g[i]| <= GradientRelative * max|g[i] at the start|. Default: off.
	GradientRelative float64
	// Target ends at f <= Target. Default: off.
	Target float64
	// Value ends at |f - f'| <= Value * max(1, |f|). Default: off. One small change is no proof of a minimum.
	Value float64
	// Step ends at max|x[i] - x'[i]| <= Step * max(1, max|x[i]|). Default: off.
	Step float64
	// Iterations is the largest number of iterations. Default: 10,000.
	Iterations int
	// Evaluations is the largest number of calls of the objective. Default: no limit.
	Evaluations int
}

// A Status tells why a minimization ended.
type Status int

const (
	Unfinished        Status = iota
	GradientConverged        // Stop.Gradient or Stop.GradientRelative is met
	TargetReached            // Stop.Target is met
	ValueConverged           // Stop.Value is met
	StepConverged            // Stop.Step is met
	IterationLimit           // Stop.Iterations is reached
	EvaluationLimit          // Stop.Evaluations is reached
	CallbackStop             // OnIteration returned true
	Cancelled                // the context is done
	NoProgress               // no lower point was found along the gradient: wrong derivatives, or rounding
	NotFinite                // the value or the gradient at the start is NaN or infinite
	InvalidSettings          // a setting is out of range, and nothing was evaluated
	statusEnd
)

var statusNames = [statusEnd]string{"unfinished", "gradient converged", "target reached", "value converged",
	"step converged", "iteration limit", "evaluation limit", "stopped by callback", "cancelled", "no progress",
	"not finite at the start", "invalid settings"}

// String returns the reason in words.
func (s Status) String() string {
	if s >= 0 && s < statusEnd {
		return statusNames[s]
	}
	return fmt.Sprintf("Status(%d)", int(s))
}

// Converged reports whether a rule ended the minimization that tells of a minimum or of a target reached.
func (s Status) Converged() bool { return s >= GradientConverged && s <= StepConverged }

// A Result tells how a minimization ended. The point itself is in x.
type Result struct {
	Status      Status
	F           float64 // value at x; NaN if nothing was evaluated
	GradNorm    float64 // max |g[i]| at x; NaN if nothing was evaluated
	Iterations  int     // steps taken
	Evaluations int     // calls of the objective
	Gradients   int     // those that asked for the gradient
	Hessians    int     // calls of the Hessian
}

// setting checks settings for one method; the first error stays.
type setting struct {
	method string
	err    error
}

// real replaces 0 by the default, which need not be in the range, and [Zero] by 0.
func (c *setting) real(name string, v *float64, standard, lo, hi float64, ends check.Ends) {
	if *v == 0 {
		*v = standard
		return
	}
	*v = check.Default(*v, standard)
	c.keep(check.In(name, *v, lo, hi, ends))
}

// whole replaces 0 by the default and expects v >= 1.
func (c *setting) whole(name string, v *int, standard int) {
	if *v == 0 {
		*v = standard
	}
	c.keep(check.AtLeast(name, *v, 1))
}

// keep keeps the first error.
func (c *setting) keep(err error) {
	if c.err == nil && err != nil {
		c.err = fmt.Errorf("minimize: %s: %w", c.method, err)
	}
}

// function expects an objective.
func (c *setting) function(missing bool) {
	if missing {
		c.fail("the objective is nil, want a function")
	}
}

func (c *setting) fail(format string, args ...any) { c.keep(fmt.Errorf(format, args...)) }

// stopOff is a tolerance that no finite number meets.
const stopOff = -1

func checkStop[T kernels.Float](c *setting, s *Stop) {
	gradient := 1e-5
	if num.Is32[T]() {
		gradient = 1e-3
	}
	inf := math.Inf(1)
	c.real("Stop.Gradient", &s.Gradient, gradient, 0, inf, check.OpenHigh)
	c.real("Stop.GradientRelative", &s.GradientRelative, stopOff, 0, inf, check.OpenHigh)
	c.real("Stop.Target", &s.Target, -inf, -inf, inf, check.Open)
	c.real("Stop.Value", &s.Value, stopOff, 0, inf, check.OpenHigh)
	c.real("Stop.Step", &s.Step, stopOff, 0, inf, check.OpenHigh)
	c.whole("Stop.Iterations", &s.Iterations, 10000)
	c.whole("Stop.Evaluations", &s.Evaluations, math.MaxInt)
}
