package minimize_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim/minimize"
)

// distance is the square of the distance from 1, 2, 3, ... in the written order on every machine.
func distance[T kernels.Float](x, _ []T) float64 {
	sum := 0.0
	for i, v := range x {
		d := float64(v) - float64(i+1)
		sum += float64(d * d)
	}
	return sum
}

// The best point is the one that a plain search over the same tries finds, and OnBest sees each best on the
// way.
func TestRandomSearch(t *testing.T) {
	t.Run("type=float32", testRandomSearch[float32])
	t.Run("type=float64", testRandomSearch[float64])
}

func testRandomSearch[T kernels.Float](t *testing.T) {
	for _, local := range []bool{false, true} {
		start := []T{0.5, -1, 4}
		best, bestF, bests := slices.Clone(start), math.Inf(1), 0
		if local {
			bestF, bests = distance(start, nil), 1
		}
		r := rand.New(rand.NewPCG(9, 0x73656172636820))
		for range 300 {
			try := make([]T, 3)
			for i := range try {
				v := float64(2 * kernels.Normal(r))
				if local {
					v = float64(best[i]) + v
				}
				try[i] = T(v)
			}
			if f := distance(try, nil); f < bestF {
				best, bestF = try, f
				bests++
			}
		}

		x, seen, last := slices.Clone(start), 0, math.Inf(1)
		search := minimize.RandomSearch[T]{Tries: 300, Scale: 2, Local: local, Seed: 9}
		search.OnBest = func(it minimize.Iterate[T]) bool {
			if seen++; it.F >= last || it.F != distance(it.X, nil) || it.Grad != nil {
				t.Errorf("best %d: %+v after %v", seen, it, last)
			}
			last = it.F
			return false
		}
		res, err := search.Minimize(context.Background(), distance[T], x)
		if err != nil {
			t.Fatal(err)
		}
		tries := res.Evaluations
		if local {
			tries--
		}
		if !slices.Equal(x, best) || res.F != bestF || seen != bests || tries != 300 || res.Iterations != 300 ||
			res.Status != minimize.IterationLimit {
			t.Errorf("local %v: got %v, %+v and %d bests; want %v, %v and %d", local, x, res, seen, best, bestF, bests)
		}
	}
}

func TestRandomSearchStops(t *testing.T) {
	x := []float64{7, 8}
	search := minimize.RandomSearch[float64]{Scale: 1, Tries: 100}
	search.OnBest = func(it minimize.Iterate[float64]) bool { return it.F < 3 }
	res, err := search.Minimize(context.Background(), distance[float64], x)
	if err != nil || res.Status != minimize.CallbackStop || !(res.F < 3) || res.F != distance(x, nil) ||
		res.Iterations == 100 {
		t.Errorf("got %+v, %v at %v", res, err, x)
	}

	ctx, cancel := context.WithCancel(context.Background())
	calls := 0
	counting := func(x, _ []float64) float64 {
		if calls++; calls == 5 {
			cancel()
		}
		return distance(x, nil)
	}
	res, err = minimize.RandomSearch[float64]{}.Minimize(ctx, counting, x)
	if !errors.Is(err, context.Canceled) || res.Status != minimize.Cancelled || calls != 5 ||
		res.F != distance(x, nil) {
		t.Errorf("got %+v, %v after %d calls", res, err, calls)
	}

	x = []float64{7, 8}
	nan := func(x, _ []float64) float64 { return math.NaN() }
	res, err = minimize.RandomSearch[float64]{Tries: 4}.Minimize(context.Background(), nan, x)
	if err == nil || !strings.Contains(err.Error(), "no finite value in 4 tries") || res.Status != minimize.NotFinite ||
		!slices.Equal(x, []float64{7, 8}) {
		t.Errorf("got %+v, %v at %v", res, err, x)
	}
}

// several is f at several points, and notes at how many in each call.
func several[T kernels.Float](f minimize.Objective[T], size int, calls *[]int) minimize.Objectives[T] {
	return func(xs []T, values []float64) {
		*calls = append(*calls, len(values))
		for i := range values {
			values[i] = f(xs[i*size:][:size], nil)
		}
	}
}

// Several tries in a call are those of one in each: point, result and bests, to the end, where a callback stops them,
// and where no value is finite.
func TestRandomSearchSeveral(t *testing.T) {
	ctx := context.Background()
	holed := func(x, _ []float32) float64 { // not a number at every other try
		if x[0] < 0 {
			return math.NaN()
		}
		return distance(x, nil)
	}
	nowhere := func(x, _ []float32) float64 { return math.Inf(1) }
	for name, f := range map[string]minimize.Objective[float32]{"holed": holed, "nowhere": nowhere} {
		for _, local := range []bool{false, true} {
			for _, target := range []float64{0, 9} { // the search ends, or is stopped below it
				search := minimize.RandomSearch[float32]{Tries: 40, Scale: 1, Local: local, Seed: 3}
				var bests []minimize.Iterate[float32]
				search.OnBest = func(it minimize.Iterate[float32]) bool {
					it.X, it.GradNorm = slices.Clone(it.X), 0
					bests = append(bests, it)
					return it.F < target
				}
				x := []float32{1, -9, 4}
				want, wantErr := search.Minimize(ctx, f, x)
				wantBests := bests
				for tries, wantCalls := range map[int][]int{1: nil, 7: {7, 7, 7, 7, 7, 5}, 40: {40}, 1000: {40}} {
					bests = nil
					var calls []int
					got := []float32{1, -9, 4}
					r, err := search.MinimizeSeveral(ctx, several(f, len(x), &calls), tries, got)
					if fmt.Sprint(r, err, got, bests) != fmt.Sprint(want, wantErr, x, wantBests) {
						t.Errorf("%s, local %v, %d tries: %+v, %v at %v by %v; want %+v, %v at %v by %v", name, local,
							tries, r, err, got, bests, want, wantErr, x, wantBests)
					}
					if stopped := want.Status == minimize.CallbackStop; !stopped && !local && tries > 1 &&
						!slices.Equal(calls, wantCalls) {
						t.Errorf("%s, %d tries: calls of %v, want %v", name, tries, calls, wantCalls)
					}
					if local && slices.Max(calls) != 1 {
						t.Errorf("%s: local tries that do not wait for each other: calls of %v", name, calls)
					}
				}
			}
		}
	}
}

// A context that is done ends the search before the next call, with the best of all tries until then.
func TestRandomSearchSeveralCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var calls []int
	f := several(distance[float64], 2, &calls)
	x, want := []float64{7, 8}, []float64{7, 8}
	res, err := minimize.RandomSearch[float64]{}.MinimizeSeveral(ctx, func(xs []float64, values []float64) {
		if f(xs, values); len(calls) == 3 {
			cancel()
		}
	}, 5, x)
	minimize.RandomSearch[float64]{Tries: 15}.Minimize(context.Background(), distance[float64], want)
	if !errors.Is(err, context.Canceled) || res.Status != minimize.Cancelled || res.Iterations != 15 ||
		!slices.Equal(calls, []int{5, 5, 5}) || !slices.Equal(x, want) {
		t.Errorf("got %+v, %v at %v after calls of %v, want %v", res, err, x, calls, want)
	}
}

func TestRandomSearchErrors(t *testing.T) {
	for want, search := range map[string]minimize.RandomSearch[float32]{
		"Tries = -1, want at least 1":                                      {Tries: -1},
		"Scale = -1, want in (0, +Inf)":                                    {Scale: -1},
		"Scale = 0, want in (0, +Inf)":                                     {Scale: minimize.Zero},
		"Scale = 1e-60, which is 0 in float32, want a number in its range": {Scale: 1e-60},
		"Scale = +Inf, want in (0, +Inf)":                                  {Scale: math.Inf(1)},
	} {
		x := []float32{1}
		res, err := search.Minimize(context.Background(), distance[float32], x)
		if err == nil || err.Error() != "minimize: RandomSearch: "+want || res.Status != minimize.InvalidSettings ||
			res.Evaluations != 0 || x[0] != 1 {
			t.Errorf("got %+v, %v, want %s", res, err, want)
		}
	}
	none, err := minimize.RandomSearch[float32]{}.MinimizeSeveral(context.Background(),
		func([]float32, []float64) {}, 0, []float32{1})
	if want := "minimize: RandomSearch: tries = 0, want at least 1"; err == nil || err.Error() != want ||
		none.Status != minimize.InvalidSettings {
		t.Errorf("got %+v, %v, want %s", none, err, want)
	}
	res, err := minimize.RandomSearch[float32]{}.Minimize(context.Background(), nil, []float32{1})
	if want := "minimize: RandomSearch: the objective is nil, want a function"; err == nil || err.Error() != want ||
		res.Status != minimize.InvalidSettings {
		t.Errorf("got %+v, %v, want %s", res, err, want)
	}
}

// TestGoldenRandomSearch holds the bits of a search, which are the same on every machine.
func TestGoldenRandomSearch(t *testing.T) {
	x := make([]float64, 3)
	h := sha256.New()
	search := minimize.RandomSearch[float64]{Tries: 500, Scale: 1, Seed: 42}
	search.OnBest = func(it minimize.Iterate[float64]) bool {
		binary.Write(h, binary.LittleEndian, uint64(it.Iteration))
		binary.Write(h, binary.LittleEndian, math.Float64bits(it.F))
		for _, v := range it.X {
			binary.Write(h, binary.LittleEndian, math.Float64bits(v))
		}
		return false
	}
	if _, err := search.Minimize(context.Background(), distance[float64], x); err != nil {
		t.Fatal(err)
	}
	const want = "0ba6ca0782832fad657866d61d3972c6d75af97fec6f620016d7b5a578aabdcf"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}
