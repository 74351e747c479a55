package lecture

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/minimize"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

// The pictures before the races, in the lecture's order.

// plot is a plot of paths on a landscape.
func (l *landscape) plot(title, description string, curves ...curve) plot {
	return plot{title: title, description: description + " The cross is the minimum.", land: l, curves: curves}
}

// searching shows random search, and how far gradient descent is after as many evaluations.
func searching(b bitstep.Backend) picture {
	l := bowl(b)
	const tries = 60
	guesses := curve{name: "guesses", series: 1, dots: true}
	best := curve{name: "the best guess so far", series: 1}
	lowest := math.Inf(1)
	x := make([]float64, 2)
	search := minimize.RandomSearch[float64]{Tries: tries, Scale: 3, Seed: 2}
	r := must(search.Minimize(context.Background(), func(x, _ []float64) float64 {
		f := l.value(x, nil)
		guesses.points = append(guesses.points, point{x[0], x[1]})
		lowest = min(lowest, f)
		best.points = append(best.points, point{float64(len(guesses.points)), lowest})
		return f
	}, x))
	descent := l.follow(b, walk{name: "gradient descent", config: optim.SGD{LR: 2}, steps: tries})
	_, after := descent.last()
	p := picture{id: "landscape", title: "A landscape of two weights, searched at random and followed downhill",
		caption: "Left: contours of the loss over the two weights, the bluer, the lower; 60 guesses, and 60 steps " +
			"of gradient descent. Right: the lowest loss so far.",
		legend: []string{"gradient descent", "random search"},
		plots: []plot{
			l.plot("The loss over two weights", "Guesses are strewn around; gradient descent goes straight to the "+
				"minimum.",
				guesses, descent.trail(0)),
			{title: "Loss of random search and of gradient descent", description: "Gradient descent is lower from " +
				"the 9th evaluation on.",
				x: axis{"evaluations", 0, tries, false}, y: axis{"loss", .1, 10, true},
				curves: []curve{descent.lossCurve(0), best}},
		}}
	p.table.heads = []string{"strategy", "evaluations", "loss", "distance from the minimum"}
	end, _ := descent.last()
	p.table.add("random search", count(tries), number(r.F), number(distance(point{x[0], x[1]}, l.minimum)))
	p.table.add("gradient descent", count(tries), number(after), number(distance(end, l.minimum)))
	return p
}

// differences shows the error of numerical derivatives against their step.
func differences() picture {
	f := beale().value
	x, exact := []float64{1.3, .7}, make([]float64, 2)
	f(x, exact)
	p := picture{id: "differences", title: "The error of a numerical gradient against its step h",
		caption: "Beale's function in float64. Too large a step misses the curvature, too small a one is drowned by " +
			"rounding.",
		legend: []string{"central", "forward"}}
	p.table.heads = []string{"formula", "best h", "relative error there", "error at h = 10⁻⁴ or so"}
	pl := plot{title: "Relative error of the gradient against h", description: "Both curves are like a V. The " +
		"forward difference is best near 1e-8, the central one near 2e-6 and a thousand times as exact there.",
		x: axis{"step h", 1e-12, 1, true}, y: axis{"relative error", 1e-13, 1e2, true}}
	for i, d := range []minimize.Difference{minimize.Central, minimize.Forward} {
		c, grad := curve{name: p.legend[i], series: i}, make([]float64, 2)
		best, lecture := point{0, math.Inf(1)}, 0.0
		for k := 1; k < 40; k++ {
			h := math.Ldexp(1, -k)
			if err := minimize.NumericalGradient(f, x, grad, d, h); err != nil {
				panic(err) // of settings that are written here
			}
			right := point{exact[0], exact[1]}
			e := distance(point{grad[0], grad[1]}, right) / distance(right, point{})
			c.points = append(c.points, point{h, e})
			if e < best.y {
				best = point{h, e}
			}
			if k == 13 {
				lecture = e
			}
		}
		pl.curves = append(pl.curves, c)
		p.table.add(p.legend[i], number(best.x), number(best.y), number(lecture))
	}
	p.plots = []plot{pl}
	return p
}

// checking is a table of gradient checks.
func checking() picture {
	p := picture{id: "check", title: "Gradient checks, in numbers",
		caption: "The gradient of the program, the numerical one of central differences, and what the check makes of " +
			"their relative error. The third gradient lacks a factor of 2; the hinge is looked at a " +
			"ten-millionth beside its kink."}
	p.table.heads = []string{"loss", "derivative", "of the program", "numerical", "relative error", "verdict"}
	exact := beale().value
	wrong := func(x, grad []float64) float64 {
		f := exact(x, grad)
		if grad != nil {
			grad[1] /= 2
		}
		return f
	}
	hinge := func(x, grad []float64) float64 {
		margin := 1 - x[0]
		if grad != nil {
			grad[0] = 0
			if margin > 0 {
				grad[0] = -1
			}
		}
		return max(0, margin)
	}
	for _, c := range []struct {
		name string
		f    minimize.Objective[float64]
		x    []float64
	}{
		{"Beale's function", exact, []float64{1.3, .7}}, {"the classifier's loss", classifier(samples()),
			[]float64{-4, 5}},
		{"Beale's function, with a mistake", wrong, []float64{1.3, .7}}, {"a hinge", hinge, []float64{1 - 1e-7}},
	} {
		report := must(minimize.CheckGradient(c.f, c.x, minimize.GradientCheck{}))
		for i := range c.x {
			for _, d := range report.Worst {
				if d.Index == i {
					p.table.add(c.name, string("xy"[i]), number(d.Analytic), number(d.Numeric), number(d.Error),
						cmp.Or(d.Finding.String(), "agrees"))
				}
			}
		}
	}
	return p
}

// descending shows gradient descent over all examples and over minibatches.
func descending(b bitstep.Backend) picture {
	l := bowl(b)
	all, taken := samples(), 0
	const batch = 2
	minibatch := func(x, g []float64) float64 { // the samples in turn, as after a shuffle
		f := classifier(all[taken : taken+batch])
		taken = (taken + batch) % len(all)
		return f(x, g)
	}
	full := l.follow(b, walk{name: "all 24 examples", config: optim.SGD{LR: 3}, steps: 60})
	mini := l.follow(b, walk{name: "minibatches of 2", config: optim.SGD{LR: 3}, steps: 60, loss: minibatch})
	p := picture{id: "descent", title: "Gradient descent and minibatches",
		caption: "60 steps of the same rate. A step over a minibatch costs a twelfth and leads nearly as far down; " +
			"near the minimum it wanders.",
		legend: []string{full.name, mini.name},
		plots: []plot{
			l.plot("Paths of gradient descent", "The path over all examples is smooth, the one over minibatches "+
				"jagged.",
				full.trail(0), mini.trail(1)),
			{title: "Loss against steps", description: "The loss over all examples falls evenly; that of " +
				"minibatches jumps.",
				x: axis{"steps", 0, 60, false}, y: axis{"loss over all examples", .1, 10, true},
				curves: []curve{full.lossCurve(0), mini.lossCurve(1)}},
		}}
	p.table.heads = []string{"gradient over", "examples seen", "loss after 60 steps", "distance from the minimum"}
	for i, q := range []path{full, mini} {
		end, loss := q.last()
		p.table.add(q.name, count([]int{60 * len(all), 60 * batch}[i]), number(loss), number(distance(end, l.minimum)))
	}
	return p
}

// problemsOfSGD shows what is hard for gradient descent.
func problemsOfSGD(b bitstep.Backend) picture {
	p := picture{id: "problems", title: "What is hard for gradient descent",
		caption: "SGD alone. It zigzags across a ravine, lingers at a saddle, stays in a local minimum, and wanders " +
			"where gradients are noisy.",
		legend: []string{"SGD"}}
	p.table.heads = []string{"landscape", "rate", "steps", "loss above the minimum", "distance from it"}
	for _, c := range []struct {
		l           *landscape
		lr          float64
		steps       int
		description string
	}{
		{ravine(), .018, 60, "The path jumps from wall to wall and creeps along the floor."},
		{saddle(), .1, 60, "The path comes to the saddle and only just begins to leave it."},
		{valleys(), .01, 60, "The path ends in the left of two valleys, which is not the lower one."},
		{noisy(), .1, 60, "The path reaches the minimum and trembles around it."},
	} {
		q := c.l.follow(b, walk{name: "SGD", config: optim.SGD{LR: c.lr}, steps: c.steps})
		end, loss := q.last()
		p.plots = append(p.plots, c.l.plot(heading(c.l.name), c.description, q.trail(0)))
		p.table.add(c.l.name, number(c.lr), count(c.steps), number(loss-c.l.least), number(distance(end, c.l.minimum)))
	}
	return p
}

// momentumForms shows both forms of momentum, with a constant rate and with one that falls.
func momentumForms(b bitstep.Backend) picture {
	const steps, lr = 80, .01
	l := ravine()
	drop := must(schedule.MultiStep(.1, 20))
	p := picture{id: "momentum", title: "Momentum in its two forms, on one another",
		caption: "Left: with a constant rate both forms are the same path. Right: the rate falls to a tenth at step " +
			"20; the first form slows down at once, the second keeps the speed that it has.",
		legend: []string{"v = ρv + g", "v = ρv − αg", "SGD"}}
	p.table.heads = []string{"rate", "largest distance of the two", "at step", "loss: v = ρv + g", "loss: v = ρv − αg"}
	for i, s := range []schedule.Schedule{nil, drop} {
		first := l.follow(b, walk{name: p.legend[0], config: optim.Momentum{LR: lr}, schedule: s, steps: steps})
		second := l.follow(b, walk{name: p.legend[1], config: optim.MomentumVelocity{LR: lr}, schedule: s,
			steps: steps})
		widest, at := 0.0, 0
		for j := range first.points {
			if d := distance(first.points[j], second.points[j]); d > widest {
				widest, at = d, j
			}
		}
		a, c := first.trail(0), second.trail(1)
		c.dashed = true
		curves := []curve{a, c}
		title, rate := "A constant rate", number(lr)
		description := "Both forms lie on one another: they overshoot the minimum of the ravine and come back."
		if i == 0 {
			sgd := l.follow(b, walk{name: "SGD", config: optim.SGD{LR: lr}, steps: steps})
			curves = append([]curve{sgd.trail(2)}, curves...)
		} else {
			title, rate = "A rate that falls to a tenth at step 20", number(lr)+", then "+number(lr/10)
			description = "The first form ends before the minimum; the second runs past it."
		}
		p.plots = append(p.plots, l.plot(title, description, curves...))
		_, f1 := first.last()
		_, f2 := second.last()
		p.table.add(rate, number(widest), count(at), number(f1), number(f2))
	}
	return p
}

// nesterov shows Nesterov momentum beside momentum, in both of its forms.
func nesterov(b bitstep.Backend) picture {
	const steps, lr = 80, .009
	l := ravine()
	p := picture{id: "nesterov", title: "Nesterov momentum",
		caption: "It looks ahead, and so brakes sooner and overshoots less. The form that takes the gradient at the " +
			"point ahead, and the one after the change of variables, are the same path of points ahead.",
		legend: []string{"momentum", "Nesterov", "gradient ahead"}}
	m := l.follow(b, walk{name: p.legend[0], config: optim.Momentum{LR: lr}, steps: steps})
	n := l.follow(b, walk{name: p.legend[1], config: optim.Nesterov{LR: lr}, steps: steps})
	a := l.follow(b, walk{name: p.legend[2], config: optim.MomentumVelocity{LR: lr}, steps: steps, lookAhead: true})
	dashed, dashedLoss := a.trail(2), a.lossCurve(2)
	dashed.dashed, dashedLoss.dashed = true, true
	p.plots = []plot{
		l.plot("Momentum and Nesterov momentum in the ravine", "Momentum overshoots farther than Nesterov momentum.",
			m.trail(0), n.trail(1), dashed),
		{title: "Loss against steps", description: "Nesterov's loss falls faster and swings less.",
			x: axis{"steps", 0, steps, false}, y: axis{"loss", 1e-6, 1e3, true},
			curves: []curve{m.lossCurve(0), n.lossCurve(1), dashedLoss}},
	}
	p.table.heads = []string{"method", "steps to loss 0.01", "loss after 80 steps", "farthest beyond the minimum"}
	for _, q := range []path{m, n, a} {
		beyond := 0.0
		for _, pt := range q.points {
			beyond = max(beyond, pt.x)
		}
		_, f := q.last()
		p.table.add(q.name, count(q.until(.01)), number(f), number(beyond))
	}
	return p
}

// adaptive shows optimizers that have a rate for each parameter.
func adaptive(b bitstep.Backend) picture {
	const steps = 60
	l := ravine()
	p := picture{id: "adaptive", title: "A rate for each parameter: AdaGrad and RMSProp",
		caption: "Left: divided by the size of their gradients, both coordinates move alike, and the ravine is no " +
			"longer one. Right: the length of steps of rate 0.1 under a constant gradient; AdaGrad's decay, " +
			"RMSProp's settle.",
		legend: []string{"SGD", "AdaGrad", "RMSProp"}}
	walks := []walk{
		{name: "SGD", config: optim.SGD{LR: .018}, steps: steps},
		{name: "AdaGrad", config: optim.AdaGrad{LR: 1}, steps: steps},
		{name: "RMSProp", config: optim.RMSProp{LR: .2}, steps: steps},
	}
	var trails []curve
	p.table.heads = []string{"method", "rate", "steps to loss 1", "loss after 60 steps",
		"step 1,000 under a constant gradient"}
	adagrad, ada := stepLengths(b, "AdaGrad", 1, optim.AdaGrad{LR: .1}, 1000)
	rmsprop, rms := stepLengths(b, "RMSProp", 2, optim.RMSProp{LR: .1}, 1000)
	sgd, plain := stepLengths(b, "SGD", 0, optim.SGD{LR: .1}, 1000)
	for i, w := range walks {
		q := l.follow(b, w)
		trails = append(trails, q.trail(i))
		_, f := q.last()
		p.table.add(q.name, number(w.rate()), count(q.until(1)), number(f),
			number([]float64{plain, ada, rms}[i]))
	}
	p.plots = []plot{
		l.plot("Paths in the ravine", "SGD zigzags; AdaGrad and RMSProp are soon on the floor and run along it.",
			trails...),
		{title: "Length of steps under a constant gradient of 1", description: "AdaGrad's steps fall as one over " +
			"the root of their number; RMSProp's fall from 1 to the rate.",
			x: axis{"step", 1, 1000, true}, y: axis{"length of the step", 1e-3, 2, true},
			curves: []curve{sgd, adagrad, rmsprop}},
	}
	return p
}

// stepLengths is the length of each step under a constant gradient of 1, and the last of them.
func stepLengths(b bitstep.Backend, name string, series int, config optim.Config, steps int) (curve, float64) {
	x, g := []float64{0}, []float64{1}
	opt := must(optim.New(config, x))
	opt.SetEngine(bitstep.On[float64](b))
	c := curve{name: name, series: series}
	for i := range steps {
		x[0] = 0
		opt.Step(g)
		c.points = append(c.points, point{float64(i + 1), -x[0]})
	}
	return c, -x[0]
}

// firstSteps shows what Adam's bias correction is for.
func firstSteps(b bitstep.Backend) picture {
	const steps = 60
	p := picture{id: "bias", title: "Adam's bias correction",
		caption: "The length of steps of rate 0.001 under a constant gradient. Both averages start from 0; the " +
			"second one is slower, so that without correction the first steps are several times too long.",
		legend: []string{"Adam", "without correction"}}
	full, _ := stepLengths(b, p.legend[0], 0, optim.Adam{LR: .001}, steps)
	almost, _ := stepLengths(b, p.legend[1], 1, optim.Adam{LR: .001, NoBiasCorrection: true}, steps)
	p.plots = []plot{{title: "Length of Adam's first steps", description: "With correction every step is 0.001; " +
		"without, the first is 0.0032 and the tenth twice that.",
		x: axis{"step", 0, steps, false}, y: axis{"length of the step", 0, .008, false}, curves: []curve{full, almost}}}
	p.table.heads = []string{"method", "step 1", "step 2", "step 10", "step 60"}
	for _, c := range []curve{full, almost} {
		p.table.add(c.name, number(c.points[0].y), number(c.points[1].y), number(c.points[9].y), number(c.points[59].y))
	}
	return p
}

// rates shows learning rates that are too low, good, and too high, without and with noise.
func rates(b bitstep.Backend) picture {
	p := picture{id: "rates", title: "Learning rates: too low, good, high, too high",
		caption: "Left: gradient descent in the ravine, whose largest curvature is 100: beyond a rate of 2/100 it " +
			"diverges. Right: the mean loss of 64 runs with noisy gradients, largest curvature 5: a high rate falls " +
			"fast and stays high.",
		legend: []string{"too low", "good", "high", "too high"}}
	p.table.heads = []string{"the rate is", "rate, ravine", "loss after 100 steps", "rate, noise",
		"mean loss after 100 steps"}
	left := plot{title: "Rates without noise", description: "Too low a rate hardly falls, a good one falls, too " +
		"high a one grows without bound.",
		x: axis{"steps", 0, 100, false}, y: axis{"loss in the ravine", .1, 1e4, true}}
	right := plot{title: "Rates with noise", description: "The high rate falls fastest and then stays above the " +
		"good one.",
		x: axis{"steps", 0, 100, false}, y: axis{"mean loss, noisy gradients", .01, 1e4, true}}
	calm, wild := []float64{.001, .018, .0199, .0203}, []float64{.003, .05, .3, .405}
	l := ravine()
	for i, name := range p.legend {
		q := l.follow(b, walk{name: name, config: optim.SGD{LR: calm[i]}, steps: 100})
		_, f := q.last()
		left.curves = append(left.curves, q.lossCurve(i))
		c := many(b, name, i, wild[i], nil, 100)
		right.curves = append(right.curves, c)
		p.table.add(name, number(calm[i]), number(f), number(wild[i]), number(c.points[100].y))
	}
	p.plots = []plot{left, right}
	return p
}

// many is the mean loss of 64 runs of SGD with noisy gradients, each with noise of its own. All have to go on to the
// end: a mean without those that diverge would be too good.
func many(b bitstep.Backend, name string, series int, lr float64, s schedule.Schedule, steps int) curve {
	const runs = 64
	l := noisy()
	c := curve{name: name, series: series}
	for t := range steps + 1 {
		c.points = append(c.points, point{x: float64(t)})
	}
	for run := range uint64(runs) {
		q := l.follow(b, walk{config: optim.SGD{LR: lr}, schedule: s, steps: steps, loss: l.minibatches(run)})
		if n := len(q.losses); n <= steps {
			panic(fmt.Sprintf("lecture: run %d at the rate %v diverged after %d steps", run, lr, n))
		}
		for t, f := range q.losses {
			c.points[t].y += float64(f / runs)
		}
	}
	return c
}

// A shownSchedule is one of the picture of all schedules.
type shownSchedule struct {
	name, about string
	make        func() schedule.Schedule
}

const (
	shownSteps = 200
	warmup     = 20
)

// shown are a schedule of each form that schedule.Parse knows, and those that no form makes, over shownSteps steps.
func shown() (all []shownSchedule) {
	for _, form := range []string{"constant", "step:60,120,160", "every:50,0.5", "exp:0.98", "linear", "poly:2",
		"cosine", "restarts:50", "invsqrt", "onecycle", "triangular:0.1,25"} {
		all = append(all, shownSchedule{form, "", func() schedule.Schedule {
			return must(schedule.Parse(form, shownSteps))
		}})
	}
	cosine := func(total uint64) schedule.Schedule { return must(schedule.Cosine(total, 0)) }
	return append(all,
		shownSchedule{"sequential", "Constant for 100 steps, then a cosine.", func() schedule.Schedule {
			return must(schedule.Sequential([]uint64{100}, must(schedule.Constant(1)), cosine(100)))
		}},
		shownSchedule{"chained", "The product of every:50,0.5 and a cosine.", func() schedule.Schedule {
			return must(schedule.Chained(must(schedule.StepDecay(.5, 50)), cosine(shownSteps)))
		}},
		shownSchedule{"per epoch", "A cosine that moves only every 25 steps.", func() schedule.Schedule {
			return must(schedule.PerEpoch(25, cosine(shownSteps/25)))
		}},
		shownSchedule{"plateau", "Half of it, whenever the loss of SGD with noisy gradients, looked at every 10 " +
			"steps, has not fallen for three times.", func() schedule.Schedule {
			return must(schedule.NewPlateau(schedule.PlateauOptions{Factor: .5, Patience: 2}))
		}})
}

// factors are those of a schedule at each step. If it observes, it is told the loss of a run of SGD every ten steps.
func factors(b bitstep.Backend, s schedule.Schedule) (points []point) {
	observer, observes := s.(schedule.Observer)
	l := noisy()
	x, grad, loss := []float64{l.start.x, l.start.y}, make([]float64, 2), l.minibatches(3)
	opt := must(optim.New(optim.SGD{LR: .2}, x))
	opt.SetEngine(bitstep.On[float64](b))
	opt.SetSchedule(s)
	for t := range uint64(shownSteps + 1) {
		points = append(points, point{float64(t), s.Factor(t)})
		if !observes {
			continue
		}
		loss(x, grad)
		opt.Step(grad)
		if t%10 == 9 {
			observer.Observe(t, l.value(x, nil))
		}
	}
	return points
}

// schedules shows all schedules, alone and after a warm-up.
func schedules(b bitstep.Backend) picture {
	p := picture{id: "schedules", title: "Schedules, alone and with a warm-up of 20 steps",
		caption: "The factor on the learning rate against the step. The warm-up multiplies it by a line that rises " +
			"from 1/21 to 1. Sequential is 100 steps of a constant, then a cosine; chained is every:50,0.5 times a " +
			"cosine; per epoch is a cosine that moves every 25 steps; plateau halves when the loss of SGD with " +
			"noisy gradients, looked at every 10 steps, has not fallen for three times.",
		legend: []string{"alone", "with a warm-up"}}
	at := []int{0, 15, 40, 70, 95, 130, 165, 199} // at many places of a period of 50 or 25, not at its ends
	p.table.heads = []string{"schedule", "factor at step 0"}
	for _, t := range at[1:] {
		p.table.heads = append(p.table.heads, count(t))
	}
	p.table.heads = append(p.table.heads, "with the warm-up, at 10")
	for _, s := range shown() {
		pl := plot{title: s.name, description: strings.TrimSpace(s.about + " The factor on the rate over 200 steps."),
			small: true, x: axis{"step", 0, shownSteps, false}, y: axis{"factor", 0, 1.1, false}}
		raised := must(schedule.Warmup(warmup, 1./(warmup+1), s.make()))
		pl.curves = []curve{
			{name: s.name, points: factors(b, s.make())},
			{name: "warmup:20+" + s.name, series: 1, dashed: true, points: factors(b, raised)},
		}
		cells := []string{s.name}
		for _, t := range at {
			cells = append(cells, number(pl.curves[0].points[t].y))
		}
		p.table.add(append(cells, number(pl.curves[1].points[10].y))...)
		p.plots = append(p.plots, pl)
	}
	return p
}

// annealing shows what schedules are for.
func annealing(b bitstep.Backend) picture {
	p := picture{id: "annealing", title: "What a schedule is for",
		caption: "The mean loss of 64 runs of SGD with noisy gradients, rate 0.2, with and without a schedule. A " +
			"constant rate stays where its noise holds it; one that falls goes on down."}
	p.table.heads = []string{"schedule", "mean loss after 50 steps", "100", "200"}
	pl := plot{title: "Schedules at work", description: "The constant rate stays at a level; with all others the " +
		"loss goes on falling.", x: axis{"steps", 0, shownSteps, false}, y: axis{"mean loss", .01, 100, true}}
	for i, text := range []string{"constant", "step:60,120,160", "cosine", "linear", "invsqrt", "warmup:20+cosine"} {
		c := many(b, text, i, .2, must(schedule.Parse(text, shownSteps)), shownSteps)
		pl.curves, p.legend = append(pl.curves, c), append(p.legend, text)
		p.table.add(text, number(c.points[50].y), number(c.points[100].y), number(c.points[200].y))
	}
	p.plots = []plot{pl}
	return p
}

// secondOrder shows methods that know or learn the curvature.
func secondOrder(b bitstep.Backend) picture {
	const most = 150
	p := picture{id: "second", title: "Second order: Newton, BFGS, L-BFGS",
		caption: "Beale's function and the ravine, the loss against evaluations of loss and gradient. Newton's " +
			"method has the second derivatives as well; on the ravine, which is quadratic, its first step is the last.",
		legend: []string{"SGD", "Newton", "BFGS", "L-BFGS"}}
	p.table.heads = []string{"method", "on", "iterations", "evaluations", "loss"}
	var maps, losses []plot
	for _, c := range []struct {
		l  *landscape
		lr float64
	}{{beale(), .02}, {ravine(), .018}} {
		sgd := c.l.follow(b, walk{name: "SGD", config: optim.SGD{LR: c.lr}, steps: most})
		newton := c.l.newton(b, most)
		bfgs := c.l.bfgs(b, most)
		lbfgs := c.l.lbfgs(b, most)
		m := c.l.plot(heading(c.l.name), "Second-order methods take few long steps where SGD takes many.")
		f := plot{title: "Loss, " + c.l.name, description: "SGD's loss falls slowly; the others' falls to zero " +
			"within 20 evaluations.",
			x: axis{"evaluations", 0, 40, false}, y: axis{"loss", 1e-20, 1e3, true}}
		for i, q := range []path{sgd, newton, bfgs, lbfgs} {
			m.curves, f.curves = append(m.curves, q.trail(i)), append(f.curves, q.lossCurve(i))
			_, loss := q.last()
			steps := len(q.points) - 1 // the first point is the start
			p.table.add(q.name, c.l.name, count(steps), count(q.evaluations[steps]), number(loss))
		}
		maps, losses = append(maps, m), append(losses, f)
	}
	p.plots = append(maps, losses...)
	return p
}
