package linear

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
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
	"github.com/bitstep-go/bitstep/optim/checkpoint"
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

// A Trace is told the rate of its step, for which the schedule is asked once, since one that is not pure or takes long
// would make other steps if it were asked again.
func TestTrace(t *testing.T) {
	c, d := quick(), tiny[float32]()
	asked := 0
	c.Schedule = schedule.Func(func(step uint64) float64 {
		asked++
		return 1 / float64(asked)
	})
	calls := 0
	c.Trace = func(s Trace) error {
		calls++
		if want := float64(0.01 * (1 / float64(calls))); s.Rate != want || s.Drawn != uint64(calls) || asked != calls {
			t.Errorf("step %d: rate %v, want %v; minibatch %d; the schedule was asked %d times", calls, s.Rate, want,
				s.Drawn, asked)
		}
		return nil
	}
	if _, err := trainer(t, c, d).Run(t.Context()); err != nil || calls != 9 {
		t.Errorf("%d steps, %v", calls, err)
	}
	c.Schedule, calls, asked = nil, 0, 0
	c.Trace = func(s Trace) error {
		if calls++; calls == 4 {
			return errors.New("enough")
		}
		if s.Rate != 0.01 {
			t.Errorf("step %d: rate %v", calls, s.Rate)
		}
		return nil
	}
	x := trainer(t, c, d)
	if _, err := x.Run(t.Context()); err == nil || err.Error() != "enough" || x.Steps() != 4 {
		t.Errorf("an error of the Trace: %v after %d steps", err, x.Steps())
	}
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

// allocations returns how many a call makes. On a busy machine the runtime allocates too, for a goroutine that starts
// before the last one has quite gone, or one that waits: what the call itself allocates it allocates each time.
func allocations(f func()) float64 {
	least := math.Inf(1)
	for i := 0; i < 10 && least > 0; i++ {
		least = min(least, testing.AllocsPerRun(12, f))
	}
	return least
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
			if got := allocations(func() { x.Step() }); got != 0 {
				t.Errorf("%s, %T: %v allocations per step", sampling, optimizer, got)
			}
			x.train.pass.hold(2)
			if got := allocations(func() { x.Step() }); got != 0 {
				t.Errorf("%s, %T: %v allocations per step of a run", sampling, optimizer, got)
			}
			x.train.pass.dismiss()
		}
	}
	for _, c := range halved() {
		x := trainer(t, c, d)
		if got := allocations(func() { x.Step() }); got != 0 {
			t.Errorf("weights in bfloat16, master %v: %v allocations per step", c.Options.Master, got)
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
	c.Progress = func(Progress) { time.Sleep(time.Millisecond) }
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
	for _, c := range append(halved(), quick()) {
		want := hashOf(t, trainer(t, c, d).On(bitstep.Go))
		for _, b := range bitstep.Backends() {
			for _, threads := range []int{1, 2, 5} {
				c.Threads = threads
				if got := hashOf(t, trainer(t, c, d).On(b)); got != want {
					t.Errorf("weights %v, %v, %d threads: %s, want %s", c.Weights, b, threads, got, want)
				}
			}
		}
	}
}

// With weights in bfloat16 a run is what a loop over passes and an optimizer makes of the same batches: gradients are
// those of the weights as they are rounded, and themselves rounded unless there is a master.
func TestArchHalves(t *testing.T) {
	d := tiny[float32]()
	for _, c := range halved() {
		c.InitScale = 1 // so that it shows in the end how weights are rounded at the start
		var batches [][]int
		c.Trace = func(s Trace) error {
			batches = append(batches, slices.Clone(s.Batch))
			return nil
		}
		got := hashOf(t, trainer(t, c, d))
		p, err := NewProblem(d.Train, ProblemConfig{Lambda: c.Lambda})
		if err != nil {
			t.Fatal(err)
		}
		m := NewModel[float32](p.Classes(), p.Features())
		m.Init(c.InitScale, c.Seed)
		w, g := make([]kernels.BFloat16, len(m.W)), make([]kernels.BFloat16, len(m.W))
		kernels.ToBFloat16(w, m.W, kernels.Rounding{Nearest: true})
		opt, err := optim.NewGroups(c.Options,
			optim.Group[float32]{Config: c.Optimizer, Weights: [][]kernels.BFloat16{w}})
		if err != nil {
			t.Fatal(err)
		}
		grad := make([]float32, len(w))
		for _, batch := range batches {
			kernels.FromBFloat16(m.W, w)
			p.LossGradient(m.W, grad, batch)
			kernels.ToBFloat16(g, grad, kernels.Rounding{Nearest: true})
			if c.Options.Master {
				opt.Step(grad)
			} else {
				opt.StepStored(kernels.Stored{BFloat16: g})
			}
		}
		kernels.FromBFloat16(m.W, w)
		if want := m.Hash(); got != want || len(batches) != 9 {
			t.Errorf("master %v: after %d steps %s, want %s", c.Options.Master, len(batches), got, want)
		}
	}
}

// A run that is cancelled, saved and resumed on another backend makes the weights of one that was not.
func TestArchResume(t *testing.T) {
	t.Run("float32", func(t *testing.T) { testResume[float32](t, quick()) })
	t.Run("float64", func(t *testing.T) { testResume[float64](t, quick()) })
	for _, c := range halved() {
		t.Run(fmt.Sprintf("bfloat16/master=%v", c.Options.Master), func(t *testing.T) { testResume[float32](t, c) })
	}
}

// halved are configurations of weights in bfloat16.
func halved() (all []TrainConfig) {
	for _, master := range []bool{false, true} {
		c := quick()
		c.Weights, c.Options = optim.BF16, optim.Options{Master: master, Seed: 7}
		all = append(all, c)
	}
	return all
}

func testResume[T kernels.Float](t *testing.T, from TrainConfig) {
	d := tiny[T]()
	want := trainer(t, from, d)
	wantHash := hashOf(t, want)
	var wantFile bytes.Buffer
	if err := want.snapshot().Encode(&wantFile); err != nil {
		t.Fatal(err)
	}
	backends := bitstep.Backends()
	for stop := range 9 {
		path := filepath.Join(t.TempDir(), "run")
		ctx, cancel := context.WithCancel(context.Background())
		c := from
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
		m, err := LoadModel[T](path)
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
		{"linear: TrainConfig: InitScale = -1, want in [0, +Inf)",
			func(c *TrainConfig, d *Data[float32]) { c.InitScale = -1 }},
		{"linear: TrainConfig: CheckpointSteps = 5 without Checkpoint, the file",
			func(c *TrainConfig, d *Data[float32]) { c.CheckpointSteps = 5 }},
		{`linear: TrainConfig: BestModel = "./run", the file of Checkpoint too`,
			func(c *TrainConfig, d *Data[float32]) { c.Checkpoint, c.BestModel = "run", "./run" }},
		{"linear: TrainConfig: Patience = 2 without a validation set",
			func(c *TrainConfig, d *Data[float32]) { c.Patience, d.Validation.Source = 2, nil }},
		{`linear: TrainConfig: BestModel = "best" without a validation set`,
			func(c *TrainConfig, d *Data[float32]) { c.BestModel, d.Validation.Source = "best", nil }},
		{"linear: TrainConfig: Schedule observes the accuracy, which numbers have not, want one that observes the loss",
			func(c *TrainConfig, d *Data[float32]) {
				c.Schedule, _ = schedule.NewPlateau(schedule.PlateauOptions{Maximize: true})
				d.Train.Values, d.Train.Labels, d.Train.Classes = make([]float32, 150), nil, 0
			}},
		{`linear: TrainConfig: Sampling: dataset: sampler kind "random", want one of [sequential shuffled replacement]`,
			func(c *TrainConfig, d *Data[float32]) { c.Sampling = "random" }},
		{"training set: linear: Set: no examples",
			func(c *TrainConfig, d *Data[float32]) { d.Train = Set[float32]{} }},
		{"training set: linear: Problem: Lambda = -1, want in [0, +Inf)",
			func(c *TrainConfig, d *Data[float32]) { c.Lambda = -1 }},
		{"linear: test set: 5 classes of 40 features, want 4 of 40 as the training set has",
			func(c *TrainConfig, d *Data[float32]) { d.Test.Classes = 5 }},
		{`linear: validation set: ClassNames[3] = "x", want "d" as the training set has`,
			func(c *TrainConfig, d *Data[float32]) {
				d.Train.ClassNames, d.Validation.ClassNames = strings.Split("abcd", ""), strings.Split("abcx", "")
			}},
		{`linear: test set: ClassNames[0] = "x", want "a" as the training set has`,
			func(c *TrainConfig, d *Data[float32]) {
				d.Train.ClassNames, d.Test.ClassNames = strings.Split("abcd", ""), strings.Split("xbcd", "")
			}},
		{`optim: group 0 "weights": Adam: Beta1 = 2, want in [0, 1)`,
			func(c *TrainConfig, d *Data[float32]) { c.Optimizer = optim.Adam{Beta1: 2} }},
		{"linear: TrainConfig: Weights = Block8, want Full or BF16",
			func(c *TrainConfig, d *Data[float32]) { c.Weights = optim.Block8 }},
		{"optim: Options: Master = true without Weights, of which it is a copy",
			func(c *TrainConfig, d *Data[float32]) { c.Options.Master = true }},
		{`optim: group 0 "weights": Muon: Weights with Options.Master = false, want true: its steps work on` +
			" parameters beside a kernel", func(c *TrainConfig, d *Data[float32]) {
			c.Weights, c.Optimizer = optim.BF16, optim.Muon{}
		}},
	} {
		c, d := quick(), good
		change.make(&c, &d)
		if _, err := NewTrainer(c, d); err == nil || err.Error() != change.want {
			t.Errorf("error %v\nwant  %s", err, change.want)
		}
	}
	c := halved()[0]
	const want = "linear: TrainConfig: Weights = BF16 with elements of float64, want float32"
	if _, err := NewTrainer(c, tiny[float64]()); err == nil || err.Error() != want {
		t.Errorf("error %v\nwant  %s", err, want)
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
		{`metadata "optimizer.group.0.LR" is 0.01, but what is to be restored has 1`,
			func(c *TrainConfig, d *Data[float32]) { c.Optimizer = optim.Adam{LR: 1} }},
	} {
		c, d := quick(), good
		change.make(&c, &d)
		x := trainer(t, c, d)
		before := state(t, x)
		err := x.Resume(path)
		if err == nil || !strings.Contains(err.Error(), change.want) || strings.Count(err.Error(), path) != 1 ||
			strings.Contains(err.Error(), "SetLR") {
			t.Errorf("error %v, want %s, the file once and no method that a trainer lacks", err, change.want)
		}
		if state(t, x) != before {
			t.Errorf("%s: the trainer changed", change.want)
		}
	}
	two := trainer(t, c, good)
	hashOf(t, two)
	two.model = two.model.clone(slices.Repeat([]float32{9}, len(two.model.W)))
	c.Checkpoint = filepath.Join(t.TempDir(), "two")
	fresh := trainer(t, c, good)
	before := state(t, fresh)
	err := errors.Join(two.Save(c.Checkpoint), fresh.Resume(c.Checkpoint))
	if err == nil || !strings.Contains(err.Error(), "not what the optimizer has") || state(t, fresh) != before {
		t.Errorf("a checkpoint of two models: %v; changed: %v", err, state(t, fresh) != before)
	}
	x := trainer(t, quick(), tiny[float64]())
	if err := x.Resume(path); err == nil || !strings.Contains(err.Error(), "F32, want F64") {
		t.Errorf("a checkpoint of float32 in a trainer of float64: %v", err)
	}
	if err := x.Resume(path + "no"); err == nil || !strings.Contains(err.Error(), path+"no") {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := LoadModel[float64](path); err == nil || strings.Count(err.Error(), path) != 1 {
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

// Whatever ends a run without a checkpoint, weights that are not finite are an error.
func TestNonFiniteWithoutCheckpoint(t *testing.T) {
	d := tiny[float32]()
	m := d.Train.Source.(dataset.Matrix[float32])
	for i := range m.Data {
		m.Data[i] *= 1000
	}
	c := quick()
	c.Epochs, c.Batch, c.Optimizer = 1, 1<<20, optim.SGD{LR: 0x1p127} // one step, the last
	for _, c.BestModel = range []string{"", filepath.Join(t.TempDir(), "best")} {
		if r, err := trainer(t, c, d).Run(context.Background()); err == nil ||
			!strings.Contains(err.Error(), "weights are not finite after step 1 ") {
			t.Errorf("result %v, error %v", r, err)
		}
		if _, err := os.Stat(c.BestModel); err == nil {
			t.Error("weights that are not finite were saved as the best model")
		}
	}
}

// NaN is no better than anything, and any number is better than NaN.
func TestBestIsNotNaN(t *testing.T) {
	nan := math.NaN()
	for _, monitor := range []string{"loss", "accuracy"} {
		c := quick()
		c.Monitor = monitor
		x := trainer(t, c, tiny[float32]())
		for losses, want := range map[[4]float64]int{{nan, 3, nan, 2}: 4, {nan, nan, 3, 4}: 3, {2, nan, 3, nan}: 1,
			{nan, nan, nan, nan}: 1} {
			x.epochs = nil
			for i, loss := range losses {
				x.epochs = append(x.epochs, Epoch{Number: i + 1, ValidationLoss: loss, ValidationAccuracy: 1 / loss})
			}
			if got := x.bestEpoch(); got != want {
				t.Errorf("%s: of losses %v the best is that of epoch %d, want %d", monitor, losses, got, want)
			}
		}
	}
}

// The model of a checkpoint is that of the run, with its classes' names; the other one is there too.
func TestLoadModel(t *testing.T) {
	d := tiny[float32]()
	d.Train.ClassNames = []string{"cat", "dog, wet", "\"deer\"\n", "frog"}
	c := quick()
	c.Epochs, c.Patience, c.Loss = 500, 4, Softmax{}
	c.Checkpoint, c.BestModel = filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "best")
	x := trainer(t, c, d)
	r, err := x.Run(context.Background())
	if err != nil || r.Best == len(r.Epochs) {
		t.Fatal(r.Best, err)
	}
	for i, l := range []struct {
		load func(string) (*Model[float32], error)
		path string
		want *Model[float32]
	}{{LoadModel[float32], c.Checkpoint, r.Model}, {LoadBest[float32], c.Checkpoint, r.Model},
		{LoadLast[float32], c.Checkpoint, x.Model()}, {LoadModel[float32], c.BestModel, r.Model}} {
		m, err := l.load(l.path)
		if err != nil || m.Hash() != l.want.Hash() || !slices.Equal(m.ClassNames, d.Train.ClassNames) ||
			m.Loss != (Softmax{}) {
			t.Errorf("load %d: %+v, %v", i, m, err)
		}
	}
	if r.Model.Hash() == x.Model().Hash() || !slices.Equal(r.Model.ClassNames, d.Train.ClassNames) {
		t.Error("the best model is the last, or has no names")
	}
	if _, err := LoadBest[float32](c.BestModel); err == nil || !strings.Contains(err.Error(), "no tensor best") {
		t.Errorf("the best of a model's file: %v", err)
	}
	// Without patience the last model is the run's.
	c.Patience, c.Epochs, c.BestModel = 0, 3, ""
	r, err = trainer(t, c, d).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if m, err := LoadModel[float32](c.Checkpoint); err != nil || m.Hash() != r.Model.Hash() {
		t.Errorf("without patience: %v", err)
	}
	if m, err := LoadBest[float32](c.Checkpoint); err != nil || (m.Hash() == r.Model.Hash()) != (r.Best == 3) {
		t.Errorf("the best without patience: %v", err)
	}
}

// Patience that ends with the last epoch is not early.
func TestEarlyAtTheEnd(t *testing.T) {
	c := quick()
	c.Epochs, c.Patience = 500, 4
	r, err := trainer(t, c, tiny[float32]()).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	c.Epochs = len(r.Epochs)
	if r, err = trainer(t, c, tiny[float32]()).Run(context.Background()); err != nil || r.Early {
		t.Errorf("early %v, %v", r.Early, err)
	}
}

// Stop ends a run, which is saved and goes on as if it had not been stopped.
func TestStop(t *testing.T) {
	d, c := tiny[float32](), quick()
	want := hashOf(t, trainer(t, c, d))
	c.Checkpoint = filepath.Join(t.TempDir(), "run")
	c.Stop = func(p Progress) bool { return p.Step == 5 }
	r, err := trainer(t, c, d).Run(context.Background())
	if err != nil || !r.Stopped || r.Early || r.Steps != 5 || r.Train.Examples != 150 {
		t.Fatalf("%+v, %v", r, err)
	}
	x := trainer(t, c, d)
	if err := x.Resume(c.Checkpoint); err != nil {
		t.Fatal(err)
	}
	if got := hashOf(t, x); got != want {
		t.Errorf("weights %s, want %s", got, want)
	}
}

// A run that Stop ends where it ends anyway is not stopped.
func TestStopAtTheEnd(t *testing.T) {
	c := quick()
	c.Stop = func(p Progress) bool { return p.Step == p.Steps }
	if r, err := trainer(t, c, tiny[float32]()).Run(context.Background()); err != nil || r.Stopped {
		t.Errorf("stopped %v, %v", r.Stopped, err)
	}
}

// Progress is called every ProgressSteps steps and at each epoch's end, and the file is written after every
// CheckpointEpochs epochs alone.
func TestCadences(t *testing.T) {
	c := quick() // three steps an epoch
	c.Epochs, c.ProgressSteps, c.CheckpointEpochs = 5, 2, 2
	c.Checkpoint = filepath.Join(t.TempDir(), "run")
	var steps []uint64
	written := map[uint64]uint64{} // the file's step at each report
	c.Progress = func(p Progress) {
		steps = append(steps, p.Step)
		x := trainer(t, quick(), tiny[float32]())
		if x.Resume(c.Checkpoint) == nil {
			written[p.Step] = x.Steps()
		}
	}
	hashOf(t, trainer(t, c, tiny[float32]()))
	if want := []uint64{2, 3, 4, 6, 8, 9, 10, 12, 14, 15}; !slices.Equal(steps, want) {
		t.Errorf("reports at steps %v, want %v", steps, want)
	}
	want := map[uint64]uint64{6: 6, 8: 6, 9: 6, 10: 6, 12: 12, 14: 12, 15: 12}
	if !reflect.DeepEqual(written, want) {
		t.Errorf("the file has the steps %v, want %v", written, want)
	}
}

// A run that is resumed at its end, but with patience, has another model, and so has its file.
func TestResumeReported(t *testing.T) {
	d, c := tiny[float32](), quick()
	c.Epochs, c.Checkpoint = 20, filepath.Join(t.TempDir(), "run")
	if r, err := trainer(t, c, d).Run(context.Background()); err != nil || r.Best == 20 {
		t.Fatal(r.Best, err)
	}
	c.Patience = 20
	x := trainer(t, c, d)
	if err := x.Resume(c.Checkpoint); err != nil {
		t.Fatal(err)
	}
	want := hashOf(t, x)
	if m, err := LoadModel[float32](c.Checkpoint); err != nil || m.Hash() != want || x.Model().Hash() == want {
		t.Errorf("the file's model is %s, the run's %s, the last %s: %v", m.Hash(), want, x.Model().Hash(), err)
	}
}

// What measures the result is no time of a step.
func TestTimesOfSteps(t *testing.T) {
	x := trainer(t, quick(), tiny[float32]())
	x.TakeTimes()
	hashOf(t, x)
	if x.TakeTimes() == (Times{}) {
		t.Error("nine steps took no time")
	}
	hashOf(t, x) // no step is left
	if got := x.TakeTimes(); got != (Times{}) {
		t.Errorf("no steps took %+v", got)
	}
}

// A run resumed after its best epoch still has the best model.
func TestResumeKeepsBest(t *testing.T) {
	d, c := tiny[float32](), quick()
	c.Epochs, c.Patience, c.Checkpoint = 500, 4, filepath.Join(t.TempDir(), "run")
	want, err := trainer(t, c, d).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	c.Stop = func(p Progress) bool { return p.Ended != nil && p.Epoch == want.Best+2 }
	if _, err := trainer(t, c, d).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	x := trainer(t, c, d)
	if err := x.Resume(c.Checkpoint); err != nil {
		t.Fatal(err)
	}
	got, err := x.Run(context.Background())
	if err != nil || got.Best != want.Best || got.Model.Hash() != want.Model.Hash() {
		t.Errorf("best epoch %d, weights %s; want %d, %s: %v", got.Best, got.Model.Hash(), want.Best,
			want.Model.Hash(), err)
	}
}

// A batch larger than the set is the set.
func TestHugeBatch(t *testing.T) {
	c := quick()
	c.Batch = 150
	want := hashOf(t, trainer(t, c, tiny[float32]()))
	c.Batch = math.MaxInt
	x := trainer(t, c, tiny[float32]())
	if got := hashOf(t, x); got != want || x.StepsPerEpoch() != 1 {
		t.Errorf("%d steps an epoch, weights %s, want %s", x.StepsPerEpoch(), got, want)
	}
}

func TestStepsPerEpoch(t *testing.T) {
	for _, c := range []struct {
		n, batch int
		want     uint64
	}{{0, 1, 0}, {1, 1, 1}, {150, 64, 3}, {128, 64, 2}, {math.MaxInt, math.MaxInt, 1}, {1, math.MaxInt, 1}} {
		if got := StepsPerEpoch(c.n, c.batch); got != c.want {
			t.Errorf("StepsPerEpoch(%d, %d) = %d, want %d", c.n, c.batch, got, c.want)
		}
	}
	for _, c := range [][2]int{{5, 0}, {-1, 2}} {
		func() {
			want := fmt.Sprintf("linear: StepsPerEpoch: %d examples, batches of %d, want at least 0 and 1", c[0], c[1])
			defer func() {
				if got := recover(); got != want {
					t.Errorf("panic %v, want %s", got, want)
				}
			}()
			StepsPerEpoch(c[0], c[1])
		}()
	}
}

// What the caller does to the class weights later is nothing to the trainer.
func TestClassWeightsCopied(t *testing.T) {
	c := quick()
	c.ClassWeights = []float64{1, 2, 3, 4}
	x := trainer(t, c, tiny[float32]())
	before := state(t, x)
	c.ClassWeights[0] = 9
	if state(t, x) != before {
		t.Error("the trainer's checkpoint has changed")
	}
}

// Zero is 0, and a scale that the type cannot hold is refused.
func TestInitScale(t *testing.T) {
	c := quick()
	c.InitScale = optim.Zero
	if m := trainer(t, c, tiny[float32]()).Model(); m.Hash() != NewModel[float32](4, 40).Hash() {
		t.Error("weights are not 0")
	}
	for scale, want := range map[float64]string{
		1e39:   "linear: TrainConfig: InitScale = 1e+39, which is +Inf in float32",
		1e-60:  "linear: TrainConfig: InitScale = 1e-60, which is 0 in float32",
		3e38:   "linear: TrainConfig: InitScale = 3e+38, which makes weights that are not finite",
		-1e-20: "linear: TrainConfig: InitScale = -1e-20, want in [0, +Inf)",
	} {
		c.InitScale = scale
		if _, err := NewTrainer(c, tiny[float32]()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// A checkpoint that cannot be written when a run is interrupted is told in the error that says so.
func TestInterruptedUnsaved(t *testing.T) {
	c := quick()
	c.Checkpoint = filepath.Join(t.TempDir(), "none", "run")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := trainer(t, c, tiny[float32]()).Run(ctx)
	var e *InterruptedError
	if !errors.As(err, &e) || e.Checkpoint != "" || !errors.Is(err, context.Canceled) ||
		!errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "not saved") ||
		!strings.Contains(err.Error(), c.Checkpoint) {
		t.Errorf("error %v", err)
	}
}

// Steps that are skipped are told, and an epoch of nothing else can be resumed.
func TestSkippedEpoch(t *testing.T) {
	d := tiny[float32]()
	m := d.Train.Source.(dataset.Matrix[float32])
	m.Data = slices.Repeat([]float32{1e38}, len(m.Data))
	d.Train.Source = m
	c := quick()
	c.Options.SkipNonFinite, c.Lambda, c.Batch, c.InitScale = true, 0, 50, optim.Zero
	c.Epochs, c.Checkpoint = 2, filepath.Join(t.TempDir(), "run")
	var last Progress
	reports := 0
	c.ProgressSteps = 2
	c.Progress = func(p Progress) { last, reports = p, reports+1 }
	r, err := trainer(t, c, d).Run(context.Background())
	if err != nil || r.Skipped != 6 || r.Steps != 0 || last.Skipped != 6 || len(r.Epochs) != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	if reports != 4 { // after the minibatches 2, 4 and 6, and after the first epoch
		t.Errorf("%d reports of 6 skipped steps, want 4", reports)
	}
	c.Epochs = 3
	x := trainer(t, c, d)
	if err := x.Resume(c.Checkpoint); err != nil || x.Skipped() != 6 {
		t.Fatalf("%d skipped: %v", x.Skipped(), err)
	}
	if r, err := x.Run(context.Background()); err != nil || r.Skipped != 9 {
		t.Errorf("%+v, %v", r, err)
	}
}

// What a run is must be as in the checkpoint; what may change may, and changes no weights but by its own meaning.
func TestResumeFields(t *testing.T) {
	good := tiny[float32]()
	good.Train.ClassNames = []string{"a", "b", "c", "d"}
	path := filepath.Join(t.TempDir(), "run")
	c := quick()
	c.Checkpoint = path
	hashOf(t, trainer(t, c, good))
	type change = func(c *TrainConfig, d *Data[float32])
	try := func(change change) error {
		c, d := quick(), good
		change(&c, &d)
		return trainer(t, c, d).Resume(path)
	}
	for field, change := range map[string]change{
		"FreeBias":     func(c *TrainConfig, d *Data[float32]) { c.FreeBias = true },
		"ClassWeights": func(c *TrainConfig, d *Data[float32]) { c.ClassWeights = []float64{1, 1, 1, 2} },
		"Monitor":      func(c *TrainConfig, d *Data[float32]) { c.Monitor = "loss" },
		"InitScale":    func(c *TrainConfig, d *Data[float32]) { c.InitScale = 1 },
		"ClassNames": func(c *TrainConfig, d *Data[float32]) {
			d.Train.ClassNames = slices.Repeat([]string{"a"}, 4)
		},
		"validation set's targets": func(c *TrainConfig, d *Data[float32]) { d.Validation = d.Test },
		"trainer.validation":       func(c *TrainConfig, d *Data[float32]) { d.Validation.Source = nil },
		"Optimizer and Options":    func(c *TrainConfig, d *Data[float32]) { c.Optimizer = optim.Adam{LR: 0.02} },
		"0.LR":                     func(c *TrainConfig, d *Data[float32]) { c.Optimizer = optim.Adam{LR: 0.02} },
		"Beta1": func(c *TrainConfig, d *Data[float32]) {
			c.Optimizer = optim.Adam{LR: 0.01, Beta1: 0.8}
		},
		"ClipNorm": func(c *TrainConfig, d *Data[float32]) { c.Options.ClipNorm = 3 },
		`trainer.weights is "Full", this trainer's is "BF16": Weights must be that of the run`: func(c *TrainConfig,
			d *Data[float32]) {
			c.Weights = optim.BF16
		},
	} {
		if err := try(change); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("another %s: error %v", field, err)
		}
	}
	for _, change := range []change{
		func(c *TrainConfig, d *Data[float32]) { c.Epochs, c.Patience, c.Threads = 9, 3, 1 },
		func(c *TrainConfig, d *Data[float32]) {
			c.CheckpointEpochs, c.ProgressSteps, d.Test = 7, 9, Set[float32]{}
		},
		func(c *TrainConfig, d *Data[float32]) {
			c.Schedule = schedule.Func(func(uint64) float64 { return 0.5 })
		},
	} {
		if err := try(change); err != nil {
			t.Error(err)
		}
	}
	halves := halved()
	for i, c := range halves {
		c.Checkpoint = filepath.Join(t.TempDir(), "halves")
		r, err := trainer(t, c, good).Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		saved, err := checkpoint.Read(c.Checkpoint)
		if err != nil {
			t.Fatal(err)
		}
		changed := checkpoint.New()
		for _, k := range saved.MetaKeys() {
			if v, _ := saved.Meta(k); k != "bitstep" && k != "sha256" {
				changed.SetMeta(k, v)
			}
		}
		for _, n := range saved.Names() {
			if tensor, _ := saved.Tensor(n); n != weightsTensor {
				changed.PutTensor(n, tensor)
			}
		}
		r.Model.W[0]++
		checkpoint.Put(changed, weightsTensor, []int{r.Model.Classes, r.Model.Features}, r.Model.W)
		other := filepath.Join(t.TempDir(), "changed")
		if err := changed.WriteFile(other); err != nil {
			t.Fatal(err)
		}
		for _, in := range []struct {
			want, path string
			c          TrainConfig
		}{{"Weights must be that of the run", c.Checkpoint, quick()}, {"Master", c.Checkpoint, halves[1-i]},
			{"tensor weights is not what the optimizer has", other, c}} {
			x := trainer(t, in.c, good)
			before := state(t, x)
			if err := x.Resume(in.path); err == nil || !strings.Contains(err.Error(), in.want) {
				t.Errorf("weights in bfloat16, master %v: %v, want %q", c.Options.Master, err, in.want)
			}
			if state(t, x) != before {
				t.Errorf("%s: resuming in vain has changed the trainer", in.want)
			}
		}
	}
	// A checkpoint of before there were the new keys means what it meant.
	new, err := checkpoint.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	old := checkpoint.New()
	for _, k := range new.MetaKeys() {
		if v, _ := new.Meta(k); !slices.Contains([]string{"bitstep", "sha256", metaFreeBias, metaWeights,
			metaInitScale, metaMonitor, metaValidation, metaReported, metaClasses}, k) {
			old.SetMeta(k, v)
		}
	}
	for _, n := range new.Names() {
		tensor, _ := new.Tensor(n)
		old.PutTensor(n, tensor)
	}
	path = filepath.Join(t.TempDir(), "old")
	if err := old.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	if err := try(func(c *TrainConfig, d *Data[float32]) {}); err != nil {
		t.Error(err)
	}
	for field, change := range map[string]change{
		"FreeBias":    func(c *TrainConfig, d *Data[float32]) { c.FreeBias = true },
		"Monitor":     func(c *TrainConfig, d *Data[float32]) { c.Monitor = "loss" },
		"tensor best": func(c *TrainConfig, d *Data[float32]) { d.Validation.Source = nil },
	} {
		if err := try(change); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("an old checkpoint, another %s: error %v", field, err)
		}
	}
	if m, err := LoadModel[float32](path); err != nil || m.ClassNames != nil {
		t.Errorf("an old checkpoint's model: %v", err)
	}
}

// A schedule inside another observes, is saved and resumed; one that wants the accuracy gets it.
func TestScheduleObserves(t *testing.T) {
	d := tiny[float64]()
	make := func(path string, maximize bool) (*Trainer[float64], *schedule.Plateau) {
		p, err := schedule.NewPlateau(schedule.PlateauOptions{Factor: 0.5, Threshold: 0.05, Maximize: maximize})
		if err != nil {
			t.Fatal(err)
		}
		s, err := schedule.Chained(p, schedule.Func(func(uint64) float64 { return 1 }))
		if err != nil {
			t.Fatal(err)
		}
		c := quick()
		c.Epochs, c.Schedule, c.Checkpoint = 12, s, path
		return trainer(t, c, d), p
	}
	path := filepath.Join(t.TempDir(), "run")
	for _, maximize := range []bool{false, true} {
		x, p := make("", maximize)
		want := hashOf(t, x)
		observed := slices.ContainsFunc(x.Epochs(), func(e Epoch) bool {
			return maximize && p.Best() == e.ValidationAccuracy || !maximize && p.Best() == e.ValidationLoss
		})
		if !observed {
			t.Errorf("maximize %v: the best is %v, which is of no epoch", maximize, p.Best())
		}
		if p.Factor(0) == 1 {
			t.Errorf("maximize %v: the rate was never reduced", maximize)
		}
		first, _ := make(path, maximize)
		first.c.Stop = func(p Progress) bool { return p.Step == 22 }
		if _, err := first.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		second, p2 := make("", maximize)
		if err := second.Resume(path); err != nil {
			t.Fatal(err)
		}
		if got := hashOf(t, second); got != want || p2.Factor(0) != p.Factor(0) {
			t.Errorf("maximize %v: resumed weights %s, want %s", maximize, got, want)
		}
	}
}
