package cli

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/bench/internal/verify"
)

var verifyCommand = command{
	name:    "verify",
	summary: "find out whether this machine gives the bits of all others",
	about: `Compares every kernel and product on every backend with its definition: all lengths, edges of the formats at
every position, several threads. The results have one digest, which is the same on every machine, and each kernel's
digest is compared with the one in testdata. Then results of optimizers, minimizers and classifiers are compared with
theirs. The status is 1 at a mismatch: the first element that differs is named, with what it was made of.

It calls kernels and products through the package's functions. It does not cover operands that overlap, arguments that
are refused, compilers other than the one that made this program, and the backends that this machine lacks.

It takes some seconds, and some minutes under an emulator; with -long, very much longer.`,
	example: `  bench verify
  bench verify -kernel Adam,Gemm -type float32 -backend avx2
  bench verify -long -for 1h -json verified.json
  bench verify -seed 4711         # again the random call that failed in a run with -for`,
	register: func(set *flag.FlagSet) runner {
		f := new(verifyFlags)
		set.Var(&f.kernels, "kernel", "only these `kernels`, with commas between")
		set.Var(&f.types, "type", "only these element `types`: "+either(elementTypes))
		set.Var(&f.backends, "backend", "only these `backends`")
		suggestList(set, "kernel", append(verify.Kernels(), verify.LongKernels()...))
		suggestList(set, "type", verify.Types())
		suggestList(set, "backend", backendNames())
		set.BoolVar(&f.long, "long", false, "every float32 of kernels with one operand, all roots on this CPU's\n"+
			"estimates, and fused multiply-adds that are hard to round, too")
		set.DurationVar(&f.duration, "for", 0, "then make random calls for this `time`, as 10m or 1h")
		set.Func("seed", "with -for, the `number` that decides the random calls; alone, make the one\n"+
			"that failed with it",
			func(s string) (err error) {
				f.seed, err = strconv.ParseUint(s, 10, 64)
				f.seeded = true
				return err
			})
		set.BoolVar(&f.list, "list", false, "print nothing but the digest of each kernel, whatever it should be:\n"+
			"all machines print the same")
		set.StringVar(&f.testdata, "testdata", "", "`folder` with the lists to compare with, as of another version")
		set.StringVar(&f.json, "json", "", "write the record to this `file`, or for - print nothing else")
		set.BoolVar(&f.replace, "f", false, "replace that file if it exists")
		return f.run
	},
}

// A names is a flag of names with commas between.
type names []string

func (n *names) String() string { return strings.Join(*n, ",") }

func (n *names) Set(s string) error {
	*n = append(*n, strings.Split(s, ",")...)
	return nil
}

// oneOf returns a usageError if one of the names is unknown.
func (n names) oneOf(flag string, all []string) error {
	for _, name := range n {
		if !slices.Contains(all, name) {
			return usageError{fmt.Errorf("-%s %s, want %s", flag, name, either(all))}
		}
	}
	return nil
}

type verifyFlags struct {
	kernels, types, backends names
	long, seeded             bool
	list, replace            bool
	duration                 time.Duration
	seed                     uint64
	testdata, json           string
}

// options returns what the flags say, or a usageError.
func (f *verifyFlags) options() (verify.Options, error) {
	o := verify.Options{Kernels: f.kernels, Types: f.types, Unlisted: f.list, Long: f.long, For: f.duration,
		Seed: f.seed, Only: f.seeded && f.duration == 0}
	for _, b := range bitstep.Backends() {
		if slices.Contains(f.backends, b.String()) {
			o.Backends = append(o.Backends, b)
		}
	}
	kernels := verify.Kernels()
	if f.long {
		kernels = append(kernels, verify.LongKernels()...)
	}
	if f.testdata != "" {
		o.Lists = os.DirFS(f.testdata)
	}
	for _, err := range []error{f.kernels.oneOf("kernel", kernels), f.types.oneOf("type", verify.Types()),
		f.backends.oneOf("backend", backendNames())} {
		if err != nil {
			return o, err
		}
	}
	if err := o.Empty(); err != nil {
		return o, usageError{fmt.Errorf("-kernel %w", err)}
	}
	if f.list && o.Kernels == nil && o.Types == nil {
		o.Types = verify.Types() // all parts, but no other lists
	}
	switch {
	case f.duration < 0:
		return o, usageError{fmt.Errorf("-for %v, want a time", f.duration)}
	case o.Only && (f.kernels != nil || f.types != nil || f.long || f.list):
		return o, usageError{errors.New("-seed without -for makes one call, and goes with -backend and -json alone")}
	case f.list && (f.json != "" || f.long || f.duration > 0):
		return o, usageError{errors.New("-list prints nothing else: it goes without -json, -long and -for")}
	}
	if f.json != "" && f.json != "-" { // better now than when all is verified
		if err := record.Writable(f.json, f.replace); err != nil {
			return o, usageError{fmt.Errorf("-json: %w", err)}
		}
	}
	if f.duration > 0 && !f.seeded {
		o.Seed = uint64(rand.Uint32())
	}
	return o, nil
}

func (f *verifyFlags) run(ctx context.Context, w io.Writer, _ []string) error {
	o, err := f.options()
	if err != nil {
		return err
	}
	r := newRecording()
	told := w
	if f.list || f.json == "-" {
		told = io.Discard
	}
	v, err := verifyAndTell(ctx, told, o)
	if v == nil {
		return err
	}
	r.Verification = v
	r.Seconds, r.Complete = time.Since(r.Started).Seconds(), v.OK || v.Mismatch != nil
	write := func() error { return nil }
	switch {
	case f.json == "-":
		write = func() error { return r.WriteJSON(w) }
	case f.json != "":
		write = func() error { return record.WriteFile(f.json, f.replace, r.WriteJSON) }
	}
	if f.list {
		for _, p := range v.Parts {
			fmt.Fprintln(w, p.What, p.Digest)
		}
	}
	if e := write(); e != nil {
		return errors.Join(err, e)
	}
	return err
}

// verifyAndTell verifies, shows how far it is, and tells the result. What it returns is not nil if anything was
// verified, also after an interrupt; a mismatch is an error, too.
func verifyAndTell(ctx context.Context, w io.Writer, o verify.Options) (*record.Verification, error) {
	bar := newProgress("verifying", 1)
	o.Progress = func(done, total int) {
		if bar.GetMax() != total {
			bar.ChangeMax(total)
		}
		bar.Set(done)
	}
	v, err := verify.Run(ctx, o)
	bar.Finish()
	if v == nil {
		return nil, err
	}
	if v.Mismatch == nil {
		printVerification(w, v, o)
	}
	return v, cmp.Or(err, different(v))
}

// printVerification tells what was verified, of a run that was interrupted what was until then.
func printVerification(w io.Writer, v *record.Verification, o verify.Options) {
	until := ""
	switch {
	case v.Calls == 0:
		return
	case !v.OK:
		until = " before it ended"
	}
	fmt.Fprintf(w, "verified  %s calls on %s%s: all bits are those of the definitions\n", thousands(v.Calls),
		strings.Join(v.Backends, ", "), until)
	if o.Only {
		return
	}
	whose := "of what was chosen"
	if v.Chosen == "" {
		whose = "the same on every machine"
	}
	if v.Digest != "" {
		fmt.Fprintf(w, "digest    %s, %s\n", v.Digest, whose)
	}
	if v.LongDigest != "" {
		fmt.Fprintf(w, "-long     %s, %s\n", v.LongDigest, whose)
	}
	for _, p := range v.Parts {
		if len(p.NotCovered) > 0 {
			fmt.Fprintf(w, "not       on %s: %s, since no roots there are made of estimates\n",
				strings.Join(p.NotCovered, ", "), p.What)
		}
	}
	if o.For > 0 && v.OK {
		fmt.Fprintf(w, "random    calls for %v, from -seed %d on\n", o.For, o.Seed)
	}
}

// different returns an error that tells of a mismatch, or nil.
func different(v *record.Verification) error {
	m := v.Mismatch
	if m == nil {
		return nil
	}
	var text strings.Builder
	switch {
	case m.Operand == verify.List:
		fmt.Fprintf(&text, "%s %s: all backends agree with the definition, but it gives other bits than it has to:\n"+
			"  digest %s, want %s of %s", m.Kernel, m.Type, m.Got, m.Want, m.Operand)
	case m.Type == "": // a line of a list
		fmt.Fprintf(&text, "%s: %s on %s differs:\n  got  %s\n  want %s", m.Operand, m.Kernel, m.Backend, m.Got, m.Want)
	default:
		fmt.Fprintf(&text, "%s %s on %s differs, length %d:\n  %s[%d] is %s\n  want %s", m.Kernel, m.Type, m.Backend,
			m.Length, m.Operand, m.Index, m.Got, m.Want)
		for _, in := range m.Inputs {
			fmt.Fprintf(&text, "\n  from %s", in)
		}
		fmt.Fprintf(&text, "\n  case %s", m.Case)
	}
	if m.Seed != "" {
		fmt.Fprintf(&text, "\n  again: %s verify -seed %s", program(), m.Seed)
	}
	return errors.New(text.String())
}
