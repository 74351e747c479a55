package schedule

import (
	"fmt"
	"math"

	"github.com/bitstep-go/bitstep/internal/check"
)

// Linear changes the factor from one number to another, both finite and from 0 up, and stays there:
//
//	f = from + (to - from) min(t, T)/T
//
// The lecture's linear decay is Linear(T, 1, 0). In PyTorch: LinearLR.
func Linear(total uint64, from, to float64) (Schedule, error) {
	err := fail("Linear", check.AtLeast("total", total, 1),
		check.In("from", from, 0, math.Inf(1), check.OpenHigh),
		check.In("to", to, 0, math.Inf(1), check.OpenHigh))
	if err != nil {
		return nil, err
	}
	return Func(func(t uint64) float64 { return mix(from, to, progress(t, total)) }), nil
}

// Polynomial lets the factor fall from 1 to floor in [0, 1] along a power, whose exponent is > 0, and stays there:
//
//	f = floor + (1 - floor) (1 - min(t, T)/T)^exponent
//
// With an exponent that is no whole number the power is exp(exponent log(.)), which adds up to
// |exponent log(.)| 2^-53 to the relative error. In PyTorch: PolynomialLR, whose floor is 0.
func Polynomial(total uint64, exponent, floor float64) (Schedule, error) {
	err := fail("Polynomial", check.AtLeast("total", total, 1),
		check.In("exponent", exponent, 0, math.Inf(1), check.Open),
		check.In("floor", floor, 0, 1, check.Closed))
	if err != nil {
		return nil, err
	}
	return Func(func(t uint64) float64 { return mix(floor, 1, power(remaining(t, total), exponent)) }), nil
}

// Cosine lets the factor fall from 1 to floor in [0, 1] along half a period of a cosine, and stays there:
//
//	f = floor + (1 - floor) (1 + cos(pi min(t, T)/T))/2
//
// The lecture's has the floor 0. Source: Loshchilov and Hutter, SGDR (2017), without restarts. In
// PyTorch: CosineAnnealingLR with T_max = T, which rises again after T.
func Cosine(total uint64, floor float64) (Schedule, error) {
	err := fail("Cosine", check.AtLeast("total", total, 1), check.In("floor", floor, 0, 1, check.Closed))
	if err != nil {
		return nil, err
	}
	return Func(func(t uint64) float64 { return mix(floor, 1, halfCosine(remaining(t, total))) }), nil
}

// CosineRestarts is [Cosine] over period steps, then over period*multiple, period*multiple^2, and so on,
// each from 1 again. With t_i steps since the last restart and T_i to the next,
//
//	f = floor + (1 - floor) (1 + cos(pi t_i/T_i))/2
//
// Source: Loshchilov and Hutter, SGDR (2017). In PyTorch: CosineAnnealingWarmRestarts with T_0 = period and
// T_mult = multiple.
func CosineRestarts(period, multiple uint64, floor float64) (Schedule, error) {
	err := fail("CosineRestarts", check.AtLeast("period", period, 1),
		check.AtLeast("multiple", multiple, 1),
		check.In("floor", floor, 0, 1, check.Closed))
	if err != nil {
		return nil, err
	}
	return Func(func(t uint64) float64 {
		length := period
		if multiple == 1 {
			t %= length
		}
		for t >= length {
			t -= length
			if length > math.MaxUint64/multiple { // beyond the steps that can be counted
				p := 1 - float64(t)/float64(float64(length)*float64(multiple))
				return mix(floor, 1, halfCosine(p))
			}
			length *= multiple
		}
		return mix(floor, 1, halfCosine(remaining(t, length)))
	}), nil
}

// OneCycleOptions are the fields of [OneCycle] that have defaults; 0 means the default.
type OneCycleOptions struct {
	Peak     float64 // the fraction of the steps until the rate is highest, in (0, 1); 0.3
	Div      float64 // the first rate is LR/Div, at least 1; 25
	FinalDiv float64 // the last rate is LR/(Div*FinalDiv), at least 1; 1e4
	Linear   bool    // straight lines instead of half cosines
	Three    bool    // fall to the first rate as fast as it rose, and then to the last
}

// OneCycle raises the rate from LR/Div to LR and lets it fall to LR/(Div*FinalDiv) at the last of total
// steps, where it stays; LR is the highest rate. The highest is at step Peak*total - 1, which need not be a
// whole number; with Three the first rate is back at step 2*Peak*total - 2. Between, with p the fraction
// of the way from one factor a to the next b,
//
//	f = b + (a - b) (1 + cos(pi p))/2,   or with Linear   f = a + (b - a) p
//
// Source: Smith and Topin, Super-convergence (2018), which has straight lines and Three. In PyTorch:
// OneCycleLR, which also cycles the momentum: that is [OneCycleMomentum].
func OneCycle(total uint64, o OneCycleOptions) (Schedule, error) {
	o.Div, o.FinalDiv = check.Default(o.Div, 25), check.Default(o.FinalDiv, 1e4)
	err := fail("OneCycle", check.In("Div", o.Div, 1, math.Inf(1), check.OpenHigh),
		check.In("FinalDiv", o.FinalDiv, 1, math.Inf(1), check.OpenHigh))
	if err != nil {
		return nil, err
	}
	first := 1 / o.Div
	return oneCycle("OneCycle", total, o, first, 1, first/o.FinalDiv)
}

// OneCycleMomentum is the factor on the momentum while [OneCycle] of the same total, Peak, Linear and Three is the one
// on the rate: it falls from 1 to least in (0, 1] while the rate rises, and rises again while the rate falls, with
// Three at once as it fell. PyTorch's base_momentum 0.85 and max_momentum 0.95 are a momentum of 0.95 and a least of
// 0.85/0.95. See optim.Optimizer.SetMomentum.
func OneCycleMomentum(total uint64, o OneCycleOptions, least float64) (Schedule, error) {
	err := fail("OneCycleMomentum", check.In("least", least, 0, 1, check.OpenLow))
	if err != nil {
		return nil, err
	}
	return oneCycle("OneCycleMomentum", total, o, 1, least, 1)
}

// oneCycle goes from a first factor to a peak, and to a last, with Three by way of the first.
func oneCycle(name string, total uint64, o OneCycleOptions, first, peak, final float64) (Schedule, error) {
	o.Peak = check.Default(o.Peak, 0.3)
	err := fail(name, check.AtLeast("total", total, 1), check.In("Peak", o.Peak, 0, 1, check.Open))
	if err != nil {
		return nil, err
	}
	last := float64(total) - 1
	ends := []float64{0, float64(o.Peak*float64(total)) - 1, last}
	factors := []float64{first, peak, final}
	if o.Three {
		ends = []float64{0, ends[1], 2 * ends[1], last}
		factors = []float64{first, peak, first, final}
	}
	for i := 1; i < len(ends); i++ {
		if ends[i] <= ends[i-1] {
			return nil, fmt.Errorf("schedule: %s: Peak = %v of total = %d: phase %d would run from step %v "+
				"to %v, want forward", name, o.Peak, total, i, ends[i-1], ends[i])
		}
	}
	return Func(func(t uint64) float64 {
		step := min(float64(t), last)
		i := 1
		for step > ends[i] {
			i++
		}
		p := (step - ends[i-1]) / (ends[i] - ends[i-1])
		if o.Linear {
			return mix(factors[i-1], factors[i], p)
		}
		return mix(factors[i], factors[i-1], halfCosine((ends[i]-step)/(ends[i]-ends[i-1])))
	}), nil
}
