package linear

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"github.com/bitstep-go/bitstep/internal/check"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

// TrainConfig says how a [Trainer] trains. The zero value is a good start: the lecture's SVM (or least squares, for
// numbers) and Adam, shuffled minibatches of 256, ten epochs.
//
// The first part of the fields is what a run is: [Trainer.Resume] refuses the checkpoint of a run in which one of
// them was different. The second part may change from one part of a run to the next.
type TrainConfig struct {
	// The loss, as in [ProblemConfig].
	Loss         Loss
	Lambda       float64
	FreeBias     bool
	ClassWeights []float64

	// Optimizer is the algorithm with its learning rate, which a Schedule can scale; nil: optim.Adam{}.
	Optimizer optim.Config
	Options   optim.Options // clipping and the like

	// Weights is how the optimizer stores the weights: optim.Full, as the elements that they are, or optim.BF16, of
	// float32, with the copy in float32 that Options.Master asks for or without: see optim.Group. With BF16 the model
	// has their values in float32, from the start on, which is rounded to nearest; and so are gradients, unless there
	// is a master, which takes them as they are.
	Weights optim.Storage

	Batch    int    // examples per step, at most all are taken; 0: 256
	Sampling string // how examples are drawn: sequential, shuffled or replacement; "": shuffled

	// Seed decides the weights at the start and the order of the examples.
	Seed uint64

	// InitScale is the standard deviation of the weights at the start; 0: InitScale, the lecture's 0.0001;
	// optim.Zero: 0.
	InitScale float64

	// Monitor says which epoch is the best: that with the highest "accuracy" on the validation set, or with the
	// lowest "loss"; of equal ones the first. "": accuracy of classes, loss of numbers.
	Monitor string

	// From here on, what may change when a run is resumed.

	// Schedule changes the learning rate; nil: a constant rate. Those of package schedule are functions of the
	// step, so another one takes over at the step at which the run goes on. A schedule that observes is told of
	// every epoch's end: the loss, or the accuracy if that is what it wants, of the validation set, or of the
	// training set if there is none. What it remembers is in the checkpoint, and must fit.
	Schedule schedule.Schedule

	// Epochs is at which epoch the run ends, those before it was resumed included; 0: 10.
	Epochs int

	// Patience ends the run after that many epochs in a row without a better one, on a validation set, which
	// must be there. The run's model is then that of its best epoch. 0: never.
	Patience int

	// Threads limits the threads of a step; 0: GOMAXPROCS. Results do not depend on it.
	Threads int

	// Checkpoint is the file that a run is saved to: every CheckpointSteps steps if that is not 0, after
	// every CheckpointEpochs epochs (0: 1), at the end, and when the run is cancelled. "": none.
	Checkpoint       string
	CheckpointSteps  uint64
	CheckpointEpochs int

	// BestModel is the file that the model is written to after each epoch that is better than all before, as
	// Monitor has it; there must be a validation set. [LoadModel] reads it. "": none.
	BestModel string

	// Progress, unless nil, is called every ProgressSteps steps (0: 1), those that are skipped included, and after
	// every epoch, on the goroutine of Run.
	Progress      func(Progress)
	ProgressSteps uint64

	// Trace, unless nil, is called at the end of every step, those that are skipped included, on its goroutine. An
	// error ends the run; the step has been taken.
	Trace func(Trace) error

	// Stop, unless nil, is called after each Progress, or where that would be called. If it returns true, the
	// run ends: it is saved and measured as after its last epoch, and can be resumed.
	Stop func(Progress) bool
}

// The defaults of a [TrainConfig].
const (
	DefaultBatch  = 256
	DefaultEpochs = 10
)

// What may be monitored.
const (
	monitorAccuracy = "accuracy"
	monitorLoss     = "loss"
)

// complete returns c with its zero fields filled in, but for the loss, or an error that names a field, its value and
// what is wanted.
func complete[T kernels.Float](c TrainConfig, d Data[T]) (TrainConfig, error) {
	if c.Optimizer == nil {
		c.Optimizer = optim.Adam{}
	}
	target, _ := d.Train.target()
	if c.Monitor == "" {
		c.Monitor = monitorAccuracy
		if target == Numbers {
			c.Monitor = monitorLoss
		}
	}
	c.ClassWeights = slices.Clone(c.ClassWeights) // files tell them as long as the trainer lives
	c.Batch = cmp.Or(c.Batch, DefaultBatch)
	c.Epochs = cmp.Or(c.Epochs, DefaultEpochs)
	c.Sampling = cmp.Or(c.Sampling, dataset.KindShuffled.String())
	c.InitScale = check.Default(c.InitScale, InitScale)
	c.CheckpointEpochs = cmp.Or(c.CheckpointEpochs, 1)
	c.ProgressSteps = cmp.Or(c.ProgressSteps, 1)
	err := cmp.Or(check.AtLeast("Batch", c.Batch, 1), check.AtLeast("Epochs", c.Epochs, 1),
		check.AtLeast("Patience", c.Patience, 0), check.AtLeast("Threads", c.Threads, 0),
		check.AtLeast("CheckpointEpochs", c.CheckpointEpochs, 1),
		check.Rounded[T]("InitScale", c.InitScale, 0, math.Inf(1), check.OpenHigh))
	validated := d.Validation.Source != nil
	switch {
	case err != nil:
	case c.Weights != optim.Full && c.Weights != optim.BF16:
		err = fmt.Errorf("Weights = %v, want %v or %v", c.Weights, optim.Full, optim.BF16)
	case c.Weights == optim.BF16 && !num.Is32[T]():
		err = fmt.Errorf("Weights = %v with elements of float64, want float32", c.Weights)
	case c.CheckpointSteps != 0 && c.Checkpoint == "":
		err = fmt.Errorf("CheckpointSteps = %d without Checkpoint, the file", c.CheckpointSteps)
	case c.BestModel != "" && filepath.Clean(c.BestModel) == filepath.Clean(c.Checkpoint):
		err = fmt.Errorf("BestModel = %q, the file of Checkpoint too", c.BestModel)
	case c.Patience > 0 && !validated:
		err = fmt.Errorf("Patience = %d without a validation set", c.Patience)
	case c.BestModel != "" && !validated:
		err = fmt.Errorf("BestModel = %q without a validation set", c.BestModel)
	case c.Monitor != monitorAccuracy && c.Monitor != monitorLoss:
		err = fmt.Errorf("Monitor = %q, want %s or %s", c.Monitor, monitorAccuracy, monitorLoss)
	case c.Monitor == monitorAccuracy && target == Numbers:
		err = errors.New("Monitor = accuracy, which numbers have not, want loss")
	}
	if s, ok := c.Schedule.(schedule.Observer); ok && err == nil && target == Numbers && s.Wants() != schedule.Loss {
		err = fmt.Errorf("Schedule observes the %v, which numbers have not, want one that observes the loss", s.Wants())
	}
	return c, wrap("TrainConfig", err)
}

// Data is what a trainer trains on, and measures itself by. Validation and Test may be empty.
type Data[T kernels.Float] struct {
	Train, Validation, Test Set[T]
}

// newProblem makes the problem of the set of that name.
func newProblem[T kernels.Float](c TrainConfig, name string, s Set[T]) (*Problem[T], error) {
	p, err := NewProblem(s, ProblemConfig{Loss: c.Loss, Lambda: c.Lambda, FreeBias: c.FreeBias,
		ClassWeights: c.ClassWeights, Threads: c.Threads})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if _, known := s.target(); !known {
		return nil, fmt.Errorf("%s: linear: Set: neither Labels nor Values, which a trainer needs", name)
	}
	return p, nil
}

// fits returns an error unless a set, whose problem is p, is of the training set's kind.
func (t *Trainer[T]) fits(name string, s Set[T], p *Problem[T]) error {
	if p.Classes() != t.train.Classes() || p.Features() != t.train.Features() {
		return fmt.Errorf("linear: %s: %d classes of %d features, want %d of %d as the training set has", name,
			p.Classes(), p.Features(), t.train.Classes(), t.train.Features())
	}
	for i, want := range t.data.Train.ClassNames {
		if len(s.ClassNames) > 0 && s.ClassNames[i] != want {
			return fmt.Errorf("linear: %s: ClassNames[%d] = %q, want %q as the training set has", name, i,
				s.ClassNames[i], want)
		}
	}
	return nil
}
