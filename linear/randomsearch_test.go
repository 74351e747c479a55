package linear

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
)

// The search keeps the first of the tries with the least loss, and each try is what its seed and number say.
func TestArchRandomSearch(t *testing.T) {
	d := tiny[float32]()
	p := problem(t, d.Train, ProblemConfig{})
	var tries []Try
	m, last, err := RandomSearch(context.Background(), p, SearchConfig{Tries: 50, Scale: 0.5, Seed: 9,
		Progress: func(x Try) { tries = append(tries, x) }})
	if err != nil {
		t.Fatal(err)
	}
	best, bestAt := math.Inf(1), 0
	var weights []float32
	for i := range 50 {
		r := rand.New(rand.NewChaCha8(streamSeed("search", 9, uint64(i+1))))
		w := make([]float32, p.Classes()*p.Features())
		for j := range w {
			w[j] = float32(float64(0.5 * kernels.Normal(r)))
		}
		loss := p.Loss(w, nil)
		if loss < best {
			best, bestAt, weights = loss, i+1, w
		}
		if want := (Try{i + 1, loss, best, bestAt}); tries[i] != want {
			t.Fatalf("try %d: %+v, want %+v", i+1, tries[i], want)
		}
	}
	if last != tries[49] || !slices.Equal(m.W, weights) || len(tries) != 50 {
		t.Errorf("best of try %d, want %d", last.BestNumber, bestAt)
	}
}

func TestRandomSearchErrors(t *testing.T) {
	p := problem(t, tiny[float64]().Train, ProblemConfig{})
	ctx, cancel := context.WithCancel(context.Background())
	m, last, err := RandomSearch(ctx, p, SearchConfig{Progress: func(x Try) {
		if x.Number == 3 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || last.Number != 3 || m == nil {
		t.Errorf("cancelled in try 3: %v after try %d", err, last.Number)
	}
	for want, c := range map[string]SearchConfig{
		"linear: RandomSearch: Tries = -1, want at least 0, which is 1000": {Tries: -1},
		"linear: RandomSearch: Scale = +Inf, want a number of at least 0":  {Scale: math.Inf(1)},
		"linear: RandomSearch: the loss was NaN in each of 2 tries":        {Tries: 2, Scale: math.MaxFloat64},
	} {
		if _, _, err := RandomSearch(context.Background(), p, c); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
