package gorgoniasolver_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	gorgoniasolver "github.com/bitstep-go/bitstep/adapters/gorgonia"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/schedule"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// node returns a learnable node over x and its gradient's memory, or a scalar one if there is no shape.
func node[T bitstep.Float](name string, x []T, shape ...int) (n *gorgonia.Node, grad []T) {
	g := gorgonia.NewGraph()
	if len(shape) == 0 {
		n := gorgonia.NewScalar(g, dtype[T](), gorgonia.WithName(name), gorgonia.WithValue(x[0]),
			gorgonia.WithGrad(x[0]))
		d, _ := n.Grad()
		return n, scalar[T](d)
	}
	grad = make([]T, len(x))
	return gorgonia.NewTensor(g, dtype[T](), len(shape), gorgonia.WithName(name), gorgonia.WithShape(shape...),
		gorgonia.WithValue(tensor.New(tensor.WithShape(shape...), tensor.WithBacking(x))),
		gorgonia.WithGrad(tensor.New(tensor.WithShape(shape...), tensor.WithBacking(grad)))), grad
}

func dtype[T bitstep.Float]() tensor.Dtype {
	if unsafe.Sizeof(*new(T)) == 4 {
		return tensor.Float32
	}
	return tensor.Float64
}

// scalar returns the memory of a scalar.
func scalar[T bitstep.Float](v gorgonia.Value) []T {
	switch v := v.(type) {
	case *gorgonia.F32:
		return unsafe.Slice((*T)(unsafe.Pointer(v)), 1)
	case *gorgonia.F64:
		return unsafe.Slice((*T)(unsafe.Pointer(v)), 1)
	}
	panic(fmt.Sprintf("%T", v))
}

func values(nodes ...*gorgonia.Node) []gorgonia.ValueGrad { return gorgonia.NodesToValueGrads(nodes) }

func fill[T bitstep.Float](r *rand.Rand, slices ...[]T) {
	for _, s := range slices {
		for i := range s {
			s[i] = T(r.Float64()*2 - 1)
		}
	}
}

func same[T bitstep.Float](a, b []T) bool {
	bits := func(v T) uint64 { return math.Float64bits(float64(v)) }
	return slices.EqualFunc(a, b, func(a, b T) bool { return bits(a) == bits(b) })
}

// Every optimizer of package optim, as a solver of nodes, leaves the bits that it leaves in plain slices.
func TestStepsAreOptims(t *testing.T) {
	t.Run("float32", testStepsAreOptims[float32])
	t.Run("float64", testStepsAreOptims[float64])
}

func testStepsAreOptims[T bitstep.Float](t *testing.T) {
	for _, a := range optim.Algorithms() {
		for _, s := range a.Settings {
			r := rand.New(rand.NewPCG(1, 2))
			shapes := [][]int{{3, 5}, {7}, {}, {2, 3, 4, 5}, {71, 93}, {1}, {}}
			var nodes gorgonia.Nodes
			var params, want, grads [][]T
			for i, shape := range shapes {
				x := make([]T, tensor.Shape(shape).TotalSize())
				fill(r, x)
				want = append(want, slices.Clone(x))
				n, grad := node(fmt.Sprint("w", i), x, shape...)
				if len(shape) == 0 {
					x = scalar[T](n.Value())
				}
				nodes, params, grads = append(nodes, n), append(params, x), append(grads, grad)
			}
			opt, err := optim.NewGroups(s.Options, optim.Group[T]{Config: s.Config, Params: want, Shapes: shapes})
			if err != nil {
				t.Fatal(err)
			}
			if err := opt.SetGradScale(1 / 3.0); err != nil {
				t.Fatal(err)
			}
			decay, err := schedule.MultiStep(0.1, 2, 4)
			if err != nil {
				t.Fatal(err)
			}
			opt.SetSchedule(decay)
			solver := gorgoniasolver.New(s.Config, gorgoniasolver.Options{Options: s.Options, BatchSize: 3,
				Schedule: decay})
			for step := range 7 {
				fill(r, grads...)
				opt.Step(grads...)
				if err := solver.Step(values(nodes...)); err != nil {
					t.Fatal(err)
				}
				for i := range params {
					if !same(params[i], want[i]) {
						t.Fatalf("%s, step %d: parameter %d has other bits", s.Name, step, i)
					}
					if slices.ContainsFunc(grads[i], func(g T) bool { return g != 0 }) {
						t.Fatalf("%s, step %d: gradient %d is not zero", s.Name, step, i)
					}
				}
			}
		}
	}
}

// Once it knows its nodes, a step allocates nothing.
func TestAllocatesNothing(t *testing.T) {
	w, _ := node("w", make([]float32, 6), 2, 3)
	b, _ := node("b", []float64{1})
	for _, model := range [][]gorgonia.ValueGrad{values(w), values(b)} {
		solver := gorgoniasolver.New(optim.Adam{}, gorgoniasolver.Options{})
		if n := testing.AllocsPerRun(100, func() {
			if err := solver.Step(model); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

// A solver keeps the states of a node whose value is replaced, and apart those of lists that share no node.
func TestStatesAreOfNodes(t *testing.T) {
	config, solver := optim.Momentum{LR: 1, Rho: 0.5}, gorgoniasolver.New(optim.Momentum{LR: 1, Rho: 0.5},
		gorgoniasolver.Options{})
	x, y := []float64{1, 2}, []float64{1, 2}
	a, gradA := node("a", x, 2)
	b, gradB := node("b", y, 2)
	plain := []float64{1, 2}
	opt, err := optim.New(config, plain)
	if err != nil {
		t.Fatal(err)
	}
	for step := range 4 {
		gradA[0], gradA[1], gradB[0], gradB[1] = 1, -1, 1, -1
		opt.Step(gradA)
		left := x
		x = slices.Clone(x)
		if err := gorgonia.Let(a, tensor.New(tensor.WithShape(2), tensor.WithBacking(x))); err != nil {
			t.Fatal(err)
		}
		old := slices.Clone(left)
		for _, model := range [][]gorgonia.ValueGrad{values(a), values(b)} {
			if err := solver.Step(model); err != nil {
				t.Fatal(err)
			}
		}
		if !same(x, plain) || !same(y, plain) || !same(left, old) {
			t.Fatalf("step %d: %v and %v, want %v; and %v, which was left as %v", step, x, y, plain, left, old)
		}
	}
	if got, err := gorgoniasolver.Optimizer[float64](solver, values(b)); err != nil || got.Steps() != 4 {
		t.Errorf("Optimizer: %v, %v", got, err)
	}
}

// pair is a parameter that is no node.
type pair struct{ value, grad gorgonia.Value }

func (p pair) Value() gorgonia.Value         { return p.value }
func (p pair) Grad() (gorgonia.Value, error) { return p.grad, nil }

// Parameters that are no nodes are known by their values.
func TestNoNodes(t *testing.T) {
	x, g := tensor.New(tensor.WithBacking([]float64{1})), tensor.New(tensor.WithBacking([]float64{1}))
	solver := gorgoniasolver.New(optim.Momentum{LR: 1, Rho: 0.5}, gorgoniasolver.Options{})
	for range 2 {
		g.Float64s()[0] = 1
		if err := solver.Step([]gorgonia.ValueGrad{pair{x, g}}); err != nil {
			t.Fatal(err)
		}
	}
	if x.Float64s()[0] != 1-1-1.5 {
		t.Errorf("%v, want -1.5", x)
	}
}

// Gradients of a step that is skipped are zero, and nothing else has changed.
func TestSkippedStep(t *testing.T) {
	x := []float32{1, 2}
	n, grad := node("w", x, 2)
	solver := gorgoniasolver.New(optim.SGD{LR: 1}, gorgoniasolver.Options{Options: optim.Options{SkipNonFinite: true}})
	grad[0], grad[1] = float32(math.Inf(1)), 1
	if err := solver.Step(values(n)); err != nil || !same(x, []float32{1, 2}) || !same(grad, []float32{0, 0}) {
		t.Errorf("%v: %v, gradient %v", err, x, grad)
	}
}

// Contiguous views and column-major tensors are stepped where they are.
func TestLayouts(t *testing.T) {
	rows := tensor.New(tensor.WithShape(4, 2), tensor.WithBacking([]float64{1, 1, 1, 1, 1, 1, 1, 1}))
	view, err := rows.Slice(gorgonia.S(1, 3))
	if err != nil {
		t.Fatal(err)
	}
	grad := tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float64{1, 2, 3, 4}))
	column := tensor.New(tensor.WithShape(2, 3), tensor.AsFortran([]float64{1, 2, 3, 4, 5, 6}))
	columnGrad := tensor.New(tensor.WithShape(2, 3), tensor.AsFortran([]float64{1, 1, 1, 1, 1, 1}))
	solver := gorgoniasolver.New(optim.SGD{LR: 1}, gorgoniasolver.Options{})
	model := []gorgonia.ValueGrad{pair{view.(*tensor.Dense), grad}, pair{column, columnGrad}}
	if err := solver.Step(model); err != nil {
		t.Fatal(err)
	}
	if want := []float64{1, 1, 0, -1, -2, -3, 1, 1}; !same(rows.Float64s(), want) {
		t.Errorf("the view's tensor is %v, want %v", rows.Float64s(), want)
	}
	if want := []float64{0, 3, 1, 4, 2, 5}; !same(column.Float64s(), want) {
		t.Errorf("column-major: %v, want %v", column.Float64s(), want)
	}
}

// Mistakes are errors that name the parameter, and change nothing.
func TestErrors(t *testing.T) {
	matrix := func() *tensor.Dense {
		return tensor.New(tensor.WithShape(3, 2), tensor.WithBacking([]float32{1, 2, 3, 4, 5, 6}))
	}
	transposed, columns, fortran := matrix(), matrix(), tensor.New(tensor.WithShape(3, 2),
		tensor.AsFortran([]float32{1, 2, 3, 4, 5, 6}))
	if err := transposed.T(); err != nil {
		t.Fatal(err)
	}
	sliced, err := columns.Slice(nil, gorgonia.S(0, 1))
	if err != nil {
		t.Fatal(err)
	}
	column := sliced.(*tensor.Dense)
	masked := tensor.New(tensor.WithShape(3, 2), tensor.WithBacking([]float32{1, 2, 3, 4, 5, 6},
		make([]bool, 6)))
	double := tensor.New(tensor.WithShape(3, 2), tensor.WithBacking(make([]float64, 6)))
	whole := tensor.New(tensor.WithShape(6), tensor.WithBacking([]int{1, 2, 3, 4, 5, 6}))
	bare := gorgonia.NewMatrix(gorgonia.NewGraph(), tensor.Float32, gorgonia.WithName("bare"), gorgonia.WithShape(3, 2))
	unbound := gorgonia.NewMatrix(gorgonia.NewGraph(), tensor.Float32, gorgonia.WithName("unbound"),
		gorgonia.WithValue(matrix()))
	one := func(v, g gorgonia.Value) []gorgonia.ValueGrad { return []gorgonia.ValueGrad{pair{v, g}} }
	shared := matrix()
	for _, c := range []struct {
		name   string
		values []gorgonia.ValueGrad
		want   string
	}{
		{"no parameters", nil, "gorgoniasolver: optim: no parameters, want at least one slice"},
		{"no value", values(bare), "gorgoniasolver: bare: no value"},
		{"no gradient", values(unbound), "gorgoniasolver: unbound: No Gradient node/value found for *gorgonia.Node"},
		{"nil gradient", one(matrix(), nil), "gradient: no value"},
		{"transposed", one(transposed, matrix()), "shape (2, 3) with strides [1 2], want one without gaps"},
		{"a column", one(column, matrix()), "want one without gaps"},
		{"masked", one(masked, matrix()), "want one without gaps"},
		{"a gradient's column", one(tensor.New(tensor.WithBacking([]float32{1, 2, 3})), column),
			"gradient: a tensor of shape (3) with strides [2], want one without gaps"},
		{"orders", one(matrix(), fortran), "not both row-major or both column-major"},
		{"types", one(matrix(), double), "gradient: elements of type float64, want float32"},
		{"parameters of two types", []gorgonia.ValueGrad{pair{matrix(), matrix()}, pair{double, double}},
			"elements of type float64, want float32"},
		{"integers", one(whole, whole), "elements of type int, want float64"},
		{"an integer", one(gorgonia.NewI(1), gorgonia.NewI(1)), "elements of type int, want float64"},
		{"lengths", one(matrix(), tensor.New(tensor.WithBacking([]float32{1, 2}))),
			"gorgoniasolver: optim: Step: len(gradient 0) = 2, want 6, the length of its parameter"},
		{"twice", []gorgonia.ValueGrad{pair{shared, matrix()}, pair{shared, matrix()}},
			"gorgoniasolver: optim: parameter 0 overlaps parameter 1"},
		{"aliases", one(shared, shared), "gorgoniasolver: optim: Step: gradient 0 overlaps parameter 0"},
	} {
		good := matrix()
		goodGrad := matrix()
		model := append([]gorgonia.ValueGrad{}, c.values...)
		if len(model) == 1 && model[0].Value() != nil && model[0].Value().Dtype() == tensor.Float32 {
			model = append([]gorgonia.ValueGrad{pair{good, goodGrad}}, model...)
			c.want = strings.NewReplacer("gradient 0", "gradient 1", "parameter 0", "parameter 1").Replace(c.want)
		}
		solver := gorgoniasolver.New(optim.Adam{}, gorgoniasolver.Options{})
		if err := solver.Step(model); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
		for _, m := range []*tensor.Dense{good, goodGrad, shared} {
			if !same(m.Float32s(), []float32{1, 2, 3, 4, 5, 6}) {
				t.Errorf("%s: an error has changed values", c.name)
			}
		}
	}
	for _, c := range []struct {
		config optim.Config
		opts   gorgoniasolver.Options
		want   string
	}{
		{optim.Adam{Beta1: 2}, gorgoniasolver.Options{}, "gorgoniasolver: optim: Adam: Beta1 = 2, want in [0, 1)"},
		{nil, gorgoniasolver.Options{}, "gorgoniasolver: optim: no Config"},
		{optim.Adam{}, gorgoniasolver.Options{BatchSize: -1},
			"gorgoniasolver: Options: BatchSize = -1, want in [0, +Inf)"},
		{optim.Adam{}, gorgoniasolver.Options{BatchSize: 1e50},
			"gorgoniasolver: optim: SetGradScale: scale = 9.999999999999999e-51, which is 0"},
	} {
		if err := gorgoniasolver.New(c.config, c.opts).Step(one(matrix(), matrix())); err == nil ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// The order of a list is part of it, and no node is in two.
func TestOtherLists(t *testing.T) {
	a, _ := node("a", []float32{1}, 1)
	b, _ := node("b", []float32{1}, 1)
	solver := gorgoniasolver.New(optim.SGD{LR: 1}, gorgoniasolver.Options{})
	if err := solver.Step(values(a, b)); err != nil {
		t.Fatal(err)
	}
	for _, model := range [][]gorgonia.ValueGrad{values(b, a), values(a)} {
		if err := solver.Step(model); err == nil || !strings.Contains(err.Error(), "another list of parameters") {
			t.Error(err)
		}
	}
	if _, err := gorgoniasolver.Optimizer[float64](solver, values(a, b)); err == nil {
		t.Error("an optimizer of another type")
	}
}

// A list whose first step is an error is none: its nodes may be stepped in another.
func TestFailedList(t *testing.T) {
	a, grad := node("a", []float32{1}, 1)
	grad[0] = 1
	bare := gorgonia.NewVector(gorgonia.NewGraph(), tensor.Float32, gorgonia.WithName("bare"), gorgonia.WithShape(1),
		gorgonia.WithInit(gorgonia.Zeroes()))
	solver := gorgoniasolver.New(optim.SGD{LR: 1}, gorgoniasolver.Options{})
	if err := solver.Step(values(a, bare)); err == nil {
		t.Error("a parameter without a gradient is stepped")
	}
	if err := solver.Step(values(a)); err != nil || !same(a.Value().Data().([]float32), []float32{0}) {
		t.Errorf("%v: %v, want 0", err, a.Value())
	}
}
