package witness

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/receipt"
)

// block is how many examples have a digest together: where one was changed, the finding says which block it is in.
const block = dataset.HashedTogether

// Images are claims about a set of images: its classes, and the digests of pixels and labels of each 64 images, with
// one of these digests before them. The name says which set: training, validation.
func Images(name string, d *dataset.Images) []receipt.Claim {
	if d == nil {
		return []receipt.Claim{{Name: name + " images", Value: "none"}}
	}
	return HashedImages(name, d, d.Hashes())
}

// HashedImages is [Images] for a caller that has the set's hashes.
func HashedImages(name string, d *dataset.Images, h dataset.Hashes) []receipt.Claim {
	claims := []receipt.Claim{{Name: name + " images", Value: fmt.Sprintf("%d of %d classes %q", d.Len(),
		len(d.Classes), d.Classes)}}
	for i := range h.Pixels {
		lo, hi := i*block, min((i+1)*block, d.Len())
		claims = append(claims, claim(name+" pixels", lo, hi, h.Pixels[i]), claim(name+" labels", lo, hi, h.Labels[i]))
	}
	return whole(name, claims)
}

// Examples are claims about any set: the number of examples and features, and the digests of the bits of features,
// and of labels or values, of each 64 examples, with one of these digests before them. Features are read by the active
// backend.
func Examples[T kernels.Float](name string, s linear.Set[T]) []receipt.Claim {
	if s.Source == nil {
		return []receipt.Claim{{Name: name + " examples", Value: "none"}}
	}
	n, features := s.Source.Len(), s.Source.Features()
	claims := []receipt.Claim{{Name: name + " examples", Value: fmt.Sprintf("%d of %d features", n, features)}}
	rows, engine := make([]T, block*features), bitstep.On[T](bitstep.Active())
	for lo := 0; lo < n; lo += block {
		hi := min(lo+block, n)
		part := rows[:(hi-lo)*features]
		s.Source.FillRange(engine, part, features, lo, hi)
		claims = append(claims, claim(name+" features", lo, hi, sha256.Sum256(num.AppendBits(nil, part...))))
		switch {
		case s.Values != nil:
			claims = append(claims, claim(name+" values", lo, hi,
				sha256.Sum256(num.AppendBits(nil, s.Values[lo:hi]...))))
		case s.Labels != nil:
			claims = append(claims, claim(name+" labels", lo, hi, sha256.Sum256(s.Labels[lo:hi])))
		}
	}
	return whole(name, claims)
}

// whole puts the digest of digests, for people to compare, behind the first claim: each of them a line.
func whole(name string, claims []receipt.Claim) []receipt.Claim {
	var lines []byte
	for _, c := range claims[1:] {
		lines = append(append(lines, c.Value...), '\n')
	}
	return slices.Insert(claims, 1, receipt.Claim{Name: name + " set", Value: digest(sha256.Sum256(lines))})
}

func claim(what string, lo, hi int, sum [sha256.Size]byte) receipt.Claim {
	return receipt.Claim{Name: fmt.Sprintf("%s %d to %d", what, lo, hi-1), Value: digest(sum)}
}

func digest(sum [sha256.Size]byte) string { return "SHA-256 " + hex.EncodeToString(sum[:]) }
