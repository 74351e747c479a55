package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/internal/golden"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Options say what is verified.
type Options struct {
	Kernels, Types []string          // names; nil for all, and with the lists of testdata only then
	Backends       []bitstep.Backend // nil for all that this machine can run
	Lists          fs.FS             // has the lists of testdata; nil for those that are compiled in
	Unlisted       bool              // no part is compared with the list of parts: to make it
	Long           bool              // exhaustive checks, too
	For            time.Duration     // for which random calls are made, too
	Seed           uint64            // of the first of them
	Only           bool              // nothing but the one call of Seed
	Goroutines     int               // 0 for GOMAXPROCS

	// Progress, if not nil, is told which of so many parts is done.
	Progress func(done, total int)

	of32 []subject[float32] // for tests: what is verified instead of backends
	of64 []subject[float64]
}

// List is the file in testdata that has the digests of all parts.
const List = "verify.txt"

// A part is a kernel in a type, or whatever else has a digest of its own.
type part struct {
	kernel, typ string
	what        string                    // the part's name
	backend     string                    // of a list of testdata; else it is all of them
	listed      bool                      // in testdata
	long        bool                      // exhaustive
	covers      func(backend string) bool // nil if it covers all
	calls       int                       // of one that takes minutes; else 0
	run         func(o *Options, stop func() error, pool *bitstep.Pool) (done, error)
}

// steps is how many steps of a bar a part takes.
func (p part) steps() int {
	if p.calls > 0 {
		return 64
	}
	return 1
}

// split tells which of the backends a part covers, and which not.
func (p part) split(backends []string) (covered, not []string) {
	for _, b := range backends {
		switch {
		case p.backend != "" && b != p.backend:
		case p.covers == nil || p.covers(b):
			covered = append(covered, b)
		default:
			not = append(not, b)
		}
	}
	return covered, not
}

// done is what comes of a part.
type done struct {
	calls  int
	digest string
}

// Kernels lists the kernels that can be chosen.
func Kernels() (names []string) {
	for _, row := range table.Rows {
		names = append(names, row.Name)
	}
	return append(append(names, productKernels...), "AllFinite")
}

// LongKernels lists what can be chosen besides with Long.
func LongKernels() []string { return []string{"sqrt", "fma"} }

// Types lists the types.
func Types() []string { return []string{typeName[float32](), typeName[float64]()} }

// parts lists the parts of the default set, in the order of the list.
func parts() []part {
	return append(partsOf(func(o *Options) []subject[float32] { return o.of32 }),
		partsOf(func(o *Options) []subject[float64] { return o.of64 })...)
}

func partsOf[T kernels.Float](subjects func(*Options) []subject[T]) (all []part) {
	add := func(kernel, name string, run func(*verifier[T]) error) {
		all = append(all, part{kernel: kernel, typ: typeName[T](), what: name + " " + typeName[T](), listed: true,
			run: func(o *Options, stop func() error, pool *bitstep.Pool) (done, error) {
				v := newVerifier(subjects(o), stop, pool)
				err := run(v)
				return done{v.calls, hex.EncodeToString(v.sum.Sum(nil))}, err
			}})
	}
	for _, row := range table.Rows {
		add(row.Name, row.Name, func(v *verifier[T]) error { return v.row(row) })
	}
	for _, kernel := range []string{"Gemm", "GemmContinue"} {
		for _, t := range [][2]bool{{false, false}, {false, true}, {true, false}, {true, true}} {
			add(kernel, kernel+form(t[0], t[1]), func(v *verifier[T]) error { return v.products(kernel, t[0], t[1]) })
		}
	}
	for _, transA := range []bool{false, true} {
		add("Gemv", "Gemv"+form(transA, false)[:1], func(v *verifier[T]) error {
			return v.products("Gemv", false, !transA)
		})
	}
	add("AllFinite", "AllFinite", func(v *verifier[T]) error { return v.allFinites() })
	return all
}

// Run verifies. What differs is in the Verification: an error is what kept it from finding out.
func Run(ctx context.Context, o Options) (*record.Verification, error) {
	o.complete()
	v := &record.Verification{Chosen: strings.Join(slices.Concat(o.Kernels, o.Types), ",")}
	for _, b := range o.Backends {
		v.Backends = append(v.Backends, b.String())
	}
	if o.Only {
		v.Chosen = "one call"
		return v, o.finish(v, o.fuzz(ctx, v))
	}
	var lists map[string][]string
	var err error
	if lists, err = o.lists(); err != nil {
		return nil, err
	}
	all := o.chosen(lists)
	v.Parts = make([]record.Part, len(all))
	total := 0
	for _, p := range all {
		total += p.steps()
	}
	var mu sync.Mutex // for what follows
	finished := 0
	progress := func(steps int) {
		mu.Lock()
		defer mu.Unlock()
		if finished += steps; o.Progress != nil {
			o.Progress(finished, total)
		}
	}
	err = inOrder(ctx, o.Goroutines, len(all), func(i int, stop func() error, pool *bitstep.Pool) error {
		p, asked, told := all[i], 0, 0
		d, err := p.run(&o, func() error { // is asked in each call
			asked++
			if p.calls > 0 {
				if steps := min(asked*p.steps()/p.calls, p.steps()-1); steps > told {
					progress(steps - told)
					told = steps
				}
			}
			return stop()
		}, pool)
		if err == nil && p.listed && !o.Unlisted {
			err = compared(p, d.digest, lists[List])
		}
		if err != nil {
			return err
		}
		covered, not := p.split(v.Backends)
		v.Parts[i] = record.Part{What: p.what, Backend: strings.Join(covered, ","), NotCovered: not, Calls: d.calls,
			Digest: d.digest}
		progress(p.steps() - told)
		return nil
	})
	var listed, long string // their lines
	for i, p := range all {
		done := v.Parts[i]
		covered, _ := p.split(v.Backends)
		v.Calls += done.Calls * len(covered)
		line := done.What + " " + done.Digest + "\n"
		switch {
		case p.listed:
			listed += line
		case p.long:
			long += line
		}
	}
	v.Parts = slices.DeleteFunc(v.Parts, func(p record.Part) bool { return p.What == "" })
	if err == nil {
		v.Digest, v.LongDigest = digestOf(listed), digestOf(long)
	}
	if err == nil && o.For > 0 {
		err = o.fuzz(ctx, v)
	}
	return v, o.finish(v, err)
}

// digestOf is the digest of parts' lines; of none there is none.
func digestOf(lines string) string {
	if lines == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(lines))
	return hex.EncodeToString(sum[:])
}

// finish notes a mismatch, which is no error.
func (o *Options) finish(v *record.Verification, err error) error {
	var m *mismatch
	if errors.As(err, &m) {
		v.Mismatch, err = &m.Mismatch, nil
	} else {
		v.OK = err == nil
	}
	return err
}

// complete replaces zeros.
func (o *Options) complete() {
	if o.Goroutines <= 0 {
		o.Goroutines = runtime.GOMAXPROCS(0)
	}
	if o.Backends == nil {
		o.Backends = bitstep.Backends()
	}
	if o.of32 != nil || o.of64 != nil {
		return
	}
	for _, b := range o.Backends {
		o.of32, o.of64 = append(o.of32, backend[float32](b)), append(o.of64, backend[float64](b))
	}
}

// takes reports whether a kernel and type are chosen.
func (o *Options) takes(kernel, typ string) bool {
	in := func(name string, chosen []string) bool { return chosen == nil || slices.Contains(chosen, name) }
	return o.Only || in(kernel, o.Kernels) && in(typ, o.Types)
}

// Empty returns an error that tells of the first chosen kernel of which nothing is verified, in the chosen types and on
// the chosen backends.
func (o Options) Empty() error {
	o.complete()
	var backends []string
	for _, b := range o.Backends {
		backends = append(backends, b.String())
	}
	for _, kernel := range o.Kernels {
		var typed, covered bool
		for _, p := range o.all() {
			if p.kernel == kernel && o.takes(p.kernel, p.typ) {
				on, _ := p.split(backends)
				typed, covered = true, covered || len(on) > 0
			}
		}
		if !typed {
			return fmt.Errorf("%s: there is nothing to verify in %s", kernel, strings.Join(o.Types, ", "))
		}
		if !covered {
			return fmt.Errorf("%s: there is nothing to verify on %s", kernel, strings.Join(backends, ", "))
		}
	}
	return nil
}

// files are the lists of testdata besides that of parts, which are compared with if nothing is chosen.
func (o *Options) files() []golden.File {
	if o.Kernels != nil || o.Types != nil {
		return nil
	}
	return golden.Files()
}

// all lists the parts that there are to choose from.
func (o *Options) all() []part {
	if o.Long {
		return append(parts(), longParts()...)
	}
	return parts()
}

// chosen lists the parts that are run, in order.
func (o *Options) chosen(lists map[string][]string) (all []part) {
	for _, p := range o.all() {
		if o.takes(p.kernel, p.typ) {
			all = append(all, p)
		}
	}
	for _, f := range o.files() {
		for _, b := range o.Backends {
			all = append(all, fileParts(f, b, lists[f.Name]))
		}
	}
	return all
}

// lists reads the lists of testdata that golden hashes are compared with.
func (o *Options) lists() (map[string][]string, error) {
	lists := map[string][]string{}
	names := map[string]int{}
	if !o.Unlisted {
		names[List] = len(parts())
	}
	for _, f := range o.files() {
		names[f.Name] = len(f.Lines)
	}
	for name, want := range names {
		text := golden.List(name)
		if o.Lists != nil {
			b, err := fs.ReadFile(o.Lists, name)
			if err != nil {
				return nil, err
			}
			text = string(b)
		}
		lines, ok := strings.CutSuffix(text, "\n")
		lists[name] = strings.Split(lines, "\n")
		if n := len(lists[name]); n != want || !ok {
			return nil, fmt.Errorf("%s has %d whole lines, want %d", name, strings.Count(text, "\n"), want)
		}
	}
	return lists, nil
}

// compared returns a mismatch if a part's digest is not in the list.
func compared(p part, digest string, list []string) error {
	for _, line := range list {
		name, want, _ := cutLast(line)
		if name != p.what {
			continue
		}
		if want == digest {
			return nil
		}
		return &mismatch{record.Mismatch{Kernel: p.kernel, Type: p.typ, Backend: "the definition", Operand: List,
			Want: want, Got: digest, Case: "all, in which every backend agrees with the definition"}}
	}
	return fmt.Errorf("%s has no line %s", List, p.what)
}

// cutLast cuts a line at its last space.
func cutLast(line string) (before, after string, ok bool) {
	i := strings.LastIndexByte(line, ' ')
	if i < 0 {
		return line, "", false
	}
	return line[:i], line[i+1:], true
}

// fileParts compares what a backend gives with a list of testdata.
func fileParts(f golden.File, b bitstep.Backend, list []string) part {
	run := func(_ *Options, stop func() error, _ *bitstep.Pool) (d done, err error) {
		sum := sha256.New()
		for i, line := range f.Lines {
			if err := stop(); err != nil {
				return d, err
			}
			hash, err := line.Hash(b)
			m := record.Mismatch{Kernel: line.Name, Backend: b.String(), Operand: f.Name, Index: i, Want: list[i]}
			if err != nil {
				m.Got = err.Error()
				return d, &mismatch{m}
			}
			text := line.Name + " " + hash
			if text != list[i] {
				m.Got = text
				return d, &mismatch{m}
			}
			fmt.Fprintln(sum, text)
			d.calls++
		}
		d.digest = hex.EncodeToString(sum.Sum(nil))
		return d, nil
	}
	return part{what: f.Name + ", " + f.What, backend: b.String(), run: run}
}
