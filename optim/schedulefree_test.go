package optim_test

import (
	"math"
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

var (
	_ = addFormula(scheduleFreeFormula[float32](false), scheduleFreeFormula[float64](false))
	_ = addFormula(scheduleFreeFormula[float32](true), scheduleFreeFormula[float64](true))
)

func scheduleFreeFormula[T kernels.Float](adam bool) formula[T] {
	beta, beta2, eps, warmUp := 0.8, 0.95, 1e-5, 7.0
	f := formula[T]{name: "ScheduleFreeSGD", lr: 0.1, states: []string{"z", "a"}, decay: true,
		config: func(wd float64, d bool) optim.Config {
			return optim.ScheduleFreeSGD{LR: 0.1, Beta: beta, WarmUp: warmUp, WeightDecay: wd, Decoupled: d}
		}}
	if adam {
		f.name, f.states = "ScheduleFreeAdam", append(f.states, "v")
		f.config = func(wd float64, d bool) optim.Config {
			return optim.ScheduleFreeAdam{LR: 0.1, Beta: beta, Beta2: beta2, Eps: eps, WarmUp: warmUp,
				WeightDecay: wd, Decoupled: d}
		}
	}
	f.group = func(u *groupStep[T]) {
		lr := float64(u.lr * min(1, float64(u.t)/warmUp))
		largest := max(u.numbers[0], lr)
		sum := u.numbers[1] + float64(largest*largest)
		u.numbers[0], u.numbers[1] = largest, sum
		weight := T(float64(largest*largest) / sum)
		for i, x := range u.x {
			for j, g := range u.g[i] {
				s := u.s[i][j]
				if u.t == 1 {
					s[0], s[1] = x[j], x[j]
				}
				step := T(T(lr) * g)
				if adam {
					s[2] = T(T(beta2)*s[2]) + T(T(T(1-beta2)*g)*g)
					step /= root(T(T(1/(1-kernels.PowInt(beta2, u.t)))*s[2])) + T(eps)
				}
				if u.decoupled {
					s[0] -= T(T(lr*u.wd) * x[j])
				}
				s[0] -= step
				s[1] += T(weight * (s[0] - s[1]))
				x[j] = s[1] + T(T(1-beta)*(s[0]-s[1]))
			}
		}
	}
	return f
}

func TestScheduleFreeFields(t *testing.T) {
	testFields(t, optim.ScheduleFreeSGD{LR: 1}, optim.ScheduleFreeSGD{LR: 1, Beta: 0.9},
		optim.ScheduleFreeSGD{}, optim.ScheduleFreeSGD{LR: 1, Beta: 1}, optim.ScheduleFreeSGD{LR: 1, WarmUp: -1})
	testFields(t, optim.ScheduleFreeAdam{}, optim.ScheduleFreeAdam{LR: 0.0025, Beta: 0.9, Beta2: 0.999, Eps: 1e-8},
		optim.ScheduleFreeAdam{Beta: 1}, optim.ScheduleFreeAdam{Beta2: 1}, optim.ScheduleFreeAdam{Eps: -1})
}

// With a constant rate the mean is that of all points of descent; steps without a rate do not count.
func TestScheduleFreeMean(t *testing.T) {
	x := []float64{0}
	opt := must(optim.New(optim.ScheduleFreeSGD{LR: 0.25}, x))
	opt.SetSchedule(schedule.Func(func(t uint64) float64 { return min(1, float64(t/3)) })) // 0 at first
	sum, n := 0.0, 0.0
	for step := range 50 {
		opt.Step([]float64{math.Sin(float64(step))})
		if step >= 3 {
			sum, n = sum+opt.State("z")[0][0], n+1
		}
		if a := opt.State("a")[0][0]; n > 0 && math.Abs(a-sum/n) > 1e-14 {
			t.Fatalf("step %d: the mean is %v, want %v", step, a, sum/n)
		} else if n == 0 && a != 0 {
			t.Fatalf("step %d moved the mean to %v", step, a)
		}
	}
}
