package dataset

import (
	"fmt"
	"math"
	"slices"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/crew"
	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
)

// Examples converts the images of a set to features. Its methods may be called from several goroutines at
// once, and return the same bits whichever is used.
type Examples[T kernels.Float] struct {
	set   *Images
	pre   Preprocess
	value [256]T // of a byte, scaled
	mean  []T    // scaled
}

// NewExamples returns the examples of a set, which must not change from then on. It returns an error if
// the set or p fails its Check.
func NewExamples[T kernels.Float](d *Images, p Preprocess) (*Examples[T], error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	if err := p.Check(); err != nil {
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

// Features returns [Features].
func (e *Examples[T]) Features() int { return Features }

// FillRows sets row i of dst, whose leading dimension is ld, to the [Features] features of example
// indices[i]. It panics if an index is out of range, ld is less than Features, or dst too short. It runs
// on its own goroutine, on the engine's backend, and allocates nothing.
func (e *Examples[T]) FillRows(on bitstep.Engine[T], dst []T, ld int, indices []int) {
	checkRows("FillRows", dst, ld, len(indices), Features)
	for i, example := range indices {
		e.fill(on, dst[i*ld:], example)
	}
}

// Memory returns the pixels of an example, for [Resident].
func (e *Examples[T]) Memory(example int) []byte { return e.set.Image(example) }

// FillRange sets the rows of dst, whose leading dimension is ld, to the features of the examples lo to
// hi-1. It panics as FillRows does, runs on its own goroutine, on the engine's backend, and allocates nothing.
func (e *Examples[T]) FillRange(on bitstep.Engine[T], dst []T, ld, lo, hi int) {
	checkRows("FillRange", dst, ld, hi-lo, Features)
	for i := lo; i < hi; i++ {
		e.fill(on, dst[(i-lo)*ld:], i)
	}
}

// fill converts one example.
func (e *Examples[T]) fill(on bitstep.Engine[T], dst []T, example int) {
	on.FromBytes(dst[:ImageBytes], e.set.Image(example), e.mean, T(e.pre.Scale))
	dst[ImageBytes] = 1
}

// Matrix returns all examples as rows, Len() x [Features], converted on the engine's backend by so many threads (0:
// GOMAXPROCS). Its stride is whole lines of 64 bytes, an odd number of them: no load of a row crosses a line, and the
// same columns of many rows have sets of a cache of their own. It panics if the matrix exceeds what a slice can have.
func (e *Examples[T]) Matrix(on bitstep.Engine[T], threads int) Matrix[T] {
	n, stride := e.Len(), ((Features-1)/kernels.Lanes[T]()+1|1)*kernels.Lanes[T]()
	m := Matrix[T]{Rows: n, Cols: Features, Stride: stride, Data: mem.Large[T](elements(n, stride))}
	const part = 64
	new(crew.Crew).Run(threads, (n+part-1)/part, func(_, i int) {
		lo, hi := i*part, min((i+1)*part, n)
		e.FillRange(on, m.Data[lo*stride:], stride, lo, hi)
	})
	return m
}

// Columns returns all examples as columns, [Features] x Len() without gaps, the lecture's form of the
// data, converted by so many threads (0: GOMAXPROCS). It panics as Matrix does.
func (e *Examples[T]) Columns(threads int) Matrix[T] {
	n := e.Len()
	m := Matrix[T]{Rows: Features, Cols: n, Stride: n, Data: make([]T, elements(n, Features))}
	// A part is a cache line of bytes of every image; within it, so many images at a time that their
	// lines stay in the first level of cache.
	const line, images = 64, 32
	new(crew.Crew).Run(threads, ImageBytes/line+1, func(_, i int) {
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

// elements returns the size of n examples of so many elements each.
func elements(n, each int) int {
	if n > math.MaxInt/8/each {
		panic(fmt.Sprintf("dataset: a matrix of %d x %d elements, want at most %d rows", n, each, math.MaxInt/8/each))
	}
	return n * each
}
