package lecture

import (
	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/optim"
)

// A runner is an optimizer that the lecture leaves out, with a rate.
type runner struct {
	name   string
	config func(rate float64) optim.Config
}

// field are those of package optim's whose way in two dimensions is their own, and that need nothing but gradients.
// Left out are averages of another's way (ASGD), norms of layers (LARS, LAMB), matrices (Muon, Adafactor), Hessians
// (Sophia) and what is put around another (Lookahead, SAM).
var field = []runner{
	{"Adadelta", func(lr float64) optim.Config { return optim.Adadelta{LR: lr} }},
	{"MADGRAD", func(lr float64) optim.Config { return optim.MADGRAD{LR: lr} }},
	{"Adamax", func(lr float64) optim.Config { return optim.Adamax{LR: lr} }},
	{"AdaBelief", func(lr float64) optim.Config { return optim.AdaBelief{LR: lr} }},
	{"Yogi", func(lr float64) optim.Config { return optim.Yogi{LR: lr} }},
	{"ADOPT", func(lr float64) optim.Config { return optim.ADOPT{LR: lr} }},
	{"NAdam", func(lr float64) optim.Config { return optim.NAdam{LR: lr} }},
	{"Adan", func(lr float64) optim.Config { return optim.Adan{LR: lr} }},
	{"AdEMAMix", func(lr float64) optim.Config { return optim.AdEMAMix{LR: lr} }},
	{"RAdam", func(lr float64) optim.Config { return optim.RAdam{LR: lr} }},
	{"Prodigy", func(lr float64) optim.Config { return optim.Prodigy{LR: lr} }},
	{"Schedule-Free SGD", func(lr float64) optim.Config { return optim.ScheduleFreeSGD{LR: lr} }},
	{"Schedule-Free Adam", func(lr float64) optim.Config { return optim.ScheduleFreeAdam{LR: lr} }},
	{"Signum", func(lr float64) optim.Config { return optim.Signum{LR: lr} }},
	{"Lion", func(lr float64) optim.Config { return optim.Lion{LR: lr} }},
	{"Rprop", func(lr float64) optim.Config { return optim.Rprop{LR: lr} }},
}

// fieldRates are tried by all of the field. None is the reciprocal of a curvature at a minimum, which would lead there
// in one step but for rounding, and from there to subnormal numbers: see ravine.
var fieldRates = []float64{7e-4, 1.5e-3, 3e-3, 7e-3, .015, .03, .07, .15, .3, .7, 1.5, 3, 7, 15, 30}

// best is the path of a runner at whichever rate is within the target of the minimum first for good, or if none is,
// ends lowest. Among so many rates some path crosses a target by chance, and leaves it.
func (l *landscape) best(b bitstep.Backend, r runner, steps int, target float64) (rate float64, p path) {
	for i, lr := range fieldRates {
		q := l.follow(b, walk{name: r.name, config: r.config(lr), steps: steps})
		if i == 0 || l.before(q, p, target) {
			rate, p = lr, q
		}
	}
	return rate, p
}

// before reports whether p is better than q.
func (l *landscape) before(p, q path, target float64) bool {
	a, b := p.settled(l.least+target), q.settled(l.least+target)
	if a != b {
		return b < 0 || a >= 0 && a < b
	}
	_, f := p.last()
	_, g := q.last()
	return f < g
}

// fieldPictures are the field's paths on one landscape, and its numbers on all.
func fieldPictures(races []Race) []picture {
	const shown = "Beale's function"
	paths := picture{id: "field", title: "The field on Beale's function",
		legend: []string{"Adam", "the one that is named"},
		caption: "Each at its best rate, beside Adam's path in the race. The numbers are evaluations until the loss " +
			"was that near the minimum, on each landscape at the best rate there; – is never."}
	losses := picture{id: "field-losses", title: "The field's losses at the end",
		caption: "The loss above the minimum at the end of the race, and in parentheses the rate, which is the one " +
			"that was near the minimum first for good, or if none was, ended lowest."}
	paths.table.heads, losses.table.heads = []string{"optimizer"}, []string{"optimizer"}
	for _, r := range races {
		paths.table.heads = append(paths.table.heads, r.Landscape+", to "+number(r.Target))
		losses.table.heads = append(losses.table.heads, r.Landscape)
		for _, q := range r.field {
			if r.Landscape != shown {
				break
			}
			m := r.picture.plots[0].land.plot(q.name, "The paths of it and of Adam.")
			m.small = true
			for _, of := range r.picture.film {
				if of.name == "Adam" {
					m.curves = append(m.curves, of.trail(0))
				}
			}
			m.curves = append(m.curves, q.trail(1))
			paths.plots = append(paths.plots, m)
		}
	}
	for i, f := range field {
		took, left := []string{f.name}, []string{f.name}
		for _, r := range races {
			s := r.Field[i]
			took = append(took, count(s.Evaluations))
			left = append(left, number(s.Loss)+" ("+number(s.Rate)+")")
		}
		paths.table.add(took...)
		losses.table.add(left...)
	}
	return []picture{paths, losses}
}
