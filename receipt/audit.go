package receipt

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/bitstep-go/bitstep/internal/stream"
)

// A Replayer makes the steps of a run again. It has data and configuration of its own, which Claims tells; equal
// claims, states and steps must make equal bytes on every machine.
type Replayer interface {
	// Claims are those that the run's NewWriter was given, of the replayer's own data and configuration.
	Claims() []Claim

	// Start sets the replayer to the state before the first step.
	Start() error

	// Restore sets it to a state that State returned after so many steps, if need be on another machine. It may be
	// called again and again, with states in any order. A state that is damaged, or cannot be one of this run after
	// so many steps, is an error: whatever the state decides of what follows, beyond what the steps before it can
	// have made, must be what the configuration says.
	Restore(state []byte, step uint64) error

	// Replay takes steps until so many have been taken since the start, and returns facts about the steps since the
	// last Start, Restore or Replay. It is an error if the state has as many already, or the run ends before.
	Replay(ctx context.Context, step uint64) (facts []Claim, err error)

	// State returns the state.
	State() ([]byte, error)

	// Results are what End was given by a run that has come to the present state. The error says why the run would not
	// have ended there.
	Results() ([]Claim, error)
}

// A Differ is a Replayer that can say in which part of two different states they differ first.
type Differ interface {
	Differ(claimed, found []byte) string
}

// Options of an Audit.
type Options struct {
	// Segments is how many segments are replayed beside the start, which is always made anew; 0: all.
	Segments int

	// Seed decides which. Who made the receipt must not have known it before the receipt's digest was published.
	Seed uint64

	// Progress, unless nil, is called before each replay, and at the end with done == of.
	Progress func(done, of int)
}

// A Report is what an audit found.
type Report struct {
	Digest   string // of the receipt
	Segments int    // beside the start
	Replayed []int  // the numbers of those that were, ascending
	Findings []Finding
}

// OK reports whether all was found as it was claimed.
func (r *Report) OK() bool { return len(r.Findings) == 0 }

// A Finding is something that is not as it was claimed.
type Finding struct {
	// Segment is its number, or -1 for what is no segment's: the claims of the run and its results. From is the step of
	// the state that it was replayed from, Step that of its own.
	Segment    int
	From, Step uint64

	// What is the name of a claim, a fact or a result; or "state", or "replay" if the steps could not be taken.
	What string

	// Claimed is what the receipt has, and Found what the audit has; "nothing" where one lacks it. Of a state they are
	// digests, and Where says in which part they differ first, if that is known.
	Claimed, Found, Where string
}

func (f Finding) String() string {
	where := "the run"
	switch {
	case f.Segment == 0:
		where = "the start"
	case f.Segment > 0:
		where = fmt.Sprintf("segment %d, steps %d to %d", f.Segment, f.From+1, f.Step)
	}
	text := fmt.Sprintf("%s: %s: claimed %s, found %s", where, Printable(f.What), Printable(f.Claimed),
		Printable(f.Found))
	if f.Where != "" {
		text += "; " + Printable(f.Where)
	}
	return text
}

// Printable makes a text of a file that nobody vouches for fit for a terminal: what is not printed, such as the
// controls that begin escape sequences, is written as Go does, and of a long text the first characters.
func Printable(text string) string {
	const most = 300
	var b strings.Builder
	n := 0
	for _, r := range text {
		if n++; n > most {
			fmt.Fprintf(&b, "... of %d bytes", len(text))
			break
		}
		if strconv.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// nothing stands for what is not there.
const nothing = "nothing"

// What is found of a segment.
const (
	foundState  = "state"
	foundReplay = "replay"
	foundEnd    = "end"
)

// Audit checks a receipt with the data and the configuration of a replayer: that the claims are the replayer's, that
// the start is what it makes, that segments drawn by Options replay to the states and facts that they claim, and that
// the results are those of the last state. What is not so is in the report; the error is of the context, of reading the
// receipt, or a negative number of segments.
//
// With other claims than the replayer's nothing is replayed. Segments are replayed one by one and do not depend on each
// other: each is judged from the state that is claimed before it.
func Audit(ctx context.Context, r *Receipt, p Replayer, o Options) (*Report, error) {
	if o.Segments < 0 {
		return nil, fmt.Errorf("receipt: Audit: %d segments, want 0, for all, or more", o.Segments)
	}
	n := len(r.Segments) - 1
	report := &Report{Digest: r.Digest, Segments: n}
	if report.compare(-1, 0, 0, r.Claims, p.Claims()); !report.OK() {
		return report, nil
	}
	report.Replayed = draw(n, o.Segments, o.Seed)
	progress := o.Progress
	if progress == nil {
		progress = func(int, int) {}
	}
	for k, i := range append([]int{0}, report.Replayed...) {
		progress(k, len(report.Replayed)+1)
		if err := report.segment(ctx, r, p, i); err != nil {
			return nil, err
		}
	}
	progress(len(report.Replayed)+1, len(report.Replayed)+1)
	return report, report.results(r, p)
}

// draw returns k of the numbers 1 to n, ascending, or all if k is 0 or not less than n.
func draw(n, k int, seed uint64) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i + 1
	}
	if k == 0 || k >= n {
		return all
	}
	r := rand.New(rand.NewChaCha8(stream.Seed("audit", seed, uint64(n))))
	for i := range k {
		j := i + r.IntN(n-i)
		all[i], all[j] = all[j], all[i]
	}
	slices.Sort(all[:k])
	return all[:k]
}

// segment replays segment i.
func (r *Report) segment(ctx context.Context, receipt *Receipt, p Replayer, i int) error {
	s, from := receipt.Segments[i], uint64(0)
	claimed, err := receipt.State(i)
	if err != nil {
		return err
	}
	failed := func(err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.Findings = append(r.Findings, Finding{i, from, s.Step, foundReplay, "steps to this state", err.Error(), ""})
		return nil
	}
	if i == 0 {
		if err := p.Start(); err != nil {
			return failed(err)
		}
	} else {
		before, err := receipt.State(i - 1)
		if err != nil {
			return err
		}
		from = receipt.Segments[i-1].Step
		if err := p.Restore(before, from); err != nil {
			return failed(fmt.Errorf("the state before: %w", err))
		}
		facts, err := p.Replay(ctx, s.Step)
		if err != nil {
			return failed(err)
		}
		r.compare(i, from, s.Step, s.Facts, facts)
	}
	found, err := p.State()
	if err != nil {
		return failed(err)
	}
	if !bytes.Equal(claimed, found) {
		f := Finding{i, from, s.Step, foundState, s.SHA256, digestOf(found), ""}
		if d, ok := p.(Differ); ok {
			f.Where = d.Differ(claimed, found)
		}
		r.Findings = append(r.Findings, f)
	}
	return nil
}

// results checks the end.
func (r *Report) results(receipt *Receipt, p Replayer) error {
	last := len(receipt.Segments) - 1
	step := receipt.Segments[last].Step
	if !receipt.Ended {
		r.Findings = append(r.Findings, Finding{-1, step, step, foundEnd, nothing,
			"no end of the run: it goes on, or the receipt was cut off", ""})
		return nil
	}
	state, err := receipt.State(last)
	if err != nil {
		return err
	}
	if err := p.Restore(state, step); err != nil {
		r.Findings = append(r.Findings, Finding{-1, step, step, foundEnd, "the last state", err.Error(), ""})
		return nil
	}
	results, err := p.Results()
	if err != nil {
		r.Findings = append(r.Findings, Finding{-1, step, step, foundEnd, fmt.Sprintf("after step %d", step),
			err.Error(), ""})
		return nil
	}
	r.compare(-1, step, step, receipt.Results, results)
	return nil
}

// compare notes each claim that is not found, in the order of the claimed ones, and what is found beside them.
func (r *Report) compare(segment int, from, step uint64, claimed, found []Claim) {
	note := func(what, claimed, found string) {
		r.Findings = append(r.Findings, Finding{segment, from, step, what, claimed, found, ""})
	}
	values := map[string]string{}
	for _, c := range found {
		values[c.Name] = c.Value
	}
	for _, c := range claimed {
		got, ok := values[c.Name]
		switch {
		case !ok:
			note(c.Name, c.Value, nothing)
		case got != c.Value:
			note(c.Name, c.Value, got)
		}
		delete(values, c.Name)
	}
	for _, c := range found {
		if _, left := values[c.Name]; left {
			note(c.Name, nothing, c.Value)
		}
	}
}

// Missed returns the probability that an audit of k of n segments, drawn at random, replays none of f that are forged:
//
//	C(n-f, k) / C(n, k)
//
// It panics unless 0 <= f, k <= n.
func Missed(n, f, k int) float64 {
	if f < 0 || f > n || k < 0 || k > n {
		panic(fmt.Sprintf("receipt: Missed: n = %d, f = %d, k = %d, want f and k from 0 to n", n, f, k))
	}
	p := 1.0
	for i := range k {
		p *= max(0, float64(n-f-i)) / float64(n-i)
	}
	return p
}
