package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/reg"
)

// NEON's tiles by reading: what bounds a loop can be counted where there is no such machine to measure on.

// A core is what a loop can use of a processor in a cycle. All have fma of 128 bits, with a latency of 4.
type core struct {
	name  string
	llvm  string  // LLVM's name of its model, if there is one
	width float64 // instructions renamed

	vector, load, alu float64 // pipelines; stores use those of loads

	// What a load or a store of a vector takes besides, or more than once.
	loadALU, storeLoad, storeVector float64

	dividers [2]divider // the fastest and the slowest that it may have, see neon_steps_test.go
}

// Sources. Arm: pipeline overview, instruction characteristics and dispatch constraints in the software optimization
// guides of Neoverse N1 (PJDOC-466751330-9707), N2 (-18256), V1 (-9685) and V2 (-593177); instructions renamed are
// their MOPs. Apple: dougallj.github.io/applecpu/firestorm.html. Left out is what some do better: fusion of pairs, and
// accumulators that are forwarded within the latency.
var cores = []core{
	{name: "Neoverse N1", llvm: "neoverse-n1", width: 4, vector: 2, load: 2, alu: 3,
		loadALU: 1, storeLoad: 2, storeVector: 2, dividers: [2]divider{measured.pipes(1), listedN1.pipes(1)}},
	{name: "Neoverse N2", llvm: "neoverse-n2", width: 5, vector: 2, load: 3, alu: 4, storeLoad: 1, storeVector: 1,
		dividers: [2]divider{measured.pipes(1), listedV2.pipes(1)}},
	{name: "Neoverse V1", llvm: "neoverse-v1", width: 8, vector: 4, load: 3, alu: 4, storeLoad: 1, storeVector: 1,
		dividers: [2]divider{measured.pipes(2), listedN1.pipes(2)}},
	{name: "Neoverse V2", llvm: "neoverse-v2", width: 8, vector: 4, load: 3, alu: 6, storeLoad: 1, storeVector: 1,
		dividers: [2]divider{measured.pipes(2), listedV2.pipes(2)}},
	{name: "Apple M1", width: 8, vector: 4, load: 3, alu: 6, storeLoad: 1},
}

const (
	fmaLatency = 4
	manySums   = 4 * fmaLatency // so many that the latency does not bind
)

// shares are how much of the fma peak the tiles of a kind with many sums have on every core. Those of striped sums
// move a pointer for each row, and V1, V2 and M1 rename few instructions more than they have fma. Those that pack
// store, which takes slots of fma on Neoverse. Those of whole lines have one row, and use what it is multiplied with
// once.
var shares = map[string]float64{"chain": .95, "chainPack": .75, "chainFetch": .95, "chainLead": .95,
	"chainPackFetch": .75, "lanes": .9, "lanesWhole": .6}

// A loop is what a turn of the innermost loop of a tile consists of.
type loop struct {
	fmas, vectors, loads, stores, alus, others int // vectors: other operations; others: branches and prefetches
	divisions, roots                           int // of vectors
	doubled                                    int // of vectors, those that take two slots
	sums                                       int // vectors that fma accumulate to
	chain                                      float64
}

func (l loop) instructions() int {
	return l.fmas + l.vectors + l.loads + l.stores + l.alus + l.others - l.doubled
}

// ports is how many cycles a turn takes at least for its pipelines and dependences, bound for being renamed as well.
func (l loop) ports(c core) float64 {
	loads, stores := float64(l.loads), float64(l.stores)
	return max(l.chain, (float64(l.fmas+l.vectors)+stores*c.storeVector)/c.vector,
		(loads+stores*c.storeLoad)/c.load, (float64(l.alus)+loads*c.loadALU)/c.alu)
}

func (l loop) bound(c core) float64 { return max(l.ports(c), float64(l.instructions())/c.width) }

func (l loop) share(c core) float64 { return float64(l.fmas) / c.vector / l.bound(c) }

// mnemonic is Go's opcode, or that of the instruction that a WORD encodes.
func mnemonic(i *ir.Instruction) string {
	if i.Opcode != "WORD" {
		return i.Opcode
	}
	_, comment, _ := strings.Cut(i.Operands[0].Asm(), "// ")
	name, _, _ := strings.Cut(comment, " ")
	return name
}

// operation is the mnemonic without the mark of a vector that Go's have.
func operation(i *ir.Instruction) string {
	return strings.TrimPrefix(strings.ToLower(mnemonic(i)), "v")
}

// read reads a loop.
func read(body []*ir.Instruction) (l loop, err error) {
	sums := map[reg.ID]bool{}
	for _, i := range body {
		out, memory := i.OutputRegisters(), false
		for _, op := range i.Operands {
			memory = memory || strings.Contains(op.Asm(), "(R")
		}
		vector := len(out) == 1 && out[0].Kind() == reg.KindVector
		switch name := operation(i); {
		case name == "fmla" || name == "fmls":
			l.fmas++
			sums[out[0].ID()] = true
		case name == "prfm" || i.IsBranch:
			l.others++
		case memory && len(out) == 0:
			l.stores++
		case memory: // also of a pointer to what is fetched
			l.loads++
		case name == "add" && !vector, name == "sub" && !vector, name == "cmp", name == "movd":
			l.alus++
		case name == "dup" && i.InputRegisters()[0].Kind() == reg.KindGP:
			l.alus++
		case name == "fmovd": // to a general register
			l.vectors++
		case name == "fdiv":
			l.vectors++
			l.divisions++
		case name == "fsqrt":
			l.vectors++
			l.roots++
		case name == "frsqrte" && strings.Contains(i.Operands[0].Asm(), ".4s"):
			l.vectors += 2
			l.doubled++
		case vector:
			l.vectors++
		default:
			return l, fmt.Errorf("what %s takes is not known here", mnemonic(i))
		}
	}
	l.sums, l.chain = len(sums), chainOf(body)
	return l, nil
}

// chainOf is how many cycles a turn takes if nothing but dependences delays it: how much later the last result of the
// last of many turns is than that of half of them.
func chainOf(body []*ir.Instruction) float64 {
	const turns = 64
	ready := map[reg.ID]int{}
	var last [turns]int
	for turn := range last {
		for _, i := range body {
			at := 1
			if op := operation(i); op == "fmla" || op == "fmls" {
				at = fmaLatency
			}
			start := 0
			for _, r := range i.InputRegisters() {
				start = max(start, ready[r.ID()])
			}
			for _, r := range i.OutputRegisters() {
				ready[r.ID()] = start + at
				last[turn] = max(last[turn], start+at)
			}
		}
	}
	return float64(last[turns-1]-last[turns/2-1]) / (turns / 2)
}

// A search is for the loop without loops inside that has the most of an operation.
type search struct {
	operation string
	straight  bool // without branches inside, too
}

// in returns that of a function, or none if none has any.
func (s search) in(fn *ir.Function) (best []*ir.Instruction) {
	count := func(body []*ir.Instruction) (n int) {
		for _, i := range body {
			if operation(i) == s.operation {
				n++
			}
		}
		return n
	}
	all, place, inside := fn.Instructions(), map[*ir.Instruction]int{}, 0
	for at, i := range all {
		place[i] = at
		if !i.IsBranch {
			continue
		}
		target, back := place[i.Succ[0]]
		if back && target >= inside {
			if body := all[target : at+1]; count(body) > count(best) {
				best = body
			}
		}
		if back || s.straight {
			inside = at + 1
		}
	}
	return best
}

// inner is what tiles spend their time in.
var inner = search{"fmla", true}

// neonFunctions returns what emit emits for NEON, registers and branches resolved.
func neonFunctions(t *testing.T, emit func(Machine)) []*ir.Function {
	f := newARM64File()
	for _, m := range machines(f, "arm64") {
		emit(m)
	}
	if _, _, err := f.print("bitstep"); err != nil {
		t.Fatal(err)
	}
	file, err := f.ctx.Result()
	if err != nil {
		t.Fatal(err)
	}
	return file.Functions()
}

var tileName = regexp.MustCompile(`^([a-z]+)F(?:32|64)NEON\d+x\d+([A-Za-z]+)?<>$`)

// A tile is a function with many sums in its loop.
type tile struct {
	name, kind string
	loop       loop
}

func neonTiles(t *testing.T) (tiles []tile) {
	functions := neonFunctions(t, func(m Machine) {
		chains(m)
		allLanes(m)
	})
	for _, fn := range functions {
		name := tileName.FindStringSubmatch(fn.Name)
		if name == nil {
			continue
		}
		l, err := read(inner.in(fn)) // nothing, of those that are masked: they branch
		if err != nil {
			t.Fatalf("%s: %v", fn.Name, err)
		}
		if l.sums >= manySums {
			tiles = append(tiles, tile{strings.TrimSuffix(fn.Name, "<>"), name[1] + name[2], l})
		}
	}
	return tiles
}

// Tiles with many sums are bound by fma on every core, not by loads, pointers, dependences or their instructions.
func TestTilesReachPeak(t *testing.T) {
	found := map[string]bool{}
	for _, tile := range neonTiles(t) {
		l := tile.loop
		found[tile.kind] = true
		for _, c := range cores {
			if share, want := l.share(c), shares[tile.kind]; share < want || want == 0 {
				t.Errorf("%s on %s: %.2f cycles, %.2f of the peak, want %.2f; a turn is %d instructions, %+v",
					tile.name, c.name, l.bound(c), share, want, l.instructions(), l)
			}
		}
	}
	for kind := range shares {
		if !found[kind] {
			t.Errorf("no tile of kind %s has %d sums", kind, manySums)
		}
	}
}

// A loop of which everything is known: two fma to one sum, of which each waits for the other, four loads, a store.
func TestLoopIsRead(t *testing.T) {
	functions := neonFunctions(t, func(m Machine) {
		m.BeginLocal(symbol("known", m), "n int, x *T")
		n, p, sum := m.Arg("n"), m.Arg("x"), m.Zero()
		m.While("loop", n, 1, func() {
			m.FMA(sum, m.Load(p, 0), m.Load(p, 16))
			m.FMAScalar(sum, m.Load(p, 32), m.Load(p, 48))
			m.Store(m.Add(sum, sum), p, 64)
			m.Prefetch(p)
			m.AddImm(p, 80)
		})
		m.End()
	})
	want := loop{fmas: 2, vectors: 1, loads: 4, stores: 1, alus: 3, others: 2, sums: 1, chain: 2 * fmaLatency}
	bounds := []float64{8, 8, 8, 8, 8}
	unchained := []float64{13. / 4, 13. / 5, 5. / 3, 5. / 3, 5. / 3} // all that N1 and N2 rename; loads and the store
	for _, fn := range functions {
		got, err := read(inner.in(fn))
		if err != nil || got != want {
			t.Fatalf("%s: %+v, %v, want %+v", fn.Name, got, err, want)
		}
		free := got
		free.chain = 0
		for i, c := range cores {
			if got.bound(c) != bounds[i] || free.bound(c) != unchained[i] {
				t.Errorf("%s: %v and without its chain %v, want %v and %v", c.name, got.bound(c), free.bound(c),
					bounds[i], unchained[i])
			}
		}
	}
}
