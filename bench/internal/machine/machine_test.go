package machine

import (
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestDescribe(t *testing.T) {
	m := Describe()
	if m.CPU == "" || m.OS != runtime.GOOS || m.Cores < 1 || len(m.Backends) < 1 || m.L1 <= 0 {
		t.Errorf("%+v", m)
	}
	for name, s := range map[string]string{"pinning": m.Pinning, "counters": m.Counters} {
		if _, reason, _ := strings.Cut(s, "unavailable: "); s != "available" && reason == "" {
			t.Errorf("%s: %q is neither available nor has it a reason", name, s)
		}
	}
	if p := Program(); p.Version == "" || p.Go != runtime.Version() {
		t.Errorf("%+v", p)
	}
}

// What others used, and what was stolen, are told; what this process used is not.
func TestBetween(t *testing.T) {
	s := time.Second
	for _, c := range []struct {
		after times
		want  []string
	}{
		{times{all: 200 * s, busy: 100 * s, own: 99 * s}, nil},
		{times{all: 200 * s, busy: 100 * s, own: 50 * s}, []string{"took 25%"}},
		{times{all: 200 * s, busy: 100 * s, own: 50 * s, stolen: 10 * s}, []string{"took 25%", "stole 5.0%"}},
		{times{}, nil},
	} {
		got := between(times{}, c.after)
		for i, want := range c.want {
			if len(got) != len(c.want) || !strings.Contains(got[i], want) {
				t.Errorf("%+v: %q, want %q", c.after, got, c.want)
				break
			}
		}
		if len(c.want) == 0 && len(got) > 0 {
			t.Errorf("%+v: %q, want nothing", c.after, got)
		}
	}
}

// What was lost counts if many samples met it, and if it was long beside them.
func TestLost(t *testing.T) {
	ms := time.Millisecond
	for _, c := range []struct {
		lost    Lost
		samples int
		took    time.Duration
		want    bool
	}{
		{Lost{}, 30, 30 * ms, false},
		{Lost{7, 28 * ms}, 30, 30 * ms, false}, // a median of 30 samples does not mind 7
		{Lost{8, 28 * ms}, 30, 30 * ms, true},
		{Lost{8, 28 * ms}, 12, 1000 * ms, false}, // 8 slices of a few ms in samples of 80
		{Lost{8, 51 * ms}, 12, 1000 * ms, true},
	} {
		if got := c.lost.Counts(c.samples, c.took); got != c.want {
			t.Errorf("%+v of %d samples in %v: %v", c.lost, c.samples, c.took, got)
		}
	}
	if got, want := (Lost{9, 5 * ms}).Since(Lost{2, ms}), (Lost{7, 4 * ms}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// A clock that moves is noticed, one outlier is not.
func TestMovingClock(t *testing.T) {
	told := func(clock ...float64) bool {
		w := &Watch{err: errSystem, clock: clock}
		return strings.Contains(strings.Join(w.Notices(), "\n"), "the clock moved")
	}
	steady := []float64{100, 101, 100, 100, 102, 100, 101, 100, 100, 100, 100, 101, 100, 100, 102, 100, 101, 100, 100,
		100}
	if told(append(steady, 190)...) {
		t.Error("an interrupt passes for a moving clock")
	}
	if !told(append(steady, 120, 121, 120)...) {
		t.Error("a clock that moved by a fifth passes")
	}
}

// What hinders a look at other processes is told as it is.
func TestUnknown(t *testing.T) {
	w := &Watch{err: fs.ErrPermission}
	if n := strings.Join(w.Notices(), "\n"); !strings.Contains(n, "unknown: "+fs.ErrPermission.Error()) {
		t.Errorf("%q", n)
	}
}

// Pinning ends, and the thread that was pinned is free again.
func TestPin(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cpu, undo, err := Pin()
	if err != nil {
		t.Skipf("unavailable: %v", err)
	}
	if cpus := usable(t); len(cpus) != 1 || cpus[0] != cpu {
		t.Errorf("pinned to %v, want %d", cpus, cpu)
	}
	again, nested, err := Pin()
	if nested(); err != nil || again != cpu {
		t.Errorf("pinned again, to %d, want %d: %v", again, cpu, err)
	}
	if cpus := usable(t); len(cpus) != 1 {
		t.Errorf("pinned to %v after the inner end", cpus)
	}
	undo()
	if n := len(usable(t)); n != runtime.NumCPU() {
		t.Errorf("%d CPUs afterwards, of %d", n, runtime.NumCPU())
	}
	if m := Describe(); m.PinnedCPU == nil || *m.PinnedCPU != cpu {
		t.Errorf("described as %+v", m)
	}
}
