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
	"math/rand/v2"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// A Case is one line of the file.
type Case struct {
	Kernel  string
	Type    string    // float32 or float64
	Row     table.Row // of a kernel of the table
	N       int       // elements, of a kernel of the table
	Product Product   // of Gemm and Gemv

	Form       string // of narrow storage: a table.Form, or that of a conversion
	Nearest    bool   // rather than stochastic
	conversion *conversion
}

// A Product is the shape of a product; Gemv has no N.
type Product struct {
	TransA, TransB bool
	M, N, K        int
}

// String is the case's name in the file.
func (c Case) String() string {
	p, form := c.Product, []byte("NN")
	if p.TransA {
		form[0] = 'T'
	}
	if p.TransB {
		form[1] = 'T'
	}
	switch c.Kernel {
	case "Gemm":
		return fmt.Sprintf("Gemm%s %s %dx%dx%d", form, c.Type, p.M, p.N, p.K)
	case "Gemv":
		return fmt.Sprintf("Gemv%s %s %dx%d", form[:1], c.Type, p.M, p.K)
	}
	if c.Form != "" {
		rounding := map[bool]string{true: "nearest", false: "random"}[c.Nearest]
		return fmt.Sprintf("%s %s %s %d", c.Kernel, c.Form, rounding, c.N)
	}
	return fmt.Sprintf("%s %s %d", c.Kernel, c.Type, c.N)
}

// Cases lists the lines of the file. The lengths are one element, a tail with few whole vectors,
// many vectors, and for reductions more than one chunk; those of products are around the blocks of k.
func Cases() []Case {
	var cases []Case
	for _, typ := range []string{"float32", "float64"} {
		for _, row := range table.Rows {
			if row.Converts() { // below
				continue
			}
			lengths := []int{1, 67, 1000}
			if row.Kind == table.Reduction {
				lengths = append(lengths, 70001)
			}
			for _, n := range lengths {
				cases = append(cases, Case{Kernel: row.Name, Type: typ, Row: row, N: n})
			}
		}
		for form := range 4 {
			for _, s := range [][3]int{{10, 33, 257}, {1, 10, 600}, {10, 1, 600}, {7, 70, 40}, {2, 3, 5000},
				{3, 5, 127}, {3, 5, 128}} {
				p := Product{form&1 != 0, form&2 != 0, s[0], s[1], s[2]}
				cases = append(cases, Case{Kernel: "Gemm", Type: typ, Product: p})
			}
		}
		for _, transA := range []bool{false, true} {
			for _, s := range [][2]int{{10, 600}, {1, 600}, {70, 40}} {
				p := Product{TransA: transA, M: s[0], N: 1, K: s[1]}
				cases = append(cases, Case{Kernel: "Gemv", Type: typ, Product: p})
			}
		}
		for _, row := range table.Rows {
			for _, n := range []int{1, 67, 1000} {
				if row.Converts() {
					cases = append(cases, Case{Kernel: row.Name, Type: typ, Row: row, N: n})
				}
			}
		}
	}
	return append(cases, storedCases()...)
}

// Define returns the hash of a case computed by the definitions.
func Define(c Case) string {
	if c.Form != "" {
		return hashStored(c, nil)
	}
	if c.Type == "float32" {
		return hashOf(c, rows.Definitions[float32]())
	}
	return hashOf(c, rows.Definitions[float64]())
}

// Call returns the hash of a case computed by a backend.
func Call(c Case, b bitstep.Backend) string {
	if c.Form != "" {
		e := bitstep.Narrow(bitstep.On[float32](b))
		return hashStored(c, &e)
	}
	if c.Type == "float32" {
		return hashOf(c, rows.On(bitstep.On[float32](b)))
	}
	return hashOf(c, rows.On(bitstep.On[float64](b)))
}

// rand makes the inputs of a case.
func (c Case) rand() *rand.Rand {
	name := fnv.New64a()
	io.WriteString(name, c.String())
	return edge.Rand(name.Sum64())
}

// hashOf runs a case on its inputs and hashes all operands and the result (rule 12 of the contract).
func hashOf[T kernels.Float](c Case, e rows.Runner[T]) string {
	r, h := c.rand(), sha256.New()
	switch {
	case c.Row.Name == "":
		write(h, product(r, c, e))
	case c.Row.Converts():
		callConversion(h, r, c, e)
	default:
		callRow(h, r, c, e)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// product returns what Gemm or Gemv makes of matrices of C's edges and summable others.
func product[T kernels.Float](r *rand.Rand, c Case, e rows.Runner[T]) []T {
	p := c.Product
	a, b, out := make([]T, p.M*p.K), make([]T, p.K*p.N), make([]T, p.M*p.N)
	edge.FillSummable(r, a)
	edge.FillSummable(r, b)
	edge.Fill(r, out)
	alpha, beta := T(0.75), T(-0.5)
	lda, ldb := p.K, p.N
	if p.TransA {
		lda = p.M
	}
	if p.TransB {
		ldb = p.K
	}
	switch {
	case c.Kernel == "Gemm":
		e.Gemm(p.TransA, p.TransB, p.M, p.N, p.K, alpha, a, lda, b, ldb, beta, out, p.N)
	case p.TransA:
		e.Gemv(true, p.K, p.M, alpha, a, lda, b, beta, out)
	default:
		e.Gemv(false, p.M, p.K, alpha, a, lda, b, beta, out)
	}
	return out
}

// callRow hashes what a kernel of the table makes of its operands, in all uses of a prelude, one after the
// other, each on new operands.
func callRow[T kernels.Float](h hash.Hash, r *rand.Rand, c Case, e rows.Runner[T]) {
	fill, uses := edge.Fill[T], kernels.Use(1)
	switch c.Row.Kind {
	case table.Step:
		uses = kernels.Uses
	case table.Reduction:
		fill = edge.FillSummable[T]
	}
	for use := range uses {
		op := rows.New[T](c.Row, c.N)
		for i := range op {
			fill(r, op[i].([]T))
		}
		coef := rows.NewCoef[T](c.Row)
		edge.FillCoef[T](r, coef, use)
		result := e.Row(c.Row, coef, op)
		for _, s := range op {
			write(h, s.([]T))
		}
		write(h, []T{result})
	}
}

// callConversion hashes what a kernel makes of operands of which some are stored as bytes: first those are
// filled, then the others that are read, then the scalars; what is only written starts from zero.
func callConversion[T kernels.Float](h hash.Hash, r *rand.Rand, c Case, e rows.Runner[T]) {
	op := rows.New[T](c.Row, c.N)
	for _, s := range op {
		if s, ok := s.([]uint8); ok {
			edge.FillBytes(r, s)
		}
	}
	for i, o := range c.Row.Operands {
		if s, ok := op[i].([]T); ok && o.Read {
			edge.Fill(r, s)
		}
	}
	scalars := map[string]float64{}
	for _, s := range program.Must(c.Row).Scalars {
		scalars[s.Name] = r.Float64()
	}
	e.Row(c.Row, rows.Coef(c.Row, scalars, 1, kernels.Prelude[T]{}), op)
	for _, s := range op {
		if s, ok := s.([]T); ok {
			write(h, s)
		}
	}
}

// write hashes the length and the bits of s (rule 12).
func write[T kernels.Float](h hash.Hash, s []T) {
	binary.Write(h, binary.LittleEndian, uint64(len(s)))
	h.Write(num.AppendBits(nil, s...))
}
