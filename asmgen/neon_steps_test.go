package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Steps that divide by a root by reading: a turn of their software pipeline takes as long as the divider, or as what
// takes the roots off it.

// A divider is what divides and takes roots: so many pipelines, each one vector at a time in so many cycles, of float32
// and float64. Other operations go on in the same pipelines meanwhile, as Arm's guides say; in LLVM's models they wait.
type divider struct {
	count          float64
	division, root [2]float64
}

func (d divider) pipes(n float64) divider {
	d.count = n
	return d
}

// The guides give ranges. Roots were measured on N1 and V1 (github.com/ocxtal/insn_bench_aarch64): their next may begin
// 2 cycles before the result; divisions, whose latency is the same in float32 and 2 cycles less in float64, are taken
// to be as fast. GCC's model of N1 and LLVM's of V2 have what the guides list for the slowest.
var (
	measured = divider{division: [2]float64{7, 12}, root: [2]float64{7, 14}}
	listedN1 = divider{division: [2]float64{9, 14}, root: [2]float64{9, 16}}
	listedV2 = divider{division: [2]float64{10, 14}, root: [2]float64{9, 15}}
)

// bound is how many cycles a turn takes at least.
func (d divider) bound(c core, l loop, elem int) float64 {
	return max(l.bound(c), d.cycles(l, elem))
}

func (d divider) cycles(l loop, elem int) float64 {
	i := elem / 8
	return (float64(l.divisions)*d.division[i] + float64(l.roots)*d.root[i]) / d.count
}

// divisions is the loop of a step that divides.
var divisions = search{"fdiv", false}

// A stepPair is a step in both forms.
type stepPair struct {
	row                     table.Row
	elem                    int
	balance                 balance
	hardwareName, fmaName   string
	hardwareLoop, pipelined loop
}

func stepPairs(t *testing.T) (all []stepPair) {
	programs, err := program.All()
	if err != nil {
		t.Fatal(err)
	}
	functions := map[string]loop{}
	for _, fn := range neonFunctions(t, func(m Machine) {
		preludes(m, 1)
		for _, p := range programs {
			for _, b := range balancesOf(m.ISA(), m.ElemBytes(), p) {
				elementwise(m, p)
				pipelined(m, p, b.balance)
				all = append(all, stepPair{row: p.Row, elem: m.ElemBytes(), balance: b.balance,
					hardwareName: symbol(p.Row.Name, m), fmaName: symbol(p.Row.Name, m) + b.Suffix()})
			}
		}
	}) {
		if functions[fn.Name], err = read(divisions.in(fn)); err != nil {
			t.Fatalf("%s: %v", fn.Name, err)
		}
	}
	for i := range all {
		p := &all[i]
		p.hardwareLoop, p.pipelined = functions[p.hardwareName], functions[p.fmaName]
		if p.hardwareLoop.divisions != 1 || p.hardwareLoop.roots != 1 ||
			p.pipelined.divisions != p.balance.Vectors || p.pipelined.roots != p.balance.Vectors-p.balance.ByFMA {
			t.Fatalf("%s: %+v, %+v", p.fmaName, p.hardwareLoop, p.pipelined)
		}
	}
	return all
}

// share is the time of a vector over that in hardware's form.
func (p stepPair) share(c core, d divider) float64 {
	return d.bound(c, p.pipelined, p.elem) / float64(p.balance.Vectors) / d.bound(c, p.hardwareLoop, p.elem)
}

// Roots by fma gain on every core if its divider is as slow as listed, and lose next to nothing if it is the fastest.
func TestRootsByFMAGain(t *testing.T) {
	for _, p := range stepPairs(t) {
		for _, c := range cores {
			if c.dividers[0].count == 0 {
				continue // all roots in hardware
			}
			if fastest := p.share(c, c.dividers[0]); fastest > 1.05 {
				t.Errorf("%s on %s, fastest divider: %.2f of the time in hardware", p.fmaName, c.name, fastest)
			}
			if slowest := p.share(c, c.dividers[1]); slowest > .85 {
				t.Errorf("%s on %s, slowest divider: %.2f of the time in hardware", p.fmaName, c.name, slowest)
			}
		}
	}
}

// The document has what is counted: with -update it gets it. LLVM's columns stay as they are unless BITSTEP_MCA is
// llvm-mca's path.
func TestStepsInDocument(t *testing.T) {
	const path, heading = "../docs/performance.md", "NEON by reading: steps"
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(doc), heading)
	if at < 0 {
		t.Fatalf("%s has no %q", path, heading)
	}
	const ownColumns = 9
	text, changed := string(doc[at:]), false
	simulated := simulateSteps(t)
	for _, p := range stepPairs(t) {
		key, elements := p.columns()
		line := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(key) + `.*$`).FindString(text)
		old := strings.Split(line, "|")
		if line == "" {
			t.Errorf("no row %s", key)
			continue
		}
		want := key + elements
		if simulated != nil {
			want += simulated(p)
		} else if len(old) > ownColumns+1 {
			want += strings.Join(old[ownColumns:len(old)-1], "|") + "|"
		}
		if line != want {
			t.Errorf("the document says\n%s\nwant\n%s", line, want)
			text, changed = strings.Replace(text, line, want, 1), true
		}
	}
	if *update && changed {
		if err := os.WriteFile(path, []byte(string(doc[:at])+text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// columns returns a row's first cells: the step and its type, and then what a turn consists of and takes.
func (p stepPair) columns() (key, cells string) {
	key = fmt.Sprintf("| %s | float%d |", p.row.Name, 8*p.elem)
	cells = fmt.Sprintf(" %d of %d | %d, %d |", p.balance.ByFMA, p.balance.Vectors, p.hardwareLoop.instructions(),
		p.pipelined.instructions())
	for _, c := range cores {
		if c.dividers[0].count != 0 {
			cells += fmt.Sprintf(" %s %s |", decimal(p.share(c, c.dividers[1])), decimal(p.share(c, c.dividers[0])))
		}
	}
	return key, cells
}

func decimal(x float64) string { return strings.TrimPrefix(fmt.Sprintf("%.2f", x), "0") }

// simulateSteps returns the last cells of rows, LLVM's shares, or nil.
func simulateSteps(t *testing.T) func(p stepPair) string {
	mca := os.Getenv("BITSTEP_MCA")
	if mca == "" {
		return nil
	}
	var names []string
	for _, p := range stepPairs(t) {
		names = append(names, p.hardwareName, p.fmaName)
	}
	assembly := assemblyOf(t, divisions, slices.Compact(names))
	cycles := map[string]map[string]float64{}
	for _, c := range cores {
		if c.llvm != "" {
			cycles[c.llvm] = simulate(t, mca, c.llvm, assembly)
		}
	}
	return func(p stepPair) (cells string) {
		for _, c := range cores {
			if c.llvm == "" {
				continue
			}
			by, hardware := cycles[c.llvm][p.fmaName], cycles[c.llvm][p.hardwareName]
			if by == 0 || hardware == 0 {
				t.Fatalf("%s: no cycles of %s", c.llvm, p.fmaName)
			}
			cells += fmt.Sprintf(" %s |", decimal(by/float64(p.balance.Vectors)/hardware))
		}
		return cells
	}
}
