package bitstep

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Assembly runs where it is claimed to: called behind the dispatch, every kernel of every backend changes
// whole vectors and nothing beyond them.
func TestArchAssemblyRuns(t *testing.T) {
	for _, b := range Backends()[1:] {
		for id, row := range table.Rows {
			assemblyRuns[float32](t, b, kernelID(id), row)
			assemblyRuns[float64](t, b, kernelID(id), row)
		}
	}
}

func assemblyRuns[T kernels.Float](t *testing.T, b Backend, id kernelID, row table.Row) {
	const n, all = 192, 256 // n is a multiple of every vector and of a line
	c := call[T]{id: id, backend: b, n: all}
	op := make([][]T, len(row.Operands)) // but for those that are bytes
	for i, o := range row.Operands {
		if o.Storage == table.Byte {
			s := make([]uint8, all)
			for j := range s {
				s[j] = uint8(3 + j%5)
			}
			c.op[i] = unsafe.Pointer(unsafe.SliceData(s))
			continue
		}
		s := make([]T, all)
		for j := range s {
			s[j] = T(3 + j%5 + 7*i)
		}
		op[i], c.op[i] = s, unsafe.Pointer(unsafe.SliceData(s))
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
	if row.Kind == table.Reduction {
		var lanes [16]T
		if !c.assemblyLanes(&lanes, 0, n) {
			t.Fatalf("%v has no assembly for %s %T", b, row.Name, T(0))
		}
		for l, v := range lanes[:kernels.Lanes[T]()] {
			if v == 0 {
				t.Errorf("%v %s %T: lane %d did not change", b, row.Name, v, l)
			}
		}
		return
	}
	before := make([][]T, len(op))
	for i := range op {
		before[i] = append([]T(nil), op[i]...)
	}
	if !c.assembly(0, n) {
		t.Fatalf("%v has no assembly for %s %T", b, row.Name, T(0))
	}
	for i, o := range row.Operands {
		for j, v := range op[i] {
			if changed := v != before[i][j]; changed != (o.Write && j < n) && o.Name != "vmax" {
				t.Fatalf("%v %s %T: %s[%d] changed: %v", b, row.Name, v, o.Name, j, changed)
			}
		}
	}
}

// A kernel without assembly, or the other way round, is not a backend.
func TestBackendsHaveTiles(t *testing.T) {
	for _, b := range Backends() {
		if has := b.vecBytes() != 0 && b.tiles() != (tileSize{}); has != (b != Go) {
			t.Errorf("%v has assembly: %v", b, has)
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
