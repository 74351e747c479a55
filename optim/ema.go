package optim

import (
	"fmt"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
)

// EMAConfig says how an [EMA] averages. At most one of its flags may be set.
//
//	the last parameters most       EMAConfig{Decay: 0.999}
//	stochastic weight averaging    EMAConfig{Mean: true, Start: steps, Every: stepsPerEpoch}
//	the mean of averaged SGD       EMAConfig{Mean: true, Start: t0 + 1}
//
// The second is SWA (Izmailov et al., Averaging Weights Leads to Wider Optima, 2018), the third that of Polyak and
// Juditsky (1992), as torch.optim.ASGD has it.
type EMAConfig struct {
	// Decay is d in average = d*average + (1-d)*x, in [0, 1). Default 0.999. With Mean it has no meaning.
	Decay float64

	// Mean gives all parameters that are averaged the same weight: the decay of the t-th of them is (t-1)/t. It is
	// rounded to T, as all decays: with float32 a weight is off by a part of up to t*2^-25.
	Mean bool

	// Start is how many updates come before the average begins: with them it is the parameters themselves.
	Start uint64

	// Every takes one of so many updates after Start into the average, the last of them; 0 means 1. The others
	// change nothing.
	Every uint64

	// BiasCorrection forgets the start: after t updates the weight of each update is what an average
	// from 0, divided by 1-d^t, gives it. The decay of update t is d*(1-d^(t-1))/(1-d^t), 0 at the first.
	BiasCorrection bool

	// WarmUp limits the decay of update t to (1+t)/(10+t), so that a long memory does not hold on to the
	// first parameters.
	WarmUp bool
}

// An EMA is an exponential moving average of parameters, for evaluation: one kernel, [kernels.Axpby], an
// update. Without flags it starts from the parameters as they are when it is made, or at Start. It is the one mechanism
// of averaged models: running means, stochastic weight averaging, and the mean of averaged SGD.
//
// The decay is rounded to T, and the weight of the parameters is 1 minus that, which is exact for decays
// from 1/2 on: weights that do not sum to 1 would shrink or grow the average, in float32 by 2 parts in
// 10,000 for a decay of 0.9999.
//
// Memory: one element per parameter.
type EMA[T kernels.Float] struct {
	config  EMAConfig
	k       bitstep.Engine[T]
	params  [][]T
	avg     [][]T
	updates uint64
	swapped bool
}

// NewEMA returns an average of parameters, whose slices it keeps. [Optimizer.Params] has of [Group.Weights] the master;
// without one they are nil, and there is no average of them.
func NewEMA[T kernels.Float](c EMAConfig, params ...[]T) (*EMA[T], error) {
	s := &Spec{name: "EMA"}
	s.Value("Decay", &c.Decay, 0.999, 1)
	set := ""
	for _, f := range []flag{{"Mean", c.Mean}, {"BiasCorrection", c.BiasCorrection}, {"WarmUp", c.WarmUp}} {
		switch {
		case !f.on:
		case set != "":
			s.fail("%s and %s are both set, want at most one", set, f.name)
		default:
			set = f.name
		}
	}
	c.Every = max(c.Every, 1)
	if err := checkSpec[T](s); err != nil {
		return nil, fmt.Errorf("optim: %w", err)
	}
	if len(params) == 0 {
		return nil, fmt.Errorf("optim: EMA: no parameters, want at least one slice")
	}
	var regions []region
	for i, x := range params {
		regions = append(regions, regionOf(x, parameter, i))
	}
	if _, err := disjoint(regions); err != nil {
		return nil, fmt.Errorf("optim: EMA: %w", err)
	}
	e := &EMA[T]{config: c, k: bitstep.On[T](bitstep.Active()), params: append([][]T(nil), params...)}
	for _, x := range params {
		e.avg = append(e.avg, append(make([]T, 0, len(x)), x...))
	}
	return e, nil
}

// SetEngine chooses the backend and the number of threads of Update. Results do not depend on it.
func (e *EMA[T]) SetEngine(k bitstep.Engine[T]) { e.k = k }

// Update takes the parameters, as they are after a step, into the average. It allocates nothing. It
// panics while the average is swapped into the parameters.
func (e *EMA[T]) Update() {
	if e.swapped {
		panic("optim: EMA: Update between Swap and Swap, while the parameters hold the average")
	}
	e.updates++
	if e.updates <= e.config.Start {
		for i, x := range e.params {
			copy(e.avg[i], x)
		}
		return
	}
	after := e.updates - e.config.Start
	if after%e.config.Every != 0 {
		return
	}
	d := T(e.decay(after / e.config.Every))
	for i, x := range e.params {
		e.k.Axpby(e.avg[i], x, 1-d, d)
	}
}

// decay returns the decay when the average takes parameters for the t-th time, from 1.
func (e *EMA[T]) decay(t uint64) float64 {
	d := e.config.Decay
	switch {
	case e.config.Mean:
		return float64(t-1) / float64(t)
	case e.config.BiasCorrection:
		return float64(d*(1-kernels.PowInt(d, t-1))) / (1 - kernels.PowInt(d, t))
	case e.config.WarmUp:
		return min(d, (1+float64(t))/(10+float64(t)))
	}
	return d
}

// Swap exchanges parameters and average: the model holds the average until Swap is called again. But of a master it is
// the master alone that does: weights in bfloat16 do not follow. They hold the average if [EMA.Averages] are rounded to
// them, without Swap, and the master's elements again after the next step, which does not read them.
func (e *EMA[T]) Swap() {
	for i, x := range e.params {
		a := e.avg[i]
		for j := range x {
			x[j], a[j] = a[j], x[j]
		}
	}
	e.swapped = !e.swapped
}

// Swapped reports whether the parameters hold the average.
func (e *EMA[T]) Swapped() bool { return e.swapped }

// Averages returns the average of each parameter: views of what the next update continues. While
// swapped they hold the parameters.
func (e *EMA[T]) Averages() [][]T { return append([][]T(nil), e.avg...) }

// Updates returns how many updates were made.
func (e *EMA[T]) Updates() uint64 { return e.updates }
