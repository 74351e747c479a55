package optim_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/internal/golden/goldentest"
	"github.com/bitstep-go/bitstep/internal/testfile"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

// A torchCase is one case of testdata/torch.txt or transcribed.txt: trajectory.py says what its parts are.
type torchCase struct {
	name, typ, gradient string
	given               map[string]float64
	samples             map[int][]string // the bits of x after so many steps
}

func (c torchCase) String() string {
	return fmt.Sprint(c.name, " ", c.typ, " ", c.gradient, " ", c.given)
}

// torchGiven returns the hyperparameters KEY=VALUE of a case. A flag that is True is 1.
func torchGiven(t *testing.T, pairs []string) map[string]float64 {
	given := map[string]float64{}
	for _, pair := range pairs {
		key, text, _ := strings.Cut(pair, "=")
		v, err := strconv.ParseFloat(text, 64)
		if text == "True" {
			v, err = 1, nil
		}
		if err != nil {
			t.Fatalf("%s: %v", pair, err)
		}
		given[key] = v
	}
	return given
}

func torchCases(t *testing.T, file string) (cases []torchCase) {
	for line := range strings.Lines(testfile.Read(t, file)) {
		f := strings.Fields(line)
		switch f[0] {
		case "case":
			cases = append(cases, torchCase{name: f[1], typ: f[2], gradient: f[3],
				given: torchGiven(t, f[4:]), samples: map[int][]string{}})
		case "x":
			steps, err := strconv.Atoi(f[1])
			if err != nil || len(f) != 2+torchElements {
				t.Fatalf("line %q: %v", line, err)
			}
			cases[len(cases)-1].samples[steps] = f[2:]
		}
	}
	return cases
}

// torch_cases.txt, which make_torch.py and make_transcribed.py read, has the cases that registrations state, and
// torch.txt and transcribed.txt their trajectories.
func TestTorchCases(t *testing.T) {
	var stated []optim.Torch
	for _, a := range optim.Algorithms() {
		stated = append(stated, a.Torch...)
	}
	slices.SortStableFunc(stated, func(a, b optim.Torch) int { return cmp.Compare(a.Place, b.Place) })
	text := "# Made by TestTorchCases in optim/torch_test.go - do not edit.\n"
	want := map[string][]torchCase{}
	for _, f := range stated {
		file, class := "torch.txt", f.Class
		if f.Transcribed {
			file, class = "transcribed.txt", "transcribed."+class
		}
		for _, given := range f.Given {
			text += f.Case + " " + class + " " + given + "\n"
			c := torchCase{name: f.Case, given: torchGiven(t, strings.Fields(given))}
			for _, c.typ = range []string{"float32", "float64"} {
				for _, c.gradient = range []string{"sequence", "quadratic"} {
					if c.gradient == "sequence" || c.given["maximize"] == 0 {
						want[file] = append(want[file], c)
					}
				}
			}
		}
	}
	goldentest.Write(t, "torch_cases.txt", func() string { return text })
	if testfile.Read(t, "torch_cases.txt") != text {
		t.Error("testdata/torch_cases.txt is not what optim's registrations state: run this test with -update-golden")
	}
	same := func(a, b torchCase) bool { return a.String() == b.String() }
	for file, script := range torchFiles {
		if !slices.EqualFunc(torchCases(t, file), want[file], same) {
			t.Errorf("testdata/%s has other cases than optim's registrations state: run testdata/%s", file, script)
		}
	}
}

// torchFiles are the files of trajectories, and what makes them.
var torchFiles = map[string]string{"torch.txt": "make_torch.py", "transcribed.txt": "make_transcribed.py"}

const torchElements, torchSteps = 8, 128

func torchStart(i int) float64 { return float64(i-3)/4 + 1.0/16 }

func torchScale(i int) float64 { return math.Ldexp(1, i-4) }

// torchSequence is the gradient of element i in step t, exact in float32.
func torchSequence(t, i int) float64 {
	if i == 5 && t%3 != 0 {
		return 0
	}
	h := uint32(t)*0x9E3779B1 + uint32(i+1)*0x85EBCA6B
	h ^= h >> 15
	h *= 0x2C1B3C6D
	h ^= h >> 12
	return float64(int(h>>21)-768) / 1024 * torchScale(i)
}

// torchConfig returns what PyTorch's optimizer of a case is here. It takes the hyperparameters that it knows
// out of given.
func torchConfig(f optim.Torch, given map[string]float64) optim.Config {
	config := reflect.New(reflect.TypeOf(f.Config)).Elem()
	config.Set(reflect.ValueOf(f.Config))
	for _, pair := range strings.Fields(f.Fields) {
		key, name, _ := strings.Cut(pair, "=")
		v, ok := given[key]
		delete(given, key)
		switch field := config.FieldByName(name); {
		case field.Kind() == reflect.Bool:
			field.SetBool(v == 1)
		case ok && v == 0: // a 0 that PyTorch is given is a 0, not a default
			field.SetFloat(optim.Zero)
		default:
			field.SetFloat(v)
		}
	}
	delete(given, "nesterov") // it is in the name of the case
	return config.Interface().(optim.Config)
}

// linearToZero is the schedule of the cases with "lambda".
type linearToZero float64

func (d linearToZero) Factor(step uint64) float64 { return 1 - float64(step)/float64(d) }

// torchTolerance is the largest difference from PyTorch, in units of the last place of 1 in T, that is
// allowed for an element of which the largest magnitude so far is size, after steps that together had the
// length path. x itself is rounded once a step on either side, by half a unit of its size at most: steps*size.
//
// The length of a step comes from about 12 roundings on either side, each of at most half a unit of the step;
// one of them lives on for 10 steps in momentum or in Adam's m, and one for all steps in s or v, whose root
// halves it. At worst that makes 12 + 2*5 units of the path, and half a unit more for every step. Roundings
// do not all point one way, so 12 units are allowed. The test says how much of it was needed.
func torchTolerance(steps int, size, path float64) float64 { return float64(steps)*size + 12*path }

// Every trajectory of torch.txt and transcribed.txt is followed. A second run of those that clip by norm divides by
// norm+1e-6, as PyTorch does, which [optim.Options] does not, and which shows that there is no other difference.
func TestTorch(t *testing.T) {
	worst := 0.0
	cases, followed := append(torchCases(t, "torch.txt"), torchCases(t, "transcribed.txt")...), map[string]bool{}
	for _, a := range optim.Algorithms() {
		for _, f := range a.Torch {
			count := 0
			for _, c := range cases {
				_, scheduled := c.given["lambda"]
				if c.name != f.Case || f.ConstantRate && (scheduled || c.given["dampening"] != 0) {
					continue
				}
				count++
				followed[c.String()] = true
				for _, clip := range []bool{false, true} {
					if _, clips := c.given["clip_norm"]; clip && !clips {
						continue
					}
					if c.typ == "float32" {
						worst = max(worst, testTorch[float32](t, c, f, clip))
					} else {
						worst = max(worst, testTorch[float64](t, c, f, clip))
					}
				}
			}
			if count == 0 {
				t.Errorf("testdata/torch.txt has no %s that %T could follow", f.Case, f.Config)
			}
		}
	}
	for _, c := range cases {
		if !followed[c.String()] {
			t.Errorf("nothing here follows %v", c)
		}
	}
	t.Logf("the largest difference was %.2f of what is allowed", worst)
}

// testTorch follows the trajectory of a case with an algorithm, and returns the largest part of the
// tolerance that was needed. With clip it clips by norm itself, as PyTorch does.
func testTorch[T kernels.Float](t *testing.T, c torchCase, f optim.Torch, clip bool) (worst float64) {
	given := maps.Clone(c.given)
	take := func(key string) float64 {
		v := given[key]
		delete(given, key)
		return v
	}
	opts := optim.Options{ClipNorm: take("clip_norm"), ClipValue: take("clip_value"), Maximize: take("maximize") == 1}
	if clip {
		opts.ClipNorm = 0
	}
	lr2, denominator, rows := take("lr2"), take("lambda"), int(take("rows"))
	config := torchConfig(f, given)
	if len(given) > 0 {
		t.Errorf("%v: nothing here takes %v", c, given)
		return 0
	}

	x, grad := make([]T, torchElements), make([]T, torchElements)
	for i := range x {
		x[i] = T(torchStart(i))
	}
	first := 3 // elements of the first parameter
	groups := []optim.Group[T]{{Config: config, Params: [][]T{x[:3], x[3:]}}}
	switch {
	case rows != 0:
		first = torchElements
		groups = []optim.Group[T]{{Config: config, Params: [][]T{x, nil},
			Shapes: [][]int{{rows, torchElements / rows}, {0}}}}
	case f.Transcribed:
		first = torchElements
		groups = []optim.Group[T]{{Config: config, Params: [][]T{x, nil}}}
	case lr2 != 0:
		groups = []optim.Group[T]{{Config: config, Params: [][]T{x[:3]}}, {Config: config, Params: [][]T{x[3:]}}}
	}
	opt, err := optim.NewGroups(opts, groups...)
	if err != nil {
		t.Errorf("%v: %v", c, err)
		return 0
	}
	if lr2 != 0 {
		if err := opt.SetLR(1, lr2); err != nil {
			t.Fatal(err)
		}
	}
	if denominator != 0 {
		opt.SetSchedule(linearToZero(denominator))
	}

	unit := 0x1p-52
	if c.typ == "float32" {
		unit = 0x1p-23
	}
	var size, path [torchElements]float64
	least := math.Inf(1) // norm of a gradient
	checked := 0
	for step := range torchSteps {
		sum := 0.0
		for i := range grad {
			grad[i] = T(torchScale(i)) * x[i]
			if c.gradient == "sequence" {
				grad[i] = T(torchSequence(step, i))
			}
			sum += float64(float64(grad[i]) * float64(grad[i]))
		}
		norm := math.Sqrt(sum)
		least = min(least, norm)
		if clip {
			if err := opt.SetGradScale(min(1, c.given["clip_norm"]/(norm+1e-6))); err != nil {
				t.Fatal(err)
			}
		}
		last := slices.Clone(x)
		opt.Step(grad[:first], grad[first:])
		for i, v := range x {
			moved := math.Abs(float64(v) - float64(last[i]))
			size[i] = max(size[i], math.Abs(float64(v)))
			path[i] += moved
		}
		for i, text := range c.samples[step+1] {
			checked++
			bits, err := strconv.ParseUint(text, 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			want := math.Float64frombits(bits)
			if c.typ == "float32" {
				want = float64(math.Float32frombits(uint32(bits)))
			}
			off := math.Abs(float64(x[i])-want) / unit
			limit := torchTolerance(step+1, size[i], path[i])
			if opts.ClipNorm != 0 {
				limit += 4e-6 / least * path[i] / unit // 4: steps that cancel do not add to the path
			}
			worst = max(worst, off/limit)
			if !(off <= limit) {
				t.Errorf("%v as %T, clip %v, step %d: x[%d] = %v, PyTorch has %v: %.1f units apart, want at most %.1f",
					c, f.Config, clip, step+1, i, x[i], want, off, limit)
				return worst
			}
		}
	}
	if checked != torchElements*len(c.samples) || checked == 0 {
		t.Errorf("%v: %d elements compared of %d samples", c, checked, len(c.samples))
	}
	return worst
}
