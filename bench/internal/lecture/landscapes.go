package lecture

import (
	"math/rand/v2"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/problems"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim/minimize"
)

// A point is one of a landscape's two parameters each, or of a plot.
type point struct{ x, y float64 }

// A landscape is a loss of two parameters, and what pictures show of it.
type landscape struct {
	name    string
	value   minimize.Objective[float64]
	hessian minimize.Hessian[float64] // nil: not written down
	box     box
	levels  []float64 // of contours, ascending
	start   point
	minimum point
	least   float64 // the loss there
	noise   float64 // of gradients: each derivative is off by up to that
}

// A box is the part of a plane that a plot shows.
type box struct{ left, bottom, right, top float64 }

func (l *landscape) at(p point) float64 { return l.value([]float64{p.x, p.y}, nil) }

// Products are converted before they are added, so that no compiler fuses them: see the contract in package kernels.
// So are quotients: those by a power of two are products to the compiler.
func sq(x float64) float64 { return float64(x * x) }

// quadratic is (a*x*x + b*y*y)/2.
func quadratic(a, b float64) minimize.Objective[float64] {
	return func(x, grad []float64) float64 {
		if grad != nil {
			grad[0], grad[1] = a*x[0], b*x[1]
		}
		return (float64(a*sq(x[0])) + float64(b*sq(x[1]))) / 2
	}
}

// ravine has condition number 100: it is a hundred times as curved across as along. The start and the rates of walks
// keep y from becoming 0 but for rounding, step after step, until it is subnormal: where Go computes floating point in
// software, a difference that is subnormal may be wrong (seen with Go 1.26, GOARM=5).
func ravine() *landscape {
	return &landscape{
		name: "ravine", value: quadratic(1, 100),
		hessian: func(_, h []float64) { h[0], h[1], h[2], h[3] = 1, 0, 0, 100 },
		box:     box{-11, -2, 5, 2}, levels: []float64{.5, 2, 5, 10, 20, 40, 80, 160},
		start: point{-10, 1.2},
	}
}

// saddle is (x*x - y*y)/2 + y^4/4: the slope is 0 at the origin, and the minima are at (0, 1) and (0, -1).
func saddle() *landscape {
	return &landscape{
		name: "saddle", value: func(x, grad []float64) float64 {
			a, b := sq(x[0]), sq(x[1])
			if grad != nil {
				grad[0], grad[1] = x[0], float64(x[1]*b)-x[1]
			}
			return float64((a-b)/2) + float64(sq(b)/4)
		},
		box:    box{-1.6, -1.5, 1.6, 1.5},
		levels: []float64{-.2, -.1, -.03, 0, .05, .15, .3, .5, .8},
		start:  point{-1.4, 1e-3}, minimum: point{0, 1}, least: -.25,
	}
}

// valleys are two: (3x^4 - 4x^3 - 12x^2)/4 + 4y^2 + 8 has a local minimum at x = -1 and the lowest point at x = 2, with
// a hill between them at 0.
func valleys() *landscape {
	return &landscape{
		name: "local minimum", value: func(x, grad []float64) float64 {
			u, v := x[0], x[1]
			if grad != nil {
				grad[0], grad[1] = 3*float64(float64(u*(u+1))*(u-2)), 8*v
			}
			return float64(sq(u)*(float64((float64(.75*u)-1)*u)-3)) + float64(4*sq(v)) + 8
		},
		box: box{-2.4, -1.6, 3.1, 1.6}, levels: []float64{1, 3, 5, 6.5, 7.5, 8.5, 11, 15, 21},
		start: point{-2, 1}, minimum: point{2, 0},
	}
}

// beale is Beale's function: curved, and nearly flat far from its minimum.
func beale() *landscape {
	p := problems.Named("Beale")
	return &landscape{
		name: "Beale's function", value: p.Value, hessian: p.Hessian, box: box{-.5, -1.4, 4.5, 1.6},
		levels: []float64{.1, .5, 1.5, 4, 8, 14, 25, 60}, start: point{p.Start[0], p.Start[1]}, minimum: point{3, .5},
	}
}

// noisy is a bowl whose gradients are of minibatches.
func noisy() *landscape {
	return &landscape{
		name: "noisy gradients", value: quadratic(1, 5), box: box{-4.6, -2.3, 2, 2.6},
		levels: []float64{.1, .5, 1.5, 3, 6, 10, 15, 25}, start: point{-4, 2}, noise: 4,
	}
}

// minibatches is the landscape as an optimizer sees it. Each evaluation is of another minibatch: a loss f(x) + e'x,
// whose gradient is off by e, uniform and 0 on average. The same seed gives the same minibatches.
func (l *landscape) minibatches(seed uint64) minimize.Objective[float64] {
	if l.noise == 0 {
		return l.value
	}
	r := rand.New(rand.NewPCG(seed, 0x6d696e6962617463))
	return func(x, grad []float64) float64 {
		f := l.value(x, grad)
		for i := range x {
			e := float64(l.noise * (2*float64(r.Float64()) - 1))
			f += float64(e * x[i])
			if grad != nil {
				grad[i] += e
			}
		}
		return f
	}
}

// A sample is an example of the classifier: two features and a label, 1 or -1.
type sample struct {
	point
	label float64
}

// samples are two clouds of examples that a line nearly separates.
func samples() (all []sample) {
	r := rand.New(rand.NewPCG(1, 0x73616d706c6573))
	for i := range 24 {
		s := sample{label: float64(i%2*2 - 1)}
		s.x = float64(s.label*1.1) + float64(.9*kernels.Normal(r))
		s.y = float64(s.label*.5) + float64(.9*kernels.Normal(r))
		all = append(all, s)
	}
	return all
}

// classifier is the softmax loss of two classes over examples with two features, and regularisation: the mean of
// log(1 + exp(-label*w'x)) + .01*w'w.
func classifier(over []sample) minimize.Objective[float64] {
	return func(w, grad []float64) float64 {
		f, n := float64(.01*(sq(w[0])+sq(w[1]))), float64(len(over))
		if grad != nil {
			grad[0], grad[1] = .02*w[0], .02*w[1]
		}
		for _, s := range over {
			margin := float64(s.label * (float64(w[0]*s.x) + float64(w[1]*s.y)))
			e := kernels.Exp(-margin)
			f += float64(kernels.Log(1+e) / n)
			if grad != nil {
				d := float64(e/(1+e)*s.label) / n
				grad[0] -= float64(d * s.x)
				grad[1] -= float64(d * s.y)
			}
		}
		return f
	}
}

// bowl is the landscape of the classifier's loss. Its minimum is L-BFGS's.
func bowl(b bitstep.Backend) *landscape {
	l := &landscape{
		name: "the classifier's loss", value: classifier(samples()), box: box{-5, -5, 7, 7},
		levels: []float64{.3, .4, .6, .9, 1.3, 1.8, 2.5, 3.5}, start: point{-4, 5},
	}
	bottom := l.lbfgs(b, 100)
	l.minimum, l.least = bottom.last()
	return l
}
