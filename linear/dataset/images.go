package dataset

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/bitstep-go/bitstep/internal/stream"
)

// The images are those of the CIFAR sets: 32 x 32 pixels in three colours, a byte each.
const (
	ImageSide   = 32
	ImagePixels = ImageSide * ImageSide
	ImageBytes  = 3 * ImagePixels // 1,024 red, then green, then blue, each by rows from the top
	Features    = ImageBytes + 1  // what a model sees of an image: its bytes and the constant 1
)

// Images is a set of labelled images, kept as the bytes of the files: 50,000 examples take 154 MB.
// [NewExamples] makes features of them.
type Images struct {
	Pixels  []uint8  // ImageBytes for each example
	Labels  []uint8  // the class of each example, less than len(Classes)
	Classes []string // the names of the classes

	// The superclasses of CIFAR-100, otherwise empty.
	Coarse        []uint8
	CoarseClasses []string
}

// Len returns the number of examples.
func (d *Images) Len() int { return len(d.Labels) }

// Image returns the bytes of example i: a part of Pixels, not a copy.
func (d *Images) Image(i int) []uint8 {
	return d.Pixels[i*ImageBytes : (i+1)*ImageBytes : (i+1)*ImageBytes]
}

// Check returns an error if the set is empty, its slices do not fit each other, or a label has no class.
// The loaders return sets that pass; one that was put together by hand may not.
func (d *Images) Check() error {
	n := len(d.Labels)
	if n == 0 {
		return fmt.Errorf("dataset: Images has no examples, want at least 1")
	}
	if len(d.Pixels)/ImageBytes != n || len(d.Pixels)%ImageBytes != 0 {
		return fmt.Errorf("dataset: Images: len(Pixels) = %d, want %d bytes for each of %d labels",
			len(d.Pixels), ImageBytes, n)
	}
	if err := checkLabels("Labels", d.Labels, "Classes", d.Classes); err != nil {
		return err
	}
	if len(d.Coarse) == 0 && len(d.CoarseClasses) == 0 {
		return nil
	}
	if len(d.Coarse) != n {
		return fmt.Errorf("dataset: Images: len(Coarse) = %d, want %d as of Labels", len(d.Coarse), n)
	}
	return checkLabels("Coarse", d.Coarse, "CoarseClasses", d.CoarseClasses)
}

func checkLabels(name string, labels []uint8, classesName string, classes []string) error {
	if len(classes) == 0 || len(classes) > 256 {
		return fmt.Errorf("dataset: Images: len(%s) = %d, want 1 to 256", classesName, len(classes))
	}
	if i := slices.IndexFunc(labels, func(l uint8) bool { return int(l) >= len(classes) }); i >= 0 {
		return fmt.Errorf("dataset: Images: %s[%d] = %d, want less than the %d classes",
			name, i, labels[i], len(classes))
	}
	return nil
}

// Slice returns the examples lo to hi-1. It shares the memory of d.
func (d *Images) Slice(lo, hi int) *Images {
	s := *d
	s.Labels = d.Labels[lo:hi:hi]
	s.Pixels = d.Pixels[lo*ImageBytes : hi*ImageBytes : hi*ImageBytes]
	if len(d.Coarse) != 0 {
		s.Coarse = d.Coarse[lo:hi:hi]
	}
	return &s
}

// Select returns a copy of the examples of these indices, in their order.
func (d *Images) Select(indices []int) *Images {
	s := *d
	s.Labels = make([]uint8, len(indices))
	s.Pixels = make([]uint8, len(indices)*ImageBytes)
	if len(d.Coarse) != 0 {
		s.Coarse = make([]uint8, len(indices))
	}
	for k, i := range indices {
		s.Labels[k] = d.Labels[i]
		copy(s.Image(k), d.Image(i))
		if len(d.Coarse) != 0 {
			s.Coarse[k] = d.Coarse[i]
		}
	}
	return &s
}

// Split draws so many examples for validation and leaves the others for training. Which ones depends on
// the seed and the number of examples alone; both parts are copies and keep the order of d. It returns an
// error if a part would be empty.
func (d *Images) Split(validation int, seed uint64) (train, held *Images, err error) {
	n := d.Len()
	if validation < 1 || validation >= n {
		return nil, nil, fmt.Errorf("dataset: Split: validation = %d, want 1 to %d, less than the %d examples",
			validation, n-1, n)
	}
	order := make([]int, n)
	permute(order, rand.New(rand.NewChaCha8(stream.Seed("split", seed, uint64(n)))))
	slices.Sort(order[:validation])
	slices.Sort(order[validation:])
	return d.Select(order[validation:]), d.Select(order[:validation]), nil
}
