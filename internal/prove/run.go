package prove

import (
	"errors"
	"fmt"
	"slices"
)

// A loop is a natural loop of a function's code: its instructions are those that reach a jump back to the head without
// passing it.
type loop struct {
	head int
	has  []bool

	outer bool // others are inside
}

// successors returns where an instruction may lead to.
func successors(code []Inst, i int) (next []int) {
	switch in := code[i]; {
	case in.control == ret:
		return nil
	case in.To >= 0 && in.control == jump:
		return []int{in.To}
	case in.To >= 0:
		next = append(next, in.To)
	}
	if i+1 < len(code) {
		next = append(next, i+1)
	}
	return next
}

// findLoops returns the loops by their heads.
func findLoops(code []Inst) map[int]*loop {
	loops := map[int]*loop{}
	before := make([][]int, len(code))
	for i := range code {
		for _, j := range successors(code, i) {
			before[j] = append(before[j], i)
		}
	}
	const entered, left = 1, 2
	mark := make([]uint8, len(code))
	var visit func(i int)
	visit = func(i int) {
		mark[i] = entered
		for _, j := range successors(code, i) {
			switch mark[j] {
			case 0:
				visit(j)
			case entered: // a jump back, to j
				l := loops[j]
				if l == nil {
					l = &loop{head: j, has: make([]bool, len(code))}
					l.has[j], loops[j] = true, l
				}
				for todo := []int{i}; len(todo) > 0; {
					n := todo[len(todo)-1]
					todo = todo[:len(todo)-1]
					if !l.has[n] {
						l.has[n] = true
						todo = append(todo, before[n]...)
					}
				}
			}
		}
		mark[i] = left
	}
	visit(0)
	for _, l := range loops {
		for head := range loops {
			l.outer = l.outer || head != l.head && l.has[head]
		}
	}
	return loops
}

// infeasible reports whether the path knows what cannot be.
func (s *state) infeasible() bool {
	return slices.ContainsFunc(s.known, func(c Lin) bool { return c.isConst() && c.C < 0 })
}

// explore follows all paths from a state, inside a loop or, without one, to the function's end. Those that come back to
// the loop's head are backs, those that leave it outs.
func (p *proof) explore(from *state, in *loop) (backs, outs []*state) {
	work := []*state{from}
	from.again = true // the head is where it starts, not where it comes back to
	for len(work) > 0 {
		s := work[len(work)-1]
		work = work[:len(work)-1]
		for s != nil {
			switch l := p.loops[s.pc]; {
			case in != nil && !in.has[s.pc]:
				outs, s = append(outs, s), nil
			case in != nil && s.pc == in.head && !s.again:
				backs, s = append(backs, s), nil
			case l != nil && l != in:
				work, s = append(work, p.around(s, l)...), nil
			default:
				next := p.step(s)
				s = nil
				if len(next) > 0 {
					s = next[0]
					work = append(work, next[1:]...)
				}
			}
		}
	}
	return backs, outs
}

// at puts the instruction in front of a fault.
func (p *proof) at(s *state, f fault) fault {
	in := p.insts[s.pc]
	return fault{fmt.Sprintf("line %d, %s: %s", in.Line, in.Text, f.what)}
}

// A placed fault has its instruction already.
type placed struct{ fault }

// step executes an instruction. It returns the states behind it: one, two of a branch, more of a fork, none of a
// return.
func (p *proof) step(s *state) (next []*state) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case fork:
			next = p.fork(s, e)
			for _, n := range next {
				n.again = true
			}
		case fault:
			panic(placed{p.at(s, e)})
		default:
			panic(e)
		}
	}()
	if p.budget--; p.budget < 0 {
		fail("too many paths")
	}
	s.again = false
	in := &p.insts[s.pc]
	switch in.control {
	case ret:
		if p.memory == nil {
			p.theorem.end(p, s)
		}
		return nil
	case jump:
		if in.To < 0 {
			fail("jumps out of the function")
		}
		s.pc = in.To
		return []*state{s}
	case call:
		if to := p.int(s, in.arg(0, 1)); p.memory != nil {
			p.interpretCall(s, to)
		} else {
			p.theorem.call(p, s, to)
		}
	case ifNotZero:
		if in.To < 0 {
			fail("jumps out of the function")
		}
		return p.branchEqual(s, p.int(s, in.arg(0, 2)), s.pc+1, in.To)
	case onward:
		sem, ok := p.file.arch.does[in.Op]
		if !ok {
			fail("no semantics")
		}
		p.checkFeature(sem, in)
		sem.Run(p, s, in)
	default:
		return p.branch(s, in)
	}
	if s.pc++; s.pc == len(p.insts) {
		s.pc--
		fail("runs past the end of the function")
	}
	return []*state{s}
}

// checkFeature fails if an instruction needs what dispatch does not check.
func (p *proof) checkFeature(sem semantics, in *Inst) {
	if p.file.arch.words > 0 {
		return
	}
	evex, wide := false, false
	for _, a := range in.Args {
		evex = evex || a.Kind == maskReg || a.Kind == vectorReg && (a.Reg >= 16 || a.Words == 16)
		wide = wide || a.Words == 16
	}
	needs := []string{sem.VEX}
	if evex || sem.VEX == "" {
		needs[0] = sem.EVEX
		if sem.EVEX == "" && sem.VEX != "" {
			fail("an encoding that is not there")
		}
		if !wide && sem.EVEX != "" && in.Op != "KMOVW" {
			needs = append(needs, "AVX512VL")
		}
	}
	for _, f := range needs {
		if f != "" && !p.theorem.features[f] {
			fail("needs %s, which dispatch does not check", f)
		}
	}
}

// branch follows a jump's condition on a - b.
func (p *proof) branch(s *state, in *Inst) (next []*state) {
	if !s.flags.known || in.To < 0 {
		fail("jumps by flags that no comparison has set")
	}
	p.unwrapped(s.flags.a)
	p.unwrapped(s.flags.b)
	d := s.flags.a.plus(-1, s.flags.b)
	var yes Lin // the jump is taken if and only if it is not negative
	switch in.control {
	case ifEqual:
		return p.branchEqual(s, d, in.To, s.pc+1)
	case ifNotEqual:
		return p.branchEqual(s, d, s.pc+1, in.To)
	case ifLess:
		yes = d.times(-1).add(-1)
	case ifLessOrEqual:
		yes = d.times(-1)
	case ifGreaterOrEqual:
		yes = d
	case ifGreater:
		yes = d.add(-1)
	default:
		fail("no condition")
	}
	no := yes.times(-1).add(-1)
	defer func() {
		for _, n := range next {
			p.settle(n)
		}
	}()
	switch {
	case p.implied(s, yes):
		s.pc = in.To
		return []*state{s}
	case p.implied(s, no):
		s.pc++
		return []*state{s}
	}
	taken := s.clone()
	taken.pc, taken.known = in.To, append(taken.known, yes.tight())
	s.pc, s.known = s.pc+1, append(s.known, no.tight())
	return []*state{s, taken}
}

// unwrapped fails for a form that a jump must not ask about.
func (p *proof) unwrapped(a Lin) {
	if p.wraps(a) {
		fail("jumps by %s, which may have wrapped", a.text(p.syms))
	}
}

// wraps reports whether a form may be another number than the 64 bits that a register has of it. Lengths, addresses and
// numbers of turns are below 2^47.
func (p *proof) wraps(a Lin) bool {
	for _, t := range a.T {
		if t.Coef != 0 && p.syms[t.Sym].any && a != t.Sym.lin() || max(t.Coef, -t.Coef) > 1<<12 {
			return true
		}
	}
	return a.C > farAway || a.C < -farAway
}

// settle replaces a length by what it is, if the last that the path has learnt says so.
func (p *proof) settle(s *state) {
	if len(s.known) == 0 {
		return
	}
	last := s.known[len(s.known)-1]
	if !p.implied(s, last.times(-1)) {
		return
	}
	for _, t := range last.T {
		if (t.Coef == 1 || t.Coef == -1) && p.syms[t.Sym].name != turns {
			s.put(t.Sym, last.plus(-t.Coef, t.Sym.lin()).times(-t.Coef))
			return
		}
	}
}

// branchEqual goes to one place if d = 0, and else to the other.
func (p *proof) branchEqual(s *state, d Lin, zero, other int) []*state {
	if t := d.T[0]; d.add(-d.C) == t.Sym.lin() {
		switch m := p.syms[t.Sym]; {
		case m.zero != nil && d.C == 0:
			z := s.clone()
			z.pc, s.pc = zero, other
			for _, b := range m.zero {
				p.learn(z, b, false)
			}
			return []*state{s, z}
		case m.loaded != V{} && d.C == 1: // all ones, by one more 0
			z := s.clone()
			z.pc, s.pc = zero, other
			p.learnOnes(z, m.loaded)
			return []*state{s, z}
		}
	}
	p.unwrapped(d)
	equal, known := false, d.isConst()
	if known {
		equal = d.C == 0
	} else if t := d.T[0]; d.C == 0 && d == t.Sym.lin() && p.syms[t.Sym].nonZero {
		known = true
	}
	if t := d.T[0]; !known && d == t.Sym.lin() && p.syms[t.Sym].sort == lines {
		if s.given == open {
			panic(fork{d})
		}
		equal, known = s.given == no, true // a path without lanes may load their address again
	}
	if !known {
		fail("jumps by whether %s = 0", d.text(p.syms))
	}
	if s.pc = other; equal {
		s.pc = zero
	}
	return []*state{s}
}

// mostValues is how many paths a fork may make.
const mostValues = 64

// fork returns a path for each value of a form.
func (p *proof) fork(s *state, f fork) (next []*state) {
	if f.of == p.selector().lin() { // without a Prelude and with one
		with := s.clone()
		with.prelude = yes
		s.put(p.selector(), Lin{})
		s.prelude = no
		return []*state{s, with}
	}
	if t := f.of.T[0]; f.of == t.Sym.lin() && p.syms[t.Sym].sort == lines { // without lanes and with them
		with := s.clone()
		with.given = yes
		s.put(t.Sym, Lin{})
		s.given = no
		return []*state{s, with}
	}
	f.of = f.of.tight() // whose value is as good
	lo, hi, ok := p.bounds(s, f.of)
	if !ok || hi-lo >= mostValues {
		panic(fault{fmt.Sprintf("needs the value of %s", f.of.text(p.syms))})
	}
	var by Sym
	var coef int64
	for _, t := range f.of.T { // the last that has no factor: a length rather than a loop's number
		if t.Coef == 1 || t.Coef == -1 {
			if coef == 0 || p.syms[t.Sym].name != turns {
				by, coef = t.Sym, t.Coef
			}
		}
	}
	if coef == 0 {
		panic(fault{fmt.Sprintf("needs the value of %s", f.of.text(p.syms))})
	}
	for v := lo; v <= hi; v++ {
		n := s.clone()
		// of = v, so that coef*by = v - rest
		rest := f.of.plus(-coef, by.lin())
		n.put(by, con(v).plus(-1, rest).times(coef))
		if !n.infeasible() {
			next = append(next, n)
		}
	}
	return next
}

// turns is the name of symbols that count the turns of a loop.
const turns = "turn"

// An invariant is what holds at a loop's head at each turn: registers that stay, and those that step.
type invariant struct {
	g       [generals]changing
	v       [32]bool          // stays
	chains  [32][16]following // of lanes
	k       [8]bool
	frame   [frameWords]bool // stays
	done    [][2]int64       // the steps of open operands' extents
	tensors int64
	atLeast []atLeast
	dirty   bool
}

type changing struct {
	known bool
	by    int64
}

// A following is the element by which the first turn continues a lane, if it does; or the lane is of elements that are
// further on by so many.
type following struct {
	known        bool
	chunk, first Lin
	stride       int64 // of the largest, and of elements further on
}

type atLeast struct {
	reg int
	c   int64
}

// around returns the states that leave a loop, after any number of turns: by induction or, if a loop around others has
// no invariant, turn after turn.
func (p *proof) around(s *state, l *loop) []*state { return p.merged(p.turn(s, l, 0)) }

// mostTurns is after how many turns a loop without an invariant must end.
const mostTurns = 4

func (p *proof) turn(s *state, l *loop, done int) []*state {
	first, outs := p.explore(s.clone(), l)
	if len(first) == 0 {
		return outs
	}
	first = p.merged(first)
	all, err := p.induct(s, l, first)
	if err == nil {
		return all
	}
	if !l.outer || !p.theorem.pipelined || done == mostTurns {
		panic(placed{*err})
	}
	for _, b := range first {
		outs = append(outs, p.turn(p.closeTensor(s, b), l, done+1)...)
	}
	return outs
}

// merged returns states of which one stands for those that differ in nothing but registers: of these nothing is known.
func (p *proof) merged(all []*state) (few []*state) {
next:
	for _, s := range all {
		for _, m := range few {
			if m.alike(s) {
				p.forget(m, s)
				continue next
			}
		}
		few = append(few, s)
	}
	return few
}

// alike reports whether two states are the same but for registers, and for what is in the frame.
func (s *state) alike(t *state) bool {
	return s.pc == t.pc && s.prelude == t.prelude && s.tensors == t.tensors && s.length == t.length &&
		s.given == t.given && s.lanes == t.lanes && s.result == t.result && slices.Equal(s.known, t.known) &&
		slices.EqualFunc(s.open, t.open, func(a, b progress) bool {
			same := a.sym == b.sym && a.Len == b.Len
			for i, e := range a.extents() {
				f := b.extents()[i]
				same = same && e.Done == f.Done && slices.Equal(e.Ahead, f.Ahead)
			}
			return same
		})
}

// forget takes from a state what is otherwise in another.
func (p *proof) forget(s, t *state) {
	for i := range s.g {
		if s.g[i] != t.g[i] {
			s.g[i] = p.anyNumber()
		}
	}
	words := func(s, t []V) {
		for i := range s {
			if s[i] != t[i] {
				s[i] = p.unknown()
			}
		}
	}
	for i := range s.v {
		words(s.v[i][:], t.v[i][:])
	}
	for i := range s.k {
		words(s.k[i][:], t.k[i][:])
	}
	words(s.frame[:], t.frame[:])
	s.dirty = s.dirty || t.dirty
	s.flags.known = s.flags.known && s.flags == t.flags
}

// induct proves by induction what holds at each turn of a loop, from the states behind the first.
func (p *proof) induct(s *state, l *loop, first []*state) (outs []*state, err *fault) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case fault:
			err = &e
		case placed:
			err = &e.fault
		default:
			panic(e)
		}
	}()
	inv := invariant{dirty: s.dirty, done: make([][2]int64, len(s.open))}
	for i := range inv.frame {
		inv.frame[i] = true
	}
	for i := range inv.g {
		inv.g[i] = changing{true, 0}
	}
	for i := range inv.v {
		inv.v[i] = true
	}
	for i := range inv.k {
		inv.k[i] = true
	}
	for i, b := range first {
		p.see(&inv, s, p.closeTensor(s, b), i == 0)
	}
	for _, a := range l.comparisons(p.insts, p.file.arch) {
		if c := inv.g[a.reg]; c.known && c.by != 0 && p.implied(s, s.g[a.reg].add(-a.c)) {
			inv.atLeast = append(inv.atLeast, a)
		}
	}
	for range 8 {
		k := p.sym(symbol{name: turns, nonNegative: true, tensor: con(int64(len(p.syms)))})
		g := p.general(s, &inv, k.lin())
		backs, outs := p.explore(g.clone(), l)
		backs = p.merged(backs)
		weaker := false
		for _, b := range backs {
			weaker = p.weaken(&inv, s, p.closeTensor(s, b), k.lin().add(1)) || weaker
		}
		if weaker {
			continue
		}
		for _, b := range backs {
			if !p.ends(b, k) {
				panic(placed{fault{fmt.Sprintf("line %d: the loop need not end", p.insts[l.head].Line)}})
			}
		}
		return outs, nil
	}
	panic(placed{fault{fmt.Sprintf("line %d: no invariant of the loop", p.insts[l.head].Line)}})
}

// ends reports whether a state that comes back to a loop's head has only so many turns behind it: something that it
// knows to be not negative is smaller at each, by what was there before the first.
func (p *proof) ends(b *state, k Sym) bool {
	return slices.ContainsFunc(b.known, func(c Lin) bool {
		for _, t := range c.T {
			if t.Coef > 0 && t.Sym > k || t.Coef < 0 && t.Sym > k && !p.syms[t.Sym].nonNegative {
				return false
			}
		}
		return c.coef(k) < 0
	})
}

// comparisons returns what the loop compares registers with.
func (l *loop) comparisons(code []Inst, by *arch) (all []atLeast) {
	for i, in := range code {
		if !l.has[i] || in.Op != by.compare || len(in.Args) != 2 {
			continue
		}
		if reg, with := in.Args[1-by.with], in.Args[by.with]; reg.Kind == integer && with.Kind == immediate {
			all = append(all, atLeast{reg.Reg, with.Disp})
		}
	}
	return all
}

// see makes the invariant what the first turn suggests.
func (p *proof) see(inv *invariant, s, b *state, first bool) {
	for i := range inv.g {
		d := b.g[i].plus(-1, s.g[i])
		c := changing{d.isConst(), d.C}
		if first {
			inv.g[i] = c
		} else if inv.g[i] != c {
			inv.g[i].known = false
		}
	}
	for i := range inv.v {
		inv.v[i] = inv.v[i] && b.v[i] == s.v[i]
	}
	p.seeChains(inv, s, b)
	for i := range inv.k {
		inv.k[i] = inv.k[i] && b.k[i] == s.k[i]
	}
	inv.dirty = inv.dirty || b.dirty
	if d := b.tensors.plus(-1, s.tensors); d.isConst() {
		inv.tensors = d.C
	}
	for i := range s.open {
		for j, e := range b.open[i].extents() {
			if d := e.Done.plus(-1, s.open[i].extents()[j].Done); d.isConst() {
				inv.done[i][j] = d.C
			}
		}
	}
	for i := range inv.frame {
		inv.frame[i] = inv.frame[i] && b.frame[i] == s.frame[i]
	}
}

// general is the state at a loop's head after k turns, s the one before the first.
func (p *proof) general(s *state, inv *invariant, k Lin) *state {
	g := s.clone()
	for i, c := range inv.g {
		if c.known {
			g.g[i] = s.g[i].plus(c.by, k)
		} else {
			g.g[i] = p.anyNumber()
		}
	}
	for i, stays := range inv.v {
		if !stays {
			p.generalLanes(g, inv, s, i, k)
		}
	}
	for i, stays := range inv.k {
		if !stays {
			for j := range g.k[i] {
				g.k[i][j] = p.unknown()
			}
		}
	}
	g.dirty = inv.dirty
	g.flags.known = false
	g.tensors = s.tensors.plus(inv.tensors, k)
	for i := range g.open {
		for j, e := range g.open[i].extents() {
			e.Done = e.Done.plus(inv.done[i][j], k)
		}
	}
	for i, stays := range inv.frame {
		if !stays {
			g.frame[i] = p.unknown()
		}
	}
	for _, a := range inv.atLeast {
		g.known = append(g.known, g.g[a.reg].add(-a.c).tight())
	}
	return g
}

// weaken takes from the invariant what does not hold in b, which came back to the head with k turns done. What the
// theorem itself needs must hold.
func (p *proof) weaken(inv *invariant, s, b *state, k Lin) (weaker bool) {
	for i, c := range inv.g {
		if c.known && b.g[i] != s.g[i].plus(c.by, k) {
			inv.g[i].known, weaker = false, true
		}
	}
	for i, stays := range inv.v {
		if stays && b.v[i] != s.v[i] {
			inv.v[i], weaker = false, true
		}
		weaker = p.weakenLanes(inv, s, b, i, k) || weaker
	}
	for i, stays := range inv.k {
		if stays && b.k[i] != s.k[i] {
			inv.k[i], weaker = false, true
		}
	}
	for i, stays := range inv.frame {
		if stays && b.frame[i] != s.frame[i] {
			inv.frame[i], weaker = false, true
		}
	}
	if b.dirty && !inv.dirty {
		inv.dirty, weaker = true, true
	}
	inv.atLeast = slices.DeleteFunc(inv.atLeast, func(a atLeast) bool {
		bad := !inv.g[a.reg].known || !p.implied(b, b.g[a.reg].add(-a.c))
		weaker = weaker || bad
		return bad
	})
	if b.lanes != s.lanes || b.result != s.result || b.given != s.given {
		panic(placed{fault{"a loop that stores lanes or a result"}})
	}
	if b.prelude != s.prelude {
		panic(placed{fault{"a loop that chooses its Prelude"}})
	}
	if b.tensors != s.tensors.plus(inv.tensors, k) || b.length != s.length {
		panic(placed{fault{"a loop that does not count its tensors"}})
	}
	for i := range s.open {
		for j, e := range b.open[i].extents() {
			from := s.open[i].extents()[j]
			if e.Done != from.Done.plus(inv.done[i][j], k) || !slices.Equal(e.Ahead, from.Ahead) ||
				b.open[i].Len != s.open[i].Len {
				panic(placed{fault{fmt.Sprintf("line %d: a turn of the loop leaves %s written to %s, and others ahead",
					p.insts[b.pc].Line, p.syms[b.open[i].sym].name, e.Done.text(p.syms))}})
			}
		}
	}
	return weaker
}

// recovered is the error of a panic that fail made.
func recovered(e any, err error) error {
	switch e := e.(type) {
	case nil:
		return err
	case fault:
		return e
	case placed:
		return e.fault
	default:
		panic(e)
	}
}

// run proves the theorem of a function.
func (p *proof) run() (err error) {
	defer func() { err = recovered(recover(), err) }()
	s := p.theorem.begin(p)
	if _, outs := p.explore(s, nil); len(outs) != 0 {
		return errors.New("paths that do not end")
	}
	return nil
}
