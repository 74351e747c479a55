package minimize

import (
	"context"
	"testing"

	"github.com/bitstep-go/bitstep"
)

// Stop.Value and Stop.Step are relative to what is larger than 1 and absolute below.
func TestStopScales(t *testing.T) {
	for _, c := range []struct {
		stop      Stop
		f, df     float64
		x, dx     float64
		converged Status
	}{
		{Stop{Value: 1e-3}, 0.125, 0.0009, 0, 1, ValueConverged},
		{Stop{Value: 1e-3}, 0.125, 0.0011, 0, 1, Unfinished},
		{Stop{Value: 1e-3}, -100, 0.09, 0, 1, ValueConverged},
		{Stop{Value: 1e-3}, -100, 0.11, 0, 1, Unfinished},
		{Stop{Step: 1e-3}, 0, 1, 0.125, 0.0009, StepConverged},
		{Stop{Step: 1e-3}, 0, 1, 0.125, 0.0011, Unfinished},
		{Stop{Step: 1e-3}, 0, 1, -100, 0.09, StepConverged},
		{Stop{Step: 1e-3}, 0, 1, -100, 0.11, Unfinished},
	} {
		set := setting{method: "test"}
		checkStop[float64](&set, &c.stop)
		m := &descent[float64]{ctx: context.Background(), k: bitstep.On[float64](bitstep.Go), stop: c.stop,
			x: []float64{0, c.x}, f: c.f, norm: 1, norm0: 1}
		if m.finished(c.df, c.dx, 0); set.err != nil || m.res.Status != c.converged {
			t.Errorf("%+v: %v, %v", c, m.res.Status, set.err)
		}
	}
}
