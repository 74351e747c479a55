package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/golden"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/testdata"
)

// verify compares every kernel on every backend with the definitions and the golden hashes.
func verify(w io.Writer) error {
	lines := strings.Split(strings.TrimSpace(testdata.Golden), "\n")
	cases := golden.Cases()
	if len(lines) != len(cases) {
		return fmt.Errorf("testdata/golden.txt has %d lines, want %d", len(lines), len(cases))
	}
	backends := bitstep.Backends()
	bar := newProgress("verifying", len(backends)*(len(kernels.Table)+len(cases)))
	defer bar.Finish()
	calls, hashes := 0, 0
	for _, b := range backends {
		for _, row := range kernels.Table {
			n32, err := verifyRow(bitstep.On[float32](b), row)
			if err != nil {
				return err
			}
			n64, err := verifyRow(bitstep.On[float64](b), row)
			if err != nil {
				return err
			}
			calls += n32 + n64
			bar.Add(1)
		}
		for i, c := range cases {
			if got := c.String() + " " + golden.Call(c, b); got != lines[i] {
				return fmt.Errorf("%v gives %s, testdata/golden.txt has %s", b, got, lines[i])
			}
			hashes++
			bar.Add(1)
		}
	}
	bar.Finish()
	fmt.Fprintf(w, "verified  %d kernels and Gemm x 2 types x %d backends: ", len(kernels.Table), len(backends))
	fmt.Fprintf(w, "%d calls and %d golden hashes, all bits equal\n", calls, hashes)
	return nil
}

// verifyRow compares calls of a kernel with its definition, at lengths around its vectors and loops.
func verifyRow[T kernels.Float](k bitstep.Kernels[T], row kernels.Row) (calls int, err error) {
	for n := range 200 {
		r := edge.Rand(uint64(n))
		op, want := make([][]T, len(row.Operands)), make([][]T, len(row.Operands))
		for i := range op {
			op[i] = make([]T, n)
			edge.Fill(r, op[i])
			want[i] = append([]T(nil), op[i]...)
		}
		coef := rows.NewCoef[T](row)
		edge.FillCoef[T](r, coef, kernels.Use(n)%kernels.Uses)
		got, result := rows.Call(k, row, coef, op), rows.Define(row, coef, want)
		if !edge.Same(got, result) {
			return calls, fmt.Errorf("%s %T on %v, %d elements: result %x, the definition gives %x",
				row.Name, got, k.Backend(), n, got, result)
		}
		for i, o := range row.Operands {
			if j := edge.Differ(op[i], want[i]); j >= 0 {
				return calls, fmt.Errorf("%s %T on %v, %d elements: %s[%d] = %x, the definition gives %x",
					row.Name, got, k.Backend(), n, o.Name, j, op[i][j], want[i][j])
			}
		}
		calls++
	}
	return calls, nil
}
