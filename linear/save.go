package linear

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

// A trainer's checkpoint is one file in the format of [checkpoint.File]: what the optimizer and the
// preprocessing put under their prefixes, and
//
//	weights                 the model, classes x features
//	best                    that of the best epoch, if there is a validation set and an epoch has ended
//	history                 epochs x 5: steps, training loss and accuracy, validation loss and accuracy
//	metadata trainer.*      the loss, the sampler's state, the sums of the epoch so far, and what a run
//	                        that goes on must agree with
//
// Equal runs make equal files, byte for byte, on every machine.
const (
	trainerVersion = "1"

	weightsTensor = "weights"
	bestTensor    = "best"
	historyTensor = "history"

	optimizerPrefix  = "optimizer."
	schedulePrefix   = "schedule."
	preprocessPrefix = "preprocess."

	metaVersion  = "trainer.version"
	metaLoss     = "trainer.loss"
	metaLambda   = "trainer.lambda"
	metaBatch    = "trainer.batch"
	metaLabels   = "trainer.labels" // digest of the training set's
	metaSampler  = "trainer.sampler"
	metaLossSum  = "trainer.epoch.loss"
	metaExamples = "trainer.epoch.examples"
	metaCorrect  = "trainer.epoch.correct"
)

const historyColumns = 5

// labelsDigest tells sets apart: the first 16 hexadecimal digits of the SHA-256 of the labels.
func labelsDigest(labels []uint8) string {
	sum := sha256.Sum256(labels)
	return hex.EncodeToString(sum[:8])
}

// Save writes the run's state to a checkpoint, as [checkpoint.File.WriteFile] does: the file is replaced
// whole or not at all. It refuses to save weights that are not finite.
func (t *Trainer[T]) Save(path string) error {
	if t.failed != nil {
		return t.failed
	}
	if !t.finite() {
		return t.fail(fmt.Sprintf("weights are not finite after step %d in epoch %d", t.Steps(), len(t.epochs)+1))
	}
	if err := t.snapshot().WriteFile(path); err != nil {
		return err
	}
	t.saved.path, t.saved.step = path, t.Steps()
	return nil
}

func (t *Trainer[T]) snapshot() *checkpoint.File {
	c := checkpoint.New()
	shape := []int{t.model.Classes, t.model.Features}
	checkpoint.Put(c, weightsTensor, shape, t.model.W)
	if t.best != nil {
		checkpoint.Put(c, bestTensor, shape, t.best)
	}
	history := make([]float64, 0, len(t.epochs)*historyColumns)
	for _, e := range t.epochs {
		history = append(history, float64(e.Steps), e.TrainLoss, e.TrainAccuracy, e.ValidationLoss,
			e.ValidationAccuracy)
	}
	checkpoint.Put(c, historyTensor, []int{len(t.epochs), historyColumns}, history)
	t.opt.Snapshot(c, optimizerPrefix)
	if s, ok := t.c.Schedule.(schedule.Observer); ok {
		s.Snapshot(c, schedulePrefix)
	}
	t.data.Train.Preprocess.Snapshot(c, preprocessPrefix)
	for _, f := range t.fixed() {
		c.SetMeta(f.key, f.value)
	}
	c.SetMeta(metaSampler, t.sampler.Snapshot().String())
	c.SetMetaFloat(metaLossSum, t.lossSum)
	c.SetMetaUint(metaExamples, uint64(t.examples))
	c.SetMetaUint(metaCorrect, uint64(t.correct))
	return c
}

// fixed is what a checkpoint and the trainer that takes it must agree in, beyond what the optimizer compares.
func (t *Trainer[T]) fixed() []struct{ key, value string } {
	return []struct{ key, value string }{
		{metaVersion, trainerVersion},
		{metaLoss, t.c.Loss.Name()},
		{metaLambda, strconv.FormatFloat(t.c.Lambda, 'x', -1, 64)},
		{metaBatch, strconv.Itoa(t.c.Batch)},
		{metaLabels, t.digest},
	}
}

// Resume sets the trainer to the state in a checkpoint, from which Run goes on: the weights come out as
// those of a run that was never interrupted, to the bit. Loss, lambda, batch, sampling, seed, optimizer,
// preprocessing and the training set's labels must be the checkpoint's; number of epochs, patience, threads,
// backend and schedule may differ, but a schedule with Observe must be the checkpoint's. The error names the
// file, and the trainer is then as it was.
func (t *Trainer[T]) Resume(path string) error {
	c, err := checkpoint.Read(path)
	if err != nil {
		return err
	}
	if err := t.restore(c); err != nil {
		return fmt.Errorf("linear: resuming from %s: %w", path, err)
	}
	t.saved.path, t.saved.step = path, t.Steps()
	return nil
}

// restore is all or nothing: everything is read and checked before anything is set.
func (t *Trainer[T]) restore(c *checkpoint.File) error {
	for _, f := range t.fixed() {
		switch got, ok := c.Meta(f.key); {
		case !ok:
			return fmt.Errorf("no metadata %s: not the checkpoint of a trainer", f.key)
		case got != f.value:
			return fmt.Errorf("%s is %q, this trainer's is %q", f.key, got, f.value)
		}
	}
	shape := []int{t.model.Classes, t.model.Features}
	weights, err := checkpoint.Get[T](c, weightsTensor, shape)
	if err != nil {
		return err
	}
	epochs, err := readHistory(c)
	if err != nil {
		return err
	}
	best := []T(nil)
	if len(epochs) > 0 && t.others[0] != nil {
		if best, err = checkpoint.Get[T](c, bestTensor, shape); err != nil {
			return err
		}
	}
	var pre dataset.Preprocess
	if err := pre.Restore(c, preprocessPrefix); err != nil {
		return err
	}
	made := t.data.Train.Preprocess
	if made.Scale == 0 {
		made.Scale = dataset.DefaultScale
	}
	if pre.Scale != made.Scale || !slices.Equal(pre.Mean, made.Mean) {
		return fmt.Errorf("%s: the features were made in another way than this trainer's", preprocessPrefix)
	}
	var state dataset.SamplerState
	text, _ := c.Meta(metaSampler)
	if err := state.UnmarshalText([]byte(text)); err != nil {
		return err
	}
	own := t.sampler.Snapshot()
	if state.Kind != own.Kind || state.N != own.N || state.Seed != own.Seed {
		return fmt.Errorf("%s: %v, want kind %v, n %d and seed %d", metaSampler, state, own.Kind, own.N, own.Seed)
	}
	lossSum, err := c.MetaFloat(metaLossSum)
	if err != nil {
		return err
	}
	var counts [2]int
	for i, key := range []string{metaExamples, metaCorrect} {
		n, err := c.MetaUint(key)
		if err != nil {
			return err
		}
		if n > uint64(state.Position) {
			return fmt.Errorf("%s = %d, want at most the %d examples of the epoch so far", key, n, state.Position)
		}
		counts[i] = int(n)
	}
	if uint64(len(epochs)) != state.Epoch || counts[0] != state.Position {
		return fmt.Errorf("%s: %v, but %d epochs in the history and %d examples since", metaSampler, state,
			len(epochs), counts[0])
	}
	if err := t.restoreOptimizer(c, weights); err != nil {
		return err
	}
	if err := t.sampler.Restore(state); err != nil {
		panic("linear: Trainer: " + err.Error()) // it was checked
	}
	t.lossSum, t.examples, t.correct = lossSum, counts[0], counts[1]
	t.epochs, t.best, t.failed = epochs, best, nil
	return nil
}

// restoreOptimizer restores the optimizer and the schedule, or neither.
func (t *Trainer[T]) restoreOptimizer(c *checkpoint.File, weights []T) error {
	before := checkpoint.New()
	t.opt.Snapshot(before, optimizerPrefix)
	if err := t.opt.Restore(c, optimizerPrefix); err != nil {
		return err
	}
	undo := func(err error) error {
		if back := t.opt.Restore(before, optimizerPrefix); back != nil {
			panic("linear: Trainer: " + back.Error()) // its own state of a moment ago
		}
		return err
	}
	if !slices.Equal(t.model.W, weights) {
		return undo(fmt.Errorf("tensor %s is not what the optimizer has", weightsTensor))
	}
	if s, ok := t.c.Schedule.(schedule.Observer); ok {
		if err := s.Restore(c, schedulePrefix); err != nil {
			return undo(err)
		}
	}
	return nil
}

func readHistory(c *checkpoint.File) ([]Epoch, error) {
	h, ok := c.Tensor(historyTensor)
	if !ok || len(h.Shape) != 2 || h.Shape[1] != historyColumns {
		return nil, fmt.Errorf("tensor %s: shape %v, want epochs x %d", historyTensor, h.Shape, historyColumns)
	}
	rows, err := checkpoint.Get[float64](c, historyTensor, h.Shape)
	if err != nil {
		return nil, err
	}
	var epochs []Epoch
	steps := uint64(0)
	for i := range h.Shape[0] {
		r := rows[i*historyColumns:][:historyColumns]
		if !(r[0] > float64(steps) && r[0] < 1<<53) {
			return nil, fmt.Errorf("tensor %s: epoch %d ends at step %v, want more than %d", historyTensor, i+1, r[0],
				steps)
		}
		steps = uint64(r[0])
		epochs = append(epochs, Epoch{i + 1, steps, r[1], r[2], r[3], r[4]})
	}
	return epochs, nil
}

// LoadModel returns the model in a trainer's checkpoint, and how its features are made of an image. The
// element type must be the file's.
func LoadModel[T kernels.Float](path string) (*Model[T], dataset.Preprocess, error) {
	c, err := checkpoint.Read(path)
	if err != nil {
		return nil, dataset.Preprocess{}, err
	}
	m, pre, err := loadModel[T](c)
	if err != nil {
		return nil, dataset.Preprocess{}, fmt.Errorf("linear: loading the model from %s: %w", path, err)
	}
	return m, pre, nil
}

func loadModel[T kernels.Float](c *checkpoint.File) (*Model[T], dataset.Preprocess, error) {
	var pre dataset.Preprocess
	w, ok := c.Tensor(weightsTensor)
	if !ok || len(w.Shape) != 2 || w.Shape[0] < 1 || w.Shape[1] < 1 {
		return nil, pre, fmt.Errorf("tensor %s: shape %v, want classes x features", weightsTensor, w.Shape)
	}
	data, err := checkpoint.Get[T](c, weightsTensor, w.Shape)
	if err != nil {
		return nil, pre, err
	}
	if err := pre.Restore(c, preprocessPrefix); err != nil {
		return nil, pre, err
	}
	return &Model[T]{Classes: w.Shape[0], Features: w.Shape[1], W: data}, pre, nil
}
