package linear

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

// tiny is data that trains in milliseconds: classes are directions in few features, with noise.
func tiny[T kernels.Float]() Data[T] {
	make := func(seed uint64, n int) Set[T] {
		s, _ := small[T](seed, n, 40, 4)
		for i, y := range s.Labels {
			row := s.Source.(dataset.Matrix[T]).Row(i)
			row[2*int(y)] += 0.7
			row[len(row)-1] = 1
		}
		return s
	}
	return Data[T]{Train: make(1, 150), Validation: make(2, 60), Test: make(3, 50)}
}

// quick is a configuration for it: nine steps of at most 64 examples.
func quick() TrainConfig {
	return TrainConfig{Optimizer: optim.Adam{LR: 0.01}, Lambda: 0.001, Batch: 64, Epochs: 3, Seed: 5, Threads: 2}
}

func trainer[T kernels.Float](t testing.TB, c TrainConfig, d Data[T]) *Trainer[T] {
	t.Helper()
	x, err := NewTrainer(c, d)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestTrainer(t *testing.T) {
	c := quick()
	c.Epochs = 20
	var reports []Progress
	c.Progress = func(p Progress) { reports = append(reports, p) }
	x := trainer(t, c, tiny[float32]())
	r, err := x.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if r.Steps != 60 || len(r.Epochs) != 20 || len(reports) != 60 {
		t.Fatalf("%d steps, %d epochs, %d reports; want 60, 20, 60", r.Steps, len(r.Epochs), len(reports))
	}
	first, last := r.Epochs[0], r.Epochs[19]
	if !(last.TrainLoss < first.TrainLoss && r.Train.Accuracy() > 0.8 && r.Validation.Accuracy() > 0.4) {
		t.Errorf("loss %v to %v, accuracy %v, validation %v", first.TrainLoss, last.TrainLoss, r.Train.Accuracy(),
			r.Validation.Accuracy())
	}
	if last.ValidationAccuracy != r.Validation.Accuracy() || last.ValidationLoss != r.Validation.Loss {
		t.Errorf("the last epoch has validation %v, %v, the result %+v", last.ValidationLoss, last.ValidationAccuracy,
			r.Validation)
	}
	if r.Test.Examples != 50 || r.Train.Examples != 150 {
		t.Errorf("measured on %d and %d examples, want 150 and 50", r.Train.Examples, r.Test.Examples)
	}
	for i, p := range reports {
		if p.Step != uint64(i+1) || p.Steps != 60 || p.Epoch != i/3+1 || (p.Ended != nil) != (i%3 == 2) {
			t.Errorf("report %d: %+v", i, p)
		}
	}
	if r.Best < 1 || r.Best > 20 || r.Early {
		t.Errorf("best epoch %d, early %v", r.Best, r.Early)
	}
}

// The records of an epoch are what plain loops over its steps come to.
func TestTrainerHistory(t *testing.T) {
	c := quick()
	c.Epochs, c.Sampling = 1, "sequential"
	d := tiny[float64]()
	x := trainer(t, c, d)
	other := trainer(t, c, d) // the same weights, step by step
	loss, correct := 0.0, 0
	for lo := 0; lo < 150; lo += 64 {
		var batch []int
		for i := lo; i < min(lo+64, 150); i++ {
			batch = append(batch, i)
		}
		predicted := make([]uint8, 150)
		other.train.Predict(other.model.W, predicted)
		for _, i := range batch {
			if predicted[i] == d.Train.Labels[i] {
				correct++
			}
		}
		grad := make([]float64, len(other.model.W))
		loss += other.train.LossGradient(other.model.W, grad, batch) * float64(len(batch))
		other.opt.Step(grad)
	}
	r, err := x.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	e := r.Epochs[0]
	if math.Abs(e.TrainLoss-loss/150) > 1e-14*loss || e.TrainAccuracy != float64(correct)/150 || e.Steps != 3 {
		t.Errorf("epoch %+v, want loss %v, accuracy %v, 3 steps", e, loss/150, float64(correct)/150)
	}
	if r.Model.Hash() != other.model.Hash() {
		t.Error("the trainer's weights are not those of its steps")
	}
}

func TestEarlyStopping(t *testing.T) {
	c := quick()
	c.Epochs, c.Patience = 500, 4
	x := trainer(t, c, tiny[float32]())
	r, err := x.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !r.Early || len(r.Epochs) != r.Best+4 {
		t.Fatalf("early %v after %d epochs, best %d: want 4 after the best", r.Early, len(r.Epochs), r.Best)
	}
	for i, e := range r.Epochs {
		best := r.Epochs[r.Best-1].ValidationAccuracy
		if e.ValidationAccuracy > best || i < r.Best-1 && e.ValidationAccuracy == best {
			t.Errorf("epoch %d has accuracy %v, best is epoch %d", i+1, e.ValidationAccuracy, r.Best)
		}
	}
	if got := r.Validation.Accuracy(); got != r.Epochs[r.Best-1].ValidationAccuracy {
		t.Errorf("the model's accuracy is %v, not that of the best epoch", got)
	}
}

// A step allocates nothing, but at the end of an epoch.
func TestStepAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pooled memory come and go")
	}
	d := tiny[float32]()
	d.Train, _ = small[float32](1, 130*30, 40, 4) // an epoch of 30 steps, of three blocks each
	for _, sampling := range []string{"shuffled", "replacement", "sequential"} {
		for _, optimizer := range []optim.Config{optim.SGD{LR: 1e-6}, optim.Momentum{LR: 1e-6},
			optim.RMSProp{LR: 1e-6}, optim.Adam{}} {
			c := quick()
			c.Sampling, c.Optimizer, c.Batch = sampling, optimizer, 130
			x := trainer(t, c, d)
			if got := testing.AllocsPerRun(12, func() { x.Step() }); got != 0 {
				t.Errorf("%s, %T: %v allocations per step", sampling, optimizer, got)
			}
			x.train.pass.hold(2)
			if got := testing.AllocsPerRun(12, func() { x.Step() }); got != 0 {
				t.Errorf("%s, %T: %v allocations per step of a run", sampling, optimizer, got)
			}
			x.train.pass.dismiss()
		}
	}
}

// No goroutine outlives a run or a call, however they end; and members of a crew that sleep are woken.
func TestNoGoroutineStays(t *testing.T) {
	before := runtime.NumGoroutine()
	c := quick()
	c.Threads = 4
	d := tiny[float32]()
	d.Train, _ = small[float32](1, 600, 40, 4)
	c.Batch = 300
	want := hashOf(t, trainer(t, c, d))
	c.Progress = func(Progress) { time.Sleep(3 * awake) }
	if got := hashOf(t, trainer(t, c, d)); got != want {
		t.Errorf("with pauses: weights %s, want %s", got, want)
	}
	c.Progress = func(Progress) { panic("stop") }
	func() {
		defer func() { recover() }()
		trainer(t, c, d).Run(context.Background())
		t.Error("Run came back from a callback's panic")
	}()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	trainer(t, c, d).Run(ctx)
	problem(t, d.Train, ProblemConfig{Threads: 4}).Evaluate(make([]float32, 4*40))
	for range 100 { // a goroutine that has just told of its end may still be counted
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// hashOf trains to the end.
func hashOf[T kernels.Float](t *testing.T, x *Trainer[T]) string {
	t.Helper()
	r, err := x.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return r.Model.Hash()
}

// However it runs, a run makes the same weights.
func TestArchTrainerBits(t *testing.T) {
	d := tiny[float32]()
	want := hashOf(t, trainer(t, quick(), d).On(bitstep.Go))
	for _, b := range bitstep.Backends() {
		for _, threads := range []int{1, 2, 5} {
			c := quick()
			c.Threads = threads
			if got := hashOf(t, trainer(t, c, d).On(b)); got != want {
				t.Errorf("%v, %d threads: %s, want %s", b, threads, got, want)
			}
		}
	}
}

// A run that is cancelled, saved and resumed on another backend makes the weights of one that was not.
func TestArchResume(t *testing.T) {
	t.Run("float32", testResume[float32])
	t.Run("float64", testResume[float64])
}

func testResume[T kernels.Float](t *testing.T) {
	d := tiny[T]()
	want := trainer(t, quick(), d)
	wantHash := hashOf(t, want)
	var wantFile bytes.Buffer
	if err := want.snapshot().Encode(&wantFile); err != nil {
		t.Fatal(err)
	}
	backends := bitstep.Backends()
	for stop := range 9 {
		path := filepath.Join(t.TempDir(), "run")
		ctx, cancel := context.WithCancel(context.Background())
		c := quick()
		c.Checkpoint = path
		c.Progress = func(p Progress) {
			if p.Step == uint64(stop) {
				cancel()
			}
		}
		if stop == 0 {
			cancel()
		}
		_, err := trainer(t, c, d).On(backends[stop%len(backends)]).Run(ctx)
		var interrupted *InterruptedError
		if !errors.As(err, &interrupted) || interrupted.Step != uint64(stop) || interrupted.Checkpoint != path ||
			!errors.Is(err, context.Canceled) {
			t.Fatalf("cancelled after step %d: error %v", stop, err)
		}
		c.Progress = nil
		c.Threads = 1 + stop%3
		x := trainer(t, c, d).On(backends[(stop+1)%len(backends)])
		if err := x.Resume(path); err != nil {
			t.Fatal(err)
		}
		if x.Steps() != uint64(stop) {
			t.Fatalf("resumed at step %d, want %d", x.Steps(), stop)
		}
		if got := hashOf(t, x); got != wantHash {
			t.Errorf("interrupted after step %d: weights %s, want %s", stop, got, wantHash)
		}
		if !reflect.DeepEqual(x.Epochs(), want.Epochs()) {
			t.Errorf("interrupted after step %d: epochs %+v, want %+v", stop, x.Epochs(), want.Epochs())
		}
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(file, wantFile.Bytes()) {
			t.Errorf("interrupted after step %d: the last checkpoint differs from that of one run", stop)
		}
		m, _, err := LoadModel[T](path)
		if err != nil || m.Hash() != wantHash {
			t.Errorf("LoadModel: %v", err)
		}
	}
}

// A loss that is not a number ends the run with the step, and the last good checkpoint stays.
func TestNaNKeepsCheckpoint(t *testing.T) {
	d := tiny[float32]()
	m := d.Train.Source.(dataset.Matrix[float32])
	bad := dataset.Matrix[float32]{Rows: m.Rows, Cols: m.Cols, Stride: m.Stride, Data: slices.Clone(m.Data)}
	bad.Row(149)[3] = float32(math.NaN())
	d.Train.Source = bad
	c := quick()
	c.Sampling, c.Checkpoint, c.CheckpointSteps = "sequential", filepath.Join(t.TempDir(), "run"), 1
	_, err := trainer(t, c, d).Run(context.Background())
	want := "linear: training: loss = NaN at step 3 in epoch 1: try a smaller learning rate; " + c.Checkpoint +
		" keeps the state after step 2"
	if err == nil || err.Error() != want {
		t.Fatalf("error %v, want %s", err, want)
	}
	d.Train.Source = m
	x := trainer(t, c, d)
	if err := x.Resume(c.Checkpoint); err != nil || x.Steps() != 2 {
		t.Errorf("resumed at step %d: %v", x.Steps(), err)
	}
	// Weights that overflow in the last step before a checkpoint, the loss before it being finite.
	for i := range m.Data {
		m.Data[i] *= 1000
	}
	c.Optimizer, c.Checkpoint = optim.SGD{LR: 0x1p127}, filepath.Join(t.TempDir(), "run")
	x = trainer(t, c, d)
	if _, err = x.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "not finite after step 1 ") {
		t.Errorf("weights overflowed: error %v", err)
	}
	if _, err := os.Stat(c.Checkpoint); err == nil {
		t.Error("weights that are not finite were saved")
	}
	if _, again := x.Run(context.Background()); again == nil || again.Error() != err.Error() {
		t.Errorf("running on: error %v, want %v", again, err)
	}
}

func TestTrainConfigErrors(t *testing.T) {
	good := tiny[float32]()
	for _, change := range []struct {
		want string
		make func(c *TrainConfig, d *Data[float32])
	}{
		{"linear: TrainConfig: Batch = -1, want at least 1",
			func(c *TrainConfig, d *Data[float32]) { c.Batch = -1 }},
		{"linear: TrainConfig: Epochs = -3, want at least 1",
			func(c *TrainConfig, d *Data[float32]) { c.Epochs = -3 }},
		{"linear: TrainConfig: Threads = -1, want at least 0",
			func(c *TrainConfig, d *Data[float32]) { c.Threads = -1 }},
		{"linear: TrainConfig: Patience = -1, want at least 0",
			func(c *TrainConfig, d *Data[float32]) { c.Patience = -1 }},
		{"linear: TrainConfig: CheckpointEpochs = -1, want at least 1",
			func(c *TrainConfig, d *Data[float32]) { c.CheckpointEpochs = -1 }},
		{"linear: TrainConfig: InitScale = -1, want a number of at least 0",
			func(c *TrainConfig, d *Data[float32]) { c.InitScale = -1 }},
		{"linear: TrainConfig: CheckpointSteps = 5 without Checkpoint, the file",
			func(c *TrainConfig, d *Data[float32]) { c.CheckpointSteps = 5 }},
		{"linear: TrainConfig: Patience = 2 without a validation set",
			func(c *TrainConfig, d *Data[float32]) { c.Patience, d.Validation.Source = 2, nil }},
		{`linear: TrainConfig: Sampling: dataset: sampler kind "random", want one of [sequential shuffled replacement]`,
			func(c *TrainConfig, d *Data[float32]) { c.Sampling = "random" }},
		{"training set: linear: Set: no examples",
			func(c *TrainConfig, d *Data[float32]) { d.Train = Set[float32]{} }},
		{"training set: linear: Problem: Lambda = -1, want a number of at least 0",
			func(c *TrainConfig, d *Data[float32]) { c.Lambda = -1 }},
		{"linear: test set: 5 classes of 40 features, want 4 of 40 as the training set has",
			func(c *TrainConfig, d *Data[float32]) { d.Test.Classes = 5 }},
		{`optim: group 0 "weights": Adam: Beta1 = 2, want in [0, 1)`,
			func(c *TrainConfig, d *Data[float32]) { c.Optimizer = optim.Adam{Beta1: 2} }},
	} {
		c, d := quick(), good
		change.make(&c, &d)
		if _, err := NewTrainer(c, d); err == nil || err.Error() != change.want {
			t.Errorf("error %v\nwant  %s", err, change.want)
		}
	}
}

// state is everything that Resume changes.
func state[T kernels.Float](t *testing.T, x *Trainer[T]) string {
	t.Helper()
	var b bytes.Buffer
	if err := x.snapshot().Encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A checkpoint of another run is refused, and changes nothing.
func TestResumeErrors(t *testing.T) {
	good := tiny[float32]()
	path := filepath.Join(t.TempDir(), "run")
	c := quick()
	c.Checkpoint = path
	hashOf(t, trainer(t, c, good))
	for _, change := range []struct {
		want string
		make func(c *TrainConfig, d *Data[float32])
	}{
		{`trainer.loss is "svm", this trainer's is "softmax"`,
			func(c *TrainConfig, d *Data[float32]) { c.Loss = Softmax{} }},
		{`trainer.batch is "64", this trainer's is "32"`,
			func(c *TrainConfig, d *Data[float32]) { c.Batch = 32 }},
		{`trainer.lambda is`,
			func(c *TrainConfig, d *Data[float32]) { c.Lambda = 0 }},
		{`trainer.labels is`,
			func(c *TrainConfig, d *Data[float32]) { d.Train = d.Test }},
		{`seed=5 epoch=3 position=0, want kind shuffled, n 150 and seed 6`,
			func(c *TrainConfig, d *Data[float32]) { c.Seed = 6 }},
		{`want kind sequential, n 150`,
			func(c *TrainConfig, d *Data[float32]) { c.Sampling = "sequential" }},
		{`features were made in another way`,
			func(c *TrainConfig, d *Data[float32]) { d.Train.Preprocess.Scale = 2 }},
		{`but what is to be restored has`,
			func(c *TrainConfig, d *Data[float32]) { c.Optimizer = optim.SGD{LR: 1} }},
	} {
		c, d := quick(), good
		change.make(&c, &d)
		x := trainer(t, c, d)
		before := state(t, x)
		err := x.Resume(path)
		if err == nil || !strings.Contains(err.Error(), change.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("error %v, want %s", err, change.want)
		}
		if state(t, x) != before {
			t.Errorf("%s: the trainer changed", change.want)
		}
	}
	x := trainer(t, quick(), tiny[float64]())
	if err := x.Resume(path); err == nil || !strings.Contains(err.Error(), "F32, want F64") {
		t.Errorf("a checkpoint of float32 in a trainer of float64: %v", err)
	}
	if err := x.Resume(path + "no"); err == nil || !strings.Contains(err.Error(), path+"no") {
		t.Errorf("a missing file: %v", err)
	}
	if _, _, err := LoadModel[float64](path); err == nil || !strings.Contains(fmt.Sprint(err), path) {
		t.Errorf("LoadModel of another type: %v", err)
	}
}

// A schedule that watches the loss is saved and resumed with the run.
func TestResumePlateau(t *testing.T) {
	d := tiny[float64]()
	make := func(path string) (*Trainer[float64], *schedule.Plateau) {
		s, err := schedule.NewPlateau(schedule.PlateauOptions{Factor: 0.5, Threshold: 0.05})
		if err != nil {
			t.Fatal(err)
		}
		c := quick()
		c.Epochs, c.Schedule, c.Checkpoint = 12, s, path
		return trainer(t, c, d), s
	}
	whole, s := make("")
	want := hashOf(t, whole)
	if s.Factor(0) == 1 {
		t.Fatal("the rate was never reduced")
	}
	path := filepath.Join(t.TempDir(), "run")
	for stop := uint64(1); stop < 36; stop += 7 {
		first, _ := make("")
		for first.Steps() < stop {
			if _, err := first.Step(); err != nil {
				t.Fatal(err)
			}
		}
		if err := first.Save(path); err != nil {
			t.Fatal(err)
		}
		second, s2 := make("")
		if err := second.Resume(path); err != nil {
			t.Fatal(err)
		}
		if got := hashOf(t, second); got != want || s2.Factor(0) != s.Factor(0) {
			t.Errorf("resumed at step %d: weights %s, want %s; factor %v, want %v", stop, got, want, s2.Factor(0),
				s.Factor(0))
		}
	}
	// A checkpoint without the schedule's state is refused, and nothing of it is taken over.
	if err := trainer(t, quick(), d).Save(path); err != nil {
		t.Fatal(err)
	}
	before := state(t, whole)
	if err := whole.Resume(path); err == nil || state(t, whole) != before {
		t.Errorf("without the schedule's state: error %v; changed: %v", err, state(t, whole) != before)
	}
}
