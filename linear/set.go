package linear

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/check"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear/dataset"
)

// A Set is the examples that a loss is taken over, and what they are to be predicted as: classes, numbers, or, in a
// set that is only predicted, nothing.
type Set[T kernels.Float] struct {
	Source dataset.Source[T] // a dataset.Matrix, dataset.Examples, or anything else that gives rows of features

	// Of a set with classes: how many there are, 2 to 256, and each example's, below that. A set without Labels
	// and Values has only to say how many scores an example gets: Classes, or for a regression 1.
	Classes int
	Labels  []uint8

	// ClassNames are the names of the classes, if they have any: a model keeps them. Classes may then be 0, for
	// as many as there are names.
	ClassNames []string

	// Values are the examples' numbers, of a set with numbers: finite. Labels is then nil, and Classes 0 or 1.
	Values []T

	// Preprocess is how the rows were made of images. A model keeps it.
	Preprocess dataset.Preprocess
}

// NewSet is the examples of e, converted block by block each time that they are used.
func NewSet[T kernels.Float](e *dataset.Examples[T]) Set[T] {
	names := e.Images().Classes
	return Set[T]{Source: e, Labels: e.Labels(), Classes: len(names), ClassNames: names, Preprocess: e.Preprocess()}
}

// NewResidentSet is the examples of e converted once, on the engine's backend by that many threads (0:
// GOMAXPROCS), and kept in memory: 12,352 bytes per image for float32. A pass over it is faster than one that
// converts.
func NewResidentSet[T kernels.Float](e *dataset.Examples[T], on bitstep.Engine[T], threads int) Set[T] {
	s := NewSet(e)
	s.Source = e.Matrix(on, threads)
	return s
}

// target returns what the set's examples are to be predicted as. known tells whether they say so.
func (s Set[T]) target() (target Target, known bool) {
	if s.Values != nil {
		return Numbers, true
	}
	return Classes, s.Labels != nil
}

// complete checks the set, and fills Classes in.
func (s Set[T]) complete() (Set[T], error) {
	if s.Source == nil || s.Source.Len() < 1 {
		return s, errors.New("linear: Set: no examples")
	}
	if c, ok := s.Source.(dataset.Checker); ok {
		if err := c.Check(); err != nil {
			return s, fmt.Errorf("linear: Set: Source: %w", err)
		}
	}
	if f := s.Source.Features(); f < 1 {
		return s, fmt.Errorf("linear: Set: examples have %d features, want at least 1", f)
	}
	if s.Classes == 0 {
		s.Classes = len(s.ClassNames)
	}
	if s.Values != nil && s.Classes == 0 {
		s.Classes = 1
	}
	target, known := s.target()
	err := s.checkLabels()
	switch {
	case target == Numbers:
		err = s.checkValues()
	case !known:
		err = check.In("Classes", s.Classes, 1, 256, check.Closed)
	}
	return s, wrap("Set", cmp.Or(err, checkNames(s.ClassNames, s.Classes), s.Preprocess.Check()))
}

func (s Set[T]) checkLabels() error {
	if n := s.Source.Len(); s.Labels != nil && len(s.Labels) != n {
		return fmt.Errorf("%d labels, want one for each of %d examples", len(s.Labels), n)
	}
	if err := check.In("Classes", s.Classes, 2, 256, check.Closed); err != nil {
		return err
	}
	for i, y := range s.Labels {
		if int(y) >= s.Classes {
			return fmt.Errorf("label of example %d = %d, want below %d", i, y, s.Classes)
		}
	}
	return nil
}

func (s Set[T]) checkValues() error {
	if n := s.Source.Len(); len(s.Values) != n {
		return fmt.Errorf("%d values, want one for each of %d examples", len(s.Values), n)
	}
	if s.Labels != nil || s.Classes != 1 {
		return fmt.Errorf("Values with %d labels and Classes = %d, want numbers or classes", len(s.Labels), s.Classes)
	}
	for i, v := range s.Values {
		if !num.Finite(v) {
			return fmt.Errorf("value of example %d = %v, want a finite number", i, v)
		}
	}
	return nil
}

// checkNames returns an error about names that no file of a model can hold.
func checkNames(names []string, classes int) error {
	if n := len(names); n != 0 && n != classes {
		return fmt.Errorf("%d class names, want one for each of %d classes", n, classes)
	}
	if i := slices.IndexFunc(names, func(name string) bool { return !utf8.ValidString(name) }); i >= 0 {
		return fmt.Errorf("ClassNames[%d] = %q, want UTF-8", i, names[i])
	}
	return nil
}

// digest tells sets apart: the first 16 hexadecimal digits of the SHA-256 of the labels, or of the bits of the
// values; "" of no set.
func (s Set[T]) digest() string {
	if s.Source == nil {
		return ""
	}
	sum := sha256.Sum256(num.AppendBits(slices.Clone(s.Labels), s.Values...))
	return hex.EncodeToString(sum[:8])
}

// wrap says whose field an error of package check is about.
func wrap(owner string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("linear: %s: %w", owner, err)
}

// BalancedWeights are the class weights with which each class of a set counts as much as any other:
//
//	weight = examples / (classes * examples of the class)
//
// and 1 for a class that has none. With class names instead of Classes, there are as many as names. It panics if a
// label has no class.
func BalancedWeights[T kernels.Float](s Set[T]) []float64 {
	classes := cmp.Or(s.Classes, len(s.ClassNames))
	counts := make([]int, classes)
	for _, y := range s.Labels {
		counts[y]++
	}
	weights := make([]float64, classes)
	for i, n := range counts {
		weights[i] = 1
		if n > 0 {
			weights[i] = float64(len(s.Labels)) / (float64(classes) * float64(n))
		}
	}
	return weights
}
