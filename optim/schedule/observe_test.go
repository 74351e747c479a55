package schedule_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/optim/checkpoint"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

func plateau(o schedule.PlateauOptions) *schedule.Plateau {
	p, err := schedule.NewPlateau(o)
	if err != nil {
		panic(err)
	}
	return p
}

// A plateau observes, and is saved and restored, wherever it is inside another schedule.
func TestObserversInside(t *testing.T) {
	halving := schedule.PlateauOptions{Factor: 0.5, Min: 1. / 64}
	for name, make := range map[string]func(p schedule.Schedule) (schedule.Schedule, error){
		"itself": func(p schedule.Schedule) (schedule.Schedule, error) { return p, nil },
		"Warmup": func(p schedule.Schedule) (schedule.Schedule, error) { return schedule.Warmup(5, 0, p) },
		"Chained": func(p schedule.Schedule) (schedule.Schedule, error) {
			return schedule.Chained(must(schedule.Exponential(0.9)), p)
		},
		"Sequential": func(p schedule.Schedule) (schedule.Schedule, error) {
			return schedule.Sequential([]uint64{5}, must(schedule.Linear(5, 0, 1)), p)
		},
		"PerEpoch": func(p schedule.Schedule) (schedule.Schedule, error) { return schedule.PerEpoch(3, p) },
		"Warmup of PerEpoch": func(p schedule.Schedule) (schedule.Schedule, error) {
			return schedule.Warmup(5, 0.5, must(schedule.PerEpoch(3, p)))
		},
	} {
		inner := plateau(halving)
		o, ok := must(make(inner)).(schedule.Observer)
		if !ok || o.Wants() != schedule.Loss {
			t.Errorf("%s: not an observer of the loss", name)
			continue
		}
		before := o.Factor(9)
		o.Observe(8, 1)
		o.Observe(9, 1) // no better
		if got := o.Factor(9); inner.Factor(0) != 0.5 || got != before/2 {
			t.Errorf("%s: the factor was %v and is %v, the plateau's %v", name, before, got, inner.Factor(0))
		}
		c := checkpoint.New()
		o.Snapshot(c, "s.")
		again := must(make(plateau(halving))).(schedule.Observer)
		if err := again.Restore(c, "s."); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := again.Factor(9); got != o.Factor(9) {
			t.Errorf("%s: restored, the factor is %v, want %v", name, got, o.Factor(9))
		}
		if err := again.Restore(checkpoint.New(), "s."); err == nil || again.Factor(9) != o.Factor(9) {
			t.Errorf("%s: an empty checkpoint gives %v", name, err)
		}
	}
	if _, ok := must(schedule.Warmup(5, 0, must(schedule.Cosine(9, 0)))).(schedule.Observer); ok {
		t.Error("a warm-up of a cosine observes")
	}
}

// The part of a Sequential that made the last step hears of it, and no other.
func TestSequentialObserves(t *testing.T) {
	var heard []string
	at := func(name string) schedule.Schedule {
		return listener{schedule.Func(func(uint64) float64 { return 1 }), name, &heard}
	}
	s := must(schedule.Sequential([]uint64{4, 6}, at("a"), at("b"), at("c"))).(schedule.Observer)
	for _, steps := range []uint64{0, 4, 5, 6, 7, 9} {
		s.Observe(steps, 1)
	}
	if want := []string{"a 0", "a 4", "b 1", "b 2", "c 1", "c 3"}; !slices.Equal(heard, want) {
		t.Errorf("heard %v, want %v", heard, want)
	}
	heard = nil
	// Epoch 2 is b's, from its first step on.
	s = must(schedule.PerEpoch(4, must(schedule.Sequential([]uint64{2}, at("a"), at("b"))))).(schedule.Observer)
	for _, steps := range []uint64{0, 1, 4, 8, 9, 12, 13} {
		s.Observe(steps, 1)
	}
	if want := []string{"a 0", "a 1", "a 1", "a 2", "b 1", "b 1", "b 2"}; !slices.Equal(heard, want) {
		t.Errorf("heard %v, want %v", heard, want)
	}
}

type listener struct {
	schedule.Func
	name  string
	heard *[]string
}

func (l listener) Wants() schedule.Metric { return schedule.Loss }
func (l listener) Observe(steps uint64, _ float64) {
	*l.heard = append(*l.heard, fmt.Sprint(l.name, " ", steps))
}
func (l listener) Snapshot(*checkpoint.File, string)      {}
func (l listener) Restore(*checkpoint.File, string) error { return nil }

// Parts that want different things cannot be told; a part that cannot be restored leaves the others as they were.
func TestObserversRefuse(t *testing.T) {
	loss, accuracy := schedule.PlateauOptions{}, schedule.PlateauOptions{Maximize: true}
	if plateau(accuracy).Wants() != schedule.Accuracy {
		t.Error("with Maximize a plateau wants no accuracy")
	}
	_, err := schedule.Chained(plateau(loss), plateau(accuracy))
	want := "schedule: Chained: schedule 1 observes the accuracy, want the loss as schedule 0 does"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}

	two := func() schedule.Observer {
		return must(schedule.Chained(plateau(loss), plateau(schedule.PlateauOptions{Patience: 3}))).(schedule.Observer)
	}
	bytesOf := func(s schedule.Observer) []byte {
		c, file := checkpoint.New(), bytes.Buffer{}
		s.Snapshot(c, "")
		if err := c.Encode(&file); err != nil {
			t.Fatal(err)
		}
		return file.Bytes()
	}
	trained, fresh := two(), two()
	for range 9 {
		trained.Observe(1, 1)
	}
	bad := checkpoint.New()
	trained.Snapshot(bad, "")
	bad.SetMeta("1.best", "NaN")
	before := bytesOf(fresh)
	if err := fresh.Restore(bad, ""); err == nil || !strings.Contains(err.Error(), `"1.best"`) {
		t.Errorf("the error is %v", err)
	}
	if !bytes.Equal(bytesOf(fresh), before) {
		t.Error("it was restored in part")
	}
}
