package linear

import (
	"fmt"
	"strings"

	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
)

// A Loss is what the scores of an example cost, and how that changes with each score: [SVM], [Softmax],
// [SquaredError], or any other type with these methods. The loss of a batch is the mean over its examples, summed in
// ascending order in float64, plus the regularisation of a [Problem].
//
// Results are the same on every machine if Loss32 and Loss64 use nothing but the operations of the numeric
// contract, each product that feeds an addition written as a conversion. They are called from several goroutines at
// once, and should not allocate: a pass calls them for each example. A loss of both types is best written once:
//
//	func (l Huber) Loss32(r *linear.Row[float32]) float64 { return huber(l, r) }
//	func (l Huber) Loss64(r *linear.Row[float64]) float64 { return huber(l, r) }
type Loss interface {
	// Name is the loss's name on command lines and in checkpoints, with the values of its parameters if it has
	// any: a run is resumed with a loss of the same name only.
	Name() string

	// Target says what the scores are compared with.
	Target() Target

	// Loss32 and Loss64 return the loss of one example, and with r.Gradient replace each score by the loss's
	// derivative by that score.
	Loss32(r *Row[float32]) float64
	Loss64(r *Row[float64]) float64
}

// A Target is what examples are to be predicted as.
type Target uint8

const (
	Classes Target = iota // each example has one of several classes, and as many scores as there are
	Numbers               // each example has a number, and one score that should be it
)

// String returns "classes" or "numbers".
func (t Target) String() string {
	if t == Numbers {
		return "numbers"
	}
	return "classes"
}

// A Row is one example as a [Loss] sees it. It is valid during a call.
type Row[T kernels.Float] struct {
	Scores   []T       // one for each class, or one alone
	Class    int       // the example's class, of a loss over classes
	Value    T         // the example's number, of a loss over numbers
	Gradient bool      // whether the derivatives are wanted
	Room     []float64 // room for a number for each score, of any content

	ahead bool    // whether Room and shift are set: see exponentials
	shift float64 // the largest score
}

// A Probabilistic loss makes probabilities of scores.
type Probabilistic interface {
	Loss

	// Probabilities32 and Probabilities64 replace each score by the probability of its class. Of r there are
	// Scores and Room alone.
	Probabilities32(r *Row[float32])
	Probabilities64(r *Row[float64])
}

// losses are the losses of this package: a file each, and a row here.
var losses = []Loss{
	SVM{},
	Softmax{},
	SquaredError{},
}

// Losses lists the losses of this package.
func Losses() []Loss { return append([]Loss(nil), losses...) }

// ParseLoss returns the loss of this package that has the name.
func ParseLoss(name string) (Loss, error) {
	var names []string
	for _, l := range losses {
		if l.Name() == name {
			return l, nil
		}
		names = append(names, l.Name())
	}
	return nil, fmt.Errorf("linear: loss = %q, want one of %s", name, strings.Join(names, ", "))
}

// defaultLoss is the loss over a target unless another is asked for.
func defaultLoss(t Target) Loss {
	if t == Numbers {
		return SquaredError{}
	}
	return SVM{}
}

// lossOf returns the method of l for T.
func lossOf[T kernels.Float](l Loss) func(*Row[T]) float64 {
	var f any = l.Loss64
	if num.Is32[T]() {
		f = l.Loss32
	}
	return f.(func(*Row[T]) float64)
}

// probabilitiesOf returns the method of l for T, or nil if it is not [Probabilistic].
func probabilitiesOf[T kernels.Float](l Loss) func(*Row[T]) {
	p, ok := l.(Probabilistic)
	if !ok {
		return nil
	}
	var f any = p.Probabilities64
	if num.Is32[T]() {
		f = p.Probabilities32
	}
	return f.(func(*Row[T]))
}
