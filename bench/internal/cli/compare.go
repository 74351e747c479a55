package cli

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/posener/complete/v2/predict"

	comparison "github.com/bitstep-go/bitstep/bench/internal/compare"
	"github.com/bitstep-go/bitstep/bench/internal/record"
)

var compareCommand = command{
	name:    "compare",
	summary: "tell what changed from some records to others",
	args:    "OLD NEW...",
	words:   predict.Or(predict.Files("*.json"), predict.Dirs("*")),
	about: `Compares the times of rows that two sides have in common: the ratio of the medians, new to old, its
confidence interval and the p-value of the Mann-Whitney test, which agree. Rows that changed are shown: those with a
p-value below -alpha and an interval, at 1 - alpha, without 1; and what only one side has. Machines that differ are
refused; with -share times are compared in units of each row's ceiling, which was measured in turns with it.

A side is a record (a JSON file of bench), several with commas between, or a folder of them: of as many processes.
Each counts once then, by its medians, since much that makes times differ stays the same while a process measures a
row. At least four on either side show anything. Of a single record on either side, the samples are compared: that they
differ by more than chance does not tell that the program does.

With -threshold the status is 1 if a row is slower by surely more than that: the whole interval lies beyond; but not
for rows of single records that are unstable. It is 1 in any case if the bits of a row differ.`,
	example: `  bench compare old.json new.json
  for i in 1 2 3 4 5; do old/bench measure -o old/$i.json; new/bench measure -o new/$i.json; done
  bench compare -share -threshold 5% old new      # in CI
  bench compare -share this.json that.json        # machines that differ`,
	register: func(set *flag.FlagSet) runner {
		var f compareFlags
		set.BoolVar(&f.options.ByShare, "share", false, "compare shares of ceilings: also of machines that differ")
		set.Float64Var(&f.options.Alpha, "alpha", .05, "a change has a p-value `below` this")
		set.Func("threshold", "exit with status 1 if a row is surely slower by more than this `part`,\n"+
			"as 5% or 0.05",
			func(s string) (err error) {
				f.threshold, err = part(s)
				f.gate = true
				return err
			})
		set.BoolVar(&f.all, "all", false, "show all rows, not only those that changed")
		set.BoolVar(&f.json, "json", false, "print JSON")
		set.BoolVar(&f.csv, "csv", false, "print comma-separated values, a line for each row that both sides have")
		return f.run
	},
}

type compareFlags struct {
	options        comparison.Options
	threshold      float64
	gate           bool // there is a threshold
	all, json, csv bool
}

// part reads 5% or 0.05.
func part(s string) (float64, error) {
	digits, percent := strings.CutSuffix(s, "%")
	x, err := strconv.ParseFloat(digits, 64)
	if err != nil || !(x >= 0) || x > 1e6 {
		return 0, fmt.Errorf("want a part as 5%% or 0.05")
	}
	if percent {
		x /= 100
	}
	return x, nil
}

func (f *compareFlags) run(_ context.Context, w io.Writer, args []string) error {
	switch {
	case len(args) < 2:
		return usageError{fmt.Errorf("want two sides or more, OLD and NEW..., got %d", len(args))}
	case f.json && f.csv:
		return usageError{fmt.Errorf("-json and -csv exclude each other")}
	case !(f.options.Alpha > 0) || f.options.Alpha >= 1:
		return usageError{fmt.Errorf("-alpha %v, want a number between 0 and 1", f.options.Alpha)}
	}
	var sides []comparison.Side
	for _, name := range args { // all are read before anything is printed
		s, err := readSide(name)
		if err != nil {
			return err
		}
		sides = append(sides, s)
	}
	var results []comparison.Result
	for _, s := range sides[1:] {
		result, err := comparison.Sides(sides[0], s, f.options)
		if err != nil {
			return fmt.Errorf("%s and %s: %w", sides[0].Name, s.Name, err)
		}
		results = append(results, result)
	}
	if err := f.print(w, results); err != nil {
		return err
	}
	var wrong []string
	for _, r := range results {
		slower, bits := r.Regressions(f.threshold)
		if f.gate && !slices.ContainsFunc(r.Lines, comparison.Line.Judged) {
			wrong = append(wrong, fmt.Sprintf("%s: -threshold can judge no row: of %s %d are unstable, the others "+
				"have too few values", r.New, count(len(r.Lines), "row"), r.Unstable()))
		}
		if len(bits) > 0 {
			wrong = append(wrong, fmt.Sprintf("%s: other bits in %s, %v the first", r.New, count(len(bits), "row"),
				bits[0]))
		}
		if f.gate && len(slower) > 0 {
			worst := slices.MaxFunc(slower, func(a, b comparison.Line) int { return cmp.Compare(a.Ratio, b.Ratio) })
			wrong = append(wrong, fmt.Sprintf("%s: %s slower by surely more than %.3g%%, %v the most: %.1f%%", r.New,
				count(len(slower), "row"), 100*f.threshold, worst, 100*(worst.Ratio-1)))
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s", strings.Join(wrong, "; "))
	}
	return nil
}

// readSide reads a side: a file, several with commas between, or a folder of them.
func readSide(name string) (comparison.Side, error) {
	s := comparison.Side{Name: name}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		s.Records, err = readRecords(name)
		return s, err
	}
	for file := range strings.SplitSeq(name, ",") {
		r, err := record.ReadFile(file)
		if err != nil {
			return s, err
		}
		s.Records = append(s.Records, r)
	}
	return s, nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (f *compareFlags) print(w io.Writer, results []comparison.Result) error {
	switch {
	case f.json:
		text, err := json.MarshalIndent(results, "", "\t")
		if err == nil {
			_, err = w.Write(append(text, '\n'))
		}
		return err
	case f.csv:
		return printCSV(w, results)
	}
	for i, r := range results {
		if i > 0 {
			fmt.Fprintln(w)
		}
		f.printTable(w, r)
	}
	return nil
}

func (f *compareFlags) printTable(w io.Writer, r comparison.Result) {
	fmt.Fprintf(w, "%s -> %s", r.Old, r.New)
	if n := r.Processes; n[0] > 1 {
		fmt.Fprintf(w, ", medians of %d and %d processes", n[0], n[1])
	}
	fmt.Fprintln(w)
	unit := "ns"
	if r.ByShare {
		unit = "ceilings" // a time of 1 is all of the ceiling
	}
	lines := slices.DeleteFunc(slices.Clone(r.Lines), func(l comparison.Line) bool {
		return l.Change == comparison.None && !l.Bits && !f.all
	})
	if len(lines) > 0 {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintf(t, "old %s\tnew %s\tnew/old\t%.4g%% interval\tp\t\t  \n", unit, unit, 100*(1-f.options.Alpha))
		for _, l := range lines {
			interval := "too few values"
			if l.Interval != nil {
				interval = fmt.Sprintf("%.3f to %.3f", l.Interval[0], l.Interval[1])
			}
			fmt.Fprintf(t, "%s\t%s\t%.3f\t%s\t%.3f\t%s\t  %v\n", short4(l.Old), short4(l.New), l.Ratio, interval, l.P,
				verdict(l), l.Key)
		}
		t.Flush()
	}
	same := len(r.Lines)
	for _, l := range r.Lines {
		if l.Change != comparison.None {
			same--
		}
	}
	fmt.Fprintf(w, "%s compared, %d without a significant change", count(len(r.Lines), "row"), same)
	if len(r.Lines) > 0 {
		fmt.Fprintf(w, "; geometric mean of new/old %.3f", r.Mean)
	}
	fmt.Fprintln(w)
	if r.Processes[0] == 1 && same < len(r.Lines) {
		fmt.Fprintln(w, "One process a side: what differs from one to the next passes for a change. Better have five.")
	}
	for _, side := range []struct {
		name string
		keys []record.Key
	}{{r.Old, r.Gone}, {r.New, r.Added}} {
		if len(side.keys) > 0 {
			fmt.Fprintf(w, "only in %s:\n", side.name)
			for _, k := range side.keys {
				fmt.Fprintf(w, "  %s: %v\n", k.Group, k)
			}
		}
	}
}

// verdict says what a line means in a word or two.
func verdict(l comparison.Line) string {
	words := []string{}
	if l.Change != comparison.None {
		words = append(words, string(l.Change))
	}
	if l.Unstable {
		words = append(words, "unstable")
	}
	if l.Bits {
		words = append(words, "OTHER BITS")
	}
	return strings.Join(words, ", ")
}

// short4 writes a number with four figures and without an exponent.
func short4(x float64) string {
	if x >= 1000 {
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.4g", x)
}

func printCSV(w io.Writer, results []comparison.Result) error {
	out := csv.NewWriter(w)
	out.Write([]string{"old_file", "new_file", "group", "name", "peer", "type", "backend", "threads", "level", "bytes",
		"n", "shape", "old", "new", "ratio", "lo", "hi", "p", "change", "unstable", "bits_differ"})
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	for _, r := range results {
		for _, l := range r.Lines {
			lo, hi := "", ""
			if l.Interval != nil {
				lo, hi = number(l.Interval[0]), number(l.Interval[1])
			}
			out.Write([]string{r.Old, r.New, l.Group, l.Name, l.Peer, l.Type, l.Backend, strconv.Itoa(l.Threads),
				l.Level, strconv.Itoa(l.Bytes), strconv.Itoa(l.N), l.Shape, number(l.Old), number(l.New),
				number(l.Ratio), lo, hi, number(l.P), string(l.Change), strconv.FormatBool(l.Unstable),
				strconv.FormatBool(l.Bits)})
		}
	}
	out.Flush()
	return out.Error()
}
