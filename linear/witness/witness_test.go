package witness_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/linear/witness"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
	"github.com/bitstep-go/bitstep/optim/schedule"
	"github.com/bitstep-go/bitstep/receipt"
)

// A setup is a run's configuration and images: 96 to train, 3 epochs of 12 steps.
type setup struct {
	c                 linear.TrainConfig
	train, validation *dataset.Images
}

const every = 5 // steps between states

func newSetup(t testing.TB) setup {
	t.Helper()
	train, test, err := dataset.Synthetic{Seed: 5, Train: 96, Test: 40}.Images(1)
	if err != nil {
		t.Fatal(err)
	}
	cosine, err := schedule.Parse("cosine", 36)
	if err != nil {
		t.Fatal(err)
	}
	return setup{linear.TrainConfig{Optimizer: optim.Adam{LR: 1e-3}, Lambda: 1e-4, Batch: 8, Epochs: 3, Seed: 9,
		Schedule: cosine, Threads: 1}, train, test}
}

func (s setup) witness(t testing.TB) *witness.Witness[float32] {
	t.Helper()
	var d linear.Data[float32]
	for _, part := range []struct {
		from *dataset.Images
		to   *linear.Set[float32]
	}{{s.train, &d.Train}, {s.validation, &d.Validation}} {
		e, err := dataset.NewExamples[float32](part.from, dataset.NewPreprocess(s.train))
		if err != nil {
			t.Fatal(err)
		}
		*part.to = linear.NewSet(e)
	}
	claims := slices.Concat(witness.Images("training", s.train), witness.Images("validation", s.validation))
	w, err := witness.New(s.c, d, claims)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// record returns the receipt of a run.
func (s setup) record(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w := s.witness(t)
	to, err := receipt.NewWriter(&b, every, w.Claims())
	if err != nil {
		t.Fatal(err)
	}
	result, digest, err := w.Run(t.Context(), to)
	if err != nil || result.Steps != 36 && s.c.Epochs == 3 && s.c.Batch == 8 || len(digest) != 64 {
		t.Fatalf("run: %v, digest %q", err, digest)
	}
	return b.Bytes()
}

func read(t testing.TB, b []byte) *receipt.Receipt {
	t.Helper()
	r, err := receipt.Read(bytes.NewReader(b), int64(len(b)), "test")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func audit(t testing.TB, b []byte, w receipt.Replayer, o receipt.Options) *receipt.Report {
	t.Helper()
	report, err := receipt.Audit(t.Context(), read(t, b), w, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// An honest run is what its receipt claims, on every backend, whatever its threads; and its bytes are always the same.
func TestArchHonest(t *testing.T) {
	s, segments, most := newSetup(t), 8, []int{1, 2}
	if testing.Short() { // floats may be emulated twice
		s.train, s.validation, s.c.Batch, s.c.Epochs = s.train.Slice(0, 14), s.validation.Slice(0, 6), 4, 2
		segments, most = 2, []int{2}
	}
	want := s.record(t)
	for _, b := range bitstep.Backends() {
		for _, s.c.Threads = range most {
			w := s.witness(t)
			w.Trainer().On(b)
			report := audit(t, want, w, receipt.Options{})
			if !report.OK() || len(report.Replayed) != segments {
				t.Errorf("%v, %d threads: %+v", b, s.c.Threads, report)
			}
			var again bytes.Buffer
			w = s.witness(t)
			w.Trainer().On(b)
			to, err := receipt.NewWriter(&again, every, w.Claims())
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := w.Run(t.Context(), to); err != nil || !bytes.Equal(again.Bytes(), want) {
				t.Errorf("%v, %d threads: another receipt, %v", b, s.c.Threads, err)
			}
		}
	}
}

// A parts is a receipt taken apart, for a forger to put together.
type parts struct {
	claims, results []receipt.Claim
	segments        []part
}

type part struct {
	step  uint64
	facts []receipt.Claim
	state []byte
}

func apart(t testing.TB, b []byte) (p parts) {
	r := read(t, b)
	p.claims, p.results = r.Claims, r.Results
	for i, s := range r.Segments {
		state, err := r.State(i)
		if err != nil {
			t.Fatal(err)
		}
		p.segments = append(p.segments, part{s.Step, s.Facts, state})
	}
	return p
}

func (p parts) together(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := receipt.NewWriter(&b, every, p.claims)
	for _, s := range p.segments {
		if err == nil {
			err = w.Add(s.step, s.facts, s.state)
		}
	}
	if err == nil {
		_, err = w.End(p.results)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decode(t testing.TB, state []byte) *checkpoint.File {
	t.Helper()
	f, err := checkpoint.DecodeBare(state)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// altered returns a state with other metadata, and a tensor of which a bit is flipped.
func altered(t testing.TB, state []byte, meta map[string]string, tensor string, bit int) []byte {
	t.Helper()
	f, c := decode(t, state), checkpoint.New()
	for _, key := range f.MetaKeys() {
		if value, _ := f.Meta(key); key != "bitstep" {
			c.SetMeta(key, value)
		}
	}
	for key, value := range meta {
		c.SetMeta(key, value)
	}
	for _, name := range f.Names() {
		tt, _ := f.Tensor(name)
		tt.Data = bytes.Clone(tt.Data)
		if name == tensor {
			tt.Data[bit/8] ^= 1 << (bit % 8)
		}
		c.PutTensor(name, tt)
	}
	var b bytes.Buffer
	if err := c.EncodeBare(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pretend makes the receipt of one run claim to be that of another: its claims, and in its states all that the
// configuration decides.
func pretend(t testing.TB, run, honest []byte) []byte {
	r, h := apart(t, run), apart(t, honest)
	fixed := map[string]string{}
	start := decode(t, h.segments[0].state)
	for _, key := range start.MetaKeys() {
		moves := key == "trainer.sampler" || strings.HasPrefix(key, "trainer.epoch.") ||
			strings.HasSuffix(key, "steps") || key == "bitstep"
		if value, _ := start.Meta(key); !moves {
			fixed[key] = value
		}
	}
	r.claims = h.claims
	for i := range r.segments {
		r.segments[i].state = altered(t, r.segments[i].state, fixed, "", 0)
	}
	return r.together(t)
}

// Whatever is forged is found, in an audit of all, and in every audit that replays a segment of those named.
func TestForgeries(t *testing.T) {
	honest := newSetup(t)
	good := honest.record(t)
	var moment string // of the optimizer
	for _, name := range decode(t, apart(t, good).segments[1].state).Names() {
		if strings.HasPrefix(name, "optimizer.") && strings.Contains(name, ".m") {
			moment = name
		}
	}
	if moment == "" {
		t.Fatal("no moment in the state")
	}
	pixel := func(d *dataset.Images) *dataset.Images {
		other := d.Slice(0, d.Len())
		other.Pixels = bytes.Clone(d.Pixels)
		other.Pixels[min(70, d.Len()-1)*dataset.ImageBytes+1234] ^= 1
		return other
	}
	label := func(d *dataset.Images) *dataset.Images {
		other := d.Slice(0, d.Len())
		other.Labels = bytes.Clone(d.Labels)
		other.Labels[17] = (other.Labels[17] + 1) % 10
		return other
	}
	run := func(change func(*setup)) func() []byte { // of a run that is not the claimed one
		return func() []byte {
			s := honest
			change(&s)
			return pretend(t, s.record(t), good)
		}
	}
	edit := func(change func(*parts)) func() []byte {
		return func() []byte {
			p := apart(t, good)
			change(&p)
			return p.together(t)
		}
	}
	theirs := func(change func(*setup)) setup {
		s := honest
		change(&s)
		return s
	}
	cut := bytes.LastIndex(good, []byte(`{"previous"`))
	for _, c := range []struct {
		name    string
		forge   func() []byte
		auditor setup
		found   []string // in the findings, each in one
	}{
		{"a weight's last bit", edit(func(p *parts) {
			p.segments[3].state = altered(t, p.segments[3].state, nil, "weights", 32*29)
		}), honest, []string{"segment 3, steps 11 to 15: state"}},
		{"a weight's last bit, in the optimizer's copy too", edit(func(p *parts) {
			s := altered(t, p.segments[3].state, nil, "weights", 32*3102)
			p.segments[3].state = altered(t, s, nil, "optimizer.param.0", 32*3102)
		}), honest, []string{"tensor optimizer.param.0[3102]: 0x", "(1 of 30730 elements differ)"}},
		{"another optimizer state", edit(func(p *parts) {
			p.segments[3].state = altered(t, p.segments[3].state, nil, moment, 32*29)
		}), honest, []string{"segment 3, steps 11 to 15: state", "tensor " + moment}},
		{"one pixel, of the auditor's images", func() []byte { return good },
			theirs(func(s *setup) { s.train = pixel(s.train) }), []string{"training pixels 64 to 95: claimed SHA-256"}},
		{"one label, of the auditor's images", func() []byte { return good },
			theirs(func(s *setup) { s.train = label(s.train) }), []string{"training labels 0 to 63: claimed SHA-256"}},
		{"one pixel to validate with", func() []byte { return good },
			theirs(func(s *setup) { s.validation = pixel(s.train.Slice(0, 40)) }),
			[]string{"validation pixels 0 to 39"}},
		{"one pixel", run(func(s *setup) { s.train = pixel(s.train) }), honest, []string{"segment 1, steps 1 to 5"}},
		{"one label", run(func(s *setup) { s.train = label(s.train) }), honest,
			[]string{"segment 2, steps 6 to 10: loss"}},
		{"order of the images", run(func(s *setup) { s.c.Sampling = "sequential" }), honest,
			[]string{"segment 1, steps 1 to 5: "}},
		{"two images swapped", run(func(s *setup) {
			order := make([]int, s.train.Len())
			for i := range order {
				order[i] = i
			}
			order[3], order[90] = 90, 3
			s.train = s.train.Select(order)
		}), honest, []string{"segment 2, steps 6 to 10: loss"}},
		{"learning rate", run(func(s *setup) { s.c.Optimizer = optim.Adam{LR: 2e-3} }), honest,
			[]string{"segment 1, steps 1 to 5: learning rate: claimed 0.002 to"}},
		{"schedule", run(func(s *setup) { s.c.Schedule = nil }), honest,
			[]string{"segment 1, steps 1 to 5: learning rate: claimed 0.001 to 0.001"}},
		{"seed", run(func(s *setup) { s.c.Seed = 10 }), honest, []string{"the start: state", "segment 1"}},
		{"lambda", run(func(s *setup) { s.c.Lambda = 2e-4 }), honest, []string{"segment 1, steps 1 to 5: loss"}},
		{"another loss", run(func(s *setup) { s.c.Loss = linear.Softmax{} }), honest,
			[]string{"segment 1, steps 1 to 5: loss"}},
		{"another optimizer", run(func(s *setup) { s.c.Optimizer = optim.Adam{LR: 1e-3, Beta1: 0.8} }), honest,
			[]string{"segment 1, steps 1 to 5: state"}},
		{"a step left out", edit(func(p *parts) { // the state after 14 steps, said to be after 15
			s := newSetup(t).witness(t)
			if _, err := s.Replay(t.Context(), 14); err != nil {
				t.Fatal(err)
			}
			p.segments[3].state, _ = s.State()
		}), honest, []string{"segment 3, steps 11 to 15: state", "segment 4"}},
		{"a step done twice", edit(func(p *parts) {
			s := newSetup(t).witness(t)
			if _, err := s.Replay(t.Context(), 16); err != nil {
				t.Fatal(err)
			}
			p.segments[3].state, _ = s.State()
		}), honest, []string{"segment 3, steps 11 to 15: state", "segment 4"}},
		{"segments swapped", edit(func(p *parts) {
			p.segments[2].state, p.segments[5].state = p.segments[5].state, p.segments[2].state
		}), honest, []string{"segment 2, steps 6 to 10: state", "segment 5, steps 21 to 25: state"}},
		{"a chain made anew from a forged middle", func() []byte { // honest steps from a state that is not
			p, w := apart(t, good), honest.witness(t)
			p.segments[4].state = altered(t, p.segments[4].state, nil, moment, 32*29)
			if err := w.Restore(p.segments[4].state, p.segments[4].step); err != nil {
				t.Fatal(err)
			}
			for i := 5; i < len(p.segments); i++ {
				facts, err := w.Replay(t.Context(), p.segments[i].step)
				if err != nil {
					t.Fatal(err)
				}
				p.segments[i].facts = facts
				p.segments[i].state, _ = w.State()
			}
			p.results, _ = w.Results()
			return p.together(t)
		}, honest, []string{"segment 4, steps 16 to 20: state"}},
		{"a rate set by hand, and honest steps from there", edit(func(p *parts) {
			given := map[string]string{"optimizer.group.0.LR": "0x1p-3",
				"optimizer.group.0.given LR": "0x1.0624dd2f1a9fcp-10"}
			for i := 4; i < len(p.segments); i++ {
				p.segments[i].state = altered(t, p.segments[i].state, given, "", 0)
			}
		}), honest, []string{"segment 4, steps 16 to 20: state", "segment 5, steps 21 to 25: replay: claimed " +
			"steps to this state, found the state before: witness: the state has optimizer.group.0.LR",
			"segment 8, steps 36"}},
		{"a scale set by hand", edit(func(p *parts) {
			scale := map[string]string{"optimizer.scale": "-0x1p+00"}
			p.segments[4].state = altered(t, p.segments[4].state, scale, "", 0)
		}), honest, []string{"the state before: witness: the state has optimizer.scale"}},
		{"steps that were skipped", edit(func(p *parts) {
			skipped := map[string]string{"optimizer.skipped": "3"}
			p.segments[4].state = altered(t, p.segments[4].state, skipped, "", 0)
		}), honest, []string{"witness: the state is one after 23 steps and 20 minibatches"}},
		{"cut off, and ended before", edit(func(p *parts) { p.segments = p.segments[:5] }), honest,
			[]string{"the run: end: claimed after step 20, found witness: the run goes on"}},
		{"a run of more epochs", run(func(s *setup) { s.c.Epochs = 4 }), honest,
			[]string{"found witness: the run ends after 36 minibatches"}},
		{"other weights at the end", edit(func(p *parts) { p.results[0].Value = "SHA-256 0" }), honest,
			[]string{"the run: weights: claimed SHA-256 0"}},
		{"a better epoch", edit(func(p *parts) { p.results[1].Value = "loss 0" }), honest,
			[]string{"the run: epoch 1: claimed loss 0"}},
		{"a state of another program", edit(func(p *parts) { p.segments[2].state = []byte("nothing") }), honest,
			[]string{"segment 2, steps 6 to 10: state", "segment 3, steps 11 to 15: replay"}},
	} {
		b := c.forge()
		report := audit(t, b, c.auditor.witness(t), receipt.Options{})
		text := fmt.Sprint(report.Findings)
		for _, want := range c.found {
			if !strings.Contains(text, want) {
				t.Errorf("%s: found %s, want %q", c.name, text, want)
			}
		}
		if report.Replayed == nil {
			continue // other claims
		}
		found := map[int]bool{}
		for _, f := range report.Findings {
			found[f.Segment] = true
		}
		if len(found) == 0 {
			t.Errorf("%s: nothing was found", c.name)
		}
		seeds := uint64(3)
		if testing.Short() {
			seeds = 1
		}
		for seed := range seeds { // what an audit of some finds is what it replays of those
			some := audit(t, b, c.auditor.witness(t), receipt.Options{Segments: 2, Seed: seed})
			got := map[int]bool{}
			for _, f := range some.Findings {
				got[f.Segment] = true
			}
			want := maps.Clone(found)
			maps.DeleteFunc(want, func(i int, _ bool) bool { return i > 0 && !slices.Contains(some.Replayed, i) })
			if !maps.Equal(got, want) {
				t.Errorf("%s: segments %v: found something in %v, want in %v", c.name, some.Replayed, got, want)
			}
		}
	}
	var short *receipt.CutError
	if _, err := receipt.Read(bytes.NewReader(good[:cut]), int64(cut), "test"); !errors.As(err, &short) ||
		len(short.Receipt.Segments) != 9 {
		t.Errorf("a receipt cut off before its end: %v", err)
	}
}

// A run that is interrupted and goes on from its receipt, in the same program or another, makes the bytes of one that
// was not; so does one that an error of its Trace has ended, within a segment or at the end of one.
func TestContinue(t *testing.T) {
	whole := newSetup(t).record(t)
	ended := errors.New("it has ended")
	for _, at := range []uint64{13, 15} {
		for _, same := range []bool{true, false} {
			for _, interrupted := range []bool{true, false} {
				t.Run(fmt.Sprintf("%d, %v, %v", at, same, interrupted), func(t *testing.T) {
					s := newSetup(t)
					ctx, cancel := context.WithCancelCause(t.Context())
					defer cancel(nil)
					s.c.Trace = func(tr linear.Trace) error {
						switch {
						case tr.Drawn != at:
						case interrupted:
							cancel(ended)
						default:
							return ended
						}
						return nil
					}
					name := filepath.Join(t.TempDir(), "receipt")
					f, err := os.Create(name)
					if err != nil {
						t.Fatal(err)
					}
					defer f.Close()
					w := s.witness(t)
					to, err := receipt.NewWriter(f, every, w.Claims())
					if err != nil {
						t.Fatal(err)
					}
					if _, digest, err := w.Run(ctx, to); !errors.Is(err, ended) || digest != "" {
						t.Fatalf("interrupted: %q, %v", digest, err)
					}
					if !same {
						w, to = continued(t, s, f)
					}
					if _, digest, err := w.Run(t.Context(), to); err != nil || digest == "" {
						t.Fatal(err)
					}
					if text, err := os.ReadFile(name); err != nil || !bytes.Equal(text, whole) {
						t.Errorf("another receipt, of %d bytes and not %d, %v", len(text), len(whole), err)
					}
				})
			}
		}
	}
}

// continued returns what goes on with a receipt, which nobody does with another configuration.
func continued(t *testing.T, s setup, f *os.File) (*witness.Witness[float32], *receipt.Writer) {
	t.Helper()
	s.c.Trace = nil
	before, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	to, r, err := receipt.Continue(f, int64(len(before)), f.Name())
	if err != nil {
		t.Fatal(err)
	}
	other := s
	other.c.Lambda = 1
	if err := other.witness(t).Continue(r); err == nil || !strings.Contains(err.Error(), "trainer.lambda") {
		t.Errorf("with another lambda: %v", err)
	}
	if left, err := os.ReadFile(f.Name()); err != nil || !bytes.Equal(left, before) {
		t.Errorf("a run that was refused has changed the receipt, %v", err)
	}
	w := s.witness(t)
	if err := w.Continue(r); err != nil {
		t.Fatal(err)
	}
	return w, to
}

// Claims about any set change with each example.
func TestExamples(t *testing.T) {
	testExamples[float32](t)
	testExamples[float64](t)
}

func testExamples[T kernels.Float](t *testing.T) {
	set := func() linear.Set[T] {
		m := dataset.Matrix[T]{Rows: 130, Cols: 3, Stride: 4, Data: make([]T, 520)}
		for i := range m.Data {
			m.Data[i] = T(i)
		}
		return linear.Set[T]{Source: m, Values: make([]T, 130)}
	}
	want := witness.Examples("training", set())
	if len(want) != 2+2*3 {
		t.Fatalf("%d claims", len(want))
	}
	for i := range 520 {
		s := set()
		s.Source.(dataset.Matrix[T]).Data[i]++
		got, differ := witness.Examples("training", s), 0
		for k := range got {
			if got[k] != want[k] {
				differ++
				if at := i / 4 / 64; k != 1 && k != 2+2*at {
					t.Errorf("element %d: claim %v", i, got[k])
				}
			}
		}
		if padding := i%4 == 3; differ != 2 && !padding || differ != 0 && padding {
			t.Errorf("element %d: %d claims differ", i, differ)
		}
	}
	s := set()
	s.Values[129] = 1
	if got := witness.Examples("training", s); got[7] == want[7] || got[7].Name != "training values 128 to 129" {
		t.Errorf("another value: %v", got[7])
	}
	s.Values, s.Labels, s.Classes = nil, make([]uint8, 130), 2
	if got := witness.Examples("training", s); got[7].Name != "training labels 128 to 129" {
		t.Errorf("labels: %v", got[7])
	}
	if got := witness.Examples("validation", linear.Set[T]{}); len(got) != 1 || got[0].Value != "none" {
		t.Errorf("no set: %v", got)
	}
}

// Whatever a state has in the place of what it should have, it is refused or goes on: nothing panics.
func TestHostileStates(t *testing.T) {
	s := newSetup(t)
	good := apart(t, s.record(t)).segments[3]
	w := s.witness(t)
	f := decode(t, good.state)
	try := func(what string, state []byte) bool {
		t.Helper()
		defer func() {
			if r := recover(); r != nil {
				t.Errorf("%s: panic: %v", what, r)
			}
		}()
		if err := w.Restore(state, good.step); err != nil {
			return false
		}
		if _, err := w.Replay(t.Context(), good.step+1); err == nil {
			w.State()
			w.Results()
		}
		w.Differ(good.state, state)
		return true
	}
	if !try("nothing changed", good.state) {
		t.Fatal("the state itself is refused")
	}
	const most = "18446744073709551615"
	taken := 0
	for _, key := range f.MetaKeys() {
		value, _ := f.Meta(key)
		for _, hostile := range []string{"", "-1", "0", most, "9223372036854775807", "NaN", "0x1p+1024", "+Inf",
			value + "0", strings.Repeat("9", 1000), "\x00\x1b[2J",
			"shuffled n 96 seed 9 epoch " + most + " position 56",
			"shuffled n 96 seed 9 epoch 1 position 95", "best", "weights"} {
			if key == "bitstep" || hostile == value {
				continue
			}
			state := altered(t, good.state, map[string]string{key: hostile}, "", 0)
			if try(fmt.Sprintf("%s = %.40q", key, hostile), state) {
				taken++
				if key == "optimizer.skipped" && hostile == "00" {
					continue // the same number
				}
				if key != "trainer.epoch.loss" && key != "trainer.epoch.correct" && key != "model.tensor" {
					t.Errorf("%s = %.40q instead of %q is taken", key, hostile, value)
				}
			}
		}
	}
	if taken == 0 {
		t.Error("every change is refused, want some that only a replay finds")
	}
	wrapped := map[string]string{"optimizer.steps": most, "optimizer.skipped": fmt.Sprint(good.step + 1)}
	if try("counts whose sum wraps around", altered(t, good.state, wrapped, "", 0)) {
		t.Error("counts whose sum wraps around are taken")
	}
	for _, name := range f.Names() {
		tensor, _ := f.Tensor(name)
		for what, change := range map[string]func(*checkpoint.Tensor){
			"empty":     func(t *checkpoint.Tensor) { t.Shape, t.Data = []int{0}, nil },
			"another":   func(t *checkpoint.Tensor) { t.DType = "U8"; t.Shape = []int{len(t.Data)} },
			"flattened": func(t *checkpoint.Tensor) { t.Shape = append(slices.Clone(t.Shape), 1) },
			"NaN": func(t *checkpoint.Tensor) {
				t.Data = bytes.Repeat([]byte{255}, len(t.Data))
			},
		} {
			c := checkpoint.New()
			for _, key := range f.MetaKeys() {
				if value, _ := f.Meta(key); key != "bitstep" {
					c.SetMeta(key, value)
				}
			}
			for _, other := range f.Names() {
				tt, _ := f.Tensor(other)
				if other == name {
					tt = tensor
					change(&tt)
				}
				c.PutTensor(other, tt)
			}
			var b bytes.Buffer
			if err := c.EncodeBare(&b); err != nil {
				t.Fatal(err)
			}
			if try(name+", "+what, b.Bytes()) && what != "NaN" {
				t.Errorf("tensor %s, %s, is taken", name, what)
			}
		}
	}
}
