package linear

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/optim/minimize"
)

// A Set is the examples that a loss is taken over.
type Set[T kernels.Float] struct {
	Source  dataset.Source[T] // a Matrix, Examples, or anything else that gives rows of dataset.Features
	Labels  []uint8           // the class of each example
	Classes int

	// Preprocess is how the rows were made of images. It goes into checkpoints.
	Preprocess dataset.Preprocess
}

// NewSet is the examples of e, converted block by block each time that they are used.
func NewSet[T kernels.Float](e *dataset.Examples[T]) Set[T] {
	return Set[T]{Source: e, Labels: e.Labels(), Classes: len(e.Images().Classes), Preprocess: e.Preprocess()}
}

// NewResidentSet is the examples of e converted once, by that many threads (0: GOMAXPROCS), and kept in
// memory: 12,292 bytes per image for float32. A pass over it is faster than one that converts.
func NewResidentSet[T kernels.Float](e *dataset.Examples[T], threads int) Set[T] {
	s := NewSet(e)
	s.Source = e.Matrix(threads)
	return s
}

// check returns the number of features.
func (s Set[T]) check() (features int, err error) {
	if s.Source == nil || s.Source.Len() == 0 {
		return 0, errors.New("linear: Set: no examples")
	}
	if n := s.Source.Len(); len(s.Labels) != n {
		return 0, fmt.Errorf("linear: Set: %d labels, want one for each of %d examples", len(s.Labels), n)
	}
	if s.Classes < 2 || s.Classes > 256 {
		return 0, fmt.Errorf("linear: Set: Classes = %d, want 2 to 256", s.Classes)
	}
	for i, y := range s.Labels {
		if int(y) >= s.Classes {
			return 0, fmt.Errorf("linear: Set: label of example %d = %d, want below %d", i, y, s.Classes)
		}
	}
	features = dataset.Features
	if m, ok := s.Source.(dataset.Matrix[T]); ok {
		if features = m.Cols; features < 1 {
			return 0, fmt.Errorf("linear: Set: examples have %d features, want at least 1", features)
		}
		if m.Stride < m.Cols || len(m.Data) < m.Cols || (len(m.Data)-m.Cols)/m.Stride < m.Rows-1 {
			return 0, fmt.Errorf("linear: Set: matrix of %d elements is too short for %d rows of %d with stride %d",
				len(m.Data), m.Rows, m.Cols, m.Stride)
		}
	}
	return features, nil
}

// ProblemConfig says which loss is taken, and how.
type ProblemConfig struct {
	// Loss is SVM{} or Softmax{}; nil is SVM{}.
	Loss Loss

	// Lambda weighs the regularisation lambda * sum of W^2, over all weights; at least 0. 0 is none.
	Lambda float64

	// Threads limits the threads of a pass; 0 is GOMAXPROCS. Results do not depend on it.
	Threads int
}

// A Problem is a loss over a set of examples as a function of the weights W: classes x features, row-major.
// With scores s = x*W' of each example
//
//	L(W) = 1/n * (sum of losses, ascending, in float64) + lambda * float64(SumSquares(W))
//
// Scores are Gemm's X*W' (rule 7 of the contract). The gradient is defined by blocks of [BlockExamples]
// examples of the batch, in ascending order, where dS is the losses' gradient by the scores:
//
//	dW = T(a*(dS'*X)) of the first block ; dW = T(a*(dS'*X)) + dW of each other ; a = T(1/n)
//	dW = dW + T(2*lambda)*W if lambda != 0
//
// with dS'*X as Gemm computes it (rule 8). Results therefore depend neither on the backend, nor on threads,
// nor on whether the rows are in memory or converted.
//
// After the first call of a kind no call allocates. A Problem is not safe for concurrent use.
type Problem[T kernels.Float] struct {
	pass    pass[T]
	loss    Loss
	lambda  float64
	threads int
	backend bitstep.Engine[T]
}

// NewProblem returns the problem of that set, on the active backend. Its errors name a field, its value and
// what is wanted.
func NewProblem[T kernels.Float](s Set[T], c ProblemConfig) (*Problem[T], error) {
	features, err := s.check()
	if err != nil {
		return nil, err
	}
	if c.Loss == nil {
		c.Loss = SVM{}
	}
	if notFinite(c.Lambda) || c.Lambda < 0 {
		return nil, fmt.Errorf("linear: Problem: Lambda = %v, want a number of at least 0", c.Lambda)
	}
	if c.Threads < 0 {
		return nil, fmt.Errorf("linear: Problem: Threads = %d, want at least 0", c.Threads)
	}
	p := &Problem[T]{loss: c.Loss, lambda: c.Lambda, threads: c.Threads}
	p.pass = pass[T]{classes: s.Classes, features: features, source: s.Source, labels: s.Labels}
	if m, ok := s.Source.(dataset.Matrix[T]); ok {
		p.pass.rows = &m
	}
	p.pass.init()
	return p.On(bitstep.Active()), nil
}

// On makes p run on that backend, and returns p. It panics if the backend is not one of bitstep.Backends.
func (p *Problem[T]) On(b bitstep.Backend) *Problem[T] {
	p.backend = bitstep.On[T](b).Threads(p.threads)
	p.pass.k = p.backend.Threads(1)
	return p
}

// Len returns the number of examples.
func (p *Problem[T]) Len() int { return len(p.pass.labels) }

// Classes returns the number of rows of W.
func (p *Problem[T]) Classes() int { return p.pass.classes }

// Features returns the number of columns of W.
func (p *Problem[T]) Features() int { return p.pass.features }

// LossGradient returns L(w) over the examples whose indices are in batch, and stores its gradient in grad.
// A nil batch is the whole set. A batch of neighbours in ascending order is read where it lies.
//
// It panics if w or grad has not Classes*Features elements, if they overlap, or if the batch is empty or an
// index is out of range.
func (p *Problem[T]) LossGradient(w, grad []T, batch []int) float64 {
	return p.lossGradient(w, grad, batch, false)
}

// lossGradient is LossGradient. With count it also counts what w predicts right, in p.pass.correct.
func (p *Problem[T]) lossGradient(w, grad []T, batch []int, count bool) float64 {
	p.check("LossGradient", "grad", len(grad), len(w))
	apart("LossGradient", "grad", w, grad)
	p.start(w, batch)
	p.pass.loss, p.pass.grad, p.pass.count = p.loss, grad, count
	return p.finish()
}

// Loss returns L(w) as [Problem.LossGradient] does, without the gradient.
func (p *Problem[T]) Loss(w []T, batch []int) float64 {
	p.start(w, batch)
	p.pass.loss = p.loss
	return p.finish()
}

// Objective returns L as a function of w over the whole set, for what takes one: minimize.LBFGS and the other
// minimizers, gradient checks, random search. It uses p and is not safe for concurrent use.
func (p *Problem[T]) Objective() minimize.Objective[T] {
	return func(w, grad []T) float64 {
		if grad == nil {
			return p.Loss(w, nil)
		}
		return p.LossGradient(w, grad, nil)
	}
}

// Scores stores the scores of all examples in dst: Len() rows of Classes().
func (p *Problem[T]) Scores(w, dst []T) {
	p.check("Scores", "dst", len(dst), p.Len()*p.Classes())
	apart("Scores", "dst", w, dst)
	p.start(w, nil)
	p.pass.scores = dst
	p.finish()
}

// Predict stores the class of each example in dst, of Len() elements: that of the largest score, the first
// of equal ones.
func (p *Problem[T]) Predict(w []T, dst []uint8) {
	p.check("Predict", "dst", len(dst), p.Len())
	p.start(w, nil)
	p.pass.predicted = dst
	p.finish()
}

// TakeTimes returns how long the parts of the calls since the last TakeTimes took, and turns measuring on.
// It costs nothing before the first use, and some 0.1 microseconds per block from then on.
func (p *Problem[T]) TakeTimes() Times {
	t := p.pass.times
	p.pass.times, p.pass.timed = Times{}, true
	return t
}

func (p *Problem[T]) check(fn, name string, got, want int) {
	if got != want {
		panic(fmt.Sprintf("linear: %s: len(%s) = %d, want %d", fn, name, got, want))
	}
}

// apart panics if w, which is read until the end of a pass, overlaps what is written.
func apart[T kernels.Float](fn, name string, w, dst []T) {
	if len(w) == 0 || len(dst) == 0 {
		return
	}
	a, b := uintptr(unsafe.Pointer(&w[0])), uintptr(unsafe.Pointer(&dst[0]))
	size := unsafe.Sizeof(T(0))
	if a < b+uintptr(len(dst))*size && b < a+uintptr(len(w))*size {
		panic(fmt.Sprintf("linear: %s: %s overlaps w", fn, name))
	}
}

// start sets a call up that wants nothing yet.
func (p *Problem[T]) start(w []T, batch []int) {
	p.check("Problem", "w", len(w), p.Classes()*p.Features())
	t := &p.pass
	t.n = p.Len()
	if batch != nil {
		t.n = len(batch)
		if t.n == 0 {
			panic("linear: Problem: len(batch) = 0, want at least 1")
		}
		for i, at := range batch {
			if uint(at) >= uint(p.Len()) {
				panic(fmt.Sprintf("linear: Problem: batch[%d] = %d, want below %d", i, at, p.Len()))
			}
		}
	}
	t.w, t.batch, t.alpha = w, batch, T(1/float64(t.n))
}

// finish runs the pass, adds the regularisation, and lets go of the operands.
func (p *Problem[T]) finish() float64 {
	t := &p.pass
	t.run(p.threads)
	loss := t.total / float64(t.n)
	if t.loss != nil && p.lambda != 0 {
		loss += float64(p.lambda * float64(p.backend.SumSquares(t.w)))
		if t.grad != nil {
			p.backend.Axpy(t.grad, t.w, T(2*p.lambda))
		}
	}
	t.w, t.grad, t.scores, t.predicted, t.batch, t.loss = nil, nil, nil, nil, nil, nil
	t.count, t.confuse = false, false
	return loss
}
