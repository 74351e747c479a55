package verify

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// A product is a use of Gemm, GemmContinue or Gemv. Gemv's is the row x'*op(A)' of Gemm: m is 1, n its outputs.
type product[T kernels.Float] struct {
	kernel         string
	transA, transB bool
	m, n, k        int
	alpha, beta    T
	pad            int // columns beyond each matrix's own
	threads        int // 0 is one
}

// kernels of products, in the order of the list.
var productKernels = []string{"Gemm", "GemmContinue", "Gemv"}

// form is how operands are stored: N as they are multiplied, T transposed.
func form(transA, transB bool) string {
	letter := map[bool]string{false: "N", true: "T"}
	return letter[transA] + letter[transB]
}

func (p *product[T]) String() string {
	name := p.kernel + form(p.transA, p.transB)
	if p.kernel == "Gemv" {
		name = p.kernel + form(!p.transB, false)[:1]
	}
	return fmt.Sprintf("%s %dx%dx%d, alpha %v, beta %v, leading dimensions %d larger, %d threads", name, p.m, p.n, p.k,
		p.alpha, p.beta, p.pad, max(1, p.threads))
}

// A matrix has NaN between its rows, and ends with the last of them.
type matrix[T kernels.Float] struct {
	data           []T
	rows, cols, ld int
}

func (r *room[T]) matrix(rows, cols, pad int) matrix[T] {
	ld := max(1, cols+pad)
	m := matrix[T]{r.place(table.Element, max(0, rows*ld-pad), 0).([]T), rows, cols, ld}
	for i := range m.data {
		m.data[i] = T(math.NaN())
	}
	return m
}

func (m matrix[T]) row(i int) []T { return m.data[i*m.ld:][:m.cols] }

// operands makes the matrices of a product.
func (v *verifier[T]) matrices(r *rand.Rand, p product[T]) (a, b, c matrix[T]) {
	rowsA, colsA, rowsB, colsB := p.m, p.k, p.k, p.n
	if p.transA {
		rowsA, colsA = p.k, p.m
	}
	if p.transB {
		rowsB, colsB = p.n, p.k
	}
	if p.kernel == "Gemv" { // whose x and y are one row
		a, c = v.in[0].matrix(1, p.k, 0), v.in[2].matrix(1, p.n, 0)
	} else {
		a, c = v.in[0].matrix(rowsA, colsA, p.pad), v.in[2].matrix(p.m, p.n, p.pad)
	}
	b = v.in[1].matrix(rowsB, colsB, p.pad)
	fill := edge.Filler[T](r, p.k)
	for _, m := range []matrix[T]{a, b, c} {
		for i := range m.rows {
			fill(r, m.row(i))
		}
	}
	scaled := p.kernel != "GemmContinue" // which has neither alpha nor beta
	if scaled && p.alpha == 0 {          // A and B are not read
		for _, m := range []matrix[T]{a, b} {
			for i := range m.data {
				m.data[i] = T(math.NaN())
			}
		}
	}
	if scaled && p.beta == 0 { // nor is C
		for i := range c.data {
			c.data[i] = T(math.NaN())
		}
	}
	return a, b, c
}

// run multiplies.
func (p *product[T]) run(e rows.Runner[T], a, b, c matrix[T]) {
	switch p.kernel {
	case "Gemm":
		e.Gemm(p.transA, p.transB, p.m, p.n, p.k, p.alpha, a.data, a.ld, b.data, b.ld, p.beta, c.data, c.ld)
	case "GemmContinue":
		e.GemmContinue(p.transA, p.transB, p.m, p.n, p.k, a.data, a.ld, b.data, b.ld, c.data, c.ld)
	case "Gemv":
		e.Gemv(!p.transB, b.rows, b.cols, p.alpha, b.data, b.ld, a.data, p.beta, c.data)
	}
}

// product compares a product with its definition.
func (v *verifier[T]) product(r *rand.Rand, p product[T]) error {
	if err := v.stop(); err != nil {
		return err
	}
	v.calls++
	a, b, c := v.matrices(r, p)
	op := []any{a.data, b.data, c.data}
	in := func(op []any) (matrix[T], matrix[T], matrix[T]) {
		a, b, c := a, b, c
		a.data, b.data, c.data = op[0].([]T), op[1].([]T), op[2].([]T)
		return a, b, c
	}
	want := copies(v.want, op, layout{})
	wa, wb, wc := in(want)
	p.run(v.define, wa, wb, wc)
	for i := range wc.rows {
		v.add(wc.row(i))
	}
	for _, s := range v.subjects {
		e := s.on(max(1, p.threads), v.pool)
		for _, at := range layouts(s.name, v.calls, len(op), p.threads) {
			got := copies(v.got, op, at)
			ga, gb, gc := in(got)
			p.run(e, ga, gb, gc)
			for i, name := range p.names() {
				j, g, w, yes := v.got[i].differs(got[i], want[i], at.offset(i))
				if !yes {
					continue
				}
				m := record.Mismatch{Kernel: p.kernel, Type: typeName[T](), Backend: s.name, Length: p.k, Operand: name,
					Index: j, Got: g, Want: w, Case: p.String() + ", " + at.tell(len(op))}
				if i == 2 && j >= 0 && j < len(c.data) {
					m.Inputs = p.inputs(a, b, c, j/c.ld, j%c.ld)
				}
				return &mismatch{m}
			}
		}
	}
	return nil
}

// names are those of the operands.
func (p *product[T]) names() []string {
	if p.kernel == "Gemv" {
		return []string{"x", "a", "y"}
	}
	return []string{"a", "b", "c"}
}

// inputs lists what element (i, j) of C depends on.
func (p *product[T]) inputs(a, b, c matrix[T], i, j int) (list []string) {
	if j >= c.cols {
		return []string{"it lies between the rows"}
	}
	names := p.names()
	if p.kernel != "GemmContinue" {
		list = append(list, "alpha="+value(p.alpha), "beta="+value(p.beta))
	}
	list = append(list, element[T](names[2], c.data, i*c.ld+j))
	for k := range min(p.k, shown) {
		atA, atB := i*a.ld+k, k*b.ld+j
		if p.transA {
			atA = k*a.ld + i
		}
		if p.transB {
			atB = j*b.ld + k
		}
		list = append(list, element[T](names[0], a.data, atA), element[T](names[1], b.data, atB))
	}
	return append(list, more(p.k)...)
}

// Sizes and depths around the tiles of every backend, and around the borders of rules 7 and 8.
var (
	sizes  = []int{0, 1, 2, 4, 5, 6, 9, 10, 11, 13, 16, 17, 31, 33, 67}
	depths = []int{0, 1, 7, 8, 9, 15, 16, 17, 40, 127, 128, 129, 255, 256, 257, 511, 513, 785}
	alphas = []float64{1, 1, -1.5, 0}
	betas  = []float64{0, 0, 1, -.7}
)

// products verifies a kernel of products in one form.
func (v *verifier[T]) products(kernel string, transA, transB bool) error {
	r := random(kernel + form(transA, transB) + " " + typeName[T]())
	run := func(m, n, k, threads int) error {
		p := product[T]{kernel, transA, transB, m, n, k, T(alphas[r.IntN(4)]), T(betas[r.IntN(4)]), r.IntN(3), threads}
		return v.product(r, p)
	}
	if kernel == "Gemv" {
		return vectors(run)
	}
	most := 250_000 // multiplications, since definitions are slow on some machines
	if kernel == "GemmContinue" {
		most = 60_000
	}
	for _, m := range sizes {
		for _, n := range sizes {
			if k := depths[r.IntN(len(depths))]; m*n*k <= most {
				if err := run(m, n, k, 0); err != nil {
					return err
				}
			}
		}
	}
	for _, n := range []int{1, 2, 4, 5, 8, 9} { // few columns, or few rows, and blocks of k together
		for _, k := range []int{3, 512, 1023} {
			for _, m := range []int{10, 33, 65} {
				if n*m*k > most {
					continue
				}
				if err := run(m, n, k, 0); err != nil {
					return err
				}
				if err := run(n, m, k, 0); err != nil {
					return err
				}
			}
		}
	}
	for _, k := range depths { // the classifier's 10 outputs
		if err := run(10, 37, k, 0); err != nil {
			return err
		}
	}
	if kernel == "GemmContinue" {
		return run(90, 100, 300, 2)
	}
	for _, s := range [][4]int{{10, 37, 3073, 0}, {130, 70, 300, 0}, {3, 17, 2085, 0}, {24, 25, 300, 0},
		{1, 300, 700, 0}, {300, 1, 700, 0}, {2, 1100, 140, 0}, {1100, 2, 140, 0}, {4, 13, 9000, 0},
		{10, 330, 600, 2}, {330, 10, 600, 2}, {90, 100, 300, 3}, {1, 1900, 450, 2}} {
		if err := run(s[0], s[1], s[2], s[3]); err != nil {
			return err
		}
	}
	return nil
}

// vectors are the products of a vector.
func vectors(run func(m, n, k, threads int) error) error {
	for _, n := range append([]int{130, 515}, sizes...) {
		for _, k := range depths {
			if err := run(1, n, k, 0); err != nil {
				return err
			}
		}
	}
	for _, s := range [][3]int{{10, 3073, 1}, {3, 9000, 1}, {1900, 450, 2}, {450, 1900, 3}} {
		if err := run(1, s[0], s[1], s[2]); err != nil {
			return err
		}
	}
	return nil
}

// allFinites verifies AllFinite: all lengths, and what is not finite at every position of three lines.
func (v *verifier[T]) allFinites() error {
	r, e := random("AllFinite "+typeName[T]()), edges[T]()
	number := 0
	run := func(x []T, threads int) error {
		number++
		return v.allFinite("AllFinite", number, x, threads)
	}
	for n := range 200 {
		x := v.in[0].place(table.Element, n, n%offsets).([]T)
		edge.Fill(r, x)
		if err := run(x, 0); err != nil {
			return err
		}
	}
	for at := range 97 {
		for _, odd := range e {
			x := v.in[0].place(table.Element, 97, 0).([]T)
			for i := range x {
				x[i] = T(r.Float64())
			}
			x[at] = odd
			if err := run(x, 0); err != nil {
				return err
			}
		}
	}
	x := v.in[0].place(table.Element, 5*kernels.ReduceChunk+77, 0).([]T)
	for _, at := range []int{-1, 0, len(x) / 2, len(x) - 1} {
		clear(x)
		if at >= 0 {
			x[at] = T(math.Inf(-1))
		}
		if err := run(x, 2); err != nil {
			return err
		}
	}
	return nil
}
