package spagostrategy

import (
	"bytes"
	"encoding/gob"
	"slices"
	"sync"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

func init() {
	gob.Register(&State[float32]{})
	gob.Register(&State[float64]{})
}

// A State is what a [Strategy] keeps of a parameter.
type State[T bitstep.Float] struct {
	mu    sync.Mutex
	opt   *optim.Optimizer[T]
	x     []T    // what opt updates
	saved []byte // from a file, until the first step
}

// Optimizer returns what updates the parameter, for its learning rate, states, backend and threads; nil before the
// first step.
func (s *State[T]) Optimizer() *optim.Optimizer[T] { return s.opt }

// GobEncode is for spago, which saves a model with its parameters' states.
func (s *State[T]) GobEncode() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opt == nil {
		return s.saved, nil
	}
	var b bytes.Buffer
	file := checkpoint.New()
	s.opt.Snapshot(file, "")
	err := file.Encode(&b)
	return b.Bytes(), err
}

// GobDecode is for spago, which loads a model with its parameters' states.
func (s *State[T]) GobDecode(data []byte) error {
	s.opt, s.x, s.saved = nil, nil, slices.Clone(data)
	return nil
}

// restore gives an optimizer of x the saved states, but not the saved x: the model has its own.
func (s *State[T]) restore(opt *optim.Optimizer[T], x []T) error {
	file, err := checkpoint.Decode(bytes.NewReader(s.saved), int64(len(s.saved)))
	if err != nil {
		return err
	}
	now := slices.Clone(x)
	if err := opt.Restore(file, ""); err != nil {
		return err
	}
	copy(x, now)
	s.saved = nil
	return nil
}
