package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

// trainFlags are the flags of bench train.
type trainFlags struct {
	dataFlags
	optimizer, schedule, loss, sampling string
	lr, lambda                          float64
	batch, epochs, patience             int
	checkpoint, out                     string
	every                               uint64
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

// optimizers lists the names for help.
func optimizers() string {
	text, width := "`algorithm`:", len("algorithm:")
	for i, a := range optim.Algorithms() {
		for j, n := range a.Names {
			separator := " "
			if i+j > 0 {
				text, width = text+",", width+1
			}
			name := n.Name
			if n.About != "" {
				name += " (" + n.About + ")"
			}
			if width+len(name) > 72 {
				separator, width = "\n", 0
			}
			text, width = text+separator+name, width+1+len(name)
		}
	}
	return text
}

func (f *trainFlags) register(set *flag.FlagSet) {
	f.dataFlags.register(set)
	set.StringVar(&f.optimizer, "optimizer", "adam", optimizers())
	set.StringVar(&f.schedule, "schedule", "cosine", "learning-rate `schedule` over the run: constant, linear,\n"+
		"cosine, step:STEP,STEP, ..., before them warmup:STEPS+; a wrong one shows the list")
	set.Float64Var(&f.lr, "lr", 0, "learning `rate`, 0 for one that suits the optimizer")
	set.StringVar(&f.loss, "loss", "svm", "`loss`: "+strings.Join(lossNames(), " or "))
	set.Float64Var(&f.lambda, "lambda", 1e-4, "`weight` of the regularisation lambda * sum of W^2")
	set.IntVar(&f.batch, "batch", linear.DefaultBatch, "`images` per step")
	set.IntVar(&f.epochs, "epochs", linear.DefaultEpochs, "`number` of passes over the training set")
	set.StringVar(&f.sampling, "sampling", "shuffled", "`how` images are drawn: shuffled, replacement or sequential")
	set.IntVar(&f.patience, "patience", 0, "stop after so many `epochs` without a better validation accuracy,\n"+
		"0 for never")
	set.StringVar(&f.out, "out", "bench-train", "`folder` for the checkpoint and the pictures; made if need be")
	set.StringVar(&f.checkpoint, "checkpoint", "", "`file` that the run is saved to, after every epoch and when\n"+
		"interrupted (default: checkpoint.safetensors in -out)")
	set.Uint64Var(&f.every, "checkpoint-steps", 0, "also save every so many `steps`, 0 for not")
	set.BoolVar(&f.resume, "resume", false, "go on from the checkpoint")
	set.BoolVar(&f.times, "times", false, "measure the parts of a step, and print them")
}

// A usageError is a mistake in the command line.
type usageError struct{ error }

// train is bench train. It returns the program's exit status.
func train(args []string) int {
	var f trainFlags
	set := flag.NewFlagSet("train", flag.ContinueOnError)
	f.register(set)
	set.Usage = func() {
		fmt.Fprintln(set.Output(), `usage: go run ./bench train [flags]

Trains a linear classifier of images and tests it. Writes a checkpoint, the curves of loss and accuracy,
and a picture of the learned weights. The hash of the weights at the end is the same on every machine.
Interrupt it (Ctrl-C) whenever you like: it saves the run, and -resume goes on.

flags:`)
		set.PrintDefaults()
	}
	return exitStatus("train", set, args, f.run)
}

// exitStatus parses the command line, runs a subcommand and returns the exit status: 1 after an error, 2
// after a mistake in the command line, 130 after an interrupt.
func exitStatus(name string, set *flag.FlagSet, args []string, run func(context.Context, io.Writer) error) int {
	if err := set.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if set.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "bench %s: unexpected argument %q; -help lists the flags\n", name, set.Arg(0))
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	err := run(ctx, os.Stdout)
	var interrupted *linear.InterruptedError
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &interrupted) && interrupted.Checkpoint != "":
		fmt.Fprintf(os.Stderr, "\nInterrupted after step %d, which is saved in %s.\n", interrupted.Step,
			interrupted.Checkpoint)
		again := args
		if !strings.Contains(" "+strings.Join(args, " ")+" ", "-resume ") {
			again = append(append([]string(nil), args...), "-resume")
		}
		fmt.Fprintf(os.Stderr, "To go on:  go run ./bench %s %s\n", name, strings.Join(again, " "))
		return 130
	case err == context.Canceled:
		fmt.Fprintf(os.Stderr, "\nbench %s: interrupted\n", name)
		return 130
	case errors.Is(err, context.Canceled): // a checkpoint that could not be written is told too
		fmt.Fprintf(os.Stderr, "\nbench %s: interrupted: %v\n", name, err)
		return 130
	case errors.As(err, &usage):
		fmt.Fprintf(os.Stderr, "bench %s: %v; -help lists the flags\n", name, err)
		return 2
	}
	fmt.Fprintf(os.Stderr, "bench %s: %v\n", name, err)
	return 1
}

func (f *trainFlags) run(ctx context.Context, w io.Writer) error {
	c, err := f.config()
	if err != nil {
		return usageError{err}
	}
	if err := f.check(); err != nil {
		return err
	}
	if err := os.MkdirAll(f.out, 0o777); err != nil {
		return err
	}
	// Better now than when the first epoch is to be saved.
	if info, err := os.Stat(filepath.Dir(f.checkpoint)); err != nil || !info.IsDir() {
		return usageError{fmt.Errorf("-checkpoint %s: there is no such folder", f.checkpoint)}
	}
	set, err := f.load(w)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if f.typ == "float32" {
		return runTraining[float32](ctx, w, f, c, set)
	}
	return runTraining[float64](ctx, w, f, c, set)
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
	if c.Loss, err = parseLoss(f.loss); err != nil {
		return c, fmt.Errorf("-loss: %w", err)
	}
	if f.batch < 1 || f.epochs < 1 {
		return c, fmt.Errorf("-batch %d, -epochs %d, want at least 1", f.batch, f.epochs)
	}
	if _, err = schedule.Parse(f.schedule, 1000); err != nil {
		return c, fmt.Errorf("-schedule: %w", err)
	}
	if _, err = dataset.ParseSamplerKind(f.sampling); err != nil {
		return c, fmt.Errorf("-sampling: %w", err)
	}
	if !(f.lambda >= 0 && f.lambda < math.Inf(1)) || f.patience < 0 || f.validation < 0 {
		return c, fmt.Errorf("-lambda %g, -patience %d, -validation %d, want at least 0", f.lambda, f.patience,
			f.validation)
	}
	return c, nil
}

func runTraining[T kernels.Float](ctx context.Context, w io.Writer, f *trainFlags, c linear.TrainConfig,
	set images) error {
	start := time.Now()
	data, err := prepare[T](set, &f.dataFlags)
	if err != nil {
		return err
	}
	steps := linear.StepsPerEpoch(set.train.Len(), c.Batch)
	total := steps * uint64(c.Epochs)
	if c.Schedule, err = schedule.Parse(f.schedule, total); err != nil {
		return usageError{fmt.Errorf("-schedule: %w", err)}
	}
	report := &trainReport{w: w, n: set.train.Len(), batch: c.Batch, validated: set.validation != nil}
	c.Progress = report.step
	trainer, err := linear.NewTrainer(c, data)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "features   %d of %s: the pixels less the mean image, and 1; ready in %.1f s\n", dataset.Features,
		f.typ, time.Since(start).Seconds())
	fmt.Fprintf(w, "training   %s, lambda %g; %s, rate %g, %s\n", f.loss, f.lambda, f.optimizer, f.lr, f.schedule)
	fmt.Fprintf(w, "           %d epochs of %d batches of %d, %s; seed %d\n", c.Epochs, steps, f.batch, f.sampling,
		f.seed)
	fmt.Fprintf(w, "running    on %v, %d threads; saved to %s\n", bitstep.Active(), threadsOf(f.threads), c.Checkpoint)
	if _, err := os.Stat(c.Checkpoint); err == nil && !f.resume {
		fmt.Fprintln(w, "           where an earlier run is, which this one replaces: -resume goes on with it")
	}
	if f.resume {
		if err := trainer.Resume(c.Checkpoint); err != nil {
			return err
		}
		fmt.Fprintf(w, "resumed    after step %d\n", trainer.Steps())
	}
	if f.times {
		trainer.TakeTimes()
	}
	report.start(int(total)*c.Batch, trainer)
	first := trainer.Steps()
	result, err := trainer.Run(ctx)
	report.bar.Finish()
	if err != nil {
		return err
	}
	fmt.Fprintln(w)
	if f.times {
		if epochs := float64(result.Steps-first) / float64(steps); epochs > 0 {
			printTimes(w, trainer.TakeTimes(), epochs*float64(set.train.Len()), epochs)
			fmt.Fprintln(w)
		}
	}
	return finishTraining(w, f, result, set)
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
	curves, templates := filepath.Join(f.out, "curves.png"), filepath.Join(f.out, "templates.png")
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
