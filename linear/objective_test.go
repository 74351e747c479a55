package linear

import (
	"context"
	"fmt"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim/minimize"
)

// The gradients pass the numerical gradient check, all coordinates.
func TestCheckGradient(t *testing.T) {
	t.Run("float32", testCheckGradient[float32])
	t.Run("float64", testCheckGradient[float64])
}

func testCheckGradient[T kernels.Float](t *testing.T) {
	for _, loss := range classLosses() {
		for _, lambda := range []float64{0, 0.05} {
			set, w := small[T](11, 150, 30, 6)
			p := problem(t, set, ProblemConfig{Loss: loss, Lambda: lambda})
			report, err := minimize.CheckGradient(p.Objective(), w, minimize.GradientCheck{})
			if err != nil {
				t.Fatal(err)
			}
			if !report.OK() || report.Checked != 180 || report.Count[minimize.Agrees] < 150 {
				t.Errorf("%s, lambda %v:\n%v", loss.Name(), lambda, report)
			}
		}
	}
}

// A wrong gradient does not pass.
func TestCheckGradientFails(t *testing.T) {
	set, w := small[float64](11, 150, 30, 6)
	f := problem(t, set, ProblemConfig{}).Objective()
	wrong := func(x, grad []float64) float64 {
		v := f(x, grad)
		if grad != nil {
			grad[17] += 1.0 / 150 // one example's feature too many
		}
		return v
	}
	report, err := minimize.CheckGradient(wrong, w, minimize.GradientCheck{})
	if err != nil || report.OK() || report.Count[minimize.Differs] != 1 || report.Worst[0].Index != 17 {
		t.Errorf("%v, %v", report, err)
	}
}

// Full-batch L-BFGS reaches the minimum of the regularised softmax, with the same bits on every backend and
// with any number of threads.
func TestArchLBFGS(t *testing.T) {
	t.Run("float32", func(t *testing.T) { testLBFGS[float32](t, 2e-4) })
	t.Run("float64", func(t *testing.T) { testLBFGS[float64](t, 1e-6) })
}

func testLBFGS[T kernels.Float](t *testing.T, gradient float64) {
	d := tiny[T]()
	want := ""
	for _, b := range bitstep.Backends() {
		for _, threads := range []int{1, 3} {
			p := problem(t, d.Train, ProblemConfig{Loss: Softmax{}, Lambda: 0.01, Threads: threads}).On(b)
			m := NewModel[T](p.Classes(), p.Features())
			k := bitstep.On[T](b).Threads(threads)
			method := minimize.LBFGS[T]{Stop: minimize.Stop{Gradient: gradient}, Engine: &k}
			r, err := method.Minimize(context.Background(),
				p.Objective(), m.W)
			if err != nil || !r.Status.Converged() || r.GradNorm > gradient {
				t.Fatalf("%v, %d threads: %+v, %v", b, threads, r, err)
			}
			got := fmt.Sprintf("%s after %d evaluations", m.Hash(), r.Evaluations)
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("%v, %d threads: %s, want %s", b, threads, got, want)
			}
			if e := p.Evaluate(m.W); e.Accuracy() < 0.8 {
				t.Errorf("accuracy %v", e.Accuracy())
			}
		}
	}
}
