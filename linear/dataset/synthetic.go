package dataset

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bitstep-go/bitstep/internal/crew"
	"github.com/bitstep-go/bitstep/internal/stream"
)

// Synthetic makes a set of ten classes of pictures in the format of CIFAR-10, for whoever has not the real
// set at hand. Each class is a shape with a tendency to a colour and to a background; place, size, tilt,
// colours and noise vary, one colour in three says nothing, and a blot may cover a part. A linear model
// gets some 55% of the default test set right, the best of a thousand random models some 16%.
//
// An example depends on the seed, its index and whether it is for training or for testing, not on how
// many there are; the arithmetic is of integers, so it has the same bytes on every machine. Of every ten
// examples in a row, beginning at a multiple of ten, there is one of each class.
type Synthetic struct {
	Seed  uint64
	Train int // training examples; 0: 50,000
	Test  int // test examples; 0: 10,000
}

// SyntheticClasses returns the names of the classes that Synthetic makes.
func SyntheticClasses() []string {
	names := make([]string, len(shapes))
	for i, s := range shapes {
		names[i] = s.name
	}
	return names
}

// sizes returns the numbers of examples, the defaults filled in. The training set must have an example for
// each of five files.
func (s Synthetic) sizes() (train, test int, err error) {
	train, test = s.Train, s.Test
	if train == 0 {
		train = 50000
	}
	if test == 0 {
		test = 10000
	}
	files := len(layouts[CIFAR10].train)
	if train < files {
		return 0, 0, fmt.Errorf("dataset: Synthetic: Train = %d, want at least %d, or 0 for 50,000", s.Train, files)
	}
	if test < 1 {
		return 0, 0, fmt.Errorf("dataset: Synthetic: Test = %d, want at least 1, or 0 for 10,000", s.Test)
	}
	return train, test, nil
}

// Images returns the set in memory, with the bytes that [Synthetic.WriteCIFAR10] would write, made by so many
// threads (0: GOMAXPROCS). It returns an error if Train is from 1 to 4 or a number is negative.
func (s Synthetic) Images(threads int) (train, test *Images, err error) {
	n, m, err := s.sizes()
	if err != nil {
		return nil, nil, err
	}
	return s.part(trainingPart, 0, n, threads), s.part(testPart, 0, m, threads), nil
}

// The names of the parts' random streams.
const (
	trainingPart = "train"
	testPart     = "test"
)

// part returns the examples lo to hi-1 of a part.
func (s Synthetic) part(part string, lo, hi, threads int) *Images {
	n := hi - lo
	d := &Images{Pixels: make([]uint8, n*ImageBytes), Labels: make([]uint8, n), Classes: SyntheticClasses()}
	const piece = 50
	new(crew.Crew).Run(threads, (n+piece-1)/piece, func(_, k int) {
		p := newPainter(s.Seed, part)
		for i := k * piece; i < min((k+1)*piece, n); i++ {
			d.Labels[i] = p.example(lo+i, d.Image(i))
		}
	})
	return d
}

// WriteCIFAR10 writes the set to a folder, which is made if need be, as the files of format [CIFAR10], using
// all threads. Each file is there whole or not at all. A synthetic set that is in the folder is replaced:
// its files are removed first, so that what an interrupted call leaves cannot be taken for a set. Files of
// another set are an error, and left alone. Processes that share a folder use [Synthetic.Cached].
func (s Synthetic) WriteCIFAR10(dir string) error {
	train, test, err := s.sizes()
	if err != nil {
		return err
	}
	l := &layouts[CIFAR10]
	if err := removeSynthetic(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("dataset: %s: %w", dir, bare(err))
	}
	names := strings.Join(SyntheticClasses(), "\n") + "\n"
	err = writeFile(filepath.Join(dir, l.classNames), func(w io.Writer) error {
		_, err := io.WriteString(w, names)
		return err
	})
	for k, name := range l.train {
		if err == nil {
			n := len(l.train)
			err = s.write(filepath.Join(dir, name), trainingPart, share(train, k, n), share(train, k+1, n))
		}
	}
	if err == nil {
		err = s.write(filepath.Join(dir, l.test), testPart, 0, test)
	}
	return err
}

// share returns k/n of a total, rounded down.
func share(total, k, n int) int { return total/n*k + total%n*k/n }

// write writes the examples lo to hi-1 of a part as a file, some at a time.
func (s Synthetic) write(name, part string, lo, hi int) error {
	return writeFile(name, func(w io.Writer) error {
		const some = 2000
		for ; lo < hi; lo += some {
			if err := s.part(part, lo, min(lo+some, hi), 0).writeRecords(w, &layouts[CIFAR10]); err != nil {
				return err
			}
		}
		return nil
	})
}

// syntheticFiles are the files of a set.
func syntheticFiles() []string {
	l := &layouts[CIFAR10]
	return append(slices.Clone(l.train), l.test, l.classNames)
}

// foundSynthetic returns which files of a synthetic set a folder has, its names last. If there are files of a set
// that is another, it returns an error.
func foundSynthetic(dir string) (found []string, err error) {
	l := &layouts[CIFAR10]
	from := folder(dir)
	for _, name := range syntheticFiles() {
		if _, err := os.Lstat(from.path(name)); err == nil {
			found = append(found, name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, from.fail(name, err)
		}
	}
	if len(found) == 0 {
		return nil, nil
	}
	names, err := from.names(l.classNames, l.classes)
	if err != nil || !slices.Equal(names, SyntheticClasses()) {
		return nil, from.fail(found[0], errors.New("the file is of a set that is not synthetic, want another folder"))
	}
	return found, nil
}

// removeSynthetic removes the files of a synthetic set from a folder, its names last.
func removeSynthetic(dir string) error {
	found, err := foundSynthetic(dir)
	if err != nil {
		return err
	}
	for _, name := range found {
		from := folder(dir)
		if err := os.Remove(from.path(name)); err != nil {
			return from.fail(name, err)
		}
	}
	return nil
}

// A shape is the outline of a class: a function of a place relative to its centre, u to the right and v
// down, and of its radius r, all in sixteenths of a pixel. Its value is about the distance from the outline,
// negative inside.
type shape struct {
	name   string
	hue    int // of its usual colour, in [0, hues)
	ground int // the least brightness of its background
	edge   func(u, v, r int) int
}

var shapes = [...]shape{
	{"disc", 140, 120, disc},
	{"ring", 620, 45, func(u, v, r int) int { return abs(disc(u, v, r*3/4)) - r/4 }},
	{"square", 1040, 95, func(u, v, r int) int { return max(abs(u), abs(v)) - r*13/16 }},
	{"triangle", 0, 30, func(u, v, r int) int { return max(v-r*3/4, (2*abs(u)-v-r)*29/64) }}, // 29/64: 1/sqrt(5)
	{"cross", 470, 70, cross},
	{"saltire", 1260, 110, func(u, v, r int) int { return cross((u+v)*181/256, (u-v)*181/256, r) }}, // 1/sqrt(2)
	{"bars", 880, 55, bars},
	{"columns", 320, 130, func(u, v, r int) int { return bars(v, u, r) }},
	{"crescent", 770, 20, func(u, v, r int) int { return max(disc(u, v, r), -disc(u-r/2, v, r*7/8)) }},
	{"diamond", 1410, 85, func(u, v, r int) int { return (abs(u) + abs(v) - r*9/8) * 181 / 256 }},
}

// disc is the distance from a circle to first order.
func disc(u, v, r int) int { return (u*u + v*v - r*r) / (2 * r) }

// cross is a bar on a column, both a third as wide as long.
func cross(u, v, r int) int {
	u, v = abs(u), abs(v)
	return min(max(u-r/3, v-r), max(u-r, v-r/3))
}

// bars are three bars, each a fifth of a square.
func bars(u, v, r int) int {
	u, v = abs(u), abs(v)
	return max(min(v, abs(v-r*4/5))-r/5, u-r)
}

func abs(x int) int { return max(x, -x) }

// hues is the number of hues: from red over yellow (256), green, cyan, blue and magenta to red.
const hues = 6 * 256

// A rgb is a colour, each part in [0, 255].
type rgb [3]int

// colour returns the colour of a hue in [0, hues) at full saturation and brightness, then mixed with grey
// and dimmed: saturation and brightness are in [0, 256].
func colour(hue, saturation, brightness int) rgb {
	var c rgb
	for i := range c {
		// The distance from the part's own hue around the circle: full up to 256, none from 512.
		d := abs(hue - i*2*256)
		d = min(d, hues-d)
		full := min(max(512-d, 0), 256)
		c[i] = min((256*256-saturation*(256-full))*brightness>>16, 255)
	}
	return c
}

// mix returns the colour a part/16 of the way from a to b.
func mix(a, b rgb, part int) rgb {
	for i := range a {
		a[i] += (b[i] - a[i]) * part / 16
	}
	return a
}

// A painter makes examples of one part of a set.
type painter struct {
	seed    uint64
	part    string
	source  *rand.ChaCha8
	rand    *rand.Rand
	classes [len(shapes)]int
}

func newPainter(seed uint64, part string) *painter {
	source := rand.NewChaCha8([32]byte{})
	return &painter{seed: seed, part: part, source: source, rand: rand.New(source)}
}

// example paints example i and returns its class.
func (p *painter) example(i int, image []uint8) uint8 {
	n := len(p.classes)
	p.source.Seed(stream.Seed(p.part+" classes", p.seed, uint64(i/n)))
	permute(p.classes[:], p.rand)
	class := p.classes[i%n]
	p.source.Seed(stream.Seed(p.part, p.seed, uint64(i)))
	p.paint(&shapes[class], image)
	return uint8(class)
}

// around returns a number from -spread to spread, those near 0 the most often.
func (p *painter) around(spread int) int { return p.rand.IntN(spread+1) - p.rand.IntN(spread+1) }

// paint draws a shape on a background that changes evenly from one colour to another.
func (p *painter) paint(s *shape, image []uint8) {
	r := p.rand
	hue := (s.hue + p.around(400) + hues) % hues
	if r.IntN(3) == 0 {
		hue = r.IntN(hues)
	}
	ink := colour(hue, 120+r.IntN(137), 110+r.IntN(147))
	// The background tends to the complementary colour and to the class's brightness.
	ground, light := (s.hue+hues/2+p.around(400))%hues, s.ground
	if r.IntN(3) == 0 {
		ground, light = r.IntN(hues), r.IntN(130)
	}
	from := colour(ground, 60+r.IntN(160), light+r.IntN(130))
	to := mix(from, colour(r.IntN(hues), r.IntN(160), 40+r.IntN(200)), 8)
	var background [ImageSide]rgb
	for i := range background {
		background[i] = mix(from, to, i/2)
	}
	across := r.IntN(2)

	radius := 16*8 + r.IntN(16*6)
	cu, cv := 16*16+p.around(16*7), 16*16+p.around(16*7)
	// A tilt whose half angle has the tangent t, in 64ths: cos = (1-t*t)/(1+t*t) and sin = 2t/(1+t*t), both
	// in 4096ths.
	t := p.around(12)
	cos, sin := 4096*(64*64-t*t)/(64*64+t*t), 4096*(2*64*t)/(64*64+t*t)

	// A blot of the background's second colour, more often than not beside the shape.
	bu, bv, blot := r.IntN(16*32), r.IntN(16*32), 16*2+r.IntN(16*5)
	noise := 30 + r.IntN(70)

	for i := range ImagePixels {
		y, x := i/ImageSide, i%ImageSide
		c := background[x]
		if across == 1 {
			c = background[y]
		}
		u, v := 16*x+8-cu, 16*y+8-cv
		if part := inside(s.edge((u*cos+v*sin)>>12, (v*cos-u*sin)>>12, radius)); part != 0 {
			c = mix(c, ink, part)
		}
		if u, v := 16*x+8-bu, 16*y+8-bv; max(abs(u), abs(v)) < blot+16 {
			c = mix(c, to, inside(disc(u, v, blot)))
		}
		// Two bytes' sum less its mean: a triangular distribution from -255 to 255.
		bits := p.source.Uint64()
		for k := range c {
			n := int(bits>>(16*k)&0xff+bits>>(16*k+8)&0xff) - 255
			image[k*ImagePixels+i] = uint8(min(max(c[k]+n*noise>>8, 0), 255))
		}
	}
}

// inside returns how much of a pixel is inside an outline, in sixteenths, from its distance.
func inside(edge int) int { return min(max(8-edge, 0), 16) }
