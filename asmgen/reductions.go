package main

import (
	"fmt"

	"github.com/bitstep-go/bitstep/internal/program"
)

// Reductions: 64-byte lines of lanes (rule 7), the last one of one chunk masked. The fold and longer sums are Go's.

// lineBytes is one line of lanes.
const lineBytes = 64

// mostStreams is from how many places reductions read at a time: with eight, processors fetch too late (Zen 5).
const mostStreams = 4

// chunksTogether are the numbers of chunks that run at a time, the largest first. A line of lanes is one chain of
// additions, whose latency bounds it; other chains fill the time.
func chunksTogether(p *program.Program) (all []int) {
	for n := mostStreams / len(p.Row.Operands); n > 0; n /= 2 {
		all = append(all, n)
	}
	return all
}

// chunksSuffix is the end of the name for so many chunks.
func chunksSuffix(chunks int) string {
	if chunks == 1 {
		return ""
	}
	return fmt.Sprintf("x%d", chunks)
}

// reductions emits a reduction for each number of chunks.
func reductions(m Machine, p *program.Program) {
	for _, chunks := range chunksTogether(p) {
		reduction(m, p, chunks)
	}
}

// reduction emits func(n int, lanes *T, operands ...*T): n elements continue the lanes. For several chunks, which begin
// stride bytes apart, it emits func(n, stride int, lanes *T, operands ...*T): n elements of each, whole lines, continue
// its own lanes, which lie 16 elements apart.
func reduction(m Machine, p *program.Program, chunks int) {
	name := symbol(p.Row.Name+chunksSuffix(chunks), m)
	arguments, doc := "n int", name+" continues a line of lanes with n elements, by"
	if chunks > 1 {
		arguments, doc = "n, stride int", fmt.Sprintf(
			"%s continues the lines of lanes of %d chunks with n elements each, whole lines, by", name, chunks)
	}
	m.Begin(name, arguments+", lanes *T"+params(p.Row), doc, "", "\t"+p.Lines[0].Text)
	n, out := m.Arg("n"), m.Arg("lanes")
	all := []*kernel{newKernel(m, p)}
	all[0].constants()
	if chunks > 1 {
		stride := m.Arg("stride")
		for len(all) < chunks {
			all = append(all, all[len(all)-1].behind(stride))
		}
	}
	lines := make([][]Reg, chunks)
	for c := range lines {
		for off := 0; off < lineBytes; off += m.ISA().VecBytes {
			lines[c] = append(lines[c], m.Load(out, c*16*m.ElemBytes()+off))
		}
	}
	m.While("loop", n, lineBytes/m.ElemBytes(), func() {
		m.Comment(p.Lines[0].Text)
		for c, k := range all {
			for i, lane := range lines[c] {
				e := k.element(i * lanesOf(m))
				e.value[p.Lane()] = lane
				if v := e.get(p.Lines[0].Value); v != lane {
					m.Move(lane, v)
				}
			}
			k.advance(lineBytes / m.ElemBytes())
		}
	})
	if chunks == 1 {
		m.IfMore(n, 0, func() { all[0].lastLine(n, lines[0]) })
	}
	for c := range lines {
		for i, lane := range lines[c] {
			m.Store(lane, out, c*16*m.ElemBytes()+i*m.ISA().VecBytes)
		}
	}
	m.End()
}

// behind is k for operands that begin so many bytes behind its own.
func (k *kernel) behind(stride Reg) *kernel {
	b := *k
	b.ptr = map[string]Reg{}
	for _, o := range k.Row.Operands {
		b.ptr[o.Name] = k.Copy(k.ptr[o.Name])
		k.AddReg(b.ptr[o.Name], stride)
	}
	return &b
}

// lastLine continues lanes with n elements, fewer than a line. Lanes that they do not reach must not change: a fma
// would make +0 of -0 there. The other reductions' lanes are never -0, which +0 leaves as they are.
func (k *kernel) lastLine(n Reg, line []Reg) {
	value := k.Lines[0].Value
	if k.Ops[program.FMA] && value.Op != program.FMA {
		panic(k.Row.Name + ": lanes may be -0, to which a masked load adds +0")
	}
	for i, lane := range line {
		mask, e := k.Mask(n, i), k.element(0)
		e.value[k.Lane()] = lane
		for _, o := range k.Row.Operands {
			e.value[k.Operand(o.Name)] = k.LoadMasked(k.ptr[o.Name], i*k.ISA().VecBytes, mask)
		}
		if value.Op == program.FMA {
			k.FMAMasked(lane, e.get(value.Args[0]), e.get(value.Args[1]), mask)
		} else if v := e.get(value); v != lane {
			k.Move(lane, v)
		}
	}
}
