package linear

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

// A trainer's checkpoint is one file in the format of [checkpoint.File]: what the optimizer, the schedule if it
// observes, and the preprocessing put under their prefixes, and
//
//	weights                 the model, classes x features, of the type of features however the optimizer stores it
//	best                    that of the best epoch, if there is a validation set and an epoch has ended
//	history                 epochs x 5: steps, training loss and accuracy, validation loss and accuracy
//	metadata trainer.*      the sampler's state, the sums of the epoch so far, and what a run that goes on must
//	                        agree with
//	metadata model.*        which of the first two tensors is the run's model, and the names of its classes
//
// A model's file is weights, preprocessing, trainer.loss and model.*. Equal runs make equal files, byte for byte, on
// every machine.
const (
	trainerVersion = "1"

	weightsTensor = "weights"
	bestTensor    = "best"
	historyTensor = "history"

	optimizerPrefix  = "optimizer."
	schedulePrefix   = "schedule."
	preprocessPrefix = "preprocess."

	metaVersion    = "trainer.version"
	metaLoss       = "trainer.loss"
	metaLambda     = "trainer.lambda"
	metaFreeBias   = "trainer.freebias"
	metaWeights    = "trainer.classweights"
	metaBatch      = "trainer.batch"
	metaInitScale  = "trainer.initscale"
	metaMonitor    = "trainer.monitor"
	metaLabels     = "trainer.labels" // digest of the training set's targets
	metaValidation = "trainer.validation"
	metaSampler    = "trainer.sampler"
	metaLossSum    = "trainer.epoch.loss"
	metaExamples   = "trainer.epoch.examples"
	metaCorrect    = "trainer.epoch.correct"
	metaStorage    = "trainer.weights" // unless they are as ever: no file had it before there were others

	metaReported = "model.tensor"
	metaClasses  = "model.classes" // JSON
)

const historyColumns = 5

// Save writes the run's state to a checkpoint, as [checkpoint.File.WriteFile] does: the file is replaced
// whole or not at all. It refuses to save weights that are not finite.
func (t *Trainer[T]) Save(path string) error {
	c, err := t.Snapshot()
	if err != nil {
		return err
	}
	if err := c.WriteFile(path); err != nil {
		return err
	}
	t.setSaved(path)
	return nil
}

// Snapshot returns the run's state, as Save writes it to a file.
func (t *Trainer[T]) Snapshot() (*checkpoint.File, error) {
	if err := t.checkFinite(); err != nil {
		return nil, err
	}
	return t.snapshot(), nil
}

// setSaved notes that the file holds the present state.
func (t *Trainer[T]) setSaved(path string) {
	t.saved.path, t.saved.step, t.saved.taken, t.saved.reported = path, t.Steps(), t.Drawn(), t.reported()
}

func (t *Trainer[T]) snapshot() *checkpoint.File {
	c := checkpoint.New()
	t.model.snapshot(c)
	c.SetMeta(metaReported, t.reported())
	if t.best != nil {
		checkpoint.Put(c, bestTensor, []int{t.model.Classes, t.model.Features}, t.best)
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
	for _, f := range t.fixed() {
		if f.key != metaLoss && (f.key != metaStorage || f.value != f.before) { // the model has the loss
			c.SetMeta(f.key, f.value)
		}
	}
	c.SetMeta(metaSampler, t.sampler.Snapshot().String())
	c.SetMetaFloat(metaLossSum, t.lossSum)
	c.SetMetaUint(metaExamples, uint64(t.examples))
	c.SetMetaUint(metaCorrect, uint64(t.correct))
	return c
}

// A fact is what a checkpoint and the trainer that takes it must agree in.
type fact struct {
	key, value string
	field      string // of this package's configuration, for messages
	before     string // what a checkpoint means that is older than the key; "": any value
}

// required is the before of a key that every checkpoint has.
const required = "required"

// fixed is what must agree beyond what optimizer, schedule and preprocessing compare.
func (t *Trainer[T]) fixed() []fact {
	number := func(x float64) string { return strconv.FormatFloat(x, 'x', -1, 64) }
	var weights []string
	for _, w := range t.c.ClassWeights {
		weights = append(weights, number(w))
	}
	names, _ := json.Marshal(t.model.ClassNames)
	return []fact{
		{metaVersion, trainerVersion, "", required},
		{metaLoss, t.c.Loss.Name(), "Loss", required},
		{metaLambda, number(t.c.Lambda), "Lambda", required},
		{metaFreeBias, strconv.FormatBool(t.c.FreeBias), "FreeBias", "false"},
		{metaWeights, cmp.Or(strings.Join(weights, " "), "none"), "ClassWeights", "none"},
		{metaBatch, strconv.Itoa(t.c.Batch), "Batch", required},
		{metaInitScale, number(t.c.InitScale), "InitScale", ""},
		{metaMonitor, t.c.Monitor, "Monitor", monitorAccuracy},
		{metaStorage, t.c.Weights.String(), "Weights", optim.Full.String()},
		{metaLabels, t.digests.train, "the training set's targets", required},
		{metaValidation, cmp.Or(t.digests.validation, "none"), "the validation set's targets", ""},
		{metaClasses, string(names), "ClassNames", ""},
	}
}

// check compares a checkpoint's metadata.
func (f fact) check(c *checkpoint.File) error {
	got, ok := c.Meta(f.key)
	switch {
	case !ok && f.before == required:
		return c.Errorf("no metadata %s: not the checkpoint of a trainer", f.key)
	case !ok && f.before == "":
		return nil
	case !ok:
		got = f.before
	}
	if got != f.value {
		return c.Errorf("%s is %q, this trainer's is %q: %s must be that of the run", f.key, got, f.value,
			cmp.Or(f.field, "the version"))
	}
	return nil
}

// Resume sets the trainer to the state in a checkpoint, from which Run goes on: the weights come out as
// those of a run that was never interrupted, to the bit. What must be as in the checkpoint's run and what may be
// different is said at the fields of [TrainConfig]; the backend may differ. The labels or values of the training and
// the validation set, the names of the classes, the preprocessing, and whether there is a validation set at all must
// be the same; the test set may differ. The error names the file and what differs, and the trainer is then as it was.
func (t *Trainer[T]) Resume(path string) error {
	c, err := checkpoint.Read(path)
	if err != nil {
		return err
	}
	if err := t.Restore(c); err != nil {
		return err
	}
	t.setSaved(path)
	t.saved.reported, _ = c.Meta(metaReported)
	return nil
}

// Restore is Resume from a state that Snapshot returned or a file has.
func (t *Trainer[T]) Restore(c *checkpoint.File) error {
	if err := t.restore(c); err != nil {
		return fmt.Errorf("linear: resuming: %w", err) // which names the file
	}
	t.saved.path = ""
	return nil
}

// restore is all or nothing: everything is read and checked before anything is set.
func (t *Trainer[T]) restore(c *checkpoint.File) error {
	for _, f := range t.fixed() {
		if err := f.check(c); err != nil {
			return err
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
	_, had := c.Tensor(bestTensor)
	if validated := t.others[0] != nil; len(epochs) > 0 && had != validated {
		return c.Errorf("tensor %s, which a run with a validation set has: %v; this trainer has such a set: %v",
			bestTensor, had, validated)
	}
	if had {
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
		return c.Errorf("%s: the features were made in another way than this trainer's", preprocessPrefix)
	}
	var state dataset.SamplerState
	text, _ := c.Meta(metaSampler)
	if err := state.UnmarshalText([]byte(text)); err != nil {
		return c.Errorf("%s: %w", metaSampler, err)
	}
	own := t.sampler.Snapshot()
	if state.Kind != own.Kind || state.N != own.N || state.Seed != own.Seed {
		return c.Errorf("%s: %v, want kind %v, n %d and seed %d", metaSampler, state, own.Kind, own.N, own.Seed)
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
			return c.Errorf("%s = %d, want at most the %d examples of the epoch so far", key, n, state.Position)
		}
		counts[i] = int(n)
	}
	if uint64(len(epochs)) != state.Epoch || counts[0] != state.Position {
		return c.Errorf("%s: %v, but %d epochs in the history and %d examples since", metaSampler, state,
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
		var rate *optim.RateError
		if errors.As(err, &rate) {
			err = rate // without the advice to call SetLR, which a trainer has not
		}
		return fmt.Errorf("Optimizer and Options must be those of the run (a Schedule can scale its rates): %w", err)
	}
	undo := func(err error) error {
		if back := t.opt.Restore(before, optimizerPrefix); back != nil {
			panic("linear: Trainer: " + back.Error()) // its own state of a moment ago
		}
		t.halves.widen(t.train.backend, t.model.W)
		return err
	}
	t.halves.widen(t.train.backend, t.model.W)
	if !slices.Equal(t.model.W, weights) {
		return undo(c.Errorf("tensor %s is not what the optimizer has", weightsTensor))
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
		return nil, c.Errorf("tensor %s: shape %v, want epochs x %d", historyTensor, h.Shape, historyColumns)
	}
	rows, err := checkpoint.Get[float64](c, historyTensor, h.Shape)
	if err != nil {
		return nil, err
	}
	var epochs []Epoch
	steps := uint64(0)
	for i := range h.Shape[0] {
		r := rows[i*historyColumns:][:historyColumns]
		if !(r[0] >= float64(steps) && r[0] < 1<<53) { // equal: all of its steps were skipped
			return nil, c.Errorf("tensor %s: epoch %d ends at step %v, want at least %d", historyTensor, i+1, r[0],
				steps)
		}
		steps = uint64(r[0])
		epochs = append(epochs, Epoch{i + 1, steps, r[1], r[2], r[3], r[4]})
	}
	return epochs, nil
}
