package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/reg"
)

// Code that many functions of a file need, rarely and in the middle of a loop, is a function of its own that keeps
// to a convention: a pointer in register 12, vectors in 0, 1, 2, ..., and nothing changed but what is said. Its caller
// has the vectors there from the start. Which code it is comes from a table of addresses, once a call, so that no
// branch is left inside.

// FixedPointer, by the name that the allocators of both architectures have for it.
var fixedPointer = reg.R12

func (f *function) FixedPointer() Reg { return fixedPointer }

// fixed is vector register i of a size.
func fixed(i int, size reg.Spec) Reg {
	return reg.FamilyOfKind(reg.KindVector).Lookup(reg.Index(i), size)
}

// A sharedCode is the shared code of a file.
type sharedCode struct {
	changes map[string][]Reg // what each function changes, by its symbol
	tables  []string         // data: the tables' addresses of code
	words   map[string]bool  // those of them that are words
}

// lineMask is 64 bytes of ones and 64 of zeros: the 64 bytes from 64-n on are ones in the first n.
const lineMask = "lineMask"

// needMasks puts lineMask into the file.
func (s *sharedCode) needMasks() {
	var words [16]uint64
	for i := range 8 {
		words[i] = ^uint64(0)
	}
	s.need(lineMask, words[:])
}

// need puts words into the file, under a name that is always that of the same.
func (s *sharedCode) need(name string, words []uint64) {
	if s.words[name] {
		return
	}
	s.words[name] = true
	var b strings.Builder
	for i, w := range words {
		fmt.Fprintf(&b, "DATA ·%s+%d(SB)/8, $%#x\n", sharedName(name), 8*i, w)
	}
	fmt.Fprintf(&b, "GLOBL ·%s(SB), RODATA|NOPTR, $%d\n", sharedName(name), 8*len(words))
	s.tables = append(s.tables, b.String())
}

func newSharedCode() *sharedCode {
	return &sharedCode{changes: map[string][]Reg{}, words: map[string]bool{}}
}

// sharedName is the symbol of shared code and of tables: local to the file.
func sharedName(name string) string { return name + "<>" }

func (f *function) BeginShared(name string, inOut, clobbered []Reg) {
	f.labels, f.rare = map[string]bool{}, nil
	f.file.shared().changes[sharedName(name)] = slices.Concat(inOut, clobbered)
	f.ctx.Function(sharedName(name))
	f.ctx.Attributes(attr.NOSPLIT)
}

func (f *function) Table(name string, code []string) {
	var b strings.Builder
	for i, c := range code {
		address := "$0"
		if c != "" {
			address = "$·" + sharedName(c) + "(SB)"
		}
		fmt.Fprintf(&b, "DATA ·%s+%d(SB)/8, %s\n", sharedName(name), 8*i, address)
	}
	fmt.Fprintf(&b, "GLOBL ·%s(SB), RODATA, $%d\n", sharedName(name), 8*len(code))
	shared := f.file.shared()
	shared.tables = append(shared.tables, b.String())
}

// data is the text of the tables, which the file's functions follow.
func (s *sharedCode) data() string {
	if len(s.tables) == 0 {
		return ""
	}
	return "\n" + strings.Join(s.tables, "\n")
}

// callShared makes an instruction a call, between what the code takes and what it leaves.
func callShared(i *ir.Instruction, inOut, clobbered []Reg) {
	i.Inputs = append(i.Inputs, fixedPointer)
	for _, r := range inOut {
		i.Inputs, i.Outputs = append(i.Inputs, r), append(i.Outputs, r)
	}
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

// check returns an error if shared code changes more than its callers are told. It runs after the allocation.
func (s *sharedCode) check(fn *ir.Function) error {
	changed, ok := s.changes[fn.Name]
	if !ok {
		return nil
	}
	allowed := map[reg.ID]bool{}
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
