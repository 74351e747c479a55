package minimize

import (
	"math"
	"slices"

	"github.com/bitstep-go/bitstep/internal/check"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
)

// LineSearch has the settings of a line search: it looks for a step a along a direction d from x where
//
//	f(x + a*d) <= f(x) + C1*a*g'd                 sufficient decrease (Armijo)
//	|g(x + a*d)'d| <= C2*|g'd|                    curvature (strong Wolfe)
//
// The first trial is a step of 1, or of length 1 where d is against the gradient for want of anything better.
//
// The strong Wolfe search brackets such a step and closes in by cubic, quadratic and secant interpolation, each
// trial kept within bounds so that the bracket shrinks by a third in two trials; it ends at no point higher than
// the low end of the bracket. Trials without a finite value or derivative end the bracket. Where two values
// differ by no more than Noise*|f| they are taken as equal and the derivatives decide, as in the approximate
// Wolfe conditions: so the search ends properly where the decrease is less than the rounding of f. Sources:
// Nocedal and Wright, Numerical Optimization (2006), section 3.5; Moré and Thuente, Line search algorithms with
// guaranteed sufficient decrease (1994); Hager and Zhang, A new conjugate gradient method with guaranteed
// descent and an efficient line search (2005).
//
// Backtracking wants the sufficient decrease only. It takes the first trial with its gradient, later ones by
// value alone, each at the minimum of the parabola through what is known, within 0.1 and 0.5 of the trial
// before; the gradient at the end is one more evaluation if that was not the first trial.
type LineSearch struct {
	Backtracking bool    // sufficient decrease only
	C1           float64 // in (0, 0.5). Default: 1e-4
	C2           float64 // in (C1, 1). Default: 0.9
	Trials       int     // the largest number of trials in one search. Default: 40
	// Noise is the rounding of the objective's values relative to them. Default: 2^-48 for float64 and 2^-20
	// for float32. An objective that subtracts large numbers may need more.
	Noise float64
}

func checkLineSearch[T kernels.Float](c *setting, s *LineSearch) {
	noise := 0x1p-48
	if num.Is32[T]() {
		noise = 0x1p-20
	}
	c.real("LineSearch.C1", &s.C1, 1e-4, 0, 0.5, check.Open)
	c.real("LineSearch.C2", &s.C2, 0.9, s.C1, 1, check.Open)
	c.whole("LineSearch.Trials", &s.Trials, 40)
	c.real("LineSearch.Noise", &s.Noise, noise, 0, 1, check.OpenHigh)
}

// What a line search came to.
type searchEnd int

const (
	stepFound  searchEnd = iota // xt, gt and the trial hold the new iterate
	stepWeak                    // the same, but the trial is lower by no more than rounding
	stepFailed                  // no trial met the conditions
	stepBroken                  // interrupted: the result has the reason
)

// wolfe runs a strong Wolfe search from the iterate along d.
func (m *descent[T]) wolfe(first float64) searchEnd {
	start := point{f: m.f, d: m.slope}
	noise := float64(m.line.Noise * math.Abs(start.f))
	lo, hi := start, point{a: math.Inf(1)}
	width := [2]float64{math.Inf(1), math.Inf(1)} // of the bracket, before the last trial and the one before
	next := first
	for range m.line.Trials {
		t, ok := m.try(next, true)
		if !ok {
			return stepBroken
		}
		if t.a == lo.a || t.a == hi.a || t.f == start.f && t.d == start.d && slices.Equal(m.xt, m.x) {
			return stepFailed // nothing of T is between
		}
		bounded := !math.IsInf(hi.a, 1)
		switch limit := start.f + float64(float64(m.line.C1*t.a)*start.d); {
		case !t.finite():
			hi = point{a: t.a, f: math.Inf(1)}
			next = lo.a + float64(0.1*(t.a-lo.a))
			continue
		case t.f <= min(limit, lo.f)+noise && math.Abs(t.d) <= -float64(m.line.C2*start.d):
			return stepFound
		case t.f > limit+noise || t.f > lo.f+noise:
			next = closer(lo, t, noise)
			hi = t
		case (t.d >= 0) == (hi.a > lo.a):
			next = between(lo, t, noise)
			lo, hi = t, lo
		default:
			next = beyond(lo, t, hi, noise)
			lo = t
			if !bounded {
				continue
			}
		}
		if w := math.Abs(hi.a - lo.a); w >= float64(0.66*width[1]) {
			next = lo.a + float64(0.5*(hi.a-lo.a))
			width = [2]float64{w, width[0]}
		} else {
			width = [2]float64{w, width[0]}
		}
		if !(math.Abs(next-lo.a) <= math.Abs(hi.a-lo.a)) {
			next = lo.a + float64(0.5*(hi.a-lo.a))
		}
	}
	return stepFailed
}

func (p point) finite() bool { return num.Finite(p.f) && num.Finite(p.d) }

// closer returns a trial between lo and a higher t: the cubic's minimum if that is nearer to lo than the
// parabola's, else the middle of the two.
func closer(lo, t point, noise float64) float64 {
	q := quadraticMin(lo, t)
	c, ok := cubicMin(lo, t)
	switch {
	case t.f-lo.f <= noise:
		return q
	case !ok:
		return q
	case math.Abs(c-lo.a) < math.Abs(q-lo.a):
		return c
	}
	return c + float64(0.5*(q-c))
}

// between returns a trial between lo and t, whose derivatives differ in sign: of the cubic's minimum and the
// secant's the one farther from t.
func between(lo, t point, noise float64) float64 {
	s := secantMin(lo, t)
	if c, ok := cubicMin(lo, t); ok && math.Abs(lo.f-t.f) > noise && math.Abs(c-t.a) >= math.Abs(s-t.a) {
		return c
	}
	return s
}

// beyond returns a trial past t as seen from lo, the derivatives having the same sign; hi bounds it, if finite.
func beyond(lo, t, hi point, noise float64) float64 {
	bounded := !math.IsInf(hi.a, 1)
	least, most := t.a+float64(1.1*(t.a-lo.a)), t.a+float64(4*(t.a-lo.a))
	if bounded {
		least, most = t.a, t.a+float64(0.66*(hi.a-t.a))
	}
	forward := math.Copysign(1, most-t.a)
	next := most
	if math.Abs(t.d) < math.Abs(lo.d) {
		next = secantMin(lo, t)
		if c, ok := cubicMin(lo, t); ok && math.Abs(lo.f-t.f) > noise && float64(forward*(c-t.a)) > 0 &&
			(math.Abs(c-t.a) < math.Abs(next-t.a)) == bounded {
			next = c
		}
	} else if bounded && hi.finite() {
		if c, ok := cubicMin(t, hi); ok {
			next = c
		}
	}
	if forward > 0 {
		return min(max(next, least), most)
	}
	return max(min(next, least), most)
}

// backtrack runs a backtracking search from the iterate along d.
func (m *descent[T]) backtrack(first float64) searchEnd {
	start := point{f: m.f, d: m.slope}
	noise := float64(m.line.Noise * math.Abs(start.f))
	next := first
	for trial := range m.line.Trials {
		t, ok := m.try(next, trial == 0)
		switch {
		case !ok:
			return stepBroken
		case t.f == start.f && slices.Equal(m.xt, m.x):
			return stepFailed
		case !t.finite():
			next = float64(0.1 * t.a)
		case t.f > start.f+float64(float64(m.line.C1*t.a)*start.d)+noise:
			next = min(max(quadraticMin(start, t), float64(0.1*t.a)), float64(0.5*t.a))
		case trial == 0:
			return stepFound
		default:
			if t, ok = m.try(next, true); !ok {
				return stepBroken
			}
			if t.finite() {
				return stepFound
			}
			next = float64(0.1 * t.a)
		}
	}
	return stepFailed
}
