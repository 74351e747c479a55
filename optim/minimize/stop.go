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

// real replaces 0 by the default and [Zero] by 0, and expects lo <= v < hi, or lo < v if open.
func (c *setting) real(name string, v *float64, standard, lo, hi float64, open bool) {
	switch *v {
	case 0:
		*v = standard
		return
	case Zero:
		*v = 0
	}
	if !(*v >= lo && *v < hi) || open && *v == lo {
		bracket := "["
		if open {
			bracket = "("
		}
		c.fail("%s = %v, want in %s%v, %v)", name, *v, bracket, lo, hi)
	}
}

// whole replaces 0 by the default and expects v >= 1.
func (c *setting) whole(name string, v *int, standard int) {
	if *v == 0 {
		*v = standard
	}
	if *v < 1 {
		c.fail("%s = %d, want at least 1", name, *v)
	}
}

// function expects an objective.
func (c *setting) function(missing bool) {
	if missing {
		c.fail("the objective is nil, want a function")
	}
}

func (c *setting) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("minimize: "+c.method+": "+format, args...)
	}
}

// stopOff is a tolerance that no finite number meets.
const stopOff = -1

func checkStop[T kernels.Float](c *setting, s *Stop) {
	gradient := 1e-5
	if num.Is32[T]() {
		gradient = 1e-3
	}
	inf := math.Inf(1)
	c.real("Stop.Gradient", &s.Gradient, gradient, 0, inf, false)
	c.real("Stop.GradientRelative", &s.GradientRelative, stopOff, 0, inf, false)
	c.real("Stop.Target", &s.Target, -inf, -inf, inf, true)
	c.real("Stop.Value", &s.Value, stopOff, 0, inf, false)
	c.real("Stop.Step", &s.Step, stopOff, 0, inf, false)
	c.whole("Stop.Iterations", &s.Iterations, 10000)
	c.whole("Stop.Evaluations", &s.Evaluations, math.MaxInt)
}
