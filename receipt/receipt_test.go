package receipt_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/receipt"
)

// A counter is a run that is easy to follow: its state is the number of steps and a sum of factor*step.
type counter struct {
	factor, end uint64
	step, sum   uint64
	seen        uint64 // sum of the steps of a segment
}

func (c *counter) Claims() []receipt.Claim {
	return []receipt.Claim{{Name: "factor", Value: fmt.Sprint(c.factor)}, {Name: "html", Value: "<&>\u2028"}}
}

func (c *counter) Start() error { c.step, c.sum, c.seen = 0, 0, 0; return nil }

func (c *counter) Restore(state []byte, step uint64) error {
	c.seen = 0
	_, err := fmt.Sscanf(string(state), "%d %d", &c.step, &c.sum)
	if err == nil && c.step != step {
		err = fmt.Errorf("a state of %d steps", c.step)
	}
	return err
}

func (c *counter) Replay(ctx context.Context, step uint64) ([]receipt.Claim, error) {
	if step <= c.step || step > c.end {
		return nil, fmt.Errorf("from %d to %d of %d", c.step, step, c.end)
	}
	for ; c.step < step; c.step++ {
		c.sum += c.factor * c.step
		c.seen += c.step
	}
	facts := []receipt.Claim{{Name: "seen", Value: fmt.Sprint(c.seen)}}
	c.seen = 0
	return facts, ctx.Err()
}

func (c *counter) State() ([]byte, error) { return fmt.Appendf(nil, "%d %d\n", c.step, c.sum), nil }

func (c *counter) Results() ([]receipt.Claim, error) {
	if c.step != c.end {
		return nil, fmt.Errorf("%d of %d steps", c.step, c.end)
	}
	return []receipt.Claim{{Name: "sum", Value: fmt.Sprint(c.sum)}}, nil
}

// record writes the receipt of a run, of segments of 10 steps.
func record(t *testing.T, w io.Writer, c *counter) (digest string) {
	t.Helper()
	to, err := receipt.NewWriter(w, 10, c.Claims())
	if err != nil {
		t.Fatal(err)
	}
	add := func(facts []receipt.Claim) {
		state, _ := c.State()
		if err := to.Add(c.step, facts, state); err != nil {
			t.Fatal(err)
		}
	}
	c.Start()
	add(nil)
	for c.step < c.end {
		facts, err := c.Replay(t.Context(), min(c.step+10, c.end))
		if err != nil {
			t.Fatal(err)
		}
		add(facts)
	}
	results, _ := c.Results()
	digest, err = to.End(results)
	if err != nil {
		t.Fatal(err)
	}
	if to.Segments() != int(c.end+9)/10+1 {
		t.Errorf("%d segments", to.Segments())
	}
	for _, err := range []error{to.Add(c.end+1, nil, nil), func() error { _, err := to.End(nil); return err }()} {
		if !errors.Is(err, receipt.ErrEnded) {
			t.Errorf("a receipt that has ended: %v", err)
		}
	}
	return digest
}

func read(b []byte) (*receipt.Receipt, error) {
	return receipt.Read(bytes.NewReader(b), int64(len(b)), "test")
}

func audit(t *testing.T, b []byte, c *counter, o receipt.Options) *receipt.Report {
	t.Helper()
	r, err := read(b)
	if err != nil {
		t.Fatal(err)
	}
	report, err := receipt.Audit(t.Context(), r, c, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestHonest(t *testing.T) {
	var b bytes.Buffer
	digest := record(t, &b, &counter{factor: 7, end: 95})
	r, err := read(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !r.Ended || r.Every != 10 || r.Digest != digest || len(r.Segments) != 11 || r.Segments[10].Step != 95 ||
		r.Claims[1].Value != "<&>\u2028" || r.Results[0].Value != "31255" {
		t.Errorf("read %+v", r)
	}
	if state, err := r.State(3); err != nil || string(state) != "30 3045\n" {
		t.Errorf("state 3: %q, %v", state, err)
	}
	for k := range 12 {
		report := audit(t, b.Bytes(), &counter{factor: 7, end: 95}, receipt.Options{Segments: k, Seed: uint64(k)})
		want := k
		if k == 0 || k > 10 {
			want = 10
		}
		if !report.OK() || report.Segments != 10 || len(report.Replayed) != want || !slices.IsSorted(report.Replayed) ||
			len(slices.Compact(report.Replayed)) != want || report.Digest != digest {
			t.Errorf("%d segments: %+v", k, report)
		}
	}
}

// Which segments are replayed is a matter of the seed, each as often as any other.
func TestDraw(t *testing.T) {
	var b bytes.Buffer
	record(t, &b, &counter{factor: 1, end: 100})
	count := make([]int, 11)
	const draws = 2000
	for seed := range uint64(draws) {
		o := receipt.Options{Segments: 3, Seed: seed}
		report := audit(t, b.Bytes(), &counter{factor: 1, end: 100}, o)
		again := audit(t, b.Bytes(), &counter{factor: 1, end: 100}, o)
		if !slices.Equal(report.Replayed, again.Replayed) {
			t.Fatalf("seed %d: %v and %v", seed, report.Replayed, again.Replayed)
		}
		for _, i := range report.Replayed {
			count[i]++
		}
	}
	for i, n := range count[1:] { // binomial, of standard deviation 20.5
		if n < draws*3/10-120 || n > draws*3/10+120 {
			t.Errorf("segment %d was drawn %d times of %d, want about %d", i+1, n, draws, draws*3/10)
		}
	}
}

// reseal alters the records of a receipt as a forger would, who makes all digests anew.
func reseal(t *testing.T, b []byte, forge func(i int, line map[string]any, state []byte) []byte) []byte {
	t.Helper()
	r, err := read(b)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	claims := map[string]any{"claims": r.Claims}
	forge(-1, claims, nil)
	w, err := receipt.NewWriter(&out, r.Every, claims["claims"].([]receipt.Claim))
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range r.Segments {
		state, err := r.State(i)
		if err != nil {
			t.Fatal(err)
		}
		line := map[string]any{"step": s.Step, "facts": s.Facts}
		state = forge(i, line, state)
		if line["skip"] == nil {
			if err := w.Add(line["step"].(uint64), line["facts"].([]receipt.Claim), state); err != nil {
				t.Fatal(err)
			}
		}
	}
	end := map[string]any{"results": r.Results}
	forge(len(r.Segments), end, nil)
	if end["skip"] == nil {
		if _, err := w.End(end["results"].([]receipt.Claim)); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// A forgery is found where it is, by an audit of all, and by one of the segments that it is in.
func TestForgeries(t *testing.T) {
	var b bytes.Buffer
	record(t, &b, &counter{factor: 7, end: 95})
	set := func(s string) []receipt.Claim { return []receipt.Claim{{Name: "seen", Value: s}} }
	for _, c := range []struct {
		name  string
		forge func(i int, line map[string]any, state []byte) []byte
		want  []string // of findings
	}{
		{"another state", func(i int, _ map[string]any, state []byte) []byte {
			if i == 4 {
				return []byte("40 5461\n")
			}
			return state
		}, []string{"segment 4, steps 31 to 40: state", "segment 5, steps 41 to 50: state"}},
		{"another start", func(i int, _ map[string]any, state []byte) []byte {
			if i == 0 {
				return []byte("0 1\n")
			}
			return state
		}, []string{"the start: state", "segment 1, steps 1 to 10: state"}},
		{"another fact", func(i int, line map[string]any, state []byte) []byte {
			if i == 2 {
				line["facts"] = set("146")
			}
			return state
		}, []string{"segment 2, steps 11 to 20: seen: claimed 146, found 145"}},
		{"a missing fact", func(i int, line map[string]any, state []byte) []byte {
			if i == 2 {
				line["facts"] = []receipt.Claim(nil)
			}
			return state
		}, []string{"segment 2, steps 11 to 20: seen: claimed nothing, found 145"}},
		{"one fact more", func(i int, line map[string]any, state []byte) []byte {
			if i == 2 {
				line["facts"] = append(set("145"), receipt.Claim{Name: "more", Value: "x"})
			}
			return state
		}, []string{"segment 2, steps 11 to 20: more: claimed x, found nothing"}},
		{"another claim", func(i int, line map[string]any, state []byte) []byte {
			if i == -1 {
				line["claims"] = (&counter{factor: 8}).Claims()
			}
			return state
		}, []string{"the run: factor: claimed 8, found 7"}},
		{"another result", func(i int, line map[string]any, state []byte) []byte {
			if i == 11 {
				line["results"] = []receipt.Claim{{Name: "sum", Value: "1"}}
			}
			return state
		}, []string{"the run: sum: claimed 1, found 31255"}},
		{"cut off and ended", func(i int, line map[string]any, state []byte) []byte {
			if i == 9 || i == 10 {
				line["skip"] = true
			}
			return state
		}, []string{"the run: end: claimed after step 80, found 80 of 95 steps"}},
		{"a step too many", func(i int, line map[string]any, state []byte) []byte {
			if i == 10 {
				line["step"] = uint64(96)
			}
			return state
		}, []string{"segment 10, steps 91 to 96: replay: claimed steps to this state, found from 90 to 96 of 95",
			"the run: end: claimed the last state, found a state of 95 steps"}},
		{"no state at all", func(i int, line map[string]any, state []byte) []byte {
			if i == 6 {
				return nil
			}
			return state
		}, []string{"segment 6, steps 51 to 60: state", "segment 7, steps 61 to 70: replay: claimed steps to this " +
			"state, found the state before: "}},
	} {
		report := audit(t, reseal(t, b.Bytes(), c.forge), &counter{factor: 7, end: 95}, receipt.Options{})
		ok := len(report.Findings) == len(c.want)
		for i, f := range report.Findings {
			ok = ok && strings.HasPrefix(f.String(), c.want[i])
		}
		if !ok {
			t.Errorf("%s: found %q, want %q", c.name, report.Findings, c.want)
		}
	}
	honest := reseal(t, b.Bytes(), func(_ int, _ map[string]any, state []byte) []byte { return state })
	if !bytes.Equal(honest, b.Bytes()) {
		t.Error("an honest receipt that was written again is another one")
	}
}

// Every byte of a receipt counts: whichever bit is flipped, reading it or its digest shows it, and wherever it is cut
// off, that is said.
func TestDamage(t *testing.T) {
	var b bytes.Buffer
	digest := record(t, &b, &counter{factor: 7, end: 25})
	whole := b.Bytes()
	for i := range whole {
		for bit := range 8 {
			damaged := bytes.Clone(whole)
			damaged[i] ^= 1 << bit
			if r, err := read(damaged); err == nil && r.Digest == digest {
				t.Errorf("byte %d, bit %d: passed", i, bit)
			} else if err != nil && !strings.HasPrefix(err.Error(), "test: record ") &&
				!strings.HasPrefix(err.Error(), "test: byte ") {
				t.Errorf("byte %d, bit %d: %v, want the place", i, bit, err)
			}
		}
	}
	for n := range whole {
		_, err := read(whole[:n])
		var cut *receipt.CutError
		if !errors.As(err, &cut) || cut.Offset > int64(n) {
			t.Errorf("cut off at byte %d: %v", n, err)
		}
	}
	if _, err := read(append(bytes.Clone(whole), 'x')); err == nil || !strings.Contains(err.Error(), "1 bytes follow") {
		t.Errorf("a byte too many: %v", err)
	}
}

// What no writer makes is refused, and the message says what is wrong.
func TestMalformed(t *testing.T) {
	var b bytes.Buffer
	record(t, &b, &counter{factor: 7, end: 25})
	text := b.String()
	for _, c := range []struct{ old, new, want string }{
		{`{"receipt":2`, `{"receipt":1`, "version 1 of receipts, want 2"},
		{`{"receipt":2`, `{"receipt": 2`, "not the first line of a receipt: the line is not as"},
		{`{"receipt":2`, `{"receipt":2,"receipt":2`, "the line is not as"},
		{`{"receipt":2`, `{"receipt":2,"more":1`, `unknown field "more"`},
		{`"every":10`, `"every":0`, "a state every 0 steps"},
		{`"step":20,`, `"step":21,`, "segment 2 has step 21, want 10 after the 10"},
		{`,"facts":[]`, `,"facts":null`, "null instead of a list of claims"},
		{`,"facts":[]`, ``, "the line is not as"},
		{`{"name":"seen"`, `null,{"name":"seen"`, "the line is not as"},
		{`"name":"html"`, `"name":"factor"`, `claim "factor" is there twice`},
		{`"segment":1`, `"segment":2`, "segment 2, want 1"},
		{`"step":10,`, `"step":0,`, "segment 1 has step 0, want 10 after the 0"},
		{`"segment":0,"step":0,`, `"segment":0,"step":1,`, "segment 0 has step 1, want 0"},
		{`"bytes":4`, `"bytes":-4`, "a state of -4 bytes"},
		{`"bytes":4`, `"bytes":3`, "the state of segment 0, step 0, has the digest"},
		{`"bytes":4`, `"bytes":9223372036854775807`, "a state of 9223372036854775807 bytes, want 0 to what memory can"},
		{`"bytes":4`, `"bytes":100000`, "the file ends there"},
		{"\n0 0\n\n", "\n0 0\n ", `after the state of segment 0 is ' ', want a line feed`},
		{`"segments":4`, `"segments":5`, "the end of 5 segments at step 25, want 4 at step 25"},
		{`"end":true`, `"end":false`, "the end of 4 segments"},
		{`{"receipt"`, "\n" + `{"receipt"`, "no JSON of this record"},
	} {
		changed := strings.Replace(text, c.old, c.new, 1)
		if changed == text {
			t.Errorf("%s is not in the receipt", c.old)
		}
		if _, err := read([]byte(changed)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s for %s: %v, want %q", c.new, c.old, err, c.want)
		}
	}
	lines := strings.SplitAfter(text, "\n")
	line := lines[slices.IndexFunc(lines, func(s string) bool { return strings.Contains(s, `"segment":1`) })]
	short := strings.Replace(line, `"step":10`, `"step":9`, 1)
	sealed := strings.NewReplacer(line, short, digestOf(line), digestOf(short)).Replace(text) // to the next segment
	if _, err := read([]byte(sealed)); err == nil || !strings.Contains(err.Error(), "segment 2 follows one that ends "+
		"at step 9, which none but the last may") {
		t.Errorf("a short segment that is not the last: %v", err)
	}
	null := "{\"receipt\":2,\"every\":1,\"claims\":null}\n"
	if _, err := read([]byte(null)); err == nil || !strings.Contains(err.Error(), "null instead") {
		t.Errorf("claims that are null: %v", err)
	}
	long := strings.Repeat("x", 65<<20)
	if _, err := read([]byte(long)); err == nil || !strings.Contains(err.Error(), "a line of more than") {
		t.Errorf("a long line: %v", err)
	}
}

// Texts of a file that nobody vouches for do not move the cursor of who reads what was found, and are not endless.
func TestFindingShown(t *testing.T) {
	f := receipt.Finding{What: "a\x1b[2J\r", Claimed: strings.Repeat("\u202e", 1000),
		Found: "\xff [\"cat\"] \u00e9", Where: "\n"}
	want := `the start: a\x1b[2J\r: claimed ` + strings.Repeat(`\u202e`, 300) + `... of 3000 bytes, found ` +
		"\ufffd [\"cat\"] \u00e9" + `; \n`
	if got := f.String(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func digestOf(line string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(line))) }

func TestWriterMistakes(t *testing.T) {
	twice := []receipt.Claim{{Name: "a"}, {Name: "a"}}
	if _, err := receipt.NewWriter(io.Discard, 1, twice); err == nil {
		t.Error("two claims of a name passed")
	}
	if _, err := receipt.NewWriter(io.Discard, 1, []receipt.Claim{{Name: "\xff"}}); err == nil {
		t.Error("a name that is not UTF-8 passed")
	}
	w, err := receipt.NewWriter(io.Discard, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.End(nil); err == nil {
		t.Error("an end without a start passed")
	}
	if w.Add(1, nil, nil) == nil || w.Add(0, twice, nil) == nil {
		t.Error("a start at step 1, or a fact twice, passed")
	}
	if err := w.Add(0, nil, nil); err != nil {
		t.Fatal(err)
	}
	if w.Add(0, nil, nil) == nil || w.Add(3, nil, nil) == nil {
		t.Error("a step twice, or three steps, passed")
	}
	if _, err := w.End(twice); err == nil {
		t.Error("a result twice passed")
	}
	if w.Add(1, nil, nil) != nil {
		t.Error("a mistake of the caller has ended the receipt")
	}
	if w.Add(2, nil, nil) == nil || w.Add(3, nil, nil) == nil {
		t.Error("a segment after a short one passed")
	}
	if _, err := receipt.NewWriter(io.Discard, 0, nil); err == nil {
		t.Error("a state every 0 steps passed")
	}
	huge := []receipt.Claim{{Name: strings.Repeat("x", 64<<20)}} // what no reader takes is not written
	if _, err := receipt.NewWriter(io.Discard, 1, huge); err == nil || !strings.Contains(err.Error(), "want at most") {
		t.Errorf("a line of 64 MB of claims: %.100v", err)
	}
	if _, err := w.End(huge); err == nil {
		t.Error("64 MB of results passed")
	}
	if _, err := w.End(nil); err != nil {
		t.Error("a long line has ended the receipt")
	}
	full := errors.New("the disk is full")
	f := &failing{room: 300, err: full}
	w, err = receipt.NewWriter(f, 1, nil)
	for step := uint64(0); err == nil; step++ {
		err = w.Add(step, nil, make([]byte, 100))
	}
	if _, again := w.End(nil); !errors.Is(err, full) || again != err {
		t.Errorf("%v and %v, want %v", err, again, full)
	}
}

// A failing writer has room for so many bytes.
type failing struct {
	room int
	err  error
}

func (f *failing) Write(b []byte) (int, error) {
	f.room -= len(b)
	if f.room < 0 {
		return 0, f.err
	}
	return len(b), nil
}

// Wherever a run was killed, its receipt goes on, to the same bytes.
func TestContinue(t *testing.T) {
	var b bytes.Buffer
	digest := record(t, &b, &counter{factor: 7, end: 35})
	whole := b.Bytes()
	name := filepath.Join(t.TempDir(), "receipt")
	for n := 0; n <= len(whole); n++ {
		if err := os.WriteFile(name, whole[:n], 0o666); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		w, r, err := receipt.Continue(f, int64(n), name)
		if n == len(whole) && !errors.Is(err, receipt.ErrEnded) {
			t.Errorf("a whole receipt: %v", err)
		}
		var cut *receipt.CutError
		if err != nil {
			if n != len(whole) && (!errors.As(err, &cut) || cut.Receipt != nil) {
				t.Errorf("cut off at byte %d: %v", n, err)
			}
			f.Close()
			if left, _ := os.ReadFile(name); !bytes.Equal(left, whole[:n]) {
				t.Errorf("cut off at byte %d: an error has changed the file", n)
			}
			continue
		}
		if left, _ := os.ReadFile(name); !bytes.Equal(left, whole[:n]) {
			t.Errorf("cut off at byte %d: the file was changed before anything was written", n)
		}
		c := &counter{factor: 7, end: 35}
		state, err := r.State(len(r.Segments) - 1)
		if err != nil || c.Restore(state, r.Segments[len(r.Segments)-1].Step) != nil {
			t.Fatalf("cut off at byte %d: %v", n, err)
		}
		for c.step < c.end {
			facts, _ := c.Replay(t.Context(), min(c.step+10, c.end))
			state, _ := c.State()
			if err := w.Add(c.step, facts, state); err != nil {
				t.Fatal(err)
			}
		}
		results, _ := c.Results()
		got, err := w.End(results)
		f.Close()
		if text, _ := os.ReadFile(name); err != nil || got != digest || !bytes.Equal(text, whole) {
			t.Fatalf("cut off at byte %d: %s, %v, want %s", n, got, err, digest)
		}
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	if _, err := receipt.Open(dir); err == nil {
		t.Error("a folder passed")
	}
	if _, err := receipt.Open(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	var b bytes.Buffer
	record(t, &b, &counter{factor: 7, end: 25})
	name := filepath.Join(dir, "receipt")
	if err := os.WriteFile(name, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	r, err := receipt.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(b.Bytes(), []byte("\n10 315\n"), []byte("\n10 316\n"), 1)
	if err := os.WriteFile(name, changed, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := r.State(1); err == nil || !strings.Contains(err.Error(), "has changed since") {
		t.Errorf("a state that changed after it was checked: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// An audit that is cancelled is no finding.
func TestCancelled(t *testing.T) {
	var b bytes.Buffer
	record(t, &b, &counter{factor: 7, end: 25})
	r, err := read(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := receipt.Audit(ctx, r, &counter{factor: 7, end: 25}, receipt.Options{}); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
	_, err = receipt.Audit(t.Context(), r, &counter{factor: 7, end: 25}, receipt.Options{Segments: -1})
	if err == nil {
		t.Error("-1 segments passed")
	}
}

// Missed is what is found by trying all subsets.
func TestMissed(t *testing.T) {
	for n := range 9 {
		for f := range n + 1 {
			for k := range n + 1 {
				missed, all := 0, 0
				for set := range 1 << n {
					if ones(set) == k {
						all++
						if set&(1<<f-1) == 0 {
							missed++
						}
					}
				}
				want := float64(missed) / float64(all)
				if got := receipt.Missed(n, f, k); math.Abs(got-want) > 1e-15 {
					t.Errorf("n %d, f %d, k %d: %v, want %v", n, f, k, got, want)
				}
			}
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("more forged than there are passed")
		}
	}()
	receipt.Missed(1, 2, 1)
}

func ones(set int) (n int) {
	for ; set > 0; set >>= 1 {
		n += set & 1
	}
	return n
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	w, _ := receipt.NewWriter(&b, 3, []receipt.Claim{{Name: "a", Value: "b"}})
	w.Add(0, nil, []byte("state"))
	w.Add(3, []receipt.Claim{{Name: "c", Value: strconv.Itoa(4)}}, []byte("later"))
	f.Add(b.Bytes())
	w.End(nil)
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := read(b)
		var cut *receipt.CutError
		if errors.As(err, &cut) && cut.Receipt != nil {
			r = cut.Receipt
		}
		if r == nil {
			return
		}
		for i := range r.Segments { // what was read can be read again, and written
			if _, err := r.State(i); err != nil {
				t.Error(err)
			}
		}
		if _, err := json.Marshal(r.Claims); err != nil {
			t.Error(err)
		}
	})
}

// Whatever lines somebody makes a chain of, Read panics at none, and what it takes is, to the byte, what a Writer
// writes. In a line, P stands for the digest of the line before, S for that of the state.
func FuzzSealed(f *testing.F) {
	const state = "a state\n"
	head := `{"receipt":2,"every":3,"claims":[{"name":"a","value":"b"}]}`
	first := `{"previous":"P","segment":0,"step":0,"facts":[],"bytes":8,"sha256":"S"}`
	second := `{"previous":"P","segment":1,"step":3,"facts":[{"name":"c","value":"\u003c\n"}],"bytes":8,"sha256":"S"}`
	end := `{"previous":"P","end":true,"segments":2,"step":3,"results":[]}`
	f.Add(head, first, second, end)
	two := strings.NewReplacer(`"step":3`, `"step":2`)
	f.Add(head, first, two.Replace(second), two.Replace(end))
	f.Add(head, first, end, `{"previous":"P","end":true,"segments":1,"step":0,"results":[{"name":"e","value":"f"}]}`)
	f.Add(`{"receipt":2,"every":18446744073709551615,"claims":[]}`, first,
		`{"previous":"P","segment":1,"step":18446744073709551615,"facts":[],"bytes":-8,"sha256":"S"}`, "")
	f.Fuzz(func(t *testing.T, head, first, second, end string) {
		var b bytes.Buffer
		previous := ""
		for _, line := range []string{head, first, second, end} {
			line = strings.NewReplacer(`"P"`, `"`+previous+`"`, `"S"`, `"`+digestOf(state)+`"`).Replace(line) + "\n"
			b.WriteString(line)
			if previous = digestOf(line); strings.Contains(line, `"bytes":`) {
				b.WriteString(state + "\n")
			}
		}
		for _, whole := range []bool{true, false} { // the second as a run that goes on
			text := b.Bytes()
			if !whole {
				text = text[:max(0, len(text)-len(end)-70)]
			}
			r, err := read(text)
			var cut *receipt.CutError
			if errors.As(err, &cut) {
				r = cut.Receipt
			}
			if r == nil {
				continue
			}
			var again bytes.Buffer
			w, err := receipt.NewWriter(&again, r.Every, r.Claims)
			for i, s := range r.Segments {
				var state []byte
				if err == nil {
					state, err = r.State(i)
				}
				if err == nil {
					err = w.Add(s.Step, s.Facts, state)
				}
			}
			if err == nil && r.Ended {
				var digest string
				if digest, err = w.End(r.Results); digest != r.Digest {
					t.Errorf("the digest is %s, and was %s", digest, r.Digest)
				}
			}
			if err != nil || !bytes.HasPrefix(text, again.Bytes()) || r.Ended && again.Len() != len(text) {
				t.Errorf("%v: read %q, wrote %q", err, text, &again)
			}
		}
	})
}
