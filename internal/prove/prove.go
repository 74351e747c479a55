package prove

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/bitstep-go/bitstep/kernels/table"
)

// A Class is what kind of function is proven, or not yet.
type Class string

// The classes. Every function is of one.
const (
	Steps       Class = "steps and maps"
	ManyTensors Class = "steps of many tensors"
	Preludes    Class = "preludes"
	Reductions  Class = "reductions"

	FMARoots     Class = "steps that take roots by fma"
	NarrowStates Class = "steps of narrow states"
	Maxima       Class = "maxima"
	Products     Class = "products"
	Conversions  Class = "conversions"
)

// Covered says of each class whether every function of it is proven; otherwise none is, yet.
var Covered = map[Class]bool{Steps: true, ManyTensors: true, Preludes: true,
	Reductions: true, FMARoots: true, NarrowStates: false, Maxima: true, Products: false, Conversions: false}

// Files are those whose functions are proven, and NotYet are the others that have assembly.
var (
	Files  = []string{"kernels_amd64.s", "kernels_arm64.s"}
	NotYet = []string{"internal/mem/stack_amd64.s", "internal/mem/stack_arm64.s",
		"internal/roots/kernels_amd64.s", "internal/roots/kernels_arm64.s", "internal/traffic/kernels_amd64.s",
		"internal/traffic/kernels_arm64.s"}
)

// A Backend is an instruction set of a file of assembly, and the features that dispatch checks for it.
type Backend struct {
	Name     string // of the constant, which ends its functions' names
	Features map[string]bool
}

// ReadBackends reads the file of package bitstep that detects instruction sets.
func ReadBackends(path string) (all []Backend, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for _, m := range detection.FindAllStringSubmatch(string(text), -1) {
		b := Backend{m[2], map[string]bool{}}
		for _, f := range strings.Split(m[1], ", ") {
			b.Features[strings.TrimPrefix(f, "cpuid.")] = true
		}
		all = append(all, b)
	}
	for _, m := range always.FindAllStringSubmatch(string(text), -1) {
		all = append(all, Backend{m[1], nil})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s detects nothing", path)
	}
	return all, nil
}

var always = regexp.MustCompile(`(?m)^\tfound = append\(found, (\w+)\) // every CPU`)

var detection = regexp.MustCompile(`cpuid\.CPU\.Supports\(([^()]*)\) \{\n\t\tfound = append\(found, (\w+)\)`)

// A Prover proves the functions of a file.
type Prover struct {
	File     *File
	Backends []Backend
	step     func(p *proof, s *state) []*state // the interpreter's, or nil
}

// named are the functions that no row of the table has, by the beginnings of their names.
var named = []struct {
	prefix string
	class  Class
}{
	{"chain", Products}, {"turn", Products}, {"narrow", Products}, {"lanes", Products}, {"pack", Products},
	{"copy", Products}, {"transpose", Products},
	{"toBFloat16", Conversions}, {"fromBFloat16", Conversions}, {"toFloat16", Conversions},
	{"fromFloat16", Conversions}, {"encodeBlocks", Conversions}, {"decodeBlocks", Conversions},
}

// theorem returns a function's class, and what is to be proven of it; nil if its class is not covered. A function of no
// class is an error.
func (v *Prover) theorem(fn *Func) (Class, *theorem, error) {
	var backend *Backend
	var name, suffix string
	var elemSize int
	for i, b := range v.Backends {
		for _, size := range []int{4, 8} {
			mark := fmt.Sprintf("F%d%s", 8*size, b.Name)
			if before, after, ok := strings.Cut(fn.Name, mark); ok && backend == nil {
				backend, name, suffix, elemSize = &v.Backends[i], before, after, size
			}
		}
	}
	if backend == nil {
		return "", nil, fmt.Errorf("%s is of no instruction set", fn.Name)
	}
	if name == "prelude" {
		vectors, use, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(suffix, "x"), "<>"), "Use")
		n, err := strconv.Atoi(vectors)
		u, err2 := strconv.Atoi(use)
		if !ok || err != nil || err2 != nil || u >= int(table.Uses) || 2*n+1 >= 16 {
			return "", nil, fmt.Errorf("%s is no Prelude", fn.Name)
		}
		t := preludeCode(elemSize, table.Use(u), n)
		t.features = backend.Features
		return Preludes, t, nil
	}
	for _, row := range table.Rows {
		rest, ok := cutFold(name, row.Name)
		switch {
		case !ok:
		case row.Kind == table.Reduction && strings.Trim(rest, "x0123456789") == "":
			chunks := 1
			if rest != "" {
				var err error
				if chunks, err = strconv.Atoi(rest[1:]); err != nil || chunks < 2 || chunks > 4 {
					return "", nil, fmt.Errorf("%s is of no number of chunks", fn.Name)
				}
			}
			t := reduction(row, elemSize, chunks)
			t.features = backend.Features
			if t.largest {
				return Maxima, t, nil
			}
			return Reductions, t, nil
		case isForm(rest):
			return NarrowStates, nil, nil
		case rest != "" && rest != "Each":
		case suffix != "" && !strings.HasPrefix(suffix, "Roots"):
		default:
			t := kernel(row, elemSize, rest == "Each")
			t.features = backend.Features
			if suffix != "" {
				t.pipelined, t.form = true, formOf(v.File.arch, backend.Features, elemSize)
			}
			var err error
			t.tables, err = preludeTables(v.File, fmt.Sprintf("preludeF%d%s", 8*elemSize, backend.Name))
			switch {
			case t.pipelined:
				return FMARoots, t, err
			case rest == "Each":
				return ManyTensors, t, err
			}
			return Steps, t, err
		}
	}
	if f := formOf(v.File.arch, backend.Features, elemSize); name == "squareRoots" && suffix == "" && f != nil {
		t := rootsAlone(f)
		t.features = backend.Features
		return FMARoots, t, nil
	}
	for _, n := range named {
		if strings.HasPrefix(name, n.prefix) {
			return n.class, nil, nil
		}
	}
	return "", nil, fmt.Errorf("%s is of no class: prove it, or name it in internal/prove/prove.go", fn.Name)
}

// cutFold takes a prefix off, whatever its capitals.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}

// isForm reports whether the rest of a name is that of a form of narrow states.
func isForm(rest string) bool {
	rest = strings.TrimSuffix(rest, "Nearest")
	for _, f := range table.Forms {
		if strings.EqualFold(rest, f.Name) {
			return true
		}
	}
	return false
}

// Prove proves a function of the prover's file, or one that stands for it: with its name, and other text. Its class is
// not covered if proven is false and err is nil.
func (v *Prover) Prove(fn *Func) (class Class, proven bool, err error) {
	class, t, err := v.theorem(fn)
	if t == nil || err != nil {
		return class, false, err
	}
	insts, err := fn.Code()
	if err != nil {
		return class, false, err
	}
	return class, true, newProof(v.File, fn, insts, t).run()
}

func newProof(f *File, fn *Func, insts []Inst, t *theorem) *proof {
	return &proof{terms: terms{all: map[key]*Term{}, lemmas: lemmas}, file: f, fn: fn, insts: insts, theorem: t,
		named: map[symbolKey]Sym{}, leaves: map[leaf]int32{}, setIDs: map[string]int32{},
		loops: findLoops(insts), budget: 2_000_000}
}
