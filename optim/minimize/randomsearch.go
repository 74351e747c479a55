package minimize

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/bitstep-go/bitstep/internal/check"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
)

// RandomSearch tries random points and keeps the best: the lecture's first, bad idea, and a baseline. A try is
//
//	x_i = Scale*z_i             with z_i standard normal ([kernels.Normal]), or
//	x_i = best_i + Scale*z_i    with Local
//
// rounded to T. The tries depend on Seed alone: they are the same on every machine. The zero value is the
// lecture's 1,000 tries of 0.0001*randn.
type RandomSearch[T kernels.Float] struct {
	Tries int     // 1,000 by default
	Scale float64 // standard deviation; 1e-4 by default
	Local bool    // tries lie around the best point so far, at first the start; else around 0
	Seed  uint64

	// OnBest is called at each new best, with the number of the try as Iteration, from 1, or 0 for the start,
	// and no Grad. May be nil.
	OnBest func(Iterate[T]) (stop bool)
}

// Minimize leaves in x the best point tried. With Local the start counts as a try; otherwise it is not read. A
// try where f is not finite is never the best. The error is of the settings, of a context that is done, or
// says that no value was finite: x is then unchanged. It allocates at the start and not in tries.
func (c RandomSearch[T]) Minimize(ctx context.Context, f Objective[T], x []T) (Result, error) {
	if f == nil {
		return c.MinimizeSeveral(ctx, nil, 1, x)
	}
	return c.MinimizeSeveral(ctx, func(x []T, values []float64) { values[0] = f(x, nil) }, 1, x)
}

// MinimizeSeveral is Minimize with that many tries, or those that are left, in one call of f: x, the Result and what
// OnBest sees are the same. It looks at the context before each call. With Local a try must wait for the value of the
// one before, and so each has a call.
func (c RandomSearch[T]) MinimizeSeveral(ctx context.Context, f Objectives[T], tries int, x []T) (Result, error) {
	r := Result{Status: InvalidSettings, F: math.NaN(), GradNorm: math.NaN()}
	set := setting{method: "RandomSearch"}
	set.function(f == nil)
	set.whole("Tries", &c.Tries, 1000)
	set.real("Scale", &c.Scale, 1e-4, 0, math.Inf(1), check.Open)
	set.keep(check.AtLeast("tries", tries, 1))
	set.keep(check.Rounded[T]("Scale", c.Scale, 0, math.Inf(1), check.Open))
	if set.err != nil {
		return r, set.err
	}
	r.Status = Unfinished
	tries = min(tries, c.Tries)
	if c.Local {
		tries = 1
	}
	best := math.Inf(1)
	consider := func(point []T, v float64) {
		r.Evaluations++
		if !num.Finite(v) || v >= best {
			return
		}
		best, r.F = v, v
		copy(x, point)
		if c.OnBest != nil && c.OnBest(Iterate[T]{Iteration: r.Iterations, X: x, F: v, GradNorm: math.NaN(),
			Evaluations: r.Evaluations}) {
			r.Status = CallbackStop
		}
	}
	values := make([]float64, tries)
	if c.Local {
		f(x, values)
		consider(x, values[0])
	}
	points := make([]T, tries*len(x))
	random := rand.New(rand.NewPCG(c.Seed, 0x73656172636820)) // a stream of its own
	for r.Status == Unfinished {
		switch {
		case ctx.Err() != nil:
			r.Status = Cancelled
			return r, fmt.Errorf("minimize: RandomSearch: cancelled after %d tries: %w", r.Iterations,
				context.Cause(ctx))
		case r.Iterations == c.Tries:
			r.Status = IterationLimit
			continue
		}
		values = values[:min(tries, c.Tries-r.Iterations)]
		points = points[:len(values)*len(x)]
		for i := range points {
			v := float64(c.Scale * kernels.Normal(random))
			if c.Local {
				v += float64(x[i])
			}
			points[i] = T(v)
		}
		f(points, values)
		for i := 0; i < len(values) && r.Status == Unfinished; i++ {
			r.Iterations++
			consider(points[i*len(x):][:len(x)], values[i])
		}
	}
	if r.F != r.F {
		r.Status = NotFinite
		return r, fmt.Errorf("minimize: RandomSearch: no finite value in %d tries", r.Iterations)
	}
	return r, nil
}
