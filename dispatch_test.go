package bitstep

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Assembly runs where it is claimed to: called behind the dispatch, every kernel of every backend makes of whole
// vectors and a tail what the definition does, and nothing of what lies beyond them.
func TestArchAssemblyRuns(t *testing.T) {
	if RaceEnabled {
		t.Skip("where pointers are checked, a slice of negative length ends the program: see isAssembly")
	}
	for _, b := range Backends()[1:] {
		missing := 0
		for id, row := range table.Rows {
			ran32, ran := assemblyRuns[float32](t, b, kernelID(id), row), assemblyRuns[float64](t, b, kernelID(id), row)
			if only64 := program.Must(row).Ops[program.Exp]; ran32 != (ran && !only64) { // Exp computes in float64
				t.Errorf("%v has assembly for %s: float32 %v, float64 %v", b, row.Name, ran32, ran)
			}
			if !ran {
				missing++
				t.Logf("%v has no assembly for %s: its definition runs", b, row.Name)
			}
		}
		if missing > len(table.Rows)/2 {
			t.Errorf("%v has no assembly for %d of %d rows", b, missing, len(table.Rows))
		}
	}
}

func assemblyRuns[T kernels.Float](t *testing.T, b Backend, id kernelID, row table.Row) (ran bool) {
	const n, all = 192, 256 // n is a multiple of every vector
	// Two calls on equal operands, of which those that are bytes are not written.
	c, want := call[T]{id: id, backend: b, n: all}, call[T]{id: id, n: all}
	var got, defined, before [maxOperands][]T
	for i, o := range row.Operands {
		if o.Storage == table.Byte {
			s := make([]uint8, all)
			for j := range s {
				s[j] = uint8(3 + j%5)
			}
			c.op[i] = unsafe.Pointer(unsafe.SliceData(s))
			want.op[i] = c.op[i]
			continue
		}
		for j := range all {
			before[i] = append(before[i], T(3+j%5+7*i))
		}
		got[i], defined[i] = slices.Clone(before[i]), slices.Clone(before[i])
		c.op[i], want.op[i] = unsafe.Pointer(unsafe.SliceData(got[i])), unsafe.Pointer(unsafe.SliceData(defined[i]))
	}
	coef := unsafe.Slice((*T)(unsafe.Pointer(&c.coef)), len(c.coef))
	for i := range coef {
		coef[i] = T(0.25) * T(i+1)
	}
	p := program.Must(row)
	if row.Kind == table.Map {
		for i, h := range p.Hypers {
			coef[i] = T(h.Sample)
		}
	}
	_, prelude := program.Prelude()
	*(*kernels.Use)(unsafe.Pointer(&coef[len(p.Scalars)+len(prelude)])) = 0 // none
	want.coef = c.coef
	const elements = n + 3 // a tail
	if row.Kind == table.Reduction {
		if !isAssembly(func() { c.continueLanes(nil, 0, -n) }) {
			return false
		}
		var lanes, defined [16]T
		sum, fold := c.continueLanes(nil, 0, elements), want.continueLanes(&defined, 0, elements)
		kept := c.continueLanes(&lanes, 0, elements)
		if lanes != defined || lanes == [16]T{} || sum != fold || kept != fold {
			t.Errorf("%v %s %T: %v of lanes %v, or without %v, want %v of %v", b, row.Name, T(0), kept, lanes, sum,
				fold, defined)
		}
		if most := c.mostTogether(); most > 1 && !c.assemblyLanes(make([][16]T, most), 0, -n) {
			t.Errorf("%v %s %T: no assembly for %d chunks", b, row.Name, T(0), most)
		}
		return true
	}
	if !isAssembly(func() { c.chunk(0, -n) }) {
		return false
	}
	c.chunk(0, elements)
	want.chunk(0, elements)
	changed := false
	for i, o := range row.Operands {
		for j := range got[i] {
			if got[i][j] != defined[i][j] {
				t.Fatalf("%v %s %T: %s[%d] = %v, want %v", b, row.Name, T(0), o.Name, j, got[i][j], defined[i][j])
			}
			changed = changed || got[i][j] != before[i][j]
		}
	}
	if !changed {
		t.Errorf("%v %s %T changed nothing", b, row.Name, T(0))
	}
	return true
}

// isAssembly reports whether a call of fewer elements than none is one of assembly, which then has nothing to do. The
// slices of a definition panic.
func isAssembly(call func()) (is bool) {
	defer func() { is = recover() == nil }()
	call()
	return true
}

// A backend other than Go has vectors, and Go has none.
func TestBackendsHaveVectors(t *testing.T) {
	for _, b := range Backends() {
		if has := b.vecBytes() != 0; has != (b != Go) {
			t.Errorf("%v has vectors: %v", b, has)
		}
	}
}

func TestChoose(t *testing.T) {
	all := []Backend{Go, AVX2, AVX512}
	for name, want := range map[string]Backend{"": AVX512, "go": Go, "avx2": AVX2, "avx512": AVX512} {
		if got := choose(name, all); got != want {
			t.Errorf("choose(%q) = %v, want %v", name, got, want)
		}
	}
	defer func() {
		const want = "bitstep: BITSTEP=neon: this machine and build can run go, avx2, avx512"
		if got := recover(); got != want {
			t.Errorf("panic %q, want %q", got, want)
		}
	}()
	choose("neon", all)
}

// A name that the machine cannot run ends the program at start.
func TestForcedBackendPanics(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Skip("no executable to run: ", err)
	}
	cmd := exec.Command(exe, "-test.run=^$")
	cmd.Env = append(os.Environ(), "BITSTEP=nonsense")
	out, err := cmd.CombinedOutput()
	if _, ran := err.(*exec.ExitError); err != nil && !ran {
		t.Skip("cannot run programs here: ", err)
	}
	if err == nil || !strings.Contains(string(out), "BITSTEP=nonsense: this machine and build can run go") {
		t.Errorf("BITSTEP=nonsense: error %v, output\n%s", err, out)
	}
}
