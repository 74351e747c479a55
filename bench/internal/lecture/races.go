package lecture

import (
	"strings"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/optim"
)

// A Race is all optimizers on one landscape.
type Race struct {
	Landscape string
	Target    float64  // above the minimum
	Results   []Result // of the lecture's seven
	Field     []Result // of those that the lecture leaves out
	picture   picture
	field     []path
}

// A Result is how an optimizer did.
type Result struct {
	Name        string
	Rate        float64 // 0: none
	Evaluations int     // until the loss was within the target of the minimum; -1: never
	Loss        float64 // at the end, above the minimum
	Distance    float64 // from the minimum
}

// Fewest is how many evaluations the winner took, or several that did, and -1 if none met the target.
func (r Race) Fewest() int {
	best := -1
	for _, s := range r.Results {
		if s.Evaluations >= 0 && (best < 0 || s.Evaluations < best) {
			best = s.Evaluations
		}
	}
	return best
}

// racers are the optimizers with a rate each; the seventh is L-BFGS, which needs none.
func racers(sgd, momentum, nesterov, adagrad, rmsprop, adam float64) []walk {
	return []walk{
		{name: "SGD", config: optim.SGD{LR: sgd}}, {name: "Momentum", config: optim.Momentum{LR: momentum}},
		{name: "Nesterov", config: optim.Nesterov{LR: nesterov}}, {name: "AdaGrad", config: optim.AdaGrad{LR: adagrad}},
		{name: "RMSProp", config: optim.RMSProp{LR: rmsprop}}, {name: "Adam", config: optim.Adam{LR: adam}},
	}
}

// Races lets all run on all landscapes. Rates are chosen by hand, so that each optimizer does well; where only chance
// decides, as at a local minimum, they are ordinary ones.
func Races(b bitstep.Backend) (all []Race) {
	for _, c := range []struct {
		id, caption, description string
		l                        *landscape
		walks                    []walk
		evaluations              int
		target                   float64
		low, high                float64 // of the plot of losses
	}{
		{"ravine", "A ravine of condition 100. SGD zigzags; momentum gathers speed along the floor; the adaptive " +
			"ones see no ravine; L-BFGS learns its shape.", "SGD's path is a zigzag that ends before the minimum; " +
			"the others reach it.",
			ravine(), racers(.018, .01, .009, 2, .2, .5), 120, .01, 1e-10, 1e3},
		{"saddle", "A saddle at the origin, from a thousandth beside its ridge. What counts is how soon one is off: " +
			"the adaptive ones take a small slope for as good as a large one.",
			"All paths run toward the saddle; the adaptive ones turn off early, SGD last.",
			saddle(), racers(.1, .1, .1, .2, .02, .1), 120, .01, 1e-10, 10},
		{"valleys", "A local minimum at the left, the lowest point at the right. Some have enough speed to roll " +
			"over the hill; it is luck, and depends on the rate.",
			"Some paths end in the left valley, others cross the hill to the right one.",
			valleys(), racers(.01, .005, .01, .5, .05, .5), 120, .01, 1e-10, 1e2},
		{"beale", "Beale's function: steep walls, and a long flat valley that bends.",
			"Paths drop into the valley and follow it to the minimum at the right.",
			beale(), racers(.02, .005, .005, .5, .05, .2), 120, .01, 1e-10, 1e2},
		{"noisy", "Noisy gradients, as of minibatches: all wander near the minimum. L-BFGS takes the noise for " +
			"curvature, its line search finds no lower point, and it stops.",
			"All paths tremble around the minimum except that of L-BFGS, which ends away from it.",
			noisy(), racers(.05, .005, .005, .5, .05, .2), 120, .1, 1e-3, 1e2},
	} {
		l := c.l
		var paths []path
		for _, w := range c.walks {
			w.steps = c.evaluations
			paths = append(paths, l.follow(b, w))
		}
		paths = append(paths, l.lbfgs(b, c.evaluations))
		r := Race{Landscape: l.name, Target: c.target}
		p := picture{id: c.id, title: "The race: " + l.name, caption: c.caption, film: paths}
		p.table.heads = []string{"optimizer", "rate", "evaluations to " + number(c.target) + " above the minimum",
			"loss above the minimum, at the end", "distance from it"}
		onMap := l.plot(heading(l.name)+", all paths", c.description)
		losses := plot{title: "Loss above the minimum, " + l.name, description: "A curve for each optimizer.",
			x: axis{"evaluations", 0, float64(c.evaluations), false},
			y: axis{"loss above the minimum", c.low, c.high, true}}
		for i, q := range paths {
			s, rate := l.result(q, c.target), "line search"
			if i < len(c.walks) {
				s.Rate = c.walks[i].rate()
				rate = number(s.Rate)
			}
			r.Results, p.legend = append(r.Results, s), append(p.legend, q.name)
			p.table.add(s.Name, rate, count(s.Evaluations), number(s.Loss), number(s.Distance))
			f := q.lossCurve(i)
			for j := range f.points {
				f.points[j].y -= l.least
			}
			onMap.curves, losses.curves = append(onMap.curves, q.trail(i)), append(losses.curves, f)
		}
		p.plots = []plot{onMap, losses}
		r.picture = p
		for _, f := range field {
			rate, q := l.best(b, f, c.evaluations, c.target)
			s := l.result(q, c.target)
			s.Rate = rate
			r.Field, r.field = append(r.Field, s), append(r.field, q)
		}
		all = append(all, r)
	}
	return all
}

// result is how a path did.
func (l *landscape) result(p path, target float64) Result {
	end, loss := p.last()
	s := Result{Name: p.name, Evaluations: p.until(l.least + target), Loss: loss - l.least,
		Distance: distance(end, l.minimum)}
	if l.name == "saddle" { // which has two minima
		s.Distance = min(s.Distance, distance(end, point{0, -1}))
	}
	return s
}

// rate is the learning rate of a walk.
func (w walk) rate() float64 {
	opt := must(optim.New(w.config, []float64{0}))
	return opt.LR(0)
}

// heading is a text with a capital.
func heading(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
