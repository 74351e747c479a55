package minimize_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim/minimize"
)

// cubic is the sum of (i+1)/8*x^3 - x, with derivatives 3*(i+1)/8*x^2 - 1.
func cubic[T kernels.Float](x, grad []T) float64 {
	sum := 0.0
	for i, v := range x {
		a, v := float64(i+1)/8, float64(v)
		sum += a*v*v*v - v
		if grad != nil {
			grad[i] = T(3*a*v*v - 1)
		}
	}
	return sum
}

// Numerical gradients are within the documented errors of the derivatives.
func TestNumericalGradient(t *testing.T) {
	t.Run("type=float32", testNumericalGradient[float32])
	t.Run("type=float64", testNumericalGradient[float64])
}

func testNumericalGradient[T kernels.Float](t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	x, grad, want := make([]T, 20), make([]T, 20), make([]T, 20)
	for i := range x {
		x[i] = T(4*r.Float64() - 2)
	}
	before := slices.Clone(x)
	f := cubic(x, want)
	unit := 0x1p-53
	if T(1)+T(0x1p-40) == 1 {
		unit = 0x1p-24
	}
	for _, d := range []minimize.Difference{minimize.Central, minimize.Forward} {
		for _, step := range []float64{0, 1e-2, 1e-3} {
			if err := minimize.NumericalGradient(cubic[T], x, grad, d, step); err != nil {
				t.Fatal(err)
			}
			h := step
			if step == 0 {
				h = map[minimize.Difference]float64{minimize.Central: 0x1p-17, minimize.Forward: 0x1p-13}[d]
				if unit > 0x1p-50 {
					h = map[minimize.Difference]float64{minimize.Central: 0x1p-8, minimize.Forward: 0x1p-11}[d]
				}
			}
			for i, v := range x {
				a, v := float64(i+1)/8, float64(v)
				h := h * max(1, math.Abs(v))
				// cubic adds in float64, so that its error is of 20 roundings there, whatever T is.
				bound := 40*0x1p-53*(math.Abs(f)+50)/h + 4*unit*math.Abs(float64(want[i]))
				if d == minimize.Central {
					bound += h * h * a * 1.01
				} else {
					bound += h*3*a*math.Abs(v)*1.01 + h*h*a
				}
				if got := float64(grad[i] - want[i]); math.Abs(got) > bound {
					t.Errorf("difference %d, step %v: derivative %d is off by %v, want at most %v", d, step, i, got,
						bound)
				}
			}
		}
	}
	if !slices.Equal(x, before) {
		t.Error("x has changed")
	}
}

// With a step that is a power of two the formulas are the slides'.
func TestNumericalGradientSlides(t *testing.T) {
	f := func(x, _ []float64) float64 { return float64(math.Exp(x[0]) * x[1]) }
	x, grad := []float64{0.5, -0.75}, make([]float64, 2)
	const h = 0x1p-13
	if err := minimize.NumericalGradient(f, x, grad, minimize.Forward, h); err != nil {
		t.Fatal(err)
	}
	f0 := f(x, nil)
	if want := (f([]float64{0.5 + h, -0.75}, nil) - f0) / h; grad[0] != want {
		t.Errorf("forward: %v, want %v", grad[0], want)
	}
	if err := minimize.NumericalGradient(f, x, grad, minimize.Central, h); err != nil {
		t.Fatal(err)
	}
	if want := (f([]float64{0.5, -0.75 + h}, nil) - f([]float64{0.5, -0.75 - h}, nil)) / (2 * h); grad[1] != want {
		t.Errorf("central: %v, want %v", grad[1], want)
	}
}

// The objective is asked for values only, as often as documented, and x is left alone, to the bit, even when
// it panics.
func TestNumericalGradientLeavesX(t *testing.T) {
	for d, want := range map[minimize.Difference]int{minimize.Central: 8, minimize.Forward: 5} {
		x := []float64{math.Copysign(0, -1), math.MaxFloat64, 5e-324, -3}
		before := fmt.Sprintf("%x", x)
		calls, limit := 0, math.MaxInt
		f := func(x, grad []float64) float64 {
			if grad != nil {
				t.Error("a gradient was asked for")
			}
			if calls++; calls > limit {
				panic("enough")
			}
			return x[0]
		}
		if err := minimize.NumericalGradient(f, x, make([]float64, 4), d, 0); err != nil {
			t.Fatal(err)
		}
		if calls != want {
			t.Errorf("difference %d: %d calls, want %d", d, calls, want)
		}
		for limit = range want {
			calls = 0
			func() {
				defer func() { recover() }()
				minimize.NumericalGradient(f, x, make([]float64, 4), d, 0)
			}()
			if after := fmt.Sprintf("%x", x); after != before {
				t.Errorf("after a panic in call %d, x = %s, want %s", limit, after, before)
			}
		}
	}
}

func TestNumericalGradientErrors(t *testing.T) {
	x := []float32{1}
	for _, c := range []struct {
		d    minimize.Difference
		step float64
		want string
	}{
		{minimize.Central, -1, "minimize: NumericalGradient: step = -1, want in (0, 1)"},
		{minimize.Central, minimize.Zero, "minimize: NumericalGradient: step = 0, want in (0, 1)"},
		{minimize.Central, math.NaN(), "minimize: NumericalGradient: step = NaN, want in (0, 1)"},
		{7, 0, "minimize: NumericalGradient: difference 7, want Central or Forward"},
	} {
		if err := minimize.NumericalGradient(cubic[float32], x, x, c.d, c.step); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	const want = "minimize: NumericalGradient: the objective is nil, want a function"
	if err := minimize.NumericalGradient(nil, x, x, minimize.Central, 0); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	defer func() {
		if got, want := recover(), "minimize: NumericalGradient: len(grad) = 2, want len(x) = 1"; got != want {
			t.Errorf("panics with %v, want %s", got, want)
		}
	}()
	minimize.NumericalGradient(cubic[float32], x, make([]float32, 2), minimize.Central, 0)
}

// A right gradient passes everywhere with the defaults, at stationary points too.
func TestCheckGradientRight(t *testing.T) {
	t.Run("type=float32", testCheckGradientRight[float32])
	t.Run("type=float64", testCheckGradientRight[float64])
}

func testCheckGradientRight[T kernels.Float](t *testing.T) {
	rosenbrock := func(x, grad []T) float64 {
		a, b := float64(x[0]), float64(x[1])
		if grad != nil {
			grad[0], grad[1] = T(-400*a*(b-a*a)-2*(1-a)), T(200*(b-a*a))
		}
		return 100*(b-a*a)*(b-a*a) + (1-a)*(1-a)
	}
	softplus := func(x, grad []T) float64 {
		sum := 0.0
		for i, v := range x {
			sum += math.Log1p(math.Exp(float64(v)))
			if grad != nil {
				grad[i] = T(1 / (1 + math.Exp(-float64(v))))
			}
		}
		return sum
	}
	cube := func(x, grad []T) float64 {
		v := float64(x[0])
		if grad != nil {
			grad[0] = T(3 * v * v)
		}
		return v * v * v
	}
	for _, c := range []struct {
		name string
		f    minimize.Objective[T]
		x    []T
	}{
		{"Rosenbrock", rosenbrock, []T{-1.25, 1}}, {"Rosenbrock", rosenbrock, []T{1, 1}},
		{"softplus", softplus, []T{-20, -3, -1, 0, 1, 3, 20, 100}}, {"cube", cube, []T{0}}, {"cube", cube, []T{1e-3}},
		{"cubic", cubic[T], []T{0.5, -1, 2, 0.001, 1e3}},
		{"empty", cubic[T], nil},
	} {
		for _, d := range []minimize.Difference{minimize.Central, minimize.Forward} {
			r, err := minimize.CheckGradient(c.f, c.x, minimize.GradientCheck{Difference: d})
			if err != nil {
				t.Fatal(err)
			}
			if !r.OK() || r.Checked != len(c.x) || r.Count[minimize.Kink] != 0 {
				t.Errorf("%s at %v, difference %d:\n%v", c.name, c.x, d, r)
			}
		}
	}
}

// Each wrong derivative is found and reported first, and nothing else is.
func TestCheckGradientWrong(t *testing.T) {
	for name, wrong := range map[string]func(float64) float64{
		"sign":    func(g float64) float64 { return -g },
		"factor":  func(g float64) float64 { return g * (1 + 1e-5) },
		"missing": func(float64) float64 { return 0 },
		"offset":  func(g float64) float64 { return g + 1e-4 },
		"NaN":     func(float64) float64 { return math.NaN() },
		"Inf":     func(float64) float64 { return math.Inf(1) },
	} {
		for bad := range 12 {
			f := func(x, grad []float64) float64 {
				v := cubic(x, grad)
				if grad != nil {
					grad[bad] = wrong(grad[bad])
				}
				return v
			}
			x := make([]float64, 12)
			for i := range x {
				x[i] = 1.5 + float64(i)/4
			}
			r, err := minimize.CheckGradient(f, x, minimize.GradientCheck{})
			if err != nil {
				t.Fatal(err)
			}
			if r.OK() || r.Count != [4]int{minimize.Agrees: 11, minimize.Differs: 1} || r.Worst[0].Index != bad ||
				r.Worst[0].Finding != minimize.Differs {
				t.Errorf("%s in %d:\n%v", name, bad, r)
			}
			if len(r.Worst) != 10 || !slices.IsSortedFunc(r.Worst[1:], func(a, b minimize.Coordinate) int {
				return int(math.Copysign(1, b.Error-a.Error))
			}) {
				t.Errorf("the worst are not sorted:\n%v", r)
			}
		}
	}
}

// The relative error is CS231n's.
func TestCheckGradientError(t *testing.T) {
	f := func(x, grad []float64) float64 {
		if grad != nil {
			grad[0], grad[1], grad[2] = 3, -2, 1e-3
		}
		return 2*x[0] + 2*x[1]
	}
	r, err := minimize.CheckGradient(f, []float64{1, 2, 3}, minimize.GradientCheck{Floor: 1, Tolerance: 0.1, Worst: 9})
	if err != nil {
		t.Fatal(err)
	}
	want := []minimize.Coordinate{
		{Index: 1, X: 2, Analytic: -2, Numeric: 2, Error: 2, Finding: minimize.Differs},
		{Index: 0, X: 1, Analytic: 3, Numeric: 2, Error: 1. / 3, Finding: minimize.Differs},
		{Index: 2, X: 3, Analytic: 1e-3, Numeric: 0, Error: 1e-3},
	}
	if len(r.Worst) != 3 || r.F != 6 || r.Count[minimize.Differs] != 2 || r.Dimension != 3 {
		t.Fatalf("got\n%v", r)
	}
	for i, w := range want {
		g := r.Worst[i]
		if math.Abs(g.Error-w.Error) > 1e-9 || math.Abs(g.Numeric-w.Numeric) > 1e-9 {
			t.Errorf("got %+v, want %+v", g, w)
		}
		if g.Numeric, g.Error = w.Numeric, w.Error; g != w {
			t.Errorf("got %+v, want %+v", g, w)
		}
	}
	text := r.String()
	for _, part := range []string{
		"gradient WRONG: 3 of 3 coordinates checked, 2 beyond 1.0e-01; 0 with a coarse step, 0 at kinks\n",
		"index", "2.0e+00  differs\n", "3.3e-01  differs\n", "1.0e-03\n"} {
		if !strings.Contains(text, part) {
			t.Errorf("the report lacks %q:\n%s", part, text)
		}
	}
}

// Where the step is too coarse for f's curvature, a right derivative is the limit of numerical ones and a wrong one
// is not, though its error is less than that of the first.
func TestCheckGradientCoarse(t *testing.T) {
	for _, c := range []struct {
		difference minimize.Difference
		w          float64
	}{{minimize.Central, 3e4}, {minimize.Central, 1e5}, {minimize.Forward, 1e3}, {minimize.Forward, 3e3}} {
		for _, factor := range []float64{1, 1.003, 0.997, 1.01} {
			f := func(x, grad []float64) float64 {
				if grad != nil {
					grad[0] = factor * c.w * kernels.Cos(float64(c.w*(x[0]-0.3))+1)
				}
				return kernels.Sin(float64(c.w*(x[0]-0.3)) + 1)
			}
			r, err := minimize.CheckGradient(f, []float64{0.3}, minimize.GradientCheck{Difference: c.difference})
			if err != nil {
				t.Fatal(err)
			}
			want := minimize.Differs
			if factor == 1 {
				want = minimize.Coarse
			}
			if r.Worst[0].Finding != want {
				t.Errorf("difference %d of sin(%v (x - 0.3) + 1), derivative times %v: want %q\n%v", c.difference, c.w,
					factor, want, r)
			}
		}
	}
}

// Kinks are told from wrong derivatives.
func TestCheckGradientKinks(t *testing.T) {
	const h = 0x1p-17
	for _, c := range []struct {
		name  string
		at, a float64 // where, and the analytic derivative there, of the sum of |x| and x/4
		want  minimize.Finding
	}{
		{"smooth", 0.5, 1.25, minimize.Agrees},
		{"at the kink, right", 0, 1.25, minimize.Kink},
		{"at the kink, left", 0, -0.75, minimize.Kink},
		{"at the kink, as the central difference", 0, 0.25, minimize.Agrees},
		{"at the kink, another between", 0, 0.5, minimize.Kink},
		{"at the kink, above", 0, 1.5, minimize.Differs},
		{"at the kink, below", 0, -2, minimize.Differs},
		{"kink between the points", h / 4, 1.25, minimize.Coarse},
		{"kink between the points, other side", -h / 4, -0.75, minimize.Coarse},
		{"kink between the points, wrong", h / 4, -0.75, minimize.Differs},
		{"kink close to x", h / 64, 1.25, minimize.Kink},
		{"beside the kink", 2 * h, 1.25, minimize.Agrees},
		{"beside the kink, wrong", 2 * h, -0.75, minimize.Differs},
	} {
		f := func(x, grad []float64) float64 {
			if grad != nil {
				grad[0] = c.a
			}
			return math.Abs(x[0]) + x[0]/4
		}
		r, err := minimize.CheckGradient(f, []float64{c.at}, minimize.GradientCheck{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Worst[0].Finding != c.want || r.OK() == (c.want == minimize.Differs) || r.Count[c.want] != 1 {
			t.Errorf("%s: want %q\n%v", c.name, c.want, r)
		}
		if !strings.HasSuffix(r.String(), c.want.String()+"\n") {
			t.Errorf("%s: %q is not in the report:\n%v", c.name, c.want, r)
		}
	}
}

// Large gradients are sampled: the same coordinates for the same seed, others for another, each once, and
// all of them evenly.
func TestCheckGradientSamples(t *testing.T) {
	const n, k = 500, 40
	var counts [n]int
	indices := func(seed uint64) (all []int) {
		r, err := minimize.CheckGradient(cubic[float64], make([]float64, n),
			minimize.GradientCheck{Samples: k, Seed: seed, Worst: k})
		if err != nil {
			t.Fatal(err)
		}
		if r.Checked != k || r.Dimension != n || len(r.Worst) != k {
			t.Fatalf("got\n%v", r)
		}
		for _, c := range r.Worst {
			all = append(all, c.Index)
		}
		slices.Sort(all)
		if len(slices.Compact(slices.Clone(all))) != k {
			t.Errorf("seed %d chooses %v", seed, all)
		}
		return all
	}
	if !slices.Equal(indices(3), indices(3)) || slices.Equal(indices(3), indices(4)) {
		t.Error("the choice is not the seed's")
	}
	const seeds = 200
	for seed := range uint64(seeds) {
		for _, i := range indices(seed) {
			counts[i]++
		}
	}
	for i, c := range counts { // 16 on average, with a standard deviation below 4
		if c < 1 || c > 40 {
			t.Errorf("coordinate %d was chosen %d times of %d", i, c, seeds)
		}
	}
	want := []int{7, 10, 31, 34, 58}
	r, err := minimize.CheckGradient(cubic[float32], make([]float32, 60), minimize.GradientCheck{Samples: 5, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, c := range r.Worst {
		got = append(got, c.Index)
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("seed 1 chooses %v of 60, want %v", got, want)
	}
}

// A floor of 0 is one: the rounding errors of derivatives that are 0 are then reported.
func TestCheckGradientFloor(t *testing.T) {
	f := func(x, grad []float64) float64 {
		if grad != nil {
			grad[0] = 0
		}
		return 1 + float64(1e-10*x[0])
	}
	for floor, want := range map[float64]bool{0: true, 1: true, minimize.Zero: false} {
		r, err := minimize.CheckGradient(f, []float64{1}, minimize.GradientCheck{Floor: floor})
		if err != nil || (r.Count[minimize.Agrees] == 1) != want {
			t.Errorf("floor %v: %v, %v, want agreement %v", floor, r, err, want)
		}
	}
}

func TestCheckGradientErrors(t *testing.T) {
	for _, c := range []struct {
		check minimize.GradientCheck
		at    float64
		want  string
	}{
		{minimize.GradientCheck{Step: 2}, 1, "minimize: CheckGradient: step = 2, want in (0, 1)"},
		{minimize.GradientCheck{Difference: 9}, 1, "minimize: CheckGradient: difference 9, want Central or Forward"},
		{minimize.GradientCheck{Tolerance: -1}, 1, "minimize: CheckGradient: Tolerance = -1, want in (0, 1)"},
		{minimize.GradientCheck{Floor: -1}, 1, "minimize: CheckGradient: Floor = -1, want in [0, +Inf)"},
		{minimize.GradientCheck{Samples: -1}, 1, "minimize: CheckGradient: Samples = -1, want at least 1"},
		{minimize.GradientCheck{Worst: -1}, 1, "minimize: CheckGradient: Worst = -1, want at least 1"},
		{minimize.GradientCheck{}, math.NaN(), "minimize: CheckGradient: f(x) = NaN, want a finite value"},
	} {
		if r, err := minimize.CheckGradient(cubic[float64], []float64{c.at}, c.check); err == nil ||
			err.Error() != c.want || r != nil {
			t.Errorf("got %v, %v, want %s", r, err, c.want)
		}
	}
	const want = "minimize: CheckGradient: the objective is nil, want a function"
	r, err := minimize.CheckGradient(nil, []float64{1}, minimize.GradientCheck{})
	if err == nil || err.Error() != want || r != nil {
		t.Errorf("got %v, %v, want %s", r, err, want)
	}
}

// A step with which x stays where it is says nothing of a gradient. Elements below a power of two are denser than those
// above: 1 moves down by what does not move it up.
func TestStepTooSmall(t *testing.T) {
	for _, c := range []struct {
		d     minimize.Difference
		step  float64
		x     float32
		stays bool
	}{
		{minimize.Central, 1e-9, 1, true}, {minimize.Forward, 1e-9, 1, true}, {minimize.Central, 0x1.8p-25, 1, true},
		{minimize.Central, 0x1.8p-25, -1, true}, {minimize.Forward, 0x1.8p-25, -1, false},
		{minimize.Central, 1e-9, 0.001, false},
	} {
		x, grad := []float32{0, c.x}, []float32{7, 7}
		r, err := minimize.CheckGradient(cubic[float32], x, minimize.GradientCheck{Difference: c.d, Step: c.step})
		other := minimize.NumericalGradient(cubic[float32], x, grad, c.d, c.step)
		if !c.stays {
			if err != nil || other != nil || grad[0] == 7 {
				t.Errorf("%+v: %v, %v, %v", c, err, other, grad)
			}
			continue
		}
		want := fmt.Sprintf("step = %v, with which x[1] = %v stays where it is in float32, want a larger one", c.step,
			c.x)
		if err == nil || err.Error() != "minimize: CheckGradient: "+want || r != nil {
			t.Errorf("%+v: got %v, %v, want %s", c, r, err, want)
		}
		if other == nil || other.Error() != "minimize: NumericalGradient: "+want || grad[0] != 7 {
			t.Errorf("%+v: got %v, %v, want %s", c, grad, other, want)
		}
	}
}
