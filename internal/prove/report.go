package prove

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Report says of each function of a file what is proven, and what proofs assume.
type Report struct {
	Functions []FunctionReport
	arch      *arch
}

// A FunctionReport is what is known of a function: of a covered class it is proven, or there is an error, which names
// the instruction.
type FunctionReport struct {
	Name   string
	Class  Class
	Proven bool
	Err    error
}

// Report proves what it can of the prover's file.
func (v *Prover) Report() Report {
	r := Report{arch: v.File.arch}
	for _, fn := range v.File.Funcs {
		class, proven, err := v.Prove(fn)
		r.Functions = append(r.Functions, FunctionReport{fn.Name, class, proven && err == nil, err})
	}
	return r
}

// Count returns how many functions of each class are proven, and how many are not.
func (r Report) Count() (proven, open map[Class]int) {
	proven, open = map[Class]int{}, map[Class]int{}
	for _, f := range r.Functions {
		if f.Proven {
			proven[f.Class]++
		} else {
			open[f.Class]++
		}
	}
	return proven, open
}

// proves is what is proven of a function of each class that is covered.
var proves = map[Class]string{
	Steps:       "for all n and all values: each element of each written operand is stored once, as its line says",
	ManyTensors: "for all counts, all lengths and all values: the same of each tensor, in order",
	Reductions:  "for all n and all values: the lanes of rule 7, from +0 or those given, and their fold by halves",
	Maxima:      "for all n and all values: each lane is the largest of its elements' magnitudes, and of that given",
	FMARoots:    "as of steps, by square roots that are those of fma where the guard lets them pass",
	Preludes:    "x and g become what the lines of the Use say, two registers may change and nothing else",
}

// String spells the report.
func (r Report) String() string {
	var b strings.Builder
	for _, f := range r.Functions {
		switch {
		case f.Err != nil:
			fmt.Fprintf(&b, "%s: NOT PROVEN: %v\n", f.Name, f.Err)
		case f.Proven:
			fmt.Fprintf(&b, "%s: proven: %s\n", f.Name, proves[f.Class])
		default:
			fmt.Fprintf(&b, "%s: not covered yet: %s\n", f.Name, f.Class)
		}
	}
	b.WriteString("\nThe lemmas that proofs use:\n")
	for _, l := range append(lemmas[:len(lemmas):len(lemmas)], twoPowers) {
		fmt.Fprintf(&b, "%s: %s\n", l.Name, l.Text)
	}
	for _, f := range rootForms {
		if f.of == r.arch {
			fmt.Fprintf(&b, "roots by fma: %s, from %g on, within the guard: sqrt(x), by docs/exact-sqrt.md\n", f.Name,
				f.least)
		}
	}
	b.WriteString("\nThe instructions whose semantics they assume, and the features that those need:\n")
	for _, op := range slices.Sorted(maps.Keys(r.arch.does)) {
		fmt.Fprintf(&b, "%s %s %s\n", op, r.arch.does[op].VEX, r.arch.does[op].EVEX)
	}
	return b.String()
}
