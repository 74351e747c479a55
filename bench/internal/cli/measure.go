package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/ceiling"
	"github.com/bitstep-go/bitstep/bench/internal/machine"
	"github.com/bitstep-go/bitstep/bench/internal/measure"
	"github.com/bitstep-go/bitstep/bench/internal/record"
)

var measureCommand = command{
	name:    "measure",
	summary: "measure chosen kernels, products, training and ceilings",
	about: `Measures what is chosen, a row each: the median of the samples, nanoseconds per element, bandwidth and
arithmetic, the share of its ceiling (measured in turns with it, on the same memory), how many times as fast as pure
Go it is, and the middle half of the samples over the median (+-). Each result is checked against the definition, once
and outside of the timing; a wrong one ends the run with status 1. A row whose share may be off by more than 5% says
that it is unstable.`,
	example: `  bench measure -kernels Adam,Lion -sizes L1,16K,64M -backends avx2,avx512
  bench measure -what ceiling -types float32
  bench measure -what product -n 1,256 -threads 1,2
  bench measure -kernels SGD -format go >new.txt   # for benchstat
  bench measure -limit 30s -o now.json -f`,
	register: func(set *flag.FlagSet) runner {
		f := &measureFlags{}
		list := func(name, about string, add func(word string) error) {
			set.Func(name, about, func(s string) error {
				for word := range strings.SplitSeq(s, ",") {
					if err := add(word); err != nil {
						return err
					}
				}
				return nil
			})
		}
		m := machine.Describe()
		o := measure.Default(m)
		f.options, f.defaults = measure.Options{Machine: m}, o
		choose := func(name, about string, from []string, to *[]string) {
			list(name, about, func(word string) error {
				i := slices.IndexFunc(from, func(s string) bool { return strings.EqualFold(s, word) })
				if i < 0 {
					return fmt.Errorf("there is no %q, but %s", word, strings.Join(from, ", "))
				}
				*to = append(*to, from[i])
				return nil
			})
			suggestList(set, name, from)
		}
		choose("what", "`groups` of rows: "+strings.Join(o.Groups, ", ")+" (default kernel)", o.Groups,
			&f.options.Groups)
		choose("kernels", "`names` of kernels, separated by commas (default all)", o.Kernels, &f.options.Kernels)
		choose("types", "element `types`: "+strings.Join(o.Types, ", ")+" (default both)", o.Types, &f.options.Types)
		list("backends", "`names` of backends, of "+strings.Join(m.Backends, ", ")+" (default "+m.Active+")",
			func(word string) error {
				for _, b := range bitstep.Backends() {
					if b.String() == word {
						f.options.Backends = append(f.options.Backends, b)
						return nil
					}
				}
				return fmt.Errorf("this machine and build can run %s", strings.Join(m.Backends, ", "))
			})
		suggestList(set, "backends", m.Backends)
		list("sizes", "`sizes` of the kernels' working sets: names of levels, or bytes with K, M or G\n"+
			"(default all levels)", func(word string) error {
			l, err := parseLevel(m, o.Levels, word)
			f.options.Levels = append(f.options.Levels, l)
			return err
		})
		var levels []string
		for _, l := range o.Levels {
			if l.Name != "" {
				levels = append(levels, l.Name)
			}
		}
		suggestList(set, "sizes", levels)
		numbers := func(name, about string, most int, to *[]int) {
			list(name, about, func(word string) error {
				n, err := strconv.Atoi(word)
				if err != nil || n < 1 || n > most {
					return fmt.Errorf("want numbers from 1 to %d", most)
				}
				*to = append(*to, n)
				return nil
			})
		}
		numbers("threads", "`numbers` of threads (default 1)", 1024, &f.options.Threads)
		numbers("n", "`sizes` N of the products (default 1,32,64,256,1024)", 1<<16, &f.options.N)
		set.IntVar(&f.options.Timer.Samples, "samples", o.Timer.Samples, "`number` of samples of each row, at least")
		set.DurationVar(&f.options.Timer.Least, "sample", o.Timer.Least, "`time` of a sample, at least")
		set.DurationVar(&f.limit, "limit", 0, "end after this `time`, with the rows that are finished by then")
		set.StringVar(&f.format, "format", formats[0], "print this `format`: "+either(formats))
		suggest(set, "format", formats)
		set.StringVar(&f.out, "o", "", "also write the record to this `file`, as JSON")
		set.BoolVar(&f.replace, "f", false, "replace the file if it exists")
		return f.run
	},
}

var formats = []string{"table", "json", "go", "csv"}

type measureFlags struct {
	options, defaults measure.Options
	limit             time.Duration
	format, out       string
	replace           bool
}

// parseLevel reads the name of a level, or a number of bytes.
func parseLevel(m record.Machine, levels []ceiling.Level, word string) (ceiling.Level, error) {
	for _, l := range levels {
		if l.Name != "" && strings.EqualFold(l.Name, word) {
			return l, nil
		}
	}
	digits, shift := strings.TrimSuffix(strings.ToUpper(word), "B"), 0
	for i, unit := range []string{"K", "M", "G"} {
		if before, found := strings.CutSuffix(digits, unit); found {
			digits, shift = before, 10*(i+1)
		}
	}
	n, err := strconv.Atoi(digits)
	switch {
	case err != nil || n < 1 || n > 1<<20 && shift > 0:
		return ceiling.Level{}, fmt.Errorf("%q is neither one of %v nor a number of bytes, as 48K", word, levels)
	case n<<shift < 1024:
		return ceiling.Level{}, fmt.Errorf("%s: want at least 1 KB", word)
	case !ceiling.Fits(n << shift):
		return ceiling.Level{}, fmt.Errorf("%s: too much for this machine's memory", word)
	}
	return ceiling.NewLevel(m, n<<shift), nil
}

// complete fills in what was not chosen.
func (f *measureFlags) complete() measure.Options {
	o, d := f.options, f.defaults
	if o.Groups == nil {
		o.Groups = []string{record.Kernel}
	}
	if o.Kernels == nil {
		o.Kernels = d.Kernels
	}
	if o.Types == nil {
		o.Types = d.Types
	}
	if o.Backends == nil {
		o.Backends = d.Backends
	}
	if o.Levels == nil {
		o.Levels = d.Levels
	}
	if slices.Contains(o.Groups, record.Ceiling) {
		o.Sizes = d.Sizes
	}
	if o.Threads == nil {
		o.Threads = []int{1}
	}
	if o.N == nil {
		o.N = d.N
	}
	o.Images, o.Counters = d.Images, f.options.Machine.Counters == "available"
	slices.Sort(o.Threads)
	o.Threads = slices.Compact(o.Threads)
	return o
}

func (f *measureFlags) run(ctx context.Context, w io.Writer, _ []string) error {
	o := f.complete()
	for _, chosen := range []struct { // what would change nothing is a mistake
		flag   string
		given  bool
		groups []string
	}{{"-kernels", f.options.Kernels != nil, []string{record.Kernel}},
		{"-sizes", f.options.Levels != nil, []string{record.Kernel, record.Ceiling}},
		{"-n", f.options.N != nil, []string{record.Product}}} {
		measured := func(group string) bool { return slices.Contains(o.Groups, group) }
		if chosen.given && !slices.ContainsFunc(chosen.groups, measured) {
			return usageError{fmt.Errorf("%s goes with -what %s", chosen.flag, either(chosen.groups))}
		}
	}
	switch {
	case !slices.Contains(formats, f.format):
		return usageError{fmt.Errorf("-format %s, want %s", f.format, either(formats))}
	case o.Timer.Samples < 1 || o.Timer.Samples > 10000:
		return usageError{fmt.Errorf("-samples %d, want a number from 1 to 10000", o.Timer.Samples)}
	case o.Timer.Least <= 0 || o.Timer.Least > time.Minute:
		return usageError{fmt.Errorf("-sample %v, want a time up to a minute", o.Timer.Least)}
	case f.limit < 0:
		return usageError{fmt.Errorf("-limit %v, want a time", f.limit)}
	}
	if f.out != "" {
		if err := record.Writable(f.out, f.replace); err != nil {
			return usageError{fmt.Errorf("-o: %w", err)}
		}
	}
	if f.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.limit)
		defer cancel()
	}
	r := newRecording()
	shown := io.Discard
	if f.format == "table" {
		shown = w
		printMachine(w, r.Machine, r.Program)
	}
	err := r.measure(ctx, o, &fullTable{w: shown})
	if e := f.write(w, shown, r); e != nil {
		return errors.Join(err, e)
	}
	return err
}

// write prints and writes what was measured, also after an interrupt.
func (f *measureFlags) write(w, shown io.Writer, r *recording) error {
	var err error
	switch f.format {
	case "table":
		fmt.Fprintln(shown)
		r.printNotices(shown)
	case "json":
		err = r.WriteJSON(w)
	case "go":
		err = r.WriteGo(w)
	case "csv":
		err = r.WriteCSV(w)
	}
	if err != nil || f.out == "" {
		return err
	}
	if err := record.WriteFile(f.out, f.replace, r.WriteJSON); err != nil {
		return err
	}
	fmt.Fprintf(shown, "record    %s\n", f.out)
	return nil
}
