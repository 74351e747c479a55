package ceiling

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/bench/internal/turns"
)

func TestSize(t *testing.T) {
	for n, want := range map[int]string{32 << 10: "32 KB", 5 << 18: "1280 KB", 1 << 20: "1 MB", 33 << 20: "33 MB",
		1000: "1000 B"} {
		if got := Size(n); got != want {
			t.Errorf("%d bytes: %s, want %s", n, got, want)
		}
	}
}

var described = record.Machine{L1: 48 << 10, L2: 1 << 20, L3: 32 << 20}

// What fits a cache in part has no name, and hot data does not pass for memory.
func TestLevel(t *testing.T) {
	for bytes, want := range map[int]string{4 << 10: "L1", 36 << 10: "L1", 40 << 10: "", 64 << 10: "", 128 << 10: "L2",
		768 << 10: "L2", 1 << 20: "", 2 << 20: "L3", 16 << 20: "L3", 32 << 20: "", 64 << 20: "", 128 << 20: "DRAM"} {
		if got := NewLevel(described, bytes).Name; got != want {
			t.Errorf("%s: %q, want %q", Size(bytes), got, want)
		}
	}
	for _, m := range []record.Machine{described, {L1: 32 << 10, L2: 256 << 10, L3: 8 << 20},
		{L1: 128 << 10, L2: 16 << 20, L3: 24 << 20}, {L1: 32 << 10, L2: 512 << 10, L3: 60 << 20}} {
		for _, l := range Levels(m) {
			if got := NewLevel(m, l.Bytes).Name; got != l.Name || got == "" {
				t.Errorf("%+v: %v is %q", m, l, got)
			}
		}
	}
	// A whole run must not take minutes where L3 is huge.
	want := []Level{{"L1", 24 << 10}, {"L2", 1 << 20}, {"L3", 16 << 20}, {"", 256 << 20}}
	for _, l3 := range []int{300 << 20, 600 << 20} {
		if l3 > 512<<20 {
			want = want[:3] // all that a run has time for surely fits
		}
		if all := Levels(record.Machine{L1: 48 << 10, L2: 2 << 20, L3: l3}); !slices.Equal(all, want) {
			t.Errorf("L3 of %s: %v, want %v", Size(l3), all, want)
		}
	}
}

// Streams lie in the arena, start at lines, and do not overlap.
func TestCut(t *testing.T) {
	sizes := []int{4, 1, 8, 4, 8}
	const bytes = 1 << 20
	a := NewArena(bytes)
	n := Elements(bytes, sizes...)
	if n < bytes/25-256 || n%256 != 0 {
		t.Errorf("%d elements", n)
	}
	end := uintptr(0)
	for i, s := range a.Cut(n, sizes...) {
		at := uintptr(unsafe.Pointer(&s[0]))
		if at < end || at%line != 0 || len(s) != n*sizes[i] {
			t.Errorf("stream %d of %d bytes at %x, the last ended at %x", i, len(s), at, end)
		}
		end = at + uintptr(len(s))
	}
}

// A chain is one ring through all links.
func TestChain(t *testing.T) {
	if s := unsafe.Sizeof(link{}); s != line {
		t.Errorf("a link has %d bytes", s)
	}
	for _, n := range []int{1, 2, 3, 1000} {
		first := chain(make([]link, n))
		steps := 1
		for p := first.next; p != first && steps <= n; p = p.next {
			steps++
		}
		if steps != n {
			t.Errorf("a ring of %d links, want %d", steps, n)
		}
	}
}

// On several threads all of the streams is moved, as often as is said.
func TestStreams(t *testing.T) {
	const n = 1280
	a := NewArena(3 * n * 4)
	for _, threads := range []int{1, 2, 3} {
		memory := a.Cut(n, 4, 1, 4) // written, bytes, read
		words := func(i int) []float32 {
			return unsafe.Slice((*float32)(unsafe.Pointer(&memory[i][0])), len(memory[i])/4)
		}
		clear(words(0))
		for j := range words(1) {
			words(1)[j] = 5 // of four elements each
		}
		for j := range words(2) {
			words(2)[j] = 5
		}
		call, passes := Streams(bitstep.Active(), "WQR", memory, threads)
		if call(); passes < 1 || threads == 1 && passes != 1 {
			t.Errorf("%d threads: %d passes", threads, passes)
		}
		for j, x := range words(0) {
			if x != 5 {
				t.Fatalf("%d threads: element %d is %v", threads, j, x)
			}
		}
	}
}

// Rows have what tables and pages look for, and an interrupt ends the run.
func TestRun(t *testing.T) {
	o := Options{Machine: described, Types: []string{"float32"}, Backends: []bitstep.Backend{bitstep.Active()},
		Levels: Levels(described)[:1], Sizes: Sizes(described)[:2], Threads: []int{1, 2},
		Timer: turns.Timer{Samples: 1, Least: time.Microsecond}, Arena: NewArena(1 << 16)}
	var names []string
	if err := Run(context.Background(), o, func(r record.Row) {
		names = append(names, r.Name)
		if r.Group != record.Ceiling || r.NsPerElement <= 0 || r.Median <= 0 || r.BytesPerElement > 0 && r.GBs <= 0 {
			t.Errorf("%+v", r)
		}
	}); err != nil {
		t.Fatal(err)
	}
	want := []string{"load", "store", "copy", "streams UUUR", "load latency"}
	if bitstep.Active() != bitstep.Go {
		want = append(want, "fma", "divide", "root latency")
	}
	all := "|" + strings.Join(names, "|") + "|"
	for _, name := range want {
		if !strings.Contains(all, "|"+name+"|") {
			t.Errorf("no row %q among %s", name, all)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	rows := 0
	err := Run(ctx, o, func(record.Row) {
		if rows++; rows == 12 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || rows >= len(names) {
		t.Errorf("%d rows of %d, error %v", rows, len(names), err)
	}
}
