package main

import (
	"fmt"

	"github.com/bitstep-go/bitstep/internal/program"
)

// Reductions: 64-byte lines of lanes (rule 7), of one chunk the last one masked, and the fold. Longer sums are Go's.

// lineBytes is one line of lanes.
const lineBytes = 64

// mostStreams is from how many places reductions read at a time: with eight, processors fetch too late (Zen 5).
const mostStreams = 4

// chunksTogether are the numbers of chunks that run at a time, the largest first. A line of lanes is one chain of
// additions, whose latency bounds it; other chains fill the time. A maximum is the same in any order, and has other
// chains in its chunk: see manyLines.
func chunksTogether(p *program.Program) (all []int) {
	if p.Ops[program.MaxMagnitude] {
		return []int{1}
	}
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

// reduction emits func(n int, lanes *T, operands ...*T) T: n elements continue the lanes, or zeros if there are none,
// whose fold is the result. (Lanes that a call has just set to zero are slow to load: stores of 16 bytes do not forward
// to a load of a vector, which then waits for all that the processor has begun before.) For several chunks, which begin
// stride bytes apart, it emits func(n, stride int, lanes *T, operands ...*T): n elements of each, whole lines, continue
// its own lanes, which lie 16 elements apart, and are folded by Go.
func reduction(m Machine, p *program.Program, chunks int) {
	name := symbol(p.Row.Name+chunksSuffix(chunks), m)
	arguments, result := "n int", returns+"T"
	doc := name + " continues a line of lanes, or zeros if it is nil, with n elements, and returns its fold, by"
	if chunks > 1 {
		arguments, result, doc = "n, stride int", "", fmt.Sprintf(
			"%s continues the lines of lanes of %d chunks with n elements each, whole lines, by", name, chunks)
	}
	m.Begin(name, arguments+", lanes *T"+params(p.Row)+result, doc, "", "\t"+p.Lines[0].Text)
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
	eachLane := func(f func(lane Reg, off int)) {
		for c := range lines {
			for i, lane := range lines[c] {
				f(lane, c*16*m.ElemBytes()+i*m.ISA().VecBytes)
			}
		}
	}
	for c := range lines {
		lines[c] = each(lineBytes/m.ISA().VecBytes, func(int) Reg { return m.Vector() })
	}
	load := func() { eachLane(func(lane Reg, off int) { m.LoadTo(lane, out, off) }) }
	store := func() { eachLane(func(lane Reg, off int) { m.Store(lane, out, off) }) }
	if chunks == 1 {
		eachLane(func(lane Reg, _ int) { m.SetZero(lane) })
		m.Rarely("lanes", out, load)
	} else {
		load()
	}
	if p.Ops[program.MaxMagnitude] {
		all[0].manyLines(n, lines[0])
	}
	m.While("loop", n, lineBytes/m.ElemBytes(), func() {
		for c, k := range all {
			k.line(0, lines[c])
			k.advance(lineBytes / m.ElemBytes())
		}
	})
	if chunks == 1 {
		m.IfMore(n, 0, func() { all[0].lastLine(n, lines[0]) })
		m.Rarely("store", out, store)
		m.Return(all[0].fold(lines[0]))
	} else {
		store()
	}
	m.End()
}

// line continues lanes with line i of the operands.
func (k *kernel) line(i int, lanes []Reg) {
	k.Comment(k.Lines[0].Text)
	for j, lane := range lanes {
		e := k.element(i*lineBytes/k.ElemBytes() + j*lanesOf(k))
		e.value[k.Lane()] = lane
		if v := e.get(k.Lines[0].Value); v != lane {
			k.Move(lane, v)
		}
	}
}

// manyLines continues the lanes of a maximum with as many of n elements as are four lines, each by lanes of its own,
// which begin with zeros and are joined behind the loop.
func (k *kernel) manyLines(n Reg, lanes []Reg) {
	const lines = 4
	sets := each(lines*len(lanes), func(i int) Reg {
		if i < len(lanes) {
			return lanes[i]
		}
		return k.Zero()
	})
	k.While("lines", n, lines*lineBytes/k.ElemBytes(), func() {
		for i := range lines {
			k.line(i, sets[i*len(lanes):][:len(lanes)])
		}
		k.advance(lines * lineBytes / k.ElemBytes())
	})
	for len(sets) > len(lanes) {
		half := sets[len(sets)/2:]
		sets = each(len(half), func(i int) Reg { return k.larger(sets[i], half[i]) })
	}
	for i, lane := range lanes {
		k.Move(lane, sets[i])
	}
}

// fold joins lanes by halves until one is left.
func (k *kernel) fold(line []Reg) Reg {
	join := k.Add
	if k.Ops[program.MaxMagnitude] {
		join = k.larger
	}
	for len(line) > 1 {
		half := line[len(line)/2:]
		line = each(len(half), func(i int) Reg { return join(line[i], half[i]) })
	}
	v := line[0]
	for bytes := k.ISA().VecBytes; bytes > k.ElemBytes(); bytes /= 2 {
		v = join(v, k.SwapHalves(v, bytes))
	}
	return v
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
