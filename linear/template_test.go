package linear

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/bitstep-go/bitstep/linear/dataset"
)

// Bytes as weights come back as a picture of the same bytes where the least is 0 and the greatest 255.
func TestTemplate(t *testing.T) {
	d := &dataset.Images{Pixels: make([]uint8, dataset.ImageBytes), Labels: []uint8{0}}
	rand.NewChaCha8([32]byte{}).Read(d.Pixels)
	d.Pixels[0], d.Pixels[dataset.ImageBytes-1] = 0, 255
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
	row32, row64 := make([]float32, dataset.Features), make([]float64, dataset.ImageBytes)
	for i, b := range d.Pixels {
		row32[i], row64[i] = float32(b)/64-1, float64(b)*1e300
	}
	row32[dataset.ImageBytes] = 1e10 // the bias does not count
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
	if got := Template(make([]float32, dataset.Features)).RGBAAt(7, 7); got != (color.RGBA{128, 128, 128, 255}) {
		t.Errorf("equal weights are %v", got)
	}
	defer func() {
		if got := fmt.Sprint(recover()); got != "linear: Template: len(row) = 5, want 3072 or 3073" {
			t.Errorf("panic %q", got)
		}
	}()
	Template(make([]float32, 5))
}
