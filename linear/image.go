package linear

import (
	"fmt"
	"image"
	"image/color"

	"github.com/bitstep-go/bitstep/kernels"
)

// Template returns a row of weights as a picture: weight by weight the pixel of that place and colour, the
// least weight of the row black and the greatest white (a row of equal weights: mid-grey). The weight of
// the bias, if there is one, is left out, and so are weights that are not finite, which are shown black.
// It panics if the row has neither [ImageBytes] nor [Features] elements.
func Template[T kernels.Float](row []T) *image.RGBA {
	if len(row) != ImageBytes && len(row) != Features {
		panic(fmt.Sprintf("linear: Template: len(row) = %d, want %d or %d", len(row), ImageBytes, Features))
	}
	row = row[:ImageBytes]
	first, least, greatest := true, 0.0, 0.0
	for _, w := range row {
		if v := float64(w); v-v == 0 {
			if first {
				first, least, greatest = false, v, v
			}
			least, greatest = min(least, v), max(greatest, v)
		}
	}
	// Halves, so that the span of the greatest float64 values is finite.
	span := float64(greatest/2) - float64(least/2)
	bytes := make([]uint8, ImageBytes)
	for i, w := range row {
		v := float64(w)
		switch {
		case v-v != 0:
		case span == 0:
			bytes[i] = 128
		default:
			bytes[i] = uint8(float64(255*((float64(v/2)-float64(least/2))/span)) + 0.5)
		}
	}
	return picture(bytes)
}

// RGBA returns example i as a picture.
func (d *Dataset) RGBA(i int) *image.RGBA { return picture(d.Image(i)) }

func picture(bytes []uint8) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, ImageSide, ImageSide))
	for p := range ImagePixels {
		m.SetRGBA(p%ImageSide, p/ImageSide,
			color.RGBA{bytes[p], bytes[ImagePixels+p], bytes[2*ImagePixels+p], 255})
	}
	return m
}

// ContactSheet returns pictures side by side in so many columns, each pixel a square of scale x scale, with
// white gaps. All have the size of the first. It panics if there is none, or columns or scale is less
// than 1.
func ContactSheet(pictures []*image.RGBA, columns, scale int) *image.RGBA {
	if len(pictures) == 0 || columns < 1 || scale < 1 {
		panic(fmt.Sprintf("linear: ContactSheet: %d pictures, %d columns, scale %d, want at least 1 of each",
			len(pictures), columns, scale))
	}
	gap, size := 2*scale, pictures[0].Bounds().Size()
	columns = min(columns, len(pictures))
	rows := (len(pictures) + columns - 1) / columns
	sheet := image.NewRGBA(image.Rect(0, 0, columns*(size.X*scale+gap)+gap, rows*(size.Y*scale+gap)+gap))
	for i := range sheet.Pix {
		sheet.Pix[i] = 255
	}
	for i, m := range pictures {
		x0, y0 := gap+i%columns*(size.X*scale+gap), gap+i/columns*(size.Y*scale+gap)
		for y := range size.Y * scale {
			for x := range size.X * scale {
				at := m.Bounds().Min.Add(image.Pt(x/scale, y/scale))
				sheet.SetRGBA(x0+x, y0+y, m.RGBAAt(at.X, at.Y))
			}
		}
	}
	return sheet
}
