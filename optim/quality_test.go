package optim_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/minimize"
)

// A storing is how a training with Adam stores its weights and gradients, and its states.
type storing struct {
	name            string
	weights, states optim.Storage
	nearest         bool // a wrong one: all is rounded to nearest
}

var storings = []storing{
	{name: "float32"},
	{name: "`States: optim.BF16`", states: optim.BF16},
	{name: "`States: optim.Block8`", states: optim.Block8},
	{name: "all in bfloat16", weights: optim.BF16, states: optim.BF16},
	{name: "BF16, but to nearest", states: optim.BF16, nearest: true},
	{name: "Block8, but to nearest", states: optim.Block8, nearest: true},
	{name: "all in bfloat16, but to nearest", weights: optim.BF16, states: optim.BF16, nearest: true},
}

// bytes are those of a parameter in memory, and of those that a step reads and writes.
func (s storing) bytes() (memory, moved float64) {
	size := [...]float64{optim.Full: 4, optim.BF16: 2, optim.Block8: 1 + 1./kernels.Block}
	w, m := size[s.weights], size[s.states]
	return float64(2*w) + float64(2*m), float64(3*w) + float64(4*m)
}

func (s storing) rounding(seed, step uint64) kernels.Rounding {
	return kernels.Rounding{Nearest: s.nearest, Seed: seed, Step: step}
}

// stored returns memory that has the numbers of x, which for blocks are zeros. For float32 it is x.
func stored(s optim.Storage, x []float32) kernels.Stored {
	switch s {
	case optim.BF16:
		b := make([]kernels.BFloat16, len(x))
		kernels.ToBFloat16(b, x, kernels.Rounding{Nearest: true})
		return kernels.Stored{BFloat16: b}
	case optim.Block8:
		return kernels.Stored{Block8: kernels.Blocks8{
			Codes: make([]uint8, len(x)), Scales: make([]uint8, kernels.Scales(len(x)))}}
	}
	return kernels.Stored{Float32: x}
}

func narrowKernels() bitstep.Narrow { return bitstep.Narrow(bitstep.On[float32](bitstep.Active())) }

func adamOf(t uint64, lr float64) kernels.AdamCoef[float32] {
	return kernels.NewAdam[float32](kernels.AdamHyper{Beta1: 0.9, Beta2: 0.999, LR: lr, Eps: 1e-7}, t)
}

// trainer returns what makes a step of a net with the gradient that it has: an optimizer's, or where there is none that
// stores so, the kernel's.
func (s storing) trainer(n *net, seed uint64) (step func()) {
	if !s.nearest {
		group := optim.Group[float32]{Config: optim.Adam{LR: 1e-3}, Params: n.params}
		if s.weights == optim.BF16 {
			group.Params, group.Weights = nil, halves(n.params)
		}
		opt := must(optim.NewGroups(optim.Options{States: s.states, Seed: seed}, group))
		if group.Weights == nil {
			return func() { opt.Step(n.grads...) }
		}
		widen := func() {
			for i, w := range group.Weights {
				kernels.FromBFloat16(n.params[i], w)
			}
		}
		widen()
		return func() {
			opt.StepStored(storedHalves(halves(n.grads))...)
			widen()
		}
	}
	var x, m, v, g []kernels.Stored
	for i, p := range n.params {
		x, g = append(x, stored(s.weights, p)), append(g, stored(s.weights, n.grads[i]))
		zeros := make([]float32, len(p))
		m, v = append(m, stored(s.states, zeros)), append(v, stored(s.states, zeros))
	}
	widen := func() {
		for i := range x {
			if x[i].BFloat16 != nil {
				narrowKernels().FromBFloat16(n.params[i], x[i].BFloat16)
			}
		}
	}
	widen()
	t := uint64(0)
	return func() {
		t++
		for i := range g {
			if g[i].BFloat16 != nil {
				narrowKernels().ToBFloat16(g[i].BFloat16, n.grads[i], kernels.Rounding{Nearest: true})
			}
		}
		narrowKernels().AdamEach(x, m, v, g, adamOf(t, 1e-3), s.rounding(seed, t))
		widen()
	}
}

// train returns a net after so many steps, each of a random batch. Start and batches are those of the seed.
func (p problem) train(s storing, e *examples, seed uint64, steps, batch int) *net {
	n := p.net(seed)
	step := s.trainer(n, seed)
	r, chosen := edge.Rand(seed), make([]int, batch)
	for range steps {
		for i := range chosen {
			chosen[i] = r.IntN(len(e.labels))
		}
		n.backward(e, chosen)
		step()
	}
	return n
}

// The loss over all data after a training, with states or all in less than float32, is within float32's spread: the
// mean of five seeds is not below the least of the five losses of float32, nor above the greatest. For a seed, start
// and batches are the same however numbers are stored. Rounding to nearest is not within it, by which the test is seen
// to tell. (In blocks it ends lower here: v stays too small, and so steps are longer than the rate asks for.)
func TestQuality(t *testing.T) {
	if testing.Short() || raceEnabled || bitstep.Active() == bitstep.Go {
		t.Skip("without assembly it takes minutes, for bits of which TestArchQualityBits sees that they are the same")
	}
	const seeds = 5
	table := make([][]string, len(storings))
	for _, p := range problems {
		e := p.data()
		var full []float64
		for i, s := range storings {
			losses, mean := make([]float64, seeds), 0.0
			for seed := range losses {
				losses[seed] = p.train(s, e, uint64(seed+1), p.steps, 32).loss(e, e.all())
				mean += losses[seed] / seeds
			}
			if i == 0 {
				full = losses
			}
			within := mean >= slices.Min(full) && mean <= slices.Max(full)
			if within == s.nearest {
				t.Errorf("%s: %s has a mean loss of %.4f, of float32's %.4f: within %v, want %v", p.name, s.name, mean,
					full, within, !s.nearest)
			}
			table[i] = append(table[i],
				fmt.Sprintf("%.4f (%.4f to %.4f)", mean, slices.Min(losses), slices.Max(losses)))
		}
	}
	head, line := "| | in memory | moved |", "|---|--:|--:|"
	for _, p := range problems {
		head, line = head+" "+p.name+" |", line+"--:|"
	}
	lines := []string{head, line}
	for i, s := range storings {
		memory, moved := s.bytes()
		lines = append(lines, fmt.Sprintf("| %s | %.3g | %.3g | %s |", s.name, memory, moved,
			strings.Join(table[i], " | ")))
	}
	documented(t, lines)
}

// documented has a test print a table, and fail if docs/narrow.md has another.
func documented(t *testing.T, lines []string) {
	t.Helper()
	table := strings.Join(lines, "\n") + "\n"
	t.Log("\n" + table)
	if testing.Short() {
		return // where there may be no files
	}
	if doc := string(must(os.ReadFile("../docs/narrow.md"))); !strings.Contains(doc, table) {
		t.Error("docs/narrow.md does not have this table")
	}
}

// Some steps of all trainings of TestQuality have the same bits everywhere.
func TestArchQualityBits(t *testing.T) {
	const want = "d89e19fcb391645cf31974fc44637a048ff8ec64162a18f43a8f53b902ea8c2a"
	h := sha256.New()
	for _, p := range problems {
		e := p.data()
		for _, s := range storings {
			n := p.train(s, e, 1, 3, 4)
			for _, x := range n.params {
				for _, v := range x {
					h.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(v)))
				}
			}
			h.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(n.loss(e, []int{0, 1}))))
		}
	}
	if got := fmt.Sprintf("%x", h.Sum(nil)); got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}

// The nets' gradients are right.
func TestQualityGradients(t *testing.T) {
	for _, p := range problems {
		n, e := p.net(1), p.data()
		batch := e.all()[:4]
		for i := range n.params {
			if len(n.params[i]) == 0 {
				continue
			}
			r := must(minimize.CheckGradient(func(x, grad []float32) float64 {
				copy(n.params[i], x)
				loss := n.backward(e, batch)
				copy(grad, n.grads[i])
				return loss
			}, slices.Clone(n.params[i]), minimize.GradientCheck{Samples: 50, Step: 1. / 2048}))
			if !r.OK() {
				t.Errorf("%s, parameter %d: %v", p.name, i, r)
			}
		}
	}
}

// Adam's v after 2,000 steps with a gradient of 1, and after 6,000 more with one of 0.1, over what it is in float32.
//
// Stochastic rounding has a mean of float32's v. Where beta2 = 0.999 changes v by d = |g^2 - v|/1000, a step's rounding
// has a variance of at most d*ulp, and if the sum of the steps before it has the variance V, then d has a mean of at
// most d of float32 and sqrt(V)/1000. Five deviations of the mean of the elements are the bound. Rounding to nearest is
// beyond it: v stays where d is less than half an ulp.
func TestArchQualityDecay(t *testing.T) {
	const n = 32
	phases := []struct {
		steps int
		g     float32
	}{{2000, 1}, {6000, 0.1}}
	ulp := [...]float64{optim.BF16: 1. / 128, optim.Block8: 1. / 8} // of a v of 1, over all v the largest
	lines := []string{"| v over float32's | after 2,000 steps of 1 | after 6,000 more of 0.1 |", "|---|--:|--:|"}
	for _, s := range storings[1:] {
		if s.weights != optim.Full {
			continue
		}
		zeros, g := make([]float32, n), make([]float32, n)
		x, m, v := stored(optim.Full, make([]float32, n)), stored(s.states, zeros), stored(s.states, zeros)
		line, step, exact, variance := "| "+s.name+" |", uint64(0), 0.0, 0.0
		for _, p := range phases {
			for k := range g {
				g[k] = p.g
			}
			for range p.steps {
				step++
				narrowKernels().Adam(x, m, v, kernels.Stored{Float32: g}, adamOf(step, 1e-3), s.rounding(1, step))
				d := float64(0.001 * (float64(p.g*p.g) - exact))
				exact += d
				mean := math.Abs(d) + float64(0.001*math.Sqrt(variance))
				variance = float64(0.999*0.999*variance) + float64(mean*ulp[s.states]*exact)
			}
			ratio := 0.0
			for _, v := range loaded(v) {
				ratio += float64(v) / exact / n
			}
			line += fmt.Sprintf(" %.3f |", ratio)
			bound := 5 * math.Sqrt(variance/n) / exact
			if within := math.Abs(ratio-1) <= bound; within == s.nearest {
				t.Errorf("%s: v is %.4f of float32's: within %.4f of it %v, want %v", s.name, ratio, bound, within,
					!s.nearest)
			}
		}
		lines = append(lines, line)
	}
	documented(t, lines)
}

// loaded returns the numbers of a state that is never negative.
func loaded(s kernels.Stored) []float32 {
	x := make([]float32, s.Len())
	switch {
	case s.BFloat16 != nil:
		narrowKernels().FromBFloat16(x, s.BFloat16)
	case s.Block8.Codes != nil:
		narrowKernels().DecodeBlocks(x, s.Block8, false)
	default:
		return s.Float32
	}
	return x
}

// 10,000 steps of 1e-5 from 1 downwards, of weights in bfloat16. To nearest they stay at 1, of which a step is a 390th
// of an ulp. Stochastically each step takes an ulp, 1/256, with a chance p, the part of it that float32's difference
// is: their number is binomial, and the mean of n weights within five of its deviations.
func TestArchQualityWeights(t *testing.T) {
	const steps, lr, ulp = 10000, 1e-5, 1. / 256
	n := 4096
	if testing.Short() {
		n = 64
	}
	g, ones := make([]float32, n), make([]float32, n)
	for i := range g {
		g[i], ones[i] = 1, 1
	}
	mean := func(nearest bool) (mean float64) {
		x, g := stored(optim.BF16, ones), stored(optim.BF16, g)
		c := kernels.NewSGD[float32](kernels.SGDHyper{LR: lr})
		opt := must(weightsOf(optim.Options{Seed: 1}, optim.SGD{LR: lr}, x.BFloat16))
		for range uint64(steps) {
			if nearest {
				narrowKernels().SGD(x, g, c, kernels.Rounding{Nearest: true})
			} else {
				opt.StepStored(g)
			}
		}
		for _, v := range loaded(x) {
			mean += float64(v) / float64(n)
		}
		return mean
	}
	p := (1 - float64(1-float32(lr))) / ulp
	want, bound := 1-float64(steps*p*ulp), 5*ulp*math.Sqrt(steps*p*(1-p)/float64(n))
	if math.Abs(want-0.9) > 2e-4 {
		t.Errorf("float32 would end at %v", want)
	}
	master := must(weightsOf(optim.Options{Master: true}, optim.SGD{LR: lr}, stored(optim.BF16, ones[:1]).BFloat16))
	exact := float32(1)
	for range steps {
		master.Step(g[:1])
		exact -= float32(lr)
	}
	if got, want := master.Weights()[0][0], kernels.NearestBFloat16(exact); got != want || got.Float32() > 0.91 {
		t.Errorf("with a master the weight is %v, want %v", got.Float32(), want.Float32())
	}
	nearest, stochastic := mean(true), mean(false)
	t.Logf("nearest %v, stochastic %v, want %v within %v", nearest, stochastic, want, bound)
	if nearest != 1 {
		t.Errorf("to nearest the mean is %v, want 1", nearest)
	}
	if math.Abs(stochastic-want) > bound {
		t.Errorf("the mean is %v, want %v within %v", stochastic, want, bound)
	}
}
