package bitstep_test

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/internal/testfile"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
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
func numpyCoef[T kernels.Float](c numpyCase, row table.Row, t uint64) any {
	h := c.given
	var p kernels.Prelude[T]
	if scale, ok := h["scale"]; ok && row.Kind == table.Step {
		p = p.Scaled(scale).Clipped(h["clip"]).Coupled(h["l2"]).Decoupled(h["lr"], h["wd"])
	}
	if c.kernel == almost {
		hyper := kernels.AdamHyper{LR: h["lr"], Beta1: h["beta1"], Beta2: h["beta2"], Eps: h["eps"]}
		coef := kernels.NewAdamAlmost[T](hyper)
		coef.Prelude = p
		return &coef
	}
	return rows.Coef(row, h, t, p)
}

// almost is Adam without bias correction, the only other way to make a row's scalars.
const almost = "AdamAlmost"

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
		for _, row := range table.Rows {
			if !seen[row.Name+" "+typ] {
				t.Errorf("testdata/numpy.txt has no %s in %s", row.Name, typ)
			}
		}
		for _, name := range []string{almost, "AllFinite", "Gemm", "Gemv"} {
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
func testNumPyOn[T kernels.Float](t *testing.T, who string, c numpyCase, e rows.Runner[T]) {
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

func callNumPy[T kernels.Float](t *testing.T, c numpyCase, e rows.Runner[T], named map[string][]T, step uint64) {
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
	case "AllFinite":
		named["result"] = []T{0}
		if e.AllFinite(named["x"]) {
			named["result"][0] = 1
		}
		return
	}
	name := c.kernel
	if name == almost {
		name = "Adam"
	}
	i := slices.IndexFunc(table.Rows, func(r table.Row) bool { return r.Name == name })
	if i < 0 {
		t.Fatalf("no kernel %s", c.kernel)
	}
	row := table.Rows[i]
	var op []any
	for _, o := range row.Operands {
		s := named[o.Name]
		if s == nil {
			t.Fatalf("%s %s: no operand %s", c.kernel, c.typ, o.Name)
		}
		if o.Storage == table.Byte { // bytes are numbers of T in the file
			b := make([]uint8, len(s))
			for i, v := range s {
				b[i] = uint8(v)
			}
			op = append(op, b)
			continue
		}
		op = append(op, s)
	}
	named["result"] = []T{e.Row(row, numpyCoef[T](c, row, step), op)}
}
