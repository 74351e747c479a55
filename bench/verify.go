package main

import (
	"fmt"
	"io"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/golden"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels"
)

// verify compares every kernel on every backend with the definitions, and what users make of kernels
// (products, optimizers, minimizers, trained classifiers) with the hashes in testdata.
func verify(w io.Writer) error {
	backends, files := bitstep.Backends(), golden.Files()
	steps := len(kernels.Table) + 1
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
		len(kernels.Table)+1, len(backends), calls)
	for _, f := range files {
		fmt.Fprintf(w, "verified  %d %s x %d backends: all hashes those of testdata/%s\n",
			len(f.Lines), f.What, len(backends), f.Name)
	}
	return nil
}

// lengths is how many lengths are verified, from 0 on: around the vectors and loops of every kernel.
const lengths = 200

// verifyBackend compares calls of each kernel of the table and of FromBytes with their definitions.
func verifyBackend[T kernels.Float](k bitstep.Engine[T], done func()) (calls int, err error) {
	for _, row := range kernels.Table {
		for n := range lengths {
			if err := verifyRow(k, row, n); err != nil {
				return calls, err
			}
			calls++
		}
		done()
	}
	for n := range lengths {
		if err := verifyFromBytes(k, n); err != nil {
			return calls, err
		}
		calls++
	}
	done()
	return calls, nil
}

func verifyRow[T kernels.Float](k bitstep.Engine[T], row kernels.Row, n int) error {
	r := edge.Rand(uint64(n))
	op, want := make([][]T, len(row.Operands)), make([][]T, len(row.Operands))
	for i := range op {
		op[i] = make([]T, n)
	}
	edge.FillOperands(r, row.Kind == kernels.Reduction, op...)
	for i := range op {
		want[i] = append([]T(nil), op[i]...)
	}
	coef := rows.NewCoef[T](row)
	edge.FillCoef[T](r, coef, kernels.Use(n)%kernels.Uses)
	got, result := rows.Call(k, row, coef, op), rows.Define(row, coef, want)
	if !edge.Same(got, result) {
		return fmt.Errorf("%s %T on %v, %d elements: result %x, the definition gives %x",
			row.Name, got, k.Backend(), n, got, result)
	}
	for i, o := range row.Operands {
		if err := sameAs(k, row.Name, o.Name, op[i], want[i]); err != nil {
			return err
		}
	}
	return nil
}

func verifyFromBytes[T kernels.Float](k bitstep.Engine[T], n int) error {
	r := edge.Rand(uint64(n))
	dst, want, src, offset := make([]T, n), make([]T, n), make([]uint8, n), make([]T, n)
	edge.Fill(r, offset)
	for i := range src {
		src[i] = uint8(r.IntN(256))
	}
	scale := T(r.Float64())
	k.FromBytes(dst, src, scale, offset)
	kernels.FromBytes(want, src, scale, offset)
	return sameAs(k, "FromBytes", "dst", dst, want)
}

// sameAs returns an error for the first element that differs from the definition's.
func sameAs[T kernels.Float](k bitstep.Engine[T], kernel, operand string, got, want []T) error {
	if i := edge.Differ(got, want); i >= 0 {
		return fmt.Errorf("%s %T on %v, %d elements: %s[%d] = %x, the definition gives %x",
			kernel, got[i], k.Backend(), len(got), operand, i, got[i], want[i])
	}
	return nil
}
