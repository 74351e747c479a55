package cli

import (
	"fmt"
	"io"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/golden"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// verify compares every kernel on every backend with the definitions, and what users make of kernels
// (products, optimizers, minimizers, trained classifiers) with the hashes in testdata.
func verify(w io.Writer) error {
	backends, files := bitstep.Backends(), golden.Files()
	steps := len(table.Rows)
	for _, f := range files {
		steps += len(f.Lines)
	}
	bar := newProgress("verifying", len(backends)*steps)
	defer bar.Finish()
	step := func() { bar.Add(1) }
	calls := 0
	for _, b := range backends {
		n32, err := verifyBackend(bitstep.On[float32](b), func() {})
		if err != nil {
			return err
		}
		n64, err := verifyBackend(bitstep.On[float64](b), step)
		if err != nil {
			return err
		}
		calls += n32 + n64
	}
	for _, f := range files {
		for _, b := range backends {
			if err := f.Compare(b, step); err != nil {
				return err
			}
		}
	}
	bar.Finish()
	fmt.Fprintf(w, "verified  %d kernels x 2 types x %d backends: %d calls, all bits those of the definitions\n",
		len(table.Rows), len(backends), calls)
	for _, f := range files {
		fmt.Fprintf(w, "verified  %d %s x %d backends: all hashes those of testdata/%s\n",
			len(f.Lines), f.What, len(backends), f.Name)
	}
	return nil
}

// lengths is how many lengths are verified, from 0 on: around the vectors and loops of every kernel.
const lengths = 200

// verifyBackend compares calls of each kernel of the table with its definition.
func verifyBackend[T kernels.Float](k bitstep.Engine[T], done func()) (calls int, err error) {
	for _, row := range table.Rows {
		for n := range lengths {
			if err := verifyRow(k, row, n); err != nil {
				return calls, err
			}
			calls++
		}
		done()
	}
	return calls, nil
}

func verifyRow[T kernels.Float](e bitstep.Engine[T], row table.Row, n int) error {
	r := edge.Rand(uint64(n))
	op, coef := rows.New[T](row, n), rows.NewCoef[T](row)
	edge.FillOperands[T](r, row.Kind == table.Reduction, op...)
	want := rows.Clone[T](op)
	edge.FillCoef[T](r, coef, kernels.Use(n)%kernels.Uses)
	got, result := rows.Call(e, row, coef, op), rows.Define[T](row, coef, want)
	if !edge.Same(got, result) {
		return fmt.Errorf("%s %T on %v, %d elements: result %x, the definition gives %x",
			row.Name, got, e.Backend(), n, got, result)
	}
	for i, o := range row.Operands {
		if j, g, w := rows.Differ[T](op[i], want[i]); j >= 0 {
			return fmt.Errorf("%s %T on %v, %d elements: %s[%d] = %x, the definition gives %x",
				row.Name, got, e.Backend(), n, o.Name, j, g, w)
		}
	}
	return nil
}
