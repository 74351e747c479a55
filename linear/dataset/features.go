package dataset

import (
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
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
		return fmt.Errorf("dataset: tensor %q has %d dimensions, want 1", prefix+"mean", len(t.Shape))
	}
	if len(q.Mean) == 0 {
		q.Mean = nil
	}
	if q.Scale, err = c.MetaFloat(prefix + "scale"); err != nil {
		return err
	}
	if q.Scale == 0 { // Snapshot writes what the default is
		return fmt.Errorf("dataset: metadata %q = 0, want 2**-64 to 2**64", prefix+"scale")
	}
	if err := q.check(); err != nil {
		return err
	}
	*p = q
	return nil
}

func (p Preprocess) check() error {
	if p.Mean != nil && len(p.Mean) != ImageBytes {
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
	parallel((d.Len()+part-1)/part, 0, func(i int) {
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

// A Matrix holds Rows x Cols elements, the element in row r and column c at Data[r*Stride+c]. Elements
// between a row's end and the next row are not part of it.
type Matrix[T kernels.Float] struct {
	Rows, Cols, Stride int
	Data               []T
}

// Row returns row r: a part of Data, not a copy.
func (m Matrix[T]) Row(r int) []T {
	lo := r * m.Stride
	return m.Data[lo : lo+m.Cols : lo+m.Cols]
}

// Len returns Rows, the number of examples of a matrix that has examples as rows.
func (m Matrix[T]) Len() int { return m.Rows }

// FillRows sets row i of dst, whose leading dimension is ld, to row indices[i] of m. It panics if an index
// is out of range, ld is less than Cols, or dst too short. It allocates nothing.
func (m Matrix[T]) FillRows(dst []T, ld int, indices []int) {
	checkRows("FillRows", dst, ld, len(indices), m.Cols)
	for i, r := range indices {
		copy(dst[i*ld:], m.Row(r))
	}
}

// FillRange sets the rows of dst, whose leading dimension is ld, to the rows lo to hi-1 of m. It panics as
// FillRows does. It allocates nothing.
func (m Matrix[T]) FillRange(dst []T, ld, lo, hi int) {
	checkRows("FillRange", dst, ld, hi-lo, m.Cols)
	for r := lo; r < hi; r++ {
		copy(dst[(r-lo)*ld:], m.Row(r))
	}
}

// View returns the rows lo to hi-1 where they lie, and their leading dimension, having brought them to the
// caches. It panics if hi is not more than lo or a row is out of range.
func (m Matrix[T]) View(lo, hi int) (rows []T, ld int) {
	rows = m.Data[lo*m.Stride : (hi-1)*m.Stride+m.Cols]
	warm(rows)
	return rows, m.Stride
}

// warm brings s to the caches by reading an element of each line: reads that wait for nothing but memory
// overlap, and hardly do in what comes next, which has better to do than to look far ahead. From images at
// random places it saved a quarter of the time of making features of them.
func warm[E uint8 | float32 | float64](s []E) {
	const line = 64
	var sum E
	for i := 0; i < len(s); i += line / int(unsafe.Sizeof(sum)) {
		sum += s[i]
	}
	runtime.KeepAlive(sum)
}

func checkRows[T kernels.Float](fn string, dst []T, ld, rows, cols int) {
	if ld < cols {
		panic(fmt.Sprintf("dataset: %s: ld = %d, want at least the %d columns", fn, ld, cols))
	}
	if rows > 0 && (len(dst) < cols || (len(dst)-cols)/ld < rows-1) {
		panic(fmt.Sprintf("dataset: %s: len(dst) = %d, too short for %d rows of %d with leading dimension %d",
			fn, len(dst), rows, cols, ld))
	}
}

// A Source hands out examples as rows of features: [Examples], which converts them each time, and
// [Matrix], which holds them converted, four or eight times as large.
type Source[T kernels.Float] interface {
	Len() int
	FillRows(dst []T, ld int, indices []int)
	FillRange(dst []T, ld, lo, hi int)
}

// Examples converts the images of a set to features. Its methods may be called from several goroutines at
// once, and return the same bits whichever is used.
type Examples[T kernels.Float] struct {
	set   *Images
	pre   Preprocess
	value [256]T // of a byte, scaled
	mean  []T    // scaled
}

// NewExamples returns the examples of a set, which must not change from then on. It returns an error if
// the set fails Check, if p.Mean has neither 0 nor [ImageBytes] elements or one that no byte can be, or if
// p.Scale is not from 2**-64 to 2**64.
func NewExamples[T kernels.Float](d *Images, p Preprocess) (*Examples[T], error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	if p.Scale == 0 {
		p.Scale = DefaultScale
	}
	p.Mean = slices.Clone(p.Mean)
	e := &Examples[T]{set: d, pre: p, mean: make([]T, ImageBytes)}
	for b := range e.value {
		e.value[b] = T(T(b) * T(p.Scale))
	}
	for i, m := range p.Mean {
		e.mean[i] = T(float64(m * p.Scale))
	}
	return e, nil
}

// Len returns the number of examples.
func (e *Examples[T]) Len() int { return e.set.Len() }

// Labels returns the labels of the examples: those of the set, not a copy.
func (e *Examples[T]) Labels() []uint8 { return e.set.Labels }

// Images returns the set.
func (e *Examples[T]) Images() *Images { return e.set }

// Preprocess returns a copy of how features are made.
func (e *Examples[T]) Preprocess() Preprocess {
	return Preprocess{Mean: slices.Clone(e.pre.Mean), Scale: e.pre.Scale}
}

// FillRows sets row i of dst, whose leading dimension is ld, to the [Features] features of example
// indices[i]. It panics if an index is out of range, ld is less than Features, or dst too short. It runs
// on its own goroutine and allocates nothing.
func (e *Examples[T]) FillRows(dst []T, ld int, indices []int) {
	checkRows("FillRows", dst, ld, len(indices), Features)
	const some = 64 // images, 200 KB, which second caches hold
	for lo := 0; lo < len(indices); lo += some {
		block := indices[lo:min(lo+some, len(indices))]
		for _, example := range block {
			warm(e.set.Image(example))
		}
		for i, example := range block {
			e.fill(dst[(lo+i)*ld:], example)
		}
	}
}

// FillRange sets the rows of dst, whose leading dimension is ld, to the features of the examples lo to
// hi-1. It panics as FillRows does, runs on its own goroutine and allocates nothing.
func (e *Examples[T]) FillRange(dst []T, ld, lo, hi int) {
	checkRows("FillRange", dst, ld, hi-lo, Features)
	for i := lo; i < hi; i++ {
		e.fill(dst[(i-lo)*ld:], i)
	}
}

// fill converts one example.
func (e *Examples[T]) fill(dst []T, example int) {
	bitstep.FromBytes(dst[:ImageBytes], e.set.Image(example), e.mean, T(e.pre.Scale))
	dst[ImageBytes] = 1
}

// Matrix returns all examples as rows, Len() x [Features] without gaps, converted by so many threads (0:
// GOMAXPROCS). It panics if the matrix exceeds what a slice can have.
func (e *Examples[T]) Matrix(threads int) Matrix[T] {
	n := e.Len()
	m := Matrix[T]{Rows: n, Cols: Features, Stride: Features, Data: make([]T, elements(n))}
	const part = 64
	parallel((n+part-1)/part, threads, func(i int) {
		lo, hi := i*part, min((i+1)*part, n)
		e.FillRange(m.Data[lo*Features:], Features, lo, hi)
	})
	return m
}

// Columns returns all examples as columns, [Features] x Len() without gaps, the lecture's form of the
// data, converted by so many threads (0: GOMAXPROCS). It panics as Matrix does.
func (e *Examples[T]) Columns(threads int) Matrix[T] {
	n := e.Len()
	m := Matrix[T]{Rows: Features, Cols: n, Stride: n, Data: make([]T, elements(n))}
	// A part is a cache line of bytes of every image; within it, so many images at a time that their
	// lines stay in the first level of cache.
	const line, images = 64, 32
	parallel(ImageBytes/line+1, threads, func(i int) {
		if i == ImageBytes/line {
			for c := range m.Row(ImageBytes) {
				m.Data[ImageBytes*n+c] = 1
			}
			return
		}
		for lo := 0; lo < n; lo += images {
			for p := i * line; p < (i+1)*line; p++ {
				row, mean := m.Data[p*n+lo:p*n+min(lo+images, n)], e.mean[p]
				bytes := e.set.Pixels[lo*ImageBytes+p:]
				for c := range row {
					row[c] = e.value[bytes[c*ImageBytes]] - mean
				}
			}
		}
	})
	return m
}

// elements returns the size of the features of n examples.
func elements(n int) int {
	if n > math.MaxInt/8/Features {
		panic(fmt.Sprintf("dataset: a matrix of %d x %d elements, want at most %d rows", n, Features,
			math.MaxInt/8/Features))
	}
	return n * Features
}

// parallel calls work(0) to work(n-1) on so many goroutines (0: GOMAXPROCS) and returns when all are done.
func parallel(n, threads int, work func(i int)) {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	var next atomic.Int64
	take := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			work(i)
		}
	}
	var wg sync.WaitGroup
	for range min(threads, n) - 1 {
		wg.Go(take)
	}
	take()
	wg.Wait()
}
