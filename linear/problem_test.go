package linear

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear/dataset"
)

// small is a set of random rows, about as large as scaled pixels, and weights whose scores make margins of
// both signs.
func small[T kernels.Float](seed uint64, n, features, classes int) (Set[T], []T) {
	r := rand.New(rand.NewPCG(seed, 1))
	m := dataset.Matrix[T]{Rows: n, Cols: features, Stride: features, Data: make([]T, n*features)}
	for i := range m.Data {
		m.Data[i] = T(r.Float64() - 0.5)
	}
	labels := make([]uint8, n)
	for i := range labels {
		labels[i] = uint8(r.IntN(classes))
	}
	w := make([]T, classes*features)
	for i := range w {
		w[i] = T(r.Float64() - 0.5)
	}
	return Set[T]{Source: m, Labels: labels, Classes: classes}, w
}

// classLosses are the losses over classes.
func classLosses() []Loss {
	return slices.DeleteFunc(Losses(), func(l Loss) bool { return l.Target() != Classes })
}

func problem[T kernels.Float](t testing.TB, s Set[T], c ProblemConfig) *Problem[T] {
	t.Helper()
	p, err := NewProblem(s, c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// unit is half the distance from 1 to the next T.
func unit[T kernels.Float]() float64 {
	if unsafe.Sizeof(T(0)) == 4 {
		return 0x1p-24
	}
	return 0x1p-53
}

// A reference holds the loss and its gradient from the formulas of the lecture in plain float64 loops, with
// a bound on how far T may be from them.
type reference struct {
	loss, lossBound float64
	grad, bound     []float64
}

// newReference computes them. Its bounds are those of Higham, Accuracy and Stability of Numerical Algorithms,
// chapter 3: a sum of k products has an error of at most g(k)*sum of |products|, g(k) = k*u/(1-k*u), with k
// the number of roundings that a term passes. The reference's own sums, in float64, pass more roundings
// than T's but have a smaller unit for float32; both are counted.
func newReference[T kernels.Float](t *testing.T, loss Loss, lambda float64, set Set[T], w []T,
	batch []int) reference {
	m := set.Source.(dataset.Matrix[T])
	features, classes, n, f := m.Cols, set.Classes, len(batch), formulaOf(t, loss)
	u, u64 := unit[T](), unit[float64]()
	gamma := func(k int, u float64) float64 { return float64(k) * u / (1 - float64(k)*u) }
	scoreGamma := gamma(features/kernels.Lanes[T]()+1+4, u) + gamma(features, u64)
	blocks := (n + BlockExamples - 1) / BlockExamples
	// A term of the gradient: its product and the additions of its block, alpha and its rounding, the other
	// blocks, and the regularisation.
	gradGamma := gamma(BlockExamples+2+blocks+2, u) + gamma(n+4, u64)
	ref := reference{grad: make([]float64, len(w)), bound: make([]float64, len(w))}
	for _, i := range batch {
		x := m.Data[i*m.Stride:][:features]
		s, e := make([]float64, classes), make([]float64, classes)
		for c := range s {
			for k, v := range x {
				s[c] += float64(w[c*features+k]) * float64(v)
				e[c] += math.Abs(float64(w[c*features+k])*float64(v)) * scoreGamma
			}
		}
		value, bound, ds, dsBound, err := f.real(s, e, int(set.Labels[i]), u)
		if err != nil {
			t.Fatalf("example %d: %v: take another seed", i, err)
		}
		ref.loss += value / float64(n)
		ref.lossBound += bound / float64(n)
		for c := range s {
			for k, v := range x {
				g := ds[c] * float64(v) / float64(n)
				ref.grad[c*features+k] += g
				ref.bound[c*features+k] += math.Abs(g)*gradGamma +
					dsBound[c]*math.Abs(float64(v))/float64(n)*(1+gradGamma)
			}
		}
	}
	ref.lossBound += gamma(n+classes+2, u64) * ref.loss * 2
	squares := 0.0
	for i, v := range w {
		squares += float64(v) * float64(v)
		ref.grad[i] += 2 * lambda * float64(v)
		ref.bound[i] += 2 * lambda * math.Abs(float64(v)) * (gamma(3, u) + gamma(3, u64))
	}
	ref.loss += lambda * squares
	ref.lossBound += lambda * squares * (gamma(len(w)/kernels.Lanes[T]()+6, u) + gamma(len(w)+2, u64))
	return ref
}

func TestLossGradient(t *testing.T) {
	t.Run("float32", testLossGradient[float32])
	t.Run("float64", testLossGradient[float64])
}

func testLossGradient[T kernels.Float](t *testing.T) {
	for _, loss := range classLosses() {
		for _, lambda := range []float64{0, 0.013} {
			for _, n := range []int{1, 63, 64, 65, 200} {
				set, w := small[T](uint64(n), 200, 83, 7)
				batch := rand.New(rand.NewPCG(uint64(n), 2)).Perm(200)[:n]
				ref := newReference(t, loss, lambda, set, w, batch)
				p := problem(t, set, ProblemConfig{Loss: loss, Lambda: lambda})
				grad := make([]T, len(w))
				name := fmt.Sprintf("%s, lambda %v, %d examples", loss.Name(), lambda, n)
				got := p.LossGradient(w, grad, batch)
				if !(math.Abs(got-ref.loss) <= ref.lossBound) {
					t.Errorf("%s: loss %v, want %v within %v", name, got, ref.loss, ref.lossBound)
				}
				if alone := p.Loss(w, batch); alone != got {
					t.Errorf("%s: Loss gives %v, LossGradient %v", name, alone, got)
				}
				for i := range grad {
					if !(math.Abs(float64(grad[i])-ref.grad[i]) <= ref.bound[i]) {
						t.Fatalf("%s: gradient[%d] = %v, want %v within %v", name, i, grad[i], ref.grad[i],
							ref.bound[i])
					}
				}
			}
		}
	}
}

// define computes loss and gradient as the comment of [Problem] says, from the definitions alone.
func define[T kernels.Float](t *testing.T, loss Loss, lambda float64, set Set[T], w []T, batch []int) (float64, []T) {
	row := rowOf[T](formulaOf(t, loss))
	m := set.Source.(dataset.Matrix[T])
	f, c := m.Cols, set.Classes
	var grad []T
	total, alpha := 0.0, T(1/float64(len(batch)))
	for lo := 0; lo < len(batch); lo += BlockExamples {
		block := batch[lo:min(lo+BlockExamples, len(batch))]
		n := len(block)
		x, s, sum := make([]T, n*f), make([]T, n*c), make([]T, c*f)
		m.FillRows(bitstep.On[T](bitstep.Go), x, f, block)
		kernels.Gemm(false, true, n, c, f, 1, x, f, w, f, 0, s, c)
		for i, at := range block {
			total += row(s[i*c:][:c], int(set.Labels[at]))
		}
		if grad == nil {
			grad = make([]T, c*f)
			kernels.Gemm(true, false, c, f, n, alpha, s, c, x, f, 0, grad, f)
			continue
		}
		kernels.Gemm(true, false, c, f, n, 1, s, c, x, f, 0, sum, f)
		for i := range grad {
			grad[i] = T(alpha*sum[i]) + T(1*grad[i])
		}
	}
	total /= float64(len(batch))
	if lambda != 0 {
		total += float64(lambda * float64(kernels.SumSquares(w)))
		for i := range grad {
			grad[i] += T(T(2*lambda) * w[i])
		}
	}
	return total, grad
}

// Every backend, any number of threads, gathered and neighbouring rows give the bits of the definition.
func TestArchLossGradientBits(t *testing.T) {
	t.Run("float32", testLossGradientBits[float32])
	t.Run("float64", testLossGradientBits[float64])
}

func testLossGradientBits[T kernels.Float](t *testing.T) {
	set, w := small[T](7, 330, 50, 5)
	all := make([]int, 330)
	for i := range all {
		all[i] = i
	}
	random := rand.New(rand.NewPCG(1, 2)).Perm(330)[:200]
	for _, loss := range classLosses() {
		for name, batch := range map[string][]int{"range": all[40:230], "random": random, "all": all} {
			wantLoss, want := define(t, loss, 0.01, set, w, batch)
			for _, b := range bitstep.Backends() {
				for _, threads := range []int{1, 2, 5} {
					p := problem(t, set, ProblemConfig{Loss: loss, Lambda: 0.01, Threads: threads}).On(b)
					grad := make([]T, len(w))
					indices := batch
					if name == "all" {
						indices = nil
					}
					for range 2 { // the second time nothing is new
						got := p.LossGradient(w, grad, indices)
						if got != wantLoss || !slices.Equal(grad, want) {
							t.Fatalf("%s, %s batch, %v, %d threads: loss %x, want %x, or the gradient differs",
								loss.Name(), name, b, threads, got, wantLoss)
						}
					}
				}
			}
		}
	}
}

// Nor does it matter how large groups are and what is said to come after a batch: products that fetch it change
// nothing, whether it comes or not.
func TestArchGroups(t *testing.T) {
	t.Run("float32", testGroups[float32])
	t.Run("float64", testGroups[float64])
}

func testGroups[T kernels.Float](t *testing.T) {
	n, kinds, groups, threads := 330, []int{2, 10}, []int{1, 16, 48, 64}, []int{1, 3}
	if testing.Short() { // minutes, where floats are emulated twice
		n, kinds, groups, threads = 150, []int{10}, []int{16, 64}, []int{3}
	}
	for _, classes := range kinds {
		set, w := small[T](7, n, 200, classes)
		all := make([]int, n)
		for i := range all {
			all[i] = i
		}
		random, next := rand.New(rand.NewPCG(1, 2)).Perm(n)[:n*3/5], n*2/3
		for name, batch := range map[string][]int{"range": all[3:next], "random": random, "one": {5, 5, 5}} {
			wantLoss, want := define(t, SVM{}, 0.01, set, w, batch)
			for _, b := range bitstep.Backends() {
				for _, group := range groups {
					for _, threads := range threads {
						p := problem(t, set, ProblemConfig{Loss: SVM{}, Lambda: 0.01, Threads: threads}).On(b)
						p.pass.group = group
						grad := make([]T, len(w))
						for _, after := range [][]int{nil, all[next : next+1], batch, random[:n*2/5], nil} {
							got := p.lossGradient(w, grad, batch, after, false)
							if got != wantLoss || !slices.Equal(grad, want) {
								t.Fatalf("%d classes, %s batch, %v, groups of %d, %d threads: loss %x, want %x, or the"+
									" gradient differs", classes, name, b, group, threads, got, wantLoss)
							}
						}
					}
				}
			}
		}
	}
}

// Whether products fetch turns out anew on another backend.
func TestArchIdle(t *testing.T) {
	set, w := small[float32](7, 330, 200, 10)
	grad := make([]float32, len(w))
	for _, b := range bitstep.Backends() {
		fresh := problem(t, set, ProblemConfig{}).On(b)
		fresh.LossGradient(w, grad, nil)
		p := problem(t, set, ProblemConfig{}).On(bitstep.Go)
		p.LossGradient(w, grad, nil)
		if !p.pass.workers[0].idle {
			t.Fatal("products of the definitions fetch")
		}
		p.On(b).LossGradient(w, grad, nil)
		if got, want := p.pass.workers[0].idle, fresh.pass.workers[0].idle; got != want || want != (b == bitstep.Go) {
			t.Errorf("%v: idle = %v, on a fresh problem %v", b, got, want)
		}
	}
}

// Leads is whether the largest score, the first of equal ones, is at y, be they NaN or infinite.
func TestLeads(t *testing.T) {
	values := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 1, 2}
	scores := make([]float64, 4)
	for i := range 7 * 7 * 7 * 7 {
		for j := range scores {
			scores[j] = values[i%7]
			i /= 7
		}
		for y := range scores {
			want := 0
			if largest(scores) == y {
				want = 1
			}
			if got := leads(scores, y); got != want {
				t.Fatalf("leads(%v, %d) = %d", scores, y, got)
			}
		}
	}
}

var raceEnabled bool

// A pass allocates nothing after the first.
func TestLossGradientAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pooled memory come and go")
	}
	set, w := small[float32](7, 300, 50, 5)
	grad, batch := make([]float32, len(w)), []int{5, 1, 299}
	for i := range 200 {
		batch = append(batch, i)
	}
	for _, b := range bitstep.Backends() {
		for _, threads := range []int{1, 3} {
			p := problem(t, set, ProblemConfig{Threads: threads}).On(b)
			if got := allocations(func() { p.LossGradient(w, grad, batch) }); got != 0 {
				t.Errorf("%v, %d threads: %v allocations per call", b, threads, got)
			}
		}
	}
}

func TestEvaluate(t *testing.T) {
	set, w := small[float64](3, 200, 20, 4)
	p := problem(t, set, ProblemConfig{Loss: Softmax{}, Lambda: 0.1, Threads: 2})
	scores, predicted := make([]float64, 200*4), make([]uint8, 200)
	p.Scores(w, scores)
	p.Predict(w, predicted)
	e := p.Evaluate(w)
	confusion, correct := make([][]int, 4), 0
	for c := range confusion {
		confusion[c] = make([]int, 4)
	}
	m := set.Source.(dataset.Matrix[float64])
	for i, y := range set.Labels {
		best := 0
		for c := range 4 {
			want := 0.0
			for k := range 20 {
				want += w[c*20+k] * m.Data[i*20+k]
			}
			if math.Abs(scores[i*4+c]-want) > 1e-14 {
				t.Errorf("score of example %d, class %d: %v, want %v", i, c, scores[i*4+c], want)
			}
			if scores[i*4+c] > scores[i*4+best] {
				best = c
			}
		}
		if int(predicted[i]) != best {
			t.Errorf("example %d: predicted %d, want %d", i, predicted[i], best)
		}
		confusion[y][best]++
		if int(y) == best {
			correct++
		}
	}
	if fmt.Sprint(e.Confusion) != fmt.Sprint(confusion) || e.Correct != correct || e.Examples != 200 {
		t.Errorf("Evaluate gives %+v, want %d correct and %v", e, correct, confusion)
	}
	if got := p.Loss(w, nil); e.Loss != got {
		t.Errorf("Evaluate gives loss %v, Loss %v", e.Loss, got)
	}
	if again := p.Evaluate(w); fmt.Sprint(again) != fmt.Sprint(e) {
		t.Errorf("the second time: %+v, the first: %+v", again, e)
	}
}

// What is not a number shows in the loss, wherever it comes from.
func TestNaNLoss(t *testing.T) {
	nan := math.NaN()
	for _, loss := range classLosses() {
		hidden := formulaOf(t, loss).hidden
		for at := range 3 {
			for _, bad := range []float64{nan, math.Inf(1)} {
				s := []float64{1, 2, 3}
				s[at] = bad
				got := loss.Loss64(&Row[float64]{Scores: s, Class: 1, Gradient: true, Room: make([]float64, 3)})
				if num.Finite(got) != (hidden != nil && hidden(at, 1, bad)) {
					t.Errorf("%s, score %d %v: loss %v", loss.Name(), at, bad, got)
				}
			}
		}
	}
}

func TestProblemErrors(t *testing.T) {
	set, w := small[float32](3, 10, 5, 3)
	short, bad, empty, many := set, set, set, set
	short.Labels = short.Labels[1:]
	bad.Labels = append([]uint8{3}, set.Labels[1:]...)
	empty.Source = dataset.Matrix[float32]{}
	many.Classes = 257
	cut, narrow := set, set
	cut.Source = dataset.Matrix[float32]{Rows: 10, Cols: 5, Stride: 5, Data: make([]float32, 49)}
	narrow.Source = dataset.Matrix[float32]{Rows: 10, Cols: 5, Stride: 4, Data: make([]float32, 99)}
	for _, c := range []struct {
		want string
		set  Set[float32]
		c    ProblemConfig
	}{
		{"linear: Set: no examples", empty, ProblemConfig{}},
		{"linear: Set: 9 labels, want one for each of 10 examples", short, ProblemConfig{}},
		{"linear: Set: label of example 0 = 3, want below 3", bad, ProblemConfig{}},
		{"linear: Set: Classes = 257, want in [2, 256]", many, ProblemConfig{}},
		{"linear: Set: Source: dataset: Matrix: len(Data) = 49, too short for 10 rows of 5 with stride 5",
			cut, ProblemConfig{}},
		{"linear: Set: Source: dataset: Matrix: 10 rows of 5 with stride 4, want none negative, and a row in a stride",
			narrow, ProblemConfig{}},
		{"linear: Problem: Lambda = NaN, want in [0, +Inf)", set, ProblemConfig{Lambda: math.NaN()}},
		{"linear: Problem: Threads = -1, want at least 0", set, ProblemConfig{Threads: -1}},
	} {
		if _, err := NewProblem(c.set, c.c); err == nil || err.Error() != c.want {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
	var names []string
	for _, l := range Losses() {
		names = append(names, l.Name())
	}
	want := `linear: loss = "hinge", want one of ` + strings.Join(names, ", ")
	if _, err := ParseLoss("hinge"); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	p, shared := problem(t, set, ProblemConfig{}), make([]float32, 60)
	for want, call := range map[string]func(){
		"linear: Problem: len(w) = 14, want 15":            func() { p.Loss(w[1:], nil) },
		"linear: LossGradient: len(grad) = 14, want 15":    func() { p.LossGradient(w, shared[1:15], nil) },
		"linear: LossGradient: grad overlaps w":            func() { p.LossGradient(shared[:15], shared[14:29], nil) },
		"linear: Scores: dst overlaps w":                   func() { p.Scores(shared[:15], shared[5:35]) },
		"linear: Problem: batch[1] = 10, want below 10":    func() { p.Loss(w, []int{0, 10}) },
		"linear: Problem: batch[0] = -1, want below 10":    func() { p.Loss(w, []int{-1}) },
		"linear: Problem: len(batch) = 0, want at least 1": func() { p.Loss(w, []int{}) },
		"linear: Predict: len(dst) = 1, want 10":           func() { p.Predict(w, make([]uint8, 1)) },
	} {
		func() {
			defer func() {
				if got := recover(); fmt.Sprint(got) != want {
					t.Errorf("panic %v, want %s", got, want)
				}
			}()
			call()
		}()
	}
}
