package optim_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/problems"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/testdata"
)

// A course is a minimization of the golden file.
type course struct {
	problem, method string
	single          bool
	line            optim.LineSearch
}

// String is the course's name in the file.
func (c course) String() string {
	name := c.problem + ", " + c.method
	if c.line.Backtracking {
		name += " with backtracking"
	}
	if c.single {
		return name + ", float32"
	}
	return name + ", float64"
}

func courses() (all []course) {
	for _, single := range []bool{true, false} {
		for _, name := range []string{"Rosenbrock", "Beale", "Powell singular", "Wood", "Brown badly scaled", "Box 3-D",
			"Brown-Dennis", "Logistic regression", "Extended Rosenbrock", "Quadratic, condition 1e6"} {
			for _, method := range methods {
				if method == "Newton" && problems.Named(name).Hessian == nil {
					continue
				}
				all = append(all, course{name, method, single, optim.LineSearch{}})
			}
			all = append(all, course{name, "LBFGS", single, optim.LineSearch{Backtracking: true}})
		}
	}
	return all
}

// follow returns a hash of all iterates and of the result on a backend.
func (c course) follow(b bitstep.Backend) string {
	p := problems.Named(c.problem)
	if c.single {
		start := make([]float32, len(p.Start))
		for i, v := range p.Start {
			start[i] = float32(v)
		}
		var h optim.Hessian[float32]
		if p.Hessian != nil {
			h = p.SingleHessian()
		}
		return follow(c, b, p.Single(), h, start)
	}
	return follow(c, b, p.Value, p.Hessian, slices.Clone(p.Start))
}

func follow[T kernels.Float](c course, b bitstep.Backend, f optim.Objective[T], h optim.Hessian[T], x []T) string {
	sum, k := sha256.New(), bitstep.On[T](b)
	s := shared[T]{line: c.line, kernels: &k, stop: optim.Stop{Iterations: 25}}
	s.call = func(it optim.Iterate[T]) bool {
		for _, v := range it.X {
			hashNumber(sum, float64(v)) // exact in float64
		}
		for _, v := range []float64{it.F, it.GradNorm, it.Step, float64(it.Evaluations)} {
			hashNumber(sum, v)
		}
		return false
	}
	r, _ := minimize(context.Background(), c.method, s, f, h, x)
	for _, v := range []int{int(r.Status), r.Iterations, r.Evaluations, r.Gradients, r.Hessians} {
		hashNumber(sum, float64(v))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// hashNumber hashes a number that is not NaN (rule 12 of the contract).
func hashNumber(h hash.Hash, v float64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], math.Float64bits(v))
	h.Write(b[:])
}

// Every backend makes of the problems what the file has. A changed line is a changed result: say why in its
// commit.
func TestGoldenMinimizers(t *testing.T) {
	all := courses()
	if *updateGolden {
		var b strings.Builder
		for _, c := range all {
			b.WriteString(c.String() + " " + c.follow(bitstep.Go) + "\n")
		}
		if err := os.WriteFile("../testdata/minimizers.txt", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Skip("written; run again to compare")
	}
	want := strings.Split(strings.TrimSuffix(testdata.Minimizers, "\n"), "\n")
	if len(want) != len(all) {
		t.Fatalf("testdata/minimizers.txt has %d lines, want %d", len(want), len(all))
	}
	for i, c := range all {
		for _, b := range bitstep.Backends() {
			if got := c.String() + " " + c.follow(b); got != want[i] {
				t.Errorf("%v gives\n%s, the file has\n%s", b, got, want[i])
			}
		}
	}
}
