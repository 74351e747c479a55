package cli

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"io"
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
	summary: "tell what changed from one record to others",
	args:    "OLD NEW...",
	words:   predict.Files("*.json"),
	about: `Compares the times of rows that two records (JSON files of bench) have in common: the ratio of the medians,
new to old, its confidence interval (at least 95%) and the p-value of the Mann-Whitney test. Rows that changed are
shown: those with a p-value below -alpha and an interval without 1; and what only one side has. Records of machines
that differ are refused; with -share times are compared in units of each row's ceiling, which was measured in turns
with it.

With -threshold the status is 1 if a row that is not unstable is slower by more than that, and significantly.
It is 1 in any case if the bits of a row differ.`,
	example: `  bench compare old.json new.json
  bench compare -threshold 5% old.json new.json   # in CI
  bench compare -share this.json that.json        # machines that differ`,
	register: func(set *flag.FlagSet) runner {
		var f compareFlags
		set.BoolVar(&f.options.ByShare, "share", false, "compare shares of ceilings: also of machines that differ")
		set.Float64Var(&f.options.Alpha, "alpha", .05, "a change has a p-value `below` this")
		set.Func("threshold", "exit with status 1 if a row is slower by more than this `part`, as 5% or 0.05",
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
		return usageError{fmt.Errorf("want two files or more, OLD and NEW..., got %d", len(args))}
	case f.json && f.csv:
		return usageError{fmt.Errorf("-json and -csv exclude each other")}
	case !(f.options.Alpha > 0) || f.options.Alpha >= 1:
		return usageError{fmt.Errorf("-alpha %v, want a number between 0 and 1", f.options.Alpha)}
	}
	var records []record.Record
	for _, name := range args { // all are read before anything is printed
		r, err := record.ReadFile(name)
		if err != nil {
			return err
		}
		records = append(records, r)
	}
	var results []comparison.Result
	for i, r := range records[1:] {
		result, err := comparison.Records(records[0], r, f.options)
		if err != nil {
			return fmt.Errorf("%s and %s: %w", args[0], args[i+1], err)
		}
		result.Old, result.New = args[0], args[i+1]
		results = append(results, result)
	}
	if err := f.print(w, results); err != nil {
		return err
	}
	var wrong []string
	for _, r := range results {
		slower, bits := r.Regressions(f.threshold)
		if len(bits) > 0 {
			wrong = append(wrong, fmt.Sprintf("%s: other bits in %s, %v the first", r.New, count(len(bits), "row"),
				bits[0]))
		}
		if f.gate && len(slower) > 0 {
			worst := slices.MaxFunc(slower, func(a, b comparison.Line) int { return cmp.Compare(a.Ratio, b.Ratio) })
			wrong = append(wrong, fmt.Sprintf("%s: %s slower by more than %.3g%%, %v the most: %.1f%%", r.New,
				count(len(slower), "row"), 100*f.threshold, worst, 100*(worst.Ratio-1)))
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s", strings.Join(wrong, "; "))
	}
	return nil
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
	fmt.Fprintf(w, "%s -> %s\n", r.Old, r.New)
	unit := "ns"
	if r.ByShare {
		unit = "ceilings" // a time of 1 is all of the ceiling
	}
	lines := slices.DeleteFunc(slices.Clone(r.Lines), func(l comparison.Line) bool {
		return l.Change == comparison.None && !l.Bits && !f.all
	})
	if len(lines) > 0 {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintf(t, "old %s\tnew %s\tnew/old\t95%% interval\tp\t\t  \n", unit, unit)
		for _, l := range lines {
			interval := "too few samples"
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
