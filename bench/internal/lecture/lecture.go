// Package lecture makes the pictures of a lecture on optimization, and the page that tells it with them. Paths are
// those of the optimizers, minimizers and schedules of this module in float64, so that every number, every picture and
// the whole page are the same bytes on every machine: testdata/lecture.txt remembers the pictures.
//
// Whatever a number goes through on its way into a picture is +, -, *, / and roots in a fixed order, or a function of
// package kernels; coordinates are then rounded to whole numbers.
package lecture

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image/gif"
	"strconv"
	"sync"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/golden"
	"github.com/bitstep-go/bitstep/internal/num"
)

// A picture is plots that tell one thing, their legend, and their numbers.
type picture struct {
	id, title, caption string
	plots              []plot
	legend             []string // names of series, by their numbers
	table              table
	film               []path // what an animation on the landscape of the first plot shows
}

// A table has a heading over each column; the first cell of a row is its name.
type table struct {
	heads []string
	rows  [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// pictures are the lecture's, in its order, as a backend computes them.
func pictures(b bitstep.Backend) []picture {
	all := []picture{searching(b), differences(), checking(), descending(b), problemsOfSGD(b), momentumForms(b),
		nesterov(b), adaptive(b), firstSteps(b), rates(b), schedules(b), annealing(b), secondOrder(b)}
	races := Races(b)
	for _, r := range races {
		all = append(all, r.picture)
	}
	return append(all, fieldPictures(races)...)
}

// computed remembers the pictures of a backend.
var computed = struct {
	sync.Mutex
	by map[bitstep.Backend][]picture
}{by: map[bitstep.Backend][]picture{}}

func picturesOn(b bitstep.Backend) []picture {
	computed.Lock()
	defer computed.Unlock()
	all, ok := computed.by[b]
	if !ok {
		all = pictures(b)
		computed.by[b] = all
	}
	return all
}

// Golden is the list of what is in the pictures: a line for each curve, with the last of its points to read and
// the hash of all, and one for what is drawn and tabulated of a picture. A hash is also of the plot's name, since two
// plots may show one path.
func Golden() golden.File {
	f := golden.File{What: "pictures of the lecture", Name: "lecture.txt"}
	add := func(name string, hash func([]picture) string) {
		f.Lines = append(f.Lines, golden.Line{Name: name,
			Hash: func(b bitstep.Backend) (string, error) { return hash(picturesOn(b)), nil }})
	}
	for i, p := range picturesOn(bitstep.Go) {
		for j, plot := range p.plots {
			for k, c := range plot.curves {
				add(fmt.Sprintf("%s %d, %s", p.id, j+1, c.name),
					func(all []picture) string { return all[i].plots[j].curves[k].hash(p.plotID(j)) })
			}
		}
		add(p.id+", drawn", func(all []picture) string { return all[i].hash() })
	}
	return f
}

func (c curve) hash(plot string) string {
	bits := []byte(plot)
	for _, p := range c.points {
		bits = num.AppendBits(bits, p.x, p.y)
	}
	sum, last := sha256.Sum256(bits), c.points[len(c.points)-1]
	return fmt.Sprintf("to %.8g, %.8g in %d points %s", last.x, last.y, len(c.points), hex.EncodeToString(sum[:]))
}

func (p picture) hash() string {
	h := sha256.New()
	for i := range p.plots {
		h.Write([]byte(p.plots[i].svg(p.plotID(i))))
	}
	if film := p.animation(); film != nil {
		h.Write(pixels(film))
	}
	fmt.Fprintf(h, "%q %q", p.table.heads, p.table.rows)
	return hex.EncodeToString(h.Sum(nil))
}

func (p picture) plotID(i int) string { return p.id + "-" + strconv.Itoa(i+1) }

// animation is that of the picture, or nil.
func (p picture) animation() *gif.GIF {
	if p.film == nil {
		return nil
	}
	return animate(p.plots[0].land, p.film)
}

// pixels are what an animation shows, and when. Its file's bytes also follow from how Go compresses, which another
// release may do in another way.
func pixels(film *gif.GIF) (all []byte) {
	for i, m := range film.Image {
		all = fmt.Appendf(all, "%v, %v, %d, %d: ", m.Rect, m.Palette, film.Delay[i], film.Disposal[i])
		for y := m.Rect.Min.Y; y < m.Rect.Max.Y; y++ {
			row := m.PixOffset(m.Rect.Min.X, y)
			all = append(all, m.Pix[row:row+m.Rect.Dx()]...)
		}
	}
	return fmt.Appendf(all, "%d", film.LoopCount)
}

// Numbers as tables have them.
func number(v float64) string {
	if v == 0 {
		return "0"
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// count is how many, or a dash for never.
func count(n int) string {
	if n < 0 {
		return "–"
	}
	return strconv.Itoa(n)
}
