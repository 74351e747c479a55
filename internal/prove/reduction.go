package prove

import (
	"slices"

	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Reductions, by rule 7. A lane of a line is a chain: of elements l, l+L, l+2L, ... each by the row's line. What a loop
// makes of it in k turns, k unknown, is one term, a chain of k elements from what the lane was; a further step by the
// element that follows makes it one of k+1.

// lineLanes is how many lanes a line has.
func (t *theorem) lineLanes() int { return 64 / t.elemSize }

// stride is how many bytes chunks are apart, and lanesBase where their lanes lie.
func (p *proof) stride() Sym { return p.sym(symbol{name: "stride", any: true}) }
func (p *proof) lanesBase() Sym {
	return p.sym(symbol{name: "lanes", sort: lines, nonNegative: true})
}

// chunk is the operand of the chunk that an offset, with strides, lies in, and the offset in it.
func (p *proof) chunk(sym Sym, off Lin) (Sym, Lin) {
	m := p.syms[sym]
	if p.theorem.chunks < 2 || m.sort != elements {
		return sym, off
	}
	c := off.coef(p.stride())
	if c < 0 || c >= int64(p.theorem.chunks) {
		fail("reads chunk %d of %s", c, m.name)
	}
	return p.operand(m.operand, con(c)), off.plus(-c, p.stride().lin())
}

// step is the row's line on a lane and an element of a chunk.
func (p *proof) reduce(lane V, chunk, at Lin) V {
	t := p.theorem
	size, env := uint8(8*t.elemSize), map[*program.Node]V{t.prog.Lane(): lane}
	for i, o := range t.operands {
		env[t.prog.Operand(o.Name)] = p.element(p.operand(i, chunk), at, size)
	}
	return p.evaluate(t.prog.Lines[0].Value, size, env, nil)
}

// chain is a lane that a number of elements have continued, the first one given, the others a line apart each.
func (p *proof) chain(from V, chunk, first, count Lin) V {
	if p.theorem.largest {
		return p.spanned(from, chunk, first, int64(p.theorem.lineLanes()), count)
	}
	if count.isConst() {
		for ; count.C > 0; count.C-- {
			from = p.reduce(from, chunk, first)
			first = first.add(int64(p.theorem.lineLanes()))
		}
		return from
	}
	if !from.known() && from.T.Op == Chain { // two chains behind each other are one
		if c, f, n := p.parts(from); c == chunk && first == f.plus(int64(p.theorem.lineLanes()), n) {
			return p.chain(from.T.A, chunk, f, n.plus(1, count))
		}
	}
	size := uint8(8 * p.theorem.elemSize)
	return p.intern(key{Op: Chain, Bits: size, A: from, B: p.element(p.operand(0, chunk), first, size),
		C: p.element(p.counts(), count, size)})
}

// chainOf is a lane that a number of turns have continued.
func (p *proof) chainOf(from V, f following, turns Lin) V {
	switch {
	case p.theorem.pipelined:
		return p.moved(from, turns.times(f.stride), map[*Term]V{})
	case p.theorem.largest:
		return p.spanned(from, f.chunk, f.first, f.stride, turns)
	}
	return p.chain(from, f.chunk, f.first, turns)
}

// counts is the symbol whose elements stand for numbers of elements.
func (p *proof) counts() Sym { return p.sym(symbol{name: "count"}) }

// parts returns the chunk, the first element and the number of elements of a chain.
func (p *proof) parts(v V) (chunk, first, count Lin) {
	l := p.names[v.T.B.T.Imm]
	return p.syms[l.sym].tensor, l.at, p.names[v.T.C.T.Imm].at
}

// grow is the lemma that a chain and the element that follows it are a longer chain.
func (p *proof) grow(t *terms, of *Term) (V, bool) {
	for _, a := range []V{of.A, of.B, of.C} {
		if a.known() || a.T.Op != Chain || of.Op == Chain {
			continue
		}
		chunk, first, count := p.parts(a)
		saved := t.lemmas
		t.lemmas = nil
		next := p.reduce(a, chunk, first.plus(int64(p.theorem.lineLanes()), count))
		t.lemmas = saved
		if next.T == of {
			return p.chain(a.T.A, chunk, first, count.add(1)), true
		}
	}
	return V{}, false
}

// addZero is the lemma that +0 changes no sum but -0, which no sum is that began with +0.
func (p *proof) addZero(_ *terms, of *Term) (V, bool) {
	if of.Op == Add && of.A == (V{}) && p.noMinusZero(of.B) { // numbers stand first
		return of.B, true
	}
	return V{}, false
}

func (p *proof) noMinusZero(v V) bool {
	switch {
	case v.known():
		return v == V{}
	case v.T.Op == Chain:
		return p.adds() && p.noMinusZero(v.T.A)
	case v.T.Op == Add:
		return p.noMinusZero(v.T.A) || p.noMinusZero(v.T.B)
	case v.T.Op == Leaf: // lanes are those of an earlier call, of which the first began with +0
		return p.adds() && p.syms[p.names[v.T.Imm].sym].sort == lines
	}
	return false
}

// adds reports whether the row's line is a sum with the lane. An fma is none: a product that is negative and too small
// for a number makes -0 of it and +0.
func (p *proof) adds() bool {
	n := p.theorem.prog.Lines[0].Value
	return n.Op == program.Add && slices.Contains(n.Args, p.theorem.prog.Lane())
}

// follows returns the element by which a turn continues a lane, if it does: after is before by one step.
func (p *proof) follows(before, after V) (chunk, first Lin, ok bool) {
	if after.known() || p.theorem.chunks == 0 {
		return
	}
	if p.theorem.largest {
		return p.continues(before, after)
	}
	for _, a := range append(leavesOf(after.T.A), append(leavesOf(after.T.B), leavesOf(after.T.C)...)...) {
		l := p.names[a.T.Imm]
		if m := p.syms[l.sym]; m.sort == elements && p.reduce(before, m.tensor, l.at) == after {
			return m.tensor, l.at, true
		}
	}
	if after.T.Op == Chain { // of which before is a part
		chunk, first, count := p.parts(after)
		at := first.plus(int64(p.theorem.lineLanes()), count.add(-1))
		return chunk, at, p.reduce(before, chunk, at) == after
	}
	return
}

// leavesOf returns the elements that a value is, or is a function of bits of.
func leavesOf(v V) []V {
	switch {
	case v.known():
		return nil
	case v.T.Op == Leaf:
		return []V{v}
	case v.T.Op == And:
		return append(leavesOf(v.T.A), leavesOf(v.T.B)...)
	}
	return nil
}

// lineLane returns the index of a lane at an offset.
func (p *proof) lineLane(s *state, off Lin) Lin {
	t := p.theorem
	e, ok := off.over(int64(t.elemSize))
	if !ok || !e.isConst() || e.C < 0 || e.C >= int64(16*t.chunks) || e.C%16 >= int64(t.lineLanes()) || s.given == no ||
		t.chunks == 1 && s.given == open {
		fail("lanes at byte %s, which need not be there", off.text(p.syms))
	}
	if s.lanes>>e.C&1 != 0 {
		fail("lane %d, which is stored already", e.C)
	}
	return e
}

// storeLanes stores lanes, each once, and with all elements.
func (p *proof) storeLanes(s *state, sym Sym, off Lin, v []V) {
	size := p.theorem.elemSize
	if len(v)*4%size != 0 {
		fail("stores a part of a lane")
	}
	var line vector
	copy(line[:], v)
	for i := range len(v) * 4 / size {
		e := p.lineLane(s, off.add(int64(i*size)))
		x := p.lane(&line, uint8(8*size), i)
		if want := p.theorem.lane(p, s, int(e.C)); p.memory == nil && x != want {
			fail("stores %s in lane %d, want %s", p.text(x, 0), e.C, p.text(want, 0))
		}
		if p.memory != nil {
			p.memory.of[sym][e.C] = x.C
		} else {
			s.lanes |= 1 << e.C
		}
	}
}

// lane is what a lane is after all elements: i counts 16 for each chunk.
func (t *theorem) lane(p *proof, s *state, i int) V {
	if p.memory != nil {
		return V{}
	}
	size, l, n := uint8(8*t.elemSize), int64(t.lineLanes()), s.length
	from := V{}
	if s.given == yes || t.chunks > 1 {
		from = p.element(p.lanesBase(), con(int64(i)), size)
	}
	lane := int64(i % 16)
	rest := ((n.C % l) + l) % l
	lines, ok := n.add(-rest).over(l)
	if !ok {
		fail("lanes of %s elements", n.text(p.syms))
	}
	if lane < rest {
		lines = lines.add(1)
	}
	return p.chain(from, con(int64(i/16)), con(lane), lines)
}

// reduction is the theorem of a reduction: of one chunk the lanes, from +0 or those that are given, and their fold; of
// several chunks, of whole lines, the lanes of each.
func reduction(row table.Row, elemSize, chunks int) *theorem {
	t := &theorem{elemSize: elemSize, row: row, prog: program.Must(row), operands: row.Operands, chunks: chunks}
	join := Add // of folds
	if t.prog.Ops[program.MaxMagnitude] {
		t.largest, join = true, Most
	}
	size := uint8(8 * elemSize)
	first := 1 // argument of lanes
	if chunks > 1 {
		first = 2
	}
	frame := 8 * (first + 1 + len(t.operands))
	t.arg = func(p *proof, at int64) Lin {
		i := int(at / 8)
		switch {
		case at%8 != 0 || at < 0 || int(at) >= frame:
			fail("no argument at %d", at)
		case i == 0 && p.memory != nil:
			return con(int64(len(p.memory.Tensors[0][0])))
		case i == 0 && chunks > 1:
			return p.sym(symbol{name: "n/L", nonNegative: true}).lin().times(int64(t.lineLanes()))
		case i == 0:
			return p.sym(symbol{name: "n", nonNegative: true}).lin()
		case i < first:
			return p.stride().lin()
		case i == first && p.memory != nil && p.memory.Lanes == nil:
			return Lin{}
		case i == first:
			return p.lanesBase().lin()
		}
		return p.operand(i-first-1, Lin{}).lin()
	}
	t.begin = func(p *proof) *state {
		want := frame
		if chunks == 1 {
			want += elemSize
		}
		if p.fn.ArgBytes != want || p.fn.FrameBytes != 0 {
			fail("a frame of %d bytes and %d of arguments, want 0 and %d", p.fn.FrameBytes, p.fn.ArgBytes, want)
		}
		p.lemmas = append(p.lemmas[:len(p.lemmas):len(p.lemmas)], lemma{apply: p.grow}, lemma{apply: p.addZero})
		if t.largest {
			p.lemmas = append(p.lemmas, lemma{apply: p.largest})
		}
		s := p.entry()
		s.length = t.arg(p, 0)
		if chunks > 1 {
			s.given = yes
		}
		for i := range t.operands {
			for c := range chunks {
				s.open = append(s.open, progress{sym: p.operand(i, con(int64(c))), Len: s.length})
			}
		}
		return s
	}
	t.result = func(p *proof, s *state, at int64, v []V) {
		if chunks > 1 || at != int64(frame) || s.result || len(v)*4 != elemSize {
			fail("stores no result")
		}
		var line vector
		copy(line[:], v)
		got := p.lane(&line, size, 0)
		s.result = true
		if p.memory != nil {
			p.memory.result = got.C
			return
		}
		fold := make([]V, t.lineLanes())
		for i := range fold {
			fold[i] = t.lane(p, s, i)
		}
		for half := len(fold) / 2; half > 0; half /= 2 {
			for i := range half {
				fold[i] = p.op2(join, size, fold[i], fold[i+half])
			}
		}
		if got != fold[0] {
			fail("returns %s, want %s", p.text(got, 0), p.text(fold[0], 0))
		}
	}
	t.end = func(p *proof, s *state) {
		p.clean(s)
		if chunks == 1 && !s.result {
			fail("returns nothing")
		}
		if chunks == 1 && s.given == open {
			fail("does not ask for lanes")
		}
		for i := range 16 * chunks {
			if s.given == yes && i%16 < t.lineLanes() && s.lanes>>i&1 == 0 {
				fail("lane %d is not stored", i)
			}
		}
	}
	return t
}

// eachLane calls f for each lane of a register that a loop may continue.
func (p *proof) eachLane(f func(i int, size uint8)) {
	n := 0
	switch t := p.theorem; {
	case t.chunks > 0:
		n = t.lineLanes()
	case t.pipelined:
		n = p.width() * 4 / t.elemSize
	}
	for i := range n {
		f(i, uint8(8*p.theorem.elemSize))
	}
}

// seeChains notes the lanes that the first turn continues.
func (p *proof) seeChains(inv *invariant, s, b *state) {
	for r := range s.v {
		if b.v[r] == s.v[r] {
			continue
		}
		p.eachLane(func(i int, size uint8) {
			if p.theorem.pipelined {
				inv.chains[r][i] = p.movedBy(p.lane(&s.v[r], size, i), p.lane(&b.v[r], size, i))
				return
			}
			chunk, first, ok := p.follows(p.lane(&s.v[r], size, i), p.lane(&b.v[r], size, i))
			inv.chains[r][i] = following{ok, chunk, first, 0}
			if p.theorem.largest {
				inv.chains[r][i].stride = p.apart(inv)
			}
		})
	}
}

// generalLanes sets a register that changes to what it is after k turns: chains, and else nothing known.
func (p *proof) generalLanes(g *state, inv *invariant, s *state, r int, k Lin) {
	for i := range g.v[r] {
		g.v[r][i] = p.unknown()
	}
	p.eachLane(func(i int, size uint8) {
		if c := inv.chains[r][i]; c.known {
			p.setLane(&g.v[r], size, i, p.chainOf(p.lane(&s.v[r], size, i), c, k))
		}
	})
}

// weakenLanes takes from the invariant the chains of a register that are none.
func (p *proof) weakenLanes(inv *invariant, s, b *state, r int, k Lin) (weaker bool) {
	p.eachLane(func(i int, size uint8) {
		c := &inv.chains[r][i]
		if !c.known || inv.v[r] {
			return
		}
		if p.lane(&b.v[r], size, i) != p.chainOf(p.lane(&s.v[r], size, i), *c, k) {
			c.known, weaker = false, true
		}
	})
	return weaker
}
