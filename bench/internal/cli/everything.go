package cli

import (
	"context"
	"errors"
	"flag"
	"io"

	"github.com/bitstep-go/bitstep/bench/internal/measure"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/bench/internal/verify"
)

var everything = command{
	summary: "describe, verify and measure this machine",
	about: `Shows what bitstep does on this machine, in under two minutes: verifies every kernel on every backend
against the definitions and the golden hashes; measures what the machine can do at most, and every kernel, five
products and an epoch of training beside that, in turns. It prints the few figures that matter, and writes all of
them: as a page with pictures, and as JSON.`,
	example: `  bench                 # files go to the user's cache, and are named at the end
  bench -o this         # this.html and this.json
  bench -quick          # a few seconds, to see that everything works; writes nothing without -o`,
	register: func(set *flag.FlagSet) runner {
		quick := set.Bool("quick", false, "fewer sizes and samples, to see that everything works")
		all := set.Bool("all", false, "print all that is measured, a line each")
		var out output
		set.StringVar(&out.name, "o", "", "write `NAME`.html and NAME.json")
		set.BoolVar(&out.replace, "f", false, "replace those files if they exist")
		return func(ctx context.Context, w io.Writer, _ []string) error {
			if out.name != "" { // better now than when all is measured
				if err := out.check(); err != nil {
					return err
				}
			}
			return measureAll(ctx, w, *quick, *all, out)
		}
	},
}

func measureAll(ctx context.Context, w io.Writer, quick, all bool, out output) error {
	r := newRecording()
	printMachine(w, r.Machine, r.Program)
	v, err := verifyAndTell(ctx, w, verify.Options{})
	if v == nil {
		return err
	}
	r.Verification = v
	if err != nil { // nothing is measured, but what was asked for is written
		r.finish(err)
	} else {
		o := measure.Default(r.Machine)
		if quick {
			o = measure.Quick(r.Machine)
		}
		var t printer = &shortTable{w: w, machine: r.Machine, levels: o.Levels}
		if all {
			t = &fullTable{w: w}
		}
		err = r.measure(ctx, o, t)
	}
	r.printNotices(w)
	if out.name == "" && !quick && len(r.Rows) > 0 {
		var e error
		if out, e = usualOutput(r.Machine); e != nil {
			return errors.Join(err, e)
		}
	}
	if out.name != "" {
		if e := out.write(w, r.Record); e != nil {
			return errors.Join(err, e)
		}
	}
	return err
}

// measure measures, prints rows as they are finished, and finishes the record.
func (r *recording) measure(ctx context.Context, o measure.Options, t printer) error {
	bar := newProgress("measuring", -1)
	o.Between = r.watch.Sample
	err := measure.Run(ctx, o, func(row record.Row) {
		r.add(row)
		bar.Clear()
		t.row(row)
		bar.Describe("measuring " + row.Group + " " + row.Name)
		bar.Add(1)
	})
	bar.Finish()
	t.end()
	return r.finish(err)
}
