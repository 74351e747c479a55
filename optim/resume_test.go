package optim_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/golden"
	"github.com/bitstep-go/bitstep/internal/golden/goldentest"
	"github.com/bitstep-go/bitstep/internal/testfile"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

// A run is an optimizer of three groups with its average, on the gradients of the golden trajectories.
type run[T kernels.Float] struct {
	opt           *optim.Optimizer[T]
	ema           *optim.EMA[T]
	params, grads [][]T
}

func newRun[T kernels.Float](b bitstep.Backend) *run[T] {
	r := &run[T]{params: golden.NewParams[T](), grads: golden.NewParams[T]()}
	r.opt = must(optim.NewGroups(optim.Options{ClipNorm: 3, ClipValue: 0.5, SkipNonFinite: true},
		optim.Group[T]{Name: "first", Config: optim.Adam{AMSGrad: true, WeightDecay: 0.01}, Params: r.params[:2]},
		optim.Group[T]{Config: optim.AdaGrad{LR: 0.1, LRDecay: 0.01}, Params: r.params[2:3]},
		optim.Group[T]{Config: optim.RMSProp{LR: 0.01, Rho: 0.9, Centered: true}, Params: r.params[3:]}))
	r.ema = must(optim.NewEMA(optim.EMAConfig{BiasCorrection: true}, r.params...))
	r.opt.SetSchedule(falling{})
	r.opt.SetEngine(bitstep.On[T](b))
	r.ema.SetEngine(bitstep.On[T](b))
	return r
}

// until steps on, and changes at step 5 what can be changed, at step 7 skips.
func (r *run[T]) until(steps uint64) {
	for r.opt.Steps() < steps {
		golden.FillGradients(r.opt.Steps(), r.params, r.grads)
		switch r.opt.Steps() {
		case 5:
			if err := r.opt.SetLR(0, 0.02); err != nil {
				panic(err)
			}
			if err := r.opt.SetGradScale(0.7); err != nil {
				panic(err)
			}
		case 7:
			if r.opt.Skipped() == 0 {
				bad := clone(r.grads)
				bad[0][3] = T(math.Inf(1))
				r.opt.Step(bad...)
			}
		}
		r.opt.Step(r.grads...)
		r.ema.Update()
	}
}

func (r *run[T]) snapshot(c *checkpoint.File) {
	prefix := fmt.Sprintf("%T.", T(0))
	r.opt.Snapshot(c, prefix)
	r.ema.Snapshot(c, prefix+"ema.")
}

func (r *run[T]) restore(t *testing.T, c *checkpoint.File) {
	t.Helper()
	prefix := fmt.Sprintf("%T.", T(0))
	if err := r.opt.Restore(c, prefix); err != nil {
		t.Fatal(err)
	}
	if err := r.ema.Restore(c, prefix+"ema."); err != nil {
		t.Fatal(err)
	}
}

// encode returns the bytes of a file with both types' runs.
func encode(t *testing.T, a *run[float32], b *run[float64]) []byte {
	t.Helper()
	c := checkpoint.New()
	a.snapshot(c)
	b.snapshot(c)
	var file bytes.Buffer
	if err := c.Encode(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// A run of 60 steps on this machine has, after 30, the bytes of a file that was written once, wherever that
// was; and resumed from it on any backend it ends in the same bytes as without a stop.
func TestGoldenResume(t *testing.T) {
	a, b := newRun[float32](bitstep.Go), newRun[float64](bitstep.Go)
	a.until(30)
	b.until(30)
	const name = "resume.safetensors"
	goldentest.Write(t, name, func() string { return string(encode(t, a, b)) })
	file := testfile.Read(t, name)
	if string(encode(t, a, b)) != file {
		t.Error("after 30 steps the state is not that of testdata/resume.safetensors")
	}
	a.until(60)
	b.until(60)
	want := encode(t, a, b)
	c, err := checkpoint.Decode(strings.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for _, backend := range bitstep.Backends() {
		a, b := newRun[float32](backend), newRun[float64](backend)
		a.restore(t, c)
		b.restore(t, c)
		if string(encode(t, a, b)) != file {
			t.Errorf("%v: what was restored is not what was in the file", backend)
		}
		if a.opt.Steps() != 30 || a.opt.Skipped() != 1 || a.opt.LR(0) != 0.02 || a.opt.GradScale() != 0.7 {
			t.Errorf("%v: %d steps, %d skipped, rate %v, scale %v, want 30, 1, 0.02, 0.7", backend, a.opt.Steps(),
				a.opt.Skipped(), a.opt.LR(0), a.opt.GradScale())
		}
		a.until(60)
		b.until(60)
		if !bytes.Equal(encode(t, a, b), want) {
			t.Errorf("%v: the resumed run ended elsewhere", backend)
		}
	}
}

// Every algorithm, saved to a file and loaded by a new optimizer of another backend, continues as if
// nothing had happened.
func TestSaveLoad(t *testing.T) {
	t.Run("type=float32", testSaveLoad[float32])
	t.Run("type=float64", testSaveLoad[float64])
}

func testSaveLoad[T kernels.Float](t *testing.T) {
	dir := t.TempDir()
	for i, c := range every() {
		x, y := golden.NewParams[T](), golden.NewParams[T]()
		grads := golden.NewParams[T]()
		whole, resumed := must(optim.New(c, x...)), must(optim.New(c, y...))
		resumed.SetEngine(bitstep.On[T](bitstep.Go))
		path := filepath.Join(dir, fmt.Sprint(i))
		for step := range uint64(21) {
			if step == 9 {
				if err := whole.Save(path); err != nil {
					t.Fatal(err)
				}
			}
			golden.FillGradients(step, x, grads)
			whole.Step(grads...)
		}
		if err := resumed.Load(path); err != nil {
			t.Fatal(err)
		}
		for step := range uint64(21) {
			if step >= 9 {
				golden.FillGradients(step, y, grads)
				resumed.Step(grads...)
			}
		}
		var ends [2]bytes.Buffer
		for i, opt := range []*optim.Optimizer[T]{whole, resumed} {
			c := checkpoint.New()
			opt.Snapshot(c, "")
			if err := c.Encode(&ends[i]); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(ends[0].Bytes(), ends[1].Bytes()) {
			t.Errorf("%T: resumed, its parameters or states differ", c)
		}
	}
}

// A file of another run is an error that says what differs, and nothing changes.
func TestRestoreErrors(t *testing.T) {
	base := func() (optim.Options, []optim.Group[float32]) {
		return optim.Options{ClipNorm: 1}, []optim.Group[float32]{
			{Name: "w", Config: optim.Adam{WeightDecay: 0.5}, Params: [][]float32{{1, 2}, {3}}},
			{Name: "b", Config: optim.Momentum{LR: 1}, Params: [][]float32{{4}}}}
	}
	opts, groups := base()
	saved := must(optim.NewGroups(opts, groups...))
	saved.Step([]float32{1, 1}, []float32{1}, []float32{1})
	file := func(change func(c *checkpoint.File)) *checkpoint.File {
		c := checkpoint.New()
		saved.Snapshot(c, "opt.")
		if change != nil {
			change(c)
		}
		return c
	}
	same := func(*optim.Options, []optim.Group[float32]) {}
	without := func(prefix string) *checkpoint.File { // a copy that lacks a tensor
		c, full := checkpoint.New(), file(nil)
		for _, key := range full.MetaKeys() {
			v, _ := full.Meta(key)
			c.SetMeta(key, v)
		}
		for _, name := range full.Names() {
			if tensor, _ := full.Tensor(name); name != prefix {
				c.PutTensor(name, tensor)
			}
		}
		return c
	}
	for _, c := range []struct {
		name   string
		change func(*optim.Options, []optim.Group[float32])
		file   *checkpoint.File
		want   string
	}{
		{"another algorithm", func(_ *optim.Options, g []optim.Group[float32]) { g[0].Config = optim.RMSProp{LR: 1} },
			file(nil), `metadata "opt.group.0.algorithm" is Adam, but what is to be restored has RMSProp`},
		{"another kernel", func(_ *optim.Options, g []optim.Group[float32]) {
			g[0].Config = optim.Adam{WeightDecay: 0.5, AMSGrad: true}
		}, file(nil), `metadata "opt.group.0.AMSGrad" is false, but what is to be restored has true`},
		{"another hyperparameter", func(_ *optim.Options, g []optim.Group[float32]) {
			g[0].Config = optim.Adam{WeightDecay: 0.5, Beta2: 0.99}
		}, file(nil), `metadata "opt.group.0.Beta2" is 0.999, but what is to be restored has 0.99`},
		{"another rate", func(_ *optim.Options, g []optim.Group[float32]) { g[1].Config = optim.Momentum{LR: 2} },
			file(nil), `metadata "opt.group.1.LR" is 1, but what is to be restored has 2: ` +
				`resume with the file's and change it by SetLR`},
		{"another option", func(o *optim.Options, _ []optim.Group[float32]) { o.ClipNorm = 2 }, file(nil),
			`metadata "opt.ClipNorm" is 1, but what is to be restored has 2`},
		{"another name", func(_ *optim.Options, g []optim.Group[float32]) { g[1].Name = "bias" }, file(nil),
			`metadata "opt.group.1.name" is b, but what is to be restored has bias`},
		{"another division", func(_ *optim.Options, g []optim.Group[float32]) {
			g[0].Params, g[1].Params = g[0].Params[:1], [][]float32{{3}, {4}}
		}, file(nil), `metadata "opt.group.0.parameters" is 2, but what is to be restored has 1`},
		{"another length", func(_ *optim.Options, g []optim.Group[float32]) { g[1].Params = [][]float32{{4, 5}} },
			file(nil), `tensor "opt.param.2" has shape [1], want [2]`},
		{"no parameters", same, without("opt.param.1"), `no tensor "opt.param.1"`},
		{"no state", same, without("opt.state.v.2"), `no tensor "opt.state.v.2"`},
		{"no file of an optimizer", same, checkpoint.New(), `no metadata "opt.kind"`},
		{"another kind", same, file(func(c *checkpoint.File) { c.SetMeta("opt.kind", "bitstep EMA") }),
			`metadata "opt.kind" is bitstep EMA, but what is to be restored has bitstep optimizer`},
		{"a bad rate", same, file(func(c *checkpoint.File) { c.SetMetaFloat("opt.group.1.LR", -1) }),
			`metadata "opt.group.1.LR": LR = -1, want in [0, +Inf)`},
		{"a bad scale", same, file(func(c *checkpoint.File) { c.SetMetaFloat("opt.scale", 1e300) }),
			`metadata "opt.scale": scale = 1e+300, which is +Inf in float32, want a number in its range`},
		{"a scale bad for a group", func(_ *optim.Options, g []optim.Group[float32]) {
			g[1].Config = optim.Momentum{LR: 1, Dampening: 0.75}
		}, file(func(c *checkpoint.File) {
			c.SetMetaFloat("opt.scale", 1e-45)
			c.SetMetaFloat("opt.group.1.Dampening", 0.75)
		}), `metadata "opt.scale": Momentum: scale*factor = 2.5e-46, which is 0 in float32, want a number in its ` +
			`range, where factor = 0.25 is the algorithm's on gradients`},
		{"a bad count", same, file(func(c *checkpoint.File) { c.SetMeta("opt.steps", "-1") }),
			`metadata "opt.steps" = "-1", want a whole number from 0 to 1<<64 - 1`},
	} {
		opts, groups := base()
		c.change(&opts, groups)
		opt := must(optim.NewGroups(opts, groups...))
		before := clone(opt.Params())
		if err := opt.Restore(c.file, "opt."); err == nil || err.Error() != "checkpoint: "+c.want {
			t.Errorf("%s: error %v, want checkpoint: %s", c.name, err, c.want)
		}
		compare(t, c.name+": x", opt.Params(), before)
		for _, v := range opt.State("v")[0] {
			if v != 0 {
				t.Errorf("%s: a state was restored", c.name)
			}
		}
		if opt.Steps() != 0 {
			t.Errorf("%s: steps were restored", c.name)
		}
	}
	double := must(optim.NewGroups(opts, optim.Group[float64]{Name: "w", Config: optim.Adam{WeightDecay: 0.5},
		Params: [][]float64{{1, 2}, {3}}}, optim.Group[float64]{Name: "b", Config: optim.Momentum{LR: 1},
		Params: [][]float64{{4}}}))
	const want = `checkpoint: tensor "opt.param.0" has dtype F32, want F64`
	if err := double.Restore(file(nil), "opt."); err == nil || err.Error() != want {
		t.Errorf("another type: error %v, want %s", err, want)
	}
	opts, groups = base()
	if err := must(optim.NewGroups(opts, groups...)).Restore(file(nil), "opt."); err != nil {
		t.Errorf("the same run: %v", err)
	}
	if err := saved.Load(filepath.Join(t.TempDir(), "none")); err == nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("loading no file: error %v", err)
	}
}

// A rate that was given and then changed by SetLR resumes as it was changed, with the given one alone; a rate that
// nobody gave is the file's. After that SetLR changes it again.
func TestRestoreRates(t *testing.T) {
	restored := func(c *checkpoint.File, config optim.Config) (*optim.Optimizer[float64], error) {
		opt := must(optim.New(config, []float64{1}))
		return opt, opt.Restore(c, "")
	}
	for _, config := range []optim.Config{optim.SGD{LR: 0.5}, optim.Adam{}, optim.SGD{LR: optim.Zero}} {
		opt := must(optim.New(config, []float64{1}))
		if err := opt.SetLR(0, 0.25); err != nil {
			t.Fatal(err)
		}
		for range 2 { // what was resumed is saved and resumed
			c := checkpoint.New()
			opt.Snapshot(c, "")
			again, err := restored(c, config)
			if err != nil || again.LR(0) != 0.25 {
				t.Errorf("%+v: rate %v, error %v", config, again.LR(0), err)
			}
			for _, other := range []optim.Config{optim.SGD{LR: 0.25}, optim.SGD{LR: 7}, optim.Adam{LR: 7}} {
				_, err := restored(c, other)
				var rate *optim.RateError
				if err == nil || errors.As(err, &rate) != (fmt.Sprintf("%T", other) == fmt.Sprintf("%T", config)) ||
					rate != nil && (rate.Group != 0 || rate.Saved == rate.Given) {
					t.Errorf("%+v: resumed with %+v: %v", config, other, err)
				}
			}
			opt = again
		}
	}
}

func TestEMARestoreErrors(t *testing.T) {
	x := []float32{1, 2}
	c := checkpoint.New()
	must(optim.NewEMA(optim.EMAConfig{}, x)).Snapshot(c, "")
	for _, bad := range []struct {
		e    *optim.EMA[float32]
		want string
	}{
		{must(optim.NewEMA(optim.EMAConfig{Decay: 0.5}, x)),
			`metadata "Decay" is 0.999, but what is to be restored has 0.5`},
		{must(optim.NewEMA(optim.EMAConfig{WarmUp: true}, x)),
			`metadata "WarmUp" is false, but what is to be restored has true`},
		{must(optim.NewEMA(optim.EMAConfig{}, x[:1])), `tensor "average.0" has shape [2], want [1]`},
		{must(optim.NewEMA(optim.EMAConfig{}, x[:1], x[1:])),
			`metadata "parameters" is 1, but what is to be restored has 2`},
	} {
		if err := bad.e.Restore(c, ""); err == nil || err.Error() != "checkpoint: "+bad.want {
			t.Errorf("error %v, want checkpoint: %s", err, bad.want)
		}
	}
}
