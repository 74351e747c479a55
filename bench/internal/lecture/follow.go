package lecture

import (
	"context"
	"math"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/minimize"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

// A path is where an optimizer went: a point for the start and each step, how many evaluations of loss and gradient it
// took to come there, and the loss without noise.
type path struct {
	name        string
	points      []point
	evaluations []int
	losses      []float64
}

// far is where a path ends that diverges.
const far = 1e6

// add adds a point and returns whether the path goes on.
func (p *path) add(l *landscape, x []float64, evaluations int) bool {
	f := l.value(x, nil)
	if !num.Finite(f) || math.Abs(x[0]) > far || math.Abs(x[1]) > far {
		return false
	}
	p.points = append(p.points, point{x[0], x[1]})
	p.evaluations = append(p.evaluations, evaluations)
	p.losses = append(p.losses, f)
	return true
}

// last is where the path ended.
func (p *path) last() (point, float64) {
	i := len(p.points) - 1
	return p.points[i], p.losses[i]
}

// until is how many evaluations it took until the loss was at most target, or -1.
func (p *path) until(target float64) int {
	for i, f := range p.losses {
		if f <= target {
			return p.evaluations[i]
		}
	}
	return -1
}

// settled is how many evaluations it took until the loss was at most target and stayed so to the end, or -1.
func (p *path) settled(target float64) int {
	first := -1
	for i, f := range p.losses {
		switch {
		case f > target:
			first = -1
		case first < 0:
			first = p.evaluations[i]
		}
	}
	return first
}

// lossCurve is the loss against evaluations.
func (p *path) lossCurve(series int) curve {
	c := curve{name: p.name, series: series}
	for i, f := range p.losses {
		c.points = append(c.points, point{float64(p.evaluations[i]), f})
	}
	return c
}

// trail is the path on the landscape.
func (p *path) trail(series int) curve {
	return curve{name: p.name, series: series, points: p.points, ended: true}
}

// A walk says how an optimizer goes.
type walk struct {
	name      string
	config    optim.Config
	schedule  schedule.Schedule // nil: none
	lookAhead bool              // the path is of the points where gradients are taken, Optimizer.LookAhead
	steps     int
	loss      minimize.Objective[float64] // whose gradients it follows; nil: the landscape's
}

// follow lets an optimizer go from the landscape's start.
func (l *landscape) follow(b bitstep.Backend, w walk) path {
	x, grad := []float64{l.start.x, l.start.y}, make([]float64, 2)
	at := x
	if w.lookAhead {
		at = make([]float64, 2)
	}
	loss := w.loss
	if loss == nil {
		loss = l.minibatches(1)
	}
	opt := must(optim.New(w.config, x))
	opt.SetEngine(bitstep.On[float64](b))
	if w.schedule != nil {
		opt.SetSchedule(w.schedule)
	}
	p := path{name: w.name}
	for i := range w.steps + 1 {
		if w.lookAhead {
			opt.LookAhead(at)
		}
		if !p.add(l, at, i) || i == w.steps {
			break
		}
		loss(at, grad)
		opt.Step(grad)
	}
	return p
}

// A minimizer is one of package minimize.
type minimizer interface {
	Minimize(context.Context, minimize.Objective[float64], []float64) (minimize.Result, error)
}

// iterate lets a minimizer go from the landscape's start, until it has converged or has had so many evaluations. What
// a minimizer returns but for its path is no more than why it ended.
func (l *landscape) iterate(name string, most int,
	with func(minimize.Stop, func(minimize.Iterate[float64]) bool) minimizer) path {
	x, p := []float64{l.start.x, l.start.y}, path{name: name}
	with(minimize.Stop{Gradient: 1e-9, Evaluations: most + 1}, func(it minimize.Iterate[float64]) bool {
		return !p.add(l, it.X, it.Evaluations-1) // the first is of the start
	}).Minimize(context.Background(), l.minibatches(1), x)
	return p
}

func (l *landscape) lbfgs(b bitstep.Backend, most int) path {
	k := bitstep.On[float64](b)
	return l.iterate("L-BFGS", most, func(s minimize.Stop, call func(minimize.Iterate[float64]) bool) minimizer {
		return minimize.LBFGS[float64]{Stop: s, OnIteration: call, Engine: &k}
	})
}

func (l *landscape) bfgs(b bitstep.Backend, most int) path {
	k := bitstep.On[float64](b)
	return l.iterate("BFGS", most, func(s minimize.Stop, call func(minimize.Iterate[float64]) bool) minimizer {
		return minimize.BFGS[float64]{Stop: s, OnIteration: call, Engine: &k}
	})
}

func (l *landscape) newton(b bitstep.Backend, most int) path {
	k := bitstep.On[float64](b)
	return l.iterate("Newton", most, func(s minimize.Stop, call func(minimize.Iterate[float64]) bool) minimizer {
		return minimize.Newton[float64]{Hessian: l.hessian, Stop: s, OnIteration: call, Engine: &k}
	})
}

// must is for settings that are written in this package.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// distance is that of two points.
func distance(a, b point) float64 { return math.Sqrt(sq(a.x-b.x) + sq(a.y-b.y)) }
