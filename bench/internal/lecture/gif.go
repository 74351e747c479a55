package lecture

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"slices"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// The colours of animations are those of the page's light scheme. In the dark one the page inverts them.
var (
	paper      = color.RGBA{0xF5, 0xF7, 0xF9, 0xFF}
	ink        = color.RGBA{0x1C, 0x1F, 0x23, 0xFF}
	seriesInks = []color.RGBA{{0x0A, 0x58, 0xCA, 0xFF}, {0xB0, 0x4A, 0x00, 0xFF}, {0x0B, 0x7A, 0x5E, 0xFF},
		{0x8E, 0x2F, 0x8C, 0xFF}, {0x5C, 0x66, 0x00, 0xFF}, {0xB3, 0x12, 0x3F, 0xFF}, {0x4D, 0x57, 0x61, 0xFF}}
)

// Indices of the palette: bands of the landscape from the outside, then inks of series.
const (
	transparent = iota
	black
	inks
	bands = inks + 7
)

// gifWidth and gifHeight are an animation's, in pixels.
const gifWidth, gifHeight = 480, 320

func palette(levels int) color.Palette {
	p := color.Palette{color.RGBA{}, ink}
	for _, c := range seriesInks {
		p = append(p, c)
	}
	for i := range levels + 1 { // from paper toward blue
		mix := func(a, b uint8) uint8 { return uint8((int(a)*(40-2*i) + int(b)*2*i) / 40) }
		p = append(p, color.RGBA{mix(paper.R, 0x0A), mix(paper.G, 0x58), mix(paper.B, 0xCA), 0xFF})
	}
	return p
}

// animate draws paths on a landscape as they grow. Each frame is as many evaluations later as it can be
// without haste: single ones at first, more as paths slow down.
func animate(l *landscape, paths []path) *gif.GIF {
	f := frame{width: 10 * gifWidth, height: 10 * gifHeight}
	f.x, f.y = l.axes()
	ground := image.NewPaletted(image.Rect(0, 0, gifWidth, gifHeight), palette(len(l.levels)))
	for i := range ground.Pix {
		ground.Pix[i] = bands
	}
	g := newGrid(l)
	for i, level := range slices.Backward(l.levels) {
		fill(ground, f, g.contour(level), uint8(bands+len(l.levels)-i))
	}
	last := 0
	for _, p := range paths {
		last = max(last, p.evaluations[len(p.evaluations)-1])
	}
	film := new(gif.GIF)
	var before *image.Paletted
	trails := clonePaletted(ground)
	done := make([]int, len(paths))
	for t := 0; ; t = min(last, t+1+t/16) {
		for i, p := range paths {
			for ; done[i]+1 < len(p.points) && p.evaluations[done[i]+1] <= t; done[i]++ {
				stroke(trails, f, p.points[done[i]], p.points[done[i]+1], uint8(inks+i))
			}
		}
		now := clonePaletted(trails)
		for i, p := range paths {
			head(now, f, p.points[done[i]], i)
		}
		label(now, fmt.Sprintf("evaluation %d", t))
		film.Image = append(film.Image, difference(before, now))
		film.Delay, film.Disposal = append(film.Delay, 12), append(film.Disposal, gif.DisposalNone)
		before = now
		if t == last {
			break
		}
	}
	film.Delay[0], film.Delay[len(film.Delay)-1] = 60, 300 // hundredths of a second
	return film
}

// encoded is the file of an animation.
func encoded(film *gif.GIF) []byte {
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, film); err != nil {
		panic(err) // of no writer
	}
	return b.Bytes()
}

func clonePaletted(m *image.Paletted) *image.Paletted {
	return &image.Paletted{Pix: slices.Clone(m.Pix), Stride: m.Stride, Rect: m.Rect, Palette: m.Palette}
}

// difference is the part of a frame that changed, clear where it did not.
func difference(before, now *image.Paletted) *image.Paletted {
	if before == nil {
		return now
	}
	box := image.Rectangle{}
	for y := range gifHeight {
		for x := range gifWidth {
			if i := y*now.Stride + x; before.Pix[i] != now.Pix[i] {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	m := image.NewPaletted(box, now.Palette)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			if i := y*now.Stride + x; before.Pix[i] != now.Pix[i] {
				m.SetColorIndex(x, y, now.Pix[i])
			}
		}
	}
	return m
}

// fill fills what closed lines have on one side of them: on each row of pixels, between every other crossing.
func fill(m *image.Paletted, f frame, loops [][]point, c uint8) {
	crossings := make([][]int, gifHeight)
	for _, loop := range loops {
		x0, y0 := f.at(loop[len(loop)-1])
		for _, p := range loop {
			x1, y1 := f.at(p)
			xa, ya, xb, yb := x0, y0, x1, y1
			if ya > yb {
				xa, ya, xb, yb = xb, yb, xa, ya
			}
			for row := max(0, (ya+4)/10); row < gifHeight && 10*row+5 < yb; row++ { // ya <= the row's middle < yb
				if at := 10*row + 5; at >= ya {
					crossings[row] = append(crossings[row], xa+(xb-xa)*(at-ya)/(yb-ya))
				}
			}
			x0, y0 = x1, y1
		}
	}
	for y, xs := range crossings {
		slices.Sort(xs)
		for i := 0; i+1 < len(xs); i += 2 {
			for x := max(0, (xs[i]+5)/10); x < gifWidth && 10*x+5 <= xs[i+1]; x++ {
				m.Pix[y*m.Stride+x] = c
			}
		}
	}
}

// stroke draws a line two pixels wide, in as many dots as it is long.
func stroke(m *image.Paletted, f frame, from, to point, c uint8) {
	x0, y0 := f.at(from)
	x1, y1 := f.at(to)
	n := max(x1-x0, x0-x1, y1-y0, y0-y1)/10 + 1
	for i := range n + 1 {
		dot(m, floor(x0*(n-i)+x1*i, 10*n), floor(y0*(n-i)+y1*i, 10*n), c)
	}
}

// floor is a/b rounded down, b > 0: what is left of the box or above it is not in its first pixels.
func floor(a, b int) int {
	if a < 0 {
		return -((b - 1 - a) / b)
	}
	return a / b
}

func dot(m *image.Paletted, x, y int, c uint8) {
	for _, p := range [4]image.Point{{x, y}, {x - 1, y}, {x, y - 1}, {x - 1, y - 1}} {
		if p.In(m.Rect) {
			m.SetColorIndex(p.X, p.Y, c)
		}
	}
}

// head draws the mark of a series.
func head(m *image.Paletted, f frame, p point, series int) {
	const r = 5
	x0, y0 := f.at(p)
	x0, y0 = floor(x0, 10), floor(y0, 10)
	for y := -r; y <= r; y++ {
		for x := -r; x <= r; x++ {
			ax, ay, inner := max(x, -x), max(y, -y), 0
			switch series % 7 {
			case 0, 3:
				inner = x*x + y*y - r*r
			case 1, 4:
				inner = max(ax, ay) - r
			case 2, 5:
				inner = max(2*ax-(y+r), y-r)
			case 6:
				inner = ax + ay - r
			}
			hole := series%7 >= 3 && series%7 < 6 && ax <= 2 && y >= -1 && y <= 3-series%7/4
			if q := (image.Point{x0 + x, y0 + y}); inner <= 0 && !hole && q.In(m.Rect) {
				m.SetColorIndex(q.X, q.Y, uint8(inks+series%7))
			}
		}
	}
}

// label writes in the lower left corner.
func label(m *image.Paletted, text string) {
	d := font.Drawer{Dst: m, Src: image.NewUniform(ink), Face: basicfont.Face7x13,
		Dot: fixed.P(8, gifHeight-8)}
	d.DrawString(strings.ToUpper(text[:1]) + text[1:])
}
