package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/linear/witness"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/schedule"
	"github.com/bitstep-go/bitstep/receipt"
)

// trainFlags are the flags of bench train.
type trainFlags struct {
	dataFlags
	optimizer, schedule, loss, sampling string
	states, weights                     string
	lr, lambda                          float64
	batch, epochs, patience             int
	checkpoint, out, receipt            string
	every, receiptSteps                 uint64
	resume, times                       bool
}

// rateOf returns the learning rate of an optimizer on images of this kind, unless -lr says otherwise, or 0 for a name
// that is unknown.
func rateOf(optimizer string) float64 {
	for _, a := range optim.Algorithms() {
		for _, n := range a.Names {
			if n.Name == optimizer {
				return n.Rate
			}
		}
	}
	return 0
}

func (f *trainFlags) register(set *flag.FlagSet) {
	f.dataFlags.register(set)
	set.StringVar(&f.optimizer, "optimizer", "adam", "`algorithm`:\n"+either(optimizerNames()))
	suggest(set, "optimizer", algorithmNames())
	set.StringVar(&f.states, "states", storageNames()[0],
		"`storage` of the optimizer's states, for weights of float32:\n"+either(storageNames()))
	suggest(set, "states", storageNames())
	set.StringVar(&f.weights, "weights", weightsNames()[0],
		"how `weights` of float32 are stored; with +master steps update a copy\nin float32: "+either(weightsNames()))
	suggest(set, "weights", weightsNames())
	set.StringVar(&f.schedule, "schedule", "cosine",
		"learning-rate `schedule` over the run, warmup:STEPS+ before it or not:\n"+
			either(schedule.Forms()))
	suggest(set, "schedule", plainSchedules())
	set.Float64Var(&f.lr, "lr", 0, "learning `rate`, 0 for one that suits the optimizer")
	set.StringVar(&f.loss, "loss", "svm", "`loss`: "+either(lossNames()))
	suggest(set, "loss", lossNames())
	set.Float64Var(&f.lambda, "lambda", 1e-4, "`weight` of the regularisation lambda * sum of W^2")
	set.IntVar(&f.batch, "batch", linear.DefaultBatch, "`images` per step")
	set.IntVar(&f.epochs, "epochs", linear.DefaultEpochs, "`number` of passes over the training set")
	set.StringVar(&f.sampling, "sampling", "shuffled", "`how` images are drawn: "+either(samplingNames()))
	suggest(set, "sampling", samplingNames())
	set.IntVar(&f.patience, "patience", 0, "stop after so many `epochs` without a better validation accuracy,\n"+
		"0 for never")
	set.StringVar(&f.out, "out", "bench-train", "`folder` for the checkpoint and the pictures; made if need be")
	set.StringVar(&f.checkpoint, "checkpoint", "", "`file` that the run is saved to, after every epoch and when\n"+
		"interrupted (default: checkpoint.safetensors in -out)")
	set.Uint64Var(&f.every, "checkpoint-steps", 0, "also save every so many `steps`, 0 for not")
	set.StringVar(&f.receipt, "receipt", "", "new `file` to write a receipt to, from which others can audit the run;\n"+
		"a run that is resumed goes on from its last state")
	set.Uint64Var(&f.receiptSteps, "receipt-steps", 0, fmt.Sprintf(
		"`steps` between the states in the receipt, 0 for %d", witness.DefaultEvery))
	set.BoolVar(&f.resume, "resume", false, "go on from the checkpoint")
	set.BoolVar(&f.times, "times", false, "measure the parts of a step, and print them")
}

// storageNames are the values of -states, of which the first is the default.
func storageNames() (names []string) {
	for _, s := range optim.Storages() {
		names = append(names, strings.ToLower(s.String()))
	}
	return names
}

// stores are the values of -weights, of which the first is the default.
var stores = []struct {
	name    string
	weights optim.Storage
	master  bool
}{
	{storageNames()[optim.Full], optim.Full, false},
	{storageNames()[optim.BF16], optim.BF16, false},
	{storageNames()[optim.BF16] + "+master", optim.BF16, true},
}

func weightsNames() (names []string) {
	for _, s := range stores {
		names = append(names, s.name)
	}
	return names
}

// plainSchedules are those forms that need no number.
func plainSchedules() (names []string) {
	for _, form := range schedule.Forms() {
		name, _, _ := strings.Cut(form, "[")
		if !strings.Contains(name, ":") {
			names = append(names, name)
		}
	}
	return names
}

var trainCommand = command{
	name:    "train",
	summary: "train and test a classifier of images",
	about: `Trains a linear classifier of images and tests it. Writes a checkpoint, the curves of loss and accuracy,
and a picture of the learned weights. The hash of the weights at the end is the same on every machine.
Interrupt it (Ctrl-C) whenever you like: it saves the run, and -resume goes on.`,
	example: `  bench train
  bench train -data cifar-10-batches-bin -optimizer lion -loss softmax
  bench train -optimizer sgd -lr 1e-3 -schedule warmup:100+cosine -epochs 20 -patience 3
  bench train -weights bf16 -out narrow       # the states, too
  bench train -data synthetic:5000 -validation 500 -out small -times
  bench train -out small -resume      # after an interrupt`,
	register: func(set *flag.FlagSet) runner {
		f := new(trainFlags)
		f.register(set)
		return f.run
	},
}

func (f *trainFlags) run(ctx context.Context, w io.Writer, _ []string) error {
	c, err := f.checked()
	if err != nil {
		return usageError{err}
	}
	train, _ := byType(f.typ, runTraining[float32], runTraining[float64])
	if err := makeFolder(f.out); err != nil {
		return err
	}
	if err := f.checkFiles(); err != nil { // better now than after the first epoch
		return err
	}
	f.claimed = f.receipt != ""
	set, err := f.load(w)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return train(ctx, w, f, c, set)
}

// curves and templates are the pictures' files.
func (f *trainFlags) curves() string    { return filepath.Join(f.out, "curves.png") }
func (f *trainFlags) templates() string { return filepath.Join(f.out, "templates.png") }

// checkFiles returns a usageError about the files of the run before anything is done.
func (f *trainFlags) checkFiles() error {
	files := []written{{"-out", f.curves()}, {"-out", f.templates()}, {"-checkpoint", f.checkpoint}}
	if f.receipt != "" {
		files = append(files, written{"-receipt", f.receipt})
	}
	if err := checkFiles(files...); err != nil {
		return err
	}
	return f.checkReceipt()
}

// config is what the flags say, but for the schedule, which needs to know the number of steps.
func (f *trainFlags) config() (c linear.TrainConfig, err error) {
	if f.lr == 0 {
		f.lr = rateOf(f.optimizer)
	}
	if f.checkpoint == "" {
		f.checkpoint = filepath.Join(f.out, "checkpoint.safetensors")
	}
	c = linear.TrainConfig{Lambda: f.lambda, Batch: f.batch, Epochs: f.epochs, Sampling: f.sampling, Seed: f.seed,
		Patience: f.patience, Threads: f.threads, Checkpoint: f.checkpoint, CheckpointSteps: f.every}
	if c.Optimizer, err = optim.ParseConfig(f.optimizer, f.lr); err != nil {
		return c, fmt.Errorf("-optimizer: %w", err)
	}
	c.Options.Seed = f.seed
	if c.Options.States, err = optim.ParseStorage(f.states); err != nil {
		return c, fmt.Errorf("-states: %w", err)
	}
	f.states = strings.ToLower(c.Options.States.String()) // as a receipt claims it
	at := slices.Index(weightsNames(), f.weights)
	if at < 0 {
		return c, fmt.Errorf("-weights %s, want %s", f.weights, either(weightsNames()))
	}
	c.Weights, c.Options.Master = stores[at].weights, stores[at].master
	if c.Loss, err = parseLoss(f.loss); err != nil {
		return c, err
	}
	if f.batch < 1 || f.epochs < 1 {
		return c, fmt.Errorf("-batch %d, -epochs %d, want at least 1", f.batch, f.epochs)
	}
	if _, err = schedule.Parse(f.schedule, 1000); err != nil {
		return c, fmt.Errorf("-schedule: %w", err)
	}
	return c, nil
}

// checked is config, unless training would not begin with it.
func (f *trainFlags) checked() (c linear.TrainConfig, err error) {
	if c, err = f.config(); err != nil {
		return c, err
	}
	check, err := byType(f.typ, checkConfig[float32], checkConfig[float64])
	if err != nil {
		return c, err
	}
	if err = check(c, &f.dataFlags); err != nil && c.Weights != optim.Full && !c.Options.Master {
		with := c
		with.Options.Master = true
		if check(with, &f.dataFlags) == nil {
			err = fmt.Errorf("%w; -weights %s+master can", err, f.weights)
		}
	}
	return c, err
}

// checkConfig returns the error that training would begin with, before images are loaded: it makes a trainer of
// one image.
func checkConfig[T kernels.Float](c linear.TrainConfig, f *dataFlags) error {
	if _, err := f.syntheticImages(); err != nil {
		return err
	}
	if f.threads < 0 || f.validation < 0 {
		return fmt.Errorf("-threads %d, -validation %d, want at least 0", f.threads, f.validation)
	}
	matrix := dataset.Matrix[T]{Rows: 1, Cols: 1, Stride: 1, Data: []T{1}}
	one := linear.Set[T]{Source: matrix, Labels: []uint8{0}, Classes: 10} // of CIFAR-10
	data := linear.Data[T]{Train: one}
	if f.validation > 0 {
		data.Validation = one
	}
	_, err := linear.NewTrainer(c, data)
	return err
}

func runTraining[T kernels.Float](ctx context.Context, w io.Writer, f *trainFlags, c linear.TrainConfig,
	set images) error {
	start := time.Now()
	data, err := prepare[T](set, &f.dataFlags)
	if err != nil {
		return err
	}
	batch := min(c.Batch, set.train.Len()) // as TrainConfig has it
	steps, total := linear.StepsPerEpoch(set.train.Len(), batch), totalSteps(c, set)
	if c.Schedule, err = schedule.Parse(f.schedule, total); err != nil {
		return usageError{fmt.Errorf("-schedule: %w", err)}
	}
	report := &trainReport{w: w, n: set.train.Len(), batch: batch, validated: set.validation != nil}
	c.Progress = report.step
	r, err := newRun(c, data, f, set)
	if err != nil {
		return err
	}
	defer r.close()
	trainer := r.trainer
	fmt.Fprintf(w, "features   %d of %s: the pixels less the mean image, and 1; ready in %.1f s\n", dataset.Features,
		f.typ, time.Since(start).Seconds())
	fmt.Fprintf(w, "training   %s, lambda %g; %s, rate %g, %s\n", f.loss, f.lambda, f.optimizer, f.lr, f.schedule)
	if c.Options.States != optim.Full || c.Weights != optim.Full {
		fmt.Fprintf(w, "           weights as %s, states as %s\n", f.weights, f.states)
	}
	fmt.Fprintf(w, "           %d epochs of %d batches of %d, %s; seed %d\n", c.Epochs, steps, batch, f.sampling,
		f.seed)
	fmt.Fprintf(w, "running    on %v, %d threads; saved to %s\n", bitstep.Active(), threadsOf(f.threads), c.Checkpoint)
	if _, err := os.Stat(c.Checkpoint); err == nil && !f.resume {
		fmt.Fprintln(w, "           where an earlier run is, which this one replaces: -resume goes on with it")
	}
	if f.receipt != "" {
		fmt.Fprintf(w, "receipt    to %s\n", f.receipt)
	}
	if f.resume {
		if err := r.resume(c.Checkpoint); err != nil {
			var rate *optim.RateError
			switch {
			case errors.Is(err, receipt.ErrEnded):
				return fmt.Errorf("%w, and nothing is left of the run; -resume without -receipt shows what it came to",
					err)
			case errors.As(err, &rate):
				err = fmt.Errorf("-lr %v, but the run in %s began with -lr %v", rate.Given, c.Checkpoint, rate.Saved)
			}
			return fmt.Errorf("%w\n(-resume goes on with the flags that the run began with; another -out or "+
				"-checkpoint begins a new run and keeps this one)", err)
		}
		from := ""
		if f.receipt != "" {
			from = ", the last state in the receipt"
		}
		fmt.Fprintf(w, "resumed    after step %d%s\n", trainer.Steps(), from)
	}
	if f.times {
		trainer.TakeTimes()
	}
	report.start(total, trainer)
	first := trainer.Steps()
	result, digest, err := r.run(ctx)
	report.bar.Finish()
	if err != nil {
		return err
	}
	fmt.Fprintln(w)
	if f.times {
		if epochs := float64(result.Steps-first) / float64(steps); epochs > 0 {
			printTimes(w, trainer.TakeTimes(), set.train.Len(), epochs)
			fmt.Fprintln(w)
		}
	}
	if f.receipt != "" { // before all that may fail: nothing tells the digest again but an audit
		fmt.Fprintf(w, "receipt    written to %s\n           SHA-256 %s\n\n", f.receipt, digest)
	}
	return finishTraining(w, f, result, set)
}

// totalSteps is how many steps a run has that ends with its last epoch.
func totalSteps(c linear.TrainConfig, set images) uint64 {
	return linear.StepsPerEpoch(set.train.Len(), c.Batch) * uint64(c.Epochs)
}

func threadsOf(n int) int {
	if n == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return n
}

// finishTraining prints the result and writes the pictures.
func finishTraining[T kernels.Float](w io.Writer, f *trainFlags, r *linear.Result[T], set images) error {
	switch {
	case r.Early:
		fmt.Fprintf(w, "Stopped early: no better validation accuracy for %d epochs. The model is that of epoch %d.\n\n",
			f.patience, r.Best)
	case f.patience > 0:
		fmt.Fprintf(w, "The model is that of epoch %d, the best on the validation set.\n\n", r.Best)
	}
	printEvaluations(w, []string{"training", "validation", "test"}, []linear.Evaluation{r.Train, r.Validation, r.Test})
	fmt.Fprintln(w)
	printConfusion(w, set.test.Classes, r.Test)
	fmt.Fprintf(w, "\ntest accuracy  %s\n", percent(r.Test.Accuracy()))
	curves, templates := f.curves(), f.templates()
	if err := writeCurves(curves, r.Epochs, set.validation != nil); err != nil {
		return err
	}
	title := fmt.Sprintf("Learned templates: %s, %s, test accuracy %s", f.loss, f.optimizer, percent(r.Test.Accuracy()))
	if err := writeTemplates(templates, title, r.Model, set.test.Classes); err != nil {
		return err
	}
	fmt.Fprintf(w, "curves         %s\ntemplates      %s\ncheckpoint     %s\n", curves, templates, f.checkpoint)
	fmt.Fprintf(w, "weights        SHA-256 %s\n", r.Model.Hash())
	return nil
}
