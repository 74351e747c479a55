package main

import "github.com/bitstep-go/bitstep/kernels/table"

// Steps whose states are in 8-bit blocks, and conversions to and from such: rule 16.

// A state is an operand in blocks, be it a state or not.
type state struct {
	table.Operand
	scales Reg    // points at the block's
	span   uint64 // exponents of its codes lie less than so many below the scale
	d      int    // the slot of what the scale adds to codes
	values int    // the first slot of its values
	most   Reg    // the largest magnitude of a block
}

// blocks updates n elements, a block at a time: its vectors one after the other, and then, when the largest number of
// each state is known, the states' codes.
func (k *storedKernel) blocks(n, prelude Reg) {
	vectors := table.Block / lanesOf(k)
	var states []*state
	slot := 0
	for _, o := range k.Row.Operands {
		if o.Storage == table.Block8 {
			s := &state{Operand: o, scales: k.Arg(scalesOf(o.Name)), span: 16, d: slot, values: slot + 1}
			if o.NonNegative {
				s.span = 32
			}
			slot += 1 + vectors
			states = append(states, s)
		}
	}
	words := slot // their first slot
	k.room(slot + vectors*len(k.words))
	k.While("block", n, table.Block, func() {
		for _, s := range states {
			if s.Read {
				e := k.BroadcastByte(s.scales)
				k.keep(s.d, k.ShiftLeft(k.SubInt(e, k.constant(s.span-1)), 23))
			}
			if s.Write {
				s.most = k.Zero()
			}
		}
		for u := range vectors {
			e := k.element(u * lanesOf(k))
			for _, s := range states {
				if s.Read {
					e.value[k.Operand(s.Name)] = k.decode(s, u)
				}
			}
			k.prelude(e, prelude)
			k.vector(e, u, states)
		}
		for w := range k.words {
			for u := 0; u < vectors; u += 2 {
				for i, v := range k.wordsOf(w) {
					k.keep(words+w*vectors+u+i, v)
				}
			}
		}
		j := 0
		for _, s := range states {
			if s.Write {
				k.encode(s, j, words+j/2*vectors, vectors)
				j++
			}
			k.AddImm(s.scales, 1)
		}
		k.advance(table.Block)
	})
}

// decode widens vector u of a block.
func (k *storedKernel) decode(s *state, u int) Reg {
	code := k.WidenBytes(k.ptr[s.Name], u*lanesOf(k))
	if s.NonNegative {
		return k.IfNotZero(code, k.AddInt(k.ShiftLeft(code, 20), k.kept(s.d)))
	}
	f := k.AndBits(code, k.constant(0x7f))
	v := k.IfNotZero(f, k.AddInt(k.ShiftLeft(f, 20), k.kept(s.d)))
	return k.OrBits(v, k.ShiftLeft(k.ShiftRight(code, 7), 31))
}

// magnitude is the bits of a state's number without its sign, or 0 for what is negative and cannot be.
func (k *storedKernel) magnitude(s *state, v Reg) Reg {
	if s.NonNegative {
		return k.MaxInt(v, k.Zero())
	}
	return k.AndBits(v, k.constant(0x7fffffff))
}

// vector computes the lines of vector u of a block, stores what is float32, and keeps the states that are written.
func (k *storedKernel) vector(e *element, u int, states []*state) {
	stores := map[string][]Reg{}
	for _, l := range k.Lines {
		k.Comment(l.Text)
		v := e.get(l.Value)
		switch {
		case !l.Store:
		case k.operand[l.Dst].Storage == table.Element:
			k.Store(v, k.ptr[l.Dst], e.off*4)
		default:
			stores[l.Dst] = []Reg{k.own(l.Value, v)}
		}
	}
	k.canonical(stores)
	for _, s := range states {
		if !s.Write {
			continue
		}
		v := stores[s.Name][0]
		k.keep(s.values+u, v)
		k.Move(s.most, k.MaxInt(s.most, k.magnitude(s, v)))
	}
}

// encode stores the scale and the codes of a state, the one of number j.
func (k *storedKernel) encode(s *state, j, words, vectors int) {
	k.Comment("encode " + s.Name)
	most := s.most
	for bytes := k.ISA().VecBytes; bytes >= 8; bytes /= 2 {
		most = k.MaxInt(most, k.SwapHalves(most, bytes))
	}
	scale := k.MaxInt(k.ShiftRight(k.AddInt(most, k.constant(0xfffff)), 23), k.constant(s.span))
	k.StoreByte(scale, s.scales)
	minus := k.Vector() // what is added to codes, less than 0
	k.Move(minus, k.ShiftLeft(k.SubInt(k.constant(s.span-1), scale), 23))
	group := min(4, vectors)
	for from := 0; from < vectors; from += group {
		var codes []Reg
		for u := from; u < from+group; u++ {
			v := k.kept(s.values + u)
			m := k.magnitude(s, v)
			var up Reg
			switch {
			case k.Nearest:
				up = k.AddInt(k.AndBits(k.ShiftRight(m, 20), k.constant(1)), k.constant(0x7ffff))
			case j%2 == 0:
				up = k.AndBits(k.ShiftLeft(k.kept(words+u), 4), k.constant(0xffff0))
			default:
				up = k.AndBits(k.ShiftRight(k.kept(words+u), 12), k.constant(0xffff0))
			}
			q := k.ShiftSigned(k.AddInt(k.AddInt(m, up), minus), 20)
			if s.NonNegative {
				q = k.MaxInt(q, k.MinInt(m, k.constant(1)))
			} else {
				q = k.OrBits(k.MaxInt(q, k.Zero()), k.ShiftLeft(k.ShiftRight(v, 31), 7))
			}
			codes = append(codes, q)
		}
		k.StoreBytes(codes, k.ptr[s.Name], from*lanesOf(k))
	}
}
