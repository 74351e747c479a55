package linear

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear/dataset"
)

// A spy is a source that notes on which engine it is asked, and panics when told to. Its rows are in memory, but
// nobody can tell.
type spy[T kernels.Float] struct {
	m    dataset.Matrix[T]
	mu   sync.Mutex
	on   map[bitstep.Engine[T]]bool
	trap func(example int)
}

func (s *spy[T]) Len() int      { return s.m.Rows }
func (s *spy[T]) Features() int { return s.m.Cols }
func (s *spy[T]) FillRows(e bitstep.Engine[T], dst []T, ld int, indices []int) {
	s.mu.Lock()
	if s.on == nil {
		s.on = map[bitstep.Engine[T]]bool{}
	}
	s.on[e] = true
	s.mu.Unlock()
	for _, i := range indices {
		if s.trap != nil {
			s.trap(i)
		}
	}
	s.m.FillRows(e, dst, ld, indices)
}
func (s *spy[T]) FillRange(e bitstep.Engine[T], dst []T, ld, lo, hi int) {
	for i := lo; i < hi; i++ {
		s.FillRows(e, dst[(i-lo)*ld:], ld, []int{i})
	}
}

// Features are made on the backend that a problem or a trainer runs on.
func TestSourcesRunOnBackend(t *testing.T) {
	for _, b := range bitstep.Backends() {
		set, w := small[float32](3, 200, 20, 4)
		s := &spy[float32]{m: set.Source.(dataset.Matrix[float32])}
		set.Source = s
		problem(t, set, ProblemConfig{Threads: 2}).On(b).Loss(w, nil)
		x := trainer(t, quick(), Data[float32]{Train: set, Validation: set}).On(b)
		if _, err := x.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		if want := bitstep.On[float32](b).Threads(1); len(s.on) != 1 || !s.on[want] {
			t.Errorf("on %v the source was asked on %v, want %v alone", b, s.on, want)
		}
	}
}

// A source says how many features it has, and a pointer to a matrix is as good as the matrix.
func TestSourceDimension(t *testing.T) {
	set, w := small[float32](3, 70, 20, 4)
	m := set.Source.(dataset.Matrix[float32])
	want := problem(t, set, ProblemConfig{}).Loss(w, nil)
	for _, s := range []dataset.Source[float32]{&m, &spy[float32]{m: m}} {
		set.Source = s
		p := problem(t, set, ProblemConfig{})
		if p.Features() != 20 || p.Loss(w, nil) != want {
			t.Errorf("%T: %d features", s, p.Features())
		}
	}
	set.Source = &spy[float32]{m: dataset.Matrix[float32]{Rows: 70}}
	if _, err := NewProblem(set, ProblemConfig{}); err == nil ||
		err.Error() != "linear: Set: examples have 0 features, want at least 1" {
		t.Error(err)
	}
}

// A panic in a source, on whichever goroutine, reaches the caller of a problem, and the next call is as if nothing had
// been: it writes nowhere but where it should.
func TestPanicInProblem(t *testing.T) {
	set, w := small[float32](3, 300, 20, 4)
	s := &spy[float32]{m: set.Source.(dataset.Matrix[float32])}
	set.Source = s
	for _, threads := range []int{1, 2, 4} {
		p := problem(t, set, ProblemConfig{Threads: threads})
		want := p.Loss(w, nil)
		evaluation := fmt.Sprint(p.Evaluate(w))
		for _, at := range []int{0, 63, 150, 299} {
			s.trap = func(example int) {
				if example == at {
					panic("no such disk")
				}
			}
			grad := make([]float32, len(w))
			func() {
				defer func() {
					if r := recover(); r == nil {
						t.Errorf("%d threads, example %d: no panic", threads, at)
					}
				}()
				p.LossGradient(w, grad, nil)
			}()
			s.trap = nil
			clear(grad)
			if got := p.Loss(w, nil); got != want || grad[0] != 0 {
				t.Errorf("%d threads, after the panic at %d: loss %v, want %v, or its gradient is written", threads,
					at, got, want)
			}
			if got := fmt.Sprint(p.Evaluate(w)); got != evaluation {
				t.Errorf("%d threads, after the panic at %d: %s, want %s", threads, at, got, evaluation)
			}
		}
	}
}

// A panic in a step, on whichever goroutine, ends a run: the trainer refuses to go on and to save, until it is set to a
// checkpoint.
func TestPanicInRun(t *testing.T) {
	for _, threads := range []int{1, 2} {
		d := tiny[float32]()
		s := &spy[float32]{m: d.Train.Source.(dataset.Matrix[float32])}
		d.Train.Source = s
		c := quick()
		c.Threads = threads
		want := hashOf(t, trainer(t, c, d))
		c.Checkpoint, c.CheckpointSteps = filepath.Join(t.TempDir(), "run"), 1
		var calls atomic.Int64
		s.trap = func(int) {
			if calls.Add(1) == 200 { // in the fourth step, the second epoch's first
				panic("no such disk")
			}
		}
		x := trainer(t, c, d)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			x.Run(context.Background())
		}()
		s.trap = nil
		_, err := x.Step()
		_, errRun := x.Run(context.Background())
		errSave := x.Save(c.Checkpoint)
		if !errors.Is(err, errPanicked) || !errors.Is(errRun, errPanicked) || !errors.Is(errSave, errPanicked) {
			t.Errorf("after the panic: %v, %v, %v", err, errRun, errSave)
		}
		if err := x.Resume(c.Checkpoint); err != nil || x.Steps() != 3 {
			t.Fatalf("resumed at step %d: %v", x.Steps(), err)
		}
		if got := hashOf(t, x); got != want {
			t.Errorf("weights %s, want %s", got, want)
		}
	}
}
