package gorgoniasolver_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	// What the programs import, so that this module has their versions.
	_ "github.com/go-gota/gota/dataframe"
	_ "github.com/pkg/errors"
	_ "gonum.org/v1/gonum/mat"
	_ "gopkg.in/cheggaaa/pb.v1"
	_ "gorgonia.org/gorgonia/examples/mnist"
)

// Gorgonia's example programs, as they are in its module, train with the line of the solver changed as without: iris to
// the same bits, and convnet, on synthetic images in the format of MNIST, to the same cost but for Adam's rounding. Its
// own solver, RMSPropSolver, has eps under the root, and another cost: AdamSolver stands in that line instead. The
// generator of initial weights gets a fixed seed in place of the time, or no two runs of a program would agree.
func TestPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	dir := t.TempDir()
	source := module(t, dir)

	const solver = "gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.001))"
	iris := func(name, line string) []byte {
		at := program(t, dir, filepath.Join(source, "examples/iris"), name, solver, line)
		table, err := os.ReadFile(filepath.Join(source, "examples/iris/iris.csv"))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(at, "iris.csv"), table)
		start(t, at)
		theta, err := os.ReadFile(filepath.Join(at, "theta.bin"))
		if err != nil {
			t.Fatal(err)
		}
		return theta
	}
	want := iris("iris_theirs", solver)
	got := iris("iris_ours", "gorgoniasolver.New(optim.SGD{LR: 0.001}, gorgoniasolver.Options{})")
	if !bytes.Equal(got, want) {
		t.Errorf("iris: parameters of other bits after 10,000 steps")
	}

	images(t, filepath.Join(dir, "testdata/mnist"))
	cost := regexp.MustCompile(`Epoch \d+ \| cost ([^\s]+)`)
	convnet := func(name, line string) float64 {
		at := program(t, dir, filepath.Join(source, "examples/convnet"), name,
			"G.NewRMSPropSolver(G.WithBatchSize(float64(bs)))", line)
		costs := cost.FindAllStringSubmatch(start(t, at, "-epochs=3", "-batchsize=10"), -1)
		if len(costs) != 3 {
			t.Fatalf("%s: %d costs", name, len(costs))
		}
		last, err := strconv.ParseFloat(costs[2][1], 64)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: costs %v", name, costs)
		return last
	}
	theirs := convnet("convnet_theirs", "G.NewAdamSolver(G.WithBatchSize(float64(bs)))")
	ours := convnet("convnet_ours", "gorgoniasolver.New(optim.Adam{Eps: 1e-8}, "+
		"gorgoniasolver.Options{BatchSize: float64(bs)})")
	// Rounding in float64 is 1e-16 of an update; what training makes of it stays far below.
	if !(math.Abs(ours-theirs) <= 1e-9*math.Abs(theirs)) {
		t.Errorf("convnet: cost %v, want %v, gorgonia's own", ours, theirs)
	}
}

// module makes a module in dir of this one's requirements, and returns where gorgonia's source is.
func module(t *testing.T, dir string) (gorgonia string) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	where := func(path string) string {
		out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", path).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	const random = "github.com/leesper/go_rng"
	text, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	const self = "github.com/bitstep-go/bitstep/adapters/gorgonia"
	mod := strings.Replace(string(text), "module "+self, "module programs", 1)
	mod = strings.Replace(mod, "=> ../..", "=> "+filepath.Join(here, "../.."), 1)
	mod += "\nrequire " + self + " v0.0.0\nreplace " + self + " => " + here + "\nreplace " + random + " => ./random\n"
	write(t, filepath.Join(dir, "go.mod"), []byte(mod))
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "go.sum"), sums)
	files, err := filepath.Glob(filepath.Join(where(random), "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	seeded := false
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fixed := bytes.ReplaceAll(text, []byte("rand.NewSource(seed)"), []byte("rand.NewSource(1337)"))
		seeded = seeded || !bytes.Equal(fixed, text)
		write(t, filepath.Join(dir, "random", filepath.Base(file)), fixed)
	}
	if !seeded {
		t.Fatal("no seed was found")
	}
	write(t, filepath.Join(dir, "random/go.mod"), []byte("module "+random+"\n"))
	return where("gorgonia.org/gorgonia")
}

// program writes an example with a line changed, and returns where.
func program(t *testing.T, dir, example, name, line, by string) string {
	text, err := os.ReadFile(filepath.Join(example, "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte(line)); n != 1 {
		t.Fatalf("%s has the line %d times: %s", example, n, line)
	}
	changed := strings.Replace(string(text), line, by, 1)
	if strings.Contains(by, "gorgoniasolver") {
		changed = strings.Replace(changed, "import (", `import (
	gorgoniasolver "github.com/bitstep-go/bitstep/adapters/gorgonia"
	"github.com/bitstep-go/bitstep/optim"`, 1)
	}
	at := filepath.Join(dir, name)
	write(t, filepath.Join(at, "main.go"), []byte(changed))
	return at
}

// start builds a program and runs it where it is.
func start(t *testing.T, at string, args ...string) string {
	binary := filepath.Join(at, "program.exe")
	build := exec.Command("go", "build", "-mod=mod", "-o", binary, ".")
	build.Dir = at
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	run := exec.Command(binary, args...)
	run.Dir = at
	out, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func write(t *testing.T, file string, text []byte) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// images writes 50 images of 28 by 28 and their labels: noise, with a bright bar whose place is the class.
func images(t *testing.T, dir string) {
	const n = 50
	r := rand.New(rand.NewPCG(7, 8))
	var pixels, labels []byte
	for _, v := range []uint32{0x803, n, 28, 28} {
		pixels = binary.BigEndian.AppendUint32(pixels, v)
	}
	for _, v := range []uint32{0x801, n} {
		labels = binary.BigEndian.AppendUint32(labels, v)
	}
	for i := range n {
		class := i % 10
		for p := range 28 * 28 {
			v := byte(r.IntN(60))
			if p/28/2 == class+2 {
				v = 250
			}
			pixels = append(pixels, v)
		}
		labels = append(labels, byte(class))
	}
	write(t, filepath.Join(dir, "train-images-idx3-ubyte"), pixels)
	write(t, filepath.Join(dir, "train-labels-idx1-ubyte"), labels)
}
