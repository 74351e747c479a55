package kernels

// A Rounding says how a step rounds what it stores in less than float32 (rule 14): to nearest, or by random bits that
// are a function of what is here and of where an element is in its tensor (rule 15). So they are the same whoever
// computes the element, and a step that is taken again is the same step.
type Rounding struct {
	Nearest bool // all to nearest even; else those stores are stochastic that the table says

	Seed   uint64 // of the run
	Step   uint64 // of the optimizer: two steps share no random bits
	Stream uint64 // which tensor: two tensors share none
	Base   uint64 // where in their tensor the slices begin, if it is in shards: a multiple of 32 with 8-bit blocks
}

const (
	goldenGamma = 0x9e3779b97f4a7c15 // 2^64 over the golden ratio
	RandomStep  = goldenGamma >> 32  // from element to element: see [RandomWord]
)

// mix64 is SplitMix64's finalizer (Steele, Lea and Flood, 2014).
func mix64(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Key returns the keys of some word of 2^32 elements, those whose index has this high half.
func (r Rounding) Key(high, word uint64) (k0, k1 uint32) {
	z := r.Seed
	for _, v := range [...]uint64{r.Step, r.Stream, high, word} {
		z = mix64(z + goldenGamma*(v+1))
	}
	return uint32(z), uint32(z >> 32)
}

// RandomWord is the random word of the element of which c is the index, or its low half, by the keys of its high half.
func RandomWord(k0, k1, c uint32) uint32 {
	w := k0 + c*RandomStep
	w = (w ^ w>>16) * 0x7feb352d
	w = (w ^ w>>15 ^ k1) * 0x846ca68b
	return w ^ w>>16
}

// Bits returns the random bits of stochastic operand j for an element of the tensor: two operands share a word.
func (r Rounding) Bits(j int, index uint64) uint16 {
	s := r.source(j)
	return s.bits(index)
}

// A source is the random bits of a stochastic operand, with the keys of the elements whose index has this high half.
type source struct {
	Rounding
	word   uint64
	shift  int
	high   uint64
	k0, k1 uint32
}

func (r Rounding) source(j int) source {
	s := source{Rounding: r, word: uint64(j) / 2, shift: 16 * (j % 2)}
	s.k0, s.k1 = r.Key(0, s.word)
	return s
}

// stochastic is the source of operand j where it rounds stochastically, or nil.
func (r Rounding) stochastic(is bool, j int) *source {
	if !is {
		return nil
	}
	s := r.source(j)
	return &s
}

func (s *source) bits(index uint64) uint16 {
	if high := index >> 32; high != s.high {
		s.high = high
		s.k0, s.k1 = s.Key(high, s.word)
	}
	return uint16(RandomWord(s.k0, s.k1, uint32(index)) >> s.shift)
}
