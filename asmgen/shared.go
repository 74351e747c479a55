package main

import (
	"fmt"
	"slices"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/reg"
)

// Code that many functions of a file need, rarely and in the middle of a loop, is a function of its own that keeps
// to a convention: a pointer in register 12, vectors in 0, 1, 2, ..., and changed besides what the caller says.
// Its caller has the vectors there from the start. On arm64 register 13 is free for use too.

// What the allocators of both architectures call these registers.
var (
	fixedPointer = reg.R12
	fixedScratch = reg.R13
)

func (f *function) FixedPointer() Reg { return fixedPointer }

// fixed is vector register i of a size.
func fixed(i int, size reg.Spec) Reg {
	return reg.FamilyOfKind(reg.KindVector).Lookup(reg.Index(i), size)
}

// sharedName is the symbol of shared code: local to the file.
func sharedName(name string) string { return name + "<>" }

func (f *function) BeginShared(name string, inOut, clobbered []Reg) {
	f.labels, f.rare = map[string]bool{}, nil
	f.file.shared()[sharedName(name)] = slices.Concat(inOut, clobbered)
	f.ctx.Function(sharedName(name))
	f.ctx.Attributes(attr.NOSPLIT)
}

// callShared adds the call, spelled by its opcode, between what it takes and what it leaves.
func callShared(i *ir.Instruction, inOut, clobbered []Reg) {
	i.Inputs = append(i.Inputs, fixedPointer)
	for _, r := range inOut {
		i.Inputs, i.Outputs = append(i.Inputs, r), append(i.Outputs, r)
	}
	i.Outputs = append(i.Outputs, fixedScratch)
	for _, r := range clobbered {
		i.Outputs = append(i.Outputs, r)
	}
}

// keep makes the return of shared code need what its callers do, so that nothing else takes those registers.
func keep(ret *ir.Instruction, inOut []Reg) {
	for _, r := range inOut {
		ret.Inputs = append(ret.Inputs, r)
	}
}

// sharedCode is what the shared code of a file changes, by its symbol, as callers are told.
type sharedCode map[string][]Reg

// check returns an error if a function that is shared code changes more. It runs after the allocation.
func (s sharedCode) check(fn *ir.Function) error {
	changed, ok := s[fn.Name]
	if !ok {
		return nil
	}
	allowed := map[reg.ID]bool{fixedScratch.ID(): true}
	for _, r := range changed {
		allowed[r.ID()] = true
	}
	for _, i := range fn.Instructions() {
		for _, r := range i.OutputRegisters() {
			if !allowed[r.ID()] {
				return fmt.Errorf("%s changes %s, which its callers do not know", fn.Name, r.Asm())
			}
		}
	}
	return nil
}
