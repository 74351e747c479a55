package cli

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bitstep-go/bitstep/bench/internal/ceiling"
	"github.com/bitstep-go/bitstep/bench/internal/machine"
	"github.com/bitstep-go/bitstep/bench/internal/measure"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/bench/internal/turns"
)

var optimizersCommand = command{
	name:    "optimizers",
	summary: "compare optimizers and storages by bytes, time and quality",
	about: `Compares optimizers with the ways to store their states and weights, a row each: the bytes of a
parameter that the optimizer holds beside it and its gradient, and those that a step reads and writes; the nanoseconds
of a parameter on one thread, from each size of a working set; and the loss and accuracy on images that were not
trained on, after a short training of the linear classifier with the rate that bench train has, the mean of several
seeds and the least and greatest loss. An ! is behind a mean that is outside of those of the same seeds in float32, a
? behind an unstable time, and a + behind bytes of steps that are not of one pass, which move more. A way that an
algorithm does not have, or that changes nothing, has no row. Steps that would take longer than 2 s are not measured.
With a master gradients are in float32, with bf16 in bfloat16.`,
	example: `  bench optimizers
  bench optimizers -optimizers adam,lion -images 0
  bench optimizers -storage float32,bf16-states -sizes L2 -format csv
  bench optimizers -format markdown >optimizers.md`,
	register: func(set *flag.FlagSet) runner {
		m := machine.Describe()
		f := &optimizersFlags{levels: optimizerLevels(m)}
		each := func(name, about string, add func(word string) error) {
			set.Func(name, about, func(s string) error {
				for word := range strings.SplitSeq(s, ",") {
					if err := add(word); err != nil {
						return err
					}
				}
				return nil
			})
		}
		each("optimizers", "`names` of algorithms, separated by commas (default all):\n"+either(algorithmNames()),
			func(word string) error {
				if !slices.Contains(algorithmNames(), word) {
					return fmt.Errorf("%q is none of them", word)
				}
				f.options.Names = append(f.options.Names, word)
				return nil
			})
		suggestList(set, "optimizers", algorithmNames())
		var storings []string
		for _, s := range measure.Storings {
			storings = append(storings, s.Name)
		}
		each("storage", "`names` of ways to store, separated by commas (default all):\n"+either(storings),
			func(word string) error {
				i := slices.Index(storings, word)
				if i < 0 {
					return fmt.Errorf("%q, want %s", word, either(storings))
				}
				f.options.Storings = append(f.options.Storings, measure.Storings[i])
				return nil
			})
		suggestList(set, "storage", storings)
		each("sizes", "`sizes` of working sets, ascending: names of levels, or bytes with K, M or G\n"+
			"(default half of L2, and 256M)", func(word string) error {
			l, err := parseLevel(m, ceiling.Levels(m), word)
			f.options.Levels = append(f.options.Levels, l)
			return err
		})
		set.IntVar(&f.options.Images, "images", 2500, "train on so many `images`, 0 for not: no quality, but times")
		set.IntVar(&f.options.Epochs, "epochs", 5, "`number` of passes over them")
		set.IntVar(&f.options.Seeds, "seeds", 5, "`number` of trainings of each row")
		set.DurationVar(&f.limit, "limit", 0, "end after this `time`, with the rows that are finished by then")
		set.StringVar(&f.format, "format", optimizerFormats[0], "print this `format`: "+either(optimizerFormats))
		suggest(set, "format", optimizerFormats)
		return f.run
	},
}

var optimizerFormats = []string{"table", "markdown", "csv", "json"}

// optimizerLevels are half of L2, and memory if there is enough.
func optimizerLevels(m record.Machine) []ceiling.Level {
	const memory = 256 << 20
	all := []ceiling.Level{ceiling.NewLevel(m, m.L2/2)}
	if ceiling.Fits(memory) {
		all = append(all, ceiling.NewLevel(m, memory))
	}
	return all
}

type optimizersFlags struct {
	options measure.OptimizerOptions
	levels  []ceiling.Level // if none are chosen
	limit   time.Duration
	format  string
}

func (f *optimizersFlags) run(ctx context.Context, w io.Writer, _ []string) error {
	o := f.options
	if o.Names == nil {
		o.Names = algorithmNames()
	}
	if o.Storings == nil {
		o.Storings = measure.Storings
	}
	if o.Levels == nil {
		o.Levels = f.levels
	}
	o.Timer, o.Longest = turns.Timer{Samples: 6, Least: 500 * time.Microsecond}, 2e9
	switch {
	case !slices.Contains(optimizerFormats, f.format):
		return usageError{fmt.Errorf("-format %s, want %s", f.format, either(optimizerFormats))}
	case o.Images != 0 && (o.Images < 50 || o.Images > mostSynthetic):
		return usageError{fmt.Errorf("-images %d, want 0 or 50 to %s", o.Images, thousands(mostSynthetic))}
	case o.Epochs < 1 || o.Seeds < 1:
		return usageError{fmt.Errorf("-epochs %d, -seeds %d, want at least 1", o.Epochs, o.Seeds)}
	case f.limit < 0:
		return usageError{fmt.Errorf("-limit %v, want a time", f.limit)}
	case !slices.IsSortedFunc(o.Levels, func(a, b ceiling.Level) int { return cmp.Compare(a.Bytes, b.Bytes) }):
		return usageError{errors.New("-sizes: want the smaller ones first")}
	}
	if f.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.limit)
		defer cancel()
	}
	r, rows := newRecording(), []measure.Optimizer{}
	o.Between = r.watch.Sample
	shown := f.format == optimizerFormats[0]
	head := optimizerHead(o)
	if shown {
		printMachine(w, r.Machine, r.Program)
		fmt.Fprintln(w)
		printOptimizer(w, head)
	}
	bar := newProgress("comparing", -1)
	err := measure.Optimizers(ctx, o, func(row measure.Optimizer) {
		rows = append(rows, row)
		bar.Clear()
		if shown {
			printOptimizer(w, optimizerCells(row, o))
		}
		bar.Describe("comparing " + row.Name)
		bar.Add(1)
	})
	bar.Finish()
	err = r.finish(err)
	var unwritten error
	switch f.format {
	case "table":
		r.printNotices(w)
	case "markdown":
		fmt.Fprintf(w, "| %s |\n|---|---|%s\n", strings.Join(head, " | "), strings.Repeat("--:|", len(head)-2))
		for _, row := range rows {
			fmt.Fprintf(w, "| %s |\n", strings.Join(optimizerCells(row, o), " | "))
		}
	case "csv":
		unwritten = writeOptimizersCSV(w, rows, o)
	case "json":
		var text []byte
		if text, unwritten = json.MarshalIndent(rows, "", "\t"); unwritten == nil {
			_, unwritten = fmt.Fprintf(w, "%s\n", text)
		}
	}
	return cmp.Or(err, unwritten)
}

func optimizerHead(o measure.OptimizerOptions) []string {
	head := []string{"optimizer", "storage", "held", "moved"}
	for _, l := range o.Levels {
		head = append(head, "ns, "+ceiling.Size(l.Bytes))
	}
	if o.Images > 0 {
		head = append(head, "loss", "accuracy")
	}
	return head
}

// printOptimizer prints the cells of a row.
func printOptimizer(w io.Writer, cells []string) {
	fmt.Fprintf(w, "%-19s %-13s", cells[0], cells[1])
	for i, c := range cells[2:] {
		width := 11
		if i < 2 {
			width = 7
		}
		if strings.HasSuffix(c, ")") || c == "loss" {
			width = 26
		}
		fmt.Fprintf(w, " %*s", width, c)
	}
	fmt.Fprintln(w)
}

// optimizerCells are as many as the head has.
func optimizerCells(r measure.Optimizer, o measure.OptimizerOptions) []string {
	number := func(x float64) string { return strconv.FormatFloat(math.Round(x*100)/100, 'f', -1, 64) }
	moved := number(r.Moved)
	if !r.OnePass {
		moved += "+"
	}
	cells := []string{r.Name, r.Storing, number(r.Held), moved}
	for _, l := range o.Levels {
		cell := ""
		for _, t := range r.Times {
			if t.Bytes == l.Bytes {
				cell = fmt.Sprintf("%.3f", t.NsPerParameter)
				if t.Unstable {
					cell += "?"
				}
			}
		}
		cells = append(cells, cell)
	}
	q := r.Quality
	if q == nil {
		return cells
	}
	if q.Loss() > math.MaxFloat32 {
		return append(cells, "not finite (!)", "")
	}
	mark := ""
	if !q.Within {
		mark = "!"
	}
	loss := fmt.Sprintf("%.3f%s (%.3f to %.3f)", q.Loss(), mark, slices.Min(q.Losses), slices.Max(q.Losses))
	return append(cells, loss, percent(q.Accuracy()))
}

// writeOptimizersCSV writes all that a row has, a column each.
func writeOptimizersCSV(w io.Writer, rows []measure.Optimizer, o measure.OptimizerOptions) error {
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	c := csv.NewWriter(w)
	head := []string{"optimizer", "storage", "bytes_held", "bytes_moved", "one_pass"}
	for _, l := range o.Levels {
		head = append(head, fmt.Sprintf("ns_per_parameter_%d", l.Bytes))
	}
	if o.Images > 0 {
		head = append(head, "validation_loss", "least", "greatest", "validation_accuracy", "within_float32")
	}
	c.Write(head)
	for _, r := range rows {
		line := []string{r.Name, r.Storing, number(r.Held), number(r.Moved), strconv.FormatBool(r.OnePass)}
		for _, l := range o.Levels {
			cell := ""
			for _, t := range r.Times {
				if t.Bytes == l.Bytes {
					cell = number(t.NsPerParameter)
				}
			}
			line = append(line, cell)
		}
		if q := r.Quality; q != nil {
			line = append(line, number(q.Loss()), number(slices.Min(q.Losses)), number(slices.Max(q.Losses)),
				number(q.Accuracy()), strconv.FormatBool(q.Within))
		}
		c.Write(line)
	}
	c.Flush()
	return c.Error()
}
