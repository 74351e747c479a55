package spagostrategy_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/bitstep-go/bitstep"
	spagostrategy "github.com/bitstep-go/bitstep/adapters/spago"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/schedule"
	"github.com/nlpodyssey/spago/mat"
	"github.com/nlpodyssey/spago/mat/float"
	"github.com/nlpodyssey/spago/nn"
	"github.com/nlpodyssey/spago/optimizers"
	"github.com/nlpodyssey/spago/optimizers/adagrad"
	"github.com/nlpodyssey/spago/optimizers/adam"
	"github.com/nlpodyssey/spago/optimizers/rmsprop"
	"github.com/nlpodyssey/spago/optimizers/sgd"
)

// net is a model of several parameters.
type net struct {
	nn.Module
	Params []*nn.Param
}

var sizes = [][2]int{{3, 5}, {1, 1}, {7, 1}, {120, 61}, {1, 17}}

func random[T bitstep.Float](r *rand.Rand, n int) []T {
	s := make([]T, n)
	for i := range s {
		s[i] = T(r.Float64()*2 - 1)
	}
	return s
}

func newNet[T bitstep.Float](r *rand.Rand) *net {
	m := &net{}
	for _, s := range sizes {
		m.Params = append(m.Params, nn.NewParam(dense(random[T](r, s[0]*s[1]), s[:]...)))
	}
	return m
}

func dense[T bitstep.Float](x []T, shape ...int) *mat.Dense[T] {
	return mat.NewDense[T](mat.WithShape(shape...), mat.WithBacking(x))
}

// accumulate adds gradients, as a backward pass does, and returns them.
func accumulate[T bitstep.Float](r *rand.Rand, m *net) (grads [][]T) {
	for i, p := range m.Params {
		g := random[T](r, p.Size())
		grads = append(grads, g)
		p.AccGrad(dense(g, sizes[i][:]...))
	}
	return grads
}

func elements[T bitstep.Float](p *nn.Param) []T { return float.SliceValueOf[T](p.Data()) }

func same[T bitstep.Float](a, b []T) bool {
	bits := func(v T) uint64 { return math.Float64bits(float64(v)) }
	return slices.EqualFunc(a, b, func(a, b T) bool { return bits(a) == bits(b) })
}

// Every optimizer of package optim, as a strategy of spago's optimizer, leaves the bits that it leaves in plain slices,
// with an optimizer for each: a strategy sees one parameter at a time.
func TestStepsAreOptims(t *testing.T) {
	t.Run("float32", testStepsAreOptims[float32])
	t.Run("float64", testStepsAreOptims[float64])
}

func testStepsAreOptims[T bitstep.Float](t *testing.T) {
	decay, err := schedule.MultiStep(0.1, 2, 4)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range optim.Algorithms() {
		for _, s := range a.Settings {
			s.Options.ClipNorm = 0
			r := rand.New(rand.NewPCG(1, 2))
			m := newNet[T](r)
			optimizer := spagostrategy.NewOptimizer(nn.Parameters(m), spagostrategy.New(s.Config,
				spagostrategy.Options{Options: s.Options, Schedule: decay}))
			var want [][]T
			var opts []*optim.Optimizer[T]
			for i, p := range m.Params {
				want = append(want, slices.Clone(elements[T](p)))
				opt, err := optim.NewGroups(s.Options, optim.Group[T]{Config: s.Config, Params: want[i:],
					Shapes: [][]int{p.Shape()}})
				if err != nil {
					t.Fatal(err)
				}
				opt.SetSchedule(decay)
				opts = append(opts, opt)
			}
			for step := range 6 {
				for i, g := range accumulate[T](r, m) {
					opts[i].Step(g)
				}
				if err := optimizer.Optimize(); err != nil {
					t.Fatal(err)
				}
				for i, p := range m.Params {
					if !same(elements[T](p), want[i]) {
						t.Fatalf("%s, step %d: parameter %d has other bits", s.Name, step, i)
					}
					if p.HasGrad() {
						t.Fatalf("%s, step %d: parameter %d has a gradient", s.Name, step, i)
					}
				}
			}
		}
	}
}

// A model that was saved and loaded goes on as if it had not been.
func TestSavedStates(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	m := newNet[float32](r)
	strategy := spagostrategy.New(optim.Adam{}, spagostrategy.Options{})
	step := func(m *net, strategy *spagostrategy.Strategy, seed uint64) error {
		accumulate[float32](rand.New(rand.NewPCG(seed, 0)), m)
		return spagostrategy.NewOptimizer(nn.Parameters(m), strategy).Optimize()
	}
	for i := range uint64(3) {
		if err := step(m, strategy, i); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if err := nn.Dump(m, &file); err != nil {
		t.Fatal(err)
	}
	saved := file.Bytes()
	load := func() *net {
		m, err := nn.Load[*net](bytes.NewReader(saved))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	loaded := load()
	var again bytes.Buffer // before there is a step
	if err := nn.Dump(loaded, &again); err != nil {
		t.Fatal(err)
	}
	loaded, err := nn.Load[*net](&again)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*net{m, loaded} { // with another value than the saved one
		elements[float32](m.Params[0])[0] = 2
		for i := range uint64(3) {
			if err := step(m, strategy, 10+i); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range m.Params {
		if !same(elements[float32](m.Params[i]), elements[float32](loaded.Params[i])) {
			t.Errorf("parameter %d differs", i)
		}
	}
	if n := loaded.Params[0].State.(*spagostrategy.State[float32]).Optimizer().Steps(); n != 6 {
		t.Errorf("%d steps, want 6", n)
	}
	other := load()
	err = step(other, spagostrategy.New(optim.Adam{Beta1: 0.5}, spagostrategy.Options{}), 1)
	if err == nil || !strings.Contains(err.Error(), "Beta1") {
		t.Errorf("other hyperparameters: %v", err)
	}
	if fresh := load(); !same(elements[float32](other.Params[3]), elements[float32](fresh.Params[3])) {
		t.Error("an error has changed a parameter")
	}
}

// A parameter whose matrix is another keeps its states, unless ReplaceValue takes them.
func TestMovedParameter(t *testing.T) {
	p := nn.NewParam(dense([]float64{1}, 1, 1))
	strategy := spagostrategy.New(optim.Momentum{LR: 1, Rho: 0.5}, spagostrategy.Options{})
	for _, want := range []float64{0, -1.5} {
		p.AccGrad(dense([]float64{1}, 1, 1))
		if err := strategy.OptimizeParams(p); err != nil || p.Item().F64() != want {
			t.Errorf("%v: %v, want %v", err, p.Item(), want)
		}
		p.Matrix = p.Matrix.Clone()
	}
}

// Steps of one parameter that meet, as those of spago's optimizer can, wait for one another.
func TestStepsMeet(t *testing.T) {
	m := newNet[float32](rand.New(rand.NewPCG(1, 2)))
	strategy := spagostrategy.New(optim.Adam{}, spagostrategy.Options{})
	var wg sync.WaitGroup
	for _, p := range m.Params {
		p.AccGrad(p.Matrix)
		for range 8 {
			wg.Go(func() {
				if err := strategy.OptimizeParams(p); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	for i, p := range m.Params {
		if n := p.State.(*spagostrategy.State[float32]).Optimizer().Steps(); n != 1 || p.HasGrad() {
			t.Errorf("parameter %d: %d steps of one gradient", i, n)
		}
	}
}

// Mistakes are errors that change nothing.
func TestErrors(t *testing.T) {
	param := func(state any, grad mat.Matrix) *nn.Param {
		p := nn.NewParam(dense([]float32{1, 2}, 2, 1))
		p.State = state
		p.AccGrad(grad)
		return p
	}
	g := dense([]float32{1, 1}, 2, 1)
	for _, c := range []struct {
		config optim.Config
		opts   optim.Options
		param  *nn.Param
		want   string
	}{
		{optim.Adam{}, optim.Options{}, param(&adam.State{}, g),
			"spagostrategy: the parameter's State is another strategy's: a *adam.State, want *spagostrategy.State["},
		{optim.Adam{}, optim.Options{}, param(&spagostrategy.State[float64]{}, g),
			"spagostrategy: the parameter's State is another strategy's: a *spagostrategy.State[float64]"},
		{optim.Adam{}, optim.Options{ClipNorm: 1}, param(nil, g), "spagostrategy: Options: ClipNorm: "},
		{optim.Adam{Eps: -1}, optim.Options{}, param(nil, g),
			"spagostrategy: optim: Adam: Eps = -1, want in [0, +Inf)"},
		{optim.Adam{}, optim.Options{}, param(nil, dense([]float32{1, 1, 1}, 3, 1)),
			"spagostrategy: optim: Step: len(gradient 0) = 3, want 2"},
	} {
		err := spagostrategy.New(c.config, spagostrategy.Options{Options: c.opts}).OptimizeParams(c.param)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
		if !same(elements[float32](c.param), []float32{1, 2}) || !c.param.HasGrad() {
			t.Errorf("%v: the parameter has changed", err)
		}
	}
	none := nn.NewParam(dense([]float32{1, 2}, 2, 1))
	if err := spagostrategy.New(optim.SGD{LR: 1}, spagostrategy.Options{}).OptimizeParams(none); err != nil ||
		!same(elements[float32](none), []float32{1, 2}) || none.HasGrad() {
		t.Error("without a gradient: ", err, none)
	}
}

// Spago's strategies and those in their place take the same steps but for roundings: in 20 steps some eight each, of at
// most 6e-8 of a parameter, which is below 2. Velocities are the same products and sums.
func TestStepsAreSpagos(t *testing.T) {
	for _, c := range []struct {
		name   string
		theirs optimizers.OptimizationStrategy
		ours   optim.Config
		bound  float64
	}{
		{"SGD", sgd.New[float32](sgd.NewConfig(0.1, 0, false)), optim.SGD{LR: 0.1}, 0},
		{"momentum", sgd.New[float32](sgd.NewConfig(0.1, 0.8, false)), optim.MomentumVelocity{LR: 0.1, Rho: 0.8}, 0},
		{"Nesterov", sgd.New[float32](sgd.NewConfig(0.1, 0.8, true)), optim.Nesterov{LR: 0.1, Rho: 0.8}, 2e-5},
		{"AdaGrad", adagrad.New[float32](adagrad.NewConfig(0.1, 1e-7)), optim.AdaGrad{LR: 0.1}, 2e-5},
		{"RMSProp", rmsprop.New[float32](rmsprop.NewConfig(0.01, 1e-7, 0.9)),
			optim.RMSProp{LR: 0.01, Decay: 0.9}, 2e-5},
		{"Adam", adam.New(adam.NewConfig(0.01, 0.9, 0.99, 1e-9)), optim.Adam{LR: 0.01, Beta2: 0.99, Eps: 1e-9}, 2e-5},
	} {
		theirs, ours := newNet[float32](rand.New(rand.NewPCG(1, 2))), newNet[float32](rand.New(rand.NewPCG(1, 2)))
		r, s := rand.New(rand.NewPCG(3, 4)), rand.New(rand.NewPCG(3, 4))
		a := spagostrategy.NewOptimizer(nn.Parameters(theirs), c.theirs)
		b := spagostrategy.NewOptimizer(nn.Parameters(ours), spagostrategy.New(c.ours, spagostrategy.Options{}))
		for range 20 {
			accumulate[float32](r, theirs)
			accumulate[float32](s, ours)
			if err := a.Optimize(); err != nil {
				t.Fatal(err)
			}
			if adam, ok := c.theirs.(*adam.Adam); ok {
				adam.IncExample()
			}
			if err := b.Optimize(); err != nil {
				t.Fatal(err)
			}
		}
		off := 0.0
		for i := range sizes {
			want := elements[float32](theirs.Params[i])
			for j, x := range elements[float32](ours.Params[i]) {
				off = max(off, math.Abs(float64(x-want[j])))
			}
		}
		t.Logf("%s: off by %.1e", c.name, off)
		if !(off <= c.bound) {
			t.Errorf("%s: off by %v, want %v", c.name, off, c.bound)
		}
	}
}

// Spago's example program of training, as it is in its module, has the same losses with the line of the strategy
// changed. In both programs the optimizer is the one that waits. Nesterov momentum of spago's adds the same products in
// another order: a rounding, of 1e-16, in parameters up to 3, which a hundred steps of a problem that contracts do not
// make a thousand times larger.
func TestRegressionProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/nlpodyssey/spago").Output()
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "examples/regression/main.go"))
	if err != nil {
		t.Fatal(err)
	}
	const line = "sgd.New[T](sgd.NewConfig(0.001, 0.9, true))"
	if n := bytes.Count(source, []byte(line)); n != 1 {
		t.Fatalf("the example has the line %d times: %s", n, line)
	}
	const optimizer = "optimizers.New(nn.Parameters(m), strategy)"
	const imported = `"github.com/nlpodyssey/spago/optimizers"`
	const waiting = `spagostrategy "github.com/bitstep-go/bitstep/adapters/spago"`
	theirs := strings.NewReplacer(optimizer, "spagostrategy.NewOptimizer(nn.Parameters(m), strategy)", imported,
		waiting).Replace(string(source))
	changed := strings.NewReplacer(line, "spagostrategy.New(optim.Nesterov{LR: 0.001}, spagostrategy.Options{})",
		`"github.com/nlpodyssey/spago/optimizers/sgd"`, `"github.com/bitstep-go/bitstep/optim"`).Replace(theirs)
	run := func(name, text string) string {
		file := filepath.Join(t.TempDir(), name+".go")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("go", "run", file).CombinedOutput() // in this module
		if err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
		return string(out)
	}
	got, want := strings.Fields(run("ours", changed)), strings.Fields(run("theirs", theirs))
	losses, off := 0, 0.0
	for i, loss := range want {
		theirs, err := strconv.ParseFloat(loss, 64)
		if err != nil {
			break
		}
		ours, err := strconv.ParseFloat(got[i], 64)
		if err != nil {
			t.Fatal(err)
		}
		losses, off = losses+1, max(off, math.Abs(ours-theirs))
	}
	t.Logf("%d losses from %s to %s, off by %.1e", losses, want[0], want[losses-1], off)
	if losses != 1000 || !(off <= 1e-12) || !slices.Equal(got[losses:], want[losses:]) {
		t.Errorf("%d losses, want 1000, off by %v, want 1e-12, and then %v, want %v", losses, off, got[losses:],
			want[losses:])
	}
}

// BenchmarkStep compares spago's strategies to those in their place, in ns per parameter. Gradients are taken away by a
// step and put back outside the time.
func BenchmarkStep(b *testing.B) {
	b.Run("float32", benchmarkStep[float32])
	b.Run("float64", benchmarkStep[float64])
}

func benchmarkStep[T bitstep.Float](b *testing.B) {
	for _, n := range []int{1000, 100_000, 10_000_000} {
		for _, c := range []struct {
			name         string
			theirs, ours optimizers.OptimizationStrategy
		}{
			{"SGD", sgd.New[T](sgd.NewConfig(1e-3, 0, false)),
				spagostrategy.New(optim.SGD{LR: 1e-3}, spagostrategy.Options{})},
			{"RMSProp", rmsprop.New[T](rmsprop.NewDefaultConfig()),
				spagostrategy.New(optim.RMSProp{LR: 1e-3}, spagostrategy.Options{})},
			{"Adam", adam.New(adam.NewDefaultConfig()), spagostrategy.New(optim.Adam{}, spagostrategy.Options{})},
		} {
			sides := map[string]optimizers.OptimizationStrategy{"spago": c.theirs, "bitstep": c.ours}
			for side, strategy := range sides {
				b.Run(fmt.Sprintf("%s/%d/%s", c.name, n, side), func(b *testing.B) {
					r := rand.New(rand.NewPCG(1, 2))
					p := &param[T]{grad: dense(random[T](r, n), n, 1)}
					p.Dense = dense(random[T](r, n), n, 1)
					parameter := &nn.Param{Matrix: p}
					if err := strategy.OptimizeParams(parameter); err != nil { // makes the state
						b.Fatal(err)
					}
					for b.Loop() {
						if err := strategy.OptimizeParams(parameter); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/parameter")
				})
			}
		}
	}
}

// param is a matrix whose gradient stays.
type param[T bitstep.Float] struct {
	*mat.Dense[T]
	grad *mat.Dense[T]
}

func (p *param[T]) HasGrad() bool    { return true }
func (p *param[T]) Grad() mat.Tensor { return p.grad }
func (p *param[T]) ZeroGrad()        {}
