package optim_test

import (
	"math"
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

// The average is its formula, to the bit, and with bias correction what weights of d^(t-i) give.
func TestEMA(t *testing.T) {
	t.Run("type=float32", testEMA[float32])
	t.Run("type=float64", testEMA[float64])
}

func testEMA[T kernels.Float](t *testing.T) {
	const decay, n = 0.9375, 50
	path := shaken[T](n, 19)
	for _, c := range []optim.EMAConfig{
		{Decay: decay}, {Decay: decay, BiasCorrection: true}, {Decay: decay, WarmUp: true}, {Decay: optim.Zero},
		{Decay: decay, Start: 7, Every: 3}, {Mean: true}, {Mean: true, Start: 11, Every: 4},
	} {
		x := append([]T{}, path[0]...)
		e := must(optim.NewEMA(c, x[:10], x[10:]))
		want := append([]T{}, x...)
		sum, weights := make([]float64, len(x)), 0.0
		means, taken := make([]float64, len(x)), 0.0
		for i, at := range path {
			copy(x, at)
			e.Update()
			step := uint64(i + 1)
			if step <= c.Start {
				copy(want, x)
			}
			if step <= c.Start || c.Every != 0 && (step-c.Start)%c.Every != 0 {
				got := append(append([]T{}, e.Averages()[0]...), e.Averages()[1]...)
				compare(t, "average between", [][]T{got}, [][]T{want})
				continue
			}
			if step = (step - c.Start); c.Every != 0 {
				step /= c.Every
			}
			if c.Mean {
				for j := range means {
					means[j] += float64(x[j])
				}
				taken = float64(step)
			}
			d := decay
			switch {
			case c.Mean:
				d = float64(step-1) / float64(step)
			case c.BiasCorrection:
				d = decay * (1 - kernels.PowInt(decay, step-1)) / (1 - kernels.PowInt(decay, step))
			case c.WarmUp:
				d = min(decay, (1+float64(step))/(10+float64(step)))
			case c.Decay == optim.Zero:
				d = 0
			}
			weights = float64(decay*weights) + 1
			for j := range want {
				want[j] = T((1-T(d))*x[j]) + T(T(d)*want[j])
				sum[j] = float64(decay*sum[j]) + float64(x[j])
			}
			got := append(append([]T{}, e.Averages()[0]...), e.Averages()[1]...)
			compare(t, "average", [][]T{got}, [][]T{want})
			for j := range got {
				// Each update rounds twice, and 1/(1-decay) of them are remembered; the rounded decay is as much.
				bound := 4 * unit[T]() / (1 - decay)
				if diff := math.Abs(float64(got[j]) - means[j]/taken); c.Mean && diff > 2*taken*unit[T]() {
					t.Fatalf("update %d: average %v, want the mean %v", i+1, got[j], means[j]/taken)
				}
				if diff := math.Abs(float64(got[j]) - sum[j]/weights); c.BiasCorrection && diff > bound {
					t.Fatalf("update %d: average %v, want %v", i+1, got[j], sum[j]/weights)
				}
			}
		}
		if e.Updates() != n {
			t.Errorf("Updates() = %d, want %d", e.Updates(), n)
		}
	}
}

// Parameters that do not move are their own average, for any decay.
func TestEMARests(t *testing.T) {
	for _, decay := range []float64{0.5, 0.9, 0.999, 0.9999, 0.999999} {
		x := []float32{1, 1.0 / 3, -0.7, 1e-20, 3e38, 0}
		e := must(optim.NewEMA(optim.EMAConfig{Decay: decay}, x))
		for range 2000 {
			e.Update()
		}
		for i, got := range e.Averages()[0] {
			if math.Abs(float64(got)-float64(x[i])) > 0x1p-22*math.Abs(float64(x[i])) {
				t.Errorf("decay %v: %v became %v", decay, x[i], got)
			}
		}
	}
}

func TestEMASwap(t *testing.T) {
	x := []float32{1, 2}
	e := must(optim.NewEMA(optim.EMAConfig{Decay: 0.5}, x))
	x[0], x[1] = 3, 6
	e.Update()
	e.Swap()
	if !e.Swapped() || x[0] != 2 || x[1] != 4 {
		t.Errorf("swapped in: %v, want [2 4]", x)
	}
	const between = "optim: EMA: Update between Swap and Swap, while the parameters hold the average"
	if got := panics(e.Update); got != between {
		t.Errorf("panic %q, want %q", got, between)
	}
	c := checkpoint.New()
	e.Snapshot(c, "")
	if c.Err() == nil || e.Restore(c, "") == nil {
		t.Error("a snapshot or restoring while swapped is no error")
	}
	e.Swap()
	if e.Swapped() || x[0] != 3 || x[1] != 6 || e.Averages()[0][1] != 4 || e.Updates() != 1 {
		t.Errorf("swapped back: %v, average %v", x, e.Averages())
	}
}

// A file of an average of one kind is an error for each other kind, and for its own none.
func TestEMARestoreOfAnotherKind(t *testing.T) {
	kinds := []optim.EMAConfig{{}, {Mean: true}, {Start: 5}, {Every: 3}, {Mean: true, Start: 5}, {WarmUp: true}}
	for i, from := range kinds {
		for j, to := range kinds {
			c := checkpoint.New()
			must(optim.NewEMA(from, []float32{1})).Snapshot(c, "ema.")
			if err := must(optim.NewEMA(to, []float32{1})).Restore(c, "ema."); (err == nil) != (i == j) {
				t.Errorf("%+v from a file of %+v: error %v", to, from, err)
			}
		}
	}
}

func TestEMAErrors(t *testing.T) {
	x := []float32{1, 2}
	for _, c := range []struct {
		config optim.EMAConfig
		params [][]float32
		want   string
	}{
		{optim.EMAConfig{Decay: 1}, [][]float32{x}, "EMA: Decay = 1, want in [0, 1)"},
		{optim.EMAConfig{Decay: math.NaN()}, [][]float32{x}, "EMA: Decay = NaN, want in [0, 1)"},
		{optim.EMAConfig{Decay: 1 - 1e-9}, [][]float32{x},
			"EMA: Decay = 0.999999999, which is 1 in float32, want in [0, 1)"},
		{optim.EMAConfig{BiasCorrection: true, WarmUp: true}, [][]float32{x},
			"EMA: BiasCorrection and WarmUp are both set, want at most one"},
		{optim.EMAConfig{Mean: true, WarmUp: true}, [][]float32{x},
			"EMA: Mean and WarmUp are both set, want at most one"},
		{optim.EMAConfig{}, nil, "EMA: no parameters, want at least one slice"},
		{optim.EMAConfig{}, [][]float32{x, x[1:]}, "EMA: parameter 0 overlaps parameter 1"},
	} {
		if e, err := optim.NewEMA(c.config, c.params...); err == nil || err.Error() != "optim: "+c.want || e != nil {
			t.Errorf("error %v, want optim: %s", err, c.want)
		}
	}
}
