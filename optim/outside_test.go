package optim_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

// rowwise is an algorithm of somebody else's: over a matrix it keeps a mean square for each row only, counts the
// signs of gradients in bytes, stores the last gradient in 16 bits, and scales the step by the norms of parameter and
// gradient.
type rowwise struct {
	LR, Decay, WeightDecay float64
	Decoupled, Trust       bool
}

func (c rowwise) Spec() *optim.Spec {
	s := optim.NewSpec("rowwise", &c.LR, 0.1, &c.WeightDecay, c.Decoupled)
	s.Value("Decay", &c.Decay, 0.9, 1)
	s.Flag("Trust", c.Trust)
	return optim.Bind(s, &c, stepRowwise[float32], stepRowwise[float64])
}

func stepRowwise[T bitstep.Float](s *optim.Setup[T], c *rowwise) func(*optim.Update[T]) {
	rows := optim.State(s, "rows", T(1), func(shape []int) []int { return shape[:1] })
	signs := optim.State(s, "signs", uint8(0), func(shape []int) []int { return shape })
	halves := optim.State(s, "halves", uint16(7), func(shape []int) []int { return shape })
	count := optim.State(s, "count", uint64(0), func([]int) []int { return []int{} })
	largest := 0
	for _, shape := range s.Shapes() {
		n := 1
		for _, d := range shape {
			n *= d
		}
		largest = max(largest, n)
	}
	s.Scratch(largest)
	if c.Trust {
		s.Norms()
	}
	shapes := s.Shapes()
	return func(u *optim.Update[T]) {
		for i, x := range u.X {
			lr := u.LR
			if c.Trust && u.ParamNorms[i] > 0 && u.GradNorms[i] > 0 {
				lr *= u.ParamNorms[i] / u.GradNorms[i]
			}
			g := u.Scratch[:len(x)]
			u.Prepare(i, g)
			count[i][0]++
			for row, width := 0, len(x)/max(1, shapes[i][0]); row < shapes[i][0]; row++ {
				gr := g[row*width:][:width]
				square := u.Engine.SumSquares(gr)
				rows[i][row] = T(T(c.Decay)*rows[i][row]) + T(T(1-c.Decay)*square)
				u.Engine.Axpy(x[row*width:][:width], gr, T(-lr/(math.Sqrt(float64(rows[i][row]))+1e-3)))
			}
			for j, v := range g {
				if v > 0 {
					signs[i][j]++
				}
				halves[i][j] = uint16(math.Float32bits(float32(v)) >> 16)
			}
		}
	}
}

// An algorithm written outside the package has all that its own have: states of any size and type, saved and resumed;
// groups, clipping, skipping, decay and averages; and no allocation in a step.
func TestOutsideAlgorithm(t *testing.T) {
	t.Run("type=float32", testOutside[float32])
	t.Run("type=float64", testOutside[float64])
}

func testOutside[T bitstep.Float](t *testing.T) {
	type training struct {
		opt  *optim.Optimizer[T]
		ema  *optim.EMA[T]
		w, b []T
	}
	start := func() training {
		w, b := []T{1, -2, 3, -4, 5, -6}, []T{0.5, -0.5}
		opts := optim.Options{ClipNorm: 4, ClipValue: 1.5, SkipNonFinite: true, Maximize: true}
		opt := must(optim.NewGroups(opts,
			optim.Group[T]{Name: "w", Config: rowwise{Trust: true, WeightDecay: 0.1}, Params: [][]T{w},
				Shapes: [][]int{{3, 2}}},
			optim.Group[T]{Name: "b", Config: rowwise{LR: 0.01, WeightDecay: 0.1, Decoupled: true}, Params: [][]T{b}}))
		if err := opt.SetGradScale(-2); err != nil {
			t.Fatal(err)
		}
		opt.SetSchedule(falling{})
		return training{opt, must(optim.NewEMA(optim.EMAConfig{}, w, b)), w, b}
	}
	gw, gb := make([]T, 6), make([]T, 2)
	step := func(r training) {
		copy(gw, r.w)
		copy(gb, r.b)
		if !r.opt.Step(gw, gb) {
			t.Fatal("a step was skipped")
		}
		r.ema.Update()
	}
	save := func(r training) []byte {
		c, file := checkpoint.New(), bytes.Buffer{}
		r.opt.Snapshot(c, "")
		r.ema.Snapshot(c, "ema.")
		if err := c.Encode(&file); err != nil {
			t.Fatal(err)
		}
		return file.Bytes()
	}
	whole, first := start(), start()
	for n := range 20 {
		step(whole)
		if n < 9 {
			step(first)
		}
	}
	if first.opt.Step(append(gw[:5:5], T(math.NaN())), gb) || first.opt.Skipped() != 1 {
		t.Error("a gradient that is not finite was not skipped")
	}
	c := must(checkpoint.Decode(bytes.NewReader(save(first)), -1))
	second := start()
	if err := second.opt.Restore(c, ""); err != nil {
		t.Fatal(err)
	}
	if err := second.ema.Restore(c, "ema."); err != nil {
		t.Fatal(err)
	}
	for second.opt.Steps() < 20 {
		step(second)
	}
	if !slices.Equal(second.w, whole.w) || !slices.Equal(second.b, whole.b) || second.opt.Skipped() != 1 {
		t.Errorf("resumed, it ends at %v %v, want %v %v", second.w, second.b, whole.w, whole.b)
	}
	for i, shape := range [][]int{{3, 2}, {2}} {
		rows, signs := second.opt.State("rows")[i], optim.StateOf[uint8](second.opt, "signs")[i]
		count, halves := optim.StateOf[uint64](second.opt, "count")[i], optim.StateOf[uint16](second.opt, "halves")[i]
		if len(rows) != shape[0] || len(signs) != len(second.opt.Params()[i]) || count[0] != 20 ||
			!slices.Equal(halves, optim.StateOf[uint16](whole.opt, "halves")[i]) {
			t.Errorf("parameter %d has the states %v %v %v %v", i, rows, signs, count, halves)
		}
	}
	if second.opt.State("signs") != nil {
		t.Error("bytes are no state of type T")
	}
	if slices.Equal(whole.w, []T{1, -2, 3, -4, 5, -6}) {
		t.Error("nothing moved")
	}
	if got := testing.AllocsPerRun(5, func() { step(whole) }); got != 0 && !raceEnabled {
		t.Errorf("%v allocations in a step", got)
	}

	second.opt.Reset()
	if optim.StateOf[uint64](second.opt, "count")[0][0] != 0 || optim.StateOf[uint16](second.opt, "halves")[0][0] != 7 {
		t.Error("Reset leaves states")
	}
	other := must(optim.NewGroups(optim.Options{}, optim.Group[T]{Config: rowwise{Decay: 0.5}, Params: [][]T{{1}}}))
	if err := other.Restore(c, ""); err == nil {
		t.Error("another run was restored")
	}
}

// Norms that an algorithm asks for are those of its parameters and of their gradients, scaled and clipped by norm.
func TestNormsAreGiven(t *testing.T) {
	x := []float64{3, 4}
	opt := must(optim.NewGroups(optim.Options{ClipNorm: 5},
		optim.Group[float64]{Config: normed{}, Params: [][]float64{x}}))
	if err := opt.SetGradScale(2); err != nil {
		t.Fatal(err)
	}
	opt.Step([]float64{6, 8}) // scaled, 20: clipped to 5
	if want := []float64{5, 5}; !slices.Equal(x, want) {
		t.Errorf("norms %v, want %v", x, want)
	}
}

type normed struct{}

func (normed) Spec() *optim.Spec {
	lr, wd, c := 1.0, 0.0, normed{}
	return optim.Bind(optim.NewSpec("normed", &lr, 1, &wd, false), &c, stepNormed[float32], stepNormed[float64])
}

func stepNormed[T bitstep.Float](s *optim.Setup[T], _ *normed) func(*optim.Update[T]) {
	s.Norms()
	return func(u *optim.Update[T]) { u.X[0][0], u.X[0][1] = T(u.ParamNorms[0]), T(u.GradNorms[0]) }
}

func TestShapes(t *testing.T) {
	for _, c := range []struct {
		shapes [][]int
		want   string
	}{
		{[][]int{{2, 3}, {}}, ""},
		{[][]int{{6}}, "optim: 1 Shapes, want 2, one for each parameter"},
		{[][]int{{2, 2}, {1}}, "optim: Shapes[0] = [2 2], want the shape of 6 elements"},
		{[][]int{{-2, -3}, {1}}, "optim: Shapes[0] = [-2 -3], want the shape of 6 elements"},
		{[][]int{{6}, {math.MaxInt, math.MaxInt}}, // whose product is 1 in an int
			fmt.Sprintf("optim: Shapes[1] = [%d %[1]d], want the shape of 1 elements", math.MaxInt)},
	} {
		group := optim.Group[float32]{Config: optim.SGD{LR: 1}, Params: [][]float32{make([]float32, 6), {1}},
			Shapes: c.shapes}
		_, err := optim.NewGroups(optim.Options{}, group)
		if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want) {
			t.Errorf("%v: %v, want %s", c.shapes, err, c.want)
		}
	}
}

// mistaken is an algorithm with whatever Spec and states.
type mistaken struct {
	spec          func(*optim.Spec) *optim.Spec
	fields, flags []string
	factor        float64
	names         []string
	shape         []int
}

func (c mistaken) Spec() *optim.Spec {
	lr, wd := 1.0, 0.0
	s := optim.NewSpec("mistaken", &lr, 1, &wd, false)
	if c.spec != nil {
		return c.spec(s)
	}
	for _, name := range c.fields {
		s.Value(name, new(float64), 0, 1)
	}
	for _, name := range c.flags {
		s.Flag(name, true)
	}
	s.GradientFactor(cmp.Or(c.factor, 1))
	return optim.Bind(s, &c, stepMistaken[float32], stepMistaken[float64])
}

func stepMistaken[T bitstep.Float](s *optim.Setup[T], c *mistaken) func(*optim.Update[T]) {
	for _, name := range c.names {
		optim.State(s, name, T(0), func([]int) []int { return c.shape })
	}
	return func(*optim.Update[T]) {}
}

// What is wrong with an algorithm is told when an optimizer is made, not when it is saved.
func TestMistakenAlgorithms(t *testing.T) {
	for _, c := range []struct {
		config mistaken
		want   string
	}{
		{mistaken{spec: func(*optim.Spec) *optim.Spec { return nil }},
			"optim: optim_test.mistaken: its Spec has no step, want what Bind returns"},
		{mistaken{spec: func(s *optim.Spec) *optim.Spec { return s }},
			"optim: optim_test.mistaken: its Spec has no step, want what Bind returns"},
		{mistaken{spec: func(s *optim.Spec) *optim.Spec {
			return optim.Bind(s, &mistaken{}, nil, stepMistaken[float64])
		}},
			"optim: mistaken: Bind: a function is nil, want one for each element type"},
		{mistaken{spec: func(*optim.Spec) *optim.Spec {
			lr, wd := 1.0, 0.0
			return optim.Bind(optim.NewSpec("\xff", &lr, 1, &wd, false), &mistaken{}, stepMistaken[float32],
				stepMistaken[float64])
		}},
			`optim: the algorithm's name "\xff" is not UTF-8`},
		{mistaken{fields: []string{"A\xff"}}, `optim: mistaken: field "A\xff": the name is not UTF-8`},
		{mistaken{fields: []string{"algorithm"}}, `optim: mistaken: field "algorithm": want a capital letter first`},
		{mistaken{fields: []string{"A", "B", "A"}}, `optim: mistaken: field "A": there are two of that name`},
		{mistaken{fields: []string{"Decoupled"}}, `optim: mistaken: field "Decoupled": there are two of that name`},
		{mistaken{flags: []string{"LR"}}, `optim: mistaken: field "LR": there are two of that name`},
		{mistaken{factor: 1e-46}, "optim: mistaken: scale*factor = 1e-46, which is 0 in float32, want a number in " +
			"its range, where factor = 1e-46 is the algorithm's on gradients"},
		{mistaken{names: []string{"a", "a"}}, `optim: mistaken: state "a": the algorithm has two of that name`},
		{mistaken{names: []string{"\xff"}}, `optim: mistaken: state "\xff": the name is not UTF-8`},
		{mistaken{names: []string{"a"}, shape: []int{-1}},
			`optim: mistaken: state "a": shape [-1], want dimensions from 0 up and a product below 1<<64`},
		{mistaken{names: []string{"a"}}, ""}, // a single element
	} {
		got := func() (got any) {
			defer func() {
				if r := recover(); r != nil {
					got = r
				}
			}()
			opt, err := optim.New(c.config, []float32{1})
			if err != nil {
				return err.Error()
			}
			f := checkpoint.New()
			opt.Snapshot(f, "")
			if state, _ := f.Tensor("state.a.0"); len(state.Shape) != 0 || len(state.Data) != 4 {
				t.Errorf("no shape is saved as %v", state)
			}
			return ""
		}()
		if got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
