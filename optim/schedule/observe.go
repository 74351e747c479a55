package schedule

import (
	"fmt"
	"strconv"

	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

// An Observer is a [Schedule] that depends on how training goes, and therefore has a state: a [Plateau], and what
// [Warmup], [Sequential], [Chained] and [PerEpoch] make of one. Whoever trains asks a schedule whether it is an
// Observer, tells it once an epoch, or whenever there is news, and saves its state beside the optimizer's:
//
//	if o, ok := s.(schedule.Observer); ok {
//		value := loss
//		if o.Wants() == schedule.Accuracy {
//			value = accuracy
//		}
//		o.Observe(opt.Steps(), value)
//	}
type Observer interface {
	Schedule
	// Wants tells what Observe takes.
	Wants() Metric
	// Observe takes how well the model does after so many steps.
	Observe(steps uint64, value float64)
	// Snapshot adds the state to c, under names that start with prefix.
	Snapshot(c *checkpoint.File, prefix string)
	// Restore gives the schedule the state that Snapshot added. On an error nothing has changed.
	Restore(c *checkpoint.File, prefix string) error
}

// A Metric says what an [Observer] observes.
type Metric uint8

const (
	Loss     Metric = iota // lower is better
	Accuracy               // higher is better: an accuracy, or any score
)

// String returns "loss" or "accuracy".
func (m Metric) String() string {
	switch m {
	case Loss:
		return "loss"
	case Accuracy:
		return "accuracy"
	}
	return fmt.Sprintf("Metric(%d)", uint8(m))
}

// A composite is a schedule of schedules of which at least one observes.
type composite struct {
	Func
	parts []Schedule
	// own returns how many of so many steps taken a part counts as its own, and whether it is in use.
	own   func(part int, steps uint64) (taken uint64, used bool)
	wants Metric
}

// compose returns the schedule f of parts: an [Observer] if one of them is.
func compose(function string, f Func, own func(part int, steps uint64) (uint64, bool), parts ...Schedule) (
	Schedule, error) {
	c, first := &composite{Func: f, parts: parts, own: own}, -1
	for i, s := range parts {
		o, ok := s.(Observer)
		if !ok {
			continue
		}
		if first < 0 {
			c.wants, first = o.Wants(), i
		} else if o.Wants() != c.wants {
			return nil, fmt.Errorf("schedule: %s: schedule %d observes the %v, want the %v as schedule %d does",
				function, i, o.Wants(), c.wants, first)
		}
	}
	if first < 0 {
		return f, nil
	}
	return c, nil
}

// Wants returns what the parts observe.
func (c *composite) Wants() Metric { return c.wants }

// Observe passes on the value to the parts that are in use.
func (c *composite) Observe(steps uint64, value float64) {
	for i, s := range c.parts {
		if o, ok := s.(Observer); ok {
			if taken, used := c.own(i, steps); used {
				o.Observe(taken, value)
			}
		}
	}
}

func (c *composite) facts() (facts checkpoint.Facts) {
	facts.Add("kind", "bitstep schedules")
	facts.Add("parts", len(c.parts))
	return facts
}

func partPrefix(prefix string, i int) string { return prefix + strconv.Itoa(i) + "." }

// Snapshot adds the state of part i under prefix + "i.".
func (c *composite) Snapshot(f *checkpoint.File, prefix string) {
	f.PutFacts(prefix, c.facts())
	for i, s := range c.parts {
		if o, ok := s.(Observer); ok {
			o.Snapshot(f, partPrefix(prefix, i))
		}
	}
}

// Restore restores all parts or none.
func (c *composite) Restore(f *checkpoint.File, prefix string) error {
	if err := f.CheckFacts(prefix, c.facts()); err != nil {
		return err
	}
	before := checkpoint.New()
	c.Snapshot(before, "")
	for i, s := range c.parts {
		o, ok := s.(Observer)
		if !ok {
			continue
		}
		if err := o.Restore(f, partPrefix(prefix, i)); err != nil {
			for j, s := range c.parts[:i] {
				if o, ok := s.(Observer); ok {
					if back := o.Restore(before, partPrefix("", j)); back != nil {
						panic("schedule: " + back.Error()) // its own state of a moment ago
					}
				}
			}
			return err
		}
	}
	return nil
}
