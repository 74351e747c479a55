// Package golden computes the hashes of testdata/golden.txt: what every kernel makes of fixed inputs, on
// every machine.
package golden

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/fnv"
	"io"
	"math"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels"
)

// A Case is one line of the file.
type Case struct {
	Row     kernels.Row // a kernel of the table, or zero for Gemm
	Type    string      // float32 or float64
	N       int         // elements
	Product Product
}

// A Product is the shape of a Gemm.
type Product struct {
	TransA, TransB bool
	M, N, K        int
}

// String is the case's name in the file.
func (c Case) String() string {
	if c.Row.Name != "" {
		return fmt.Sprintf("%s %s %d", c.Row.Name, c.Type, c.N)
	}
	p, form := c.Product, []byte("NN")
	if p.TransA {
		form[0] = 'T'
	}
	if p.TransB {
		form[1] = 'T'
	}
	return fmt.Sprintf("Gemm%s %s %dx%dx%d", form, c.Type, p.M, p.N, p.K)
}

// Cases lists the lines of the file. The lengths are one element, a tail with few whole vectors,
// many vectors, and for reductions more than one chunk.
func Cases() []Case {
	var cases []Case
	for _, typ := range []string{"float32", "float64"} {
		for _, row := range kernels.Table {
			lengths := []int{1, 67, 1000}
			if row.Kind == kernels.Reduction {
				lengths = append(lengths, 70001)
			}
			for _, n := range lengths {
				cases = append(cases, Case{Row: row, Type: typ, N: n})
			}
		}
		for form := range 4 {
			for _, s := range [][3]int{{10, 33, 257}, {1, 10, 600}, {10, 1, 600}, {7, 70, 40}} {
				p := Product{form&1 != 0, form&2 != 0, s[0], s[1], s[2]}
				cases = append(cases, Case{Type: typ, Product: p})
			}
		}
	}
	return cases
}

// Define returns the hash of a case computed by the definitions.
func Define(c Case) string {
	if c.Type == "float32" {
		return hashOf(c, rows.Define[float32], kernels.Gemm[float32])
	}
	return hashOf(c, rows.Define[float64], kernels.Gemm[float64])
}

// Call returns the hash of a case computed by a backend.
func Call(c Case, b bitstep.Backend) string {
	if c.Type == "float32" {
		return call[float32](c, b)
	}
	return call[float64](c, b)
}

func call[T kernels.Float](c Case, b bitstep.Backend) string {
	k := bitstep.On[T](b)
	return hashOf(c, func(row kernels.Row, coef any, op [][]T) T { return rows.Call(k, row, coef, op) }, k.Gemm)
}

// hashOf runs a case on its inputs and hashes all operands and the result (rule 12 of the contract).
func hashOf[T kernels.Float](c Case, run func(kernels.Row, any, [][]T) T,
	gemm func(transA, transB bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int),
) string {
	name := fnv.New64a()
	io.WriteString(name, c.String())
	r := edge.Rand(name.Sum64())
	h := sha256.New()
	if c.Row.Name == "" {
		p := c.Product
		a, b, out := make([]T, p.M*p.K), make([]T, p.K*p.N), make([]T, p.M*p.N)
		for _, s := range [][]T{a, b, out} {
			edge.Fill(r, s)
		}
		lda, ldb := p.K, p.N
		if p.TransA {
			lda = p.M
		}
		if p.TransB {
			ldb = p.K
		}
		gemm(p.TransA, p.TransB, p.M, p.N, p.K, T(0.75), a, lda, b, ldb, T(-0.5), out, p.N)
		write(h, out)
		return hex.EncodeToString(h.Sum(nil))
	}
	// All uses of a prelude, one after the other, each on new operands.
	uses := kernels.Use(1)
	if c.Row.Kind == kernels.Step {
		uses = kernels.Uses
	}
	for use := range uses {
		op := make([][]T, len(c.Row.Operands))
		for i := range op {
			op[i] = make([]T, c.N)
			edge.Fill(r, op[i])
		}
		coef := rows.NewCoef[T](c.Row)
		edge.FillCoef[T](r, coef, use)
		result := run(c.Row, coef, op)
		for _, s := range op {
			write(h, s)
		}
		write(h, []T{result})
	}
	return hex.EncodeToString(h.Sum(nil))
}

// write hashes the length and the bits of s, all NaN being one.
func write[T kernels.Float](h hash.Hash, s []T) {
	binary.Write(h, binary.LittleEndian, uint64(len(s)))
	for _, v := range s {
		switch x := any(v).(type) {
		case float32:
			bits := math.Float32bits(x)
			if x != x {
				bits = 0x7fc00000
			}
			binary.Write(h, binary.LittleEndian, bits)
		case float64:
			bits := math.Float64bits(x)
			if x != x {
				bits = 0x7ff8000000000000
			}
			binary.Write(h, binary.LittleEndian, bits)
		}
	}
}
