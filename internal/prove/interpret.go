package prove

import "slices"

// An Input is what the interpreter gives a function: coefficients and operands by their bits.
type Input struct {
	Coefs   []uint64
	Use     uint32       // which Prelude
	Lanes   []uint64     // of a reduction, 16 for each chunk, or none
	Tensors [][][]uint64 // of each tensor its operands; one, unless the function is for many
}

// Interpret runs a function of a covered class on any machine, by the semantics that proofs have. It writes the
// tensors' operands. An access outside of them is an error, as all is that a proof would not allow.
func (v *Prover) Interpret(fn *Func, in Input) (result uint64, err error) {
	_, t, err := v.theorem(fn)
	if err != nil {
		return 0, err
	}
	insts, err := fn.Code()
	if err != nil {
		return 0, err
	}
	p := newProof(v.File, fn, insts, t)
	defer func() { err = recovered(recover(), err) }()
	p.memory = &numbers{Input: in, of: map[Sym][]uint64{p.base(): in.Coefs, p.lanesBase(): in.Lanes}, step: v.step}
	if t.coefs != len(in.Coefs) {
		fail("%d scalars, want %d", len(in.Coefs), t.coefs)
	}
	s := t.begin(p)
	p.guess = true
	s.v, s.k = [32]vector{}, [8]vector{}
	for i := range s.g {
		if !slices.Contains(v.File.arch.fixed, i) {
			s.g[i] = Lin{}
		}
	}
	for i := range s.v {
		for j := range s.v[i] {
			s.v[i][j] = number(0x7fa55a5a + uint64(i)) // what a function does not set is a NaN
		}
	}
	switch {
	case t.chunks > 0:
		s.open = nil
		for c, ops := range in.Tensors {
			for i, o := range ops {
				sym := p.operand(i, con(int64(c)))
				p.memory.of[sym] = o
				s.open = append(s.open, progress{sym: sym, Len: con(int64(len(o)))})
			}
		}
		s.given = yes
		if in.Lanes == nil {
			s.given = no
		}
	case !t.each:
		p.turnTo(s, 0)
	}
	p.interpret(s)
	return p.memory.result, nil
}

// numbers are the memory of the interpreter.
type numbers struct {
	Input
	of    map[Sym][]uint64
	depth int // of calls

	result uint64
	step   func(p *proof, s *state) []*state // instead of the proof's, or nil
}

// turnTo opens a tensor, whichever is open.
func (p *proof) turnTo(s *state, tensor int) (length Lin) {
	s.open = nil
	ops := p.memory.Tensors[tensor]
	length = con(int64(len(ops[0])))
	for i, o := range ops {
		sym := p.operand(i, con(int64(tensor)))
		p.memory.of[sym] = o
		s.open = append(s.open, progress{sym: sym, Len: length})
	}
	return length
}

// interpret follows the one path from a state to its return.
func (p *proof) interpret(s *state) {
	for {
		step := p.step
		if p.memory.step != nil && p.memory.depth == 0 {
			step = func(s *state) []*state { return p.memory.step(p, s) }
		}
		switch next := step(s); len(next) {
		case 0:
			return
		case 1:
			s = next[0]
		default:
			fail("a path that forks on numbers")
		}
	}
}

// interpretCall runs the code of a function, and comes back.
func (p *proof) interpretCall(s *state, to Lin) {
	sym, off := p.locate(to)
	fn := p.file.Func(p.syms[sym].name)
	if p.syms[sym].sort != code || off != (Lin{}) || fn == nil {
		fail("calls what is no function")
	}
	insts, err := fn.Code()
	if err != nil {
		fail("%v", err)
	}
	caller, pc := p.insts, s.pc
	p.insts, s.pc = insts, 0
	p.memory.depth++
	p.interpret(s)
	p.memory.depth--
	p.insts, s.pc = caller, pc
}
