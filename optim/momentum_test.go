package optim_test

import (
	"math"
	"testing"

	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

// A factor on momentum is in the steps of every algorithm that has one, and nowhere else.
func TestSetMomentum(t *testing.T) {
	factor := schedule.Func(func(step uint64) float64 { return 1 - float64(0.1*float64(step)) })
	for _, c := range every() {
		x, y := []float64{1, -2}, []float64{1, -2}
		with, without := must(optim.New(c, x)), must(optim.New(c, y))
		with.SetMomentum(factor)
		for step := range 4 {
			g := []float64{0.5 + float64(step), []float64{1, 1, 1, -0.1}[step]} // the last is a sign to Lion
			with.Step(g)
			without.Step(g)
		}
		if got := with.Config(0); got != without.Config(0) {
			t.Errorf("%+v became %+v", without.Config(0), got)
		}
		changes := x[0] != y[0] || x[1] != y[1]
		for _, state := range []string{"m", "v", "b"} { // of signs, steps may be the same
			a, b := with.State(state), without.State(state)
			changes = changes || a != nil && a[0][0] != b[0][0]
		}
		if changes != hasMomentum(c) {
			t.Errorf("%+v: a factor on momentum changes steps: %v", c, changes)
		}
	}
	x, v := []float32{1}, float32(0)
	opt := must(optim.New(optim.Momentum{LR: 0.5, Rho: 0.75}, x))
	opt.SetMomentum(factor)
	for step := range uint64(5) {
		rho := 0.75 * (1 - float64(0.1*float64(step)))
		v = float32(float32(rho)*v) + 1
		want := x[0] - float32(0.5*v)
		if opt.Step([]float32{1}); x[0] != want {
			t.Errorf("step %d: %v, want %v", step, x[0], want)
		}
	}
	for _, bad := range []struct {
		factor float64
		want   string
	}{
		{-1, "optim: Step: momentum: the schedule's factor at step 5 is -1, want in [0, +Inf)"},
		{4.0 / 3, "optim: Step: the momentum of group 0 at step 5 is 0.75 times the schedule's factor " +
			"1.3333333333333333, want below 1"},
	} {
		opt.SetMomentum(constant(bad.factor))
		if taken, err := opt.TryStep([]float32{1}); taken || err == nil || err.Error() != bad.want {
			t.Errorf("error %v, want %s", err, bad.want)
		}
	}
}

// hasMomentum reports whether a schedule of momentum is about c.
func hasMomentum(c optim.Config) bool {
	switch c := c.(type) {
	case optim.SGD, optim.AdaGrad, optim.Adadelta, optim.ASGD, optim.Rprop, optim.Adafactor:
		return false
	case optim.NAdam: // has a schedule of its own
		return false
	case optim.ScheduleFreeSGD, optim.ScheduleFreeAdam: // Beta is no memory
		return false
	case optim.Muon: // of matrices
		return false
	case optim.RMSProp:
		return c.Rho != 0
	case optim.MADGRAD:
		return c.Rho != optim.Zero
	case optim.Lookahead:
		return hasMomentum(c.Config)
	}
	return true
}

// Of matrices Muon's momentum has the factor.
func TestSetMomentumOfMuon(t *testing.T) {
	x, g := make([]float64, 4), []float64{1, 2, 3, 4}
	opt := must(optim.NewGroups(optim.Options{}, optim.Group[float64]{Config: optim.Muon{Rho: 0.5},
		Params: [][]float64{x}, Shapes: [][]int{{2, 2}}}))
	opt.SetMomentum(constant(0.5))
	opt.Step(g)
	if m := opt.State("m")[0][3]; m != 0.75*4 {
		t.Errorf("m = %v, want %v", m, 0.75*4)
	}
}

// Where to take the gradient depends on the momentum of the step that follows.
func TestLookAheadWithMomentum(t *testing.T) {
	x, at := []float64{1}, []float64{0}
	opt := must(optim.New(optim.MomentumVelocity{LR: 1, Rho: 0.5}, x))
	opt.Step([]float64{0.25}) // v = -0.25
	opt.SetMomentum(constant(0.5))
	if opt.LookAhead(at); at[0] != 0.75-0.25*0.25 {
		t.Errorf("the point is %v, want %v", at[0], 0.75-0.25*0.25)
	}
}

// A group's own schedule is in place of the common one.
func TestSetGroupSchedule(t *testing.T) {
	x, y := []float64{0}, []float64{0}
	opt := must(optim.NewGroups(optim.Options{},
		optim.Group[float64]{Config: optim.SGD{LR: 1}, Params: [][]float64{x}},
		optim.Group[float64]{Config: optim.SGD{LR: 1}, Params: [][]float64{y}}))
	opt.SetSchedule(constant(0.5))
	if err := opt.SetGroupSchedule(1, constant(0.25)); err != nil {
		t.Fatal(err)
	}
	opt.Step([]float64{1}, []float64{1})
	if x[0] != -0.5 || y[0] != -0.25 {
		t.Errorf("steps of %v and %v, want -0.5 and -0.25", x[0], y[0])
	}
	const bad = "optim: Step: group 1: the schedule's factor at step 1 is NaN, want in [0, +Inf)"
	if err := opt.SetGroupSchedule(1, constant(math.NaN())); err != nil {
		t.Fatal(err)
	}
	if _, err := opt.TryStep([]float64{1}, []float64{1}); err == nil || err.Error() != bad || x[0] != -0.5 {
		t.Errorf("error %v, want %s", err, bad)
	}
	if err := opt.SetGroupSchedule(1, nil); err != nil {
		t.Fatal(err)
	}
	opt.Step([]float64{1}, []float64{1})
	if x[0] != -1 || y[0] != -0.75 {
		t.Errorf("steps to %v and %v, want -1 and -0.75", x[0], y[0])
	}
	const none = "optim: SetGroupSchedule: group 2, want one of 2"
	if err := opt.SetGroupSchedule(2, nil); err == nil || err.Error() != none {
		t.Errorf("error %v, want %s", err, none)
	}
}
