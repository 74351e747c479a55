package linear

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

// Progress is how far a run is.
type Progress struct {
	Step, Steps     uint64 // steps taken; of a run that is not stopped early and skips none
	Skipped         uint64 // steps that SkipNonFinite of the optimizer's options has skipped, beside Step
	Epoch, Epochs   int    // the current epoch, from 1
	Loss            float64
	ImagesPerSecond float64 // of steps alone, since the last report
	Ended           *Epoch  // the epoch, if this step ended it

	at time.Time // of the step's end, before what follows an epoch
}

// A Trace is what a step has taken and found.
type Trace struct {
	Drawn uint64  // minibatches drawn so far: steps taken and skipped
	Batch []int   // the examples of this one, in order; to be read during the call only
	Loss  float64 // before the step
	Rate  float64 // the learning rate, with the schedule's factor
}

// An Epoch is the record of one pass over the training set.
type Epoch struct {
	Number int    // from 1
	Steps  uint64 // taken by its end

	// Mean loss and share of correct predictions over the epoch's examples, each as its step found it,
	// before it changed the weights. Losses include the regularisation.
	TrainLoss, TrainAccuracy float64

	// After the epoch; 0 without a validation set. Accuracies of numbers are 0.
	ValidationLoss, ValidationAccuracy float64
}

// A Result is what a run came to.
type Result[T kernels.Float] struct {
	Model  *Model[T] // a copy
	Epochs []Epoch
	Steps  uint64

	// Skipped is how many steps were skipped: see [Progress].
	Skipped uint64

	// Best is the number of the epoch that is the best by Monitor, the first of equal ones, or 0 without a
	// validation set. With Patience, Model is that of the best epoch.
	Best int

	// Early tells that Patience ended the run before its last epoch, Stopped that Stop ended it where it would have
	// gone on.
	Early, Stopped bool

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
	rates   noted // the schedule of c, if it has one
	sampler dataset.Sampler
	digests struct{ train, validation string } // of targets

	// The epoch so far.
	lossSum  float64 // of loss*examples
	examples int
	correct  int

	taken  int // examples of the last step
	epochs []Epoch
	best   []T // weights of the best epoch, or nil
	failed error
	saved  struct { // the last checkpoint
		path     string
		step     uint64
		taken    uint64 // minibatches
		reported string // tensor
	}

	batch, after []int // of this step, and likely of the next
	grad         []T
	halves       halves[T]
	times        Times
}

// NewTrainer returns a trainer at its start. An error names a field, its value and what is wanted.
func NewTrainer[T kernels.Float](c TrainConfig, d Data[T]) (*Trainer[T], error) {
	c, err := complete(c, d)
	if err != nil {
		return nil, err
	}
	train, err := newProblem(c, "training set", d.Train)
	if err != nil {
		return nil, err
	}
	c.Loss = train.c.Loss
	// A batch ends where an epoch does, so that a larger one is never filled.
	size := min(c.Batch, train.Len())
	t := &Trainer[T]{c: c, data: d, train: train, batch: make([]int, size), after: make([]int, size)}
	t.digests.train, t.digests.validation = d.Train.digest(), d.Validation.digest()
	for i, s := range []Set[T]{d.Validation, d.Test} {
		if s.Source == nil {
			continue
		}
		name := [...]string{"validation set", "test set"}[i]
		if t.others[i], err = newProblem(c, name, s); err != nil {
			return nil, err
		}
		if err := t.fits(name, s, t.others[i]); err != nil {
			return nil, err
		}
	}
	kind, err := dataset.ParseSamplerKind(c.Sampling)
	if err != nil {
		return nil, fmt.Errorf("linear: TrainConfig: Sampling: %w", err)
	}
	if t.sampler, err = (dataset.SamplerState{Kind: kind, N: t.train.Len(), Seed: c.Seed}).New(); err != nil {
		return nil, err
	}
	t.model = NewModel[T](t.train.Classes(), t.train.Features())
	t.model.ClassNames, t.model.Preprocess, t.model.Loss = d.Train.ClassNames, d.Train.Preprocess, c.Loss
	t.model.Init(c.InitScale, c.Seed)
	t.grad = make([]T, len(t.model.W))
	group := optim.Group[T]{Name: "weights", Config: c.Optimizer, Params: [][]T{t.model.W}}
	if c.Weights == optim.BF16 {
		t.halves = newHalves(t.train.backend, t.model.W, c.Options.Master)
		group.Params, group.Weights = nil, [][]kernels.BFloat16{t.halves.weights}
	}
	if !t.finite() {
		return nil, fmt.Errorf("linear: TrainConfig: InitScale = %v, which makes weights that are not finite",
			c.InitScale)
	}
	if t.opt, err = optim.NewGroups(c.Options, group); err != nil {
		return nil, err
	}
	if c.Schedule != nil {
		t.rates.Schedule = c.Schedule
		t.opt.SetSchedule(&t.rates)
	}
	return t.On(bitstep.Active()), nil
}

// On makes the trainer run on that backend, the sources of its data included, and returns it.
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

// StepsPerEpoch is how many batches n examples make: the last one may be short. It panics if n is negative or batch
// less than 1.
func StepsPerEpoch(n, batch int) uint64 {
	if n < 0 || batch < 1 {
		panic(fmt.Sprintf("linear: StepsPerEpoch: %d examples, batches of %d, want at least 0 and 1", n, batch))
	}
	return (uint64(n) + uint64(batch) - 1) / uint64(batch)
}

// Steps is how many steps have been taken.
func (t *Trainer[T]) Steps() uint64 { return t.opt.Steps() }

// Skipped is how many steps were skipped: see [Progress].
func (t *Trainer[T]) Skipped() uint64 { return t.opt.Skipped() }

// Drawn is how many minibatches have been drawn: for steps taken and skipped.
func (t *Trainer[T]) Drawn() uint64 { return t.Steps() + t.Skipped() }

// Epochs returns the record of the epochs so far.
func (t *Trainer[T]) Epochs() []Epoch { return slices.Clone(t.epochs) }

// Model returns the model, which further steps change.
func (t *Trainer[T]) Model() *Model[T] { return t.model }

// Outcome returns a copy of the model that a run returns which ends here: that of the best epoch so far if there is
// Patience, else the present one.
func (t *Trainer[T]) Outcome() *Model[T] {
	m := t.model.clone(t.model.W)
	if t.reported() == bestTensor {
		copy(m.W, t.best)
	}
	return m
}

// Done reports whether a run ends here: no epoch is left, or Patience is at its end.
func (t *Trainer[T]) Done() bool { return len(t.epochs) >= t.c.Epochs || t.impatient() }

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
	Unsaved    error  // why the run could not be saved, or nil
}

func (e *InterruptedError) Error() string {
	where := "not saved"
	if e.Checkpoint != "" {
		where = "saved to " + e.Checkpoint
	}
	text := fmt.Sprintf("linear: training interrupted after step %d, %s: %v", e.Step, where, e.Cause)
	if e.Unsaved != nil {
		text += fmt.Sprintf("; saving it: %v", e.Unsaved)
	}
	return text
}

// Unwrap returns Cause, and Unsaved unless it is nil.
func (e *InterruptedError) Unwrap() []error {
	if e.Unsaved == nil {
		return []error{e.Cause}
	}
	return []error{e.Cause, e.Unsaved}
}

// Run trains until the last epoch has ended, or Patience has, or Stop says so, and returns the result. A trainer
// that has been resumed goes on where the checkpoint was made.
//
// If ctx is cancelled, Run finishes the step, saves a checkpoint if there is a file for it, and returns an
// [InterruptedError]. If the loss or the weights stop being finite numbers, it returns an error that tells
// the step; the last checkpoint before stays.
//
// A panic of a source or a loss in a step, on whichever goroutine, reaches the caller of Run. The trainer then is
// in the middle of a step: it refuses to go on and to save, until Resume sets it to a checkpoint.
func (t *Trainer[T]) Run(ctx context.Context) (*Result[T], error) {
	t.train.pass.hold(t.c.Threads)
	defer t.train.pass.dismiss()
	started, images, stopped := time.Now(), 0, false
	for !t.Done() && !stopped {
		if ctx.Err() != nil {
			return nil, t.interrupt(context.Cause(ctx))
		}
		p, err := t.Step()
		if err != nil {
			return nil, err
		}
		images += t.taken
		p.ImagesPerSecond = float64(images) / p.at.Sub(started).Seconds()
		if err := t.saveDue(p); err != nil {
			return nil, err
		}
		if t.Drawn()%t.c.ProgressSteps != 0 && p.Ended == nil {
			continue
		}
		if t.c.Progress != nil {
			t.c.Progress(p)
			started, images = time.Now(), 0
		}
		stopped = t.c.Stop != nil && t.c.Stop(p)
	}
	if err := t.checkFinite(); err != nil {
		return nil, err
	}
	if t.c.Checkpoint != "" && (t.saved.path != t.c.Checkpoint || t.saved.taken != t.Drawn() ||
		t.saved.reported != t.reported()) {
		if err := t.Save(t.c.Checkpoint); err != nil {
			return nil, err
		}
	}
	return t.result(stopped && !t.Done()), nil
}

// saveDue writes the files that are due after a step.
func (t *Trainer[T]) saveDue(p Progress) error {
	if t.c.BestModel != "" && p.Ended != nil && t.bestEpoch() == p.Ended.Number {
		if err := t.checkFinite(); err != nil {
			return err
		}
		if err := t.model.Save(t.c.BestModel); err != nil {
			return err
		}
	}
	due := t.c.CheckpointSteps != 0 && t.Drawn()%t.c.CheckpointSteps == 0 ||
		p.Ended != nil && p.Epoch%t.c.CheckpointEpochs == 0
	if due && t.c.Checkpoint != "" {
		return t.Save(t.c.Checkpoint)
	}
	return nil
}

func (t *Trainer[T]) interrupt(cause error) error {
	e := &InterruptedError{Step: t.Steps(), Cause: cause}
	if t.c.Checkpoint != "" {
		if e.Unsaved = t.Save(t.c.Checkpoint); e.Unsaved == nil {
			e.Checkpoint = t.c.Checkpoint
		}
	}
	return e
}

func (t *Trainer[T]) impatient() bool {
	return t.c.Patience > 0 && len(t.epochs)-t.bestEpoch() >= t.c.Patience
}

// bestEpoch is the number of the first epoch of which none is better, or 0 without a validation set.
func (t *Trainer[T]) bestEpoch() int {
	best := 0
	if t.others[0] == nil {
		return best
	}
	for _, e := range t.epochs {
		if best == 0 || t.better(e, t.epochs[best-1]) {
			best = e.Number
		}
	}
	return best
}

// better reports whether epoch e is better than f. NaN is worse than any number.
func (t *Trainer[T]) better(e, f Epoch) bool {
	a, b := e.ValidationLoss, f.ValidationLoss
	if t.c.Monitor == monitorAccuracy {
		a, b = -e.ValidationAccuracy, -f.ValidationAccuracy
	}
	return a < b || a == a && b != b
}

// Step takes one minibatch, and measures the model if it was the epoch's last. It allocates nothing but
// records of epochs. Run is a loop of steps with checkpoints and reports, and an end; ImagesPerSecond is
// known to its reports alone.
func (t *Trainer[T]) Step() (Progress, error) {
	p := Progress{Steps: uint64(t.c.Epochs) * t.StepsPerEpoch(), Epoch: len(t.epochs) + 1, Epochs: t.c.Epochs}
	if t.failed != nil {
		return p, t.failed
	}
	t.failed = errPanicked // unless the step comes to its end
	err := t.step(&p)
	if t.failed == errPanicked {
		t.failed = nil
	}
	if err == nil && t.c.Trace != nil {
		err = t.c.Trace(Trace{t.Drawn(), t.batch[:t.taken], p.Loss, t.rate()})
	}
	return p, err
}

// rate is the learning rate of the last step.
func (t *Trainer[T]) rate() float64 {
	if t.c.Schedule == nil {
		return t.opt.LR(0)
	}
	return float64(t.opt.LR(0) * t.rates.factor)
}

// A noted schedule keeps the factor that the optimizer has asked for, so that nobody need ask again.
type noted struct {
	schedule.Schedule
	factor float64
}

func (n *noted) Factor(step uint64) float64 {
	n.factor = n.Schedule.Factor(step)
	return n.factor
}

// errPanicked is what a trainer says whose step a panic has ended.
var errPanicked = errors.New("linear: training: a panic has ended a step in its middle: resume from a checkpoint")

func (t *Trainer[T]) step(p *Progress) error {
	n := t.sampler.Next(t.batch)
	after := t.after[:t.sampler.Ahead(t.after)]
	p.Loss = t.train.lossGradient(t.model.W, t.grad, t.batch[:n], after, true)
	if !num.Finite(p.Loss) {
		return t.fail(fmt.Sprintf("loss = %v at step %d in epoch %d", p.Loss, t.Steps()+1, p.Epoch))
	}
	t.lossSum += float64(p.Loss * float64(n))
	t.examples += n
	t.correct += t.train.pass.correct
	t.taken = n
	start := time.Now()
	t.halves.step(t.train.backend, t.opt, t.model.W, t.grad)
	p.at = time.Now()
	t.times.Update += p.at.Sub(start)
	p.Step, p.Skipped = t.Steps(), t.Skipped()
	if t.sampler.Snapshot().Position == 0 {
		t.endEpoch()
		p.Ended = &t.epochs[len(t.epochs)-1]
	}
	return nil
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
		loss, accuracy = m.Loss, m.Accuracy()
	}
	t.observe(loss, accuracy)
	t.epochs = append(t.epochs, e)
	t.lossSum, t.examples, t.correct = 0, 0, 0
	if t.bestEpoch() == e.Number {
		t.best = append(t.best[:0], t.model.W...)
	}
}

// observe tells the schedule of an epoch's end.
func (t *Trainer[T]) observe(loss, accuracy float64) {
	if s, ok := t.c.Schedule.(schedule.Observer); ok {
		value := loss
		if s.Wants() == schedule.Accuracy {
			value = accuracy
		}
		s.Observe(t.Steps(), value)
	}
}

// reported is the tensor of a checkpoint that holds the run's model.
func (t *Trainer[T]) reported() string {
	if t.c.Patience > 0 && t.best != nil {
		return bestTensor
	}
	return weightsTensor
}

func (t *Trainer[T]) result(stopped bool) *Result[T] {
	m := t.Outcome()
	r := &Result[T]{Model: m, Epochs: t.Epochs(), Steps: t.Steps(), Skipped: t.Skipped(), Best: t.bestEpoch(),
		Early: t.impatient() && len(t.epochs) < t.c.Epochs, Stopped: stopped}
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
func (t *Trainer[T]) finite() bool { return num.Finite(t.train.backend.MaxAbs(t.model.W)) }

// checkFinite returns an error, with which training ends, unless all weights are finite.
func (t *Trainer[T]) checkFinite() error {
	if t.failed != nil {
		return t.failed
	}
	if t.finite() {
		return nil
	}
	return t.fail(fmt.Sprintf("weights are not finite after step %d in epoch %d", t.Steps(), len(t.epochs)+1))
}
