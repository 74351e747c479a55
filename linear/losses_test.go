package linear

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear/dataset"
)

// Losses of several W in one pass have the bits of one pass each: every backend, loss, kind of row and number of
// threads, with passes for more and for fewer candidates before.
func TestArchLosses(t *testing.T) {
	t.Run("float32", testLosses[float32])
	t.Run("float64", testLosses[float64])
}

func testLosses[T kernels.Float](t *testing.T) {
	n, pictures := 330, 100
	if testing.Short() { // minutes, where floats are emulated twice
		n, pictures = 100, 6
	}
	rows, _ := small[T](7, n, 130, 5)
	for _, loss := range Losses() {
		set := rows
		c := ProblemConfig{Loss: loss, Lambda: 0.01}
		weighted := c
		weighted.FreeBias = true
		if loss.Target() == Numbers {
			_, values := small[T](1, 1, n, 1)
			set = Set[T]{Source: rows.Source, Values: values}
		} else {
			weighted.ClassWeights = []float64{1, 0, 2.5, 0.3, 1}
		}
		configs := []ProblemConfig{weighted, c, {Loss: loss}}
		if testing.Short() {
			configs = configs[:1]
		}
		for _, c := range configs {
			for _, b := range bitstep.Backends() {
				compareLosses(t, set, c, b)
			}
		}
	}
	short, _ := small[T](7, n*3/5, 83, 5) // below 128 features scores are chains
	images := &dataset.Images{Pixels: make([]uint8, pictures*dataset.ImageBytes), Labels: make([]uint8, pictures),
		Classes: make([]string, 10)}
	rand.NewChaCha8([32]byte{}).Read(images.Pixels)
	for i := range images.Labels {
		images.Labels[i] = uint8(i % 10)
	}
	pixels, err := dataset.NewExamples[T](images, dataset.NewPreprocess(images))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range bitstep.Backends() {
		compareLosses(t, short, ProblemConfig{}, b)
		compareLosses(t, NewSet(pixels), ProblemConfig{Loss: Softmax{}}, b)
	}
}

// compareLosses compares Losses with Loss.
func compareLosses[T kernels.Float](t *testing.T, set Set[T], c ProblemConfig, b bitstep.Backend) {
	t.Helper()
	most := 7
	all, threads := set.Source.Len(), []int{1, 2, 3}
	if testing.Short() {
		most, threads = 4, []int{3}
	}
	for name, batch := range map[string][]int{"all": nil, "some": rand.New(rand.NewPCG(1, 2)).Perm(all)[:all*2/3]} {
		alone := problem(t, set, c).On(b)
		size := alone.Classes() * alone.Features()
		_, ws := small[T](9, 1, size, most)
		want, seen := make([]float64, most), map[float64]bool{}
		for q := range want {
			want[q] = alone.Loss(ws[q*size:][:size], batch)
			seen[want[q]] = true
		}
		if len(seen) != most {
			t.Fatalf("%+v: of %d losses %d differ", c, most, len(seen))
		}
		for _, c.Threads = range threads {
			p := problem(t, set, c).On(b)
			for _, n := range []int{2, most, 1, most} {
				got := make([]float64, n)
				p.Losses(ws[:n*size], got, batch)
				for q := range got {
					if got[q] != want[q] {
						t.Fatalf("%s, %+v, %v, %d candidates: loss %d = %x, alone %x", name, c, b, n, q, got[q],
							want[q])
					}
				}
			}
			grad := make([]T, size)
			if got := p.LossGradient(ws[:size], grad, batch); got != want[0] {
				t.Fatalf("%s, %+v, %v: after Losses, LossGradient = %x, want %x", name, c, b, got, want[0])
			}
		}
	}
}

// Losses allocates nothing after the first call with as many candidates.
func TestLossesAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pooled memory come and go")
	}
	set, w := small[float64](7, 300, 50, 5)
	losses := make([]float64, 4)
	ws := make([]float64, len(losses)*len(w))
	for _, threads := range []int{1, 3} {
		p := problem(t, set, ProblemConfig{Threads: threads})
		if got := allocations(func() { p.Losses(ws, losses, nil) }); got != 0 {
			t.Errorf("%d threads: %v allocations per call", threads, got)
		}
	}
}

func TestLossesPanics(t *testing.T) {
	set, w := small[float64](3, 10, 5, 3)
	untold := set
	untold.Labels = nil
	p, shared := problem(t, set, ProblemConfig{}), make([]float64, 32)
	for want, call := range map[string]func(){
		"linear: Losses: len(losses) = 0, want at least 1": func() { p.Losses(nil, nil, nil) },
		"linear: Losses: len(ws) = 15, want 30":            func() { p.Losses(w, make([]float64, 2), nil) },
		"linear: Losses: losses overlaps ws":               func() { p.Losses(shared[:30], shared[29:31], nil) },
		"linear: Problem: batch[1] = 10, want below 10":    func() { p.Losses(w, make([]float64, 1), []int{0, 10}) },
		"linear: Losses: the set has neither labels nor values": func() {
			problem(t, untold, ProblemConfig{}).Losses(w, make([]float64, 1), nil)
		},
	} {
		func() {
			defer func() {
				if got := recover(); fmt.Sprint(got) != want {
					t.Errorf("panic %v, want %s", got, want)
				}
			}()
			call()
		}()
	}
}

// Two blocks' worth of scores, and one candidate however many classes there are.
func TestCandidates(t *testing.T) {
	for classes, want := range map[int]int{2: 64, 10: 12, 100: 1, 256: 1} {
		set, _ := small[float32](1, 3, 4, classes)
		if got := problem(t, set, ProblemConfig{}).Candidates(); got != want {
			t.Errorf("%d classes: %d, want %d", classes, got, want)
		}
	}
}
