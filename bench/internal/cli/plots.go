package cli

import (
	"bytes"
	"image"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/linear/dataset"
)

var (
	trainColour      = color.RGBA{R: 0x1f, G: 0x77, B: 0xb4, A: 0xff}
	validationColour = color.RGBA{R: 0xd6, G: 0x5f, B: 0x0e, A: 0xff}
)

// A curve is a line of a plot: a value after each epoch.
type curve struct {
	name   string
	colour color.Color
	values []float64
}

// newCurves returns a plot of curves over epochs.
func newCurves(title, label string, curves ...curve) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, "epoch", label
	p.Title.Padding = vg.Points(6)
	p.Legend.Top, p.Legend.Padding = true, vg.Points(3)
	p.Add(plotter.NewGrid())
	for _, c := range curves {
		var points plotter.XYs
		for i, v := range c.values {
			if num.Finite(v) { // a loss may overflow, and a curve has no place for that
				points = append(points, plotter.XY{X: float64(i + 1), Y: v})
			}
		}
		if len(points) == 0 {
			continue
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return nil, err
		}
		line.Color, line.Width = c.colour, vg.Points(1.5)
		dots.Color, dots.Shape, dots.Radius = c.colour, draw.CircleGlyph{}, vg.Points(2)
		p.Add(line, dots)
		p.Legend.Add(c.name, line, dots)
	}
	return p, nil
}

// writeCurves writes the curves of loss and accuracy, above each other, to a PNG file.
func writeCurves(name string, epochs []linear.Epoch, validated bool) error {
	var loss, accuracy [2]curve
	for i, set := range []string{"training", "validation"} {
		colour := []color.Color{trainColour, validationColour}[i]
		loss[i], accuracy[i] = curve{name: set, colour: colour}, curve{name: set, colour: colour}
	}
	for _, e := range epochs {
		loss[0].values = append(loss[0].values, e.TrainLoss)
		loss[1].values = append(loss[1].values, e.ValidationLoss)
		accuracy[0].values = append(accuracy[0].values, 100*e.TrainAccuracy)
		accuracy[1].values = append(accuracy[1].values, 100*e.ValidationAccuracy)
	}
	shown := 1
	if validated {
		shown = 2
	}
	top, err := newCurves("Loss", "loss", loss[:shown]...)
	if err != nil {
		return err
	}
	bottom, err := newCurves("Accuracy", "right, %", accuracy[:shown]...)
	if err != nil {
		return err
	}
	bottom.Legend.Top = false
	canvas := vgimg.NewWith(vgimg.UseWH(16*vg.Centimeter, 20*vg.Centimeter), vgimg.UseDPI(120),
		vgimg.UseBackgroundColor(color.White))
	tiles := draw.Tiles{Rows: 2, Cols: 1, PadTop: vg.Points(8), PadBottom: vg.Points(8), PadLeft: vg.Points(8),
		PadRight: vg.Points(14), PadY: vg.Points(14)}
	for i, c := range plot.Align([][]*plot.Plot{{top}, {bottom}}, tiles, draw.New(canvas)) {
		[]*plot.Plot{top, bottom}[i].Draw(c[0])
	}
	return writePNG(name, canvas)
}

// writeTemplates writes the rows of weights as pictures, each under its class's name, to a PNG file.
func writeTemplates[T kernels.Float](name, title string, m *linear.Model[T], classes []string) error {
	const columns, side, gap, head = 5, 128, 16, 22
	rows := (m.Classes + columns - 1) / columns
	width, height := columns*(side+gap)+gap, rows*(side+gap+head)+gap+head
	// One point is one pixel at 72 dots per inch, so that weights become squares of whole pixels.
	canvas := vgimg.NewWith(vgimg.UseWH(vg.Length(width), vg.Length(height)), vgimg.UseDPI(72),
		vgimg.UseBackgroundColor(color.White))
	picture := canvas.Image()
	style := plot.New().Title.TextStyle
	style.Font.Size = vg.Points(13)
	style.XAlign, style.YAlign = draw.XCenter, draw.YCenter
	text := draw.New(canvas)
	text.FillText(style, vg.Point{X: vg.Length(width) / 2, Y: vg.Length(height - head/2 - gap/4)}, title)
	for c := range m.Classes {
		x := gap + c%columns*(side+gap)
		y := head + c/columns*(side+gap+head) + gap
		middle := vg.Point{X: vg.Length(x + side/2), Y: vg.Length(height - y - head/2 + 2)}
		text.FillText(style, middle, classes[c])
		enlarge(picture, x, y+head, linear.Template(m.Row(c)), side/dataset.ImageSide)
	}
	return writePNG(name, canvas)
}

// enlarge draws a picture with its top left corner at x, y, each pixel a square.
func enlarge(dst interface{ Set(x, y int, c color.Color) }, x, y int, src image.Image, scale int) {
	b := src.Bounds()
	for j := range b.Dy() * scale {
		for i := range b.Dx() * scale {
			dst.Set(x+i, y+j, src.At(b.Min.X+i/scale, b.Min.Y+j/scale))
		}
	}
}

// writePNG replaces a file whole or not at all.
func writePNG(name string, canvas *vgimg.Canvas) error {
	var b bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: canvas}).WriteTo(&b); err != nil {
		return err
	}
	return writeFile(name, b.Bytes())
}
