package linear

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

// TrainConfig says how a [Trainer] trains. The zero value is a good start: the lecture's SVM and Adam,
// shuffled minibatches of 256, ten epochs.
type TrainConfig struct {
	Loss   Loss    // nil: SVM{}
	Lambda float64 // of lambda * sum of W^2; at least 0

	Optimizer optim.Config      // nil: optim.Adam{}
	Options   optim.Options     // clipping and the like
	Schedule  schedule.Schedule // nil: a constant rate. A schedule.Observer is told of every epoch's end

	Batch    int    // examples per step; 0: 256
	Epochs   int    // 0: 10
	Sampling string // how examples are drawn: sequential, shuffled or replacement; "": shuffled

	// Seed decides the weights at the start and the order of the examples.
	Seed uint64

	// InitScale is the standard deviation of the weights at the start; 0: InitScale, the lecture's 0.0001.
	InitScale float64

	// Patience ends the run after that many epochs in a row without a better accuracy on the validation set,
	// which must be there, than any before. The run's model is then that of its best epoch. 0: never.
	Patience int

	// Threads limits the threads of a step; 0: GOMAXPROCS. Results do not depend on it.
	Threads int

	// Checkpoint is the file that a run is saved to: every CheckpointSteps steps if that is not 0, after
	// every CheckpointEpochs epochs (0: 1), at the end, and when the run is cancelled. "": none.
	Checkpoint       string
	CheckpointSteps  uint64
	CheckpointEpochs int

	// Progress, unless nil, is called every ProgressSteps steps (0: 1) and after every epoch, on the
	// goroutine of Run.
	Progress      func(Progress)
	ProgressSteps uint64
}

// The defaults of a [TrainConfig].
const (
	DefaultBatch  = 256
	DefaultEpochs = 10
)

// withDefaults returns c with its zero fields filled in, or an error that names a field, its value and what
// is wanted.
func (c TrainConfig) withDefaults() (TrainConfig, error) {
	if c.Loss == nil {
		c.Loss = SVM{}
	}
	if c.Optimizer == nil {
		c.Optimizer = optim.Adam{}
	}
	if c.Batch == 0 {
		c.Batch = DefaultBatch
	}
	if c.Epochs == 0 {
		c.Epochs = DefaultEpochs
	}
	if c.Sampling == "" {
		c.Sampling = dataset.KindShuffled.String()
	}
	if c.InitScale == 0 {
		c.InitScale = InitScale
	}
	if c.CheckpointEpochs == 0 {
		c.CheckpointEpochs = 1
	}
	if c.ProgressSteps == 0 {
		c.ProgressSteps = 1
	}
	for _, f := range []struct {
		name  string
		value int
		least int
	}{{"Batch", c.Batch, 1}, {"Epochs", c.Epochs, 1}, {"Patience", c.Patience, 0}, {"Threads", c.Threads, 0},
		{"CheckpointEpochs", c.CheckpointEpochs, 1}} {
		if f.value < f.least {
			return c, fmt.Errorf("linear: TrainConfig: %s = %d, want at least %d", f.name, f.value, f.least)
		}
	}
	if notFinite(c.InitScale) || c.InitScale < 0 {
		return c, fmt.Errorf("linear: TrainConfig: InitScale = %v, want a number of at least 0", c.InitScale)
	}
	if c.CheckpointSteps != 0 && c.Checkpoint == "" {
		return c, fmt.Errorf("linear: TrainConfig: CheckpointSteps = %d without Checkpoint, the file",
			c.CheckpointSteps)
	}
	return c, nil
}

// Data is what a trainer trains on, and measures itself by. Validation and Test may be empty.
type Data[T kernels.Float] struct {
	Train, Validation, Test Set[T]
}

// Progress is how far a run is.
type Progress struct {
	Step, Steps     uint64 // steps taken; of a run that is not stopped early
	Epoch, Epochs   int    // the current epoch, from 1
	Loss            float64
	ImagesPerSecond float64 // of steps alone, since the last report
	Ended           *Epoch  // the epoch, if this step ended it

	at time.Time // of the step's end, before what follows an epoch
}

// An Epoch is the record of one pass over the training set.
type Epoch struct {
	Number int    // from 1
	Steps  uint64 // taken by its end

	// Mean loss and share of correct predictions over the epoch's examples, each as its step found it,
	// before it changed the weights. Losses include the regularisation.
	TrainLoss, TrainAccuracy float64

	// After the epoch; 0 without a validation set.
	ValidationLoss, ValidationAccuracy float64
}

// A Result is what a run came to.
type Result[T kernels.Float] struct {
	Model  *Model[T] // a copy
	Epochs []Epoch
	Steps  uint64

	// Best is the number of the epoch with the best validation accuracy, the first of equal ones, or 0
	// without a validation set. Early tells that the run ended by Patience. With Patience, Model is that of
	// the best epoch.
	Best  int
	Early bool

	// How Model does on each set; of no examples where there is no set.
	Train, Validation, Test Evaluation
}

// A Trainer trains a model by minibatches. Given the same data and configuration it makes the same weights,
// to the bit, on every machine, backend and number of threads, whether its run was interrupted and resumed
// or not. It is not safe for concurrent use.
type Trainer[T kernels.Float] struct {
	c       TrainConfig
	data    Data[T]
	train   *Problem[T]
	others  [2]*Problem[T] // validation and test, or nil
	model   *Model[T]
	opt     *optim.Optimizer[T]
	sampler dataset.Sampler
	digest  string // of the training set's labels

	// The epoch so far.
	lossSum  float64 // of loss*examples
	examples int
	correct  int

	taken  int // examples of the last step
	epochs []Epoch
	best   []T // weights of the best epoch, or nil
	failed error
	saved  struct { // the last checkpoint
		path string
		step uint64
	}

	batch []int
	grad  []T
	times Times
}

// NewTrainer returns a trainer at its start. An error names a field, its value and what is wanted.
func NewTrainer[T kernels.Float](c TrainConfig, d Data[T]) (*Trainer[T], error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	t := &Trainer[T]{c: c, data: d, batch: make([]int, c.Batch), digest: labelsDigest(d.Train.Labels)}
	pc := ProblemConfig{Loss: c.Loss, Lambda: c.Lambda, Threads: c.Threads}
	if t.train, err = NewProblem(d.Train, pc); err != nil {
		return nil, fmt.Errorf("training set: %w", err)
	}
	for i, s := range []Set[T]{d.Validation, d.Test} {
		if s.Source == nil {
			continue
		}
		name := [...]string{"validation set", "test set"}[i]
		p, err := NewProblem(s, pc)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if p.Classes() != t.train.Classes() || p.Features() != t.train.Features() {
			return nil, fmt.Errorf("linear: %s: %d classes of %d features, want %d of %d as the training set has", name,
				p.Classes(), p.Features(), t.train.Classes(), t.train.Features())
		}
		t.others[i] = p
	}
	if c.Patience > 0 && t.others[0] == nil {
		return nil, fmt.Errorf("linear: TrainConfig: Patience = %d without a validation set", c.Patience)
	}
	kind, err := dataset.ParseSamplerKind(c.Sampling)
	if err != nil {
		return nil, fmt.Errorf("linear: TrainConfig: Sampling: %w", err)
	}
	if t.sampler, err = (dataset.SamplerState{Kind: kind, N: t.train.Len(), Seed: c.Seed}).New(); err != nil {
		return nil, err
	}
	t.model = NewModel[T](t.train.Classes(), t.train.Features())
	t.model.Init(c.InitScale, c.Seed)
	t.grad = make([]T, len(t.model.W))
	group := optim.Group[T]{Name: "weights", Config: c.Optimizer, Params: [][]T{t.model.W}}
	if t.opt, err = optim.NewGroups(c.Options, group); err != nil {
		return nil, err
	}
	t.opt.SetSchedule(c.Schedule)
	return t.On(bitstep.Active()), nil
}

// On makes the trainer run on that backend, and returns it.
func (t *Trainer[T]) On(b bitstep.Backend) *Trainer[T] {
	for _, p := range []*Problem[T]{t.train, t.others[0], t.others[1]} {
		if p != nil {
			p.On(b)
		}
	}
	t.opt.SetEngine(t.train.backend)
	return t
}

// StepsPerEpoch is how many minibatches the training set makes.
func (t *Trainer[T]) StepsPerEpoch() uint64 { return StepsPerEpoch(t.train.Len(), t.c.Batch) }

// StepsPerEpoch is how many batches n examples make: the last one may be short.
func StepsPerEpoch(n, batch int) uint64 { return (uint64(n) + uint64(batch) - 1) / uint64(batch) }

// Steps is how many steps have been taken.
func (t *Trainer[T]) Steps() uint64 { return t.opt.Steps() }

// Epochs returns the record of the epochs so far.
func (t *Trainer[T]) Epochs() []Epoch { return append([]Epoch(nil), t.epochs...) }

// Model returns the model, which further steps change.
func (t *Trainer[T]) Model() *Model[T] { return t.model }

// TakeTimes returns how long the parts of the steps since the last TakeTimes took, summed over threads, and
// turns measuring on. It costs nothing before the first use.
func (t *Trainer[T]) TakeTimes() Times {
	times := t.times
	times.add(t.train.TakeTimes())
	t.times = Times{}
	return times
}

// An InterruptedError says that a run was cancelled, and where it can go on.
type InterruptedError struct {
	Step       uint64
	Checkpoint string // the file that Resume takes, or ""
	Cause      error  // of the context
}

func (e *InterruptedError) Error() string {
	where := "not saved"
	if e.Checkpoint != "" {
		where = "saved to " + e.Checkpoint
	}
	return fmt.Sprintf("linear: training interrupted after step %d, %s: %v", e.Step, where, e.Cause)
}

func (e *InterruptedError) Unwrap() error { return e.Cause }

// Run trains until the last epoch has ended, or Patience has, and returns the result. A trainer that has
// been resumed goes on where the checkpoint was made.
//
// If ctx is cancelled, Run finishes the step, saves a checkpoint if there is a file for it, and returns an
// [InterruptedError]. If the loss or the weights stop being finite numbers, it returns an error that tells
// the step; the last checkpoint before stays.
func (t *Trainer[T]) Run(ctx context.Context) (*Result[T], error) {
	t.train.pass.hold(t.c.Threads)
	defer t.train.pass.dismiss()
	started, images := time.Now(), 0
	for !t.done() {
		if ctx.Err() != nil {
			return nil, t.interrupt(context.Cause(ctx))
		}
		p, err := t.Step()
		if err != nil {
			return nil, err
		}
		images += t.taken
		p.ImagesPerSecond = float64(images) / p.at.Sub(started).Seconds()
		due := t.c.CheckpointSteps != 0 && p.Step%t.c.CheckpointSteps == 0 ||
			p.Ended != nil && p.Epoch%t.c.CheckpointEpochs == 0
		if due && t.c.Checkpoint != "" {
			if err := t.Save(t.c.Checkpoint); err != nil {
				return nil, err
			}
		}
		if t.c.Progress != nil && (p.Step%t.c.ProgressSteps == 0 || p.Ended != nil) {
			t.c.Progress(p)
			started, images = time.Now(), 0
		}
	}
	if t.c.Checkpoint != "" && (t.saved.path != t.c.Checkpoint || t.saved.step != t.Steps()) {
		if err := t.Save(t.c.Checkpoint); err != nil {
			return nil, err
		}
	}
	return t.result(), nil
}

func (t *Trainer[T]) interrupt(cause error) error {
	if t.c.Checkpoint != "" {
		if err := t.Save(t.c.Checkpoint); err != nil {
			return errors.Join(cause, err)
		}
	}
	return &InterruptedError{Step: t.Steps(), Checkpoint: t.c.Checkpoint, Cause: cause}
}

// done reports whether no epoch is left, or patience is at its end.
func (t *Trainer[T]) done() bool { return len(t.epochs) >= t.c.Epochs || t.impatient() }

func (t *Trainer[T]) impatient() bool {
	return t.c.Patience > 0 && len(t.epochs)-t.bestEpoch() >= t.c.Patience
}

// bestEpoch is the number of the first epoch with the best validation accuracy, or 0.
func (t *Trainer[T]) bestEpoch() int {
	best := 0
	if t.others[0] == nil {
		return best
	}
	for _, e := range t.epochs {
		if best == 0 || e.ValidationAccuracy > t.epochs[best-1].ValidationAccuracy {
			best = e.Number
		}
	}
	return best
}

// Step takes one minibatch, and measures the model if it was the epoch's last. It allocates nothing but
// records of epochs. Run is a loop of steps with checkpoints and reports, and an end; ImagesPerSecond is
// known to its reports alone.
func (t *Trainer[T]) Step() (Progress, error) {
	p := Progress{Steps: uint64(t.c.Epochs) * t.StepsPerEpoch(), Epoch: len(t.epochs) + 1, Epochs: t.c.Epochs}
	if t.failed != nil {
		return p, t.failed
	}
	n := t.sampler.Next(t.batch)
	p.Loss = t.train.lossGradient(t.model.W, t.grad, t.batch[:n], true)
	if notFinite(p.Loss) {
		return p, t.fail(fmt.Sprintf("loss = %v at step %d in epoch %d", p.Loss, t.Steps()+1, p.Epoch))
	}
	t.lossSum += float64(p.Loss * float64(n))
	t.examples += n
	t.correct += t.train.pass.correct
	t.taken = n
	start := time.Now()
	t.opt.Step(t.grad)
	p.at = time.Now()
	t.times.Update += p.at.Sub(start)
	p.Step = t.Steps()
	if t.sampler.Snapshot().Position == 0 {
		t.endEpoch()
		p.Ended = &t.epochs[len(t.epochs)-1]
	}
	return p, nil
}

// fail ends training: what follows from numbers that are not finite is worth nothing, and must not replace
// a checkpoint.
func (t *Trainer[T]) fail(what string) error {
	kept := ""
	if t.saved.path != "" {
		kept = fmt.Sprintf("; %s keeps the state after step %d", t.saved.path, t.saved.step)
	}
	t.failed = fmt.Errorf("linear: training: %s: try a smaller learning rate%s", what, kept)
	return t.failed
}

// endEpoch measures the model and writes the epoch's record.
func (t *Trainer[T]) endEpoch() {
	e := Epoch{Number: len(t.epochs) + 1, Steps: t.Steps(), TrainLoss: t.lossSum / float64(t.examples),
		TrainAccuracy: float64(t.correct) / float64(t.examples)}
	loss, accuracy := e.TrainLoss, e.TrainAccuracy
	if v := t.others[0]; v != nil {
		m := v.Evaluate(t.model.W)
		e.ValidationLoss, e.ValidationAccuracy = m.Loss, m.Accuracy()
		loss, accuracy = e.ValidationLoss, e.ValidationAccuracy
	}
	if s, ok := t.c.Schedule.(schedule.Observer); ok {
		value := loss
		if s.Wants() == schedule.Accuracy {
			value = accuracy
		}
		s.Observe(t.opt.Steps(), value)
	}
	t.epochs = append(t.epochs, e)
	t.lossSum, t.examples, t.correct = 0, 0, 0
	if t.bestEpoch() == e.Number {
		t.best = append(t.best[:0], t.model.W...)
	}
}

func (t *Trainer[T]) result() *Result[T] {
	m := NewModel[T](t.model.Classes, t.model.Features)
	copy(m.W, t.model.W)
	if t.c.Patience > 0 {
		copy(m.W, t.best)
	}
	r := &Result[T]{Model: m, Epochs: t.Epochs(), Steps: t.Steps(), Best: t.bestEpoch(), Early: t.impatient()}
	steps := t.train.pass.times // those of the evaluation are none of a step
	r.Train = t.train.Evaluate(m.W)
	t.train.pass.times = steps
	for i, e := range []*Evaluation{&r.Validation, &r.Test} {
		if t.others[i] != nil {
			*e = t.others[i].Evaluate(m.W)
		}
	}
	return r
}

// finite reports whether all weights are finite.
func (t *Trainer[T]) finite() bool {
	top := t.train.backend.MaxAbs(t.model.W)
	return !math.IsNaN(float64(top)) && !math.IsInf(float64(top), 0)
}
