package gonumblas

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/blas/gonum"
	"gonum.org/v1/gonum/mat"
)

// What a program of gonum gains: factorizations of package mat, with either BLAS.
func programs(n int) map[string]func() {
	rnd := rand.New(rand.NewPCG(1, 2))
	a, b, spd := mat.NewDense(n, n, nil), mat.NewDense(n, n, nil), mat.NewSymDense(n, nil)
	for i := range n {
		for j := range n {
			a.Set(i, j, rnd.NormFloat64())
			b.Set(i, j, rnd.NormFloat64())
		}
	}
	spd.SymOuterK(1, a)
	for i := range n {
		spd.SetSym(i, i, spd.At(i, i)+float64(n))
	}
	var (
		c, x  mat.Dense
		chol  mat.Cholesky
		lu    mat.LU
		qr    mat.QR
		eigen mat.EigenSym
		svd   mat.SVD
	)
	return map[string]func(){
		"Mul":      func() { c.Mul(a, b) },
		"Solve":    func() { _ = x.Solve(a, b) },
		"Cholesky": func() { chol.Factorize(spd) },
		"LU":       func() { lu.Factorize(a) },
		"QR":       func() { qr.Factorize(a) },
		"EigenSym": func() { eigen.Factorize(spd, true) },
		"SVD":      func() { svd.Factorize(a, mat.SVDThin) },
		"Inverse":  func() { _ = x.Inverse(a) },
	}
}

func TestPrograms(t *testing.T) {
	if *table == "" {
		t.Skip("without -table")
	}
	var ours, host blas.Float64 = tabled(), gonum.Implementation{}
	defer blas64.Use(host)
	for _, name := range []string{"Mul", "Solve", "Inverse", "Cholesky", "LU", "QR", "EigenSym", "SVD"} {
		fmt.Print("| ", name, " |")
		for _, n := range []int{4, 10, 30, 100, 300} {
			f := programs(n)[name]
			fmt.Printf(" %s |", ratio(func() { blas64.Use(ours); f() }, func() { blas64.Use(host); f() }))
		}
		fmt.Println()
	}
}
