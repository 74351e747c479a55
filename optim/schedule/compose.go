package schedule

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/bitstep-go/bitstep/internal/check"
	"github.com/bitstep-go/bitstep/internal/num"
)

// Warmup raises the rate in a straight line over the first steps of a schedule:
//
//	f = s(t) (start + (1 - start) t/steps)   for t < steps,   f = s(t) from there on
//
// start is in [0, 1]. The steps of s count from the start of training, warm-up included, so that its
// milestones and its end stay where they are; [Sequential] starts a schedule after a warm-up instead. The
// lecture warms up from 0, which makes the first step nothing; start = 1/(steps+1) has the same slope one
// step ahead. Source: Goyal et al., Accurate, large minibatch SGD (2017), where start is one over the
// factor of [LinearScaling]. In PyTorch: ChainedScheduler of LinearLR and another.
func Warmup(steps uint64, start float64, s Schedule) (Schedule, error) {
	err := fail("Warmup", check.AtLeast("steps", steps, 1), check.In("start", start, 0, 1, check.Closed),
		checkSchedules(s))
	if err != nil {
		return nil, err
	}
	return compose("Warmup", func(t uint64) float64 {
		f := s.Factor(t)
		if t < steps {
			f *= mix(start, 1, progress(t, steps))
		}
		return f
	}, always, s)
}

// Sequential runs schedules one after the other, each from its own step 0: the first from the start, the
// one with index i from step starts[i-1]. starts ascend from 1 up, and are one fewer than the schedules. What an
// [Observer] among them is told is what was observed in its own time: the schedule of the last step taken hears
// it. In PyTorch: SequentialLR.
func Sequential(starts []uint64, schedules ...Schedule) (Schedule, error) {
	if len(starts) != len(schedules)-1 {
		return nil, fmt.Errorf("schedule: Sequential: %d starts, want one fewer than the %d schedules", len(starts),
			len(schedules))
	}
	err := fail("Sequential", check.Ascending("starts", starts), checkSchedules(schedules...))
	if err != nil {
		return nil, err
	}
	if len(starts) > 0 && starts[0] == 0 {
		return nil, fmt.Errorf("schedule: Sequential: starts[0] = 0, want at least 1")
	}
	starts, schedules = slices.Clone(starts), slices.Clone(schedules)
	at := func(t uint64) (part int, own uint64) {
		i, found := slices.BinarySearch(starts, t)
		if found {
			i++
		}
		if i > 0 {
			t -= starts[i-1]
		}
		return i, t
	}
	factor := func(t uint64) float64 {
		i, t := at(t)
		return schedules[i].Factor(t)
	}
	own := func(part int, steps uint64) (uint64, bool) {
		if steps == 0 {
			return 0, part == 0
		}
		i, last := at(steps - 1)
		return last + 1, part == i
	}
	return compose("Sequential", factor, own, schedules...)
}

// Chained multiplies the factors of schedules, from left to right. In PyTorch: ChainedScheduler.
func Chained(schedules ...Schedule) (Schedule, error) {
	if err := fail("Chained", checkSchedules(schedules...)); err != nil {
		return nil, err
	}
	schedules = slices.Clone(schedules)
	return compose("Chained", func(t uint64) float64 {
		f := 1.0
		for _, s := range schedules {
			f *= s.Factor(t)
		}
		return f
	}, always, schedules...)
}

// PerEpoch makes a schedule count epochs, which have so many steps:
//
//	f = s(floor(t/stepsPerEpoch))
//
// An [Observer] is told of the epochs that have begun: what is observed within one belongs to it.
func PerEpoch(stepsPerEpoch uint64, s Schedule) (Schedule, error) {
	err := fail("PerEpoch", check.AtLeast("stepsPerEpoch", stepsPerEpoch, 1), checkSchedules(s))
	if err != nil {
		return nil, err
	}
	epochs := func(_ int, steps uint64) (uint64, bool) {
		if steps == 0 {
			return 0, true
		}
		return (steps-1)/stepsPerEpoch + 1, true
	}
	return compose("PerEpoch", func(t uint64) float64 { return s.Factor(t / stepsPerEpoch) }, epochs, s)
}

// always is for parts that are always in use and count the same steps as the whole.
func always(_ int, steps uint64) (uint64, bool) { return steps, true }

// LinearScaling returns the learning rate for batches of another size, by the linear scaling rule: if the
// batch is k times as large, so is the rate.
//
//	lr*(batch/reference)
//
// It holds for SGD after a [Warmup], up to batches of thousands. Source: Goyal et al., Accurate, large
// minibatch SGD (2017).
func LinearScaling(lr float64, batch, reference uint64) (float64, error) {
	err := fail("LinearScaling", check.In("lr", lr, 0, math.Inf(1), check.OpenHigh),
		check.AtLeast("batch", batch, 1), check.AtLeast("reference", reference, 1))
	if err != nil {
		return 0, err
	}
	scaled := float64(lr * (float64(batch) / float64(reference)))
	if !num.Finite(scaled) {
		return 0, fmt.Errorf("schedule: LinearScaling: lr = %v times %d/%d overflows", lr, batch, reference)
	}
	return scaled, nil
}

// checkSchedules returns an error if there are none or one is nil.
func checkSchedules(schedules ...Schedule) error {
	if len(schedules) == 0 {
		return errors.New("no schedules, want at least one")
	}
	for i, s := range schedules {
		if s == nil {
			return fmt.Errorf("schedule %d of %d is nil", i, len(schedules))
		}
	}
	return nil
}
