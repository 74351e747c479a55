package page

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"image/color"
	"math"
	"regexp"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A chart is what a figure shows: series of points, and lines behind them.
type chart struct {
	xLabel, yLabel string
	xTicks, yTicks func(lo, hi float64) []plot.Tick // of logarithmic axes; nil: linear from 0
	series         []series
	joined         bool     // the points of a series by lines
	named          bool     // the points of the first series, where there is room
	lines          []line   // roofs and borders
	categories     []string // what y counts, from the top; nil: y is a number
}

// A series is points of one colour and one shape.
type series struct {
	name   string
	points []point
	number int // decides colour and shape
}

type point struct {
	x, y float64
	name string // what a pointer that rests on it is told
}

// A line is a roof or a border, in the colour of the series that it belongs to, or grey.
type line struct {
	points plotter.XYs
	series int // its number; -1: none
	dashed bool
}

// The colours of SVGs are variables of the page's style, so that they suit both colour schemes. On vg's canvas a colour
// is a number: these stand for variables.
var (
	ink    = color.RGBA{R: 0xFA, G: 0xFA, A: 0xFF}
	grid   = color.RGBA{R: 0xFA, G: 0xFA, B: 1, A: 0xFF}
	inks   = variables()
	shapes = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.RingGlyph{},
		draw.SquareGlyph{}, draw.TriangleGlyph{}, draw.CrossGlyph{}}
	marks = []string{"●", "■", "▲", "○", "□", "△", "×"} // the shapes as legends have them
)

func variables() *strings.Replacer {
	pairs := []string{hex(ink), "var(--ink)", hex(grid), "var(--grid)"}
	for i := range marks {
		pairs = append(pairs, hex(seriesInk(i)), fmt.Sprintf("var(--s%d)", i))
	}
	return strings.NewReplacer(pairs...)
}

func seriesInk(i int) color.RGBA {
	return color.RGBA{R: 0xFA, G: 0xFA, B: uint8(2 + i%len(marks)), A: 0xFF}
}

func hex(c color.RGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }

const width, height, fontSize = 400, 320, 12 // points; a phone shows a figure at .8 of that

// svg draws the chart. Title and description are what a screen reader says of it.
func (c chart) svg(id, title, description string) (template.HTML, error) {
	p, high := c.plot(), vg.Length(height)
	if c.categories != nil {
		high = vg.Length(60 + 15*len(c.categories))
	}
	canvas := vgsvg.New(width, high)
	p.Draw(draw.Crop(draw.New(canvas), 2, -8, 2, -8))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return "", err
	}
	text := b.String()
	text = text[strings.Index(text, "<g "):] // what stands before has a size in points
	text = titled.ReplaceAllString(inks.Replace(text), `<path $2><title>$1</title></path>`)
	head := fmt.Sprintf(`<svg viewBox="0 0 %d %.0f" role="img" aria-labelledby="%s-title %s-description">`+
		`<title id="%[3]s-title">%s</title><desc id="%[3]s-description">%s</desc>`, width, float64(high), id, id,
		template.HTMLEscapeString(title), template.HTMLEscapeString(description))
	return template.HTML(head + text), nil
}

func (c chart) plot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.X.Label.Text, p.Y.Label.Text = c.xLabel, c.yLabel
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Color, a.Tick.Color, a.Label.TextStyle.Color, a.Tick.Label.Color = ink, ink, ink, ink
		a.Label.TextStyle.Font, a.Tick.Label.Font = face(fontSize), face(fontSize)
		a.Padding = 4
	}
	g := plotter.NewGrid()
	g.Vertical.Color, g.Horizontal.Color = grid, grid
	p.Add(g)
	for _, l := range c.lines {
		style := draw.LineStyle{Color: ink, Width: 1}
		if l.series >= 0 {
			style.Color, style.Width = seriesInk(l.series), 1.5
		}
		if l.dashed {
			style.Dashes = []vg.Length{4, 3}
		}
		p.Add(&plotter.Line{XYs: l.points, LineStyle: style})
	}
	for _, s := range c.series {
		points := make(plotter.XYs, len(s.points))
		for j, q := range s.points {
			points[j] = plotter.XY{X: q.x, Y: q.y}
			if c.categories != nil {
				points[j].Y = float64(len(c.categories)) - 1 - q.y
			}
		}
		if c.joined {
			p.Add(&plotter.Line{XYs: points, LineStyle: draw.LineStyle{Color: seriesInk(s.number), Width: 1.5}})
		}
		p.Add(&plotter.Scatter{XYs: points, GlyphStyleFunc: func(j int) draw.GlyphStyle {
			return draw.GlyphStyle{Color: seriesInk(s.number), Radius: 3,
				Shape: titledGlyph{shapes[s.number%len(shapes)], s.points[j].name}}
		}})
	}
	c.axes(p)
	if c.named && len(c.series) > 0 {
		p.Add(c.names(p))
	}
	return p
}

// axes sets the range of the axes, which only then have ticks.
func (c chart) axes(p *plot.Plot) {
	if c.categories != nil {
		names := slices.Clone(c.categories)
		slices.Reverse(names)
		p.NominalY(names...)
		p.Y.Min, p.Y.Max = -.5, float64(len(names))-.5
	}
	for _, a := range []struct {
		axis  *plot.Axis
		ticks func(lo, hi float64) []plot.Tick
	}{{&p.X, c.xTicks}, {&p.Y, c.yTicks}} {
		switch {
		case a.ticks != nil:
			a.axis.Scale, a.axis.Tick.Marker = plot.LogScale{}, plot.TickerFunc(a.ticks)
			a.axis.Min, a.axis.Max = a.axis.Min/1.15, a.axis.Max*1.15
		case a.axis == &p.Y && c.categories != nil:
		default:
			a.axis.Min, a.axis.Max = min(a.axis.Min, 0), a.axis.Max*1.05
			a.axis.Tick.Marker = plot.TickerFunc(steps)
		}
	}
}

// names labels the points of the first series, from the top, each at its left, if no mark and no other label is there.
func (c chart) names(p *plot.Plot) *plotter.Labels {
	const letter, tall = 5.5, 11.
	place := func(q point) vg.Point { // about: the axes take the rest
		return vg.Point{X: vg.Length(p.X.Norm(q.x) * .85 * width), Y: vg.Length(p.Y.Norm(q.y) * .85 * height)}
	}
	var taken []vg.Rectangle
	for _, s := range c.series {
		for _, q := range s.points {
			at, mark := place(q), vg.Point{X: 2, Y: 2}
			taken = append(taken, vg.Rectangle{Min: at.Sub(mark), Max: at.Add(mark)})
		}
	}
	labels := &plotter.Labels{}
	points := slices.SortedFunc(slices.Values(c.series[0].points), func(a, b point) int {
		return cmp.Or(cmp.Compare(b.y, a.y), cmp.Compare(a.x, b.x))
	})
	style := p.X.Tick.Label
	style.Font, style.XAlign, style.YAlign = face(10), draw.XRight, draw.YCenter
	for _, q := range points {
		name, _, _ := strings.Cut(q.name, ":")
		at := place(q).Sub(vg.Point{X: 4, Y: -tall / 2})
		box := vg.Rectangle{Min: at.Sub(vg.Point{X: vg.Length(letter * float64(len(name))), Y: tall}), Max: at}
		if box.Min.X < 0 || slices.ContainsFunc(taken, func(r vg.Rectangle) bool {
			return box.Min.X < r.Max.X && r.Min.X < box.Max.X && box.Min.Y < r.Max.Y && r.Min.Y < box.Max.Y
		}) {
			continue
		}
		taken = append(taken, box)
		labels.XYs, labels.Labels = append(labels.XYs, plotter.XY{X: q.x, Y: q.y}), append(labels.Labels, name)
		labels.TextStyle = append(labels.TextStyle, style)
	}
	labels.Offset = vg.Point{X: -6}
	return labels
}

func face(size vg.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
}

// vgsvg has no titles. A titledGlyph writes its title as a text that titled finds before the glyph's path.
type titledGlyph struct {
	draw.GlyphDrawer
	title string
}

var titled = regexp.MustCompile(`<text[^>]*>\x{E000}([^<]*)</text>\s*<path ([^>]*)/>`)

func (g titledGlyph) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	if g.title != "" {
		c.FillString(font.DefaultCache.Lookup(face(1), 1), at, "\ue000"+g.title)
	}
	g.GlyphDrawer.DrawGlyph(c, style, at)
}

// sizes are the ticks of an axis of bytes: powers of 4 from 4 KB.
func sizes(lo, hi float64) (ticks []plot.Tick) {
	for i, b := 0, 4096.; b <= hi; i, b = i+1, 4*b {
		if b >= lo {
			t := plot.Tick{Value: b}
			if i%2 == 0 {
				t.Label = bytesText(int(b))
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}

// steps are the ticks of a linear axis: five or so, of 1, 2 or 5 times a power of ten.
func steps(lo, hi float64) (ticks []plot.Tick) {
	step := math.Pow10(int(math.Floor(math.Log10(hi-lo))) - 1)
	for _, by := range []float64{2, 2.5, 2} {
		if (hi-lo)/step > 6 {
			step *= by
		}
	}
	for i := math.Ceil(lo / step); i*step <= hi; i++ {
		ticks = append(ticks, plot.Tick{Value: i * step, Label: fmt.Sprintf("%.4g", i*step)})
	}
	return ticks
}

// decades are the ticks of a logarithmic axis of numbers: at 1, 2 and 5 where it is short.
func decades(lo, hi float64) (ticks []plot.Tick) {
	short := hi/lo < 300
	for d := math.Pow10(int(math.Floor(math.Log10(lo)))); d <= hi; d *= 10 {
		for _, m := range []float64{1, 2, 5} {
			if v := m * d; v >= lo && v <= hi {
				t := plot.Tick{Value: v}
				if short || m == 1 {
					t.Label = fmt.Sprintf("%.4g", v)
				}
				ticks = append(ticks, t)
			}
		}
	}
	return ticks
}
