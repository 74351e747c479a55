package optim_test

import (
	"bytes"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"weak"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

var narrow = optim.Storages()[1:] // than Full

// bits are the random bits of operand j for element i of a parameter: rule 15, from its text.
func bits(seed, step, stream, i uint64, j int) uint32 {
	z := seed
	for _, v := range []uint64{step, stream, i >> 32, uint64(j) >> 1} {
		z += 0x9e3779b97f4a7c15 * (v + 1)
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
	}
	w := uint32(z) + 0x9e3779b9*uint32(i)
	w = (w ^ w>>16) * 0x7feb352d
	w = (w ^ w>>15 ^ uint32(z>>32)) * 0x846ca68b
	w ^= w >> 16
	if j%2 == 0 {
		return w & 0xffff
	}
	return w >> 16
}

// storedAs returns what a state's elements are rounded to by rules 14 and 16, from their text: halves, or codes and
// scales. random has the bits of each element; nil rounds to nearest.
func storedAs(x []float32, s optim.Storage, nonNegative bool, random func(i int) uint32) (halves []kernels.BFloat16,
	codes, scales []uint8) {
	span := uint32(16)
	if nonNegative {
		span = 32
	}
	u := make([]uint32, len(x))
	for i, v := range x {
		switch u[i] = math.Float32bits(v); {
		case v != v:
			u[i] = 0x7fc00000
		case s == optim.Block8 && nonNegative && u[i]>>31 != 0:
			u[i] = 0
		}
	}
	for i, v := range u {
		if s == optim.BF16 {
			add := 0x7fff + v>>16&1
			if random != nil {
				add = random(i)
			}
			halves = append(halves, kernels.BFloat16((v+add)>>16))
			continue
		}
		sign, v := uint8(v>>31<<7), v&0x7fffffff
		if i%32 == 0 {
			largest := uint32(0)
			for _, w := range u[i:min(i+32, len(u))] {
				largest = max(largest, w&0x7fffffff)
			}
			scales = append(scales, uint8(max((largest+0xfffff)>>23, span)))
		}
		add := 0x7ffff + v>>20&1
		if random != nil {
			add = random(i) << 4
		}
		code := max(int32(v+add-(uint32(scales[i/32])-(span-1))<<23)>>20, 0)
		if nonNegative && v != 0 {
			code = max(code, 1)
		}
		codes = append(codes, uint8(code)|sign)
	}
	return halves, codes, scales
}

// read returns the numbers of a state.
func read(m kernels.Stored, nonNegative bool) []float32 {
	x := make([]float32, m.Len())
	if m.BFloat16 != nil {
		kernels.FromBFloat16(x, m.BFloat16)
	} else {
		kernels.DecodeBlocks(x, m.Block8, !nonNegative)
	}
	return x
}

func sameStored(a kernels.Stored, halves []kernels.BFloat16, codes, scales []uint8) bool {
	return slices.Equal(a.BFloat16, halves) && bytes.Equal(a.Block8.Codes, codes) &&
		bytes.Equal(a.Block8.Scales, scales)
}

// A step with narrow states is that of an optimizer whose states are what they say, to the bit; what it stores is then
// rounded as the contract says, on every backend and however many threads.
func TestArchStates(t *testing.T) {
	for _, a := range optim.Algorithms() {
		for _, setting := range a.Settings {
			for _, s := range narrow {
				for k, b := range bitstep.Backends() {
					e := bitstep.On[float32](b).Threads([]int{5, 2, 1}[k%3])
					name := fmt.Sprintf("%s/%v/%v", setting.Name, s, b)
					t.Run(name, func(t *testing.T) { testStates(t, setting, s, e) })
				}
			}
		}
	}
}

func testStates(t *testing.T, setting optim.Setting, s optim.Storage, e bitstep.Engine[float32]) {
	opts := setting.Options
	opts.States, opts.Seed = s, 0x123456789abcdef0
	r := edge.Rand(3)
	random := func(i, j int) float32 { return float32(2*r.Float64() - 1) }
	start := tensors(random)
	opt, err := optim.NewGroups(opts, optim.Group[float32]{Config: setting.Config, Params: clone(start)})
	plain := must(optim.NewGroups(setting.Options, optim.Group[float32]{Config: setting.Config, Params: clone(start)}))
	if err != nil {
		if want := fmt.Sprintf(": States = %v, want Full: ", s); !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
		t.Skip(err)
	}
	opt.SetEngine(e)
	plain.SetEngine(bitstep.On[float32](bitstep.Go))
	moments := optim.Moments(opt)
	for step := range uint64(4) {
		for _, m := range moments {
			for i, x := range plain.State(m.Name) {
				copy(x, read(m.Stored[i], m.NonNegative))
			}
		}
		g := tensors(random)
		if step == 2 && !opts.SkipNonFinite {
			g[0][5], g[3][64] = 0x1p-149, -0x1p-120
		}
		if !opt.Step(g...) || !plain.Step(g...) {
			t.Fatal("no step was taken")
		}
		if _, ok := setting.Config.(optim.Adan); ok && step == 0 {
			// The gradient before the first is one that was stored.
			for i, x := range plain.Params() {
				copy(x, opt.Params()[i])
			}
			continue
		}
		compare(t, fmt.Sprintf("step %d: x", step), opt.Params(), plain.Params())
		j := 0 // numbers the operands that round stochastically
		for _, m := range moments {
			if _, ok := setting.Config.(optim.Sophia); ok && m.Name == "h" {
				continue // which a step only reads
			}
			stochastic := s == optim.Block8 || m.NonNegative || slow(setting.Config, m.Name)
			for i, x := range plain.State(m.Name) {
				var random func(int) uint32
				if stochastic {
					random = func(at int) uint32 { return bits(opts.Seed, step+1, uint64(i), uint64(at), j) }
				}
				halves, codes, scales := storedAs(x, s, m.NonNegative, random)
				if !sameStored(m.Stored[i], halves, codes, scales) {
					t.Errorf("step %d: state %s of parameter %d is stored as %v, want %v %v %v", step, m.Name, i,
						m.Stored[i], halves, codes, scales)
				}
			}
			if stochastic {
				j++
			}
		}
	}
}

// slow reports whether a state is marked so in the table of kernels.
func slow(c optim.Config, state string) bool {
	switch c.(type) {
	case optim.Adan, optim.Lion, optim.Signum, optim.RMSProp:
		return state == "m"
	case optim.MomentumVelocity, optim.LARS:
		return state == "v"
	case optim.AdEMAMix:
		return state == "l"
	}
	return false
}

// These have them, and parameters of float64 and unknown storage are errors.
func TestStatesOf(t *testing.T) {
	for _, c := range []optim.Config{optim.SGD{LR: 1}, optim.Momentum{LR: 1},
		optim.RMSProp{LR: 1, Centered: true, Rho: .9},
		optim.AdaGrad{LR: 1, InitialAccumulator: 0.3}, optim.Adam{AMSGrad: true}, optim.LAMB{}, optim.LARS{LR: 1},
		optim.Lion{}, optim.Adan{}, optim.AdEMAMix{}, optim.Sophia{LR: 1}, optim.Lookahead{Config: optim.Adam{}}} {
		for _, s := range narrow {
			opts := optim.Options{States: s}
			if _, err := optim.NewGroups(opts, optim.Group[float32]{Config: c, Params: [][]float32{{1}}}); err != nil {
				t.Error(err)
			}
			_, err := optim.NewGroups(opts, optim.Group[float64]{Config: c, Params: [][]float64{{1}}})
			want := fmt.Sprintf("optim: Options: States = %v with parameters of float64, want float32", s)
			if err == nil || err.Error() != want {
				t.Errorf("error %v, want %s", err, want)
			}
		}
	}
	one := optim.Group[float32]{Config: optim.Adam{}, Params: [][]float32{{1}}}
	_, err := optim.NewGroups(optim.Options{States: 3}, one)
	const want = "optim: Options: States = Storage(3), want one of [Full BF16 Block8]"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestParseStorage(t *testing.T) {
	for _, s := range optim.Storages() {
		for _, name := range []string{s.String(), strings.ToLower(s.String())} {
			if got, err := optim.ParseStorage(name); got != s || err != nil {
				t.Errorf("%q is read as %v, %v", name, got, err)
			}
		}
	}
	_, err := optim.ParseStorage("fp8")
	if want := `optim: storage "fp8", want one of [Full BF16 Block8]`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// What states start at is rounded to nearest, and Reset brings it back.
func TestStatesStart(t *testing.T) {
	for _, s := range narrow {
		x, g := make([]float32, 70), slices.Repeat([]float32{3}, 70)
		opt := must(optim.NewGroups(optim.Options{States: s}, optim.Group[float32]{
			Config: optim.AdaGrad{LR: 1, InitialAccumulator: 0.3}, Params: [][]float32{x}}))
		m := optim.Moments(opt)[0]
		halves, codes, scales := storedAs(slices.Repeat([]float32{0.3}, 70), s, true, nil)
		for _, when := range []string{"at first", "after Reset"} {
			if !sameStored(m.Stored[0], halves, codes, scales) {
				t.Errorf("%v, %s: %v, want %v %v %v", s, when, m.Stored[0], halves, codes, scales)
			}
			opt.Step(g)
			if sameStored(m.Stored[0], halves, codes, scales) {
				t.Errorf("%v: a step changes nothing", s)
			}
			opt.Reset()
		}
	}
}

// A run that is resumed from a file goes on to the bit; the file is of other tools' types, and fits no other storage
// or seed.
func TestStatesResume(t *testing.T) {
	for _, s := range narrow {
		made := func(s optim.Storage, seed uint64) *optim.Optimizer[float32] {
			r := edge.Rand(8)
			return must(optim.NewGroups(optim.Options{States: s, Seed: seed}, optim.Group[float32]{
				Config: optim.Adam{AMSGrad: true}, Params: tensors(func(i, j int) float32 { return r.Float32() }),
				Shapes: [][]int{{67}, {0}, {1}, {3, 43}}}))
		}
		steps := func(o *optim.Optimizer[float32], from, to int) {
			for k := from; k < to; k++ {
				r := edge.Rand(uint64(k))
				o.Step(tensors(func(i, j int) float32 { return r.Float32() - .5 })...)
			}
		}
		file := func(o *optim.Optimizer[float32]) (*checkpoint.File, []byte) {
			c := checkpoint.New()
			o.Snapshot(c, "")
			var b bytes.Buffer
			if err := c.Encode(&b); err != nil {
				t.Fatal(err)
			}
			return must(checkpoint.Decode(bytes.NewReader(b.Bytes()), int64(b.Len()))), b.Bytes()
		}
		whole, part, other := made(s, 5), made(s, 5), made(s, 5)
		steps(whole, 0, 6)
		steps(part, 0, 3)
		c, _ := file(part)
		if err := other.Restore(c, ""); err != nil {
			t.Fatal(err)
		}
		steps(other, 3, 6)
		_, got := file(other)
		if _, want := file(whole); !bytes.Equal(got, want) {
			t.Errorf("%v: a run that was resumed is another", s)
		}
		types := map[string]string{"state.m.3": "BF16", "state.m.scales.3": ""}
		if s == optim.Block8 {
			types = map[string]string{"state.m.3": "U8", "state.m.scales.3": "U8"}
		}
		for name, want := range types {
			if tensor, _ := c.Tensor(name); tensor.DType != want {
				t.Errorf("%v: tensor %s is of type %q, want %q", s, name, tensor.DType, want)
			}
		}
		if tensor, _ := c.Tensor("state.v.3"); !slices.Equal(tensor.Shape, []int{3, 43}) {
			t.Errorf("%v: state.v.3 has the shape %v", s, tensor.Shape)
		}
		for _, o := range []*optim.Optimizer[float32]{made(optim.Full, 5), made(narrow[0]+narrow[1]-s, 5), made(s, 6)} {
			_, before := file(o)
			err := o.Restore(c, "")
			if err == nil || !strings.Contains(err.Error(), `"States"`) && !strings.Contains(err.Error(), `"Seed"`) {
				t.Errorf("%v: error %v", s, err)
			}
			if _, after := file(o); !bytes.Equal(before, after) {
				t.Errorf("%v: an error of Restore has changed something", s)
			}
		}
		plain, _ := file(made(optim.Full, 0))
		if err := made(s, 5).Restore(plain, ""); err == nil {
			t.Errorf("%v: a file of Full states was restored", s)
		}
	}
}

// States are seen by their type.
func TestStatesSeen(t *testing.T) {
	x, g := []float32{1}, []float32{0.3}
	opt := must(optim.NewGroups(optim.Options{States: optim.BF16}, optim.Group[float32]{Config: optim.Adam{Beta1: 0.5},
		Params: [][]float32{x}}))
	opt.Step(g)
	if got := optim.StateOf[kernels.BFloat16](opt, "m"); len(got) != 1 || got[0][0] != kernels.NearestBFloat16(0.15) {
		t.Errorf("m = %v, want that of 0.15", got)
	}
	if opt.State("m") != nil {
		t.Error("a state of bfloat16 is seen as one of float32")
	}
}

// Hessians are rounded by random bits, with which the mean of many is theirs.
func TestStatesHessian(t *testing.T) {
	for _, s := range narrow {
		x := make([]float32, 2000)
		opt := must(optim.NewGroups(optim.Options{States: s}, optim.Group[float32]{
			Config: optim.Sophia{LR: 1, Beta2: 0.999}, Params: [][]float32{x}}))
		estimate, g := slices.Repeat([]float32{1}, len(x)), make([]float32, len(x))
		want := 0.0
		for range 100 {
			if err := optim.UpdateHessian(opt, estimate); err != nil {
				t.Fatal(err)
			}
			want += (1 - want) * (1 - 0.999)
			opt.Step(g)
		}
		mean := 0.0
		for _, h := range read(optim.Moments(opt)[1].Stored[0], false) {
			mean += float64(h) / float64(len(x))
		}
		// The last digit is 2^-7 or 2^-3 of a number below .1; each of 100 roundings deviates, in the root of the mean
		// square, by half of it or less.
		if bound := 6 * 0.1 * 10 / math.Sqrt(float64(len(x))) * map[optim.Storage]float64{optim.BF16: 0x1p-8,
			optim.Block8: 0x1p-4}[s]; math.Abs(mean-want) > bound {
			t.Errorf("%v: the mean is %v, want %v within %v", s, mean, want, bound)
		}
	}
}

// The point that Nesterov's gradient is taken at is made of what is stored.
func TestStatesLookAhead(t *testing.T) {
	for _, s := range narrow {
		x, g := make([]float32, 70001), make([]float32, 70001)
		for i := range x {
			x[i], g[i] = float32(i%97), float32(i%89-44)/16+0.3
		}
		opt := must(optim.NewGroups(optim.Options{States: s}, optim.Group[float32]{
			Config: optim.MomentumVelocity{LR: 1, Rho: 0.5}, Params: [][]float32{x}}))
		opt.Step(g)
		dst := make([]float32, len(x))
		opt.LookAhead(dst)
		for i, v := range read(optim.Moments(opt)[0].Stored[0], false) {
			if want := x[i] + float32(0.5*v); dst[i] != want || v == 0 {
				t.Fatalf("%v: element %d is %v, want %v", s, i, dst[i], want)
			}
		}
	}
}

// What is widened in pieces is as if it were in one: the first gradient of Adan, the Hessian of Sophia.
func TestStatesPieces(t *testing.T) {
	g := make([]float32, 70001)
	for i := range g {
		g[i] = float32(i%89-44)/16 + 0.3
	}
	for _, s := range narrow {
		x := make([]float32, len(g))
		opt := must(optim.NewGroups(optim.Options{States: s, Seed: 7}, optim.Group[float32]{
			Config: optim.Sophia{LR: 1, Beta2: optim.Zero}, Params: [][]float32{{1}, x}}))
		if err := optim.UpdateHessian(opt, []float32{1}, g); err != nil {
			t.Fatal(err)
		}
		random := func(at int) uint32 { return bits(7, 0, 1<<63+1, uint64(at), 0) }
		halves, codes, scales := storedAs(g, s, false, random)
		if !sameStored(optim.Moments(opt)[1].Stored[1], halves, codes, scales) {
			t.Errorf("%v: the Hessian is another", s)
		}
	}
	// All in bfloat16 but m rounds to nearest, so that it does not matter which parameter an element is of.
	differences := func(x ...[]float32) (all []kernels.BFloat16) {
		opt := must(optim.NewGroups(optim.Options{States: optim.BF16}, optim.Group[float32]{
			Config: optim.Adan{LR: 1, WeightDecay: 1}, Params: clone(x)}))
		opt.Step(clone(x)...)
		for _, v := range optim.StateOf[kernels.BFloat16](opt, "v") {
			all = append(all, v...)
		}
		return all
	}
	var parts [][]float32
	for part := range slices.Chunk(g, 1000) {
		parts = append(parts, part)
	}
	if !slices.Equal(differences(g), differences(parts...)) {
		t.Error("differences of gradients are others")
	}
}

// An optimizer with narrow states takes less memory, whatever else its algorithm needs.
func TestStatesMemory(t *testing.T) {
	x := make([]float32, 1<<20)
	for _, c := range []optim.Config{optim.MomentumVelocity{LR: 1}, optim.Adan{}, optim.Sophia{LR: 1}} {
		var taken [3]uint64
		for _, s := range optim.Storages() {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			must(optim.NewGroups(optim.Options{States: s}, optim.Group[float32]{Config: c, Params: [][]float32{x}}))
			runtime.ReadMemStats(&after)
			taken[s] = after.TotalAlloc - before.TotalAlloc
		}
		if full := taken[optim.Full]; taken[optim.BF16] > full*6/10 || taken[optim.Block8] > full*4/10 {
			t.Errorf("%T: optimizers take %d bytes", c, taken)
		}
	}
}

// A step with narrow states allocates nothing.
func TestStatesAllocations(t *testing.T) {
	for _, s := range narrow {
		for _, c := range []optim.Config{optim.Adam{}, optim.LAMB{}, optim.LARS{LR: 1}} {
			x, g := make([]float32, 500), make([]float32, 500)
			opt := must(optim.NewGroups(optim.Options{States: s},
				optim.Group[float32]{Config: c, Params: [][]float32{x}}))
			got := 1.0
			for try := 0; try < 5 && got != 0; try++ {
				got = testing.AllocsPerRun(5, func() { opt.Step(g) })
			}
			if got != 0 && !raceEnabled {
				t.Errorf("%T, %v: a step allocates %v times", c, s, got)
			}
		}
	}
}

// Each parameter of an optimizer has random bits of its own, in whichever group it is.
func TestStatesStreams(t *testing.T) {
	x, g := [2][]float32{make([]float32, 64), make([]float32, 64)}, slices.Repeat([]float32{.3}, 64)
	opt := must(optim.NewGroups(optim.Options{States: optim.BF16}, optim.Group[float32]{Config: optim.Adam{},
		Params: x[:1]}, optim.Group[float32]{Config: optim.Adam{}, Params: x[1:]}))
	opt.Step(g, g)
	one, rest := float32(0.3), 1-0.999
	square := float32(float32(float32(rest)*one) * one)
	for i, v := range optim.StateOf[kernels.BFloat16](opt, "v") {
		random := func(at int) uint32 { return bits(0, 1, uint64(i), uint64(at), 0) }
		want, _, _ := storedAs(slices.Repeat([]float32{square}, 64), optim.BF16, true, random)
		if !slices.Equal(v, want) {
			t.Errorf("v of parameter %d is %v, want %v", i, v, want)
		}
	}
}

// A borrower's step takes a state that is not its own, or of the other kind.
type borrower struct {
	LR, WeightDecay float64
	moment          func(*optim.Setup[float32]) *optim.Moment[float32]
}

func (b borrower) Spec() *optim.Spec {
	s := optim.NewSpec("borrower", &b.LR, 1, &b.WeightDecay, false)
	return optim.Bind(s, &b, func(s *optim.Setup[float32], b *borrower) func(*optim.Update[float32]) {
		m := b.moment(s)
		return func(u *optim.Update[float32]) { u.Momentum(m, bitstep.MomentumCoef[float32]{}) }
	}, func(*optim.Setup[float64], *borrower) func(*optim.Update[float64]) { return nil })
}

func TestMomentMistakes(t *testing.T) {
	var other *optim.Moment[float32]
	for _, c := range []struct {
		want   string
		moment func(s *optim.Setup[float32]) *optim.Moment[float32]
	}{
		{"", func(s *optim.Setup[float32]) *optim.Moment[float32] {
			other = s.Moment("v", 0)
			return other
		}},
		{"optim: borrower: a Moment whose elements are never negative: true, want false",
			func(s *optim.Setup[float32]) *optim.Moment[float32] { return s.NonNegative("v", 0) }},
		{"optim: a step has the Moment of another group",
			func(*optim.Setup[float32]) *optim.Moment[float32] { return other }},
	} {
		opt := must(optim.New(borrower{moment: c.moment}, []float32{1}))
		if got := panics(func() { opt.Step([]float32{1}) }); got != c.want {
			t.Errorf("panic %q, want %q", got, c.want)
		}
	}
}

// shown is an algorithm that stores to what it is shown of parameters and gradients.
type shown struct {
	LR, WeightDecay float64
	kept            **optim.Update[float32]
}

func (c shown) Spec() *optim.Spec {
	s := optim.NewSpec("shown", &c.LR, 1, &c.WeightDecay, false)
	return optim.Bind(s, &c, func(s *optim.Setup[float32], c *shown) func(*optim.Update[float32]) {
		v := s.Moment("v", 0)
		return func(u *optim.Update[float32]) {
			*c.kept = u
			u.X[0], u.G[0] = []float32{9}, []float32{9, 9, 9}
			u.X, u.G = append(u.X, nil), append(u.G, nil)
			u.Momentum(v, bitstep.NewMomentum[float32](bitstep.MomentumHyper{LR: u.LR}))
		}
	}, func(*optim.Setup[float64], *shown) func(*optim.Update[float64]) { return nil })
}

// The methods of an Update take the group's parameters and gradients, which were looked at, whatever an algorithm has
// done to the slices that it is shown; and nothing once the step is over.
func TestUpdateIsItsOwn(t *testing.T) {
	for _, s := range optim.Storages() {
		var kept *optim.Update[float32]
		x, g := [][]float32{{1, 2, 3}, {4, 5}}, [][]float32{{1, 1, 1}, {2, 2}}
		opt := must(optim.NewGroups(optim.Options{States: s},
			optim.Group[float32]{Config: shown{kept: &kept}, Params: x[:1]},
			optim.Group[float32]{Config: shown{kept: &kept}, Params: x[1:]}))
		opt.Step(g...)
		want := [][]float32{{0, 1, 2}, {2, 3}}
		compare(t, fmt.Sprintf("%v: x", s), x, want)
		kept.SGD(bitstep.NewSGD[float32](bitstep.SGDHyper{LR: 1}))
		compare(t, fmt.Sprintf("%v: x after the step", s), x, want)
		compare(t, fmt.Sprintf("%v: parameters", s), opt.Params(), want)
	}
}

// An optimizer keeps no gradient alive.
func TestGradientsAreLetGo(t *testing.T) {
	for _, s := range optim.Storages() {
		x := make([]float32, 1000)
		opt := must(optim.NewGroups(optim.Options{States: s},
			optim.Group[float32]{Config: optim.Adam{}, Params: [][]float32{x}}))
		step := func() weak.Pointer[float32] {
			g := make([]float32, len(x))
			opt.Step(g)
			return weak.Make(&g[0])
		}
		g := step()
		for range 3 {
			runtime.GC()
		}
		if g.Value() != nil {
			t.Errorf("%v: a gradient is alive after its step", s)
		}
		runtime.KeepAlive(opt)
	}
}

// Factors of the first step are checked as those of others are.
func TestFirstFactor(t *testing.T) {
	const want = "optim: first: scale*factor = 1e+39, which is +Inf in float32, want a number in its range, where " +
		"factor = 1e+39 is the algorithm's on gradients"
	if _, err := optim.New(first{}, []float32{1}); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

type first struct{ LR, WeightDecay float64 }

func (c first) Spec() *optim.Spec {
	s := optim.NewSpec("first", &c.LR, 1, &c.WeightDecay, false)
	s.FirstGradientFactor(1e39)
	return optim.Bind(s, &c, func(*optim.Setup[float32], *first) func(*optim.Update[float32]) { return nil },
		func(*optim.Setup[float64], *first) func(*optim.Update[float64]) { return nil })
}
