package schedule

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// parsers make the schedules of [Parse] from the arguments after the name, for total steps.
var parsers = []struct {
	name, args string
	parse      func(total uint64, a *arguments) (Schedule, error)
}{
	{"constant", "", func(_ uint64, a *arguments) (Schedule, error) { return Constant(1) }},
	{"linear", "[:TO]", func(total uint64, a *arguments) (Schedule, error) {
		return Linear(total, 1, a.number(0))
	}},
	{"cosine", "[:FLOOR]", func(total uint64, a *arguments) (Schedule, error) {
		return Cosine(total, a.number(0))
	}},
	{"poly", ":POWER[,FLOOR]", func(total uint64, a *arguments) (Schedule, error) {
		return Polynomial(total, a.numberNeeded(), a.number(0))
	}},
	{"invsqrt", "[:SHIFT]", func(_ uint64, a *arguments) (Schedule, error) { return InverseSqrt(a.steps(1)) }},
	{"step", ":STEP,STEP,...", func(_ uint64, a *arguments) (Schedule, error) {
		milestones := []uint64{a.stepsNeeded()}
		for len(a.left) > 0 {
			milestones = append(milestones, a.stepsNeeded())
		}
		return MultiStep(0.1, milestones...)
	}},
	{"every", ":PERIOD[,GAMMA]", func(_ uint64, a *arguments) (Schedule, error) {
		period := a.stepsNeeded()
		return StepDecay(a.number(0.1), period)
	}},
	{"exp", ":GAMMA", func(_ uint64, a *arguments) (Schedule, error) { return Exponential(a.numberNeeded()) }},
	{"restarts", ":PERIOD[,MULTIPLE[,FLOOR]]", func(_ uint64, a *arguments) (Schedule, error) {
		return CosineRestarts(a.stepsNeeded(), a.steps(1), a.number(0))
	}},
	{"onecycle", "[:PEAK]", func(total uint64, a *arguments) (Schedule, error) {
		return OneCycle(total, OneCycleOptions{Peak: a.number(0)})
	}},
	{"triangular", ":LOW,UP[,DOWN]", func(_ uint64, a *arguments) (Schedule, error) {
		low, up := a.numberNeeded(), a.stepsNeeded()
		return Cyclic(low, up, a.steps(up), Triangular, 0)
	}},
}

// Parse makes a schedule of a command line's text, for total steps where the schedule needs their
// number. The text is one of
//
//	constant
//	linear[:TO]                         Linear(total, 1, TO); TO is 0
//	cosine[:FLOOR]                      Cosine(total, FLOOR); FLOOR is 0
//	poly:POWER[,FLOOR]                  Polynomial(total, POWER, FLOOR); FLOOR is 0
//	invsqrt[:SHIFT]                     InverseSqrt(SHIFT); SHIFT is 1
//	step:STEP,STEP,...                  MultiStep(0.1, STEP, STEP, ...)
//	every:PERIOD[,GAMMA]                StepDecay(GAMMA, PERIOD); GAMMA is 0.1
//	exp:GAMMA                           Exponential(GAMMA)
//	restarts:PERIOD[,MULTIPLE[,FLOOR]]  CosineRestarts(PERIOD, MULTIPLE, FLOOR); 1 and 0
//	onecycle[:PEAK]                     OneCycle(total, OneCycleOptions{Peak: PEAK}); 0.3
//	triangular:LOW,UP[,DOWN]            Cyclic(LOW, UP, DOWN, Triangular, 0); DOWN is UP
//
// and "warmup:N+" before it puts Warmup(N, 1/(N+1), ...) around it. An error quotes the text and says what
// was expected.
func Parse(spec string, total uint64) (Schedule, error) {
	s, err := parse(spec, total)
	if err != nil {
		return nil, fmt.Errorf("schedule: %q: %s", spec, strings.TrimPrefix(err.Error(), "schedule: "))
	}
	return s, nil
}

func parse(text string, total uint64) (Schedule, error) {
	if rest, ok := strings.CutPrefix(text, "warmup:"); ok {
		number, rest, ok := strings.Cut(rest, "+")
		if !ok {
			return nil, fmt.Errorf("nothing after warmup:%s, want warmup:N+SCHEDULE", number)
		}
		a := arguments{left: []string{number}}
		n := a.stepsNeeded()
		s, err := parse(rest, total)
		if err := cmp.Or(a.err, err); err != nil {
			return nil, err
		}
		return Warmup(n, 1/(float64(n)+1), s)
	}
	name, list, given := strings.Cut(text, ":")
	for _, p := range parsers {
		if p.name != name {
			continue
		}
		var a arguments
		if given {
			a.left = strings.Split(list, ",")
		}
		s, err := p.parse(total, &a)
		switch {
		case a.err != nil:
			return nil, fmt.Errorf("%w, want %s%s", a.err, p.name, p.args)
		case len(a.left) > 0:
			return nil, fmt.Errorf("%q is too much, want %s%s", strings.Join(a.left, ","), p.name, p.args)
		}
		return s, err
	}
	return nil, fmt.Errorf("unknown name %q, want one of %s", name, strings.Join(Forms(), ", "))
}

// Forms lists what [Parse] takes, with optional parts in brackets, but for the warmup:N+ that may be before any.
func Forms() (forms []string) {
	for _, p := range parsers {
		forms = append(forms, p.name+p.args)
	}
	return forms
}

// arguments are the arguments not yet read, and the first error.
type arguments struct {
	left []string
	err  error
}

// number reads a number, or returns otherwise if there is no argument left.
func (a *arguments) number(otherwise float64) float64 {
	if len(a.left) == 0 {
		return otherwise
	}
	return a.numberNeeded()
}

func (a *arguments) numberNeeded() float64 {
	text := a.next()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil && a.err == nil {
		a.err = fmt.Errorf("%q is no number", text)
	}
	return v
}

// steps reads a number of steps, or returns otherwise if there is no argument left.
func (a *arguments) steps(otherwise uint64) uint64 {
	if len(a.left) == 0 {
		return otherwise
	}
	return a.stepsNeeded()
}

func (a *arguments) stepsNeeded() uint64 {
	text := a.next()
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil && a.err == nil {
		a.err = fmt.Errorf("%q is no whole number of steps", text)
	}
	return n
}

// next returns the next argument. There must be one.
func (a *arguments) next() string {
	if len(a.left) == 0 {
		if a.err == nil {
			a.err = fmt.Errorf("an argument is missing")
		}
		return ""
	}
	text := a.left[0]
	a.left = a.left[1:]
	return text
}
