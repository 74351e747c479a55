package prove

import (
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
)

const root = "../../"

// provers are those of the files.
func provers(t testing.TB) (all []*Prover) {
	t.Helper()
	for _, name := range Files {
		f, err := ReadFile(root + name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := ReadBackends(root + strings.NewReplacer("kernels_", "detect_", ".s", ".go").Replace(name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, &Prover{File: f, Backends: b})
	}
	return all
}

// prover is that of an architecture.
func prover(t testing.TB, of *arch) *Prover {
	t.Helper()
	for _, v := range provers(t) {
		if v.File.arch == of {
			return v
		}
	}
	t.Fatal("no file of the architecture")
	return nil
}

var report = flag.String("report", "", "write what is proven of which function, and what proofs assume, to a file")

// Every function of a covered class is proven, and every function is of a class: nothing is left out silently.
func TestEveryFunction(t *testing.T) {
	var reports strings.Builder
	for _, v := range provers(t) {
		r := v.Report()
		fmt.Fprintf(&reports, "%s\n\n%s\n", v.File.Path, r)
		for _, f := range r.Functions {
			if f.Err != nil {
				t.Errorf("%s: %v", f.Name, f.Err)
			} else if f.Proven != Covered[f.Class] {
				t.Errorf("%s, of %s: proven %v, said to be %v", f.Name, f.Class, f.Proven, Covered[f.Class])
			}
		}
		proven, open := r.Count()
		for class, covered := range Covered {
			if covered && proven[class] == 0 || open[class] > 0 == covered {
				t.Errorf("%s: %s: %d proven, %d not", v.File.Path, class, proven[class], open[class])
			}
		}
		t.Logf("%s: proven: %v", v.File.Path, proven)
		t.Logf("not yet: %v", open)
	}
	if *report != "" {
		if err := os.WriteFile(*report, []byte(reports.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Every file of assembly is proven, or named as one that is not.
func TestEveryFile(t *testing.T) {
	named := map[string]bool{}
	for _, f := range append(slices.Clone(Files), NotYet...) {
		named[f] = true
		if _, err := os.Stat(root + f); err != nil {
			t.Error(err)
		}
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != root {
			return fs.SkipDir
		}
		if rel := strings.TrimPrefix(filepath.ToSlash(path), root); strings.HasSuffix(rel, ".s") && !named[rel] {
			t.Errorf("%s is neither proven nor named", rel)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A lemma's two sides are the same number for numbers of all kinds: of both, the value depends on an element's sign,
// and on whether it is zero or NaN, alone.
func TestLemmas(t *testing.T) {
	for _, size := range []uint8{32, 64} {
		all := []float64{0, math.Copysign(0, -1), 1, -1, 2, -2, 1e-45, -1e-45, 0x1p-126,
			math.Inf(1), math.Inf(-1), math.NaN()}
		r := edge.Rand(uint64(size))
		for range 1000 {
			all = append(all, float64(edge.Value[float32](r)))
		}
		with, without := terms{all: map[key]*Term{}, lemmas: lemmas}, terms{all: map[key]*Term{}}
		for _, x := range all {
			a := number(math.Float64bits(x))
			if size == 32 {
				a = number(uint64(math.Float32bits(float32(x))))
			}
			symbol := with.unknown()
			for i, sides := range signs(&with, size, symbol) {
				if sides != with.op1(Sign, size, symbol) {
					t.Errorf("lemma %s does not apply to %d bits", lemmas[i].Name, size)
				}
			}
			want := without.op1(Sign, size, a)
			for i, got := range signs(&without, size, a) {
				if got != want && !(nan(got, size) && nan(want, size)) {
					t.Errorf("lemma %s: %#x of %#x, want %#x", lemmas[i].Name, got.C, a.C, want.C)
				}
			}
		}
	}
}

// The exponential's tree is the definition, and two powers scale as one does: for all whole numbers that the
// exponential scales by, and numbers at the edges of [1/2, 2).
func TestExponential(t *testing.T) {
	none := terms{all: map[key]*Term{}}
	r := edge.Rand(2)
	same := func(got V, want float64) bool {
		return got == number(math.Float64bits(want)) || nan(got, 64) && want != want
	}
	for i := range 200_000 {
		x := edge.Value[float64](r)
		switch i % 4 {
		case 0:
			x = 1500*r.Float64() - 770
		case 1: // around the limits
			x = []float64{710, -746, 709.78, -745.13, -708.4}[r.IntN(5)] + 1e-2*(r.Float64()-0.5)
		}
		if got := none.expTree(number(math.Float64bits(x))); !same(got, kernels.Exp(x)) {
			t.Fatalf("exp(%v) = %#x by its tree", x, got.C)
		}
	}
	for k := -1077; k <= 1024; k++ {
		for _, a := range []float64{0.5, 1, math.Nextafter(2, 0), math.Nextafter(1, 0), 0.5 + r.Float64()*1.5} {
			half, rest := none.twoExponents(number(math.Float64bits(float64(k))))
			v := number(math.Float64bits(a))
			for _, e := range []V{half, rest} {
				v = none.op2(Mul, 64, v, none.make(Left, 64, 52, e, V{}, V{}))
			}
			if !same(v, math.Ldexp(a, k)) {
				t.Fatalf("%v by 2^%d is %#x", a, k, v.C)
			}
		}
	}
}

// signs returns the left sides of the lemmas.
func signs(t *terms, size uint8, a V) []V {
	signed := t.op2(Or, size, t.op2(And, size, a, signBit(size)), one(size))
	signed = t.make(Choose, size, 0, t.op2(Unequal, size, a, V{}), signed, V{})
	table := signKinds
	return []V{t.make(Choose, size, 0, t.op2(NaN, size, a, a), ones(size), signed),
		t.make(Kinds, size, int32(table), a, a, V{})}
}

func nan(v V, size uint8) bool {
	if size == 32 {
		return math.IsNaN(float64(math.Float32frombits(uint32(v.C))))
	}
	return math.IsNaN(math.Float64frombits(v.C))
}
