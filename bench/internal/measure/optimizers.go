package measure

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/ceiling"
	"github.com/bitstep-go/bitstep/bench/internal/turns"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

// A Storing is how an optimizer of float32 stores its states and the parameters.
type Storing struct {
	Name            string
	States, Weights optim.Storage
	Master          bool
}

// Storings are those that are compared. The first is float32.
var Storings = []Storing{
	{Name: "float32"},
	{Name: "bf16-states", States: optim.BF16},
	{Name: "block8-states", States: optim.Block8},
	{Name: "bf16", Weights: optim.BF16},
	{Name: "bf16+master", Weights: optim.BF16, Master: true},
}

// OptimizerOptions choose which optimizers are compared, and how.
type OptimizerOptions struct {
	Names    []string // of optim.Algorithms
	Storings []Storing
	Levels   []ceiling.Level // working sets: parameters, gradients and all that the optimizer holds
	Timer    turns.Timer
	Longest  float64 // in ns: a step that would take longer from a farther level is not measured
	Images   int     // to train on; 0: quality is not measured
	Seeds    int     // trainings of each optimizer
	Epochs   int
	Between  func() // is called between rows
}

// An Optimizer is a row of the comparison.
type Optimizer struct {
	Name    string `json:"optimizer"`
	Storing string `json:"storage"`

	// Bytes of a parameter: what the optimizer holds beside it and its gradient; and what a step reads and writes, at
	// the least: the parameter, states and a master are read and written, the gradient is read, and weights that have
	// a master are written and it is read for them. It is more of an algorithm that works on parameters beside one
	// kernel, and by a reading of parameter and gradient if it takes norms.
	Held    float64 `json:"bytes_held"`
	Moved   float64 `json:"bytes_moved"`
	OnePass bool    `json:"one_pass"`

	Times   []OptimizerTime `json:"times"`
	Quality *Quality        `json:"quality,omitempty"`
}

// An OptimizerTime is the time of a step on one thread, the median of its samples.
type OptimizerTime struct {
	Level          string  `json:"level,omitempty"`
	Bytes          int     `json:"bytes"` // of the working set
	N              int     `json:"n"`     // parameters
	NsPerParameter float64 `json:"ns_per_parameter"`
	Unstable       bool    `json:"unstable,omitempty"`
}

// A Quality is what trainings of the classifier end with, one for each seed: loss and accuracy on images that are not
// trained on. A loss that is not finite ends a training, and its loss is the largest number.
type Quality struct {
	Losses     []float64 `json:"validation_losses"`
	Accuracies []float64 `json:"validation_accuracies"`

	// Within tells whether the mean of the losses is not below the least loss of the same seeds in float32, nor above
	// the greatest.
	Within bool `json:"within_float32"`
}

// Loss and Accuracy are means.
func (q Quality) Loss() float64     { return mean(q.Losses) }
func (q Quality) Accuracy() float64 { return mean(q.Accuracies) }

func mean(x []float64) (sum float64) {
	for _, v := range x {
		sum += v / float64(len(x))
	}
	return sum
}

// columns is the width of the matrices that parameters are.
const columns = 256

// Optimizers compares, and reports each row as soon as it is finished. It ends with the error of the context.
func Optimizers(ctx context.Context, o OptimizerOptions, report func(Optimizer)) error {
	defer turns.Calm()() // garbage is collected between rows
	var c *classifier
	if o.Images > 0 {
		var err error
		if c, err = newClassifier(o); err != nil {
			return err
		}
	}
	for _, a := range optim.Algorithms() {
		for _, name := range a.Names {
			if !slices.Contains(o.Names, name.Name) {
				continue
			}
			if err := o.compare(ctx, name, c, report); err != nil {
				return err
			}
		}
	}
	return nil
}

// compare reports the rows of an algorithm, one for each storing that it can have and that changes anything.
func (o OptimizerOptions) compare(ctx context.Context, name optim.Name, c *classifier, report func(Optimizer)) error {
	var full Optimizer
	for i, s := range Storings {
		row, own, err := o.storage(name, s)
		if errors.Is(err, errStorage) || i > 0 && row.Held == full.Held && row.Moved == full.Moved {
			continue
		}
		chosen := slices.Contains(o.Storings, s)
		if err == nil && chosen {
			row.Times, err = o.times(ctx, name, s, own+row.Held)
		}
		if err == nil && c != nil && (chosen || i == 0) { // others are compared with the first
			row.Quality, err = c.quality(ctx, name, s)
		}
		if err != nil {
			return err
		}
		if i == 0 {
			full = row
		}
		if q := row.Quality; q != nil {
			q.Within = q.Loss() >= slices.Min(full.Quality.Losses) && q.Loss() <= slices.Max(full.Quality.Losses)
		}
		if !chosen {
			continue
		}
		report(row)
		if o.Between != nil {
			o.Between()
		}
	}
	return nil
}

// errStorage is of an algorithm that cannot be stored so.
var errStorage = errors.New("no such storage")

// storage is all but times and quality.
func (o OptimizerOptions) storage(name optim.Name, s Storing) (row Optimizer, own float64, err error) {
	row = Optimizer{Name: name.Name, Storing: s.Name, Times: []OptimizerTime{}}
	const n = 1 << 20 // memory comes in whole pages
	few, err := newStepping(name, s, n)
	if err != nil {
		return row, 0, fmt.Errorf("%w: %w", errStorage, err)
	}
	twice, err := newStepping(name, s, 2*n)
	if err != nil {
		return row, 0, err
	}
	row.Held = float64(twice.held-few.held) / n // what does not grow with n is in both
	row.Moved = few.moved()
	_, err = newStepping(name, Storing{Weights: optim.BF16}, 1) // which asks for one pass
	row.OnePass = err == nil
	return row, few.own, nil
}

// times times steps from each level.
func (o OptimizerOptions) times(ctx context.Context, name optim.Name, s Storing, per float64) (
	all []OptimizerTime, err error) {
	for _, l := range o.Levels {
		if n := len(all); n > 0 && all[n-1].NsPerParameter*float64(l.Bytes)/per > o.Longest {
			continue
		}
		t, err := o.time(ctx, name, s, l, per)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// time times the steps of as many parameters as make the working set, of so many bytes each.
func (o OptimizerOptions) time(ctx context.Context, name optim.Name, s Storing, l ceiling.Level, per float64) (
	t OptimizerTime, err error) {
	t = OptimizerTime{Level: l.Name, Bytes: l.Bytes, N: max(1, int(float64(l.Bytes)/per)/columns) * columns}
	defer debug.FreeOSMemory()
	x, err := newStepping(name, s, t.N)
	if err != nil {
		return t, err
	}
	return t, ceiling.Pinned(1, func() error {
		times, err := o.Timer.Run(ctx, x.step)
		if err == nil {
			t.NsPerParameter, t.Unstable = times[0].Median()/float64(t.N), !times[0].Stable()
		}
		return err
	})
}

// A stepping is an optimizer of a matrix with a gradient.
type stepping struct {
	opt  *optim.Optimizer[float32]
	n    int
	own  float64 // bytes of a parameter and its gradient
	held uint64  // bytes that the optimizer has allocated
	step func()
}

// newStepping returns the optimizer of n parameters. Its error is that of the storage.
func newStepping(name optim.Name, s Storing, n int) (x *stepping, err error) {
	wide, grad := make([]float32, n), make([]float32, n)
	for i := range wide {
		wide[i], grad[i] = 1+float32(i%1021)/1021, float32(i%1019-509)/509
	}
	group := optim.Group[float32]{Config: name.Config(name.Rate), Params: [][]float32{wide}}
	if n%columns == 0 {
		group.Shapes = [][]int{{n / columns, columns}}
	}
	e := bitstep.On[float32](bitstep.Active()).Threads(1)
	x = &stepping{n: n, own: 4 + 4}
	x.step = func() { x.opt.Step(grad) }
	if s.Weights == optim.BF16 {
		x.own = 2 + 4
		w, nearest := make([]kernels.BFloat16, n), kernels.Rounding{Nearest: true}
		bitstep.Narrow(e).ToBFloat16(w, wide, nearest)
		group.Params, group.Weights = nil, [][]kernels.BFloat16{w}
		if !s.Master {
			x.own = 2 + 2
			g := make([]kernels.BFloat16, n)
			bitstep.Narrow(e).ToBFloat16(g, grad, nearest)
			x.step = func() { x.opt.StepStored(kernels.Stored{BFloat16: g}) }
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	x.opt, err = optim.NewGroups(optim.Options{States: s.States, Master: s.Master, Seed: 1}, group)
	runtime.ReadMemStats(&after)
	if err != nil {
		return nil, err
	}
	x.opt.SetEngine(e)
	x.held = after.TotalAlloc - before.TotalAlloc
	return x, nil
}

// moved is what [Optimizer.Moved] says, by the tensors that a file of the optimizer has.
func (x *stepping) moved() float64 {
	c := checkpoint.New()
	x.opt.Snapshot(c, "")
	bytes := map[string]float64{}
	for _, name := range c.Names() {
		tensor, _ := c.Tensor(name)
		kind, _, _ := strings.Cut(name, ".")
		bytes[kind] += float64(len(tensor.Data)) / float64(x.n)
	}
	param, master := bytes["param"], bytes["master"]
	moved := x.own - param + 2*(param+bytes["state"])
	if master > 0 { // the weights are written only
		moved += 2*master + master - param
	}
	return moved
}

// A classifier is what quality is measured by: the linear classifier of images that bench train trains, with its
// defaults but for the size of batches, on a part of the synthetic set.
type classifier struct {
	data linear.Data[float32]
	o    OptimizerOptions
}

func newClassifier(o OptimizerOptions) (*classifier, error) {
	c := &classifier{o: o}
	all, _, err := dataset.Synthetic{Seed: 1, Train: o.Images, Test: 1}.Images(0)
	if err != nil {
		return nil, err
	}
	train, validation, err := all.Split(o.Images/5, 1)
	if err != nil {
		return nil, err
	}
	pre := dataset.NewPreprocess(train)
	for _, part := range []struct {
		from *dataset.Images
		to   *linear.Set[float32]
	}{{train, &c.data.Train}, {validation, &c.data.Validation}} {
		e, err := dataset.NewExamples[float32](part.from, pre)
		if err != nil {
			return nil, err
		}
		*part.to = linear.NewResidentSet(e, bitstep.On[float32](bitstep.Active()), 0)
	}
	return c, nil
}

// batch makes a short training one of many steps.
const batch = 32

func (c *classifier) quality(ctx context.Context, name optim.Name, s Storing) (*Quality, error) {
	q := &Quality{}
	for seed := range uint64(c.o.Seeds) {
		t := linear.TrainConfig{Lambda: 1e-4, Optimizer: name.Config(name.Rate), Batch: batch, Epochs: c.o.Epochs,
			Seed: seed + 1, Weights: s.Weights,
			Options: optim.Options{States: s.States, Master: s.Master, Seed: seed + 1}}
		steps := linear.StepsPerEpoch(c.data.Train.Source.Len(), batch) * uint64(c.o.Epochs)
		var err error
		if t.Schedule, err = schedule.Parse("cosine", steps); err != nil {
			return nil, err
		}
		trainer, err := linear.NewTrainer(t, c.data)
		if err != nil {
			return nil, err
		}
		r, err := trainer.Run(ctx)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil: // what is left of errors: numbers that are not finite
			q.Losses, q.Accuracies = append(q.Losses, math.MaxFloat64), append(q.Accuracies, 0)
		default:
			q.Losses = append(q.Losses, r.Validation.Loss)
			q.Accuracies = append(q.Accuracies, r.Validation.Accuracy())
		}
	}
	return q, nil
}
