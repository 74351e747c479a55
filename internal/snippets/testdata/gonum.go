package main

import (
	gonumblas "github.com/bitstep-go/bitstep/adapters/gonum"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

func main() {
	// snippet
	want := gonumblas.Implementation{}
	if blas64.Implementation() != want || blas32.Implementation() != want {
		panic("gonum computes with another implementation")
	}
	var c mat.Dense
	c.Mul(mat.NewDense(1, 2, []float64{1, 2}), mat.NewDense(2, 1, []float64{3, 4}))
	if c.At(0, 0) != 11 {
		panic(c.At(0, 0))
	}
}
