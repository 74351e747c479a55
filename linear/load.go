package linear

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

// snapshot adds the model to a checkpoint. A loss of the user's is there by its name alone.
func (m *Model[T]) snapshot(c *checkpoint.File) {
	checkpoint.Put(c, weightsTensor, []int{m.Classes, m.Features}, m.W)
	m.Preprocess.Snapshot(c, preprocessPrefix)
	if m.Loss != nil {
		c.SetMeta(metaLoss, m.Loss.Name())
	}
}

// Save writes the model to a file of its own, as [checkpoint.File.WriteFile] does: the file is replaced whole or not
// at all. [LoadModel] reads it. A model that it would not read is an error: with another number of weights or names
// than Classes and Features say, or a name or a loss's name that is not UTF-8, or a Preprocess that fails its Check.
func (m *Model[T]) Save(path string) error {
	if err := m.check(); err != nil {
		return fmt.Errorf("linear: writing the model to %s: %w", path, err)
	}
	c := checkpoint.New()
	m.snapshot(c)
	names, err := json.Marshal(m.ClassNames)
	if err != nil {
		return fmt.Errorf("linear: writing the model to %s: %w", path, err)
	}
	c.SetMeta(metaClasses, string(names))
	return c.WriteFile(path)
}

func (m *Model[T]) check() error {
	if m.Classes < 1 || m.Features < 1 || len(m.W)%m.Classes != 0 || len(m.W)/m.Classes != m.Features {
		return fmt.Errorf("len(W) = %d, want a weight for each of %d classes x %d features", len(m.W), m.Classes,
			m.Features)
	}
	return cmp.Or(checkNames(m.ClassNames, m.Classes), m.Preprocess.Check())
}

// LoadModel returns the model in the file of a model or in a trainer's checkpoint, with the names of its
// classes, the preprocessing of its images and its loss (nil if that is none of this package's). Of a checkpoint
// it is the model that the run returned, or would return if it ended there: with Patience that of the best epoch,
// and otherwise the last; [LoadBest] and [LoadLast] return either. The element type must be the file's.
func LoadModel[T kernels.Float](path string) (*Model[T], error) { return load[T](path, "") }

// LoadLast returns the model after the last step of a trainer's checkpoint.
func LoadLast[T kernels.Float](path string) (*Model[T], error) { return load[T](path, weightsTensor) }

// LoadBest returns the model of the best epoch of a trainer's checkpoint. There is none without a validation set, or
// before an epoch's end, which is an error.
func LoadBest[T kernels.Float](path string) (*Model[T], error) { return load[T](path, bestTensor) }

func load[T kernels.Float](path, tensor string) (*Model[T], error) {
	c, err := checkpoint.Read(path)
	if err != nil {
		return nil, err
	}
	m, err := loadModel[T](c, tensor)
	if err != nil {
		return nil, fmt.Errorf("linear: loading the model: %w", err) // which names the file
	}
	return m, nil
}

// loadModel returns the model of a tensor, or for "" of that which is the run's.
func loadModel[T kernels.Float](c *checkpoint.File, tensor string) (*Model[T], error) {
	if tensor == "" {
		var ok bool
		if tensor, ok = c.Meta(metaReported); !ok { // the file of a model, or older than the key
			tensor = weightsTensor
		}
	}
	w, ok := c.Tensor(tensor)
	if !ok {
		return nil, c.Errorf("no tensor %s", tensor)
	}
	if len(w.Shape) != 2 || w.Shape[0] < 1 || w.Shape[1] < 1 {
		return nil, c.Errorf("tensor %s: shape %v, want classes x features", tensor, w.Shape)
	}
	data, err := checkpoint.Get[T](c, tensor, w.Shape)
	if err != nil {
		return nil, err
	}
	m := &Model[T]{Classes: w.Shape[0], Features: w.Shape[1], W: data}
	if err := m.Preprocess.Restore(c, preprocessPrefix); err != nil {
		return nil, err
	}
	if name, ok := c.Meta(metaLoss); ok {
		m.Loss, _ = ParseLoss(name)
	}
	text, ok := c.Meta(metaClasses)
	if !ok {
		return m, nil
	}
	if err := json.Unmarshal([]byte(text), &m.ClassNames); err != nil {
		return nil, c.Errorf("metadata %s = %q: %w", metaClasses, text, err)
	}
	if err := checkNames(m.ClassNames, m.Classes); err != nil {
		return nil, c.Errorf("metadata %s: %w", metaClasses, err)
	}
	return m, nil
}
