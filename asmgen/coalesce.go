package main

import (
	"slices"

	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/reg"
)

// coalesce makes one register of both of a move, as far as they are never needed at the same time: avo's allocation
// would give them one by chance alone. It runs between liveness and allocation, before moves are spelled.
func coalesce(fn *ir.Function) error {
	all := fn.Instructions()
	class := map[reg.ID][]reg.Register{} // registers that are one, the first stands for all
	of := func(r reg.Register) []reg.Register {
		if c := class[r.ID()]; c != nil {
			return c
		}
		return []reg.Register{r}
	}
	for _, i := range all {
		if i.Opcode != moveOpcode {
			continue
		}
		dst, src := of(i.Operands[0].(reg.Register)), of(i.Operands[1].(reg.Register))
		if !dst[0].ID().IsVirtual() || !src[0].ID().IsVirtual() || dst[0].ID() == src[0].ID() ||
			interfere(all, dst, src) || interfere(all, src, dst) {
			continue
		}
		one := slices.Concat(dst, src)
		for _, r := range one {
			class[r.ID()] = one
		}
	}
	if len(class) == 0 {
		return nil
	}
	for _, i := range all {
		for _, list := range [][]operand.Op{i.Operands, i.Inputs, i.Outputs} {
			for k, op := range list {
				if r, ok := op.(reg.Register); ok {
					list[k] = of(r)[0]
				}
			}
		}
	}
	return pass.Liveness(fn)
}

// interfere reports whether an instruction sets one of as while one of bs is needed later, of which it is no copy.
func interfere(all []*ir.Instruction, as, bs []reg.Register) bool {
	for _, i := range all {
		for _, out := range i.OutputRegisters() {
			if !slices.ContainsFunc(as, func(a reg.Register) bool { return a.ID() == out.ID() }) {
				continue
			}
			for _, b := range bs {
				copies := i.Opcode == moveOpcode && i.Operands[1].(reg.Register).ID() == b.ID()
				if _, live := i.LiveOut[b.ID()]; live && !copies {
					return true
				}
			}
		}
	}
	return false
}
