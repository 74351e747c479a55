package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/minimize"
)

// searchFlags are the flags of bench random-search.
type searchFlags struct {
	dataFlags
	tries, epochs, batch int
	scale, lambda, lr    float64
	loss, optimizer, out string
}

func (f *searchFlags) register(set *flag.FlagSet) {
	f.dataFlags.register(set)
	set.IntVar(&f.tries, "tries", 1000, "`number` of random guesses")
	set.Float64Var(&f.scale, "scale", linear.InitScale, "standard `deviation` of the guessed weights")
	set.StringVar(&f.loss, "loss", "svm", "`loss`: "+either(lossNames()))
	suggest(set, "loss", lossNames())
	set.Float64Var(&f.lambda, "lambda", 1e-4, "`weight` of the regularisation lambda * sum of W^2")
	set.StringVar(&f.optimizer, "optimizer", "sgd", "`algorithm` of the gradient descent to compare with")
	suggest(set, "optimizer", algorithmNames())
	set.Float64Var(&f.lr, "lr", 0, "its learning `rate`, 0 for one that suits the algorithm")
	set.IntVar(&f.epochs, "epochs", 5, "its `number` of passes over the training set")
	set.IntVar(&f.batch, "batch", linear.DefaultBatch, "its `images` per step")
	set.StringVar(&f.out, "out", "bench-random-search", "`folder` for the pictures of the weights; made if need be")
}

var randomSearchCommand = command{
	name:    "random-search",
	summary: "the lecture's first strategy, and gradient descent beside it",
	about: `The lecture's first strategy of optimization: guess the weights of a linear classifier again and again, and
keep the best. Then its successor, gradient descent, on the same images, and both side by side.`,
	example: `  bench random-search
  bench random-search -tries 100 -optimizer adam -epochs 2
  bench random-search -data synthetic:5000 -validation 500 -out guesses`,
	register: func(set *flag.FlagSet) runner {
		f := new(searchFlags)
		f.register(set)
		return f.run
	},
}

func (f *searchFlags) run(ctx context.Context, w io.Writer, _ []string) error {
	compare, err := byType(f.typ, compareStrategies[float32], compareStrategies[float64])
	if err != nil {
		return err
	}
	if f.tries < 1 || f.epochs < 1 || f.batch < 1 {
		return usageError{fmt.Errorf("-tries %d, -epochs %d, -batch %d, want at least 1", f.tries, f.epochs, f.batch)}
	}
	loss, err := parseLoss(f.loss)
	if err != nil {
		return usageError{err}
	}
	if f.lr == 0 {
		f.lr = rateOf(f.optimizer)
	}
	config, err := optim.ParseConfig(f.optimizer, f.lr)
	if err != nil {
		return usageError{fmt.Errorf("-optimizer: %w", err)}
	}
	c := linear.TrainConfig{Loss: loss, Lambda: f.lambda, Optimizer: config, Epochs: f.epochs, Batch: f.batch,
		Seed: f.seed, Threads: f.threads}
	check, _ := byType(f.typ, checkConfig[float32], checkConfig[float64])
	if err := check(c, &f.dataFlags); err != nil {
		return usageError{err}
	}
	guess, _ := byType(f.typ, checkGuesses[float32], checkGuesses[float64])
	if err := guess(f); err != nil {
		return usageError{err}
	}
	if err := makeFolder(f.out); err != nil {
		return err
	}
	if err := checkFiles(written{"-out", f.picture(0)}, written{"-out", f.picture(1)}); err != nil {
		return err
	}
	set, err := f.load(w)
	if err != nil {
		return err
	}
	return compare(ctx, w, f, c, set)
}

// picture is the file of the weights that a strategy, the first or the second, has found.
func (f *searchFlags) picture(i int) string {
	return filepath.Join(f.out, []string{"random-search.png", "gradient-descent.png"}[i])
}

// checkGuesses returns the error that random search would begin with: it guesses one number.
func checkGuesses[T kernels.Float](f *searchFlags) error {
	search := search[T](f)
	search.Tries = 1
	_, err := search.Minimize(context.Background(), func(_, _ []T) float64 { return 0 }, make([]T, 1))
	return err
}

// search is what the flags say of the guesses. A scale of 0 is one, not the default.
func search[T kernels.Float](f *searchFlags) minimize.RandomSearch[T] {
	s := minimize.RandomSearch[T]{Tries: f.tries, Scale: f.scale, Seed: f.seed}
	if f.scale == 0 {
		s.Scale = minimize.Zero
	}
	return s
}

// A strategy is one column of the comparison.
type strategy struct {
	name, what string
	images     int
	time       time.Duration
	sets       []linear.Evaluation
	hash       string
}

func compareStrategies[T kernels.Float](ctx context.Context, w io.Writer, f *searchFlags, c linear.TrainConfig,
	set images) error {
	data, err := prepare[T](set, &f.dataFlags)
	if err != nil {
		return err
	}
	pc := linear.ProblemConfig{Loss: c.Loss, Lambda: c.Lambda, Threads: c.Threads}
	problem, err := linear.NewProblem(data.Train, pc)
	if err != nil {
		return err
	}
	// measure evaluates a model on every set that there is.
	measure := func(m *linear.Model[T]) (all []linear.Evaluation, err error) {
		for _, s := range []linear.Set[T]{data.Train, data.Validation, data.Test} {
			e := linear.Evaluation{}
			if s.Source != nil {
				p, err := linear.NewProblem(s, pc)
				if err != nil {
					return nil, err
				}
				e = p.Evaluate(m.W)
			}
			all = append(all, e)
		}
		return all, nil
	}

	fmt.Fprintf(w, "\nRandom search: %s tries of W = %g * normal, %s loss over %s images\n", thousands(f.tries),
		f.scale, f.loss, thousands(set.train.Len()))
	bar := newProgress("guessing", f.tries)
	start := time.Now()
	guessed := linear.NewModel[T](problem.Classes(), problem.Features())
	best := 0
	random := search[T](f)
	random.OnBest = func(t minimize.Iterate[T]) bool {
		best = t.Iteration
		bar.Clear()
		fmt.Fprintf(w, "  try %5d   loss %.6f   the best so far\n", t.Iteration, t.F)
		return false
	}
	_, err = random.MinimizeSeveral(ctx, func(ws []T, losses []float64) {
		bar.Add(len(losses))
		problem.Losses(ws, losses, nil)
	}, problem.Candidates(), guessed.W)
	bar.Finish()
	if err != nil {
		return err
	}
	a := strategy{name: "random search", what: thousands(f.tries) + " tries", images: f.tries * set.train.Len(),
		time: time.Since(start), hash: guessed.Hash()}
	fmt.Fprintf(w, "  the best was try %d, of %s\n", best, thousands(f.tries))
	if a.sets, err = measure(guessed); err != nil {
		return err
	}

	fmt.Fprintf(w, "\nGradient descent: %s, rate %g, batches of %d\n", f.optimizer, f.lr, f.batch)
	c.Progress = func(p linear.Progress) {
		if e := p.Ended; e != nil {
			fmt.Fprintf(w, "  epoch %3d   loss %.6f   training accuracy %s\n", e.Number, e.TrainLoss,
				percent(e.TrainAccuracy))
		}
	}
	trainer, err := linear.NewTrainer(c, linear.Data[T]{Train: data.Train})
	if err != nil {
		return err
	}
	start = time.Now()
	result, err := trainer.Run(ctx)
	if err != nil {
		return err
	}
	b := strategy{name: "gradient descent", what: fmt.Sprintf("%d epochs of %s", f.epochs, f.optimizer),
		images: f.epochs * set.train.Len(), time: time.Since(start), hash: result.Model.Hash()}
	if b.sets, err = measure(result.Model); err != nil {
		return err
	}
	printStrategies(w, set, a, b)

	for i, p := range []struct {
		s strategy
		m *linear.Model[T]
	}{{a, guessed}, {b, result.Model}} {
		title := fmt.Sprintf("%s, %s: test accuracy %s", p.s.name, p.s.what, percent(p.s.sets[2].Accuracy()))
		file := f.picture(i)
		if err := writeTemplates(file, title, p.m, set.test.Classes); err != nil {
			return err
		}
		fmt.Fprintf(w, "weights    %s\n", file)
	}
	return nil
}

// printStrategies prints strategies side by side.
func printStrategies(w io.Writer, set images, all ...strategy) {
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	row := func(name string, cell func(s strategy) string) {
		fmt.Fprint(t, name)
		for _, s := range all {
			fmt.Fprint(t, "\t", cell(s))
		}
		fmt.Fprintln(t)
	}
	row("", func(s strategy) string { return s.name })
	row("", func(s strategy) string { return s.what })
	row("images seen", func(s strategy) string { return thousands(s.images) })
	row("time", func(s strategy) string { return fmt.Sprintf("%.2f s", s.time.Seconds()) })
	for i, name := range []string{"training", "validation", "test"} {
		if all[0].sets[i].Examples == 0 {
			continue
		}
		row(name+" loss", func(s strategy) string { return fmt.Sprintf("%.4f", s.sets[i].Loss) })
		row(name+" accuracy", func(s strategy) string { return percent(s.sets[i].Accuracy()) })
	}
	row("SHA-256 of weights", func(s strategy) string { return s.hash[:16] + "..." })
	t.Flush()
	fmt.Fprintf(w, "(Guessing a class would be right for %s.)\n\n", percent(1/float64(len(set.test.Classes))))
}
