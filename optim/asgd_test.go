package optim_test

import (
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

var _ = addFormula(asgdFormula[float32](), asgdFormula[float64]())

func asgdFormula[T kernels.Float]() formula[T] {
	lambda, alpha, t0 := 0.05, 0.75, 5.0
	return formula[T]{name: "ASGD", lr: 0.1, states: []string{"ax"},
		config: func(wd float64, d bool) optim.Config {
			return optim.ASGD{LR: 0.1, Lambda: lambda, Alpha: alpha, T0: t0, WeightDecay: wd, Decoupled: d}
		},
		step: func(t uint64, lr float64, x, g T, s []T) T {
			before := float64(t - 1)
			eta := lr / kernels.Exp(float64(alpha*kernels.Log(1+float64(float64(lambda*lr)*before))))
			mu := 1.0
			if before-t0 > 1 {
				mu = 1 / (before - t0)
			}
			x = T(T(1-float64(eta*lambda))*x) - T(T(eta)*g)
			s[0] += T(T(mu) * (x - s[0]))
			return x
		}}
}

func TestASGDFields(t *testing.T) {
	want := optim.ASGD{LR: 1e-2, Lambda: 1e-4, Alpha: 0.75, T0: 1e6}
	if got := must(optim.New(optim.ASGD{}, []float32{1})).Config(0); got != want {
		t.Errorf("defaults %+v, want %+v", got, want)
	}
	for _, bad := range []optim.ASGD{{Lambda: -1}, {Alpha: -1}, {T0: -1}} {
		if _, err := optim.New(bad, []float32{1}); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}

// The average is x until step T0+2, and from then on the mean of what x has been since.
func TestASGDAverage(t *testing.T) {
	const t0 = 3
	x := []float64{1}
	opt := must(optim.New(optim.ASGD{LR: 0.1, T0: t0}, x))
	sum := 0.0
	for step := 1; step <= 12; step++ {
		opt.Step([]float64{x[0]})
		want := x[0]
		if step >= t0+2 {
			sum += x[0]
			want = sum / float64(step-t0-1)
		}
		if got := opt.State("ax")[0][0]; got < want-1e-15 || got > want+1e-15 {
			t.Errorf("step %d: the average is %v, want %v", step, got, want)
		}
	}
}
