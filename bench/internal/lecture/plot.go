package lecture

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"

	"github.com/bitstep-go/bitstep/kernels"
)

// A plot is curves before a landscape or on a plane of numbers.
type plot struct {
	title       string
	description string     // what a screen reader says
	land        *landscape // whose contours lie behind, or nil
	x, y        axis       // of a plane of numbers; a landscape has its own
	curves      []curve
	small       bool // one of many
}

// An axis is of numbers from lo to hi, linear or logarithmic.
type axis struct {
	label  string
	lo, hi float64
	log    bool
}

// A curve is a line through points.
type curve struct {
	name   string
	series int // its colour and mark
	points []point
	dots   bool // points without a line
	dashed bool
	ended  bool // a mark at the last point
}

// place is where a number is on the axis: 0 at its low end, 1 at its high one.
func (a axis) place(v float64) float64 {
	if a.log {
		low := kernels.Log(a.lo)
		return (kernels.Log(max(v, 1e-300)) - low) / (kernels.Log(a.hi) - low)
	}
	return (v - a.lo) / (a.hi - a.lo)
}

// A tick is a number on an axis. One without a label is a line of the grid.
type tick struct {
	at    float64
	label string
}

// ticks are powers of ten of a logarithmic axis, and of others some five numbers.
func (a axis) ticks() (all []tick) {
	if a.log {
		first, last := decade(a.lo), decade(a.hi)
		by := (last-first)/6 + 1
		for d := first; d <= last; d++ {
			t := tick{at: math.Pow10(d)}
			if (d-last)%by == 0 {
				t.label = powerOfTen(d)
			}
			all = append(all, t)
		}
		return all
	}
	step := math.Pow10(decade((a.hi - a.lo) / 5))
	for _, by := range []float64{2, 2.5, 2} {
		if (a.hi-a.lo)/step > 6 {
			step *= by
		}
	}
	for i := math.Ceil(a.lo / step); float64(i*step) <= a.hi; i++ {
		at := float64(i*step) + 0 // which is not -0
		all = append(all, tick{at, strings.Replace(strconv.FormatFloat(at, 'g', 4, 64), "-", "−", 1)})
	}
	return all
}

// decade is the exponent of the largest power of ten that is at most v, but for rounding.
func decade(v float64) int { return int(math.Floor(kernels.Log(v)/math.Ln10 + 1e-9)) }

func powerOfTen(d int) string {
	if d >= 0 && d <= 2 {
		return strconv.FormatFloat(math.Pow10(d), 'f', -1, 64)
	}
	return "10" + strings.NewReplacer("-", "⁻", "0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶",
		"7", "⁷", "8", "⁸", "9", "⁹").Replace(strconv.Itoa(d))
}

// A frame is where a plot's box lies on paper, in tenths of a pixel, and what it shows.
type frame struct {
	left, top, width, height int
	x, y                     axis
}

// at returns whole numbers: no difference of a last bit could show, and SVGs are short. What is far outside stays
// outside.
func (f frame) at(p point) (x, y int) {
	return f.left + round(f.x.place(p.x), f.width), f.top + f.height - round(f.y.place(p.y), f.height)
}

func round(share float64, length int) int {
	return int(math.Floor(float64(min(max(share, -4), 5)*float64(length)) + .5))
}

// frame is the plot's on paper of that size, with room for labels.
func (p *plot) frame() (f frame, width, height int) {
	width, height = 4000, 3100
	f = frame{left: 560, top: 260, x: p.x, y: p.y}
	if p.small {
		width, height = 2000, 1500
		f.left = 300
	}
	if p.land != nil {
		f.x, f.y = p.land.axes()
	}
	f.width, f.height = width-f.left-110, height-f.top-430
	if p.small {
		f.height = height - f.top - 200
	}
	return f, width, height
}

func (l *landscape) axes() (x, y axis) {
	return axis{label: "x", lo: l.box.left, hi: l.box.right}, axis{label: "y", lo: l.box.bottom, hi: l.box.top}
}

// svg draws the plot. It is drawn here and not by a library because every machine is to write the same bytes.
func (p *plot) svg(id string) string {
	f, width, height := p.frame()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-labelledby="%[3]s-t %[3]s-d"><title id="%[3]s-t">%[4]s`+
		`</title><desc id="%[3]s-d">%[5]s</desc>`, width, height, id, html.EscapeString(p.title),
		html.EscapeString(p.description))
	fmt.Fprintf(&b, `<clipPath id="%s-c"><path d="M%d %dh%dv%dh-%[4]dz"/></clipPath>`, id, f.left, f.top,
		f.width, f.height)
	fmt.Fprintf(&b, `<g clip-path="url(#%s-c)">`, id)
	if p.land != nil {
		g := newGrid(p.land)
		for _, level := range p.land.levels {
			b.WriteString(`<path class="band" d="`)
			for _, loop := range g.contour(level) {
				f.line(&b, loop)
				b.WriteByte('z')
			}
			b.WriteString(`"/>`)
		}
	}
	b.WriteString(`</g>`)
	p.axes(&b, f)
	fmt.Fprintf(&b, `<g clip-path="url(#%s-c)">`, id)
	for _, c := range p.curves {
		c.draw(&b, f)
	}
	b.WriteString(`</g>`)
	if p.land != nil { // marks lie above all lines
		for _, c := range p.curves {
			if c.ended && len(c.points) > 0 {
				f.glyph(&b, c.series, c.points[len(c.points)-1], 55)
			}
		}
		f.cross(&b, p.land.minimum)
	}
	fmt.Fprintf(&b, `<text x="%d" y="180" class="name">%s</text>`, f.left, html.EscapeString(p.title))
	b.WriteString(`</svg>`)
	return b.String()
}

// axes draws ticks, labels and the frame.
func (p *plot) axes(b *strings.Builder, f frame) {
	var lines strings.Builder
	bottom, right := f.top+f.height, f.left+f.width
	for _, t := range f.x.ticks() {
		x, _ := f.at(point{t.at, f.y.lo})
		if x < f.left || x > right {
			continue
		}
		fmt.Fprintf(&lines, "M%d %dv%d", x, f.top, f.height)
		if t.label != "" {
			fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`, x, bottom+150, t.label)
		}
	}
	for _, t := range f.y.ticks() {
		_, y := f.at(point{f.x.lo, t.at})
		if y < f.top || y > bottom {
			continue
		}
		fmt.Fprintf(&lines, "M%d %dh%d", f.left, y, f.width)
		if t.label != "" {
			fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, f.left-50, y+45, t.label)
		}
	}
	fmt.Fprintf(b, `<path class="grid" d="%s"/><path class="frame" d="M%d %dh%dv%dh-%[4]dz"/>`, lines.String(), f.left,
		f.top, f.width, f.height)
	if !p.small {
		fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`, f.left+f.width/2, bottom+350,
			html.EscapeString(f.x.label))
		middle := f.top + f.height/2
		fmt.Fprintf(b, `<text x="120" y="%d" text-anchor="middle" transform="rotate(-90 120 %[1]d)">%s</text>`, middle,
			html.EscapeString(f.y.label))
	}
}

// draw draws the line of a curve, or its dots.
func (c curve) draw(b *strings.Builder, f frame) {
	if c.dots {
		for _, p := range c.points {
			f.glyph(b, c.series, p, 32)
		}
		return
	}
	class := fmt.Sprintf("s%d", c.series)
	if c.dashed {
		class += " dashed"
	}
	fmt.Fprintf(b, `<path class="line %s" d="`, class)
	f.line(b, c.points)
	b.WriteString(`"/>`)
}

// line writes a line through points: the first absolute, then the steps.
func (f frame) line(b *strings.Builder, points []point) {
	lastX, lastY := 0, 0
	for i, p := range points {
		x, y := f.at(p)
		switch {
		case i == 0:
			fmt.Fprintf(b, "M%d %d", x, y)
		case x != lastX || y != lastY:
			fmt.Fprintf(b, "l%d %d", x-lastX, y-lastY)
		}
		lastX, lastY = x, y
	}
}

// marks are the shapes of series, as legends have them; glyphs draw them.
var marks = []string{"●", "■", "▲", "○", "□", "△", "◆"}

// glyph draws the mark of a series with that radius.
func (f frame) glyph(b *strings.Builder, series int, p point, r int) {
	x, y := f.at(p)
	var d string
	switch series % len(marks) {
	case 0, 3:
		d = fmt.Sprintf("M%d %da%d %[3]d 0 1 0 %d 0a%[3]d %[3]d 0 1 0 -%[4]d 0z", x-r, y, r, 2*r)
	case 1, 4:
		d = fmt.Sprintf("M%d %dh%dv%[3]dh-%[3]dz", x-r, y-r, 2*r)
	case 2, 5:
		d = fmt.Sprintf("M%d %dl%d %dh-%dz", x, y-r-r/4, r+r/4, 2*r+r/4, 2*(r+r/4))
	case 6:
		d = fmt.Sprintf("M%d %dl%d %[3]dl-%[3]d %[3]dl-%[3]d -%[3]dz", x, y-r-r/4, r+r/4)
	}
	class := "mark"
	if s := series % len(marks); s >= 3 && s < 6 {
		class = "hollow"
	}
	fmt.Fprintf(b, `<path class="%s s%d" d="%s"/>`, class, series, d)
}

// cross marks the minimum.
func (f frame) cross(b *strings.Builder, p point) {
	x, y := f.at(p)
	fmt.Fprintf(b, `<path class="cross" d="M%d %dv120m-60 -60h120"/>`, x, y-60)
}
