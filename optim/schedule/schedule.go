package schedule

import (
	"cmp"
	"fmt"
	"math"

	"github.com/bitstep-go/bitstep/internal/check"
	"github.com/bitstep-go/bitstep/kernels"
)

// A Schedule changes the learning rate from step to step. Factor is a pure function of the number of
// steps taken before: lr_t = LR*Factor(t), t = 0 at the first step. It returns 0 or a positive number.
//
// The schedules of this package are functions of float64 in a fixed order, with kernels' own exp, log and
// sine: their bits are the same on every machine. A run that is resumed at step t continues the schedule
// exactly. They are safe for concurrent use, but for those with a state: see [Observer].
//
// In the comments f is the factor, t the step and T the number of steps given. Where PyTorch has the same
// schedule, its name in torch.optim.lr_scheduler follows; torch's rates differ from LR*f by rounding only
// (a test compares with version 1.13), because it computes most of them from the rate of the step before.
// Its minimal rates are absolute; those here are fractions of LR, so that one schedule serves
// every parameter group.
type Schedule interface {
	Factor(step uint64) float64
}

// A Func is a Schedule made of a function, whose result must depend on the step alone.
type Func func(step uint64) float64

// Factor calls f.
func (f Func) Factor(step uint64) float64 { return f(step) }

// Constant returns the schedule f = factor, a finite number from 0 up.
func Constant(factor float64) (Schedule, error) {
	if err := fail("Constant", check.In("factor", factor, 0, math.Inf(1), check.OpenHigh)); err != nil {
		return nil, err
	}
	return Func(func(uint64) float64 { return factor }), nil
}

// progress returns t/total in [0, 1]: 1 from the last step on.
func progress(t, total uint64) float64 {
	if t >= total {
		return 1
	}
	return float64(t) / float64(total)
}

// remaining returns 1 - t/total in [0, 1], with a small relative error near the end too.
func remaining(t, total uint64) float64 {
	if t >= total {
		return 0
	}
	return float64(total-t) / float64(total)
}

// mix returns a + (b-a)*p, and exactly b where p is 1.
func mix(a, b, p float64) float64 {
	if p == 1 {
		return b
	}
	return a + float64((b-a)*p)
}

// halfCosine returns (1 + cos(pi (1-p)))/2 for p in [0, 1] as the square of a sine, which loses no digits
// where the cosine is close to -1.
func halfCosine(p float64) float64 {
	s := kernels.Sin(float64(math.Pi / 2 * p))
	return float64(s * s)
}

// power returns x^p for x in [0, 1] and p > 0: [kernels.PowInt] for whole numbers and exp(p log x) for
// others.
func power(x, p float64) float64 {
	switch {
	case x == 0:
		return 0
	case p <= 1<<53 && p == math.Floor(p):
		return kernels.PowInt(x, uint64(p))
	}
	return kernels.Exp(float64(p * kernels.Log(x)))
}

// fail says whose a field is that is out of its range: it returns the first of errs that is one, or nil.
func fail(function string, errs ...error) error {
	if err := cmp.Or(errs...); err != nil {
		return fmt.Errorf("schedule: %s: %w", function, err)
	}
	return nil
}
