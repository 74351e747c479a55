package dataset

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"
)

func TestContactSheet(t *testing.T) {
	var pictures []*image.RGBA
	for i := range 5 {
		d := &Images{Pixels: bytes.Repeat([]byte{byte(10 * i)}, ImageBytes), Labels: []uint8{0}}
		pictures = append(pictures, d.RGBA(0))
	}
	const scale, gap = 3, 6
	sheet := ContactSheet(pictures, 2, scale)
	if want := image.Rect(0, 0, 2*(96+gap)+gap, 3*(96+gap)+gap); sheet.Bounds() != want {
		t.Fatalf("a sheet of %v, want %v", sheet.Bounds(), want)
	}
	for y := range sheet.Bounds().Dy() {
		for x := range sheet.Bounds().Dx() {
			want := uint8(255)
			column, row := (x-gap)/(96+gap), (y-gap)/(96+gap)
			if x >= gap && y >= gap && (x-gap)%(96+gap) < 96 && (y-gap)%(96+gap) < 96 && row*2+column < 5 {
				want = uint8(10 * (row*2 + column))
			}
			if got := sheet.RGBAAt(x, y); got != (color.RGBA{want, want, want, 255}) {
				t.Fatalf("pixel (%d, %d) is %v, want %d", x, y, got, want)
			}
		}
	}
	if got := ContactSheet(pictures[:1], 9, 1).Bounds(); got != image.Rect(0, 0, 36, 36) {
		t.Errorf("a sheet of one picture is %v", got)
	}
	if err := png.Encode(new(bytes.Buffer), sheet); err != nil {
		t.Error(err)
	}
	for _, call := range []func(){
		func() { ContactSheet(nil, 1, 1) },
		func() { ContactSheet(pictures, 0, 1) },
		func() { ContactSheet(pictures, 1, 0) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			call()
		}()
	}
}
