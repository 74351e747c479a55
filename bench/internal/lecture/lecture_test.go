package lecture

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"io"
	"maps"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/style"
	"github.com/bitstep-go/bitstep/internal/golden/goldentest"
	"github.com/bitstep-go/bitstep/internal/testfile"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

// Every backend, on every machine, makes the same pictures.
func TestGoldenPictures(t *testing.T) {
	goldentest.Compare(t, Golden(), bitstep.Backends()...)
}

func written(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, bitstep.Active()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var (
	svgs     = regexp.MustCompile(`(?s)<svg .*?</svg>`)
	ids      = regexp.MustCompile(` id="([^"]*)"`)
	refs     = regexp.MustCompile(`(?:href="#|url\(#|aria-labelledby="|for=")([^")]*)`)
	requests = regexp.MustCompile(`(?i)<script|<iframe|@import|url\([^#]|src="[^d]|<link[^>]*href="[^d]`)
)

// The page is whole: what it refers to is there once, nothing is asked of a network, and every plot is well formed, has
// a title and a description.
func TestPage(t *testing.T) {
	page := written(t)
	t.Logf("%d bytes", len(page))
	if r := requests.FindString(page); r != "" {
		t.Errorf("the page has %q", r)
	}
	for _, c := range []string{"NaN", "Inf", "%!", "ZgotmplZ"} {
		if strings.Contains(ungif(page), c) {
			t.Errorf("the page has %q", c)
		}
	}
	seen := map[string]bool{}
	for _, id := range ids.FindAllStringSubmatch(page, -1) {
		if seen[id[1]] {
			t.Errorf("two elements are %q", id[1])
		}
		seen[id[1]] = true
	}
	for _, ref := range refs.FindAllStringSubmatch(page, -1) {
		for _, id := range strings.Fields(ref[1]) {
			if !seen[id] {
				t.Errorf("no element is %q", id)
			}
		}
	}
	all, plots := svgs.FindAllString(page, -1), 0
	for _, p := range picturesOn(bitstep.Active()) {
		plots += len(p.plots)
		if len(p.table.rows) == 0 {
			t.Errorf("%s has no numbers", p.id)
		}
		for _, row := range p.table.rows {
			if len(row) != len(p.table.heads) {
				t.Errorf("%s: a row has %d cells, want %d", p.id, len(row), len(p.table.heads))
			}
		}
	}
	if len(all) != plots || strings.Count(page, "<img ") != strings.Count(page, "data:image/gif") {
		t.Errorf("%d plots on the page, want %d", len(all), plots)
	}
	for _, svg := range all {
		d := xml.NewDecoder(strings.NewReader(svg))
		var err error
		for err == nil {
			_, err = d.Token()
		}
		if !errors.Is(err, io.EOF) || !strings.Contains(svg, `role="img"`) || strings.Count(svg, "<desc ") != 1 {
			t.Errorf("%v: %.200s", err, svg)
		}
	}
	for _, form := range schedule.Forms() {
		name, _, _ := strings.Cut(strings.ReplaceAll(form, "[", ""), ":")
		if !regexp.MustCompile(`<text[^>]*class="name">` + name + `[:<]`).MatchString(page) {
			t.Errorf("the schedule %s is not shown", name)
		}
	}
}

func ungif(page string) string {
	return regexp.MustCompile(`base64,[^"]*`).ReplaceAllString(page, "")
}

// The lecture's claims hold of its numbers.
func TestStory(t *testing.T) {
	races, rest := map[string]map[string]Result{}, map[string]map[string]Result{}
	for _, r := range Races(bitstep.Active()) {
		races[r.Landscape], rest[r.Landscape] = map[string]Result{}, map[string]Result{}
		for _, s := range r.Results {
			races[r.Landscape][s.Name] = s
			t.Logf("%-16s %-9s %4d evaluations, loss %.1e, distance %.1e", r.Landscape, s.Name, s.Evaluations, s.Loss,
				s.Distance)
		}
		for i, s := range r.Field {
			rest[r.Landscape][s.Name] = s
			t.Logf("%-16s %-19s at %6g %4d evaluations, loss %.1e, distance %.1e", r.Landscape, s.Name, s.Rate,
				s.Evaluations, s.Loss, s.Distance)
			for _, p := range r.field[i].points {
				if least := 1e-150; p.x != 0 && math.Abs(p.x) < least || p.y != 0 && math.Abs(p.y) < least {
					t.Errorf("%s on %s comes to %v, whose squares are near subnormal numbers", s.Name, r.Landscape, p)
				}
			}
		}
		if r.Fewest() < 0 {
			t.Errorf("%s: nobody wins", r.Landscape)
		}
	}
	if e := races["ravine"]["SGD"].Evaluations; e >= 0 {
		t.Errorf("SGD passes the ravine in %d", e)
	}
	if s := races["saddle"]; s["SGD"].Evaluations < s["RMSProp"].Evaluations {
		t.Error("SGD is off the saddle before RMSProp")
	}
	if v := races["local minimum"]; v["SGD"].Evaluations >= 0 || v["Momentum"].Evaluations < 0 {
		t.Error("SGD leaves the local minimum, or momentum stays")
	}
	if races["noisy gradients"]["L-BFGS"].Evaluations >= 0 {
		t.Error("L-BFGS copes with noise")
	}
	if rest["ravine"]["RAdam"].Evaluations >= 0 || rest["noisy gradients"]["Rprop"].Loss < .1 {
		t.Error("RAdam passes the ravine, or Rprop copes with noise")
	}
	for name, r := range rest["Beale's function"] {
		if r.Loss < rest["Beale's function"]["Rprop"].Loss {
			t.Errorf("on Beale's function %s ends nearer than Rprop", name)
		}
	}
	if first, last := fieldRates[0], fieldRates[len(fieldRates)-1]; first != 7e-4 || last != 30 {
		t.Errorf("rates of the field from %v to %v, and the page says others", first, last)
	}
	for name, r := range races["saddle"] {
		if name != "SGD" && r.Evaluations >= races["saddle"]["SGD"].Evaluations {
			t.Errorf("%s is off the saddle no sooner than SGD", name)
		}
	}
}

// What descriptions say of curves holds.
func TestDescriptions(t *testing.T) {
	curves := map[string][]curve{}
	for _, p := range picturesOn(bitstep.Active()) {
		for i, pl := range p.plots {
			curves[p.plotID(i)] = pl.curves
		}
	}
	descent, guesses, lower := curves["landscape-2"][0].points, curves["landscape-2"][1].points, 1
	for _, g := range guesses {
		if n := int(g.x); descent[n].y >= g.y {
			lower = n + 1
		}
	}
	if lower != 9 {
		t.Errorf("gradient descent is lower from evaluation %d on", lower)
	}
	lowest := func(c curve) point {
		return slices.MinFunc(c.points, func(a, b point) int { return cmp.Compare(a.y, b.y) })
	}
	central, forward := lowest(curves["differences-1"][0]), lowest(curves["differences-1"][1])
	r := forward.y / central.y
	if math.Abs(central.x/2e-6-1) > .1 || math.Abs(forward.x/1e-8-1) > .3 || r < 900 || r > 1300 {
		t.Errorf("differences are best at %v and %v", central, forward)
	}
	farthest := func(c curve) float64 {
		return slices.MaxFunc(c.points, func(a, b point) int { return cmp.Compare(a.x, b.x) }).x
	}
	end := func(c curve) float64 { return c.points[len(c.points)-1].x }
	for _, c := range curves["momentum-1"][1:] {
		if farthest(c) < 1 || math.Abs(end(c)) > 1 {
			t.Errorf("a constant rate: %s goes to %v and ends at %v", c.name, farthest(c), end(c))
		}
	}
	if c := curves["momentum-2"]; farthest(c[0]) >= 0 || end(c[1]) < 1 {
		t.Errorf("a rate that falls: the forms go to %v and end at %v", farthest(c[0]), end(c[1]))
	}
	if c := curves["nesterov-1"]; farthest(c[1]) >= farthest(c[0]) {
		t.Error("Nesterov momentum overshoots farther than momentum")
	}
	for _, c := range curves["adaptive-1"][1:] {
		if p := c.points[6]; math.Abs(p.y) > .05 || p.x > -2 {
			t.Errorf("%s is at %v after six steps", c.name, p)
		}
	}
}

// An animation is a GIF that plays again and again, with the whole picture first.
func TestAnimation(t *testing.T) {
	for _, p := range picturesOn(bitstep.Active()) {
		if p.film == nil {
			continue
		}
		film := encoded(p.animation())
		g, err := gif.DecodeAll(bytes.NewReader(film))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes, %d frames", p.id, len(film), len(g.Image))
		if len(film) > 500_000 || len(g.Image) < 20 || g.LoopCount != 0 || g.Image[0].Rect.Dx() != gifWidth {
			t.Errorf("%s: %d bytes, %d frames, loops %d", p.id, len(film), len(g.Image), g.LoopCount)
		}
	}
}

// Animations have the colours of the page's light scheme.
func TestColours(t *testing.T) {
	light, _, _ := strings.Cut(style.Sheet, "@media")
	for i, c := range append(seriesInks, ink) {
		name := "s" + strconv.Itoa(i)
		if i == len(seriesInks) {
			name = "ink"
		}
		if want := fmt.Sprintf("--%s: #%02x%02x%02x;", name, c.R, c.G, c.B); !strings.Contains(light, want) {
			t.Errorf("the style sheet lacks %s", want)
		}
	}
}

// Contours are where the landscape has their level: at the border of the box, or on it but for the grid's width.
func TestContour(t *testing.T) {
	l := &landscape{value: quadratic(1, 1), box: box{-2, -2, 2, 2}}
	g := newGrid(l)
	for _, level := range []float64{.1, 1, 2.5} {
		loops := g.contour(level)
		if len(loops) != 1 {
			t.Fatalf("level %v: %d loops, want 1", level, len(loops))
		}
		area := 0.0
		for i, p := range loops[0] {
			q := loops[0][(i+1)%len(loops[0])]
			area += (float64(p.x*q.y) - float64(p.y*q.x)) / 2
			if border := max(p.x, -p.x, p.y, -p.y) > 1.999; !border && math.Abs(l.at(p)-level) > .01 {
				t.Errorf("level %v: %v is at %v", level, p, l.at(p))
			}
		}
		if want := 2 * math.Pi * level; level < 2 && math.Abs(area/want-1) > .03 { // positive: inside to the left
			t.Errorf("level %v: area %v, want %v", level, area, want)
		}
	}
	if n := len(newGrid(saddle()).contour(-.1)); n != 2 {
		t.Errorf("below the saddle are %d regions, want 2", n)
	}
}

// What differs from the list is named.
func TestMismatch(t *testing.T) {
	all := picturesOn(bitstep.Go)
	p := all[slices.IndexFunc(all, func(p picture) bool { return p.id == "momentum" })].plots[1].curves[0].points
	p[9].x = math.Nextafter(p[9].x, 0)
	defer func() {
		computed.Lock()
		delete(computed.by, bitstep.Go)
		computed.Unlock()
	}()
	err := Golden().Compare(bitstep.Go, func() {})
	if err == nil || !strings.Contains(err.Error(), "momentum 2, ") || strings.Count(err.Error(), "gives") != 1 {
		t.Errorf("one number is another, by the last bit: %v", err)
	}
}

// README shows the animation that the page has. With -update-golden it is written anew.
func TestREADME(t *testing.T) {
	for _, p := range picturesOn(bitstep.Active()) {
		if p.id == "valleys" {
			film := p.animation()
			goldentest.Write(t, "../docs/lecture.gif", func() string { return string(encoded(film)) })
			got, err := gif.DecodeAll(strings.NewReader(testfile.Read(t, "../docs/lecture.gif")))
			if err != nil {
				t.Fatal(err)
			}
			for i, m := range got.Image {
				m.Palette = m.Palette[:len(film.Image[0].Palette)] // of as many entries as a file needs bits for
				for k, c := range m.Palette {
					m.Palette[k] = color.RGBAModel.Convert(c)
				}
				got.Disposal[i] = film.Disposal[i]
			}
			if !bytes.Equal(pixels(got), pixels(film)) {
				t.Error("docs/lecture.gif is another animation")
			}
		}
	}
}

// What the page says of random search on images is what README shows of it.
func TestRandomSearchInREADME(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`1,000 guesses get ([\d.]+%)[^%]+10%, and five epochs of gradient descent ([\d.]+%)`).
		FindStringSubmatch(written(t))
	if said == nil {
		t.Fatal("the page does not say it")
	}
	if row := "| right on the test set | " + said[1] + " | " + said[2] + " |"; !strings.Contains(string(readme), row) {
		t.Errorf("README lacks %s", row)
	}
}

// Of what is left of a picture or above it, nothing is drawn in its first pixels; of what is in it, nothing is drawn
// outside or beside.
func TestBorders(t *testing.T) {
	for _, c := range []struct{ a, b, want int }{{-1, 10, -1}, {-10, 10, -1}, {-11, 10, -2}, {0, 10, 0}, {9, 10, 0},
		{10, 10, 1}} {
		if got := floor(c.a, c.b); got != c.want {
			t.Errorf("floor(%d, %d) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
	f := frame{width: 10 * gifWidth, height: 10 * gifHeight}
	f.x.hi, f.y.hi = gifWidth, gifHeight
	blank := func() *image.Paletted { return image.NewPaletted(image.Rect(0, 0, gifWidth, gifHeight), palette(1)) }
	m := blank() // from 1.5 pixels beside the left border down, in dots of two pixels
	stroke(m, f, point{-1.5, 300}, point{-1.5, 20}, black)
	stroke(m, f, point{20, gifHeight + 1.5}, point{300, gifHeight + 1.5}, black)
	if n := bytes.Count(m.Pix, []byte{black}); n != 0 {
		t.Errorf("%d pixels of lines beside the picture", n)
	}
	stroke(m, f, point{5, 200}, point{5, 20}, black)
	if n := bytes.Count(m.Pix, []byte{black}); n < 2*180 || n > 2*182 {
		t.Errorf("%d pixels of a line of 180", n)
	}
	m = blank() // pixels whose middles are within: 10 by 20
	fill(m, f, [][]point{{{30, 40}, {40, 40}, {40, 60}, {30, 60}}}, black)
	fill(m, f, [][]point{{{-50, 100}, {.4, 100}, {.4, 110}, {-50, 110}}}, black)
	if n := bytes.Count(m.Pix, []byte{black}); n != 200 {
		t.Errorf("%d pixels are filled, want 200", n)
	}
}

// Gradient checks find the mistake and nothing else, and the table of schedules tells them apart.
func TestTables(t *testing.T) {
	tables := map[string][][]string{}
	for _, p := range picturesOn(bitstep.Active()) {
		tables[p.id] = p.table.rows
	}
	verdicts := map[string]string{}
	for _, row := range tables["check"] {
		verdicts[row[0]+" "+row[1]] = row[5]
	}
	if want := map[string]string{"Beale's function x": "agrees", "Beale's function y": "agrees",
		"the classifier's loss x": "agrees", "the classifier's loss y": "agrees",
		"Beale's function, with a mistake x": "agrees", "Beale's function, with a mistake y": "differs",
		"a hinge x": "kink"}; !maps.Equal(verdicts, want) {
		t.Errorf("verdicts %v, want %v", verdicts, want)
	}
	shapes := map[string]string{}
	for _, row := range tables["schedules"] {
		shape := strings.Join(row[1:], " ")
		if other, ok := shapes[shape]; ok {
			t.Errorf("the numbers of %s are those of %s: %s", row[0], other, shape)
		}
		shapes[shape] = row[0]
	}
	for _, name := range []string{"plateau", "sequential", "chained", "per epoch"} { // which no form makes
		if !slices.Contains(slices.Collect(maps.Values(shapes)), name) {
			t.Errorf("%s is not shown", name)
		}
	}
}
