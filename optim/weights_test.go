package optim_test

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

// halves rounds to nearest, and widened is what is left.
func halves(x [][]float32) (h [][]kernels.BFloat16) {
	for _, x := range x {
		h = append(h, make([]kernels.BFloat16, len(x)))
		for i, v := range x {
			h[len(h)-1][i] = kernels.NearestBFloat16(v)
		}
	}
	return h
}

func widened(h [][]kernels.BFloat16) (x [][]float32) {
	for _, h := range h {
		x = append(x, make([]float32, len(h)))
		kernels.FromBFloat16(x[len(x)-1], h)
	}
	return x
}

func storedHalves(h [][]kernels.BFloat16) (s []bitstep.Stored) {
	for _, h := range h {
		s = append(s, bitstep.Stored{BFloat16: h})
	}
	return s
}

// weightsOf returns an optimizer of one group of weights, or its error.
func weightsOf(opts optim.Options, c optim.Config, w ...[]kernels.BFloat16) (*optim.Optimizer[float32], error) {
	return optim.NewGroups(opts, optim.Group[float32]{Config: c, Weights: w})
}

// A step with weights in bfloat16 is that of an optimizer whose parameters, states and gradients are their values; what
// it stores is then rounded as the contract says, on every backend and however many threads. With a master it is that
// of an optimizer of the master, and the weights are its elements to nearest.
func TestArchWeights(t *testing.T) {
	for _, a := range optim.Algorithms() {
		for _, setting := range a.Settings {
			for _, s := range optim.Storages() {
				for k, b := range bitstep.Backends() {
					e := bitstep.On[float32](b).Threads([]int{5, 2, 1}[k%3])
					name := fmt.Sprintf("%s/%v/%v", setting.Name, s, b)
					t.Run(name, func(t *testing.T) { testWeights(t, setting, s, e) })
					t.Run(name+"/master", func(t *testing.T) { testMaster(t, setting, s, e) })
				}
			}
		}
	}
}

func testWeights(t *testing.T, setting optim.Setting, s optim.Storage, e bitstep.Engine[float32]) {
	opts := setting.Options
	opts.States, opts.Seed = s, 0x123456789abcdef0
	r := edge.Rand(3)
	random := func(i, j int) float32 { return float32(2*r.Float64() - 1) }
	w := halves(tensors(random))
	opt, err := weightsOf(opts, setting.Config, w...)
	if err != nil {
		if want := "Weights with Options.Master = false, want true: "; !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
		t.Skip(err)
	}
	plain := must(optim.NewGroups(setting.Options, optim.Group[float32]{Config: setting.Config, Params: widened(w)}))
	opt.SetEngine(e)
	plain.SetEngine(bitstep.On[float32](bitstep.Go))
	if s == optim.Full {
		s = optim.BF16 // the weights' type
	}
	moments := optim.Moments(opt)
	for step := range uint64(4) {
		for i, x := range widened(w) {
			copy(plain.Params()[i], x)
		}
		for _, m := range moments {
			for i, x := range plain.State(m.Name) {
				copy(x, read(m.Stored[i], m.NonNegative))
			}
		}
		g := halves(tensors(random))
		if step == 2 && !opts.SkipNonFinite {
			g[0][5], g[3][64] = 1, 0x8001
		}
		if setting.LookAhead {
			at, want := tensors(random), tensors(random)
			opt.LookAhead(at...)
			plain.LookAhead(want...)
			compare(t, "look-ahead", at, want)
		}
		taken := false
		if step == 1 { // gradients in float32 have the same values
			taken = opt.Step(widened(g)...)
		} else {
			taken = opt.StepStored(storedHalves(g)...)
		}
		if !taken || !plain.Step(widened(g)...) {
			t.Fatal("no step was taken")
		}
		if opt.GradNorm() != plain.GradNorm() {
			t.Errorf("step %d: norm %v, want %v", step, opt.GradNorm(), plain.GradNorm())
		}
		if _, ok := setting.Config.(optim.Adan); ok && step == 0 {
			continue // the gradient before the first is one that was stored
		}
		check := func(what string, i, j int, x []float32, got kernels.Stored, s optim.Storage, nonNegative, any bool) {
			var random func(int) uint32
			if any {
				random = func(at int) uint32 { return bits(opts.Seed, step+1, uint64(i), uint64(at), j) }
			}
			halves, codes, scales := storedAs(x, s, nonNegative, random)
			if !sameStored(got, halves, codes, scales) {
				t.Errorf("step %d: %s of parameter %d is stored as %v, want %v %v %v", step, what, i, got, halves,
					codes, scales)
			}
		}
		for i, x := range plain.Params() {
			check("x", i, 0, x, kernels.Stored{BFloat16: w[i]}, optim.BF16, false, true)
		}
		j := 1 // numbers the operands that round stochastically, x the first
		for _, m := range moments {
			if _, ok := setting.Config.(optim.Sophia); ok && m.Name == "h" {
				continue // which a step only reads
			}
			stochastic := s == optim.Block8 || m.NonNegative || slow(setting.Config, m.Name)
			for i, x := range plain.State(m.Name) {
				check("state "+m.Name, i, j, x, m.Stored[i], s, m.NonNegative, stochastic)
			}
			if stochastic {
				j++
			}
		}
	}
}

func testMaster(t *testing.T, setting optim.Setting, s optim.Storage, e bitstep.Engine[float32]) {
	opts := setting.Options
	opts.States, opts.Seed = s, 5
	r := edge.Rand(3)
	random := func(i, j int) float32 { return float32(2*r.Float64() - 1) }
	w := halves(tensors(random))
	plain, err := optim.NewGroups(opts, optim.Group[float32]{Config: setting.Config, Params: widened(w)})
	if err != nil {
		t.Skip(err)
	}
	plain.SetEngine(bitstep.On[float32](bitstep.Go))
	opts.Master = true
	opt := must(weightsOf(opts, setting.Config, w...))
	opt.SetEngine(e)
	for step := range uint64(4) {
		g := halves(tensors(random))
		taken, want := false, plain.Step(widened(g)...)
		if step%2 == 0 {
			taken = opt.StepStored(storedHalves(g)...)
		} else {
			taken = opt.Step(widened(g)...)
		}
		if taken != want || opt.GradNorm() != plain.GradNorm() {
			t.Fatalf("step %d: taken %v with a norm of %v, want %v, %v", step, taken, opt.GradNorm(), want,
				plain.GradNorm())
		}
		compare(t, fmt.Sprintf("step %d: master", step), opt.Params(), plain.Params())
		for i, h := range halves(plain.Params()) {
			if !slices.Equal(w[i], h) {
				t.Errorf("step %d: weight %d is %v, want %v", step, i, w[i], h)
			}
		}
	}
	got, want := snapshot(t, opt), snapshot(t, plain)
	for _, name := range want.Names() {
		state := name
		if i, ok := strings.CutPrefix(name, "param."); ok {
			state = "master." + i
		}
		a, _ := got.Tensor(state)
		if b, _ := want.Tensor(name); a.DType != b.DType || !bytes.Equal(a.Data, b.Data) {
			t.Errorf("%s is another", state)
		}
	}
}

// snapshot returns an optimizer's file.
func snapshot(t *testing.T, o *optim.Optimizer[float32]) *checkpoint.File {
	c := checkpoint.New()
	o.Snapshot(c, "")
	var b bytes.Buffer
	if err := c.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return must(checkpoint.Decode(bytes.NewReader(b.Bytes()), int64(b.Len())))
}

// What is in pieces, and over threads, is as if it were in one: norms that clip, the first gradient of Adan, and what
// steps read of gradients.
func TestWeightsPieces(t *testing.T) {
	const n = 140001
	random := edge.Rand(4)
	some := func() []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(2*random.Float64() - 1)
		}
		return x
	}
	w, g := halves([][]float32{some()}), halves([][]float32{some()})
	opts := optim.Options{ClipNorm: 3, SkipNonFinite: true}
	for _, c := range []optim.Config{optim.SGD{LR: 0.1}, optim.Adan{LR: 0.1, WeightDecay: 0.1}, optim.LARS{LR: 0.1},
		optim.LAMB{LR: 0.1}} {
		for _, threads := range []int{1, 2, 5} {
			plain := must(optim.NewGroups(opts, optim.Group[float32]{Config: c, Params: widened(w)}))
			with := opts
			with.Master = true
			opt := must(weightsOf(with, c, slices.Clone(w[0])))
			opt.SetEngine(bitstep.On[float32](bitstep.Active()).Threads(threads))
			for range 2 {
				plain.Step(widened(g)...)
				opt.StepStored(storedHalves(g)...)
			}
			if opt.GradNorm() != plain.GradNorm() {
				t.Errorf("%T, %d threads: norm %v, want %v", c, threads, opt.GradNorm(), plain.GradNorm())
			}
			if !slices.Equal(opt.Params()[0], plain.Params()[0]) {
				t.Errorf("%T, %d threads: the master is another", c, threads)
			}
		}
	}
	// Shards, whole blocks each, of a tensor have its random bits by Base alone, which optimizers leave at 0: threads
	// are what divides it here.
	var one []kernels.BFloat16
	for _, threads := range []int{1, 2, 5} {
		x := slices.Clone(w[0])
		opt := must(weightsOf(optim.Options{Seed: 9}, optim.Adan{LR: 0.1, WeightDecay: 0.1}, x))
		opt.SetEngine(bitstep.On[float32](bitstep.Active()).Threads(threads))
		for range 2 {
			opt.StepStored(storedHalves(g)...)
		}
		if one == nil {
			one = x
		}
		if !slices.Equal(x, one) {
			t.Errorf("%d threads: weights are others", threads)
		}
	}
}

// These may be in bfloat16 without a master, and what cannot be is an error.
func TestWeightsErrors(t *testing.T) {
	half, full := [][]kernels.BFloat16{{1}}, [][]float32{{1}}
	adam := optim.Adam{}
	const noMaster = ": Weights with Options.Master = false, want true: its steps work on parameters beside a kernel"
	for _, c := range []struct {
		opts   optim.Options
		groups []optim.Group[float32]
		want   string
	}{
		{optim.Options{}, []optim.Group[float32]{{Config: adam, Weights: half, Params: full}},
			"optim: both Params and Weights, want one of them"},
		{optim.Options{}, []optim.Group[float32]{{Config: adam}}, "optim: no parameters, want at least one slice"},
		{optim.Options{Master: true}, []optim.Group[float32]{{Config: adam, Params: full}},
			"optim: Options: Master = true without Weights, of which it is a copy"},
		{optim.Options{}, []optim.Group[float32]{{Config: optim.LAMB{}, Weights: half}},
			"optim: LAMB" + noMaster},
		{optim.Options{}, []optim.Group[float32]{{Config: adam, Params: full},
			{Name: "b", Config: optim.Lookahead{Config: adam}, Weights: half}},
			`optim: group 1 "b": Lookahead of Adam` + noMaster},
		{optim.Options{}, []optim.Group[float32]{{Config: adam, Weights: half}, {Config: adam, Weights: half}},
			"optim: parameter 0 overlaps parameter 1"},
		{optim.Options{}, []optim.Group[float32]{{Config: adam, Weights: half, Shapes: [][]int{{2}}}},
			"optim: Shapes[0] = [2], want the shape of 1 elements"},
	} {
		if _, err := optim.NewGroups(c.opts, c.groups...); err == nil || err.Error() != c.want {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
	_, err := optim.NewGroups(optim.Options{}, optim.Group[float64]{Config: adam, Weights: half})
	if want := "optim: Weights in an optimizer of float64, want float32"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	for _, c := range []optim.Config{optim.SGD{LR: 1}, optim.Momentum{LR: 1}, optim.Adam{AMSGrad: true}, optim.Lion{},
		optim.LARS{LR: 1}, optim.Adan{}, optim.Sophia{LR: 1}, optim.NAdam{}} {
		if _, err := weightsOf(optim.Options{}, c, half[0]); err != nil {
			t.Error(err)
		}
	}

	two := must(optim.NewGroups(optim.Options{Master: true}, optim.Group[float32]{Config: adam, Params: full},
		optim.Group[float32]{Config: adam, Weights: [][]kernels.BFloat16{{1, 2}}}))
	g, h := bitstep.Stored{Float32: []float32{1}}, bitstep.Stored{BFloat16: []kernels.BFloat16{1, 2}}
	for _, c := range []struct {
		grads []bitstep.Stored
		want  string
	}{
		{[]bitstep.Stored{g}, "1 gradients, want 2"},
		{[]bitstep.Stored{h, h}, "gradient 0 is in bfloat16, want float32, which its parameter is in"},
		{[]bitstep.Stored{g, g}, "len(gradient 1) = 1, want 2, the length of its parameter"},
		{[]bitstep.Stored{g, {BFloat16: h.BFloat16[:1]}}, "len(gradient 1) = 1, want 2, the length of its parameter"},
		{[]bitstep.Stored{g, {BFloat16: h.BFloat16, Float32: []float32{1, 2}}},
			"gradient 1 has more than one storage"},
		{[]bitstep.Stored{g, {Block8: bitstep.Blocks8{Codes: []uint8{1, 2}, Scales: []uint8{1}}}},
			"gradient 1 is in 8-bit blocks, want float32 or bfloat16"},
		{[]bitstep.Stored{g, {BFloat16: two.Weights()[1]}}, "gradient 1 overlaps parameter 1"},
		{[]bitstep.Stored{g, {Float32: two.Params()[1]}}, "gradient 1 overlaps master 1"},
	} {
		taken, err := two.TryStepStored(c.grads...)
		if want := "optim: StepStored: " + c.want; taken || err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if got := panics(func() { two.StepStored(c.grads...) }); got != "optim: StepStored: "+c.want {
			t.Errorf("panic %q, want %q", got, c.want)
		}
	}
	if !two.StepStored(g, h) || !two.StepStored(g, bitstep.Stored{Float32: []float32{1, 2}}) || two.Steps() != 2 {
		t.Error("steps by gradients that are right are not taken")
	}
	wide := must(optim.New(adam, []float64{1}))
	want := "optim: StepStored: the parameters are of float64, want float32: see Step"
	if _, err := wide.TryStepStored(g); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if _, err := optim.NewSAM(optim.SAMConfig{}, two); err == nil ||
		err.Error() != "optim: SAM: an optimizer of Weights, want one of Params: x' would be rounded to x" {
		t.Errorf("error %v", err)
	}
}

// Weights and parameters in one optimizer: gradients are clipped together, and each parameter has its own random bits,
// whichever group it is in.
func TestWeightsBesideParams(t *testing.T) {
	h := halves([][]float32{slices.Repeat([]float32{1}, 64)})[0]
	made := func() (*optim.Optimizer[float32], [][]kernels.BFloat16, []float32) {
		w, x := [][]kernels.BFloat16{slices.Clone(h), slices.Clone(h)}, []float32{1, 2}
		sgd := optim.SGD{LR: 0.001}
		return must(optim.NewGroups(optim.Options{ClipNorm: 5, Seed: 7, States: optim.BF16},
			optim.Group[float32]{Config: sgd, Weights: w[:1]},
			optim.Group[float32]{Config: sgd, Params: [][]float32{x}},
			optim.Group[float32]{Config: sgd, Weights: w[1:]})), w, x
	}
	opt, w, x := made()
	grads := []bitstep.Stored{{BFloat16: h}, {Float32: []float32{4, 4}}, {BFloat16: h}}
	opt.StepStored(grads...)
	if got, want := opt.GradNorm(), math.Sqrt(64+16+16+64); got != want {
		t.Errorf("norm %v, want %v", got, want)
	}
	scale := float32(5 / math.Sqrt(160))
	var rate float32 = 0.001
	if want := 1 - float32(rate*float32(4*scale)); x[0] != want {
		t.Errorf("a parameter is %v, want %v", x[0], want)
	}
	next := slices.Repeat([]float32{1 - float32(rate*scale)}, 64)
	for i, stream := range []uint64{0, 2} {
		random := func(at int) uint32 { return bits(7, 1, stream, uint64(at), 0) }
		if want, _, _ := storedAs(next, optim.BF16, false, random); !slices.Equal(w[i], want) {
			t.Errorf("weights %d are %v, want %v", i, w[i], want)
		}
	}

	// Memory that moves, and nothing is written but where it is now.
	moved, at := [][]kernels.BFloat16{slices.Clone(w[0]), nil, slices.Clone(w[1])}, []float32{x[0], x[1]}
	before := slices.Clone(w[0])
	for _, err := range []error{opt.SetWeights(moved...), opt.SetParams(nil, at, nil)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	opt.StepStored(grads...)
	if !slices.Equal(w[0], before) || slices.Equal(moved[0], before) || at[0] == x[0] {
		t.Error("a step is not where SetWeights and SetParams say")
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{opt.SetWeights(moved[0]), "optim: SetWeights: 1 parameters, want 3"},
		{opt.SetWeights(moved[0], h[:2], moved[2]), "optim: SetWeights: len(parameter 1) = 2, want 0"},
		{opt.SetWeights(moved[0], nil, h[:2]), "optim: SetWeights: len(parameter 2) = 2, want 64"},
		{opt.SetWeights(moved[0], nil, moved[0]), "optim: SetWeights: parameter 0 overlaps parameter 2"},
		{opt.SetParams(nil, at, []float32{1}), "optim: SetParams: len(parameter 2) = 1, want 0"},
	} {
		if c.err == nil || c.err.Error() != c.want {
			t.Errorf("error %v, want %s", c.err, c.want)
		}
	}
	err := must(weightsOf(optim.Options{}, optim.SGD{LR: 1}, h)).SetWeights(h[:0])
	if want := "optim: SetWeights: len(parameter 0) = 0, want 64"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// A run of weights that is resumed from a file goes on to the bit. The file has weights as BF16 and their master as
// F32, and fits no optimizer that differs in these.
func TestWeightsResume(t *testing.T) {
	for _, opts := range []optim.Options{{Seed: 5}, {Seed: 5, States: optim.Block8}, {Master: true},
		{Seed: 5, States: optim.BF16, Master: true}} {
		made := func(opts optim.Options) *optim.Optimizer[float32] {
			r := edge.Rand(8)
			return must(optim.NewGroups(opts, optim.Group[float32]{
				Config:  optim.Adam{AMSGrad: true},
				Weights: halves(tensors(func(i, j int) float32 { return r.Float32() })),
				Shapes:  [][]int{{67}, {0}, {1}, {3, 43}}}))
		}
		steps := func(o *optim.Optimizer[float32], from, to int) {
			for k := from; k < to; k++ {
				r := edge.Rand(uint64(k))
				o.StepStored(storedHalves(halves(tensors(func(i, j int) float32 { return r.Float32() - .5 })))...)
			}
		}
		same := func(a, b *checkpoint.File) bool {
			for _, name := range a.Names() {
				x, _ := a.Tensor(name)
				if y, _ := b.Tensor(name); x.DType != y.DType || !bytes.Equal(x.Data, y.Data) {
					return false
				}
			}
			return slices.Equal(a.Names(), b.Names())
		}
		whole, part, other := made(opts), made(opts), made(opts)
		steps(whole, 0, 6)
		steps(part, 0, 3)
		c := snapshot(t, part)
		if err := other.Restore(c, ""); err != nil {
			t.Fatal(err)
		}
		steps(other, 3, 6)
		if !same(snapshot(t, other), snapshot(t, whole)) {
			t.Errorf("%+v: a run that was resumed is another", opts)
		}
		want := map[string]string{"param.3": "BF16", "master.3": ""}
		if opts.Master {
			want["master.3"] = "F32"
		}
		for name, want := range want {
			tensor, _ := c.Tensor(name)
			if tensor.DType != want || want != "" && !slices.Equal(tensor.Shape, []int{3, 43}) {
				t.Errorf("%+v: tensor %s is %s of shape %v, want %s", opts, name, tensor.DType, tensor.Shape, want)
			}
		}
		turned := opts
		turned.Master = !opts.Master
		plain := opts
		plain.Master = false
		for _, o := range []*optim.Optimizer[float32]{made(turned), must(optim.NewGroups(plain, optim.Group[float32]{
			Config: optim.Adam{AMSGrad: true}, Params: tensors(func(i, j int) float32 { return 1 }),
			Shapes: [][]int{{67}, {0}, {1}, {3, 43}}}))} {
			before := snapshot(t, o)
			if err := o.Restore(c, ""); err == nil {
				t.Errorf("%+v: a file was restored to other options, or to parameters in float32", opts)
			}
			if !same(snapshot(t, o), before) {
				t.Errorf("%+v: an error of Restore has changed something", opts)
			}
		}
	}
}

// The master is what a new optimizer's weights are, Reset leaves it, and averages are of it.
func TestWeightsMaster(t *testing.T) {
	w := halves([][]float32{{1, -2}})
	opt := must(weightsOf(optim.Options{Master: true}, optim.SGD{LR: 1e-5}, w[0]))
	compare(t, "the first master", opt.Params(), [][]float32{{1, -2}})
	opt.Step([]float32{1, 1})
	opt.Reset()
	want := [][]float32{{1 - float32(1e-5), -2 - float32(1e-5)}}
	compare(t, "the master after a step and Reset", opt.Params(), want)
	if !slices.Equal(w[0], halves(want)[0]) || w[0][0] != 0x3f80 {
		t.Errorf("weights are %v", w[0])
	}
	opt.Params()[0][0] = 5
	opt.Step([]float32{0, 0})
	if w[0][0].Float32() != 5 {
		t.Errorf("a master that is written to leaves weights at %v", w[0][0].Float32())
	}
	average := must(optim.NewEMA(optim.EMAConfig{Decay: optim.Zero}, opt.Params()...))
	opt.Step([]float32{1, 1})
	average.Update()
	compare(t, "the average of the last alone", average.Averages(), opt.Params())
	if without := must(weightsOf(optim.Options{}, optim.SGD{LR: 1}, w[0])); without.Params()[0] != nil {
		t.Error("without a master there is one")
	}
}

// Gradients in bfloat16 are summed in float32.
func TestWeightsAccumulator(t *testing.T) {
	for _, master := range []bool{false, true} {
		opts := optim.Options{Seed: 3, Master: master}
		w := halves([][]float32{slices.Repeat([]float32{1}, 70), {2}})
		y := [][]kernels.BFloat16{slices.Clone(w[0]), slices.Clone(w[1])}
		opt, plain := must(weightsOf(opts, optim.Adam{}, w...)), must(weightsOf(opts, optim.Adam{}, y...))
		acc := must(optim.NewAccumulator(opt, 2))
		r := edge.Rand(1)
		for range 3 {
			var g [2][][]kernels.BFloat16
			for k := range g {
				g[k] = halves([][]float32{slices.Repeat([]float32{r.Float32()}, 70), {r.Float32()}})
			}
			sums := widened(g[0])
			for i, x := range widened(g[1]) {
				for j, v := range x {
					sums[i][j] += v
				}
			}
			plain.Step(sums...)
			if acc.AddStored(storedHalves(g[0])...) || !acc.AddStored(storedHalves(g[1])...) {
				t.Fatal("steps are taken at other times")
			}
		}
		if !slices.Equal(w[0], y[0]) || !slices.Equal(w[1], y[1]) {
			t.Errorf("master %v: steps by sums are others", master)
		}
		const want = "optim: Accumulator: 1 gradients, want 2"
		if got := panics(func() { acc.AddStored(bitstep.Stored{}) }); got != want {
			t.Errorf("panic %q, want %q", got, want)
		}
	}
}

// A step of weights allocates nothing.
func TestWeightsAllocations(t *testing.T) {
	for _, opts := range []optim.Options{{ClipNorm: 1}, {Master: true, SkipNonFinite: true},
		{Master: true, States: optim.Block8}} {
		for _, c := range []optim.Config{optim.Adam{}, optim.Adan{}, optim.LARS{LR: 1}, optim.LAMB{}} {
			w, g := make([]kernels.BFloat16, 500), make([]kernels.BFloat16, 500)
			opt, err := weightsOf(opts, c, w)
			if err != nil {
				continue
			}
			got := 1.0
			for try := 0; try < 5 && got != 0; try++ {
				got = testing.AllocsPerRun(5, func() { opt.StepStored(bitstep.Stored{BFloat16: g}) })
			}
			if got != 0 && !raceEnabled {
				t.Errorf("%T, %+v: a step allocates %v times", c, opts, got)
			}
		}
	}
}

// A gradient that is not finite is found where it is.
func TestWeightsSkip(t *testing.T) {
	w := make([]kernels.BFloat16, 70001)
	opt := must(weightsOf(optim.Options{SkipNonFinite: true}, optim.SGD{LR: 1}, w))
	for _, at := range []int{0, 65535, 65536, 70000} {
		for _, v := range []kernels.BFloat16{0x7f80, 0xff80, 0x7fc0} {
			g := make([]kernels.BFloat16, len(w))
			g[at] = v
			if opt.StepStored(bitstep.Stored{BFloat16: g}) {
				t.Errorf("a step was taken with %v at %d", v, at)
			}
		}
	}
	changed := slices.ContainsFunc(w, func(v kernels.BFloat16) bool { return v != 0 })
	if opt.Skipped() != 12 || opt.Steps() != 0 || changed {
		t.Errorf("%d steps skipped and %d taken", opt.Skipped(), opt.Steps())
	}
}
