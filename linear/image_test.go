package linear

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"testing"
)

// Bytes as weights come back as a picture of the same bytes where the least is 0 and the greatest 255.
func TestTemplate(t *testing.T) {
	d := randomSet(1, 10, 1)
	d.Pixels[0], d.Pixels[ImageBytes-1] = 0, 255
	want := d.RGBA(0)
	if want.Bounds() != image.Rect(0, 0, 32, 32) {
		t.Fatalf("a picture of %v", want.Bounds())
	}
	for y := range 32 {
		for x := range 32 {
			p := 32*y + x
			if got := (color.RGBA{d.Pixels[p], d.Pixels[1024+p], d.Pixels[2048+p], 255}); want.RGBAAt(x, y) != got {
				t.Fatalf("pixel (%d, %d) is %v, want %v", x, y, want.RGBAAt(x, y), got)
			}
		}
	}
	row32, row64 := make([]float32, Features), make([]float64, ImageBytes)
	for i, b := range d.Pixels {
		row32[i], row64[i] = float32(b)/64-1, float64(b)*1e300
	}
	row32[ImageBytes] = 1e10 // the bias does not count
	for i, got := range []*image.RGBA{Template(row32), Template(row64)} {
		if !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("picture %d is another", i)
		}
	}
	// The widest span, and weights that are not finite.
	for i := range row64 {
		row64[i] = math.NaN()
	}
	row64[1], row64[2], row64[3], row64[4] = math.MaxFloat64, -math.MaxFloat64, 0, math.Inf(1)
	m := Template(row64)
	var got []uint8
	for x := range 5 {
		got = append(got, m.RGBAAt(x, 0).R)
	}
	if !bytes.Equal(got, []uint8{0, 255, 0, 128, 0}) {
		t.Errorf("red of the first pixels %v, want 0 255 0 128 0", got)
	}
	if got := Template(make([]float32, Features)).RGBAAt(7, 7); got != (color.RGBA{128, 128, 128, 255}) {
		t.Errorf("equal weights are %v", got)
	}
	defer func() {
		if got := fmt.Sprint(recover()); got != "linear: Template: len(row) = 5, want 3072 or 3073" {
			t.Errorf("panic %q", got)
		}
	}()
	Template(make([]float32, 5))
}

func TestContactSheet(t *testing.T) {
	var pictures []*image.RGBA
	for i := range 5 {
		d := &Dataset{Pixels: bytes.Repeat([]byte{byte(10 * i)}, ImageBytes), Labels: []uint8{0}}
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
