package main

// Square roots that are correctly rounded and keep off the divider: docs/exact-sqrt.md proves them.

// A refinement is how an instruction set goes on from its estimate of 1/(2*sqrt(x)) to sqrt(x).
type refinement struct {
	half   float64   // 1/2, or the number below it
	series []float64 // coefficients of a polynomial, the highest power first; the last is 1
	least  int       // the exponent of the least root that is right: all results below 2^least are taken again
}

// fmaRoots computes the square roots g of x by fused multiply-adds, right where x is normal and the root at least
// 2^least (Unfit says where it may not be). With h near 1/(2*sqrt(x)), g near sqrt(x), r = 1/2 - g*h and
// p = 1 + 3/2*r + 5/2*r^2 ..., which is 1/sqrt(1-2*r) - 1 over r,
//
//	g = g + g*(r*p), h = h + h*(r*p)
//
// have as many more digits as there are terms. At last g = g + h*(x - g*g).
type fmaRoots struct {
	Machine
	x, g, h []Reg
}

func newFMARoots(m Machine, n int) *fmaRoots {
	return &fmaRoots{m, make([]Reg, n), make([]Reg, n), make([]Reg, n)}
}

// begin lists the first g and h. It reads x when its operations are emitted.
func (r *fmaRoots) begin(do *ops) {
	n, twice := len(r.x), make([]Reg, len(r.x))
	do.together(n, func(i int) { twice[i] = r.Add(r.x[i], r.x[i]) })
	r.HalfRoots(do, twice, r.h)
	do.together(n, func(i int) { r.g[i] = r.Mul(twice[i], r.h[i]) })
}

// finish lists the rest.
func (r *fmaRoots) finish(do *ops) {
	n, how, t, p := len(r.x), r.Refinement(), make([]Reg, len(r.x)), make([]Reg, len(r.x))
	do.together(n, func(i int) {
		t[i] = r.Literal(how.half)
		r.FMASub(t[i], r.g[i], r.h[i])
	})
	for k, c := range how.series[1:] {
		do.together(n, func(i int) {
			sum := r.Literal(c)
			if k == 0 {
				r.FMA(sum, t[i], r.Literal(how.series[0]))
			} else {
				r.FMA(sum, t[i], p[i])
			}
			p[i] = sum
		})
	}
	if len(how.series) > 1 {
		do.together(n, func(i int) { t[i] = r.Mul(t[i], p[i]) })
	}
	do.together(n, func(i int) { r.FMA(r.g[i], r.g[i], t[i]) })
	do.together(n, func(i int) { r.FMA(r.h[i], r.h[i], t[i]) })
	do.together(n, func(i int) {
		t[i] = r.Vector()
		r.Move(t[i], r.x[i])
		r.FMASub(t[i], r.g[i], r.g[i])
	})
	do.together(n, func(i int) { r.FMA(r.g[i], r.h[i], t[i]) })
}

const rootsParams = "n int, x, out *T"

// squareRoots emits func(n int, x, out *T): the roots by fma of n elements, whole vectors, without regard to which are
// unfit.
func squareRoots(m Machine) {
	name := symbol("squareRoots", m)
	m.Begin(name, rootsParams, name+" computes n roots by fma, whole vectors, some of which may be unfit.")
	n, x, out := m.Arg("n"), m.Arg("x"), m.Arg("out")
	m.While("loop", n, lanesOf(m), func() {
		r, do := newFMARoots(m, 1), &ops{}
		r.x[0] = m.Load(x, 0)
		r.begin(do)
		r.finish(do)
		emitSpread(1, []spread{{do, 0, 1}})
		m.Store(r.g[0], out, 0)
		m.AddImm(x, m.ISA().VecBytes)
		m.AddImm(out, m.ISA().VecBytes)
	})
	m.End()
}
