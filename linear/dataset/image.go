package dataset

import (
	"fmt"
	"image"
	"image/color"
)

// RGBA returns example i as a picture.
func (d *Images) RGBA(i int) *image.RGBA { return picture(d.Image(i)) }

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
		panic(fmt.Sprintf("dataset: ContactSheet: %d pictures, %d columns, scale %d, want at least 1 of each",
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
