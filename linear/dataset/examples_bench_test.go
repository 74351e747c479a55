package dataset

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/bitstep-go/bitstep"
)

// Conversion of 50,000 images, and of a minibatch from anywhere among them.
func BenchmarkFeatures(b *testing.B) {
	d := &Images{Pixels: make([]uint8, 50000*ImageBytes), Labels: make([]uint8, 50000), Classes: numbers(10)}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range d.Pixels {
		d.Pixels[i] = uint8(r.Uint32())
	}
	b.Run("op=Mean", func(b *testing.B) {
		b.SetBytes(int64(len(d.Pixels)))
		for b.Loop() {
			MeanImage(d)
		}
	})
	e, err := NewExamples[float32](d, NewPreprocess(d))
	if err != nil {
		b.Fatal(err)
	}
	on := bitstep.On[float32](bitstep.Active())
	const batch = 256
	dst, indices := make([]float32, batch*Features), make([]int, batch)
	s := Shuffled(d.Len(), 1)
	s.Next(indices[:1])
	b.Run("op=Rows/n=256", func(b *testing.B) {
		b.SetBytes(batch * ImageBytes)
		for b.Loop() {
			e.FillRows(on, dst, Features, indices[:s.Next(indices)])
		}
	})
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("op=Matrix/threads=%d", threads), func(b *testing.B) {
			b.SetBytes(int64(len(d.Pixels)))
			for b.Loop() {
				e.Matrix(on, threads)
			}
		})
		b.Run(fmt.Sprintf("op=Columns/threads=%d", threads), func(b *testing.B) {
			b.SetBytes(int64(len(d.Pixels)))
			for b.Loop() {
				e.Columns(threads)
			}
		})
	}
	m := e.Matrix(on, 0)
	b.Run("op=Gather/n=256", func(b *testing.B) {
		b.SetBytes(batch * ImageBytes)
		for b.Loop() {
			m.FillRows(on, dst, Features, indices[:s.Next(indices)])
		}
	})
}
