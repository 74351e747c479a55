package minimize_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/problems"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim/minimize"
)

// raceEnabled: the race detector makes pooled memory come and go.
var raceEnabled bool

// shared are the settings that the methods share.
type shared[T kernels.Float] struct {
	stop    minimize.Stop
	line    minimize.LineSearch
	call    func(minimize.Iterate[T]) bool
	kernels *bitstep.Engine[T]
}

var methods = []string{"BFGS", "LBFGS", "Newton"}

// runMethod runs a method by name. Newton without a Hessian takes one that is not finite: steepest descent.
func runMethod[T kernels.Float](ctx context.Context, method string, s shared[T], f minimize.Objective[T],
	h minimize.Hessian[T], x []T) (minimize.Result, error) {
	switch method {
	case "BFGS":
		return minimize.BFGS[T]{s.stop, s.line, s.call, s.kernels}.Minimize(ctx, f, x)
	case "LBFGS":
		return minimize.LBFGS[T]{0, s.stop, s.line, s.call, s.kernels}.Minimize(ctx, f, x)
	}
	if h == nil {
		h = func(_, h []T) { h[0] = T(math.NaN()) }
	}
	return minimize.Newton[T]{h, s.stop, s.line, s.call, s.kernels}.Minimize(ctx, f, x)
}

// each runs a test for every method.
func each(t *testing.T, test func(t *testing.T, method string)) {
	for _, method := range methods {
		t.Run(method, func(t *testing.T) { test(t, method) })
	}
}

// bowl is the sum of (i+1)*(x[i]-1)^2 with its Hessian.
func bowl(x, grad []float64) float64 {
	sum := 0.0
	for i, v := range x {
		c := float64(i + 1)
		sum += float64(c * float64((v-1)*(v-1)))
		if grad != nil {
			grad[i] = 2 * c * (v - 1)
		}
	}
	return sum
}

func bowlHessian(x, h []float64) {
	clear(h)
	for i := range x {
		h[i*len(x)+i] = 2 * float64(i+1)
	}
}

func TestStopReasons(t *testing.T) {
	rosenbrock := problems.Named("Rosenbrock")
	for _, c := range []struct {
		name   string
		stop   minimize.Stop
		status minimize.Status
		holds  func(minimize.Result) bool
	}{
		{"default", minimize.Stop{}, minimize.GradientConverged,
			func(r minimize.Result) bool { return r.GradNorm <= 1e-5 }},
		{"gradient", minimize.Stop{Gradient: 1e-9}, minimize.GradientConverged,
			func(r minimize.Result) bool { return r.GradNorm <= 1e-9 }},
		{"relative gradient", minimize.Stop{GradientRelative: 0.01}, minimize.GradientConverged,
			func(r minimize.Result) bool { return r.GradNorm <= 0.01*232.8 && r.GradNorm > 1e-5 }},
		{"target", minimize.Stop{Target: 0.5}, minimize.TargetReached,
			func(r minimize.Result) bool { return r.F <= 0.5 }},
		{"target 0", minimize.Stop{Gradient: minimize.Zero, Target: minimize.Zero}, 0,
			func(r minimize.Result) bool {
				return r.F == 0 && r.Status == minimize.TargetReached || r.GradNorm == 0 || r.F < 1e-20
			}},
		{"value", minimize.Stop{Gradient: 1e-12, Value: 1e-3}, minimize.ValueConverged,
			func(r minimize.Result) bool { return r.F < 5 }},
		{"step", minimize.Stop{Gradient: 1e-12, Step: 1e-3}, minimize.StepConverged,
			func(r minimize.Result) bool { return r.F < 5 }},
		{"iterations", minimize.Stop{Iterations: 3}, minimize.IterationLimit,
			func(r minimize.Result) bool { return r.Iterations == 3 }},
		{"evaluations", minimize.Stop{Evaluations: 5}, minimize.EvaluationLimit,
			func(r minimize.Result) bool { return r.Evaluations == 5 }},
	} {
		each(t, func(t *testing.T, method string) {
			x := []float64{-1.2, 1}
			r, err := runMethod(context.Background(), method, shared[float64]{stop: c.stop}, rosenbrock.Value,
				rosenbrock.Hessian, x)
			if c.status != 0 && (r.Status != c.status || err != nil) {
				t.Errorf("%s: %v, %v, want %v", c.name, r.Status, err, c.status)
			}
			grad := make([]float64, 2)
			if f := rosenbrock.Value(x, grad); f != r.F || kernels.MaxAbs(grad) != r.GradNorm {
				t.Errorf("%s: the result has %v and %v, x has %v and %v", c.name, r.F, r.GradNorm, f, grad)
			}
			if !c.holds(r) {
				t.Errorf("%s: %+v at %v", c.name, r, x)
			}
			if got, want := r.Status.Converged(), r.Status <= minimize.StepConverged; got != want {
				t.Errorf("%v: Converged() = %v", r.Status, got)
			}
		})
	}
	for s := minimize.Unfinished; s <= minimize.InvalidSettings; s++ {
		if name := s.String(); name == "" || strings.HasPrefix(name, "Status(") {
			t.Errorf("status %d is named %q", int(s), name)
		}
	}
	if got := (minimize.InvalidSettings + 1).String(); got != "Status(12)" {
		t.Errorf("a status that there is not: %q", got)
	}
}

// Cancelled in the callback: x is that iterate. Cancelled in the objective, in the midst of a search: x is
// the lowest point seen.
func TestCancellation(t *testing.T) {
	p := problems.Named("Rosenbrock")
	each(t, func(t *testing.T, method string) {
		ctx, cancel := context.WithCancel(context.Background())
		var at []float64
		x := append([]float64(nil), p.Start...)
		r, err := runMethod(ctx, method, shared[float64]{call: func(it minimize.Iterate[float64]) bool {
			if it.Iteration == 4 {
				at = append(at, it.X...)
				cancel()
			}
			return false
		}}, p.Value, p.Hessian, x)
		if r.Status != minimize.Cancelled || !errors.Is(err, context.Canceled) || r.Iterations != 4 {
			t.Errorf("%v, %v after %d iterations, want cancelled after 4", r.Status, err, r.Iterations)
		}
		if x[0] != at[0] || x[1] != at[1] {
			t.Errorf("x = %v, want the iterate %v", x, at)
		}

		for stop := 1; stop < 25; stop++ {
			cause := errors.New("enough")
			ctx, cancel := context.WithCancelCause(context.Background())
			lowest, count := math.Inf(1), 0
			var best []float64
			x := append([]float64(nil), p.Start...)
			r, err := runMethod(ctx, method, shared[float64]{}, func(x, grad []float64) float64 {
				f := p.Value(x, grad)
				if f < lowest {
					lowest, best = f, append([]float64(nil), x...)
				}
				if count++; count == stop {
					cancel(cause)
				}
				return f
			}, p.Hessian, x)
			if r.Status != minimize.Cancelled || !errors.Is(err, cause) || r.Evaluations != stop {
				t.Errorf("%v, %v after %d evaluations, want cancelled after %d", r.Status, err, r.Evaluations, stop)
			}
			if x[0] != best[0] || x[1] != best[1] || r.F != lowest {
				t.Errorf("%d evaluations: x = %v with %v, want %v with %v", stop, x, r.F, best, lowest)
			}
			grad := make([]float64, 2)
			if p.Value(x, grad); r.GradNorm != kernels.MaxAbs(grad) {
				t.Errorf("%d evaluations: gradient norm %v, want that of %v", stop, r.GradNorm, grad)
			}
		}

		ctx, cancel = context.WithCancel(context.Background())
		cancel()
		r, err = runMethod(ctx, method, shared[float64]{}, p.Value, p.Hessian, x)
		if r.Status != minimize.Cancelled || err == nil || r.Evaluations != 0 || !math.IsNaN(r.F) {
			t.Errorf("cancelled before the start: %+v, %v", r, err)
		}
	})
}

// The callback sees the start and all iterates in order, values that do not rise, and may stop.
func TestCallback(t *testing.T) {
	p := problems.Named("Wood")
	each(t, func(t *testing.T, method string) {
		for _, last := range []int{0, 7, 1000} {
			var seen []minimize.Iterate[float64]
			x := append([]float64(nil), p.Start...)
			r, err := runMethod(context.Background(), method, shared[float64]{
				call: func(it minimize.Iterate[float64]) bool {
					it.X = append([]float64(nil), it.X...)
					seen = append(seen, it)
					return it.Iteration == last
				}}, p.Value, p.Hessian, x)
			if err != nil || len(seen) != r.Iterations+1 || seen[0].X[0] != p.Start[0] || seen[0].Step != 0 {
				t.Fatalf("%v after %d iterations, %d calls", err, r.Iterations, len(seen))
			}
			if want := minimize.CallbackStop; last < 1000 && (r.Status != want || r.Iterations != last) {
				t.Errorf("%v after %d iterations, want %v after %d", r.Status, r.Iterations, want, last)
			}
			for i, it := range seen {
				if it.Iteration != i || it.F != p.Value(it.X, nil) || i > 0 && !(it.F < seen[i-1].F && it.Step > 0) {
					t.Errorf("iterate %d: %+v", i, it)
				}
			}
			if end := seen[len(seen)-1]; end.F != r.F || end.X[2] != x[2] || end.GradNorm != r.GradNorm ||
				end.Evaluations != r.Evaluations {
				t.Errorf("the last iterate is %+v, the result %+v", end, r)
			}
		}
	})
}

// Where the objective has no value, searches step back; where it has no gradient, too.
func TestUndefinedRegions(t *testing.T) {
	barrier := func(outside, slope float64) minimize.Objective[float64] {
		return func(x, grad []float64) float64 { // x - log(x), a minimum of 1 at 1; a cliff at 0
			if x[0] <= 0 {
				if grad != nil {
					grad[0] = slope
				}
				return outside
			}
			if grad != nil {
				grad[0] = 1 - 1/x[0]
			}
			return x[0] - kernels.Log(x[0])
		}
	}
	nan, inf := math.NaN(), math.Inf(1)
	for _, f := range []minimize.Objective[float64]{barrier(nan, nan), barrier(inf, 0), barrier(-inf, 0),
		barrier(-5, nan), barrier(-5, inf)} {
		for _, backtracking := range []bool{false, true} {
			each(t, func(t *testing.T, method string) {
				for _, start := range []float64{1e-3, 0.5, 3, 1e4} {
					x := []float64{start}
					r, err := runMethod(context.Background(), method,
						shared[float64]{line: minimize.LineSearch{Backtracking: backtracking}}, f,
						func(x, h []float64) { h[0] = 1 / (x[0] * x[0]) }, x)
					if err != nil || math.Abs(x[0]-1) > 1e-4 {
						t.Errorf("from %v to %v: %+v, %v", start, x, r, err)
					}
				}
			})
		}
	}
	for _, f := range []minimize.Objective[float64]{
		func(x, grad []float64) float64 { return nan },
		func(x, grad []float64) float64 { grad[1] = inf; return 0 },
	} {
		each(t, func(t *testing.T, method string) {
			x := []float64{1, 2}
			r, err := runMethod(context.Background(), method, shared[float64]{}, f, nil, x)
			if r.Status != minimize.NotFinite || err == nil || x[0] != 1 || x[1] != 2 {
				t.Errorf("no value at the start: %+v, %v, x = %v", r, err, x)
			}
		})
	}
}

// A gradient of the wrong sign ends at once, at the start, with an error.
func TestWrongGradient(t *testing.T) {
	each(t, func(t *testing.T, method string) {
		x := []float64{3, 4}
		r, err := runMethod(context.Background(), method, shared[float64]{}, func(x, grad []float64) float64 {
			f := bowl(x, grad)
			for i := range grad {
				grad[i] = -grad[i]
			}
			return f
		}, bowlHessian, x)
		if r.Status != minimize.NoProgress || err == nil || x[0] != 3 || x[1] != 4 || r.F != 22 || r.Iterations != 0 {
			t.Errorf("%+v, %v, x = %v", r, err, x)
		}
	})
}

func TestTrivialStarts(t *testing.T) {
	each(t, func(t *testing.T, method string) {
		for _, x := range [][]float64{nil, {}, {1}, {1, 1, 1}} {
			r, err := runMethod(context.Background(), method, shared[float64]{}, bowl, bowlHessian, x)
			if err != nil || r.Status != minimize.GradientConverged || r.Evaluations != 1 || r.Iterations != 0 ||
				r.F != 0 {
				t.Errorf("x = %v: %+v, %v", x, r, err)
			}
		}
	})
}

// Newton's method leaves the saddle of x^2 - y^2 + y^4/4, which it would run into undamped.
func TestNewtonLeavesSaddle(t *testing.T) {
	f := func(x, grad []float64) float64 {
		a, b := float64(x[0]*x[0]), float64(x[1]*x[1])
		if grad != nil {
			grad[0], grad[1] = 2*x[0], float64(-2*x[1])+float64(b*x[1])
		}
		return a - b + float64(b*b)/4
	}
	x := []float64{1, 1e-6}
	r, err := minimize.Newton[float64]{Hessian: func(x, h []float64) {
		h[0], h[1], h[2], h[3] = 2, math.NaN(), 0, float64(3*float64(x[1]*x[1]))-2 // h[1] is not read
	}}.Minimize(context.Background(), f, x)
	if err != nil || math.Abs(x[0]) > 1e-5 || math.Abs(x[1]-math.Sqrt2) > 1e-5 || math.Abs(r.F+1) > 1e-9 {
		t.Errorf("%+v, %v, x = %v", r, err, x)
	}
	x = []float64{1, 1e-3} // without a floor: down to the target
	r, err = minimize.Newton[float64]{Stop: minimize.Stop{Target: -1e6}, Hessian: func(_, h []float64) {
		h[0], h[1], h[2], h[3] = 2, 0, 0, -2
	}}.Minimize(context.Background(), func(x, grad []float64) float64 {
		if grad != nil {
			grad[0], grad[1] = 2*x[0], -2*x[1]
		}
		return float64(x[0]*x[0]) - float64(x[1]*x[1])
	}, x)
	if err != nil || r.Status != minimize.TargetReached || r.F > -1e6 {
		t.Errorf("%+v, %v, x = %v", r, err, x)
	}
}

// Without a usable Hessian Newton's method goes down the gradient.
func TestNewtonWithoutHessian(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for at := range 4 {
			x := []float64{3, 4}
			r, err := minimize.Newton[float64]{Hessian: func(x, h []float64) {
				bowlHessian(x, h)
				h[at] = bad
			}}.Minimize(context.Background(), bowl, x)
			if err != nil || math.Abs(x[0]-1) > 1e-5 || at == 1 && r.Iterations != 1 {
				t.Errorf("h[%d] = %v: %+v, %v, x = %v", at, bad, r, err, x)
			}
		}
	}
}

func TestSettingsErrors(t *testing.T) {
	ctx, nan := context.Background(), math.NaN()
	run := func(s minimize.Stop, l minimize.LineSearch) error {
		_, err := minimize.BFGS[float64]{Stop: s, LineSearch: l}.Minimize(ctx, bowl, []float64{0})
		return err
	}
	_, memory := minimize.LBFGS[float32]{Memory: -3}.Minimize(ctx, func(x, g []float32) float64 { return 0 }, nil)
	_, many := minimize.LBFGS[float64]{Memory: math.MaxInt, Stop: minimize.Stop{Iterations: math.MaxInt}}.Minimize(ctx,
		bowl, make([]float64, 8))
	_, hessian := minimize.Newton[float64]{}.Minimize(ctx, bowl, nil)
	result, objective := minimize.LBFGS[float64]{}.Minimize(ctx, nil, nil)
	if result.Status != minimize.InvalidSettings || !math.IsNaN(result.F) || result.Status.Converged() {
		t.Errorf("%+v", result)
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{run(minimize.Stop{Gradient: -1}, minimize.LineSearch{}), "BFGS: Stop.Gradient = -1, want in [0, +Inf)"},
		{run(minimize.Stop{GradientRelative: nan}, minimize.LineSearch{}),
			"BFGS: Stop.GradientRelative = NaN, want in [0, +Inf)"},
		{run(minimize.Stop{Target: nan}, minimize.LineSearch{}), "BFGS: Stop.Target = NaN, want in (-Inf, +Inf)"},
		{run(minimize.Stop{Value: -1e-9}, minimize.LineSearch{}), "BFGS: Stop.Value = -1e-09, want in [0, +Inf)"},
		{run(minimize.Stop{Step: math.Inf(1)}, minimize.LineSearch{}), "BFGS: Stop.Step = +Inf, want in [0, +Inf)"},
		{run(minimize.Stop{Iterations: -1}, minimize.LineSearch{}), "BFGS: Stop.Iterations = -1, want at least 1"},
		{run(minimize.Stop{Evaluations: -1}, minimize.LineSearch{}), "BFGS: Stop.Evaluations = -1, want at least 1"},
		{run(minimize.Stop{}, minimize.LineSearch{C1: 0.5}), "BFGS: LineSearch.C1 = 0.5, want in (0, 0.5)"},
		{run(minimize.Stop{}, minimize.LineSearch{C1: minimize.Zero}), "BFGS: LineSearch.C1 = 0, want in (0, 0.5)"},
		{run(minimize.Stop{}, minimize.LineSearch{C1: 0.1, C2: 0.05}), "BFGS: LineSearch.C2 = 0.05, want in (0.1, 1)"},
		{run(minimize.Stop{}, minimize.LineSearch{C2: 1}), "BFGS: LineSearch.C2 = 1, want in (0.0001, 1)"},
		{run(minimize.Stop{}, minimize.LineSearch{Trials: -1}), "BFGS: LineSearch.Trials = -1, want at least 1"},
		{run(minimize.Stop{}, minimize.LineSearch{Noise: -1}), "BFGS: LineSearch.Noise = -1, want in [0, 1)"},
		{many, fmt.Sprintf("LBFGS: Memory = %d, want at most %d for 8 parameters", math.MaxInt,
			1<<(13+10*bits.UintSize/32))},
		{memory, "LBFGS: Memory = -3, want at least 1"},
		{hessian, "Newton: Hessian is nil, want a function"},
		{objective, "LBFGS: the objective is nil, want a function"},
	} {
		if c.err == nil || c.err.Error() != "minimize: "+c.want {
			t.Errorf("%v, want %s", c.err, c.want)
		}
	}
}

// All changes are kept where that is asked for, and none beyond the largest number of iterations.
func TestAllMemory(t *testing.T) {
	p := problems.Named("Rosenbrock")
	follow := func(memory int) (points []float64) {
		stop, x := minimize.Stop{Iterations: 30}, slices.Clone(p.Start)
		call := func(it minimize.Iterate[float64]) bool {
			points = append(points, it.X...)
			return false
		}
		_, err := minimize.LBFGS[float64]{Memory: memory, Stop: stop, OnIteration: call}.Minimize(
			context.Background(), p.Value, x)
		if err != nil {
			t.Error(err)
		}
		return points
	}
	if !slices.Equal(follow(math.MaxInt), follow(1000)) || slices.Equal(follow(math.MaxInt), follow(3)) {
		t.Error("Memory: math.MaxInt is not all changes")
	}
}

// A target of 0 is a target.
func TestTargetZero(t *testing.T) {
	each(t, func(t *testing.T, method string) {
		f := func(x, grad []float64) float64 { // x^4 - 1
			square := float64(x[0] * x[0])
			if grad != nil {
				grad[0] = 4 * float64(square*x[0])
			}
			return float64(square*square) - 1
		}
		target := minimize.Stop{Target: minimize.Zero}
		r, err := runMethod(context.Background(), method, shared[float64]{stop: target}, f,
			func(x, h []float64) { h[0] = 12 * float64(x[0]*x[0]) }, []float64{3})
		if err != nil || r.Status != minimize.TargetReached || r.F > 0 {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

// One minimization allocates as much as another that takes ten times the iterations. With threads, whose shared
// memory is pooled, a pool may be refilled when a goroutine moves to another processor, less than once in four
// iterations.
func TestNoAllocationPerIteration(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which empties pools
	for _, n := range []int{50, 4 * kernels.ReduceChunk} {
		f := func(x, grad []float32) float64 { // the terms differ a thousandfold
			sum := 0.0
			for i, v := range x {
				c := float32(i%1000 + 1)
				if grad != nil {
					grad[i] = c * v
				}
				sum += float64(c*v) * float64(v)
			}
			return sum / 2
		}
		x, k := make([]float32, n), bitstep.On[float32](bitstep.Active()).Threads(2)
		run := func(iterations int) float64 {
			return testing.AllocsPerRun(2, func() {
				for i := range x {
					x[i] = 1
				}
				r, _ := minimize.LBFGS[float32]{Engine: &k, Stop: minimize.Stop{Iterations: iterations}}.Minimize(
					context.Background(), f, x)
				if r.Iterations != iterations {
					t.Fatalf("%d elements: %+v", n, r)
				}
			})
		}
		if few, many := run(2), run(20); few != many && (n < 1000 || many-few > 4) && !raceEnabled {
			t.Errorf("%d elements: %v allocations in 2 iterations, %v in 20", n, few, many)
		}
	}
}

// Vectors that are spread over threads give the same bits with any number of them and on every backend.
func TestMinimizeThreads(t *testing.T) {
	const n = 3*kernels.ReduceChunk + 77
	p := problems.ExtendedRosenbrock(n + n%2)
	want := ""
	for _, b := range bitstep.Backends() {
		for _, threads := range []int{1, 2, 3} {
			k := bitstep.On[float64](b).Threads(threads)
			x := append([]float64(nil), p.Start...)
			for i := range x {
				x[i] += float64(i%7) / 100
			}
			r, err := minimize.LBFGS[float64]{Engine: &k, Stop: minimize.Stop{Iterations: 6}}.Minimize(
				context.Background(), p.Value, x)
			got := fmt.Sprintf("%+v %x %x %v", r, x[:10], kernels.Sum(x), err)
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("%v with %d threads: %s, want %s", b, threads, got, want)
			}
		}
	}
}

// Minima are reached in float32 as well, to what float32 can tell.
func TestMinimizeSingle(t *testing.T) {
	for _, name := range []string{"Rosenbrock", "Beale", "Powell singular", "Freudenstein-Roth", "Helical valley",
		"Extended Rosenbrock", "Broyden tridiagonal", "Trigonometric", "Logistic regression"} {
		p := problems.Named(name)
		each(t, func(t *testing.T, method string) {
			if method == "Newton" && p.Hessian == nil {
				return
			}
			x := make([]float32, len(p.Start))
			for i, v := range p.Start {
				x[i] = float32(v)
			}
			var h minimize.Hessian[float32]
			if p.Hessian != nil {
				h = p.SingleHessian()
			}
			r, err := runMethod(context.Background(), method, shared[float32]{}, p.Single(), h, x)
			gap := math.Inf(1)
			for _, m := range p.Minima {
				gap = min(gap, math.Abs(r.F-m)/(1+m))
			}
			if err != nil || !r.Status.Converged() || gap > 1e-4 {
				t.Errorf("%s: %+v, %v", name, r, err)
			}
		})
	}
}

// Values of 1e-300 to 1e300 (float32: gradients of 1e-36 to 1e36) are minimized like others, if not as fast where
// squares overflow or vanish.
func TestScales(t *testing.T) {
	each(t, func(t *testing.T, method string) {
		for _, c := range []float64{1e-300, 1e-100, 1e-36, 1e36, 1e100, 1e300} {
			stop := minimize.Stop{Gradient: minimize.Zero, GradientRelative: 1e-4}
			x := []float64{3, -4, 0.5}
			settings := shared[float64]{stop: stop}
			r, err := runMethod(context.Background(), method, settings, func(x, grad []float64) float64 {
				f := bowl(x, grad)
				for i := range grad {
					grad[i] *= c
				}
				return f * c
			}, func(x, h []float64) {
				bowlHessian(x, h)
				for i := range h {
					h[i] *= c
				}
			}, x)
			if err != nil || r.Status != minimize.GradientConverged || math.Abs(x[0]-1)+math.Abs(x[2]-1) > 0.01 {
				t.Errorf("%v: %+v, %v, x = %v", c, r, err, x)
			}
			if c < 1e-40 || c > 1e36 {
				continue
			}
			y := []float32{3, -4, 0.5}
			settings32 := shared[float32]{stop: stop}
			r, err = runMethod(context.Background(), method, settings32, func(x, grad []float32) float64 {
				sum := 0.0
				for i, v := range x {
					k := float64(i+1) * c
					sum += k * (float64(v) - 1) * (float64(v) - 1)
					if grad != nil {
						grad[i] = float32(2 * k * (float64(v) - 1))
					}
				}
				return sum
			}, func(x, h []float32) {
				clear(h)
				for i := range x {
					h[4*i] = float32(2 * float64(i+1) * c)
				}
			}, y)
			if err != nil || r.Status != minimize.GradientConverged || math.Abs(float64(y[0]-1)) > 0.01 {
				t.Errorf("float32, %v: %+v, %v, x = %v", c, r, err, y)
			}
		}
	})
}

// A gradient that is noise about zero at values that are noise about one does not keep a minimization busy.
func TestEndsInNoise(t *testing.T) {
	each(t, func(t *testing.T, method string) {
		for seed := range uint64(20) {
			r := rand.New(rand.NewPCG(seed, 6))
			x := []float64{1, 2}
			result, err := runMethod(context.Background(), method, shared[float64]{}, func(x, grad []float64) float64 {
				for i := range grad {
					grad[i] = math.Copysign(1+r.Float64(), r.Float64()-0.5)
				}
				return 1 + (r.Float64()-0.5)*0x1p-52
			}, func(_, h []float64) { h[0], h[1], h[2], h[3] = 1, 0, 0, 1 }, x)
			if result.Status != minimize.NoProgress || err == nil || result.Iterations > 100 {
				t.Errorf("seed %d: %+v, %v", seed, result, err)
			}
		}
	})
}

// A gradient that turns wrong on the way ends the minimization where it does, in two searches.
func TestGradientTurnsWrong(t *testing.T) {
	p := problems.Named("Rosenbrock")
	each(t, func(t *testing.T, method string) {
		x, wrong := slices.Clone(p.Start), false
		var at []float64
		type iterate = minimize.Iterate[float64]
		r, err := runMethod(context.Background(), method, shared[float64]{call: func(it iterate) bool {
			if it.Iteration == 8 {
				at = slices.Clone(it.X)
				it.Grad[0], it.Grad[1] = -it.Grad[0], -it.Grad[1] // as if the objective had said so
				wrong = true
			}
			return false
		}}, func(x, grad []float64) float64 {
			f := p.Value(x, grad)
			if wrong && grad != nil {
				grad[0], grad[1] = -grad[0], -grad[1]
			}
			return f
		}, p.Hessian, x)
		if r.Status != minimize.NoProgress || err == nil || r.Iterations != 8 || !slices.Equal(x, at) ||
			r.Evaluations > 100 {
			t.Errorf("%+v, %v, x = %v", r, err, x)
		}
	})
}
