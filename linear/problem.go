package linear

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/check"
	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim/minimize"
)

// ProblemConfig says which loss is taken, and how.
type ProblemConfig struct {
	// Loss is [SVM]{}, [Softmax]{}, [SquaredError]{} or a loss of your own; nil is SVM{} over classes and
	// SquaredError{} over numbers.
	Loss Loss

	// Lambda weighs the regularisation lambda * sum of W^2, over all weights; at least 0. 0 is none.
	Lambda float64

	// FreeBias leaves the bias, the weights of the last feature, out of the regularisation. That feature should
	// be the constant 1, as that of dataset.Examples is.
	FreeBias bool

	// ClassWeights are what the loss of an example of each class counts, 0 or positive; nil: 1. The mean remains
	// one over the number of examples. [BalancedWeights] are those with which each class counts the same.
	ClassWeights []float64

	// Threads limits the threads of a pass; 0 is GOMAXPROCS. Results do not depend on it.
	Threads int
}

// complete checks c for a set, and fills in the loss.
func (c ProblemConfig) complete(target Target, known bool, classes int) (ProblemConfig, error) {
	if c.Loss == nil {
		c.Loss = defaultLoss(target)
	}
	if name := c.Loss.Name(); !utf8.ValidString(name) { // files have it
		return c, fmt.Errorf("linear: Problem: Loss = %q, want a name in UTF-8", name)
	}
	if got := c.Loss.Target(); known && got != target {
		return c, fmt.Errorf("linear: Problem: Loss = %s, a loss over %v, but the set has %v", c.Loss.Name(), got,
			target)
	}
	if n := len(c.ClassWeights); n != 0 && (n != classes || target != Classes) {
		return c, fmt.Errorf("linear: Problem: %d class weights, want one for each class, of %d over %v", n, classes,
			target)
	}
	for i, w := range c.ClassWeights {
		if err := check.In(fmt.Sprintf("ClassWeights[%d]", i), w, 0, math.Inf(1), check.OpenHigh); err != nil {
			return c, wrap("Problem", err)
		}
	}
	return c, wrap("Problem", cmp.Or(check.In("Lambda", c.Lambda, 0, math.Inf(1), check.OpenHigh),
		check.AtLeast("Threads", c.Threads, 0)))
}

// A Problem is a loss over a set of examples as a function of the weights W: classes x features, row-major, with
// one row for numbers. With scores s = x*W' of each example
//
//	L(W) = 1/n * (sum of losses, ascending, in float64) + lambda * float64(SumSquares(W))
//
// Scores are Gemm's X*W' (rule 7 of the contract, below 128 features rule 8). The gradient is defined by blocks of
// [BlockExamples] examples of the batch, in ascending order, where dS is the losses' gradient by the scores:
//
//	dW = T(a*(dS'*X)) of the first block ; dW = T(a*(dS'*X)) + dW of each other ; a = T(1/n)
//	dW = dW + T(2*lambda)*W if lambda != 0
//
// with dS'*X as Gemm computes it (rule 8). A class weight v multiplies a loss in float64, and its gradient by
// T(v)*dS. With FreeBias the regularisation is lambda times the sum over the rows of W, ascending, in float64, of
// float64(SumSquares(row without its last element)), and those elements of dW have none. Results therefore depend
// neither on the backend, nor on threads, nor on whether the rows are in memory or converted.
//
// After the first call of a kind no call allocates. A Problem is not safe for concurrent use. A panic of the source
// or the loss, on whichever goroutine, reaches the caller; the problem can then be used again.
type Problem[T kernels.Float] struct {
	pass          pass[T]
	row           func(*Row[T]) float64
	probabilities func(*Row[T])
	c             ProblemConfig
	backend       bitstep.Engine[T]
}

// NewProblem returns the problem of that set, on the active backend. A set without targets will do for
// [Problem.Scores], [Problem.Predict] and [Problem.Probabilities]. Errors name a field, its value and what is wanted.
func NewProblem[T kernels.Float](s Set[T], c ProblemConfig) (*Problem[T], error) {
	s, err := s.complete()
	if err != nil {
		return nil, err
	}
	target, known := s.target()
	if c, err = c.complete(target, known, s.Classes); err != nil {
		return nil, err
	}
	// The regularisation's gradient has 2*lambda in T.
	if err := check.Rounded[T]("2*Lambda", 2*c.Lambda, 0, math.Inf(1), check.OpenHigh); err != nil {
		return nil, wrap("Problem", err)
	}
	for i, w := range c.ClassWeights {
		if err := check.Rounded[T](fmt.Sprintf("ClassWeights[%d]", i), w, 0, math.Inf(1), check.OpenHigh); err != nil {
			return nil, wrap("Problem", err)
		}
	}
	p := &Problem[T]{c: c, row: lossOf[T](c.Loss), probabilities: probabilitiesOf[T](c.Loss)}
	p.pass = pass[T]{classes: s.Classes, features: s.Source.Features(), source: s.Source, labels: s.Labels,
		values: s.Values, exponentials: isSoftmax(c.Loss)}
	if len(c.ClassWeights) != 0 {
		p.pass.weights = slices.Clone(c.ClassWeights)
	}
	p.pass.init()
	return p.On(bitstep.Active()), nil
}

// On makes p run on that backend, the source included, and returns p. It panics if the backend is not one of
// bitstep.Backends.
func (p *Problem[T]) On(b bitstep.Backend) *Problem[T] {
	p.backend = bitstep.On[T](b).Threads(p.c.Threads)
	p.pass.on(b)
	return p
}

// Len returns the number of examples.
func (p *Problem[T]) Len() int { return p.pass.source.Len() }

// Classes returns the number of rows of W: of classes, or 1 for numbers.
func (p *Problem[T]) Classes() int { return p.pass.classes }

// Features returns the number of columns of W.
func (p *Problem[T]) Features() int { return p.pass.features }

// LossGradient returns L(w) over the examples whose indices are in batch, and stores its gradient in grad.
// A nil batch is the whole set. A batch of neighbours in ascending order is read where it lies.
//
// It panics if w or grad has not Classes*Features elements, if they overlap, if the batch is empty or an
// index is out of range, or if the set has no targets.
func (p *Problem[T]) LossGradient(w, grad []T, batch []int) float64 {
	return p.lossGradient(w, grad, batch, nil, false)
}

// lossGradient is LossGradient. With count it also counts what w predicts right, in p.pass.correct.
func (p *Problem[T]) lossGradient(w, grad []T, batch, after []int, count bool) float64 {
	p.check("LossGradient", "grad", len(grad), p.Classes()*p.Features())
	apart("LossGradient", "grad", w, grad)
	p.start(w, batch)
	p.wantLoss("LossGradient")
	p.pass.grad, p.pass.after, p.pass.count = grad, after, count && p.pass.labels != nil
	return p.finish()
}

// Loss returns L(w) as [Problem.LossGradient] does, without the gradient.
func (p *Problem[T]) Loss(w []T, batch []int) float64 {
	p.start(w, batch)
	p.wantLoss("Loss")
	return p.finish()
}

// Losses stores in losses what [Problem.Loss] returns of each of several candidates for W, in one pass over the
// examples: ws is len(losses) of them, one after another. Their rows are together one operand of the product with the
// examples. Products are invariant of their batch, as the contract has it under rule 8, so each loss has the bits of a
// call of its own. Random search takes it by minimize.RandomSearch's MinimizeSeveral. A call with more candidates than
// all before allocates: each thread keeps the scores and losses of a block.
//
// It panics if losses is empty, if ws has not len(losses)*Classes*Features elements, if they overlap, if the batch is
// empty or an index is out of range, or if the set has no targets.
func (p *Problem[T]) Losses(ws []T, losses []float64, batch []int) {
	if len(losses) == 0 {
		panic("linear: Losses: len(losses) = 0, want at least 1")
	}
	p.check("Losses", "ws", len(ws), len(losses)*p.Classes()*p.Features())
	if mem.Overlap(ws, losses) {
		panic("linear: Losses: losses overlaps ws")
	}
	p.startAll(ws, losses, batch)
	p.wantLoss("Losses")
	p.finish()
}

// Candidates returns how many candidates for W suit a pass of [Problem.Losses]. To bring an example to the first caches
// takes the time of some 10 of its scores. Beside twice [BlockExamples] scores that is little, and their rows of W are
// no more than two blocks' rows, which the caches hold.
func (p *Problem[T]) Candidates() int { return max(1, 2*BlockExamples/p.Classes()) }

func (p *Problem[T]) wantLoss(fn string) {
	if p.pass.labels == nil && p.pass.values == nil {
		panic(fmt.Sprintf("linear: %s: the set has neither labels nor values", fn))
	}
	p.pass.loss = p.row
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
	p.startScores("Scores", w, dst)
	p.finish()
}

func (p *Problem[T]) startScores(fn string, w, dst []T) {
	p.check(fn, "dst", len(dst), p.Len()*p.Classes())
	apart(fn, "dst", w, dst)
	p.start(w, nil)
	p.pass.scores = dst
}

// Predict stores the class of each example in dst, of Len() elements: that of the largest score, the first
// of equal ones.
func (p *Problem[T]) Predict(w []T, dst []uint8) {
	p.check("Predict", "dst", len(dst), p.Len())
	p.start(w, nil)
	p.pass.predicted = dst
	p.finish()
}

// errNoProbabilities is what a loss is told that is not [Probabilistic].
var errNoProbabilities = errors.New("makes no probabilities of scores: Softmax does")

// Probabilities stores the probabilities of the classes of all examples in dst: Len() rows of Classes(). If the
// loss is not [Probabilistic], it returns an error.
func (p *Problem[T]) Probabilities(w, dst []T) error {
	if p.probabilities == nil {
		return fmt.Errorf("linear: Probabilities: loss %s %w", p.c.Loss.Name(), errNoProbabilities)
	}
	p.startScores("Probabilities", w, dst)
	p.pass.probabilities = p.probabilities
	p.finish()
	return nil
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
	if mem.Overlap(w, dst) {
		panic(fmt.Sprintf("linear: %s: %s overlaps w", fn, name))
	}
}

// start sets a call up that wants nothing yet.
func (p *Problem[T]) start(w []T, batch []int) {
	p.check("Problem", "w", len(w), p.Classes()*p.Features())
	p.startAll(w, p.pass.total[:], batch)
}

// startAll is start for the W of several candidates, whose losses go to totals.
func (p *Problem[T]) startAll(w []T, totals []float64, batch []int) {
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
	t.operands = operands[T]{w: w, totals: totals, batch: batch, alpha: T(1 / float64(t.n))}
}

// finish runs the pass, makes the totals the means with the regularisation, and lets go of the operands. It returns
// the loss of a pass with one W.
func (p *Problem[T]) finish() float64 {
	t := &p.pass
	t.run(p.c.Threads)
	size := p.Classes() * p.Features()
	for q, total := range t.totals {
		loss := total / float64(t.n)
		if t.loss != nil && p.c.Lambda != 0 {
			loss += float64(p.c.Lambda * p.regularise(t.w[q*size:][:size], t.grad))
		}
		t.totals[q] = loss
	}
	t.operands = operands[T]{}
	return t.total[0]
}

// regularise returns the sum of the squares that are regularised, and adds T(2*lambda)*w to grad unless that is
// nil.
func (p *Problem[T]) regularise(w, grad []T) (squares float64) {
	width, step := len(w), len(w) // of what is regularised together, and to the next
	if p.c.FreeBias {
		step = p.Features()
		width = step - 1
	}
	for lo := 0; lo < len(w); lo += step {
		squares += float64(p.backend.SumSquares(w[lo : lo+width]))
		if grad != nil {
			p.backend.Axpy(grad[lo:lo+width], w[lo:lo+width], T(2*p.c.Lambda))
		}
	}
	return squares
}
