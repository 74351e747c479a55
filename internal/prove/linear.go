package prove

import "fmt"

// A Sym is an unknown integer: a length, a base of memory, the number of a loop's turn.
type Sym uint16

// A Lin is a linear form c + a1*s1 + a2*s2 + ..., the symbols ascending. Equal forms are equal values of Go.
type Lin struct {
	C int64
	T [6]part
}

type part struct {
	Coef int64
	Sym  Sym
}

func con(c int64) Lin { return Lin{C: c} }

func (s Sym) lin() Lin { return Lin{T: [6]part{{1, s}}} }

// isConst reports whether no symbol is left.
func (a Lin) isConst() bool { return a.T[0].Coef == 0 }

// plus is a + f*b.
func (a Lin) plus(f int64, b Lin) Lin {
	r := Lin{C: a.C + f*b.C} // as registers, which wrap
	n := 0
	put := func(coef int64, s Sym) {
		if coef == 0 {
			return
		}
		if n == len(r.T) {
			fail("an address or a count of more than %d unknowns", len(r.T))
		}
		r.T[n] = part{small(coef), s}
		n++
	}
	i, j := 0, 0
	for {
		x, y := part{}, part{}
		if i < len(a.T) {
			x = a.T[i]
		}
		if j < len(b.T) {
			y = b.T[j]
		}
		switch {
		case x.Coef == 0 && y.Coef == 0:
			return r
		case y.Coef == 0 || x.Coef != 0 && x.Sym < y.Sym:
			put(x.Coef, x.Sym)
			i++
		case x.Coef == 0 || y.Sym < x.Sym:
			put(f*y.Coef, y.Sym)
			j++
		default:
			put(x.Coef+f*y.Coef, x.Sym)
			i, j = i+1, j+1
		}
	}
}

// small fails for factors whose products with each other need not be of 64 bits.
func small(coef int64) int64 {
	if coef > 1<<30 || coef < -1<<30 {
		fail("a factor of more than 30 bits: %d", coef)
	}
	return coef
}

func (a Lin) add(c int64) Lin { a.C += c; return a }

func (a Lin) times(f int64) Lin { return Lin{}.plus(f, a) }

// over is a/d, if that is exact for all values of the symbols.
func (a Lin) over(d int64) (Lin, bool) {
	if a.C%d != 0 {
		return Lin{}, false
	}
	a.C /= d
	for i := range a.T {
		if a.T[i].Coef%d != 0 {
			return Lin{}, false
		}
		a.T[i].Coef /= d
	}
	return a, true
}

// tight is a form that is not negative if and only if a is not, for whole numbers: without a common factor.
func (a Lin) tight() Lin {
	g := int64(0)
	for _, t := range a.T {
		for c := t.Coef; c != 0; {
			g, c = c, g%c
		}
	}
	if g = max(g, -g); g <= 1 {
		return a
	}
	c := ((a.C % g) + g) % g
	r, _ := a.add(-c).over(g)
	return r
}

// coef is what multiplies a symbol.
func (a Lin) coef(s Sym) int64 {
	for _, t := range a.T {
		if t.Coef != 0 && t.Sym == s {
			return t.Coef
		}
	}
	return 0
}

// put replaces a symbol by a form.
func (a Lin) put(s Sym, by Lin) Lin {
	c := a.coef(s)
	if c == 0 {
		return a
	}
	return a.plus(-c, s.lin()).plus(c, by)
}

// text spells the form.
func (a Lin) text(names []symbol) string {
	s := ""
	for _, t := range a.T {
		switch {
		case t.Coef == 0:
		case t.Coef == 1:
			s += " + " + names[t.Sym].name
		default:
			s += fmt.Sprintf(" + %d*%s", t.Coef, names[t.Sym].name)
		}
	}
	if a.C != 0 || s == "" {
		s += fmt.Sprintf(" + %d", a.C)
	}
	return s[3:]
}

// farAway is more than any sum that a path compares.
const farAway = 1 << 60

// nonNegative reports whether a form cannot be negative for what its symbols alone are.
func (p *proof) nonNegative(a Lin) bool {
	for _, t := range a.T {
		if t.Coef < 0 || t.Coef > 0 && !p.syms[t.Sym].nonNegative {
			return false
		}
	}
	return a.C >= 0 && a.C <= farAway // beyond, it may have wrapped
}

// implied reports whether a >= 0 follows from what the path knows. A yes is a proof; a no is not.
func (p *proof) implied(s *state, a Lin) bool {
	if a = a.tight(); p.nonNegative(a) {
		return true
	}
	for _, c := range s.known {
		if p.nonNegative(a.plus(-1, c)) {
			return true
		}
	}
	return false
}

// zero reports whether a = 0 follows.
func (p *proof) zero(s *state, a Lin) bool {
	return a == Lin{} || p.implied(s, a) && p.implied(s, a.times(-1))
}

// bounds returns the least and the largest value of a form that the path knows of.
func (p *proof) bounds(s *state, a Lin) (lo, hi int64, ok bool) {
	if a.isConst() {
		return a.C, a.C, true
	}
	lo, hi = -1<<62, 1<<62
	if p.nonNegative(a.add(-a.C)) {
		lo = a.C
	}
	for _, c := range s.known { // c >= 0
		if d := a.plus(-1, c); d.isConst() {
			lo = max(lo, d.C)
		}
		if d := a.plus(1, c); d.isConst() {
			hi = min(hi, d.C)
		}
	}
	return lo, hi, lo > -1<<62 && hi < 1<<62
}
