package kernels

import "github.com/bitstep-go/bitstep/kernels/table"

// A step's scalars travel in a struct, already rounded to the element type. The structs and their constructors,
// in coefs.go, are made from the table; assembly reads their fields in order, then the Prelude's.

// Use selects the lines of a [Prelude] that run.
type Use = table.Use

const (
	UseScale = table.UseScale // g = scale*g
	UseClip  = table.UseClip  // g = lo > g ? lo : g, then g = hi < g ? hi : g
	UseL2    = table.UseL2    // g = g + l2*x
	UseKeep  = table.UseKeep  // x = keep*x
	Uses     = table.Uses     // how many combinations there are: every Use is below it
)

// A Prelude is what a step does to the gradient and the parameters before its own lines, in the same
// pass over memory and in this order:
//
//	g = scale*g         with UseScale: loss scaling, clipping by norm, -1 to maximize
//	g = lo > g ? lo : g
//	g = hi < g ? hi : g with UseClip: clipping by value, as [Clip]; a NaN in g stays
//	g = g + l2*x        with UseL2: coupled weight decay, the gradient of l2/2*x^2
//	x = keep*x          with UseKeep: decoupled weight decay (AdamW), keep = 1 - lr*wd
//
// The gradient in memory does not change. The zero value does nothing.
type Prelude[T Float] struct {
	Scale, Lo, Hi, L2, Keep T // in the order of table.Preludes
	Use                     Use
}

// Scaled adds g = scale*g.
func (p Prelude[T]) Scaled(scale float64) Prelude[T] {
	p.Scale, p.Use = T(scale), p.Use|UseScale
	return p
}

// Clipped adds clipping by value to the interval from -limit to limit.
func (p Prelude[T]) Clipped(limit float64) Prelude[T] {
	p.Lo, p.Hi, p.Use = T(-limit), T(limit), p.Use|UseClip
	return p
}

// Coupled adds g = g + wd*x.
func (p Prelude[T]) Coupled(wd float64) Prelude[T] {
	p.L2, p.Use = T(wd), p.Use|UseL2
	return p
}

// Decoupled adds x = keep*x with keep = 1 - lr*wd.
func (p Prelude[T]) Decoupled(lr, wd float64) Prelude[T] {
	p.Keep, p.Use = T(1-float64(lr*wd)), p.Use|UseKeep
	return p
}

// apply runs the lines in use on one element.
func (p *Prelude[T]) apply(x, g T) (T, T) {
	if p.Use&UseScale != 0 {
		g = T(p.Scale * g)
	}
	if p.Use&UseClip != 0 {
		if p.Lo > g {
			g = p.Lo
		}
		if p.Hi < g {
			g = p.Hi
		}
	}
	if p.Use&UseL2 != 0 {
		g += T(p.L2 * x)
	}
	if p.Use&UseKeep != 0 {
		x = T(p.Keep * x)
	}
	return x, g
}

// NewAdamAlmost gives the scalars of the lecture's "almost" form, which lacks the bias correction:
// alpha = lr, unbias = 1.
func NewAdamAlmost[T Float](h AdamHyper) AdamCoef[T] {
	c := NewAdam[T](h, 1)
	c.Alpha, c.Unbias = T(h.LR), 1
	return c
}

// PowInt returns x^t by binary powering, least significant bit of t first, every product rounded to
// float64: the power of rule 6. x^0 is 1.
func PowInt(x float64, t uint64) float64 {
	p := 1.0
	for ; t != 0; t >>= 1 {
		if t&1 != 0 {
			p = float64(p * x)
		}
		x = float64(x * x)
	}
	return p
}
