package problems

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/gonum/optimize/functions"

	"github.com/bitstep-go/bitstep/internal/testfile"
)

// Values and gradients at the starts are those of make_scipy.py, where they were written anew from the
// source, the gradients by complex steps.
func TestStartsAsInPython(t *testing.T) {
	seen := 0
	for _, line := range strings.Split(testfile.Read(t, "scipy.txt"), "\n") {
		fields := strings.Split(line, "\t")
		if fields[0] != "start" {
			continue
		}
		seen++
		p, numbers := Named(fields[1]), make([]float64, len(fields)-2)
		for i, s := range fields[2:] {
			v, err := strconv.ParseFloat(s, 64)
			if err != nil {
				t.Fatal(err)
			}
			numbers[i] = v
		}
		g := make([]float64, len(p.Start))
		if len(numbers) != len(g)+1 {
			t.Fatalf("%s: %d parameters, want %d", p.Name, len(g), len(numbers)-1)
		}
		got, top := append([]float64{p.Value(p.Start, g)}, g...), 0.0
		for _, v := range numbers[1:] {
			top = max(top, math.Abs(v))
		}
		for i, want := range numbers {
			if math.Abs(got[i]-want) > 1e-12*max(math.Abs(want), top) {
				t.Errorf("%s: number %d (0 the value, then the gradient) is %v, want %v", p.Name, i, got[i], want)
			}
		}
	}
	if all := len(All()); seen != all {
		t.Errorf("scipy.txt has %d problems, want %d", seen, all)
	}
}

// What gonum has as well agrees with it, at points where nothing is special.
func TestValuesAsInGonum(t *testing.T) {
	type function interface {
		Func(x []float64) float64
		Grad(grad, x []float64)
	}
	for name, f := range map[string]function{
		"Rosenbrock":          functions.ExtendedRosenbrock{}, // whose pairs overlap, unlike those of problem 21
		"Powell badly scaled": functions.PowellBadlyScaled{}, "Brown badly scaled": functions.BrownBadlyScaled{},
		"Beale": functions.Beale{}, "Helical valley": functions.HelicalValley{}, "Gaussian": functions.Gaussian{},
		"Gulf": functions.GulfResearchAndDevelopment{}, "Box 3-D": functions.Box3D{},
		"Powell singular": functions.ExtendedPowellSingular{}, "Wood": functions.Wood{},
		"Extended Powell singular": functions.ExtendedPowellSingular{}, "Brown-Dennis": functions.BrownAndDennis{},
		"Biggs EXP6": functions.BiggsEXP6{}, "Watson 6": functions.Watson{}, "Watson 9": functions.Watson{},
		"Penalty I 4": functions.PenaltyI{}, "Penalty I 10": functions.PenaltyI{},
		"Penalty II 4": functions.PenaltyII{}, "Penalty II 10": functions.PenaltyII{},
		"Variably dimensioned": functions.VariablyDimensioned{}, "Trigonometric": functions.Trigonometric{},
	} {
		p := Named(name)
		for _, x := range points(p) {
			g, want := make([]float64, len(x)), make([]float64, len(x))
			value, wantValue := p.Value(x, g), f.Func(x)
			f.Grad(want, x)
			if math.Abs(value-wantValue) > 1e-12*math.Abs(wantValue)+1e-15 {
				t.Errorf("%s at %v: %v, gonum has %v", name, x, value, wantValue)
			}
			top := 1e-9 * wantValue
			for _, v := range want {
				top = max(top, math.Abs(v))
			}
			for i := range g {
				if math.Abs(g[i]-want[i]) > 1e-10*top+1e-15 {
					t.Errorf("%s at %v: derivative %d is %v, gonum has %v", name, x, i, g[i], want[i])
				}
			}
		}
	}
}
