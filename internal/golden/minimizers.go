package golden

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/problems"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim/minimize"
)

// A Minimization is one line of testdata/minimizers.txt: up to 25 iterations on a problem.
type Minimization struct {
	Problem, Method string
	Type            string // float32 or float64
	Line            minimize.LineSearch
}

// String is the minimization's name in the file.
func (m Minimization) String() string {
	name := m.Problem + ", " + m.Method
	if m.Line.Backtracking {
		name += " with backtracking"
	}
	return name + ", " + m.Type
}

// Minimizations lists the lines of the file.
func Minimizations() (all []Minimization) {
	for _, typ := range []string{"float32", "float64"} {
		for _, name := range []string{"Rosenbrock", "Beale", "Powell singular", "Wood", "Brown badly scaled", "Box 3-D",
			"Brown-Dennis", "Logistic regression", "Extended Rosenbrock", "Quadratic, condition 1e6"} {
			for _, method := range []string{"BFGS", "LBFGS", "Newton"} {
				if method == "Newton" && problems.Named(name).Hessian == nil {
					continue
				}
				all = append(all, Minimization{name, method, typ, minimize.LineSearch{}})
			}
			all = append(all, Minimization{name, "LBFGS", typ, minimize.LineSearch{Backtracking: true}})
		}
	}
	return all
}

// Follow returns a hash of all iterates and of the result on a backend.
func (m Minimization) Follow(b bitstep.Backend) string {
	p := problems.Named(m.Problem)
	if m.Type == "float64" {
		return followMinimizer(m, b, p.Value, p.Hessian, slices.Clone(p.Start))
	}
	start := make([]float32, len(p.Start))
	for i, v := range p.Start {
		start[i] = float32(v)
	}
	var h minimize.Hessian[float32]
	if p.Hessian != nil {
		h = p.SingleHessian()
	}
	return followMinimizer(m, b, p.Single(), h, start)
}

func followMinimizer[T kernels.Float](m Minimization, b bitstep.Backend, f minimize.Objective[T], h minimize.Hessian[T],
	x []T) string {
	sum, k, stop := sha256.New(), bitstep.On[T](b), minimize.Stop{Iterations: 25}
	add := func(numbers ...float64) {
		for _, v := range numbers { // none is NaN (rule 12)
			binary.Write(sum, binary.LittleEndian, v)
		}
	}
	call := func(it minimize.Iterate[T]) bool {
		for _, v := range it.X {
			add(float64(v)) // exact
		}
		add(it.F, it.GradNorm, it.Step, float64(it.Evaluations))
		return false
	}
	// An error is a search that found no lower value, which the result says too.
	var r minimize.Result
	switch m.Method {
	case "BFGS":
		method := minimize.BFGS[T]{Stop: stop, LineSearch: m.Line, OnIteration: call, Engine: &k}
		r, _ = method.Minimize(context.Background(), f, x)
	case "LBFGS":
		method := minimize.LBFGS[T]{Stop: stop, LineSearch: m.Line, OnIteration: call, Engine: &k}
		r, _ = method.Minimize(context.Background(), f, x)
	case "Newton":
		method := minimize.Newton[T]{Hessian: h, Stop: stop, LineSearch: m.Line, OnIteration: call, Engine: &k}
		r, _ = method.Minimize(context.Background(), f, x)
	}
	for _, count := range []int{int(r.Status), r.Iterations, r.Evaluations, r.Gradients, r.Hessians} {
		add(float64(count))
	}
	return hex.EncodeToString(sum.Sum(nil))
}
