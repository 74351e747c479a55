package minimize

import (
	"math"

	"github.com/bitstep-go/bitstep/internal/num"
)

// A point on a line: the step a, the value f and the derivative d there.
type point struct{ a, f, d float64 }

// cubicMin returns the minimum of the cubic that has the values and derivatives of p and q, and whether there
// is one. Source: Nocedal and Wright, Numerical Optimization (2006), equation 3.59, scaled against overflow.
func cubicMin(p, q point) (float64, bool) {
	w := q.a - p.a
	theta := float64(3*((p.f-q.f)/w)) + p.d + q.d
	scale := max(math.Abs(theta), math.Abs(p.d), math.Abs(q.d))
	u := theta / scale
	radicand := float64(u*u) - float64((p.d/scale)*(q.d/scale))
	if !(radicand >= 0) {
		return 0, false
	}
	gamma := scale * math.Sqrt(radicand)
	if w < 0 {
		gamma = -gamma
	}
	r := (q.d + gamma - theta) / (q.d - p.d + float64(2*gamma))
	a := q.a - float64(w*r)
	return a, num.Finite(a)
}

// quadraticMin returns the minimum of the parabola with the value and derivative of p and the value of q.
func quadraticMin(p, q point) float64 {
	w := q.a - p.a
	return p.a + float64(w*(p.d/(2*(p.d+(p.f-q.f)/w))))
}

// secantMin returns where the line through the derivatives of p and q is 0.
func secantMin(p, q point) float64 {
	return q.a - float64((q.a-p.a)*(q.d/(q.d-p.d)))
}
