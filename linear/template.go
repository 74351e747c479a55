package linear

import (
	"fmt"
	"image"

	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear/dataset"
)

// Template returns a row of weights as a picture: weight by weight the pixel of that place and colour, the
// least weight of the row black and the greatest white (a row of equal weights: mid-grey). The weight of
// the bias, if there is one, is left out, and so are weights that are not finite, which are shown black.
// It panics if the row has neither [dataset.ImageBytes] nor [dataset.Features] elements.
func Template[T kernels.Float](row []T) *image.RGBA {
	if len(row) != dataset.ImageBytes && len(row) != dataset.Features {
		panic(fmt.Sprintf("linear: Template: len(row) = %d, want %d or %d", len(row), dataset.ImageBytes,
			dataset.Features))
	}
	row = row[:dataset.ImageBytes]
	first, least, greatest := true, 0.0, 0.0
	for _, w := range row {
		if v := float64(w); num.Finite(v) {
			if first {
				first, least, greatest = false, v, v
			}
			least, greatest = min(least, v), max(greatest, v)
		}
	}
	// Halves, so that the span of the greatest float64 values is finite.
	span := float64(greatest/2) - float64(least/2)
	one := dataset.Images{Pixels: make([]uint8, dataset.ImageBytes), Labels: []uint8{0}}
	for i, w := range row {
		v := float64(w)
		switch {
		case !num.Finite(v):
		case span == 0:
			one.Pixels[i] = 128
		default:
			one.Pixels[i] = uint8(float64(255*((float64(v/2)-float64(least/2))/span)) + 0.5)
		}
	}
	return one.RGBA(0)
}
