package prove

import (
	"cmp"
	"fmt"
	"slices"
)

// The largest magnitude. A lane of it is a set: what it is the largest of. So that it does not matter in what order, or
// by how many lanes that are joined, a function goes through the elements: the largest of unsigned numbers is that of
// the same set, whatever stands twice, and 0 adds nothing. Of NaN, which are one, and of what has no sign, FMAX is it,
// too.

// A most is what a value is the largest of: magnitudes of elements, and other values.
type most struct {
	spans  []span
	others []V
}

// A span is the magnitudes of a number of elements, a stride apart.
type span struct {
	sym    Sym
	first  Lin
	stride int64
	count  Lin
}

// one reports whether the span is an element.
func (s span) one() bool { return s.count == con(1) }

// end is the element that would follow.
func (s span) end() Lin { return s.first.plus(s.stride, s.count) }

// atoms returns what a value is the largest of; false of a number that is not 0.
func (p *proof) atoms(v V) (most, bool) {
	switch {
	case v.known():
		return most{}, v.C == 0
	case v.T.Op == Largest:
		return p.sets[v.T.Imm], true
	}
	if x := v.T.B; v.T.Op == And && v.T.A == magnitudeBits(v.T.Bits) && !x.known() && x.T.Op == Leaf {
		if l := p.names[x.T.Imm]; p.syms[l.sym].sort == elements {
			return most{spans: []span{{l.sym, l.at, int64(p.theorem.lineLanes()), con(1)}}}, true
		}
	}
	return most{others: []V{v}}, true
}

// magnitudeBits are all bits but the sign's.
func magnitudeBits(size uint8) V { return number(signBit(size).C - 1) }

// magnitude reports whether a value has no sign. Lanes that are given are those of an earlier call.
func (p *proof) magnitude(v V, size uint8) bool {
	switch {
	case v.known():
		return v.C&signBit(size).C == 0
	case v.T.Op == Largest && v.T.Bits == size:
		return !slices.ContainsFunc(p.sets[v.T.Imm].others, func(v V) bool { return !p.magnitude(v, size) })
	case v.T.Op == And && v.T.Bits == size:
		return v.T.A == magnitudeBits(size)
	}
	return v.T.Op == Leaf && v.T.Bits == size && p.theorem.largest && p.syms[p.names[v.T.Imm].sym].sort == lines
}

// largestOf is the value of a set, in its normal form.
func (p *proof) largestOf(m most, size uint8) V {
	m.others = slices.Clone(m.others)
	slices.SortFunc(m.others, func(a, b V) int { return cmp.Compare(a.T.id, b.T.id) })
	m.others = slices.Compact(m.others)
	m.spans = p.joined(m.spans)
	switch {
	case len(m.spans) == 0 && len(m.others) == 0:
		return V{}
	case len(m.spans) == 0 && len(m.others) == 1:
		return m.others[0]
	case len(m.spans) == 1 && len(m.others) == 0 && m.spans[0].one():
		return p.op2(And, size, p.element(m.spans[0].sym, m.spans[0].first, size), magnitudeBits(size))
	}
	name := fmt.Sprint(m)
	id, ok := p.setIDs[name]
	if !ok {
		id = int32(len(p.sets))
		p.sets, p.setIDs[name] = append(p.sets, m), id
	}
	return p.intern(key{Op: Largest, Bits: size, Imm: id})
}

// joined returns the elements of spans in few spans, sorted.
func (p *proof) joined(spans []span) []span {
	spans = slices.DeleteFunc(slices.Clone(spans), func(s span) bool { return s.count == Lin{} })
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	spans = slices.Compact(spans)
	for i, a := range spans {
		for j, b := range spans {
			if i == j || a.sym != b.sym {
				continue
			}
			if c, ok := behind(a, b); ok {
				rest := slices.DeleteFunc(slices.Clone(spans), func(s span) bool { return s == a || s == b })
				return p.joined(append(rest, c))
			}
		}
		if c, of := p.woven(a, spans); len(of) > 0 {
			rest := slices.DeleteFunc(slices.Clone(spans), func(s span) bool { return slices.Contains(of, s) })
			return p.joined(append(rest, c))
		}
	}
	return spans
}

// behind returns the span of a and b behind it, if it is one.
func behind(a, b span) (span, bool) {
	switch {
	case a.stride != b.stride && a.one():
		a.stride = b.stride
	case a.stride != b.stride && b.one():
	case a.stride != b.stride:
		return a, false
	}
	if b.first != a.end() {
		return a, false
	}
	a.count = a.count.plus(1, b.count)
	return a, true
}

// woven returns the span that a is every so many elements of, if the spans of the others are there.
func (p *proof) woven(a span, spans []span) (c span, of []span) {
	line := int64(p.theorem.lineLanes())
	if a.one() || a.stride == line || a.stride%line != 0 {
		return
	}
	for at := int64(0); at < a.stride; at += line {
		b := a
		b.first = a.first.add(at)
		if !slices.Contains(spans, b) {
			return c, nil
		}
		of = append(of, b)
	}
	return span{a.sym, a.first, line, a.count.times(a.stride / line)}, of
}

// spanned is a lane that a number of elements have continued.
func (p *proof) spanned(from V, chunk, first Lin, stride int64, count Lin) V {
	m, ok := p.atoms(from)
	if !ok {
		fail("a lane that begins with %#x", from.C)
	}
	m.spans = append(slices.Clone(m.spans), span{p.operand(0, chunk), first, stride, count})
	return p.largestOf(m, uint8(8*p.theorem.elemSize))
}

// largest is what is the same for all values: the larger of two is the largest of both their sets, by a comparison of
// whole numbers, too, if neither has a sign, and to take a sign away that is none changes nothing.
func (p *proof) largest(t *terms, of *Term) (V, bool) {
	switch {
	case of.Op == Most:
		a, ok := p.atoms(of.A)
		b, ok2 := p.atoms(of.B)
		if !ok || !ok2 {
			return V{}, false
		}
		m := most{append(slices.Clone(a.spans), b.spans...), append(slices.Clone(a.others), b.others...)}
		return p.largestOf(m, of.Bits), true
	case of.Op == And && of.A == magnitudeBits(of.Bits) && p.magnitude(of.B, of.Bits):
		return of.B, true
	case of.Op == Choose && !of.A.known() && of.A.T.Op == GreaterInt && of.A.T.Bits == of.Bits && of.A.T.A == of.B &&
		of.A.T.B == of.C && p.magnitude(of.B, of.Bits) && p.magnitude(of.C, of.Bits):
		return t.op2(Most, of.Bits, of.B, of.C), true
	}
	return V{}, false
}

// floatMax is the larger of two numbers, NaN if either is: of what has no sign the larger whole number.
func (p *proof) floatMax(size uint8, a, b V) V {
	switch {
	case a.known() && b.known():
		return p.op2(FloatMax, size, a, b)
	case p.magnitude(a, size) && p.magnitude(b, size):
		return p.op2(Most, size, a, b)
	}
	return p.unknown()
}

// continues returns the element by which a turn continues a lane, if it does: after is the largest of before and it.
func (p *proof) continues(before, after V) (chunk, first Lin, ok bool) {
	m, _ := p.atoms(after)
	for _, s := range m.spans {
		chunk, at := p.syms[s.sym].tensor, s.end().add(-s.stride)
		if p.reduce(before, chunk, at) == after {
			return chunk, at, true
		}
	}
	return
}

// apart is how many elements the registers that step by whole lines step by, if they are pointers: a guess, which the
// loop's induction proves.
func (p *proof) apart(inv *invariant) (stride int64) {
	stride = int64(p.theorem.lineLanes())
	for _, c := range inv.g {
		if c.known && c.by%64 == 0 {
			stride = max(stride, c.by/int64(p.theorem.elemSize))
		}
	}
	return stride
}
