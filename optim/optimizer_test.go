package optim_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

// raceEnabled: the race detector makes pooled memory come and go.
var raceEnabled bool

// every has each setting of each algorithm.
func every() (all []optim.Config) {
	for _, a := range optim.Algorithms() {
		for _, s := range a.Settings {
			all = append(all, s.Config)
		}
	}
	return all
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Defaults are the lecture's, or the paper's. Zero is 0, and what is 0 stays so in an optimizer made of the Config.
func TestDefaults(t *testing.T) {
	x := []float64{1}
	for _, c := range []struct{ given, want optim.Config }{
		{optim.SGD{LR: 0.5}, optim.SGD{LR: 0.5}},
		{optim.SGD{LR: optim.Zero}, optim.SGD{LR: optim.Zero}},
		{optim.Momentum{LR: 0.5}, optim.Momentum{LR: 0.5, Rho: 0.9}},
		{optim.Momentum{LR: 0.5, Rho: optim.Zero, Dampening: optim.Zero}, optim.Momentum{LR: 0.5, Rho: optim.Zero}},
		{optim.MomentumVelocity{LR: 0.5}, optim.MomentumVelocity{LR: 0.5, Rho: 0.9}},
		{optim.Nesterov{LR: 0.5}, optim.Nesterov{LR: 0.5, Rho: 0.9}},
		{optim.NesterovTorch{LR: 0.5}, optim.NesterovTorch{LR: 0.5, Rho: 0.9}},
		{optim.AdaGrad{LR: 0.5}, optim.AdaGrad{LR: 0.5, Eps: 1e-7}},
		{optim.AdaGrad{LR: 0.5, Eps: optim.Zero}, optim.AdaGrad{LR: 0.5, Eps: optim.Zero}},
		{optim.RMSProp{LR: 0.5}, optim.RMSProp{LR: 0.5, Decay: 0.99, Eps: 1e-7}},
		{optim.Adam{}, optim.Adam{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-7}},
		{optim.Adam{Beta1: optim.Zero, LR: 2}, optim.Adam{LR: 2, Beta1: optim.Zero, Beta2: 0.999, Eps: 1e-7}},
		{optim.AdamW(0, 0.01),
			optim.Adam{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-7, WeightDecay: 0.01, Decoupled: true}},
	} {
		got := must(optim.New(c.given, x)).Config(0)
		if got != c.want {
			t.Errorf("%+v became %+v, want %+v", c.given, got, c.want)
		}
		if again := must(optim.New(got, x)).Config(0); again != got {
			t.Errorf("%+v became %+v in another optimizer", got, again)
		}
	}
	opt := must(optim.New(optim.Adam{}, x))
	if err := opt.SetLR(0, 0); err != nil || must(optim.New(opt.Config(0), x)).LR(0) != 0 {
		t.Errorf("a rate set to 0 becomes another: %v", err)
	}
}

func TestParseConfig(t *testing.T) {
	var names []string
	for _, a := range optim.Algorithms() {
		for _, n := range a.Names {
			if got, err := optim.ParseConfig(n.Name, 0.5); err != nil || got != n.Config(0.5) {
				t.Errorf("%s: %+v, %v", n.Name, got, err)
			}
			if opt, err := optim.New(n.Config(n.Rate), []float32{1}); err != nil || opt.LR(0) != n.Rate {
				t.Errorf("%s with the rate %v: %v", n.Name, n.Rate, err)
			}
			names = append(names, n.Name)
		}
	}
	for _, c := range []struct {
		name string
		lr   float64
		want string
	}{
		{"adem", 1, `optim: algorithm "adem", want one of ` + strings.Join(names, ", ")},
		{"sgd", 0, "optim: SGD: LR = 0, want in (0, +Inf); it has no default, and optim.Zero stands for 0"},
		{"adam", math.NaN(), "optim: Adam: LR = NaN, want in [0, +Inf)"},
	} {
		if got, err := optim.ParseConfig(c.name, c.lr); err == nil || err.Error() != c.want || got != nil {
			t.Errorf("%s %v: %v, %v, want %s", c.name, c.lr, got, err, c.want)
		}
	}
}

// Errors name the field, its value and what is wanted.
func TestConfigErrors(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		config optim.Config
		want   string
	}{
		{optim.SGD{}, "SGD: LR = 0, want in (0, +Inf); it has no default, and optim.Zero stands for 0"},
		{optim.SGD{LR: -1}, "SGD: LR = -1, want in [0, +Inf)"},
		{optim.SGD{LR: inf}, "SGD: LR = +Inf, want in [0, +Inf)"},
		{optim.SGD{LR: nan}, "SGD: LR = NaN, want in [0, +Inf)"},
		{optim.SGD{LR: 1, WeightDecay: -1}, "SGD: WeightDecay = -1, want in [0, +Inf)"},
		{optim.Momentum{LR: 1, Rho: 1}, "Momentum: Rho = 1, want in [0, 1)"},
		{optim.Momentum{LR: 1, Dampening: 1}, "Momentum: Dampening = 1, want in [0, 1)"},
		{optim.MomentumVelocity{LR: 1, Rho: -0.5}, "MomentumVelocity: Rho = -0.5, want in [0, 1)"},
		{optim.Nesterov{LR: 1, Rho: nan}, "Nesterov: Rho = NaN, want in [0, 1)"},
		{optim.NesterovTorch{LR: 1, Rho: 2}, "NesterovTorch: Rho = 2, want in [0, 1)"},
		{optim.AdaGrad{LR: 1, Eps: -1}, "AdaGrad: Eps = -1, want in [0, +Inf)"},
		{optim.AdaGrad{LR: 1, LRDecay: inf}, "AdaGrad: LRDecay = +Inf, want in [0, +Inf)"},
		{optim.AdaGrad{LR: 1, InitialAccumulator: -2}, "AdaGrad: InitialAccumulator = -2, want in [0, +Inf)"},
		{optim.RMSProp{LR: 1, Decay: 1}, "RMSProp: Decay = 1, want in [0, 1)"},
		{optim.RMSProp{LR: 1, Eps: nan}, "RMSProp: Eps = NaN, want in [0, +Inf)"},
		{optim.RMSProp{LR: 1, Rho: 1.5}, "RMSProp: Rho = 1.5, want in [0, 1)"},
		{optim.Adam{Beta1: 1.5}, "Adam: Beta1 = 1.5, want in [0, 1)"},
		{optim.Adam{Beta2: -0.1}, "Adam: Beta2 = -0.1, want in [0, 1)"},
		{optim.Adam{Eps: inf}, "Adam: Eps = +Inf, want in [0, +Inf)"},
		{optim.Adam{Eps: 1e-50}, "Adam: Eps = 1e-50, which is 0 in float32, want a number in its range"},
		{optim.SGD{LR: 1e39}, "SGD: LR = 1e+39, which is +Inf in float32, want a number in its range"},
		{optim.Momentum{LR: 1, Rho: 0.99999999}, "Momentum: Rho = 0.99999999, which is 1 in float32, want in [0, 1)"},
		{optim.Adam{Beta2: 0.99999999}, "Adam: Beta2 = 0.99999999, which is 1 in float32, want in [0, 1)"},
	} {
		if opt, err := optim.New(c.config, []float32{1}); err == nil || err.Error() != "optim: "+c.want || opt != nil {
			t.Errorf("%+v: error %v, want optim: %s", c.config, err, c.want)
		}
	}
}

func TestNewGroupsErrors(t *testing.T) {
	w, b := make([]float32, 10), make([]float32, 3)
	group := func(name string, params ...[]float32) optim.Group[float32] {
		return optim.Group[float32]{Name: name, Config: optim.Adam{}, Params: params}
	}
	for _, c := range []struct {
		opts   optim.Options
		groups []optim.Group[float32]
		want   string
	}{
		{optim.Options{}, nil, "no groups of parameters, want at least one"},
		{optim.Options{}, []optim.Group[float32]{group("")}, "no parameters, want at least one slice"},
		{optim.Options{}, []optim.Group[float32]{group("w", w), group("b")},
			`group 1 "b": no parameters, want at least one slice`},
		{optim.Options{}, []optim.Group[float32]{{Name: "w", Params: [][]float32{w}}}, `group 0 "w": no Config`},
		{optim.Options{}, []optim.Group[float32]{group("w", w), group("w", b)},
			`group 1 "w": group 0 has the same name`},
		{optim.Options{}, []optim.Group[float32]{group("", w), {Config: optim.SGD{LR: -1}, Params: [][]float32{b}}},
			`group 1 "": SGD: LR = -1, want in [0, +Inf)`},
		{optim.Options{}, []optim.Group[float32]{group("", w, w)}, "parameter 0 overlaps parameter 1"},
		{optim.Options{}, []optim.Group[float32]{group("", w[5:], b), group("", w[:6])},
			"parameter 2 overlaps parameter 0"},
		{optim.Options{ClipNorm: -1}, []optim.Group[float32]{group("", w)},
			"Options: ClipNorm = -1, want in [0, +Inf), where 0 means no limit"},
		{optim.Options{ClipValue: math.NaN()}, []optim.Group[float32]{group("", w)},
			"Options: ClipValue = NaN, want in [0, +Inf), where 0 means no limit"},
		{optim.Options{ClipValue: 1e99}, []optim.Group[float32]{group("", w)},
			"Options: ClipValue = 1e+99, which is +Inf in float32, want a number in its range, where 0 means no limit"},
		{optim.Options{}, []optim.Group[float32]{group("w\xff", w)}, `group 0 "w\xff": the name is not UTF-8`},
	} {
		opt, err := optim.NewGroups(c.opts, c.groups...)
		if err == nil || err.Error() != "optim: "+c.want || opt != nil {
			t.Errorf("error %v, want optim: %s", err, c.want)
		}
	}
	damped := func(decoupled bool) optim.Group[float32] {
		config := optim.Momentum{LR: 1, Dampening: 0.75, WeightDecay: 1e-45, Decoupled: decoupled}
		return optim.Group[float32]{Config: config, Params: [][]float32{w}}
	}
	for want, opts := range map[string]optim.Options{"ClipValue": {ClipValue: 1e-45}, "WeightDecay": {}} {
		_, err := optim.NewGroups(opts, damped(false))
		want = "optim: Momentum: " + want + "*factor = 2.5e-46, which is 0 in float32, want a number in its range, " +
			"where factor = 0.25 is the algorithm's on gradients"
		if err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if _, err := optim.NewGroups(optim.Options{}, damped(true)); err != nil {
		t.Errorf("a decoupled decay, which no factor is on: %v", err)
	}
	if _, err := optim.NewGroups(optim.Options{}, group("", w[:5], w[5:], nil, w[5:5])); err != nil {
		t.Errorf("neighbours and empty slices: %v", err)
	}
}

// Mistakes in a call change nothing and say what is wrong with what: an error of TryStep is what Step panics with.
func TestStepMistakes(t *testing.T) {
	all := make([]float32, 40)
	w, b := all[10:20], all[20:24]
	opt := must(optim.NewGroups(optim.Options{ClipNorm: 1},
		optim.Group[float32]{Config: optim.Adam{LR: 1}, Params: [][]float32{w, b}}))
	g := func(n int) []float32 {
		s := make([]float32, n)
		for i := range s {
			s[i] = 1
		}
		return s
	}
	type grads = [][]float32
	for _, c := range []struct {
		schedule schedule.Schedule
		grads    grads
		want     string
	}{
		{nil, nil, "0 gradients, want 2"},
		{nil, grads{g(10)}, "1 gradients, want 2"},
		{nil, grads{g(10), g(4), g(1)}, "3 gradients, want 2"},
		{nil, grads{g(10), g(5)}, "len(gradient 1) = 5, want 4, the length of its parameter"},
		{nil, grads{g(10), all[23:27]}, "gradient 1 overlaps parameter 1"},
		{nil, grads{all[22:32], g(4)}, "gradient 0 overlaps parameter 1"},
		{nil, grads{g(10), opt.State("v")[0][2:6]}, "gradient 1 overlaps state v of parameter 0"},
		{constant(math.NaN()), grads{g(10), g(4)}, "the schedule's factor at step 0 is NaN, want in [0, +Inf)"},
		{constant(-1), grads{g(10), g(4)}, "the schedule's factor at step 0 is -1, want in [0, +Inf)"},
		{constant(1e39), grads{g(10), g(4)},
			"the learning rate of group 0 at step 0 is 1 times the schedule's factor 1e+39, want a finite float32"},
	} {
		opt.SetSchedule(c.schedule)
		want := "optim: Step: " + c.want
		if taken, err := opt.TryStep(c.grads...); taken || err == nil || err.Error() != want {
			t.Errorf("TryStep() = %v, %v, want %s", taken, err, want)
		}
		if got := panics(func() { opt.Step(c.grads...) }); got != want {
			t.Errorf("panic %q, want %q", got, want)
		}
	}
	for want, dst := range map[string]grads{
		"optim: LookAhead: 1 slices, want 2":             {g(10)},
		"optim: LookAhead: slice 0 overlaps parameter 0": {w, g(4)},
	} {
		if got := panics(func() { opt.LookAhead(dst...) }); got != want {
			t.Errorf("panic %q, want %q", got, want)
		}
	}
	for i, x := range append(all, opt.State("m")[0]...) {
		if x != 0 {
			t.Fatalf("element %d was written", i)
		}
	}
	if opt.Steps() != 0 || opt.Skipped() != 0 || opt.GradNorm() != 0 {
		t.Errorf("%d steps and %d skipped were counted, norm %v", opt.Steps(), opt.Skipped(), opt.GradNorm())
	}
	opt.SetSchedule(nil)
	opt.Step(all[:10], all[24:28]) // right beside the parameters
	if opt.Steps() != 1 {
		t.Errorf("Steps() = %d after a step", opt.Steps())
	}
	same := g(10) // gradients may share memory
	if taken, err := opt.TryStep(same, same[:4]); !taken || err != nil || opt.Steps() != 2 {
		t.Errorf("TryStep() = %v, %v, and Steps() = %d, want true, no error, and 2", taken, err, opt.Steps())
	}
}

func TestSetGradScaleMistakes(t *testing.T) {
	x := []float32{1}
	plain := must(optim.New(optim.SGD{LR: 1}, x))
	damped := must(optim.New(optim.Momentum{LR: 1, Dampening: 0.75}, x))
	for _, c := range []struct {
		opt   *optim.Optimizer[float32]
		scale float64
		want  string
	}{
		{plain, math.Inf(1), "scale = +Inf, want in (-Inf, +Inf)"},
		{plain, math.NaN(), "scale = NaN, want in (-Inf, +Inf)"},
		{plain, 1e39, "scale = 1e+39, which is +Inf in float32, want a number in its range"},
		{plain, -1e-50, "scale = -1e-50, which is -0 in float32, want a number in its range"},
		{damped, 1e-45, "Momentum: scale*factor = 2.5e-46, which is 0 in float32, want a number in its range, " +
			"where factor = 0.25 is the algorithm's on gradients"},
	} {
		if err := c.opt.SetGradScale(c.scale); err == nil || err.Error() != "optim: SetGradScale: "+c.want {
			t.Errorf("error %v, want optim: SetGradScale: %s", err, c.want)
		}
		if got := c.opt.GradScale(); got != 1 {
			t.Errorf("an error makes the scale %v", got)
		}
	}
}

type constant float64

func (c constant) Factor(uint64) float64 { return float64(c) }

// panics returns what f panics with, or "".
func panics(f func()) (message string) {
	defer func() {
		if v := recover(); v != nil {
			message = fmt.Sprint(v)
		}
	}()
	f()
	return ""
}

// A step of any algorithm, with all options, over several tensors, allocates nothing.
func TestAllocations(t *testing.T) {
	t.Run("type=float32", testAllocations[float32])
	t.Run("type=float64", testAllocations[float64])
}

func testAllocations[T kernels.Float](t *testing.T) {
	opts := optim.Options{ClipNorm: 1, ClipValue: 0.5, SkipNonFinite: true, Maximize: true}
	for _, n := range []int{100, 3 * kernels.ReduceChunk} { // the second is spread over threads
		x, y, gx, gy := make([]T, n), make([]T, 3), make([]T, n), make([]T, 3)
		gx[7], gy[1] = 1, 1 // SparseAdam takes a step
		for _, c := range every() {
			opt := must(optim.NewGroups(opts, optim.Group[T]{Config: c, Params: [][]T{x}},
				optim.Group[T]{Config: c, Params: [][]T{y}}))
			ema := must(optim.NewEMA(optim.EMAConfig{WarmUp: true}, x, y))
			opt.SetSchedule(falling{})
			opt.SetEngine(bitstep.On[T](bitstep.Active()).Threads(2))
			ax, ay := make([]T, n), make([]T, 3)
			got := 1.0
			for try := 0; try < 5 && got != 0; try++ { // the runtime, too, allocates when it starts a thread
				got = testing.AllocsPerRun(5, func() {
					opt.LookAhead(ax, ay)
					opt.Step(gx, gy)
					ema.Update()
				})
			}
			if got != 0 && !raceEnabled {
				t.Errorf("%T: %v allocations per step of %d elements", c, got, n)
			}
		}
	}
}

// Each group has its own algorithm, rate and states; the schedule is common.
func TestGroups(t *testing.T) {
	w, b, c := []float64{1, 2}, []float64{3}, []float64{4}
	opt := must(optim.NewGroups(optim.Options{},
		optim.Group[float64]{Name: "weights", Config: optim.Momentum{LR: 0.5, Rho: 0.5, WeightDecay: 0.25},
			Params: [][]float64{w, b}},
		optim.Group[float64]{Name: "rest", Config: optim.SGD{LR: 0.125}, Params: [][]float64{c}}))
	opt.SetSchedule(constant(0.5))
	opt.Step([]float64{1, 1}, []float64{1}, []float64{1})
	want := [][]float64{{1 - 0.25*1.25, 2 - 0.25*1.5}, {3 - 0.25*1.75}, {4 - 0.0625}}
	compare(t, "x", opt.Params(), want)
	if err := opt.SetLR(1, 2); err != nil {
		t.Fatal(err)
	}
	opt.SetSchedule(nil)
	opt.Step([]float64{0, 0}, []float64{0}, []float64{1})
	if c[0] != 4-0.0625-2 {
		t.Errorf("with a rate of 2, x = %v", c[0])
	}
	if opt.Groups() != 2 || opt.LR(0) != 0.5 || opt.LR(1) != 2 {
		t.Errorf("%d groups, rates %v and %v", opt.Groups(), opt.LR(0), opt.LR(1))
	}
	v := opt.State("v")
	if len(v) != 3 || len(v[0]) != 2 || len(v[1]) != 1 || v[2] != nil {
		t.Errorf("states %v, want those of the first two parameters", v)
	}
	if opt.State("m") != nil {
		t.Error("there is a state m")
	}
	for _, bad := range []struct {
		group int
		lr    float64
		want  string
	}{
		{2, 1, "optim: SetLR: group 2, want one of 2"},
		{-1, 1, "optim: SetLR: group -1, want one of 2"},
		{0, -1, "optim: SetLR: LR = -1, want in [0, +Inf)"},
		{0, math.NaN(), "optim: SetLR: LR = NaN, want in [0, +Inf)"},
	} {
		if err := opt.SetLR(bad.group, bad.lr); err == nil || err.Error() != bad.want {
			t.Errorf("error %v, want %s", err, bad.want)
		}
	}
	opt.Reset()
	if opt.Steps() != 0 || opt.State("v")[0][1] != 0 || opt.LR(1) != 2 {
		t.Error("Reset left steps or states, or changed a rate")
	}
}

// A config is copied: two optimizers made from one do not share it.
func TestConfigIsCopied(t *testing.T) {
	c := optim.Adam{LR: 1}
	a, b := must(optim.New(c, []float32{1})), must(optim.New(c, []float32{1}))
	if err := a.SetLR(0, 2); err != nil {
		t.Fatal(err)
	}
	if b.LR(0) != 1 || c.LR != 1 || a.Config(0).(optim.Adam).LR != 2 {
		t.Error("setting a rate changed another optimizer's")
	}
}

// A gradient that is not finite, or overflows with its scale, changes nothing.
func TestSkipNonFinite(t *testing.T) {
	for _, clip := range []float64{0, 1} {
		x, y := []float32{1, 2, 3}, []float32{4}
		opt := must(optim.NewGroups(optim.Options{SkipNonFinite: true, ClipNorm: clip},
			optim.Group[float32]{Config: optim.Adam{LR: 1}, Params: [][]float32{x, y}}))
		opt.Step([]float32{1, 2, 3}, []float32{1})
		params, m := clone(opt.Params()), clone(opt.State("m"))
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			if opt.Step([]float32{1, 1, 1}, []float32{float32(bad)}) ||
				opt.Step([]float32{1, float32(bad), 1}, []float32{1}) {
				t.Errorf("a gradient of %v was not skipped", bad)
			}
		}
		if err := opt.SetGradScale(1e30); err != nil {
			t.Fatal(err)
		}
		if taken := opt.Step([]float32{1e30, 1, 1}, []float32{1}); taken != (clip != 0) {
			t.Errorf("ClipNorm %v: a gradient that overflows with its scale: Step() = %v", clip, taken)
		} else if taken {
			continue // clipping brought it down
		}
		compare(t, "x", opt.Params(), params)
		compare(t, "m", opt.State("m"), m)
		if opt.Steps() != 1 || opt.Skipped() != 7 {
			t.Errorf("%d steps and %d skipped, want 1 and 7", opt.Steps(), opt.Skipped())
		}
	}
}

// The norm over all tensors does not overflow or underflow where a sum of squares in T does.
func TestClipNorm(t *testing.T) {
	t.Run("type=float32", testClipNorm[float32])
	t.Run("type=float64", testClipNorm[float64])
}

func testClipNorm[T kernels.Float](t *testing.T) {
	largest, smallest := float64(math.MaxFloat32), float64(math.SmallestNonzeroFloat32)
	if _, ok := any(T(0)).(float64); ok {
		largest, smallest = math.MaxFloat64, math.SmallestNonzeroFloat64
	}
	eps := float64(math.Nextafter32(1, 2) - 1)
	for _, size := range []float64{1, largest / 8, largest / 3e20, smallest * 0x1p30, smallest * 0x1p80, 1e-22} {
		x, y := make([]T, 2), make([]T, 1)
		opt := must(optim.NewGroups(optim.Options{ClipNorm: float64(T(size))},
			optim.Group[T]{Config: optim.SGD{LR: 1}, Params: [][]T{x, y}}))
		opt.Step([]T{T(2 * size), T(-4 * size)}, []T{T(4 * size)}) // norm 6*size
		want := []float64{-1.0 / 3, 2.0 / 3, -2.0 / 3}
		for i, got := range []float64{float64(x[0]) / size, float64(x[1]) / size, float64(y[0]) / size} {
			if math.Abs(got-want[i]) > 4*eps {
				t.Errorf("gradients of %v clipped to that norm: step %d is %v times it, want %v", size, i, got, want[i])
			}
		}
		if got := opt.GradNorm() / size; math.Abs(got-6) > 24*eps {
			t.Errorf("norm %v times %v, want 6", got, size)
		}
		x[0], x[1], y[0] = 0, 0, 0
		if err := opt.SetGradScale(1.0 / 8); err != nil { // now the norm is below the limit
			t.Fatal(err)
		}
		g := []T{T(2 * size), T(-4 * size)}
		opt.Step(g, []T{T(4 * size)})
		if x[0] != -g[0]/8 || x[1] != -g[1]/8 {
			t.Errorf("gradients of %v below the limit: x = %v, want -%v/8", size, x, g)
		}
	}
	// A norm that is not finite does not clip; one of zeros neither.
	for _, g := range [][]T{{T(math.Inf(1)), 3}, {T(math.NaN()), 3}, {0, 0}, {}} {
		x := make([]T, len(g))
		opt := must(optim.NewGroups(optim.Options{ClipNorm: 1},
			optim.Group[T]{Config: optim.SGD{LR: 1}, Params: [][]T{x}}))
		opt.Step(g)
		for i := range x {
			if !edge.Same(x[i], 0-g[i]) {
				t.Errorf("a gradient %v gave %v", g, x)
			}
		}
	}
}

// A norm that rounds beyond the range of float64, or is beyond it, counts as its largest number: the gradients are
// finite, and are clipped.
func TestClipNormAtTheEnd(t *testing.T) {
	const top = math.MaxFloat64
	for _, g := range [][]float64{{top, 2.1e300}, {top, top, top, top}} {
		x := make([]float64, len(g))
		opt := must(optim.NewGroups(optim.Options{ClipNorm: 3, SkipNonFinite: true},
			optim.Group[float64]{Config: optim.SGD{LR: 1}, Params: [][]float64{x}}))
		if taken := opt.Step(g); !taken || opt.GradNorm() != top || math.Abs(x[0]+3) > 1e-15 {
			t.Errorf("gradients %v: step taken %v to %v, norm %v, want one to -3, %v", g, taken, x, opt.GradNorm(), top)
		}
	}
}

// Tensors without elements are as good as others.
func TestEmptyTensors(t *testing.T) {
	for _, c := range every() {
		opt := must(optim.NewGroups(optim.Options{ClipNorm: 1, SkipNonFinite: true},
			optim.Group[float32]{Config: c, Params: [][]float32{nil, {}, {1}}}))
		for range 2 { // ADOPT's first step moves nothing
			if !opt.Step(nil, []float32{}, []float32{1}) {
				t.Errorf("%T: no step", c)
			}
		}
		if x := opt.Params()[2][0]; !(x < 1) || opt.Steps() != 2 {
			t.Errorf("%T: x = %v after %d steps down from 1, want two", c, x, opt.Steps())
		}
	}
}
