package bitstep_test

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/internal/testfile"
	"github.com/bitstep-go/bitstep/kernels"
)

// A numpyCase is one case of testdata/numpy.txt: see make_numpy.py for its form.
type numpyCase struct {
	kernel, typ string
	given       map[string]float64
	lines       [][]string // in or out, a name, bits
}

func numpyCases(t *testing.T) (cases []numpyCase) {
	for line := range strings.Lines(testfile.Read(t, "numpy.txt")) {
		f := strings.Fields(line)
		switch f[0] {
		case "case":
			c := numpyCase{kernel: f[1], typ: f[2], given: map[string]float64{}}
			for _, pair := range f[3:] {
				name, value, _ := strings.Cut(pair, "=")
				v, err := strconv.ParseFloat(value, 64)
				if err != nil {
					t.Fatal(err)
				}
				c.given[name] = v
			}
			cases = append(cases, c)
		case "in", "out":
			last := &cases[len(cases)-1]
			last.lines = append(last.lines, f)
		}
	}
	return cases
}

// values reads the bits of a line.
func values[T kernels.Float](t *testing.T, line []string) []T {
	v := make([]T, len(line)-2)
	for i, s := range line[2:] {
		bits, err := strconv.ParseUint(s, 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		if len(s) == 8 {
			v[i] = T(math.Float32frombits(uint32(bits)))
		} else {
			v[i] = T(math.Float64frombits(bits))
		}
	}
	return v
}

// numpyCoef makes the coefficients of step t or the scalars of a map from what a case gives.
func numpyCoef[T kernels.Float](t *testing.T, c numpyCase, row kernels.Row, step uint64) any {
	h := c.given
	var p kernels.Prelude[T]
	if scale, ok := h["scale"]; ok {
		p = p.Scaled(scale).Clipped(h["clip"]).Coupled(h["l2"]).Decoupled(h["lr"], h["wd"])
	}
	momentum := kernels.MomentumHyper{LR: h["lr"], Rho: h["rho"]}
	rms := kernels.RMSPropHyper{LR: h["lr"], Decay: h["decay"], Eps: h["eps"], Rho: h["rho"]}
	adam := kernels.AdamHyper{LR: h["lr"], Beta1: h["beta1"], Beta2: h["beta2"], Eps: h["eps"]}
	coef := rows.NewCoef[T](row)
	switch coef := coef.(type) {
	case *kernels.SGDCoef[T]:
		*coef = kernels.NewSGD[T](h["lr"])
		coef.Prelude = p
	case *kernels.MomentumCoef[T]:
		*coef = kernels.NewMomentum[T](momentum)
		coef.Prelude = p
	case *kernels.MomentumVelocityCoef[T]:
		*coef = kernels.NewMomentumVelocity[T](momentum)
		coef.Prelude = p
	case *kernels.NesterovCoef[T]:
		*coef = kernels.NewNesterov[T](momentum)
		coef.Prelude = p
	case *kernels.NesterovTorchCoef[T]:
		*coef = kernels.NewNesterovTorch[T](momentum)
		coef.Prelude = p
	case *kernels.AdaGradCoef[T]:
		*coef = kernels.NewAdaGrad[T](kernels.AdaGradHyper{LR: h["lr"], Eps: h["eps"]})
		coef.Prelude = p
	case *kernels.RMSPropCoef[T]:
		*coef = kernels.NewRMSProp[T](rms)
		coef.Prelude = p
	case *kernels.RMSPropMomentumCoef[T]:
		*coef = kernels.NewRMSPropMomentum[T](rms)
		coef.Prelude = p
	case *kernels.RMSPropCenteredCoef[T]:
		*coef = kernels.NewRMSPropCentered[T](rms)
		coef.Prelude = p
	case *kernels.RMSPropCenteredMomentumCoef[T]:
		*coef = kernels.NewRMSPropCenteredMomentum[T](rms)
		coef.Prelude = p
	case *kernels.AdamCoef[T]:
		*coef = kernels.NewAdam[T](adam, step)
		if c.kernel == "AdamAlmost" {
			*coef = kernels.NewAdamAlmost[T](adam)
		}
		coef.Prelude = p
	case *kernels.AMSGradCoef[T]:
		*coef = kernels.NewAMSGrad[T](adam, step)
		coef.Prelude = p
	case *kernels.LionCoef[T]:
		*coef = kernels.NewLion[T](kernels.LionHyper{LR: h["lr"], Beta1: h["beta1"], Beta2: h["beta2"]})
		coef.Prelude = p
	case *[1]T:
		*coef = [1]T{T(h[row.Scalars[0]])}
	case *[2]T:
		*coef = [2]T{T(h[row.Scalars[0]]), T(h[row.Scalars[1]])}
	default:
		if coef != nil {
			t.Fatalf("no coefficients for %s", row.Name)
		}
	}
	return coef
}

// The definitions, and with them every backend, give the bits that NumPy gives: a second implementation,
// written from the contract in another language.
func TestGoldenNumPy(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range numpyCases(t) {
		seen[c.kernel+" "+c.typ] = true
		if c.typ == "float32" {
			testNumPy[float32](t, c)
		} else {
			testNumPy[float64](t, c)
		}
	}
	for _, typ := range []string{"float32", "float64"} {
		for _, row := range kernels.Table {
			if !seen[row.Name+" "+typ] {
				t.Errorf("testdata/numpy.txt has no %s in %s", row.Name, typ)
			}
		}
		for _, name := range []string{"AdamAlmost", "AllFinite", "Gemm", "Gemv", "FromBytes"} {
			if !seen[name+" "+typ] {
				t.Errorf("testdata/numpy.txt has no %s in %s", name, typ)
			}
		}
	}
}

func testNumPy[T kernels.Float](t *testing.T, c numpyCase) {
	testNumPyOn(t, "definition", c, rows.Definitions[T]())
	for _, b := range bitstep.Backends() {
		testNumPyOn(t, b.String(), c, rows.On(bitstep.On[T](b)))
	}
}

// testNumPyOn reads a case line by line: an "out" line after an "in" line asks for a call.
func testNumPyOn[T kernels.Float](t *testing.T, who string, c numpyCase, e rows.Engine[T]) {
	named := map[string][]T{}
	step := uint64(0)
	for i, line := range c.lines {
		name := line[1]
		if line[0] == "in" {
			named[name] = values[T](t, line)
			continue
		}
		if c.lines[i-1][0] == "in" {
			step++
			callNumPy(t, c, e, named, step)
		}
		want := values[T](t, line)
		if len(want) != len(named[name]) {
			t.Fatalf("%s %s: %s has %d elements, want %d", c.kernel, c.typ, name, len(named[name]), len(want))
		}
		for j, w := range want {
			if got := named[name][j]; !edge.Same(got, w) {
				t.Errorf("%s %s %v on %s, call %d: %s[%d] = %x, NumPy has %x", c.kernel, c.typ, c.given, who, step,
					name, j, got, w)
				return
			}
		}
	}
	if step == 0 {
		t.Errorf("%s %s has no results", c.kernel, c.typ)
	}
}

func callNumPy[T kernels.Float](t *testing.T, c numpyCase, e rows.Engine[T], named map[string][]T, step uint64) {
	size := func(name string) int { return int(c.given[name]) }
	is := func(name string) bool { return c.given[name] != 0 }
	m, n, k, alpha, beta := size("m"), size("n"), size("k"), T(c.given["alpha"]), T(c.given["beta"])
	lda, ldb := k, n
	if is("transA") {
		lda = m
	}
	if is("transB") {
		ldb = k
	}
	switch c.kernel {
	case "Gemm":
		e.Gemm(is("transA"), is("transB"), m, n, k, alpha, named["a"], lda, named["b"], ldb, beta, named["c"], n)
		return
	case "Gemv": // its m x n is of A as stored
		if is("transA") {
			e.Gemv(true, k, m, alpha, named["a"], m, named["b"], beta, named["c"])
		} else {
			e.Gemv(false, m, k, alpha, named["a"], k, named["b"], beta, named["c"])
		}
		return
	case "FromBytes":
		src := make([]uint8, len(named["src"])) // bytes are numbers of T in the file
		for i, v := range named["src"] {
			src[i] = uint8(v)
		}
		e.FromBytes(named["dst"], src, T(c.given["scale"]), named["offset"])
		return
	case "AllFinite":
		named["result"] = []T{0}
		if e.AllFinite(named["x"]) {
			named["result"][0] = 1
		}
		return
	}
	for _, row := range kernels.Table {
		if row.Name != strings.TrimSuffix(c.kernel, "Almost") {
			continue
		}
		var op [][]T
		for _, o := range row.Operands {
			if named[o.Name] == nil {
				t.Fatal(fmt.Errorf("%s %s: no operand %s", c.kernel, c.typ, o.Name))
			}
			op = append(op, named[o.Name])
		}
		named["result"] = []T{e.Row(row, numpyCoef[T](t, c, row, step), op)}
		return
	}
	t.Fatalf("no kernel %s", c.kernel)
}
