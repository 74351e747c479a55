package optim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// An Algorithm is what package optim says of one of its optimizers, in that optimizer's file: whatever lists
// optimizers reads it. Command lines take names from it, tests and benchmarks settings.
type Algorithm struct {
	Place    int       // among the algorithms, from 1
	Names    []Name    // that ParseConfig knows
	Settings []Setting // with fixed trajectories: see testdata/trajectories.txt
	Torch    []Torch   // what it is in PyTorch
}

// A Name is what an algorithm is called on a command line.
type Name struct {
	Name   string
	About  string                  // what a list of names says behind it; may be empty
	Config func(lr float64) Config // with this rate and defaults otherwise
	Rate   float64                 // what bench train starts from for its classifier
}

// A Setting is an algorithm with all that a run of it depends on.
type Setting struct {
	Name      string // of the Config's type, and behind a slash what is not the default
	Config    Config
	Options   Options
	GradScale float64 // 0 means 1
	LookAhead bool    // gradients are taken at Optimizer.LookAhead
}

// A Torch says which cases of testdata/torch.txt and transcribed.txt an algorithm follows but for rounding: all those
// with its name. It also states them, unless they are another algorithm's.
type Torch struct {
	Case         string   // the name of the cases
	Class        string   // of torch.optim, for the cases stated here
	Place        int      // of the cases stated here in the file, from 1
	Config       Config   // the algorithm, and what the name of the cases says of it
	Fields       string   // KEY=Field ..., the hyperparameters of PyTorch and the fields of Config that they are
	ConstantRate bool     // they are the same only while the rate is
	Transcribed  bool     // Debian's PyTorch lacks it: testdata/make_transcribed.py has it
	Given        []string // states a case each by its KEY=VALUE ...: see testdata/make_torch.py
}

// registered is in the order of places once the package is initialized.
var registered []Algorithm

// register adds an algorithm. It is called where a variable is initialized.
func register(a Algorithm) bool {
	byPlace := func(a, b Algorithm) int { return cmp.Compare(a.Place, b.Place) }
	at, taken := slices.BinarySearchFunc(registered, a, byPlace)
	if taken {
		panic(fmt.Sprintf("optim: place %d is taken by %s", a.Place, registered[at].Names[0].Name))
	}
	registered = slices.Insert(registered, at, a)
	return true
}

// Algorithms lists the optimizers of this package in the order of their places.
func Algorithms() []Algorithm { return slices.Clone(registered) }

// ParseConfig returns the Config of a name with the given learning rate and defaults otherwise, for
// command lines: sgd, momentum, adam and whatever else [Algorithms] lists. A rate of 0 means the default of those
// that have one, and is an error for the others.
func ParseConfig(name string, lr float64) (Config, error) {
	var names []string
	for _, a := range registered {
		for _, n := range a.Names {
			if n.Name == name {
				c := n.Config(lr)
				if err := c.Spec().err; err != nil {
					return nil, fmt.Errorf("optim: %w", err)
				}
				return c, nil
			}
			names = append(names, n.Name)
		}
	}
	return nil, fmt.Errorf("optim: algorithm %q, want one of %s", name, strings.Join(names, ", "))
}

// clippedSetting is the options of settings that show clipping.
var clippedSetting = Options{ClipNorm: 4, ClipValue: 0.5, SkipNonFinite: true}
