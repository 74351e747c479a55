package bitstep

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"unsafe"

	"github.com/bitstep-go/bitstep/kernels"
)

// Assembly runs where it is claimed to: called behind the dispatch, every kernel of every backend changes
// whole vectors and nothing beyond them.
func TestArchAssemblyRuns(t *testing.T) {
	for _, b := range Backends()[1:] {
		for id, row := range kernels.Table {
			assemblyRuns[float32](t, b, kernelID(id), row)
			assemblyRuns[float64](t, b, kernelID(id), row)
		}
	}
}

func assemblyRuns[T kernels.Float](t *testing.T, b Backend, id kernelID, row kernels.Row) {
	const n = 192 // a multiple of every vector and of a line
	c := call[T]{id: id, backend: b, n: n + 64}
	var op [][]T
	for i := range row.Operands {
		s := make([]T, c.n)
		for j := range s {
			s[j] = T(3 + j%5 + 7*i)
		}
		op = append(op, s)
		c.op[i] = unsafe.SliceData(s)
	}
	coef := unsafe.Slice((*T)(unsafe.Pointer(&c.coef)), 12)
	for i := range coef {
		coef[i] = T(0.25) * T(i+1)
	}
	switch row.Name {
	case "Clip":
		coef[0], coef[1] = -1, 1
	case "Axpby":
		coef[0], coef[1] = 5, 11
	}
	*(*kernels.Use)(unsafe.Pointer(&coef[len(row.Scalars)+3])) = 0 // no prelude
	if row.Kind == kernels.Reduction {
		var lanes [16]T
		c.assemblyLanes(&lanes, 0, n)
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
	c.assembly(0, n)
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

// Coefficients fit the call, in both types.
func TestCoefficientsFit(t *testing.T) {
	var c call[float64]
	if size := unsafe.Sizeof(kernels.AMSGradCoef[float64]{}); size > unsafe.Sizeof(c.coef) {
		t.Errorf("coefficients of %d bytes, room for %d", size, unsafe.Sizeof(c.coef))
	}
	for _, row := range kernels.Table {
		if len(row.Operands) > maxOperands {
			t.Errorf("%s has %d operands, room for %d", row.Name, len(row.Operands), maxOperands)
		}
		if size := uintptr(len(row.Scalars)+4) * 8; size > unsafe.Sizeof(c.coef) {
			t.Errorf("%s has %d bytes of coefficients, room for %d", row.Name, size, unsafe.Sizeof(c.coef))
		}
	}
}
