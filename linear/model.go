package linear

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/stream"
	"github.com/bitstep-go/bitstep/kernels"
)

// InitScale is the lecture's: weights start as standard normal numbers times this.
const InitScale = 0.0001

// A Model is a linear classifier: the score of class c for an example x is the product of row c of W and x.
// The bias is the weight of a last feature that is always 1.
type Model[T kernels.Float] struct {
	Classes, Features int
	W                 []T // Classes x Features, row-major
}

// NewModel returns a model whose weights are 0. It panics if a size is less than 1.
func NewModel[T kernels.Float](classes, features int) *Model[T] {
	if classes < 1 || features < 1 {
		panic(fmt.Sprintf("linear: NewModel: %d classes, %d features, want at least 1", classes, features))
	}
	return &Model[T]{Classes: classes, Features: features, W: make([]T, classes*features)}
}

// Init sets the weights, in ascending order, to T(scale*kernels.Normal) drawn from a stream of their own
// that seed decides: the lecture's W = randn*0.0001.
func (m *Model[T]) Init(scale float64, seed uint64) {
	r := rand.New(rand.NewChaCha8(stream.Seed("weights", seed, 0)))
	for i := range m.W {
		m.W[i] = T(float64(scale * kernels.Normal(r)))
	}
}

// Row returns the weights of a class: a part of W, not a copy.
func (m *Model[T]) Row(class int) []T {
	lo := class * m.Features
	return m.W[lo : lo+m.Features : lo+m.Features]
}

// Scores stores the score of every class for one example in dst: the bits that [Problem.Scores] gives. It
// panics if dst has not Classes elements or x not Features.
func (m *Model[T]) Scores(dst, x []T) {
	bitstep.Gemv(false, m.Classes, m.Features, 1, m.W, m.Features, x, 0, dst)
}

// Hash is the SHA-256 of the weights in hexadecimal, the same on every machine for the same bits: over their
// number, 64 bits, and their bits, little-endian, NaN canonical (rule 12 of the contract).
func (m *Model[T]) Hash() string {
	h := sha256.New()
	var buf [8]byte
	binary.LittleEndian.PutUint64(buf[:], uint64(len(m.W)))
	h.Write(buf[:])
	for _, w := range m.W {
		if unsafe.Sizeof(w) == 4 {
			bits := math.Float32bits(float32(w))
			if w != w {
				bits = 0x7fc00000
			}
			binary.LittleEndian.PutUint32(buf[:], bits)
		} else {
			bits := math.Float64bits(float64(w))
			if w != w {
				bits = 0x7ff8000000000000
			}
			binary.LittleEndian.PutUint64(buf[:], bits)
		}
		h.Write(buf[:unsafe.Sizeof(w)])
	}
	return hex.EncodeToString(h.Sum(nil))
}
