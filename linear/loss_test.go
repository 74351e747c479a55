package linear

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/optim/minimize"
)

// A huber is a loss of a user's, with a parameter and a pointer's methods.
type huber struct{ delta float64 }

func (h *huber) Name() string                   { return fmt.Sprintf("huber(%v)", h.delta) }
func (h *huber) Target() Target                 { return Numbers }
func (h *huber) Loss32(r *Row[float32]) float64 { return huberLoss(h.delta, r) }
func (h *huber) Loss64(r *Row[float64]) float64 { return huberLoss(h.delta, r) }

func huberLoss[T kernels.Float](delta float64, r *Row[T]) float64 {
	d := float64(r.Scores[0]) - float64(r.Value)
	if r.Gradient {
		r.Scores[0] = T(max(-delta, min(delta, d)))
	}
	if math.Abs(d) <= delta {
		return d * d / 2
	}
	return delta * (math.Abs(d) - delta/2)
}

var _ = addFormula(&huber{0.3}, formula{number: func(score, value float64) float64 {
	d := math.Abs(score - value)
	if d <= 0.3 {
		return d * d / 2
	}
	return 0.3 * (d - 0.15)
}})

// line is a set of numbers that are a linear function of the features, with some noise.
func line[T kernels.Float](seed uint64, n int) Set[T] {
	s, w := small[T](seed, n, 20, 2)
	s.Labels, s.Classes, s.Values = nil, 0, make([]T, n)
	for i := range s.Values {
		for k, x := range s.Source.(dataset.Matrix[T]).Row(i) {
			s.Values[i] += w[k] * x
		}
		s.Values[i] += T(i%7-3) / 100
	}
	return s
}

// A pointer to a loss is that loss, and no other.
func TestLossByPointer(t *testing.T) {
	set, w := small[float32](3, 70, 20, 4)
	for _, c := range []struct{ value, pointer Loss }{{Softmax{}, &Softmax{}}, {SVM{}, &SVM{}}} {
		a, b := problem(t, set, ProblemConfig{Loss: c.value}), problem(t, set, ProblemConfig{Loss: c.pointer})
		if got, want := b.Loss(w, nil), a.Loss(w, nil); got != want {
			t.Errorf("&%s: loss %v, want %v", c.value.Name(), got, want)
		}
	}
}

// Losses over numbers, one of them not of this package, have right gradients and allocate nothing; least squares finds
// the line, and a run of a trainer does.
func TestNumbers(t *testing.T) {
	set := line[float64](4, 150)
	numbers := slices.DeleteFunc(Losses(), func(l Loss) bool { return l.Target() != Numbers })
	for _, loss := range append(numbers, &huber{0.3}) {
		f := formulaOf(t, loss)
		p := problem(t, set, ProblemConfig{Loss: loss, Lambda: 0.01})
		w, grad := make([]float64, 20), make([]float64, 20)
		w[3] = 0.5
		report, err := minimize.CheckGradient(p.Objective(), w, minimize.GradientCheck{})
		if err != nil || !report.OK() {
			t.Errorf("%s: %v, %v", loss.Name(), err, report)
		}
		if got := allocations(func() { p.LossGradient(w, grad, nil) }); got != 0 && !raceEnabled {
			t.Errorf("%s: %v allocations", loss.Name(), got)
		}
		want := 0.0
		scores := make([]float64, 150)
		p.Scores(w, scores)
		for i, s := range scores {
			want += f.number(s, set.Values[i]) / 150
		}
		got := p.Evaluate(w)
		if math.Abs(got.Loss-want-0.01*0.25) > 1e-14 || got.Confusion != nil || got.Accuracy() != 0 {
			t.Errorf("%s: %+v, want loss %v", loss.Name(), got, want+0.01*0.25)
		}
	}
	c := quick()
	c.Lambda, c.Epochs, c.Patience = 0, 100, 90
	held := set
	m := set.Source.(dataset.Matrix[float64])
	m.Rows = 40
	held.Source, held.Values = m, set.Values[:40]
	x := trainer(t, c, Data[float64]{Train: set, Validation: held})
	r, err := x.Run(context.Background())
	if err != nil || r.Train.Loss > 1e-3 || x.c.Loss != (SquaredError{}) {
		t.Fatalf("loss %v, %v", r.Train.Loss, err)
	}
	for i, e := range r.Epochs {
		if e.ValidationLoss < r.Epochs[r.Best-1].ValidationLoss {
			t.Errorf("epoch %d has a lower loss than the best, %d", i+1, r.Best)
		}
	}
	values, err := r.Model.Values(set.Source)
	if err != nil || math.Abs(values[7]-set.Values[7]) > 0.2 {
		t.Errorf("predicted %v, want about %v: %v", values[7], set.Values[7], err)
	}
}

// A set without targets is predicted, by a problem and by a model, as one with labels; more is not to be had of it.
func TestPredictWithoutLabels(t *testing.T) {
	set, w := small[float32](3, 70, 20, 4)
	labelled := problem(t, set, ProblemConfig{Loss: Softmax{}})
	bare := problem(t, Set[float32]{Source: set.Source, Classes: 4}, ProblemConfig{Loss: Softmax{}})
	want, got := make([]uint8, 70), make([]uint8, 70)
	labelled.Predict(w, want)
	bare.Predict(w, got)
	m := &Model[float32]{Classes: 4, Features: 20, W: w, Loss: Softmax{}}
	again, err := m.Predict(set.Source)
	if err != nil || string(got) != string(want) || string(again) != string(want) {
		t.Errorf("predictions differ: %v", err)
	}
	probabilities, err := m.Probabilities(set.Source)
	if err != nil {
		t.Fatal(err)
	}
	scores := make([]float32, 4*70)
	labelled.Scores(w, scores)
	for i := range 70 {
		row := probabilities.Row(i)
		sum, z := 0.0, 0.0
		for j := range row {
			z += math.Exp(float64(scores[4*i+j]))
			sum += float64(row[j])
		}
		for j, p := range row {
			if math.Abs(float64(p)-math.Exp(float64(scores[4*i+j]))/z) > 1e-7 || math.Abs(sum-1) > 3e-7 {
				t.Fatalf("example %d: probabilities %v of scores %v", i, row, scores[4*i:][:4])
			}
		}
		if largest(row) != int(want[i]) {
			t.Errorf("example %d: the class is not the most probable", i)
		}
	}
	for want, call := range map[string]func() error{
		"linear: Probabilities: loss svm makes no probabilities of scores: Softmax does": func() error {
			return problem(t, set, ProblemConfig{}).Probabilities(w, scores)
		},
		"linear: Probabilities: the model's Loss is nil, want the loss it has": func() error {
			_, err := (&Model[float32]{Classes: 4, Features: 20, W: w}).Probabilities(set.Source)
			return err
		},
		"linear: Predict: examples have 20 features, want the model's 19": func() error {
			_, err := NewModel[float32](4, 19).Predict(set.Source)
			return err
		},
		"linear: Predict: the model is one for numbers, want classes: Values gives its numbers": func() error {
			_, err := NewModel[float32](1, 20).Predict(set.Source)
			return err
		},
		"linear: Values: the model has 4 classes, want 1 score for an example": func() error {
			_, err := m.Values(set.Source)
			return err
		},
	} {
		if err := call(); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	for fn, call := range map[string]func(){"Loss": func() { bare.Loss(w, nil) },
		"LossGradient": func() { bare.LossGradient(w, make([]float32, 80), nil) },
		"Evaluate":     func() { bare.Evaluate(w) }} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); got != "linear: "+fn+": the set has neither labels nor values" {
					t.Errorf("%s: panic %s", fn, got)
				}
			}()
			call()
		}()
	}
}

// Class weights and a free bias do to loss and gradient what they say; ones and a bias of 0 change nothing.
func TestWeightsAndFreeBias(t *testing.T) {
	set, w := small[float64](11, 150, 30, 5)
	m := set.Source.(dataset.Matrix[float64])
	weights := []float64{0.5, 2, 0, 1, 3}
	for _, loss := range classLosses() {
		c := ProblemConfig{Loss: loss, Lambda: 0.05, FreeBias: true, ClassWeights: weights}
		p := problem(t, set, c)
		report, err := minimize.CheckGradient(p.Objective(), w, minimize.GradientCheck{})
		if err != nil || !report.OK() {
			t.Errorf("%s: %v, %v", loss.Name(), err, report)
		}
		want := 0.0
		for i, y := range set.Labels {
			one := Set[float64]{Source: dataset.Matrix[float64]{Rows: 1, Cols: 30, Stride: 30, Data: m.Row(i)},
				Labels: []uint8{y}, Classes: 5}
			want += weights[y] * problem(t, one, ProblemConfig{Loss: loss}).Loss(w, nil) / 150
		}
		for i, x := range w {
			if i%30 != 29 {
				want += 0.05 * x * x
			}
		}
		if got := p.Loss(w, nil); math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: loss %v, want %v", loss.Name(), got, want)
		}
		plain := problem(t, set, ProblemConfig{Loss: loss})
		ones := problem(t, set, ProblemConfig{Loss: loss, ClassWeights: []float64{1, 1, 1, 1, 1}, FreeBias: true})
		if a, b := plain.Loss(w, nil), ones.Loss(w, nil); a != b {
			t.Errorf("%s: weights of 1 change the loss from %v to %v", loss.Name(), a, b)
		}
		grad := make([]float64, len(w))
		for _, b := range bitstep.Backends() {
			if got := p.On(b).LossGradient(w, grad, nil); got != p.Loss(w, nil) {
				t.Errorf("%s on %v: loss %v", loss.Name(), b, got)
			}
		}
	}
	got := BalancedWeights(Set[float64]{Labels: []uint8{0, 0, 0, 1}, Classes: 3})
	if fmt.Sprint(got) != "[0.4444444444444444 1.3333333333333333 1]" {
		t.Errorf("balanced weights %v", got)
	}
}

// The derivatives of every loss of this package are the slopes of its loss, of both types.
func TestLossDerivatives(t *testing.T) {
	for _, loss := range Losses() {
		row := func(s []float64, gradient bool) *Row[float64] {
			if loss.Target() == Numbers {
				s = s[:1]
			}
			return &Row[float64]{Scores: slices.Clone(s), Class: len(s) / 2, Value: 0.75, Gradient: gradient,
				Room: make([]float64, len(s))}
		}
		for _, scores := range [][]float64{{0.5, -0.25, 2}, {-30, 20, 0.25}, {0, 0, 0.125}} {
			r := row(scores, true)
			value := loss.Loss64(r)
			narrow := &Row[float32]{Class: r.Class, Value: float32(r.Value), Gradient: true, Room: r.Room}
			for _, s := range scores[:len(r.Scores)] {
				narrow.Scores = append(narrow.Scores, float32(s))
			}
			if got := loss.Loss32(narrow); math.Abs(got-value) > 1e-6*math.Abs(value) {
				t.Errorf("%s of %v: %v in float32, %v in float64", loss.Name(), scores, got, value)
			}
			for j, got := range r.Scores {
				const h = 1e-6
				at := func(h float64) float64 {
					s := slices.Clone(scores)
					s[j] += h
					return loss.Loss64(row(s, false))
				}
				want := (at(h) - at(-h)) / (2 * h)
				off := 0x1p-52 * math.Abs(value) / h // by the rounding of the two values
				if math.Abs(got-want) > off+1e-8*max(1, math.Abs(want)) ||
					math.Abs(float64(narrow.Scores[j])-want) > off+1e-6*max(1, math.Abs(want)) {
					t.Errorf("%s of %v: derivative %d is %v, and %v in float32; want %v", loss.Name(), scores, j, got,
						narrow.Scores[j], want)
				}
			}
		}
	}
}

// What no file of a model could hold is told before anything is trained or written.
func TestUnloadable(t *testing.T) {
	d := tiny[float32]()
	d.Train.Preprocess.Mean = make([]float64, 5)
	if _, err := NewTrainer(quick(), d); err == nil || !strings.Contains(err.Error(), "len(Mean) = 5, want 3072") {
		t.Errorf("a mean of 5 bytes: %v", err)
	}
	if _, err := NewProblem(line[float32](1, 9), ProblemConfig{Loss: named{"hub\xe9r"}}); err == nil ||
		err.Error() != `linear: Problem: Loss = "hub\xe9r", want a name in UTF-8` {
		t.Errorf("a loss whose name is Latin-1: %v", err)
	}
	type model = Model[float32]
	path := filepath.Join(t.TempDir(), "model")
	for want, change := range map[string]func(m *model){
		`ClassNames[1] = "\xff", want UTF-8`:              func(m *model) { m.ClassNames[1] = "\xff" },
		"1 class names, want one for each of 2 classes":   func(m *model) { m.ClassNames = m.ClassNames[1:] },
		"len(W) = 5, want a weight for each of 2 classes": func(m *model) { m.W = m.W[1:] },
		"dataset: Preprocess: Scale = -1, want":           func(m *model) { m.Preprocess.Scale = -1 },
	} {
		m := NewModel[float32](2, 3)
		m.ClassNames = []string{"a", "b"}
		if err := m.Save(path); err != nil {
			t.Fatal(err)
		}
		change(m)
		if err := m.Save(path); err == nil || !strings.Contains(err.Error(), path+": "+want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if m, err := LoadModel[float32](path); err != nil || m.ClassNames[1] != "b" {
		t.Errorf("the file has changed: %v", err)
	}
}

// A named is a loss of that name.
type named struct{ name string }

func (n named) Name() string                   { return n.name }
func (n named) Target() Target                 { return Numbers }
func (n named) Loss32(r *Row[float32]) float64 { return 0 }
func (n named) Loss64(r *Row[float64]) float64 { return 0 }

// Every mistake about a loss and its set is told.
func TestLossErrors(t *testing.T) {
	set, _ := small[float32](3, 10, 5, 3)
	numbers := line[float32](1, 10)
	short, both, bad, named := numbers, numbers, numbers, set
	short.Values = short.Values[1:]
	both.Labels = make([]uint8, 10)
	bad.Values = append([]float32{float32(math.Inf(1))}, bad.Values[1:]...)
	named.ClassNames = []string{"a", "b"}
	binary := set
	binary.ClassNames = []string{"a", "b", "\xff"}
	for _, c := range []struct {
		want string
		set  Set[float32]
		c    ProblemConfig
	}{
		{"linear: Problem: Loss = softmax, a loss over classes, but the set has numbers", numbers,
			ProblemConfig{Loss: Softmax{}}},
		{"linear: Problem: Loss = huber(1), a loss over numbers, but the set has classes", set,
			ProblemConfig{Loss: &huber{1}}},
		{"linear: Problem: 2 class weights, want one for each class, of 3 over classes", set,
			ProblemConfig{ClassWeights: []float64{1, 2}}},
		{"linear: Problem: ClassWeights[1] = -2, want in [0, +Inf)", set,
			ProblemConfig{ClassWeights: []float64{1, -2, 1}}},
		{"linear: Problem: ClassWeights[2] = 1e+39, which is +Inf in float32, want a number in its range", set,
			ProblemConfig{ClassWeights: []float64{1, 2, 1e39}}},
		{"linear: Problem: 2*Lambda = 2e-50, which is 0 in float32, want a number in its range", set,
			ProblemConfig{Lambda: 1e-50}},
		{"linear: Problem: 2*Lambda = 4e+38, which is +Inf in float32, want a number in its range", set,
			ProblemConfig{Lambda: 2e38}},
		{"linear: Set: 9 values, want one for each of 10 examples", short, ProblemConfig{}},
		{"linear: Set: Values with 10 labels and Classes = 1, want numbers or classes", both, ProblemConfig{}},
		{"linear: Set: value of example 0 = +Inf, want a finite number", bad, ProblemConfig{}},
		{"linear: Set: 2 class names, want one for each of 3 classes", named, ProblemConfig{}},
		{`linear: Set: ClassNames[2] = "\xff", want UTF-8`, binary, ProblemConfig{}},
		{"linear: Set: Classes = 0, want in [1, 256]", Set[float32]{Source: set.Source}, ProblemConfig{}},
	} {
		if _, err := NewProblem(c.set, c.c); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
}
