package dataset

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/internal/stream"
)

var newSamplers = []func(n int, seed uint64) Sampler{
	func(n int, _ uint64) Sampler { return Sequential(n) },
	Shuffled,
	WithReplacement,
}

// epochs returns the indices of so many epochs, taken in batches of this size.
func epochs(t *testing.T, s Sampler, n, epochs, batch int) [][]int {
	t.Helper()
	var all [][]int
	dst := make([]int, batch)
	for e := range epochs {
		var epoch []int
		for s.Snapshot().Epoch == uint64(e) {
			got := s.Next(dst)
			if want := min(batch, n-len(epoch)); got != want {
				t.Fatalf("a batch of %d, want %d", got, want)
			}
			epoch = append(epoch, dst[:got]...)
			if st := s.Snapshot(); len(epoch) < n && st.Position != len(epoch) || len(epoch) == n && st.Position != 0 {
				t.Fatalf("position %d after %d of %d", st.Position, len(epoch), n)
			}
		}
		if len(epoch) != n {
			t.Fatalf("an epoch of %d, want %d", len(epoch), n)
		}
		all = append(all, epoch)
	}
	return all
}

// What comes out follows kind, n, seed and epoch, not the sizes of batches.
func TestSamplers(t *testing.T) {
	for _, n := range []int{1, 2, 7, 100} {
		for kind, create := range newSamplers {
			want := epochs(t, create(n, 5), n, 3, n)
			for _, batch := range []int{1, 3, 64, 1000} {
				if got := epochs(t, create(n, 5), n, 3, batch); !slices.EqualFunc(got, want, slices.Equal[[]int]) {
					t.Errorf("kind %d, n = %d: batches of %d give others", kind, n, batch)
				}
			}
			for e, epoch := range want {
				for i, x := range epoch {
					if x < 0 || x >= n || kind == int(KindSequential) && x != i {
						t.Fatalf("kind %d, n = %d: index %d of epoch %d is %d", kind, n, i, e, x)
					}
				}
				sorted := slices.Sorted(slices.Values(epoch))
				if kind == int(KindShuffled) {
					for i, x := range sorted {
						if i != x {
							t.Fatalf("n = %d: epoch %d is no permutation", n, e)
						}
					}
				}
				if kind == int(KindWithReplacement) && n == 100 && len(slices.Compact(sorted)) > 80 {
					t.Errorf("%d different of 100 drawn with replacement", len(slices.Compact(sorted)))
				}
			}
			if n != 100 || kind == int(KindSequential) {
				continue
			}
			other := epochs(t, create(n, 6), n, 1, n)
			if slices.Equal(want[0], want[1]) || slices.Equal(want[1], want[2]) || slices.Equal(want[0], other[0]) {
				t.Errorf("kind %d: epochs or seeds do not differ", kind)
			}
		}
	}
}

// Both kinds of draws are even: chi-square of the value at each position against its mean, over many epochs,
// is within six standard deviations.
func TestSamplerDistribution(t *testing.T) {
	const n, count = 8, 4000
	for kind, create := range newSamplers[1:] {
		var seen [n][n]int
		for _, epoch := range epochs(t, create(n, 11), n, count, n) {
			for i, x := range epoch {
				seen[i][x]++
			}
		}
		for i := range seen {
			chi := 0.0
			for _, k := range seen[i] {
				d := float64(k) - count/n
				chi += float64(d*d) / (count / n)
			}
			if chi > 7+6*3.8 { // mean n-1, standard deviation sqrt(2(n-1))
				t.Errorf("kind %d: position %d has %v", kind+1, i, seen[i])
			}
		}
	}
	// Every order of four is as likely.
	orders := map[string]int{}
	for _, epoch := range epochs(t, Shuffled(4, 2), 4, 24*400, 4) {
		orders[fmt.Sprint(epoch)]++
	}
	for order, k := range orders {
		if k < 400-6*20 || k > 400+6*20 {
			t.Errorf("order %s: %d times, want about 400", order, k)
		}
	}
	if len(orders) != 24 {
		t.Errorf("%d orders, want 24", len(orders))
	}
}

// A sampler restored from any position, through text, goes on as the first one does.
func TestSamplerResume(t *testing.T) {
	const n, count = 23, 3
	for kind, create := range newSamplers {
		want := slices.Concat(epochs(t, create(n, 9), n, count, n)...)
		s := create(n, 9)
		one := make([]int, 1)
		for at := range n * (count - 1) {
			text, err := s.Snapshot().MarshalText()
			if err != nil {
				t.Fatal(err)
			}
			var state SamplerState
			if err := state.UnmarshalText(text); err != nil {
				t.Fatal(err)
			}
			if state != s.Snapshot() {
				t.Fatalf("state %v comes back as %v", s.Snapshot(), state)
			}
			fresh, err := state.New()
			if err != nil {
				t.Fatal(err)
			}
			used := create(n, 1234) // with another seed, in the middle of an epoch
			used.Next(make([]int, 5))
			if err := used.Restore(state); err != nil {
				t.Fatal(err)
			}
			for name, r := range map[string]Sampler{"fresh": fresh, "used": used} {
				if r.Snapshot() != state {
					t.Errorf("kind %d: restored to %v, stands at %v", kind, state, r.Snapshot())
				}
				dst := make([]int, 4)
				for k := at; k < n*(count-1); {
					got := r.Next(dst)
					if !slices.Equal(dst[:got], want[k:k+got]) {
						t.Fatalf("kind %d, %s, restored at %d: %v follow at %d, want %v",
							kind, name, at, dst[:got], k, want[k:k+got])
					}
					k += got
				}
			}
			s.Next(one)
		}
	}
}

func TestSamplerErrors(t *testing.T) {
	s := Shuffled(10, 3)
	s.Next(make([]int, 4))
	before := s.Snapshot()
	for _, c := range []struct {
		state SamplerState
		want  string
	}{
		{SamplerState{Kind: 3, N: 10}, "dataset: sampler state: Kind = 3, want less than 3"},
		{SamplerState{Kind: KindShuffled}, "dataset: sampler state: N = 0, want 1 to 2147483647"},
		{SamplerState{Kind: KindShuffled, N: 10, Position: 10},
			"dataset: sampler state: Position = 10, want 0 to N-1 = 9"},
		{SamplerState{Kind: KindShuffled, N: 10, Position: -1},
			"dataset: sampler state: Position = -1, want 0 to N-1 = 9"},
		{SamplerState{N: 10}, "dataset: sampler state: Kind = sequential, want shuffled as the sampler's"},
		{SamplerState{Kind: KindShuffled, N: 9}, "dataset: sampler state: N = 9, want 10 as the sampler's"},
	} {
		if err := s.Restore(c.state); err == nil || err.Error() != c.want {
			t.Errorf("%+v: %v, want %s", c.state, err, c.want)
		}
		if s.Snapshot() != before {
			t.Errorf("an error changed the sampler to %v", s.Snapshot())
		}
	}
	if _, err := (SamplerState{}).New(); err == nil {
		t.Error("a sampler of nothing")
	}
	if _, err := (SamplerState{}).MarshalText(); err == nil {
		t.Error("the text of no state")
	}
	if s.Next(nil) != 0 || s.Snapshot() != before {
		t.Error("an empty batch is something")
	}
	defer func() {
		if r := recover(); r != "dataset: sampler state: N = 0, want 1 to 2147483647" {
			t.Errorf("panic %v", r)
		}
	}()
	Sequential(0)
}

func TestSamplerText(t *testing.T) {
	const good = "kind=shuffled n=50000 seed=18446744073709551615 epoch=3 position=256"
	want := SamplerState{KindShuffled, 50000, 1<<64 - 1, 3, 256}
	var s SamplerState
	if err := s.UnmarshalText([]byte(good)); err != nil || s != want {
		t.Errorf("%v, %v", s, err)
	}
	if text, err := json.Marshal(map[string]SamplerState{"s": s}); err != nil || string(text) != `{"s":"`+good+`"}` {
		t.Errorf("%s, %v", text, err)
	}
	for _, bad := range []string{"", good + " ", " " + good, good + "\n", strings.Replace(good, "shuffled", "mixed", 1),
		strings.Replace(good, "50000", "050000", 1), strings.Replace(good, "=3", "=-3", 1), good[:40],
		strings.Replace(good, "256", "50000", 1), strings.Replace(good, "551615", "551616", 1),
		strings.Replace(good, " ", "  ", 1), strings.Replace(good, "50000", "+50000", 1)} {
		u := want
		if err := u.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q was taken for %v", bad, u)
		}
		if u != want {
			t.Errorf("%q: an error changed the state", bad)
		}
	}
	for _, k := range []SamplerKind{KindSequential, KindShuffled, KindWithReplacement} {
		if got, err := ParseSamplerKind(k.String()); err != nil || got != k {
			t.Errorf("%v: %v, %v", k, got, err)
		}
	}
	if _, err := ParseSamplerKind("none"); err == nil ||
		err.Error() != `dataset: sampler kind "none", want one of [sequential shuffled replacement]` {
		t.Error(err)
	}
}

// Ahead tells what comes next, up to the end of an epoch, and changes nothing. It knows nothing of an epoch that has
// not begun, nor of draws with replacement.
func TestSamplerAhead(t *testing.T) {
	const n, batch = 100, 16
	for kind, create := range newSamplers {
		s, same := create(n, 5), create(n, 5)
		ahead, dst, want := make([]int, 20), make([]int, batch), make([]int, batch)
		for range 3 * (n/batch + 1) {
			before := s.Snapshot()
			known := ahead[:s.Ahead(ahead)]
			left := min(len(ahead), n-before.Position)
			if before.Position == 0 || kind == int(KindWithReplacement) {
				left = 0
			}
			if len(known) != left || s.Snapshot() != before {
				t.Fatalf("kind %d at %d: %d indices ahead, want %d, or the state has changed", kind, before.Position,
					len(known), left)
			}
			got, wanted := dst[:s.Next(dst)], want[:same.Next(want)]
			if !slices.Equal(got, wanted) || len(known) > 0 && !slices.Equal(got, known[:len(got)]) {
				t.Fatalf("kind %d at %d: %v after %v ahead, want %v", kind, before.Position, got, known, wanted)
			}
		}
	}
}

// Next allocates nothing, not at an epoch's end either.
func TestSamplerAllocations(t *testing.T) {
	dst := make([]int, 64)
	for kind, create := range newSamplers {
		s := create(1000, 1)
		if n := testing.AllocsPerRun(100, func() { s.Next(dst) }); n != 0 {
			t.Errorf("kind %d: %v allocations", kind, n)
		}
	}
}

// Orders are the same on every architecture: the shuffle written out over the stream's own numbers, and
// fixed indices.
func TestArchSamplers(t *testing.T) {
	r := rand.New(rand.NewChaCha8(stream.Seed("sampler", 42, 2)))
	order := make([]int, 100)
	for i := range order {
		order[i] = i
	}
	for i := 99; i > 0; i-- {
		j := r.IntN(i + 1)
		order[i], order[j] = order[j], order[i]
	}
	if got := epochs(t, Shuffled(100, 42), 100, 3, 100)[2]; !slices.Equal(got, order) {
		t.Errorf("order %v, want %v", got, order)
	}
	for _, c := range []struct {
		s    Sampler
		want string
	}{
		{Shuffled(50000, 1), "[10598 18242 33108 23508]"},
		{WithReplacement(50000, 1), "[42897 49536 10864 32667]"},
	} {
		var dst [4]int
		c.s.Next(dst[:])
		if got := fmt.Sprint(dst); got != c.want {
			t.Errorf("%v: first indices %s, want %s", c.s.Snapshot(), got, c.want)
		}
	}
}
