package minimize

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
)

// line returns a descent in one dimension, about to search from 0 along 1, and a count of evaluations.
func line(f func(a float64) (value, slope float64), c1, c2 float64) *descent[float64] {
	objective := func(x, grad []float64) float64 {
		value, slope := f(x[0])
		if grad != nil {
			grad[0] = slope
		}
		return value
	}
	m := newDescent(&setting{}, context.Background(), objective, []float64{0}, Stop{}, LineSearch{}, nil, nil)
	m.line.C1, m.line.C2 = c1, c2
	m.f, m.slope = f(0)
	m.best.f, m.d[0] = m.f, 1
	return m
}

// The functions of Moré and Thuente (1994), section 5, with their constants and first steps. Every search
// ends at a step that meets the conditions, in few evaluations.
func TestWolfeOnMoreThuente(t *testing.T) {
	plus := func(beta float64) func(float64) (float64, float64) {
		return func(a float64) (float64, float64) {
			return -a / (a*a + beta), (a*a - beta) / ((a*a + beta) * (a*a + beta))
		}
	}
	power := func(a float64) (float64, float64) {
		b := a + 0.004
		return math.Pow(b, 5) - 2*math.Pow(b, 4), 5*math.Pow(b, 4) - 8*math.Pow(b, 3)
	}
	waves := func(a float64) (float64, float64) {
		const beta, l = 0.01, 39
		f, d := 1-a, -1.0
		if a >= 1+beta {
			f, d = a-1, 1
		} else if a > 1-beta {
			f, d = (a-1)*(a-1)/(2*beta)+beta/2, (a-1)/beta
		}
		return f + 2*(1-beta)/(l*math.Pi)*math.Sin(l*math.Pi/2*a), d + (1-beta)*math.Cos(l*math.Pi/2*a)
	}
	yanai := func(b1, b2 float64) func(float64) (float64, float64) {
		g1, g2 := math.Sqrt(1+b1*b1)-b1, math.Sqrt(1+b2*b2)-b2
		return func(a float64) (float64, float64) {
			p, q := math.Hypot(1-a, b2), math.Hypot(a, b1)
			return g1*p + g2*q, g1*(a-1)/p + g2*a/q
		}
	}
	for i, c := range []struct {
		f      func(float64) (float64, float64)
		c1, c2 float64
	}{
		{plus(2), 0.001, 0.1}, {power, 0.1, 0.1}, {waves, 0.1, 0.1},
		{yanai(0.001, 0.001), 0.001, 0.001}, {yanai(0.01, 0.001), 0.001, 0.001}, {yanai(0.001, 0.01), 0.001, 0.001},
	} {
		for _, first := range []float64{1e-3, 1e-1, 10, 1e3} {
			m := line(c.f, c.c1, c.c2)
			end := m.wolfe(first)
			a := m.trial.a
			f, d := c.f(a)
			if end != stepFound || f > m.f+c.c1*a*m.slope+1e-15 || math.Abs(d) > -c.c2*m.slope+1e-15 {
				t.Errorf("function %d from %v: %v at step %v, value %v, slope %v", i+1, first, end, a, f, d)
			}
			if m.res.Evaluations > 21 {
				t.Errorf("function %d from %v: %d evaluations", i+1, first, m.res.Evaluations)
			}
		}
	}
}

// Random quartics with a wall, beyond which there is no value.
func TestWolfeOnRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	most, found, total := 0, 0, 0
	for range 3000 {
		w := [4]float64{-r.Float64() * 3, r.Float64()*20 - 10, r.Float64()*20 - 10, r.Float64() * 10}
		scale, wall := math.Exp(r.Float64()*40-20), math.Inf(1)
		if r.IntN(3) == 0 {
			wall = r.Float64()
		}
		f := func(a float64) (float64, float64) {
			a /= scale
			if a >= wall {
				return math.NaN(), math.NaN()
			}
			return a * (w[0] + a*(w[1]+a*(w[2]+a*w[3]))), (w[0] + a*(2*w[1]+a*(3*w[2]+a*4*w[3]))) / scale
		}
		for _, c2 := range []float64{0.9, 0.1} {
			m := line(f, 1e-4, c2)
			end := m.wolfe(scale * math.Exp(r.Float64()*6-3))
			a := m.trial.a
			value, d := f(a)
			met := value <= m.f+1e-4*a*m.slope+1e-15 && math.Abs(d) <= -c2*m.slope+1e-15
			// A function that still falls at its wall has no such step, but its wall is found.
			if end == stepFound && !met || end != stepFound && !(wall < 1 && m.best.a/scale > 0.9*wall) {
				t.Fatalf("%v, wall %v, scale %v: %v at %v of %d", w, wall, scale, end, a, m.res.Evaluations)
			}
			if end == stepFound {
				found, most, total = found+1, max(most, m.res.Evaluations), total+m.res.Evaluations
			}
		}
	}
	mean := float64(total) / float64(found)
	t.Logf("%d searches with a step: %.2f evaluations in a search, at most %d", found, mean, most)
	if mean > 5 {
		t.Errorf("%v evaluations in a search", mean)
	}
}

// Where the decrease is less than the rounding of the value, derivatives decide.
func TestWolfeInNoise(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 4))
		f := func(a float64) (float64, float64) { // 1e6 + 1e-12*(a-1)^2 and some noise
			return 1e6 * (1 + (r.Float64()-0.5)*0x1p-51), 2e-12 * (a - 1)
		}
		for _, first := range []float64{1e-3, 0.5, 1, 30, 1e5} {
			m := line(f, 1e-4, 0.5)
			end := m.wolfe(first)
			if _, d := f(m.trial.a); end != stepFound || math.Abs(d) > 1e-12 {
				t.Errorf("seed %d from %v: %v at %v", seed, first, end, m.trial.a)
			}
			if m.res.Evaluations > 12 {
				t.Errorf("seed %d from %v: %d evaluations", seed, first, m.res.Evaluations)
			}
		}
	}
}

func TestBacktrack(t *testing.T) {
	for _, first := range []float64{1e-3, 1, 1e3, 1e9} {
		m := line(func(a float64) (float64, float64) { return a*a - 2*a, 2*a - 2 }, 1e-4, 0.9)
		if end := m.backtrack(first); end != stepFound || !(m.trial.f < 0) || m.trial.d != 2*m.trial.a-2 {
			t.Errorf("from %v: %v, %+v", first, end, m.trial)
		}
		if first == 1 && (m.res.Evaluations != 1 || m.res.Gradients != 1) ||
			first == 1e9 && m.res.Gradients != 2 {
			t.Errorf("from %v: %d evaluations, %d gradients", first, m.res.Evaluations, m.res.Gradients)
		}
	}
	m := line(func(a float64) (float64, float64) { return a, -1 }, 1e-4, 0.9) // no such step
	if end := m.backtrack(1); end != stepFailed || m.res.Evaluations > 40 {
		t.Errorf("%v after %d evaluations", end, m.res.Evaluations)
	}
}

// The interpolations find the minima of random cubics and parabolas.
func TestInterpolation(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 1000 {
		at, bend, third := r.Float64()*4-2, 0.1+r.Float64(), r.Float64()*2-1
		cubic := func(a float64) point { // minimum at at, second derivative bend there
			x := a - at
			return point{a, x * x * (bend/2 + third*x), x * (bend + 3*third*x)}
		}
		p, q := cubic(r.Float64()*4-2), cubic(r.Float64()*4-2)
		if math.Abs(p.a-q.a) < 0.1 || math.Abs(third) < 0.01 {
			continue
		}
		if got, ok := cubicMin(p, q); !ok || math.Abs(got-at) > 1e-8 {
			t.Errorf("cubic: %v, %v, want %v", got, ok, at)
		}
		third = 0
		p, q = cubic(p.a), cubic(q.a)
		if got := quadraticMin(p, q); math.Abs(got-at) > 1e-8 {
			t.Errorf("parabola: %v, want %v", got, at)
		}
		if got := secantMin(p, q); math.Abs(got-at) > 1e-8 {
			t.Errorf("secant: %v, want %v", got, at)
		}
	}
}

// A pointless method gives directions up, none, or not finite; only what restart leaves leads down.
type pointless struct {
	limited[float64]
	wrong float64
	lost  bool
}

func (p *pointless) direction(m *descent[float64]) (float64, bool) {
	if p.lost {
		return p.limited.direction(m)
	}
	for i, v := range m.g {
		m.d[i] = p.wrong * v
	}
	return 1, true
}

func (p *pointless) restart(*descent[float64]) bool {
	before := p.lost
	p.lost = true
	return !before
}

func TestDirectionsThatDoNotDescend(t *testing.T) {
	for _, wrong := range []float64{1, 0, math.NaN(), math.Inf(1), math.Inf(-1), 1e-200} {
		x := []float64{3, -4}
		m := newDescent(&setting{}, context.Background(), func(x, grad []float64) float64 {
			if grad != nil {
				grad[0], grad[1] = 2*x[0], 8*x[1]
			}
			return x[0]*x[0] + 4*x[1]*x[1]
		}, x, Stop{}, LineSearch{}, nil, nil)
		p := &pointless{wrong: wrong}
		p.pairs, p.rho, p.alpha = [][]float64{{0, 0}, {0, 0}}, make([]float64, 1), make([]float64, 1)
		if r, err := m.run(p); err != nil || r.F > 1e-9 || !p.lost {
			t.Errorf("directions of %v times the gradient: %+v, %v", wrong, r, err)
		}
	}
}
