package dataset

import (
	"fmt"
	"math/rand/v2"

	"github.com/bitstep-go/bitstep/internal/stream"
)

// A Sampler hands out the indices of examples, batch after batch. A sampler is not for several goroutines
// at once.
//
// The examples come in epochs of n draws, n being the number of examples. What a sampler hands out depends
// on its kind, n, seed, epoch and position in the epoch alone, on every machine, whatever the sizes of the
// batches were.
type Sampler interface {
	// Next fills dst with the next indices and returns how many. They are fewer than len(dst) only at the
	// end of an epoch, whose last batch is short unless the size of the batches divides n; the next call
	// starts the next epoch. It returns 0 only if dst is empty. It allocates nothing.
	Next(dst []int) int

	// Ahead fills dst with indices that Next will return next, as far as they are known before they are drawn, and
	// returns how many. It changes nothing.
	Ahead(dst []int) int

	// Snapshot returns where the sampler stands. After the last index of an epoch that is position 0 of
	// the next.
	Snapshot() SamplerState

	// Restore sets the sampler to a state, from which it goes on as the sampler did that the state was
	// taken from; seed, epoch and position become those of the state. If kind or n differ, or the position
	// is none, it returns an error and changes nothing.
	Restore(SamplerState) error
}

// SamplerKind is one of the three ways to draw examples.
type SamplerKind uint8

const (
	KindSequential      SamplerKind = iota // 0, 1, 2, ... in every epoch
	KindShuffled                           // every example once an epoch, in an order drawn for that epoch
	KindWithReplacement                    // each index drawn from all n alike
)

var samplerKinds = [...]string{"sequential", "shuffled", "replacement"}

// String returns the kind's name: sequential, shuffled or replacement.
func (k SamplerKind) String() string {
	if int(k) < len(samplerKinds) {
		return samplerKinds[k]
	}
	return fmt.Sprintf("SamplerKind(%d)", uint8(k))
}

// SamplerKinds lists the kinds.
func SamplerKinds() (kinds []SamplerKind) {
	for k := range samplerKinds {
		kinds = append(kinds, SamplerKind(k))
	}
	return kinds
}

// ParseSamplerKind returns the kind of that name.
func ParseSamplerKind(name string) (SamplerKind, error) {
	for k, s := range samplerKinds {
		if s == name {
			return SamplerKind(k), nil
		}
	}
	return 0, fmt.Errorf("dataset: sampler kind %q, want one of %v", name, samplerKinds)
}

// A SamplerState says where a sampler stands, in plain values: an order of examples is drawn again from
// seed and epoch when the state is restored.
type SamplerState struct {
	Kind     SamplerKind
	N        int    // examples, from 1 to 1<<31 - 1
	Seed     uint64 // has no effect on sequential order
	Epoch    uint64 // from 0
	Position int    // indices handed out in this epoch: from 0 to N-1
}

const samplerText = "kind=%s n=%d seed=%d epoch=%d position=%d"

// String returns the state as one line of text.
func (s SamplerState) String() string {
	return fmt.Sprintf(samplerText, s.Kind, s.N, s.Seed, s.Epoch, s.Position)
}

// MarshalText returns the state as one line of text. It returns an error if the state is none that a
// sampler can be in.
func (s SamplerState) MarshalText() ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return []byte(s.String()), nil
}

// UnmarshalText sets the state to what MarshalText wrote. It returns an error, and changes nothing, if the
// text is not exactly that.
func (s *SamplerState) UnmarshalText(text []byte) error {
	var u SamplerState
	var kind string
	if _, err := fmt.Sscanf(string(text), samplerText, &kind, &u.N, &u.Seed, &u.Epoch, &u.Position); err != nil {
		return fmt.Errorf("dataset: sampler state %q, want the form %q: %w", text, samplerText, err)
	}
	var err error
	if u.Kind, err = ParseSamplerKind(kind); err != nil {
		return err
	}
	if err = u.check(); err != nil {
		return err
	}
	if again := u.String(); again != string(text) {
		return fmt.Errorf("dataset: sampler state %q, want it written %q", text, again)
	}
	*s = u
	return nil
}

func (s SamplerState) check() error {
	if int(s.Kind) >= len(samplerKinds) {
		return fmt.Errorf("dataset: sampler state: Kind = %d, want less than %d", s.Kind, len(samplerKinds))
	}
	if s.N < 1 || s.N > 1<<31-1 {
		return fmt.Errorf("dataset: sampler state: N = %d, want 1 to %d", s.N, 1<<31-1)
	}
	if s.Position < 0 || s.Position >= s.N {
		return fmt.Errorf("dataset: sampler state: Position = %d, want 0 to N-1 = %d", s.Position, s.N-1)
	}
	return nil
}

// New returns a sampler in this state.
func (s SamplerState) New() (Sampler, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	x := newSampler(s.Kind, s.N, s.Seed)
	return x, x.Restore(s)
}

// Sequential returns a sampler of n examples in their order. It panics if n is not from 1 to 1<<31 - 1.
func Sequential(n int) Sampler { return newSampler(KindSequential, n, 0) }

// Shuffled returns a sampler without replacement: every epoch has each of the n examples once, in an order
// that seed and epoch decide. It panics if n is not from 1 to 1<<31 - 1.
func Shuffled(n int, seed uint64) Sampler { return newSampler(KindShuffled, n, seed) }

// WithReplacement returns a sampler that draws every index from all n alike, whatever came before. It
// panics if n is not from 1 to 1<<31 - 1.
func WithReplacement(n int, seed uint64) Sampler { return newSampler(KindWithReplacement, n, seed) }

// sampler is the one implementation. Every epoch has a random stream of its own, a function of seed and
// epoch, so that an epoch's draws can be made again.
type sampler struct {
	state  SamplerState
	source *rand.ChaCha8
	rand   *rand.Rand // over source
	order  []int      // of the examples in this epoch, if shuffled
	drawn  bool       // the stream, and the order, are those of the epoch and the position
}

func newSampler(kind SamplerKind, n int, seed uint64) *sampler {
	s := &sampler{state: SamplerState{Kind: kind, N: n, Seed: seed}}
	if err := s.state.check(); err != nil {
		panic(err.Error())
	}
	if kind != KindSequential {
		s.source = rand.NewChaCha8([32]byte{})
		s.rand = rand.New(s.source)
	}
	if kind == KindShuffled {
		s.order = make([]int, n)
	}
	return s
}

func (s *sampler) Next(dst []int) int {
	if len(dst) == 0 {
		return 0
	}
	if !s.drawn {
		s.draw()
	}
	n := min(len(dst), s.state.N-s.state.Position)
	dst = dst[:n]
	s.take(dst)
	s.state.Position += n
	if s.state.Position == s.state.N {
		s.state.Position = 0
		s.state.Epoch++
		s.drawn = false
	}
	return n
}

// take sets dst to the indices from the position on.
func (s *sampler) take(dst []int) {
	switch at := s.state.Position; s.state.Kind {
	case KindSequential:
		for i := range dst {
			dst[i] = at + i
		}
	case KindShuffled:
		copy(dst, s.order[at:])
	case KindWithReplacement:
		for i := range dst {
			dst[i] = s.rand.IntN(s.state.N)
		}
	}
}

func (s *sampler) Ahead(dst []int) int {
	if !s.drawn || s.state.Kind == KindWithReplacement {
		return 0
	}
	dst = dst[:min(len(dst), s.state.N-s.state.Position)]
	s.take(dst)
	return len(dst)
}

// draw starts the stream of the epoch and takes from it what precedes the position.
func (s *sampler) draw() {
	s.drawn = true
	if s.state.Kind == KindSequential {
		return
	}
	s.source.Seed(stream.Seed("sampler", s.state.Seed, s.state.Epoch))
	if s.state.Kind == KindShuffled {
		permute(s.order, s.rand)
		return
	}
	for range s.state.Position {
		s.rand.IntN(s.state.N)
	}
}

func (s *sampler) Snapshot() SamplerState { return s.state }

func (s *sampler) Restore(to SamplerState) error {
	if err := to.check(); err != nil {
		return err
	}
	if to.Kind != s.state.Kind {
		return fmt.Errorf("dataset: sampler state: Kind = %v, want %v as the sampler's", to.Kind, s.state.Kind)
	}
	if to.N != s.state.N {
		return fmt.Errorf("dataset: sampler state: N = %d, want %d as the sampler's", to.N, s.state.N)
	}
	s.state = to
	s.drawn = false
	return nil
}

// permute sets order to a random permutation of 0 to len(order)-1: Fisher and Yates' shuffle, written out
// because its draws are part of what a seed means.
func permute(order []int, r *rand.Rand) {
	for i := range order {
		order[i] = i
	}
	for i := len(order) - 1; i > 0; i-- {
		j := r.IntN(i + 1)
		order[i], order[j] = order[j], order[i]
	}
}
