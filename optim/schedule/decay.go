package schedule

import (
	"fmt"
	"math"
	"slices"

	"github.com/bitstep-go/bitstep/internal/check"
	"github.com/bitstep-go/bitstep/kernels"
)

// MultiStep multiplies the rate by gamma in (0, 1] at each milestone, a step; milestones ascend:
//
//	f = gamma^(number of milestones <= t)
//
// The lecture's "reduce by 0.1 at epochs 30, 60 and 90" is MultiStep(0.1, 30, 60, 90) within [PerEpoch].
// In PyTorch: MultiStepLR.
func MultiStep(gamma float64, milestones ...uint64) (Schedule, error) {
	err := fail("MultiStep", check.In("gamma", gamma, 0, 1, check.OpenLow),
		check.Ascending("milestones", milestones))
	if err != nil {
		return nil, err
	}
	if len(milestones) == 0 {
		return nil, fmt.Errorf("schedule: MultiStep: no milestones, want at least one")
	}
	at := slices.Clone(milestones)
	return Func(func(t uint64) float64 {
		n, found := slices.BinarySearch(at, t)
		if found {
			n++
		}
		return kernels.PowInt(gamma, uint64(n))
	}), nil
}

// StepDecay multiplies the rate by gamma in (0, 1] every period steps:
//
//	f = gamma^floor(t/period)
//
// In PyTorch: StepLR.
func StepDecay(gamma float64, period uint64) (Schedule, error) {
	err := fail("StepDecay", check.In("gamma", gamma, 0, 1, check.OpenLow),
		check.AtLeast("period", period, 1))
	if err != nil {
		return nil, err
	}
	return Func(func(t uint64) float64 { return kernels.PowInt(gamma, t/period) }), nil
}

// Exponential multiplies the rate by gamma in (0, 1] at every step:
//
//	f = gamma^t
//
// In PyTorch: ExponentialLR.
func Exponential(gamma float64) (Schedule, error) {
	if err := fail("Exponential", check.In("gamma", gamma, 0, 1, check.OpenLow)); err != nil {
		return nil, err
	}
	return Func(func(t uint64) float64 { return kernels.PowInt(gamma, t) }), nil
}

// InverseSqrt lets the rate fall with the root of the step:
//
//	f = sqrt(shift/(shift + t))
//
// With a shift of 1 it is the lecture's 1/sqrt(t) for t counted from 1. A larger shift keeps the rate
// near LR for about that many steps, as after a warm-up of that length (Vaswani et al., Attention is all
// you need, 2017).
func InverseSqrt(shift uint64) (Schedule, error) {
	if err := fail("InverseSqrt", check.AtLeast("shift", shift, 1)); err != nil {
		return nil, err
	}
	s := float64(shift)
	return Func(func(t uint64) float64 { return math.Sqrt(s / (s + float64(t))) }), nil
}
