package main

import (
	"slices"
	"strings"

	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// A processor is a row of the list of kinds of CPUs that have their own balance between roots by fma and roots in
// hardware: steps that divide run as is fastest on each, with the same bits. Others take all roots in hardware.
type processor struct {
	Const, Arch string
	Is          string // a condition of Go
	About       string
	Ahead       int // bytes from what is loaded to what is fetched from memory meanwhile; 0: that is the CPU's to do
}

// processors lists them; the first that a CPU is counts.
//
// A root in hardware takes the divider some cycles and multipliers perhaps a slot, one by fma 6 or 9 slots and an
// estimate. With what a step multiplies and divides otherwise that gives the part of the roots for which both are busy
// as long; what was fastest among parts near it is in the table. Cycles of division and root and slots of each, for
// float32 and float64: Zen 4 (512 bits) 6+10 and 9+16, 2 slots each and float64's division 3; Zen 5 (any) 2.5+4.5 and
// 4+7.5, 2 slots each; Intel's Golden Cove 10+12 and 16+24 (512 bits), half of that with 256, 1 slot each (all of these
// measured); Neoverse 7 to 10 for either and 12 to 16, on one pipeline in two (read, not measured:
// docs/performance.md).
// Apple's cores divide fast, and nobody has measured steps on them: they take all roots in hardware.
//
// A core waits for memory with some hundreds of operations in hand, of which few are loads where a step divides. On
// Intel's, what it fetches of itself does not make up for that.
var processors = []processor{
	{"zen5", "amd64", "cpuid.CPU.VendorID == cpuid.AMD && cpuid.CPU.Family >= 0x1a", "AMD, from family 1Ah on", 0},
	{"zen", "amd64", "cpuid.CPU.VendorID == cpuid.AMD", "AMD before that", 0},
	{"core", "amd64", "cpuid.CPU.VendorID == cpuid.Intel", "Intel", 1024},
	{"neoverse", "arm64", `runtime.GOOS != "darwin" && runtime.GOOS != "ios"`, "arm64 but for Apple's", 0},
}

// Steps that multiply little gain more. A step of many operands has few registers left.
const (
	least      = iota // 2 products: AdaGrad
	light             // up to 5
	heavy             // more, of up to 4 operands
	difference        // the same with a root of a difference
	large
	weights
)

// A balanceKey is a processor, an instruction set and the bytes of an element.
type balanceKey struct {
	processor, isa string
	elem           int
}

// Golden Cove's balances are the fastest of some ten each on a core of its own. On one whose other thread multiplies
// as well, those with more roots by fma lose what they gained: with AVX2 to hardware, with AVX-512 not.
//
// Zen 5 divides twice in 5 cycles in float32, and takes two roots in 9, but a division and a root in turns take 9: a
// number of roots in hardware that is even costs less. (Groups of 6 vectors of AVX2 made RMSPropCentered take 1.3 times
// as long in memory, whatever the alignment, where groups of 4 and Adam's of 6 take no longer than hardware.)
var balances = map[balanceKey][weights][3]int{ // balance's first fields
	{"zen5", "avx2", 4}:     {{2, 5, 2}, {2, 5, 2}, {1, 6, 2}, {1, 4, 2}, {1, 5, 2}},
	{"zen5", "avx2", 8}:     {{1, 3, 2}, {1, 3, 2}, {1, 3, 2}, {1, 3, 2}, {1, 3, 2}},
	{"zen5", "avx512", 4}:   {{2, 4, 2}, {2, 4, 3}, {1, 5, 2}, {1, 5, 2}, {1, 5, 2}},
	{"zen5", "avx512", 8}:   {{2, 3, 3}, {2, 3, 3}, {2, 4, 2}, {2, 4, 2}, {2, 4, 2}},
	{"zen", "avx2", 4}:      {{2, 5, 2}, {2, 5, 2}, {1, 4, 2}, {1, 4, 2}, {1, 4, 2}},
	{"zen", "avx2", 8}:      {{1, 3, 2}, {1, 3, 2}, {1, 3, 2}, {1, 3, 2}, {1, 3, 2}},
	{"zen", "avx512", 4}:    {{2, 4, 3}, {2, 4, 3}, {1, 3, 3}, {1, 3, 3}, {1, 3, 3}},
	{"zen", "avx512", 8}:    {{2, 3, 3}, {2, 3, 3}, {2, 4, 2}, {2, 4, 2}, {2, 4, 2}},
	{"core", "avx2", 4}:     {{1, 2, 2}, {1, 2, 2}, {1, 3, 2}, {1, 3, 2}, {1, 3, 2}},
	{"core", "avx2", 8}:     {{1, 2, 2}, {1, 2, 2}, {1, 2, 2}, {1, 2, 2}, {1, 2, 2}},
	{"core", "avx512", 4}:   {{3, 3, 3}, {3, 3, 3}, {3, 3, 3}, {3, 3, 3}, {3, 3, 3}},
	{"core", "avx512", 8}:   {{2, 2, 3}, {2, 2, 3}, {2, 2, 3}, {2, 2, 3}, {2, 2, 3}},
	{"neoverse", "neon", 4}: {{3, 5, 2}, {3, 5, 2}, {2, 5, 2}, {2, 5, 2}, {2, 5, 2}},
	{"neoverse", "neon", 8}: {{3, 3, 2}, {3, 3, 2}, {3, 4, 2}, {3, 4, 2}, {3, 4, 2}},
}

// balanced reports whether a step divides once, by a root, as the pipeline has it: what is stored when a group starts
// does not change what the root is of, which may be computed again, and no operation has constants. With more scalars
// and operands groups have no registers; memory bounds such steps.
func balanced(p *program.Program) bool {
	root, div := p.Only(program.Sqrt), p.Only(program.Div)
	if p.Row.Kind != table.Step || root == nil || div == nil || !div.Args[1].Needs(root) || div.Args[0].Needs(root) ||
		p.Ops[program.Sign] || p.Ops[program.Abs] || len(p.Scalars)+len(p.Row.Operands) > 12 {
		return false
	}
	stored, written := map[*program.Node]bool{}, map[string]bool{}
	for _, l := range p.Lines {
		if l.Store {
			stored[l.Value], written[l.Dst] = true, true
		}
	}
	var again func(n *program.Node) bool
	again = func(n *program.Node) bool {
		return stored[n] || (n.Op != program.Operand || !written[n.Name]) && !slices.ContainsFunc(n.Args,
			func(a *program.Node) bool { return !again(a) })
	}
	return again(root.Args[0])
}

func weightOf(p *program.Program) int {
	switch products := p.Count(program.Mul); {
	case products <= 2:
		return least
	case products <= 5:
		return light
	case len(p.Row.Operands) > 4:
		return large
	case p.Count(program.Sub) > 1:
		return difference
	}
	return heavy
}

// A balanceCase is a balance and the processors that have it.
type balanceCase struct {
	balance
	Processors []string
}

// balancesOf returns those of a step for an instruction set and type.
func balancesOf(s isa, elem int, p *program.Program) (all []balanceCase) {
	if n := s.Steps.Scalars; !balanced(p) || n > 0 && len(p.Scalars) > n {
		return nil
	}
	for _, cpu := range processors {
		of, ok := balances[balanceKey{cpu.Const, s.Name, elem}]
		if !ok {
			continue
		}
		w := of[weightOf(p)]
		b := balance{w[0], w[1], w[2], cpu.Ahead}
		i := slices.IndexFunc(all, func(c balanceCase) bool { return c.balance == b })
		if i < 0 {
			i = len(all)
			all = append(all, balanceCase{balance: b})
		}
		all[i].Processors = append(all[i].Processors, cpu.Const)
	}
	return all
}

// Suffix is the end of functions' names with the balance, Cases the processors.
func (c balanceCase) Suffix() string { return c.suffix() }
func (c balanceCase) Cases() string  { return strings.Join(c.Processors, ", ") }

// Balances are those of a row.
func (v view) Balances(s isa, r rowView, t typeView) []balanceCase {
	return balancesOf(s, t.Bytes, r.Program)
}

// Processors lists all, ProcessorsHere those of the view's architecture.
func (v view) Processors() []processor { return processors }

func (v view) ProcessorsHere() (here []processor) {
	for _, p := range processors {
		if p.Arch == v.ISAs[0].Arch {
			here = append(here, p)
		}
	}
	return here
}

// NeedsRuntime reports whether conditions of processors do.
func (v view) NeedsRuntime() bool {
	return slices.ContainsFunc(v.ProcessorsHere(), func(p processor) bool { return strings.Contains(p.Is, "runtime.") })
}
