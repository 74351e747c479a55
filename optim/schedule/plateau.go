package schedule

import (
	"cmp"
	"fmt"
	"math"

	"github.com/bitstep-go/bitstep/internal/check"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

// Zero stands for an explicit 0 in a field whose zero value means a default: PlateauOptions{Threshold: Zero}.
const Zero = check.Zero

// PlateauOptions are the fields of [NewPlateau]. 0 means the default, and [Zero] 0 where that is another.
type PlateauOptions struct {
	Factor    float64 // what multiplies the rate, in (0, 1); 0.1
	Patience  uint64  // how many bad observations in a row are endured; the next one reduces
	Threshold float64 // a loss is better from best - Threshold*|best| down, in [0, 1); 1e-4
	Absolute  bool    // from best - Threshold down, Threshold being in [0, +Inf)
	Maximize  bool    // better is higher: what is observed is an accuracy
	Cooldown  uint64  // how many observations after a reduction are not bad
	Min       float64 // the least factor on LR, in [0, 1]
}

// A Plateau multiplies the learning rate by a factor each time the loss has stopped falling. It is a
// [Schedule] whose Factor does not depend on the step but on the losses that [Plateau.Observe] was given, once
// an epoch or whenever there is one. Unlike other schedules it has a state, it is an [Observer]: save it with
// Snapshot beside the optimizer's, and do not use it from several goroutines.
//
// In PyTorch: ReduceLROnPlateau, with these differences. Patience has no default of 10. The relative
// threshold is a fraction of |best|; in PyTorch it is one of best, so that with a negative best loss a
// worse one can count as better. PyTorch's min_lr is absolute, and it ignores a reduction of less than eps.
type Plateau struct {
	o             PlateauOptions
	factor, best  float64
	bad, cooldown uint64 // bad observations in a row, and those to come that are not bad
}

// NewPlateau returns a Plateau whose factor is 1 and that has observed nothing.
func NewPlateau(o PlateauOptions) (*Plateau, error) {
	o.Factor, o.Threshold = check.Default(o.Factor, 0.1), check.Default(o.Threshold, 1e-4)
	o.Min = check.Default(o.Min, 0)
	limit := 1.0
	if o.Absolute {
		limit = math.Inf(1)
	}
	err := fail("Plateau", check.In("Factor", o.Factor, 0, 1, check.Open),
		check.In("Threshold", o.Threshold, 0, limit, check.OpenHigh),
		check.In("Min", o.Min, 0, 1, check.Closed))
	if err != nil {
		return nil, err
	}
	p := &Plateau{o: o, factor: 1, best: math.Inf(1)}
	if o.Maximize {
		p.best = math.Inf(-1)
	}
	return p, nil
}

// Factor returns the present factor, at whatever step.
func (p *Plateau) Factor(uint64) float64 { return p.factor }

// Best returns the best loss observed, or an infinity before the first that is not NaN.
func (p *Plateau) Best() float64 { return p.best }

// Wants returns Loss, or with Maximize Accuracy.
func (p *Plateau) Wants() Metric {
	if p.o.Maximize {
		return Accuracy
	}
	return Loss
}

// Observe takes a loss (or with Maximize an accuracy), and reduces the factor if it is one bad observation too
// many. NaN is bad. How many steps were taken does not matter.
func (p *Plateau) Observe(_ uint64, loss float64) {
	p.bad++
	if p.better(loss) {
		p.best, p.bad = loss, 0
	}
	if p.cooldown > 0 {
		p.cooldown--
		p.bad = 0
	}
	if p.bad > p.o.Patience {
		p.bad, p.cooldown = 0, p.o.Cooldown
		p.factor = max(p.factor*p.o.Factor, p.o.Min)
	}
}

func (p *Plateau) better(loss float64) bool {
	margin := p.o.Threshold
	switch {
	case !num.Finite(p.best): // nothing finite observed
		margin = 0
	case !p.o.Absolute:
		margin = float64(margin * math.Abs(p.best))
	}
	if p.o.Maximize {
		return loss > p.best+margin
	}
	return loss < p.best-margin
}

// facts are the options.
func (p *Plateau) facts() (facts checkpoint.Facts) {
	facts.Add("kind", "bitstep plateau")
	facts.Add("Factor", p.o.Factor)
	facts.Add("Patience", p.o.Patience)
	facts.Add("Threshold", p.o.Threshold)
	facts.Add("Absolute", p.o.Absolute)
	facts.Add("Maximize", p.o.Maximize)
	facts.Add("Cooldown", p.o.Cooldown)
	facts.Add("Min", p.o.Min)
	return facts
}

// Snapshot adds the state and the options to c's metadata, all keys starting with prefix.
func (p *Plateau) Snapshot(c *checkpoint.File, prefix string) {
	c.PutFacts(prefix, p.facts())
	c.SetMetaFloat(prefix+"factor", p.factor)
	c.SetMetaFloat(prefix+"best", p.best)
	c.SetMetaUint(prefix+"bad", p.bad)
	c.SetMetaUint(prefix+"cooldown", p.cooldown)
}

// Restore gives p the state that Snapshot added under the prefix. Other options than p's, and missing or
// impossible values, are an error, and p is as it was.
func (p *Plateau) Restore(c *checkpoint.File, prefix string) error {
	if err := c.CheckFacts(prefix, p.facts()); err != nil {
		return err
	}
	factor, err1 := c.MetaFloat(prefix + "factor")
	best, err2 := c.MetaFloat(prefix + "best")
	bad, err3 := c.MetaUint(prefix + "bad")
	cooldown, err4 := c.MetaUint(prefix + "cooldown")
	if err := cmp.Or(err1, err2, err3, err4); err != nil {
		return err
	}
	for _, v := range []struct {
		key, want string
		value     any
		ok        bool
	}{
		{"factor", fmt.Sprintf("in [%v, 1]", p.o.Min), factor, factor >= p.o.Min && factor <= 1},
		{"best", "a loss", best, best == best},
		{"bad", fmt.Sprintf("at most %d", p.o.Patience), bad, bad <= p.o.Patience},
		{"cooldown", fmt.Sprintf("at most %d", p.o.Cooldown), cooldown, cooldown <= p.o.Cooldown},
	} {
		if !v.ok {
			return c.Errorf("metadata %q is %v, want %s", prefix+v.key, v.value, v.want)
		}
	}
	p.factor, p.best, p.bad, p.cooldown = factor, best, bad, cooldown
	return nil
}
