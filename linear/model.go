package linear

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/internal/stream"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear/dataset"
)

// InitScale is the lecture's: weights start as standard normal numbers times this.
const InitScale = 0.0001

// A Model is a linear model: the score of class c for an example x is the product of row c of W and x. The bias is
// the weight of a last feature that is always 1.
type Model[T kernels.Float] struct {
	Classes, Features int // Classes is 1 for numbers
	W                 []T // Classes x Features, row-major

	// What a trained model goes with. None of it is part of Hash.
	ClassNames []string           // of the classes, or nil
	Preprocess dataset.Preprocess // how features were made of images
	Loss       Loss               // that it was trained with; nil if that is none of this package's
}

// NewModel returns a model whose weights are 0. It panics if a size is less than 1.
func NewModel[T kernels.Float](classes, features int) *Model[T] {
	if classes < 1 || features < 1 {
		panic(fmt.Sprintf("linear: NewModel: %d classes, %d features, want at least 1", classes, features))
	}
	return &Model[T]{Classes: classes, Features: features, W: make([]T, classes*features)}
}

// Init sets the weights, in ascending order, to T(scale*kernels.Normal) drawn from a stream of their own
// that seed decides: the lecture's W = randn*0.0001. With scale 0 they are 0.
func (m *Model[T]) Init(scale float64, seed uint64) {
	if scale == 0 { // not -0
		clear(m.W)
		return
	}
	r := rand.New(rand.NewChaCha8(stream.Seed("weights", seed, 0)))
	for i := range m.W {
		m.W[i] = T(float64(scale * kernels.Normal(r)))
	}
}

// Row returns the weights of a class: a part of W, not a copy.
func (m *Model[T]) Row(class int) []T {
	lo := class * m.Features
	return m.W[lo : lo+m.Features : lo+m.Features]
}

// Scores stores the score of every class for one example in dst: the bits that [Problem.Scores] gives. It
// panics if dst has not Classes elements or x not Features.
func (m *Model[T]) Scores(dst, x []T) {
	bitstep.Gemv(false, m.Classes, m.Features, 1, m.W, m.Features, x, 0, dst)
}

// Predict returns the class of each example: that of the largest score, the first of equal ones. It uses the active
// backend and all threads; [Problem.Predict], on a set without labels, has a choice. It returns an error if
// the examples have another number of features than the model, or there are none, or the model is one for
// numbers.
func (m *Model[T]) Predict(examples dataset.Source[T]) ([]uint8, error) {
	p, err := m.problem("Predict", examples)
	if err != nil {
		return nil, err
	}
	if m.Classes == 1 {
		return nil, errors.New("linear: Predict: the model is one for numbers, want classes: Values gives its numbers")
	}
	predicted := make([]uint8, p.Len())
	p.Predict(m.W, predicted)
	return predicted, nil
}

// Values returns the score of each example of a model for numbers, which is the number it predicts. Errors are as
// those of Predict, but for a model of classes.
func (m *Model[T]) Values(examples dataset.Source[T]) ([]T, error) {
	p, err := m.problem("Values", examples)
	if err != nil {
		return nil, err
	}
	if m.Classes != 1 {
		return nil, fmt.Errorf("linear: Values: the model has %d classes, want 1 score for an example", m.Classes)
	}
	values := make([]T, p.Len())
	p.Scores(m.W, values)
	return values, nil
}

// Probabilities returns the probabilities of the classes: a row of Classes for each example. The model's loss must
// be [Probabilistic]; otherwise, and as Predict does, it returns an error.
func (m *Model[T]) Probabilities(examples dataset.Source[T]) (dataset.Matrix[T], error) {
	p, err := m.problem("Probabilities", examples)
	if err != nil {
		return dataset.Matrix[T]{}, err
	}
	if m.Loss == nil {
		return dataset.Matrix[T]{}, errors.New("linear: Probabilities: the model's Loss is nil, want the loss it has")
	}
	all := dataset.Matrix[T]{Rows: p.Len(), Cols: m.Classes, Stride: m.Classes, Data: make([]T, p.Len()*m.Classes)}
	return all, p.Probabilities(m.W, all.Data)
}

// problem is that of examples without targets.
func (m *Model[T]) problem(fn string, examples dataset.Source[T]) (*Problem[T], error) {
	p, err := NewProblem(Set[T]{Source: examples, Classes: m.Classes}, ProblemConfig{Loss: m.Loss})
	if err != nil {
		return nil, err
	}
	if p.Features() != m.Features {
		return nil, fmt.Errorf("linear: %s: examples have %d features, want the model's %d", fn, p.Features(),
			m.Features)
	}
	return p, nil
}

// clone returns a copy of m with those weights.
func (m *Model[T]) clone(w []T) *Model[T] {
	c := *m
	c.W = slices.Clone(w)
	return &c
}

// Hash is the SHA-256 of the weights in hexadecimal, the same on every machine for the same bits: over their
// number, 64 bits, and their bits, little-endian, NaN canonical (rule 12 of the contract).
func (m *Model[T]) Hash() string {
	h := sha256.New()
	var buf [8]byte
	binary.LittleEndian.PutUint64(buf[:], uint64(len(m.W)))
	h.Write(buf[:])
	for _, w := range m.W {
		h.Write(num.AppendBits(buf[:0], w))
	}
	return hex.EncodeToString(h.Sum(nil))
}
