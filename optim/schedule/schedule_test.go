package schedule_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/internal/golden/goldentest"
	"github.com/bitstep-go/bitstep/internal/testfile"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

// schedule unwraps what a constructor of a schedule returns.
func must(s schedule.Schedule, err error) schedule.Schedule {
	if err != nil {
		panic(err)
	}
	return s
}

// schedules are what the tests below compare and hash.
var schedules = []struct {
	name string
	s    schedule.Schedule
}{
	{"constant", must(schedule.Constant(0.25))},
	{"multistep", must(schedule.MultiStep(0.1, 30, 60, 90))},
	{"stepdecay", must(schedule.StepDecay(0.7, 7))},
	{"exponential", must(schedule.Exponential(0.97))},
	{"invsqrt", must(schedule.InverseSqrt(1))},
	{"invsqrt-100", must(schedule.InverseSqrt(100))},
	{"linear", must(schedule.Linear(50, 0.2, 0.9))},
	{"linear-0", must(schedule.Linear(900, 1, 0))},
	{"polynomial-1", must(schedule.Polynomial(60, 1, 0))},
	{"polynomial-3", must(schedule.Polynomial(60, 3, 0))},
	{"polynomial-0.9", must(schedule.Polynomial(60, 0.9, 0))},
	{"polynomial-floor", must(schedule.Polynomial(999, 2.5, 0.125))},
	{"cosine", must(schedule.Cosine(100, 0))},
	{"cosine-floor", must(schedule.Cosine(100, 1./16))},
	{"restarts", must(schedule.CosineRestarts(25, 1, 0))},
	{"restarts-2", must(schedule.CosineRestarts(10, 2, 1./16))},
	{"onecycle", must(schedule.OneCycle(200, schedule.OneCycleOptions{}))},
	{"onecycle-linear", must(schedule.OneCycle(150, schedule.OneCycleOptions{
		Peak: 0.41, Div: 10, FinalDiv: 100, Linear: true}))},
	{"onecycle-three", must(schedule.OneCycle(130, schedule.OneCycleOptions{Three: true}))},
	{"triangular", must(schedule.Cyclic(1./8, 16, 24, schedule.Triangular, 0))},
	{"triangular2", must(schedule.Cyclic(1./8, 16, 16, schedule.Triangular2, 0))},
	{"exprange", must(schedule.Cyclic(1./8, 10, 30, schedule.ExpRange, 0.995))},
	{"chained", must(schedule.Chained(must(schedule.Linear(10, 0.25, 1)), must(schedule.Exponential(0.95))))},
	{"warmup-cosine", must(schedule.Warmup(20, 1./21, must(schedule.Cosine(150, 0))))},
	{"sequential", must(schedule.Sequential([]uint64{12, 40}, must(schedule.Linear(12, 0.1, 1)),
		must(schedule.Exponential(0.9)), must(schedule.StepDecay(0.5, 5))))},
	{"perepoch", must(schedule.PerEpoch(8, must(schedule.MultiStep(0.1, 30, 60, 90))))},
}

func scheduleNamed(t *testing.T, name string) schedule.Schedule {
	t.Helper()
	for _, c := range schedules {
		if c.name == name {
			return c.s
		}
	}
	t.Fatalf("no schedule %q", name)
	return nil
}

// Rates are PyTorch's within a relative 1e-14 and 1e-15 of the base rate: PyTorch multiplies the rate of the
// step before, and divides by 1+cos where that is close to 0, so that its own errors grow.
func TestSchedulesTorch(t *testing.T) {
	plateaus := map[string]schedule.PlateauOptions{
		"plateau": {Factor: 0.5, Patience: 3},
		"plateau-max": {Factor: 0.25, Patience: 2, Cooldown: 4, Threshold: 0.01, Absolute: true,
			Maximize: true},
		"plateau-min": {Factor: 0.3, Min: 1. / 64, Threshold: 0.02},
	}
	seen, worst, lr, name := 0, 0.0, 0.0, ""
	var s schedule.Schedule
	for line := range strings.Lines(testfile.Read(t, "torch_schedules.txt")) {
		f := strings.Fields(line)
		v, err := strconv.ParseFloat(f[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		switch f[0] {
		case "case":
			name, lr = f[1], v
			seen++
			if o, ok := plateaus[name]; ok {
				if s, err = schedule.NewPlateau(o); err != nil {
					t.Fatal(err)
				}
			} else {
				s = scheduleNamed(t, name)
			}
		case "loss":
			s.(*schedule.Plateau).Observe(0, v)
		case "lr":
			step, err := strconv.ParseUint(f[1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			got := float64(lr * s.Factor(step))
			d := math.Abs(got-v) / (lr*1e-15 + v*1e-14)
			if worst = max(worst, d); !(d < 1) {
				t.Errorf("%s: step %d: rate %v, PyTorch has %v", name, step, got, v)
			}
		}
	}
	t.Logf("%d schedules, at most %.2g of the tolerance", seen, worst)
	if seen != 24 {
		t.Errorf("%d cases, want 24", seen)
	}
}

// bigCos is the series of cos(pi num/den) at 200 bits.
func bigCos(num, den int64) *big.Float {
	const digits = "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899"
	x, _, err := big.ParseFloat(digits, 10, 200, big.ToNearestEven)
	if err != nil {
		panic(err)
	}
	x.Mul(x, big.NewFloat(float64(num))).Quo(x, big.NewFloat(float64(den)))
	square := new(big.Float).Mul(x, x)
	sum, term := big.NewFloat(1).SetPrec(200), big.NewFloat(1).SetPrec(200)
	for k := int64(1); k < 90; k += 2 {
		term.Mul(term, square).Quo(term, big.NewFloat(float64(-k*(k+1))))
		sum.Add(sum, term)
	}
	return sum
}

// halfCos is (1 + cos(pi num/den))/2.
func halfCos(num, den int64) *big.Float {
	c := bigCos(num, den)
	c.Add(c, big.NewFloat(1))
	return c.Quo(c, big.NewFloat(2))
}

func bigOf(v float64) *big.Float { return big.NewFloat(v).SetPrec(300) }

// bigPow is x^n.
func bigPow(x float64, n uint64) *big.Float {
	p := bigOf(1)
	for range n {
		p.Mul(p, bigOf(x))
	}
	return p
}

// ratio is a/b.
func ratio(a, b uint64) *big.Float { return new(big.Float).Quo(bigOf(float64(a)), bigOf(float64(b))) }

// line is a + (b-a)*p.
func line(a, b float64, p *big.Float) *big.Float {
	d := new(big.Float).Sub(bigOf(b), bigOf(a))
	return d.Add(d.Mul(d, p), bigOf(a))
}

// Factors are the formulas in math/big, within a few roundings and those of a power.
func TestScheduleFormulas(t *testing.T) {
	for _, c := range []struct {
		name string
		s    schedule.Schedule
		want func(t uint64) *big.Float
	}{
		{"multistep", nil, func(t uint64) *big.Float {
			n := uint64(0)
			for _, m := range []uint64{30, 60, 90} {
				if m <= t {
					n++
				}
			}
			return bigPow(0.1, n)
		}},
		{"stepdecay", nil, func(t uint64) *big.Float { return bigPow(0.7, t/7) }},
		{"exponential", nil, func(t uint64) *big.Float { return bigPow(0.97, t) }},
		{"invsqrt", nil, func(t uint64) *big.Float { return new(big.Float).Sqrt(ratio(1, t+1)) }},
		{"invsqrt-100", nil, func(t uint64) *big.Float { return new(big.Float).Sqrt(ratio(100, 100+t)) }},
		{"linear", nil, func(t uint64) *big.Float { return line(0.2, 0.9, ratio(min(t, 50), 50)) }},
		{"linear-0", nil, func(t uint64) *big.Float { return line(1, 0, ratio(min(t, 900), 900)) }},
		{"polynomial-3", nil, func(t uint64) *big.Float {
			p := ratio(60-min(t, 60), 60)
			return new(big.Float).Mul(p, new(big.Float).Mul(p, p))
		}},
		{"x^2.5", must(schedule.Polynomial(999, 2.5, 0.125)), func(t uint64) *big.Float {
			p := ratio(999-min(t, 999), 999)
			root := new(big.Float).SetPrec(300)
			if p.Sign() > 0 {
				root.Sqrt(p)
			}
			return line(0.125, 1, root.Mul(root, p).Mul(root, p))
		}},
		{"cosine", nil, func(t uint64) *big.Float { return halfCos(int64(min(t, 100)), 100) }},
		{"a long cosine", must(schedule.Cosine(1_000_000, 0)), func(t uint64) *big.Float {
			return halfCos(int64(min(t, 1_000_000)), 1_000_000)
		}},
		{"restarts-2", nil, func(t uint64) *big.Float {
			start, length := uint64(0), uint64(10)
			for start+length <= t {
				start, length = start+length, 2*length
			}
			return line(1./16, 1, halfCos(int64(t-start), int64(length)))
		}},
		{"triangular2", nil, func(t uint64) *big.Float {
			at := t % 32
			p := ratio(16-max(at, 32-at)+16, 16) // distance from the nearest bottom
			return line(1./8, 1, p.Mul(p, bigPow(0.5, t/32)))
		}},
		{"exprange", nil, func(t uint64) *big.Float {
			at := t % 40
			p := ratio(at, 10)
			if at > 10 {
				p = ratio(40-at, 30)
			}
			return line(1./8, 1, p.Mul(p, bigPow(0.995, t)))
		}},
		{"warmup-cosine", nil, func(t uint64) *big.Float {
			f := halfCos(int64(min(t, 150)), 150)
			return f.Mul(f, ratio(min(t, 20)+1, 21))
		}},
		{"perepoch", nil, func(t uint64) *big.Float { return bigPow(0.1, min(t/240, 3)) }},
	} {
		s := c.s
		if s == nil {
			s = scheduleNamed(t, c.name)
		}
		steps := []uint64{999_900, 999_990, 999_999, 1_000_000, 1_000_001}
		if c.s == nil {
			steps = nil
		}
		for t := range uint64(1200) {
			steps = append(steps, t)
		}
		for _, step := range steps {
			got, exact := s.Factor(step), c.want(step)
			want, _ := exact.Float64()
			tolerance := (20 + 2*float64(min(step, 1200))) * 0x1p-53 * want
			if strings.Contains(c.name, "cos") || strings.Contains(c.name, "restarts") {
				tolerance = 20 * 0x1p-53 * want // no power of the step
			}
			if !(math.Abs(got-want) <= tolerance+1e-50) { // the reference's cosine has 60 digits
				t.Errorf("%s: f(%d) = %v, want %v within %v", c.name, step, got, want, tolerance)
			}
		}
	}
}

// No schedule leaves its range, whatever the step; those that decay never rise; ends are exact.
func TestScheduleProperties(t *testing.T) {
	rising := map[string]bool{"linear": true, "restarts": true, "restarts-2": true, "onecycle": true,
		"onecycle-linear": true, "onecycle-three": true, "triangular": true, "triangular2": true,
		"exprange": true, "chained": true, "warmup-cosine": true, "sequential": true}
	for _, c := range schedules {
		last := math.Inf(1)
		for step := range uint64(1100) {
			f := c.s.Factor(step)
			if !(f >= 0 && f <= 1) {
				t.Errorf("%s: f(%d) = %v, want in [0, 1]", c.name, step, f)
			}
			if f > last && !rising[c.name] {
				t.Errorf("%s: f(%d) = %v is above f(%d) = %v", c.name, step, f, step-1, last)
			}
			last = f
		}
		for _, step := range []uint64{1 << 32, 1<<53 + 1, 1 << 63, math.MaxUint64} {
			if f := c.s.Factor(step); !(f >= 0 && f <= 1) {
				t.Errorf("%s: f(%d) = %v, want in [0, 1]", c.name, step, f)
			}
		}
	}
	for _, c := range []struct {
		s    schedule.Schedule
		step uint64
		want float64
	}{
		{must(schedule.Linear(10, 0.3, 0.1)), 0, 0.3},
		{must(schedule.Linear(10, 0.3, 0.1)), 10, 0.1},
		{must(schedule.Cosine(10, 0.3)), 0, 1},
		{must(schedule.Cosine(10, 0.3)), 10, 0.3},
		{must(schedule.Cosine(10, 0)), 10, 0},
		{must(schedule.Cosine(1, 0)), 0, 1},
		{must(schedule.Polynomial(10, 0.5, 0.3)), 0, 1},
		{must(schedule.Polynomial(10, 0.5, 0.3)), 10, 0.3},
		{must(schedule.CosineRestarts(10, 3, 0.3)), 10, 1},
		{must(schedule.CosineRestarts(10, 3, 0.3)), 40, 1},
		{must(schedule.CosineRestarts(10, 3, 0.3)), 130, 1},
		{must(schedule.CosineRestarts(math.MaxUint64, math.MaxUint64, 0.3)), math.MaxUint64, 1},
		{must(schedule.OneCycle(10, schedule.OneCycleOptions{Peak: 0.5})), 0, 1. / 25},
		{must(schedule.OneCycle(10, schedule.OneCycleOptions{Peak: 0.5})), 4, 1},
		{must(schedule.OneCycle(10, schedule.OneCycleOptions{Peak: 0.5})), 9, 1. / 25 / 1e4},
		{must(schedule.OneCycle(10, schedule.OneCycleOptions{Peak: 0.5})), 10, 1. / 25 / 1e4},
		{must(schedule.OneCycle(12, schedule.OneCycleOptions{Peak: 0.25, Three: true})), 4, 1. / 25},
		{must(schedule.Cyclic(0.5, 3, 5, schedule.Triangular, 0)), 3, 1},
		{must(schedule.Cyclic(0.5, 3, 5, schedule.Triangular, 0)), 8, 0.5},
		{must(schedule.Cyclic(0.5, 3, 5, schedule.Triangular2, 0)), 11, 0.75},
		{must(schedule.Warmup(4, 0, must(schedule.Constant(2)))), 0, 0},
		{must(schedule.Warmup(4, 0, must(schedule.Constant(2)))), 1, 0.5},
		{must(schedule.Warmup(4, 0, must(schedule.Constant(2)))), 4, 2},
		{must(schedule.Sequential(nil, must(schedule.Constant(2)))), 7, 2},
		{schedule.Func(func(t uint64) float64 { return float64(t) }), 7, 7},
	} {
		if got := c.s.Factor(c.step); got != c.want {
			t.Errorf("f(%d) = %v, want %v", c.step, got, c.want)
		}
	}
	// The second cycle has 3<<63 steps, more than can be counted.
	want, _ := halfCos(1, 12).Float64()
	if got := must(schedule.CosineRestarts(3<<61, 4, 0)).Factor(1 << 63); math.Abs(got-want) > 1e-15 {
		t.Errorf("f(1<<63) = %v, want %v", got, want)
	}
	if lr, err := schedule.LinearScaling(0.1, 8192, 256); err != nil || lr != 0.1*32 {
		t.Errorf("LinearScaling(0.1, 8192, 256) = %v, %v, want 3.2", lr, err)
	}
}

// Milestones and starts are copied: a schedule is a pure function, whatever its caller does afterwards.
func TestSchedulesKeepTheirArguments(t *testing.T) {
	milestones := []uint64{10, 20}
	s := must(schedule.MultiStep(0.5, milestones...))
	milestones[0] = 1
	parts := []schedule.Schedule{must(schedule.Constant(1)), must(schedule.Constant(2))}
	starts := []uint64{10}
	sequential, chained := must(schedule.Sequential(starts, parts...)), must(schedule.Chained(parts...))
	starts[0], parts[0] = 1, nil
	if s.Factor(5) != 1 || sequential.Factor(5) != 1 || chained.Factor(5) != 2 {
		t.Error("a schedule changed with its caller's slice")
	}
}

func TestScheduleErrors(t *testing.T) {
	type S = schedule.Schedule
	one, nan, inf := must(schedule.Constant(1)), math.NaN(), math.Inf(1)
	none := schedule.OneCycleOptions{}
	for _, c := range []struct {
		make func() (S, error)
		want string
	}{
		{func() (S, error) { return schedule.Constant(-1) }, "Constant: factor = -1, want in [0, +Inf)"},
		{func() (S, error) { return schedule.Constant(inf) }, "Constant: factor = +Inf, want in [0, +Inf)"},
		{func() (S, error) { return schedule.MultiStep(0, 1) }, "MultiStep: gamma = 0, want in (0, 1]"},
		{func() (S, error) { return schedule.MultiStep(0.1) }, "MultiStep: no milestones, want at least one"},
		{func() (S, error) { return schedule.MultiStep(0.1, 30, 60, 60) },
			"MultiStep: milestones[2] = 60, want more than milestones[1] = 60"},
		{func() (S, error) { return schedule.StepDecay(0.1, 0) }, "StepDecay: period = 0, want at least 1"},
		{func() (S, error) { return schedule.StepDecay(2, 1) }, "StepDecay: gamma = 2, want in (0, 1]"},
		{func() (S, error) { return schedule.Exponential(nan) }, "Exponential: gamma = NaN, want in (0, 1]"},
		{func() (S, error) { return schedule.InverseSqrt(0) }, "InverseSqrt: shift = 0, want at least 1"},
		{func() (S, error) { return schedule.Linear(0, 1, 0) }, "Linear: total = 0, want at least 1"},
		{func() (S, error) { return schedule.Linear(1, -2, 0) }, "Linear: from = -2, want in [0, +Inf)"},
		{func() (S, error) { return schedule.Linear(1, 1, nan) }, "Linear: to = NaN, want in [0, +Inf)"},
		{func() (S, error) { return schedule.Polynomial(0, 1, 0) }, "Polynomial: total = 0, want at least 1"},
		{func() (S, error) { return schedule.Polynomial(1, 0, 0) },
			"Polynomial: exponent = 0, want in (0, +Inf)"},
		{func() (S, error) { return schedule.Polynomial(1, 1, 2) }, "Polynomial: floor = 2, want in [0, 1]"},
		{func() (S, error) { return schedule.Cosine(0, 0) }, "Cosine: total = 0, want at least 1"},
		{func() (S, error) { return schedule.Cosine(1, -0.5) }, "Cosine: floor = -0.5, want in [0, 1]"},
		{func() (S, error) { return schedule.CosineRestarts(0, 1, 0) },
			"CosineRestarts: period = 0, want at least 1"},
		{func() (S, error) { return schedule.CosineRestarts(1, 0, 0) },
			"CosineRestarts: multiple = 0, want at least 1"},
		{func() (S, error) { return schedule.OneCycle(0, none) }, "OneCycle: total = 0, want at least 1"},
		{func() (S, error) { return schedule.OneCycle(9, schedule.OneCycleOptions{Peak: 1}) },
			"OneCycle: Peak = 1, want in (0, 1)"},
		{func() (S, error) { return schedule.OneCycle(9, schedule.OneCycleOptions{Div: 0.5}) },
			"OneCycle: Div = 0.5, want in [1, +Inf)"},
		{func() (S, error) {
			return schedule.OneCycle(9, schedule.OneCycleOptions{FinalDiv: inf})
		},
			"OneCycle: FinalDiv = +Inf, want in [1, +Inf)"},
		{func() (S, error) { return schedule.OneCycle(2, schedule.OneCycleOptions{Peak: 0.5}) },
			"OneCycle: Peak = 0.5 of total = 2: phase 1 would run from step 0 to 0, want forward"},
		{func() (S, error) {
			return schedule.OneCycle(100, schedule.OneCycleOptions{Peak: 0.75, Three: true})
		}, "OneCycle: Peak = 0.75 of total = 100: phase 3 would run from step 148 to 99, want forward"},
		{func() (S, error) { return schedule.Cyclic(2, 1, 1, schedule.Triangular, 0) },
			"Cyclic: low = 2, want in [0, 1]"},
		{func() (S, error) { return schedule.Cyclic(0, 0, 1, schedule.Triangular, 0) },
			"Cyclic: up = 0, want at least 1"},
		{func() (S, error) { return schedule.Cyclic(0, 1, 0, schedule.Triangular, 0) },
			"Cyclic: down = 0, want at least 1"},
		{func() (S, error) { return schedule.Cyclic(0, 1, 1, 9, 0) },
			"Cyclic: mode = 9, want Triangular, Triangular2 or ExpRange"},
		{func() (S, error) { return schedule.Cyclic(0, 1, 1, schedule.ExpRange, 0) },
			"Cyclic: gamma = 0, want in (0, 1]"},
		{func() (S, error) {
			return schedule.Cyclic(0, 1, math.MaxUint64, schedule.Triangular, 0)
		},
			"Cyclic: up = 1 and down = 18446744073709551615, want at most 18446744073709551615 together"},
		{func() (S, error) { return schedule.Warmup(0, 0, one) }, "Warmup: steps = 0, want at least 1"},
		{func() (S, error) { return schedule.Warmup(1, 2, one) }, "Warmup: start = 2, want in [0, 1]"},
		{func() (S, error) { return schedule.Warmup(1, 0, nil) }, "Warmup: schedule 0 of 1 is nil"},
		{func() (S, error) { return schedule.Sequential([]uint64{1}) },
			"Sequential: 1 starts, want one fewer than the 0 schedules"},
		{func() (S, error) { return schedule.Sequential([]uint64{0}, one, one) },
			"Sequential: starts[0] = 0, want at least 1"},
		{func() (S, error) { return schedule.Sequential([]uint64{5, 4}, one, one, one) },
			"Sequential: starts[1] = 4, want more than starts[0] = 5"},
		{func() (S, error) { return schedule.Chained() }, "Chained: no schedules, want at least one"},
		{func() (S, error) { return schedule.Chained(one, nil) }, "Chained: schedule 1 of 2 is nil"},
		{func() (S, error) { return schedule.PerEpoch(0, one) },
			"PerEpoch: stepsPerEpoch = 0, want at least 1"},
		{func() (S, error) {
			p, err := schedule.NewPlateau(schedule.PlateauOptions{Factor: 1})
			if p == nil {
				return nil, err
			}
			return p, err
		}, "Plateau: Factor = 1, want in (0, 1)"},
	} {
		s, err := c.make()
		if err == nil || err.Error() != "schedule: "+c.want || s != nil {
			t.Errorf("got %v, %v, want an error %q", s, err, "schedule: "+c.want)
		}
	}
	for _, o := range []schedule.PlateauOptions{{Threshold: 1}, {Threshold: -1}, {Min: 2}, {Factor: schedule.Zero}} {
		if p, err := schedule.NewPlateau(o); err == nil || p != nil {
			t.Errorf("NewPlateau(%+v) gives no error", o)
		}
	}
	for _, args := range [][2]uint64{{0, 1}, {1, 0}} {
		if _, err := schedule.LinearScaling(1, args[0], args[1]); err == nil {
			t.Errorf("LinearScaling(1, %d, %d) gives no error", args[0], args[1])
		}
	}
	if lr, err := schedule.LinearScaling(1e308, 1000, 1); err == nil || lr != 0 {
		t.Errorf("LinearScaling(1e308, 1000, 1) = %v, %v, want an error", lr, err)
	}
}

func TestParse(t *testing.T) {
	const total = 400
	for text, want := range map[string]schedule.Schedule{
		"constant":           must(schedule.Constant(1)),
		"linear":             must(schedule.Linear(total, 1, 0)),
		"linear:0.1":         must(schedule.Linear(total, 1, 0.1)),
		"cosine":             must(schedule.Cosine(total, 0)),
		"cosine:0.01":        must(schedule.Cosine(total, 0.01)),
		"poly:2":             must(schedule.Polynomial(total, 2, 0)),
		"poly:0.5,0.1":       must(schedule.Polynomial(total, 0.5, 0.1)),
		"invsqrt":            must(schedule.InverseSqrt(1)),
		"invsqrt:40":         must(schedule.InverseSqrt(40)),
		"step:30,60,90":      must(schedule.MultiStep(0.1, 30, 60, 90)),
		"every:30":           must(schedule.StepDecay(0.1, 30)),
		"every:30,0.5":       must(schedule.StepDecay(0.5, 30)),
		"exp:0.99":           must(schedule.Exponential(0.99)),
		"restarts:50":        must(schedule.CosineRestarts(50, 1, 0)),
		"restarts:50,2,0.1":  must(schedule.CosineRestarts(50, 2, 0.1)),
		"onecycle":           must(schedule.OneCycle(total, schedule.OneCycleOptions{})),
		"onecycle:0.4":       must(schedule.OneCycle(total, schedule.OneCycleOptions{Peak: 0.4})),
		"triangular:0.1,9":   must(schedule.Cyclic(0.1, 9, 9, schedule.Triangular, 0)),
		"triangular:0.1,9,7": must(schedule.Cyclic(0.1, 9, 7, schedule.Triangular, 0)),
		"warmup:9+cosine":    must(schedule.Warmup(9, 0.1, must(schedule.Cosine(total, 0)))),
		"warmup:7+step:3,80": must(schedule.Warmup(7, 0.125, must(schedule.MultiStep(0.1, 3, 80)))),
	} {
		got, err := schedule.Parse(text, total)
		if err != nil {
			t.Error(err)
			continue
		}
		for step := range uint64(500) {
			if got, want := got.Factor(step), want.Factor(step); got != want {
				t.Errorf("%s: f(%d) = %v, want %v", text, step, got, want)
				break
			}
		}
	}
	for text, want := range map[string]string{
		"coseno": `unknown name "coseno", want one of constant, linear[:TO], cosine[:FLOOR], poly:POWER[,FLOOR], ` +
			`invsqrt[:SHIFT], step:STEP,STEP,..., every:PERIOD[,GAMMA], exp:GAMMA, ` +
			`restarts:PERIOD[,MULTIPLE[,FLOOR]], onecycle[:PEAK], triangular:LOW,UP[,DOWN]`,
		"cosine:x":        `"x" is no number, want cosine[:FLOOR]`,
		"cosine:2":        `Cosine: floor = 2, want in [0, 1]`,
		"cosine:":         `"" is no number, want cosine[:FLOOR]`,
		"cosine:0,1":      `"1" is too much, want cosine[:FLOOR]`,
		"constant:1":      `"1" is too much, want constant`,
		"step":            `an argument is missing, want step:STEP,STEP,...`,
		"step:30,-1":      `"-1" is no whole number of steps, want step:STEP,STEP,...`,
		"step:60,30":      `MultiStep: milestones[1] = 30, want more than milestones[0] = 60`,
		"exp":             `an argument is missing, want exp:GAMMA`,
		"exp:NaN":         `Exponential: gamma = NaN, want in (0, 1]`,
		"warmup:5":        `nothing after warmup:5, want warmup:N+SCHEDULE`,
		"warmup:x+cosine": `"x" is no whole number of steps`,
		"warmup:0+cosine": `Warmup: steps = 0, want at least 1`,
		"warmup:5+":       `unknown name ""`,
		"":                `unknown name ""`,
	} {
		s, err := schedule.Parse(text, total)
		prefix := fmt.Sprintf("schedule: %q: ", text)
		if err == nil || s != nil || !strings.HasPrefix(err.Error(), prefix+want) {
			t.Errorf("ParseSchedule(%q) = %v, %v, want an error %q", text, s, err, prefix+want)
		}
	}
	if s, err := schedule.Parse("cosine", 0); err == nil || s != nil {
		t.Errorf("a cosine of 0 steps gives %v, %v", s, err)
	}
}

// A plateau that is saved and restored anywhere goes on as one that was not, to the bit.
func TestPlateauResumes(t *testing.T) {
	o := schedule.PlateauOptions{Factor: 0.7, Patience: 2, Cooldown: 3, Min: 0.01}
	loss := func(t int) float64 { return math.Floor(100/float64(1+t))/10 + float64(t*7%5) }
	fresh := func() *schedule.Plateau {
		p, err := schedule.NewPlateau(o)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for stop := range 30 {
		whole, first := fresh(), fresh()
		for i := range stop {
			whole.Observe(0, loss(i))
			first.Observe(0, loss(i))
		}
		c := checkpoint.New()
		first.Snapshot(c, "plateau.")
		var file bytes.Buffer
		if err := c.Encode(&file); err != nil {
			t.Fatal(err)
		}
		read, err := checkpoint.Decode(&file, int64(file.Len()))
		if err != nil {
			t.Fatal(err)
		}
		second := fresh()
		if err := second.Restore(read, "plateau."); err != nil {
			t.Fatal(err)
		}
		for i := stop; i < 60; i++ {
			whole.Observe(0, loss(i))
			second.Observe(0, loss(i))
			if whole.Factor(0) != second.Factor(0) || whole.Best() != second.Best() {
				t.Fatalf("restored after %d losses, it differs after %d", stop, i+1)
			}
		}
	}
}

// What cannot be a plateau's state, or is another plateau's, is an error and changes nothing.
func TestPlateauRefuses(t *testing.T) {
	o := schedule.PlateauOptions{Patience: 2, Cooldown: 3, Min: 0.05}
	p, err := schedule.NewPlateau(o)
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		p.Observe(0, 1)
	}
	for _, c := range []struct {
		key, value, want string
	}{
		{"factor", "0x1p+1", `metadata "p.factor" is 2, want in [0.05, 1]`},
		{"factor", "0x1p-9", `metadata "p.factor" is 0.001953125, want in [0.05, 1]`},
		{"factor", "NaN", `metadata "p.factor" is NaN, want in [0.05, 1]`},
		{"best", "NaN", `metadata "p.best" is NaN, want a loss`},
		{"bad", "3", `metadata "p.bad" is 3, want at most 2`},
		{"cooldown", "4", `metadata "p.cooldown" is 4, want at most 3`},
		{"cooldown", "-1", "p.cooldown"},
		{"Patience", "5", "p.Patience"},
		{"Min", "0x1p-1", "p.Min"},
		{"kind", "bitstep optimizer", "p.kind"},
	} {
		s := checkpoint.New()
		p.Snapshot(s, "p.")
		s.SetMeta("p."+c.key, c.value)
		before := *p
		if err := p.Restore(s, "p."); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s = %s: %v, want an error with %q", c.key, c.value, err, c.want)
		}
		if *p != before {
			t.Errorf("%s = %s changed the plateau", c.key, c.value)
		}
	}
	if err := p.Restore(checkpoint.New(), "p."); err == nil {
		t.Error("an empty checkpoint gives no error")
	}
}

// A loss that is NaN is bad, an infinite one is no best, and a negative loss must fall to be better.
func TestPlateauLosses(t *testing.T) {
	for _, c := range []struct {
		losses []float64
		factor float64
	}{
		{[]float64{math.NaN(), math.NaN()}, 0.25},
		{[]float64{math.Inf(1), 5, 4, 3}, 0.5},
		{[]float64{-1, -0.99999, -0.99999}, 0.25},
		{[]float64{-1, -1.00001}, 0.5},
		{[]float64{-1, -1.001, -1.003}, 1},
		{[]float64{1, 0.99995, 0.9998}, 0.5},
		{[]float64{0, 0, -1e-300}, 0.5},
	} {
		p, err := schedule.NewPlateau(schedule.PlateauOptions{Factor: 0.5})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range c.losses {
			p.Observe(0, v)
		}
		if p.Factor(0) != c.factor {
			t.Errorf("after %v the factor is %v, want %v", c.losses, p.Factor(0), c.factor)
		}
	}
}

// TestGoldenSchedules compares the hashes of 1,000 steps with the file's. A changed line is a changed
// result: say why in its commit.
func TestGoldenSchedules(t *testing.T) {
	var text strings.Builder
	for _, c := range schedules {
		h := sha256.New()
		binary.Write(h, binary.LittleEndian, uint64(1000))
		for step := range uint64(1000) {
			binary.Write(h, binary.LittleEndian, math.Float64bits(c.s.Factor(step)))
		}
		text.WriteString(c.name + " " + hex.EncodeToString(h.Sum(nil)) + "\n")
	}
	goldentest.Write(t, "schedules.txt", text.String)
	got, want := strings.Split(text.String(), "\n"), strings.Split(testfile.Read(t, "schedules.txt"), "\n")
	if len(got) != len(want) {
		t.Fatalf("testdata/schedules.txt has %d lines, want %d", len(want), len(got))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("got\n%s, the file has\n%s", got[i], want[i])
		}
	}
}
