package optim_test

import (
	"math"
	"math/rand/v2"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
)

// What the tests of quality train. Bits are the same everywhere, losses too, so that no bound is met on one machine and
// missed on another: products are Gemm's, other sums have an order and round each product (rule 3), exponentials and
// logarithms are those of package kernels.

// A problem is a data set and a net that is trained on it, at Adam's default rate.
type problem struct {
	name  string
	steps int
	net   func(seed uint64) *net
	data  func() *examples
}

var problems = []problem{
	{"two-layer net", 3000, func(seed uint64) *net { return newNet(seed, 0, 0, 16, 32, 8) }, points},
	{"character model", 4000, func(seed uint64) *net { return newNet(seed, letters, 8, 8*context, 64, letters) }, text},
}

const (
	letters = 24 // of the alphabet
	context = 3  // letters that the character model sees
)

// Examples are vectors of numbers, or letters, one after another; and what is to be predicted of each.
type examples struct {
	vectors [][]float32
	context [][]int
	labels  []int
}

func (e *examples) all() []int {
	all := make([]int, len(e.labels))
	for i := range all {
		all[i] = i
	}
	return all
}

// points are normal vectors of 16 numbers. Their class is the one to which a random net gives the highest score.
func points() *examples {
	e := &examples{labels: make([]int, 1024)}
	r := edge.Rand(1)
	for range e.labels {
		x := make([]float32, 16)
		for i := range x {
			x[i] = float32(kernels.Normal(r))
		}
		e.vectors = append(e.vectors, x)
	}
	scores := newNet(2, 0, 0, 16, 16, 8).forward(e, e.all())
	for i := range e.labels {
		row := scores[8*i : 8*i+8]
		for j, s := range row {
			if s > row[e.labels[i]] {
				e.labels[i] = j
			}
		}
	}
	return e
}

// text is of a language where two letters are followed by one of four, with chances of 1/2, 1/4, 1/8 and 1/8: no model
// of it has a loss below 1.75 ln 2 = 1.213.
func text() *examples {
	e, r := &examples{}, edge.Rand(3)
	var next [letters][letters][8]int
	for i := range next {
		for j := range next[i] {
			a, b, c, d := r.IntN(letters), r.IntN(letters), r.IntN(letters), r.IntN(letters)
			next[i][j] = [8]int{a, a, a, a, b, b, c, d}
		}
	}
	s := make([]int, context)
	for i := range 8192 {
		s = append(s, next[s[i+context-2]][s[i+context-1]][r.IntN(8)])
	}
	for i, label := range s[context:] {
		e.context = append(e.context, s[i:i+context])
		e.labels = append(e.labels, label)
	}
	return e
}

// A net has two layers with biases and a ReLU between them, and the softmax of its scores is what it takes for the
// chances of classes. Its input is a vector, or the vectors that an embedding has for letters.
type net struct {
	symbols, width  int // of the embedding; 0: there is none
	in, hidden, out int
	params, grads   [][]float32 // weights and biases of the first layer, of the second; embedding
	x, h, s, dx, dh []float32   // of a batch, a row for each example: input, hidden, scores; derivatives
}

// newNet returns a net of weights that are normal with a variance of 2 over the inputs (He et al., 2015).
func newNet(seed uint64, symbols, width, in, hidden, out int) *net {
	n := &net{symbols: symbols, width: width, in: in, hidden: hidden, out: out}
	r := rand.New(rand.NewPCG(seed, 4))
	for _, p := range []struct {
		n     int
		scale float64
	}{{in * hidden, math.Sqrt(2 / float64(in))}, {hidden, 0}, {hidden * out, math.Sqrt(2 / float64(hidden))}, {out, 0},
		{symbols * width, 1}} {
		x := make([]float32, p.n)
		for i := range x {
			x[i] = float32(p.scale * kernels.Normal(r))
		}
		n.params, n.grads = append(n.params, x), append(n.grads, make([]float32, p.n))
	}
	return n
}

// sized returns s with n elements.
func sized(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}

// forward returns the scores of the examples of a batch, a row for each.
func (n *net) forward(e *examples, batch []int) []float32 {
	m := len(batch)
	n.x, n.h, n.s = sized(n.x, m*n.in), sized(n.h, m*n.hidden), sized(n.s, m*n.out)
	for i, b := range batch {
		row := n.x[i*n.in : (i+1)*n.in]
		if e.context == nil {
			copy(row, e.vectors[b])
			continue
		}
		for j, symbol := range e.context[b] {
			copy(row[j*n.width:], n.params[4][symbol*n.width:(symbol+1)*n.width])
		}
	}
	for i := range m {
		copy(n.h[i*n.hidden:], n.params[1])
		copy(n.s[i*n.out:], n.params[3])
	}
	bitstep.Gemm(false, false, m, n.hidden, n.in, 1, n.x, n.in, n.params[0], n.hidden, 1, n.h, n.hidden)
	for i, v := range n.h {
		n.h[i] = max(v, 0)
	}
	bitstep.Gemm(false, false, m, n.out, n.hidden, 1, n.h, n.hidden, n.params[2], n.out, 1, n.s, n.out)
	return n.s
}

// loss returns the mean of the cross entropy over a batch, and leaves its derivatives by the scores in n.s.
func (n *net) loss(e *examples, batch []int) float64 {
	s := n.forward(e, batch)
	sum, scale := 0.0, 1/float64(len(batch))
	for i, b := range batch {
		row := s[i*n.out : (i+1)*n.out]
		top := row[0]
		for _, v := range row {
			top = max(top, v)
		}
		label, total := e.labels[b], 0.0
		chosen := float64(row[label] - top)
		for j, v := range row {
			p := kernels.Exp(float64(v - top))
			row[j] = float32(p)
			total += p
		}
		sum += kernels.Log(total) - chosen
		for j, p := range row {
			row[j] = float32(float64(p) / total * scale)
		}
		row[label] -= float32(scale)
	}
	return sum * scale
}

// backward is loss, and leaves the gradient in n.grads.
func (n *net) backward(e *examples, batch []int) float64 {
	loss := n.loss(e, batch)
	m := len(batch)
	n.dh, n.dx = sized(n.dh, m*n.hidden), sized(n.dx, m*n.in)
	bitstep.Gemm(true, false, n.hidden, n.out, m, 1, n.h, n.hidden, n.s, n.out, 0, n.grads[2], n.out)
	columns(n.grads[3], n.s)
	bitstep.Gemm(false, true, m, n.hidden, n.out, 1, n.s, n.out, n.params[2], n.out, 0, n.dh, n.hidden)
	for i, v := range n.h {
		if v == 0 {
			n.dh[i] = 0
		}
	}
	bitstep.Gemm(true, false, n.in, n.hidden, m, 1, n.x, n.in, n.dh, n.hidden, 0, n.grads[0], n.hidden)
	columns(n.grads[1], n.dh)
	if e.context == nil {
		return loss
	}
	bitstep.Gemm(false, true, m, n.in, n.hidden, 1, n.dh, n.hidden, n.params[0], n.hidden, 0, n.dx, n.in)
	clear(n.grads[4])
	for i, b := range batch {
		for j, symbol := range e.context[b] {
			for k, v := range n.dx[i*n.in+j*n.width:][:n.width] {
				n.grads[4][symbol*n.width+k] += v
			}
		}
	}
	return loss
}

// columns stores in dst the sums of the columns of a matrix.
func columns(dst, matrix []float32) {
	clear(dst)
	for i := 0; i < len(matrix); i += len(dst) {
		for j := range dst {
			dst[j] += matrix[i+j]
		}
	}
}
