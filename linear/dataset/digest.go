package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"

	"github.com/bitstep-go/bitstep/internal/crew"
)

// HashedTogether is how many examples have a hash together.
const HashedTogether = 64

// Hashes are the SHA-256 of a set's pixels and of its labels, of each [HashedTogether] examples; of the last there may
// be fewer. They tell where two sets differ, and are made by all threads.
type Hashes struct {
	Pixels, Labels [][sha256.Size]byte
}

// Hashes returns the set's.
func (d *Images) Hashes() Hashes {
	n := (d.Len() + HashedTogether - 1) / HashedTogether
	h := Hashes{make([][sha256.Size]byte, n), make([][sha256.Size]byte, n)}
	new(crew.Crew).Run(0, n, func(_, k int) {
		part := d.Slice(k*HashedTogether, min((k+1)*HashedTogether, d.Len()))
		h.Pixels[k], h.Labels[k] = sha256.Sum256(part.Pixels), sha256.Sum256(part.Labels)
	})
	return h
}

// Digest is the SHA-256 of the set in hexadecimal: over the number of classes and each name behind its length, the
// same for the superclasses, the number of examples, the [Hashes] of pixels and then of labels, and the number of
// labels of superclasses before them; all numbers in 64 bits, little-endian.
func (d *Images) Digest() string { return d.digest(d.Hashes()) }

// digest is Digest, of a set with these hashes.
func (d *Images) digest(hashes Hashes) string {
	h := sha256.New()
	number := func(n int) {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], uint64(n))
		h.Write(b[:])
	}
	for _, names := range [][]string{d.Classes, d.CoarseClasses} {
		number(len(names))
		for _, name := range names {
			number(len(name))
			io.WriteString(h, name)
		}
	}
	number(d.Len())
	for _, sums := range [][][sha256.Size]byte{hashes.Pixels, hashes.Labels} {
		for _, sum := range sums {
			h.Write(sum[:])
		}
	}
	number(len(d.Coarse))
	h.Write(d.Coarse)
	return hex.EncodeToString(h.Sum(nil))
}
