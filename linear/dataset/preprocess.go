package dataset

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/bitstep-go/bitstep/internal/crew"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

// DefaultScale is the scale of features unless another is asked for: from bytes to about -1 to 1. It is a
// power of two, so that scaling rounds nothing.
const DefaultScale = 1.0 / 128

// A Preprocess says how bytes become features. In the element type T, with s = T(Scale) and
// m[p] = T(Mean[p]*Scale), feature p of an image is
//
//	T(T(byte[p])*s) - m[p]
//
// and feature [ImageBytes], the last one, is 1: the weights of that feature are the model's bias (the
// bias trick). A model goes with the Preprocess that it was trained with.
type Preprocess struct {
	Mean  []float64 // the image to subtract, in units of a byte; nil: none
	Scale float64   // per unit of a byte; 0: DefaultScale
}

// NewPreprocess returns what the lecture does to images: the mean image of the training set is
// subtracted. The scale is [DefaultScale].
func NewPreprocess(train *Images) Preprocess {
	return Preprocess{Mean: MeanImage(train), Scale: DefaultScale}
}

// Snapshot adds p to a checkpoint: the mean image as the tensor "mean" and the scale as the metadata "scale",
// both names behind prefix.
func (p Preprocess) Snapshot(c *checkpoint.File, prefix string) {
	if p.Scale == 0 {
		p.Scale = DefaultScale
	}
	checkpoint.Put(c, prefix+"mean", []int{len(p.Mean)}, p.Mean)
	c.SetMetaFloat(prefix+"scale", p.Scale)
}

// Restore sets p to what Snapshot added under the prefix. If it is missing, or is nothing that NewExamples
// would accept, it returns an error and changes nothing.
func (p *Preprocess) Restore(c *checkpoint.File, prefix string) error {
	var q Preprocess
	var err error
	if q.Mean, err = checkpoint.Get[float64](c, prefix+"mean", nil); err != nil {
		return err
	}
	if t, _ := c.Tensor(prefix + "mean"); len(t.Shape) != 1 {
		return c.Errorf("tensor %q has %d dimensions, want 1", prefix+"mean", len(t.Shape))
	}
	if len(q.Mean) == 0 {
		q.Mean = nil
	}
	if q.Scale, err = c.MetaFloat(prefix + "scale"); err != nil {
		return err
	}
	if q.Scale == 0 { // Snapshot writes what the default is
		return c.Errorf("metadata %q = 0, want 2**-64 to 2**64", prefix+"scale")
	}
	if err := q.Check(); err != nil {
		return c.Errorf("%w", err)
	}
	*p = q
	return nil
}

// Check returns an error if Mean has neither 0 nor [ImageBytes] elements or one that no byte can be, or if Scale is
// neither 0 nor from 2**-64 to 2**64.
func (p Preprocess) Check() error {
	if len(p.Mean) != 0 && len(p.Mean) != ImageBytes {
		return fmt.Errorf("dataset: Preprocess: len(Mean) = %d, want %d, or 0 for none", len(p.Mean), ImageBytes)
	}
	for i, m := range p.Mean {
		if !(m >= 0 && m <= 255) {
			return fmt.Errorf("dataset: Preprocess: Mean[%d] = %v, want 0 to 255", i, m)
		}
	}
	// Within these bounds every feature is finite and a difference of one in a byte is not lost.
	if s := p.Scale; s != 0 && !(s >= 0x1p-64 && s <= 0x1p64) {
		return fmt.Errorf("dataset: Preprocess: Scale = %v, want 2**-64 to 2**64, or 0 for 1/128", s)
	}
	return nil
}

// MeanImage returns the mean of every byte over the images of a set: their exact sum, divided by their
// number and rounded once. It panics if the set is empty.
func MeanImage(d *Images) []float64 {
	if d.Len() == 0 {
		panic("dataset: MeanImage: the set is empty, want at least 1 example")
	}
	// Sums are integers, so the order of addition, and the number of threads, make no difference.
	const part = 2048
	sums := make([]uint64, ImageBytes)
	var mu sync.Mutex
	new(crew.Crew).Run(0, (d.Len()+part-1)/part, func(_, i int) {
		mine := d.Slice(i*part, min((i+1)*part, d.Len())).sums()
		mu.Lock()
		defer mu.Unlock()
		for p, s := range mine {
			sums[p] += s
		}
	})
	mean := make([]float64, ImageBytes)
	for p, s := range sums {
		mean[p] = float64(s) / float64(d.Len())
	}
	return mean
}

// sums adds up every byte over the images. Eight bytes are added at a time, in two words of four 16-bit
// sums each, which 257 images cannot overflow.
func (d *Images) sums() []uint64 {
	const mask = 0x00ff00ff00ff00ff
	sums := make([]uint64, ImageBytes)
	for lo := 0; lo < d.Len(); lo += 257 {
		var even, odd [ImageBytes / 8]uint64
		for i := lo; i < min(lo+257, d.Len()); i++ {
			image := d.Image(i)
			for w := range even {
				x := binary.LittleEndian.Uint64(image[8*w:])
				even[w] += x & mask
				odd[w] += x >> 8 & mask
			}
		}
		for p := range sums {
			word := even[p/8]
			if p%2 == 1 {
				word = odd[p/8]
			}
			sums[p] += word >> (p % 8 / 2 * 16) & 0xffff
		}
	}
	return sums
}
