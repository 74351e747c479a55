package witness

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/receipt"
)

// block is how many examples have a digest together: where one was changed, the finding says which block it is in.
const block = 64

// Images are claims about a set of images: its classes, and the digests of pixels and labels of each 64 images, with
// one of these digests before them. The name says which set: training, validation.
func Images(name string, d *dataset.Images) []receipt.Claim {
	if d == nil {
		return []receipt.Claim{{Name: name + " images", Value: "none"}}
	}
	blocks := (d.Len() + block - 1) / block
	claims := make([]receipt.Claim, 1+2*blocks)
	claims[0] = receipt.Claim{Name: name + " images", Value: fmt.Sprintf("%d of %d classes %q", d.Len(), len(d.Classes),
		d.Classes)}
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), blocks) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < blocks; i = int(next.Add(1)) - 1 {
				lo, hi := i*block, min(i*block+block, d.Len())
				claims[1+2*i] = claim(name+" pixels", lo, hi, d.Pixels[lo*dataset.ImageBytes:hi*dataset.ImageBytes])
				claims[2+2*i] = claim(name+" labels", lo, hi, d.Labels[lo:hi])
			}
		})
	}
	all.Wait()
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
		claims = append(claims, claim(name+" features", lo, hi, num.AppendBits(nil, part...)))
		switch {
		case s.Values != nil:
			claims = append(claims, claim(name+" values", lo, hi, num.AppendBits(nil, s.Values[lo:hi]...)))
		case s.Labels != nil:
			claims = append(claims, claim(name+" labels", lo, hi, s.Labels[lo:hi]))
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
	return slices.Insert(claims, 1, receipt.Claim{Name: name + " set", Value: digest(lines)})
}

func claim(what string, lo, hi int, b []byte) receipt.Claim {
	return receipt.Claim{Name: fmt.Sprintf("%s %d to %d", what, lo, hi-1), Value: digest(b)}
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "SHA-256 " + hex.EncodeToString(sum[:])
}
