package schedule_test

import (
	"math"
	"testing"

	"github.com/bitstep-go/bitstep/optim/schedule"
)

// The momentum is least where the rate is highest, 1 at both ends, and between them as far on its way as the rate is.
func TestOneCycleMomentum(t *testing.T) {
	const total, least = 101, 0.85 / 0.95
	for _, o := range []schedule.OneCycleOptions{
		{}, {Linear: true}, {Three: true}, {Peak: 0.25, Linear: true, Three: true}, {Peak: 0.5},
	} {
		rate, err := schedule.OneCycle(total, o)
		if err != nil {
			t.Fatal(err)
		}
		momentum, err := schedule.OneCycleMomentum(total, o, least)
		if err != nil {
			t.Fatal(err)
		}
		peak := o.Peak
		if peak == 0 {
			peak = 0.3
		}
		for step := range uint64(total + 10) {
			lr := rate.Factor(step)
			low := 1.0 / 25 // of the phase
			switch top := peak*total - 1; {
			case o.Three && float64(step) > 2*top:
				low, lr = 0, 0
			case !o.Three && float64(step) > top:
				low /= 1e4
			}
			want := 1 - (1-least)*(lr-low)/(1-low)
			if got := momentum.Factor(step); math.Abs(got-want) > 1e-14 {
				t.Errorf("%+v, step %d: %v, want %v", o, step, got, want)
			}
		}
	}
}

func TestOneCycleMomentumErrors(t *testing.T) {
	for _, c := range []struct {
		total uint64
		o     schedule.OneCycleOptions
		least float64
		want  string
	}{
		{100, schedule.OneCycleOptions{}, 0, "schedule: OneCycleMomentum: least = 0, want in (0, 1]"},
		{100, schedule.OneCycleOptions{}, 1.5, "schedule: OneCycleMomentum: least = 1.5, want in (0, 1]"},
		{0, schedule.OneCycleOptions{}, 0.9, "schedule: OneCycleMomentum: total = 0, want at least 1"},
		{100, schedule.OneCycleOptions{Peak: 1}, 0.9, "schedule: OneCycleMomentum: Peak = 1, want in (0, 1)"},
	} {
		if _, err := schedule.OneCycleMomentum(c.total, c.o, c.least); err == nil || err.Error() != c.want {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
}
