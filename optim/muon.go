package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 16,
	Names: []Name{{Name: "muon", About: "matrices of weights are made orthogonal",
		Config: func(lr float64) Config { return Muon{LR: lr, MatchAdam: true} }, Rate: 3e-4}},
	Settings: []Setting{
		{Name: "Muon", Config: Muon{LR: 0.01}},
		{Name: "Muon/match",
			Config: Muon{LR: 0.01, MatchAdam: true, NoNesterov: true, WeightDecay: 0.1, Decoupled: true}},
		{Name: "Muon/cubic", Config: Muon{LR: 0.01, A: 1.5, B: -0.5, C: Zero, Iterations: 12}},
	},
	Torch: []Torch{{Case: "Muon", Class: "Muon", Transcribed: true, Place: 15, Config: Muon{},
		Fields: "lr=LR weight_decay=WeightDecay momentum=Rho eps=Eps nesterov_off=NoNesterov decoupled=Decoupled " +
			"match=MatchAdam ns_a=A ns_b=B ns_c=C ns_steps=Iterations",
		Given: []string{
			"lr=0.01 momentum=0.95 eps=1e-7 rows=2",
			"lr=0.01 momentum=0.5 eps=1e-7 rows=4 nesterov_off=True match=True weight_decay=0.1 decoupled=True",
			"lr=0.01 momentum=0.9 eps=0.01 rows=2 ns_a=2 ns_b=-1.5 ns_c=0.5 ns_steps=3",
			"lr=0.01 momentum=0.9 eps=1e-7 rows=4 ns_a=1.5 ns_b=-0.5 ns_c=0 ns_steps=8",
		}}},
})

// Muon steps by a matrix near the orthogonal one that is nearest to the momentum (Jordan et al., Muon: An optimizer for
// hidden layers in neural networks, 2024). Of a parameter x with two dimensions or more, rows by all others:
//
//	m = rho*m + (1-rho)*g
//	u = rho*m + (1-rho)*g, or m with NoNesterov
//	u = u/max(|u|, eps), |u| the root of the sum of all squares
//	u = a*u + (b*G + c*G*G)*u with G = u*u', Iterations times (the transposed where there are more rows than columns)
//	x = x - (lr*ratio)*u
//
// with a, b, c the fields A, B and C: an iteration of Newton and Schulz, which makes a*s + b*s^3 + c*s^5 of each
// singular value s, all at most 1 at first. The defaults are Jordan's: large a raises small values fast, and five
// iterations leave values from about 0.7 to 1.2. 2, -1.5, 0.5 and 1.5, -0.5, 0 converge to 1, in more iterations.
// ratio is sqrt(max(1, rows/columns)), or with MatchAdam 0.2*sqrt(max(rows, columns)), which gives steps the size of
// Adam's, and so one rate for both (Liu et al., Muon is Scalable for LLM Training, 2025). All of it is in the
// parameters' type, the products by package bitstep's Gemm; torch.optim.Muon, whose ns_coefficients, ns_steps and
// adjust_lr_fn these are, iterates in bfloat16.
//
// A parameter with fewer dimensions has no singular values: it takes a step of [Adam] with Beta1, Beta2 and AdamEps, at
// VectorRate times the rate. Group.Shapes tells dimensions; without it all parameters are vectors. The paper leaves
// embeddings and the last layer to Adam, too: put them into a group of their own.
//
// State: m, one element per parameter, and v of those that are no matrices.
type Muon struct {
	LR          float64 // default 1e-3
	Rho         float64 // in [0, 1); default 0.95
	NoNesterov  bool
	MatchAdam   bool
	Eps         float64 // default 1e-7
	A           float64 // any finite number; default 3.4445
	B           float64 // any finite number; default -4.775
	C           float64 // any finite number; default 2.0315
	Iterations  float64 // a whole number below 100; default 5
	VectorRate  float64 // default 1
	Beta1       float64 // in [0, 1); default 0.9
	Beta2       float64 // in [0, 1); default 0.95
	AdamEps     float64 // default 1e-8
	WeightDecay float64 // default 0; torch.optim.Muon has 0.1, Decoupled
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c Muon) Spec() *Spec {
	s := NewSpec("Muon", &c.LR, 1e-3, &c.WeightDecay, c.Decoupled)
	s.Value("Rho", &c.Rho, 0.95, 1)
	s.Momentum(&c.Rho)
	s.Value("Eps", &c.Eps, 1e-7, math.Inf(1))
	s.Signed("A", &c.A, 3.4445)
	s.Signed("B", &c.B, -4.775)
	s.Signed("C", &c.C, 2.0315)
	s.Value("Iterations", &c.Iterations, 5, 100)
	if c.Iterations != math.Trunc(c.Iterations) {
		s.fail("Iterations = %v, want a whole number", c.Iterations)
	}
	s.Value("VectorRate", &c.VectorRate, 1, math.Inf(1))
	s.Value("Beta1", &c.Beta1, 0.9, 1)
	s.Value("Beta2", &c.Beta2, 0.95, 1)
	s.Value("AdamEps", &c.AdamEps, 1e-8, math.Inf(1))
	s.Flag("NoNesterov", c.NoNesterov)
	s.Flag("MatchAdam", c.MatchAdam)
	return Bind(s, &c, stepMuon[float32], stepMuon[float64])
}

// A matrix is the shape of a parameter that Muon makes orthogonal, rows by columns; of others it is empty.
type matrix struct{ rows, cols int }

func matrixOf(shape []int) matrix {
	if len(shape) < 2 {
		return matrix{}
	}
	cols := 1
	for _, n := range shape[1:] {
		cols *= n
	}
	return matrix{shape[0], cols}
}

func (m matrix) empty() bool { return m.rows == 0 || m.cols == 0 }
func (m matrix) least() int  { return min(m.rows, m.cols) }

// ratio is the factor on the rate.
func (h *Muon) ratio(m matrix) float64 {
	rows, cols := float64(m.rows), float64(m.cols)
	if h.MatchAdam {
		return float64(0.2 * math.Sqrt(max(rows, cols)))
	}
	return math.Sqrt(max(1, rows/cols))
}

func stepMuon[T kernels.Float](s *Setup[T], h *Muon) func(*Update[T]) {
	m := s.Like("m", 0)
	v := State(s, "v", T(0), func(shape []int) []int {
		if len(shape) < 2 {
			return shape
		}
		return []int{0}
	})
	var matrices []matrix
	vectors := muonVectors[T]{}
	for i, shape := range s.Shapes() {
		a := matrixOf(shape)
		matrices = append(matrices, a)
		s.Scratch(2*a.rows*a.cols + 2*a.least()*a.least())
		if len(shape) < 2 {
			vectors.at = append(vectors.at, i)
			vectors.m, vectors.v = append(vectors.m, m[i]), append(vectors.v, v[i])
		}
	}
	vectors.x, vectors.g = make([][]T, len(vectors.at)), make([][]T, len(vectors.at))
	return func(u *Update[T]) {
		for i, a := range matrices {
			if !a.empty() {
				muonStep(u, h, i, a, m[i])
			}
		}
		vectors.step(u, h)
	}
}

// muonVectors are the parameters that are no matrices.
type muonVectors[T kernels.Float] struct {
	at         []int
	x, m, v, g [][]T
}

func (p *muonVectors[T]) step(u *Update[T], h *Muon) {
	for j, i := range p.at {
		p.x[j], p.g[j] = u.X[i], u.G[i]
	}
	c := kernels.NewAdam[T](kernels.AdamHyper{LR: float64(u.LR * h.VectorRate), Beta1: h.Beta1, Beta2: h.Beta2,
		Eps: h.AdamEps}, u.Step)
	c.Prelude = u.Prelude
	u.checked.AdamEach(p.x, p.m, p.v, p.g, c)
	clear(p.g) // the gradients are the caller's
	clear(p.x)
}

// muonStep updates parameter i of u, a matrix.
func muonStep[T kernels.Float](u *Update[T], h *Muon, i int, a matrix, m []T) {
	n, k := a.rows*a.cols, a.least()
	x, y := u.Scratch[:n], u.Scratch[n:2*n]
	gram, sum := u.Scratch[2*n:2*n+k*k], u.Scratch[2*n+k*k:2*n+2*k*k]
	u.Prepare(i, x)
	rho, rest := T(h.Rho), T(1-h.Rho)
	u.Engine.Axpby(m, x, rest, rho)
	if h.NoNesterov {
		copy(x, m)
	} else {
		u.Engine.Axpby(x, m, rho, rest)
	}
	one := [1][]T{x}
	u.Engine.Scale(x, scalar[T](1/max(norm(u.Engine, one[:]), h.Eps)))
	for range int(h.Iterations) {
		x, y = newtonSchulz(u, h, a, x, y, gram, sum), x
	}
	u.Engine.Axpy(u.X[i], x, T(-float64(u.LR*h.ratio(a))))
}

// newtonSchulz stores in y, which it returns, a*x + (b*G + c*G*G)*x with G = x*x', or a*x + x*(b*G + c*G*G) with
// G = x'*x where there are more rows than columns.
func newtonSchulz[T kernels.Float](u *Update[T], h *Muon, m matrix, x, y, gram, sum []T) []T {
	a, b, c := T(h.A), T(h.B), T(h.C)
	k, tall := m.least(), m.rows > m.cols
	u.Engine.Gemm(tall, !tall, k, k, max(m.rows, m.cols), 1, x, m.cols, x, m.cols, 0, gram, k)
	copy(sum, gram)
	u.Engine.Gemm(false, false, k, k, k, c, gram, k, gram, k, b, sum, k)
	copy(y, x)
	if tall {
		u.Engine.Gemm(false, false, m.rows, m.cols, k, 1, x, m.cols, sum, k, a, y, m.cols)
	} else {
		u.Engine.Gemm(false, false, m.rows, m.cols, k, 1, sum, k, x, m.cols, a, y, m.cols)
	}
	return y
}
