package minimize

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/bitstep-go/bitstep/internal/check"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
)

// A Difference is a formula for numerical derivatives. With h_i = step*max(1, |x_i|) and e_i the unit vector,
// the derivative in the coordinate i is
//
//	Central  (f(x + h_i*e_i) - f(x - h_i*e_i)) / 2h_i    error h_i^2/6*|f'''| + eps*|f|/h_i
//	Forward  (f(x + h_i*e_i) - f(x)) / h_i               error h_i/2*|f''| + 2*eps*|f|/h_i
//
// where eps*|f| is the rounding error of f: at best 2^-53*|f|, and 2^-24*|f| where it computes in float32.
// The divisor is not h_i but the distance of the two points after their rounding to T.
type Difference uint8

const (
	Central Difference = iota
	Forward            // the lecture's: half the evaluations, and many fewer right digits
)

// steps are the default steps, close to what makes the sum of the two errors least for a function whose
// derivatives are about as large as its value. They are powers of two, so that x + h is exact more often; the
// lecture's 1e-4 is 2^-13.3.
var steps = [2][2]float64{{0x1p-17, 0x1p-8}, {0x1p-13, 0x1p-11}} // by Difference; float64, float32

// tolerances are the default tolerances of a check: several times the errors above.
var tolerances = [2][2]float64{{1e-6, 1e-2}, {1e-3, 2e-2}}

// defaultOf returns the default for a Difference and T.
func defaultOf[T kernels.Float](table [2][2]float64, d Difference) float64 {
	if num.Is32[T]() {
		return table[d][1]
	}
	return table[d][0]
}

// A prober evaluates f at points that differ from x in one coordinate.
type prober[T kernels.Float] struct {
	f Objective[T]
	x []T
}

// at returns f with x[i] moved by h, and by how much it moved once rounded. x is as before, also if f panics.
func (p prober[T]) at(i int, h float64) (f, moved float64) {
	old := p.x[i]
	defer func() { p.x[i] = old }()
	p.x[i] = T(float64(old) + h)
	return p.f(p.x, nil), float64(p.x[i]) - float64(old)
}

// moves returns an error if a point of the coordinate i is x itself, once rounded to T.
func (p prober[T]) moves(i int, d Difference, step float64) error {
	x, h := p.x[i], p.width(i, step)
	if T(float64(x)+h) == x || d == Central && T(float64(x)-h) == x {
		return fmt.Errorf("step = %v, with which x[%d] = %v stays where it is in %T, want a larger one", step, i, x, x)
	}
	return nil
}

// width returns h_i.
func (p prober[T]) width(i int, step float64) float64 {
	return float64(step * max(1, math.Abs(float64(p.x[i]))))
}

// derivative returns the derivative in the coordinate i, f0 being the value at x, which only Forward needs.
func (p prober[T]) derivative(i int, d Difference, step, f0 float64) float64 {
	h := p.width(i, step)
	above, up := p.at(i, h)
	if d == Forward {
		return (above - f0) / up
	}
	below, down := p.at(i, -h)
	return (above - below) / (up - down)
}

// NumericalGradient stores in grad the numerical gradient of f at x, by len(x)+1 evaluations (Forward) or
// 2*len(x) (Central) of f without a gradient. A step of 0 means the default: 2^-17 for Central and 2^-13 for
// Forward, in float32 2^-8 and 2^-11. x is unchanged afterwards, to the bit. Where f is not finite, so is the
// derivative.
//
// It panics if grad has another length than x. It returns an error, and stores nothing, if a setting is wrong or the
// step is so small that in T a coordinate stays where it is.
func NumericalGradient[T kernels.Float](f Objective[T], x, grad []T, d Difference, step float64) error {
	if len(grad) != len(x) {
		panic(fmt.Sprintf("minimize: NumericalGradient: len(grad) = %d, want len(x) = %d", len(grad), len(x)))
	}
	set := setting{method: "NumericalGradient"}
	set.function(f == nil)
	checkDifference[T](&set, d, &step)
	if set.err != nil {
		return set.err
	}
	p, f0 := prober[T]{f, x}, 0.0
	for i := range x {
		set.keep(p.moves(i, d, step))
	}
	if set.err != nil {
		return set.err
	}
	if d == Forward {
		f0 = f(x, nil)
	}
	for i := range x {
		grad[i] = T(p.derivative(i, d, step, f0))
	}
	return nil
}

func checkDifference[T kernels.Float](c *setting, d Difference, step *float64) {
	if d > Forward {
		c.fail("difference %d, want Central or Forward", d)
		return
	}
	c.real("step", step, defaultOf[T](steps, d), 0, 1, check.Open)
}

// GradientCheck has the settings of [CheckGradient]. Fields of 0 have the default; [Zero] is an explicit 0.
type GradientCheck struct {
	Difference Difference // Central
	Step       float64    // as for [NumericalGradient]
	Tolerance  float64    // of relative errors; 1e-6 for Central and 1e-3 for Forward, in float32 1e-2 and 2e-2
	// Floor is the least denominator of relative errors. By default it is 10*eps*max(1, |f|)/(h_i*Tolerance),
	// so that a difference that ten roundings of f explain is within the tolerance. Set it where f is much
	// smaller than 1, or adds so many terms that its rounding error is larger.
	Floor   float64
	Samples int    // how many coordinates to check, chosen by Seed; all if there are no more; 1,000
	Seed    uint64 // of the choice
	Worst   int    // how many of the worst coordinates to report; 10
}

// A Finding says how two derivatives compare.
type Finding uint8

const (
	Agrees  Finding = iota // the relative error is within the tolerance
	Coarse                 // it is not, but with a smaller step the numerical derivative becomes the analytic one
	Kink                   // it is not, because f has a kink at x
	Differs                // it is not: the gradient is wrong
)

// String returns what a report writes behind the derivatives: nothing, "coarse", "kink" or "differs".
func (f Finding) String() string {
	return [...]string{"", "coarse", "kink", "differs"}[min(f, Differs)]
}

// A GradientReport is what [CheckGradient] found.
type GradientReport struct {
	F         float64          // value at x
	Dimension int              // coordinates of x
	Checked   int              // of which were checked
	Count     [Differs + 1]int // of which were found to be so
	Tolerance float64          // what was asked for
	Worst     []Coordinate     // the worst first: the gravest finding, the largest error, the first index
}

// A Coordinate is one derivative of a [GradientReport].
type Coordinate struct {
	Index             int
	X                 float64
	Analytic, Numeric float64
	Error             float64 // |a - n| / max(|a|, |n|, Floor); +Inf if one is not finite
	Finding           Finding
}

// OK reports whether no derivative differs.
func (r *GradientReport) OK() bool { return r.Count[Differs] == 0 }

// String is a line with the counts and a table of the worst coordinates.
func (r *GradientReport) String() string {
	var b strings.Builder
	verdict := "gradient right"
	if !r.OK() {
		verdict = "gradient WRONG"
	}
	fmt.Fprintf(&b, "%s: %d of %d coordinates checked, %d beyond %.1e; %d with a coarse step, %d at kinks\n", verdict,
		r.Checked, r.Dimension, r.Count[Differs], r.Tolerance, r.Count[Coarse], r.Count[Kink])
	if len(r.Worst) > 0 {
		fmt.Fprintf(&b, "%10s %14s %18s %18s %9s\n", "index", "x", "analytic", "numeric", "error")
	}
	for _, c := range r.Worst {
		line := fmt.Sprintf("%10d %14.6g %18.10g %18.10g %9.1e  %v", c.Index, c.X, c.Analytic, c.Numeric, c.Error,
			c.Finding)
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// CheckGradient compares the gradient that f computes at x with the numerical gradient, coordinate by
// coordinate: the relative error |a-n|/max(|a|,|n|) (Stanford CS231n, notes on gradient checks) must be within
// the tolerance. For more than Samples coordinates it checks as many, chosen by the seed: the same on
// every machine. The error returned is of the settings, of a step so small that in T a coordinate stays where it is,
// or of f's value at x, which must be finite; a wrong gradient is not an error but a report that is not OK. x is
// unchanged afterwards, to the bit.
//
// A coordinate beyond the tolerance is looked at again with 1/16 of the step, because the numerical derivative
// may be the wrong one. If the two derivatives then differ by at most 1/8 of what they did, and either by no more
// than the tolerance or with 1/256 of the step by at most 1/8 of that again, the analytic one is the limit, and the
// step was too coarse for f's curvature or had a kink (of a max or an absolute value) between its points. If
// instead the slopes to the left and to the right of x still differ by more than 1/4 of what they did (for a
// smooth f that difference goes with the step), and the analytic derivative is between them or
// is one of them, then x is at a kink and the derivative is a subgradient. Neither makes the report fail.
func CheckGradient[T kernels.Float](f Objective[T], x []T, c GradientCheck) (*GradientReport, error) {
	set := setting{method: "CheckGradient"}
	set.function(f == nil)
	checkDifference[T](&set, c.Difference, &c.Step)
	if set.err != nil {
		return nil, set.err
	}
	set.real("Tolerance", &c.Tolerance, defaultOf[T](tolerances, c.Difference), 0, 1, check.Open)
	set.real("Floor", &c.Floor, ownFloor, 0, math.Inf(1), check.OpenHigh)
	set.whole("Samples", &c.Samples, 1000)
	set.whole("Worst", &c.Worst, 10)
	if set.err != nil {
		return nil, set.err
	}
	chosen := choose(len(x), c.Samples, c.Seed)
	p := prober[T]{f, x}
	for _, i := range chosen {
		set.keep(p.moves(i, c.Difference, c.Step))
	}
	if set.err != nil {
		return nil, set.err
	}
	analytic := make([]T, len(x))
	f(x, analytic)
	f0 := f(x, nil)
	if !num.Finite(f0) {
		return nil, fmt.Errorf("minimize: CheckGradient: f(x) = %v, want a finite value", f0)
	}
	r := &GradientReport{F: f0, Dimension: len(x), Tolerance: c.Tolerance}
	for _, i := range chosen {
		v := p.compare(i, float64(analytic[i]), f0, c)
		r.Checked++
		r.Count[v.Finding]++
		r.Worst = append(r.Worst, v)
	}
	slices.SortFunc(r.Worst, worse)
	r.Worst = slices.Clip(r.Worst[:min(c.Worst, len(r.Worst))])
	return r, nil
}

// compare makes the report on the coordinate i, whose analytic derivative is a.
func (p prober[T]) compare(i int, a, f0 float64, c GradientCheck) Coordinate {
	v := Coordinate{Index: i, X: float64(p.x[i]), Analytic: a}
	v.Numeric = p.derivative(i, c.Difference, c.Step, f0)
	v.Error = relative(a, v.Numeric, p.floor(i, c.Step, f0, c))
	if v.Error <= c.Tolerance {
		return v
	}
	v.Finding = Differs
	if math.IsInf(v.Error, 1) {
		return v
	}
	finer := c.Step / 16
	n := p.derivative(i, c.Difference, finer, f0)
	if math.Abs(a-n) <= math.Abs(a-v.Numeric)/8 && p.approaches(i, a, n, f0, c) {
		v.Finding = Coarse
		return v
	}
	left, right := p.slopes(i, c.Step, f0)
	left2, right2 := p.slopes(i, finer, f0)
	// What rounding and the tolerance explain, also of the slopes' difference.
	slack := float64(c.Tolerance * max(math.Abs(left2), math.Abs(right2), p.floor(i, finer, f0, c)))
	if jump := math.Abs(right2 - left2); jump > slack && jump > math.Abs(right-left)/4 &&
		a >= min(left2, right2)-slack && a <= max(left2, right2)+slack {
		v.Finding = Kink
	}
	return v
}

// approaches reports whether a is the limit of numerical derivatives, n being the one with 1/16 of the step: n is
// within the tolerance, or the next one comes closer still. n alone may be closer than the first only because the
// error of the first was large. Rounding errors grow as steps shrink, and the floor with them.
func (p prober[T]) approaches(i int, a, n, f0 float64, c GradientCheck) bool {
	floor := p.floor(i, c.Step, f0, c)
	if relative(a, n, 16*floor) <= c.Tolerance {
		return true
	}
	next := p.derivative(i, c.Difference, c.Step/256, f0)
	return math.Abs(a-next) <= math.Abs(a-n)/8 || relative(a, next, 256*floor) <= c.Tolerance
}

// slopes returns the differences to the left and to the right of x.
func (p prober[T]) slopes(i int, step, f0 float64) (left, right float64) {
	h := p.width(i, step)
	above, up := p.at(i, h)
	below, down := p.at(i, -h)
	return (f0 - below) / -down, (above - f0) / up
}

// ownFloor is the Floor of a check that has none of the caller's.
const ownFloor = -1

// floor returns the floor of the relative error of the coordinate i.
func (p prober[T]) floor(i int, step, f0 float64, c GradientCheck) float64 {
	if c.Floor != ownFloor {
		return c.Floor
	}
	eps := 0x1p-53
	if num.Is32[T]() {
		eps = 0x1p-24
	}
	return 10 * eps * max(1, math.Abs(f0)) / (p.width(i, step) * c.Tolerance)
}

// relative returns |a - n| / max(|a|, |n|, floor): 0 if both are 0, +Inf if one is not finite.
func relative(a, n, floor float64) float64 {
	d := math.Abs(a - n)
	switch {
	case !num.Finite(d):
		return math.Inf(1)
	case d == 0:
		return 0
	}
	return d / max(math.Abs(a), math.Abs(n), floor)
}

// worse orders by finding, error and index.
func worse(a, b Coordinate) int {
	return cmp.Or(cmp.Compare(b.Finding, a.Finding), cmp.Compare(b.Error, a.Error), cmp.Compare(a.Index, b.Index))
}

// choose returns k of the numbers below n in ascending order, or all if there are no more, by Floyd's algorithm.
func choose(n, k int, seed uint64) []int {
	chosen := make([]int, 0, min(n, k))
	if n <= k {
		for i := range n {
			chosen = append(chosen, i)
		}
		return chosen
	}
	r := rand.New(rand.NewPCG(seed, 0x636f6f7264)) // a stream of its own
	taken := make(map[int]bool, k)
	for last := n - k; last < n; last++ {
		i := r.IntN(last + 1)
		if taken[i] {
			i = last
		}
		taken[i] = true
		chosen = append(chosen, i)
	}
	slices.Sort(chosen)
	return chosen
}
