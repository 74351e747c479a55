package minimize_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/gonum/optimize"

	"github.com/bitstep-go/bitstep/internal/problems"
	"github.com/bitstep-go/bitstep/internal/testfile"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim/minimize"
)

// tolerance is the stop rule of the comparison: max |g[i]| <= tolerance. Other rules are off or out of reach.
const tolerance = 1e-5

// An outcome is what a library made of a problem: evaluations of value and gradient together, the value and
// max |g[i]| at the end.
type outcome struct {
	evaluations int
	f, norm     float64
}

// solved reports whether the stop rule is met at the end, near a known minimum.
func (o outcome) solved(p problems.Problem) bool {
	for _, m := range p.Minima {
		if o.norm <= tolerance && math.Abs(o.f-m) <= 1e-5*(1+math.Abs(m)) {
			return true
		}
	}
	return false
}

func ours(p problems.Problem, method string) outcome {
	x, grad := slices.Clone(p.Start), make([]float64, len(p.Start))
	s := shared[float64]{stop: minimize.Stop{Gradient: tolerance, Iterations: 100000}}
	r, _ := runMethod(context.Background(), method, s, p.Value, nil, x)
	return outcome{r.Evaluations, p.Value(x, grad), kernels.MaxAbs(grad)}
}

// gonums asks gonum, its line search and settings as they come, without its rule on changes of the value.
func gonums(p problems.Problem, method optimize.Method) outcome {
	count, f, last, grad := 0, 0.0, []float64(nil), make([]float64, len(p.Start))
	evaluate := func(x []float64) { // value and gradient at a point are one evaluation
		if !slices.Equal(x, last) {
			count, last = count+1, slices.Clone(x)
			f = p.Value(x, grad)
		}
	}
	r, _ := optimize.Minimize(optimize.Problem{
		Func: func(x []float64) float64 { evaluate(x); return f },
		Grad: func(g, x []float64) { evaluate(x); copy(g, grad) },
	}, slices.Clone(p.Start), &optimize.Settings{GradientThreshold: tolerance,
		Converger: optimize.NeverTerminate{}}, method)
	f = p.Value(r.X, grad)
	return outcome{count, f, kernels.MaxAbs(grad)}
}

// scipys reads SciPy's outcomes, by problem and method.
func scipys(t *testing.T) map[[2]string]outcome {
	all := map[[2]string]outcome{}
	for _, line := range strings.Split(testfile.Read(t, "scipy.txt"), "\n") {
		fields := strings.Split(line, "\t")
		if fields[0] != "run" {
			continue
		}
		var numbers [3]float64
		for i, s := range fields[3:6] {
			v, err := strconv.ParseFloat(s, 64)
			if err != nil {
				t.Fatal(err)
			}
			numbers[i] = v
		}
		all[[2]string{fields[1], fields[2]}] = outcome{int(numbers[0]), numbers[1], numbers[2]}
	}
	return all
}

// A tally adds up the problems that another library solves.
type tally struct {
	name         string
	solved       int
	ours, theirs int     // evaluations
	logs         float64 // of their ratios
	most         int     // ours on the problem that takes the most
	mostTheirs   int
}

func (c *tally) add(ours, theirs outcome) {
	c.solved++
	c.ours += ours.evaluations
	c.theirs += theirs.evaluations
	c.logs += math.Log(float64(ours.evaluations) / float64(theirs.evaluations))
	if ours.evaluations > c.most {
		c.most, c.mostTheirs = ours.evaluations, theirs.evaluations
	}
}

// ratio is that of all evaluations, mean the geometric mean of the problems' ratios.
func (c *tally) ratio() float64 { return float64(c.ours) / float64(c.theirs) }
func (c *tally) mean() float64  { return math.Exp(c.logs / float64(c.solved)) }

func (c *tally) String() string {
	rest := float64(c.ours-c.most) / float64(c.theirs-c.mostTheirs)
	return fmt.Sprintf("%s solves %d: there ours take %d evaluations, it %d, ratio %.2f; without the longest %.2f; "+
		"geometric mean of the ratios %.2f\n",
		c.name, c.solved, c.ours, c.theirs, c.ratio(), rest, c.mean())
}

// checkREADME compares the rows of README.md's tables, by their first cells, with what they should be. A cell "" may be
// anything, as gonum's results, which depend on the machine. The problems are there or not, the totals must be.
func checkREADME(t *testing.T, want map[string][]string) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(strings.Trim(line, "| \n"), " | "); len(cells) > 1 {
			rows[cells[0]] = cells[1:]
		}
	}
	same := func(got, want string) bool { return got == want || want == "" }
	for name, cells := range want {
		got, shown := rows[name]
		if (shown || strings.HasSuffix(name, ", SciPy")) && !slices.EqualFunc(got, cells, same) {
			t.Errorf("README.md says of %s %q, want %q", name, got, cells)
		}
	}
}

// Ours solve what gonum's and SciPy's solve, with no more than 1.1 times the evaluations in total over the
// problems that the other solves, and README.md says so. With -v it prints the table.
func TestCompareMinimizers(t *testing.T) {
	scipy, readme := scipys(t), map[string][]string{}
	for _, m := range []struct {
		ours, readme, scipy string
		gonum               func() optimize.Method
	}{
		{"BFGS", "BFGS", "BFGS", func() optimize.Method { return &optimize.BFGS{} }},
		{"LBFGS", "L-BFGS", "L-BFGS-B", func() optimize.Method { return &optimize.LBFGS{Store: 10} }},
	} {
		var table strings.Builder
		fmt.Fprintf(&table, "\n| %s | bitstep | f | gonum | f | SciPy %s | f |\n|---|--:|--:|--:|--:|--:|--:|\n",
			m.ours, m.scipy)
		others, solved := [2]tally{{name: "gonum"}, {name: "SciPy"}}, 0
		for _, p := range problems.All() {
			mine := ours(p, m.ours)
			all := [3]outcome{mine, gonums(p, m.gonum()), scipy[[2]string{p.Name, m.scipy}]}
			fmt.Fprintf(&table, "| %s", p.Name)
			for _, o := range all {
				mark := ""
				if !o.solved(p) {
					mark = " (no)"
				}
				fmt.Fprintf(&table, " | %d%s | %.3e", o.evaluations, mark, o.f)
			}
			table.WriteString(" |\n")
			cell := func(o outcome) string { return fmt.Sprintf("%d, %.1e", o.evaluations, o.f) }
			readme[p.Name] = append(readme[p.Name], cell(mine), "", cell(all[2]))
			if mine.solved(p) {
				solved++
			}
			for i, other := range all[1:] {
				if !other.solved(p) {
					continue
				}
				if !mine.solved(p) {
					t.Errorf("%s, %s: %s solves it, ours ends at %+v", p.Name, m.ours, others[i].name, mine)
				}
				others[i].add(mine, other)
			}
		}
		fmt.Fprintf(&table, "| solved | %d | | %d | | %d | |\n", solved, others[0].solved, others[1].solved)
		for _, c := range others {
			table.WriteString(c.String())
			if c.ratio() > 1.1 {
				t.Errorf("%s: %d evaluations, %s takes %d: %.2f times as many",
					m.ours, c.ours, c.name, c.theirs, c.ratio())
			}
			if c.solved < 25 {
				t.Errorf("%s solves only %d: is the comparison fair?", c.name, c.solved)
			}
		}
		c := others[1]
		readme[m.readme+", SciPy"] = []string{strconv.Itoa(c.ours), strconv.Itoa(c.theirs),
			fmt.Sprintf("%.2f", c.ratio()), fmt.Sprintf("%.2f", c.mean()), fmt.Sprintf("%d, %d", solved, c.solved)}
		readme[m.readme+", gonum"] = []string{strconv.Itoa(others[0].ours), "", "", "", ""}
		t.Log(table.String())
	}
	checkREADME(t, readme)
}

// Minimized as far as rounding lets them, the problems end at the minima that the literature states.
func TestKnownMinima(t *testing.T) {
	for _, p := range problems.All() {
		x := slices.Clone(p.Start)
		r, _ := minimize.BFGS[float64]{Stop: minimize.Stop{Gradient: 1e-13}}.Minimize(context.Background(), p.Value, x)
		gap := math.Inf(1)
		for _, m := range p.Minima {
			gap = min(gap, math.Abs(r.F-m)/(1+math.Abs(m)))
		}
		if gap > 1e-10 {
			t.Errorf("%s: %v at the end, %s, known are %v", p.Name, r.F, r.Status, p.Minima)
		}
		if r.Evaluations > 1000 {
			t.Errorf("%s: %d evaluations to end at the limit of rounding", p.Name, r.Evaluations)
		}
	}
}
