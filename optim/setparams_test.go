package optim_test

import (
	"slices"
	"testing"

	"github.com/bitstep-go/bitstep/optim"
)

// A run whose parameters move between steps is the run whose parameters stay.
func TestSetParams(t *testing.T) {
	for _, a := range optim.Algorithms() {
		for _, s := range a.Settings {
			stays := [][]float32{{1, -2, 3}, {}, {0.5}}
			moves := [][]float32{{1, -2, 3}, {}, {0.5}}
			grads := [][]float32{{0.5, 4, -1}, {}, {2}}
			want := must(optim.NewGroups(s.Options, optim.Group[float32]{Config: s.Config, Params: stays[:1]},
				optim.Group[float32]{Config: s.Config, Params: stays[1:]}))
			got := must(optim.NewGroups(s.Options, optim.Group[float32]{Config: s.Config, Params: moves[:1]},
				optim.Group[float32]{Config: s.Config, Params: moves[1:]}))
			for range 5 {
				left := moves
				moves = [][]float32{slices.Clone(left[0]), {}, slices.Clone(left[2])}
				if err := got.SetParams(moves...); err != nil {
					t.Fatal(err)
				}
				before := slices.Clone(left[0])
				want.Step(grads...)
				got.Step(grads...)
				if !slices.Equal(left[0], before) {
					t.Fatalf("%s: memory that the parameter has left is written", s.Name)
				}
				if !slices.Equal(moves[0], stays[0]) || !slices.Equal(moves[2], stays[2]) {
					t.Fatalf("%s: %v, want %v, as without moves", s.Name, moves, stays)
				}
			}
		}
	}
}

func TestSetParamsMistakes(t *testing.T) {
	x, grad := []float32{1, 2, 3, 4}, []float32{1, 1}
	opt := must(optim.New(optim.Momentum{LR: 1}, x[:2], x[2:]))
	opt.Step(grad, grad)
	for _, c := range []struct {
		params [][]float32
		want   string
	}{
		{[][]float32{{1, 2}}, "optim: SetParams: 1 parameters, want 2"},
		{[][]float32{{1, 2}, {1}}, "optim: SetParams: len(parameter 1) = 1, want 2"},
		{[][]float32{x[:2], x[1:3]}, "optim: SetParams: parameter 0 overlaps parameter 1"},
		{[][]float32{x[:2], opt.State("v")[1]}, "optim: SetParams: parameter 1 overlaps state v of parameter 1"},
	} {
		err := opt.SetParams(c.params...)
		if err == nil {
			t.Errorf("no error, want %s", c.want)
		} else if other := "optim: SetParams: state v of parameter 1 overlaps parameter 1"; err.Error() != c.want &&
			err.Error() != other {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	if got := opt.Params(); &got[0][0] != &x[0] || &got[1][0] != &x[2] {
		t.Error("an error changes parameters")
	}
	overlaps := func(want string, grads ...[]float32) {
		t.Helper()
		if got := panics(func() { opt.Step(grads...) }); got != want {
			t.Errorf("panic %q, want %q", got, want)
		}
	}
	overlaps("optim: Step: gradient 0 overlaps parameter 0", x[:2], grad)
	if err := opt.SetParams(x[2:], grad); err != nil { // one where the other was
		t.Fatal(err)
	}
	overlaps("optim: Step: gradient 0 overlaps parameter 1", grad, grad) // which were right in the last step
	if opt.Step(x[:2], x[:2]); opt.Steps() != 2 {                        // where no parameter is now
		t.Errorf("Steps() = %d, want 2", opt.Steps())
	}
}
