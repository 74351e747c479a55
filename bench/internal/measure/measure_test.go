package measure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/ceiling"
	"github.com/bitstep-go/bitstep/bench/internal/machine"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/bench/internal/turns"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// tiny measures as little as there is of everything.
func tiny() Options {
	o := Quick(machine.Describe())
	o.N, o.Images, o.Sizes = []int{9}, 512, o.Sizes[:1]
	o.Timer = turns.Timer{Samples: 1, Least: time.Microsecond}
	o.Backends = bitstep.Backends()
	return o
}

// Every kernel and product has a row for each type, backend and number of threads; rows are whole, checked, and those
// of one kernel have the same hash on every backend.
func TestRun(t *testing.T) {
	o := tiny()
	seen := map[record.Key]bool{}
	hashes := map[record.Key]string{}
	groups := map[string]int{}
	err := Run(context.Background(), o, func(r record.Row) {
		if seen[r.Key()] {
			t.Errorf("two rows %v", r.Key())
		}
		seen[r.Key()] = true
		groups[r.Group]++
		if r.Group == record.Ceiling {
			return
		}
		if !r.Checked || len(r.Hash) != 64 || r.Median <= 0 || len(r.Samples) == 0 {
			t.Errorf("%+v", r)
		}
		if bitstep.Active() != bitstep.Go && r.Share <= 0 {
			t.Errorf("%v has no ceiling", r.Key())
		}
		if (r.Threads > 1) != (r.Scaling > 0) || r.Group != record.Training &&
			(r.Threads == 1 && r.Backend != "go") != (r.VersusGo > 0) {
			t.Errorf("%v: %v times one thread, %v times pure Go", r.Key(), r.Scaling, r.VersusGo)
		}
		k := r.Key()
		k.Backend, k.Threads = "", 0
		if h, ok := hashes[k]; ok && h != r.Hash {
			t.Errorf("%v: hashes %s and %s", k, h, r.Hash)
		}
		hashes[k] = r.Hash
	})
	if err != nil {
		t.Fatal(err)
	}
	each := 2 * len(o.Backends) * len(o.Threads)
	if groups[record.Kernel] != each*len(table.Rows) || groups[record.Product] != each*len(Products) ||
		groups[record.Training] != each || groups[record.Ceiling] == 0 {
		t.Errorf("%v rows", groups)
	}
}

// A brief run has each kernel from each level, but from beyond L2 one type, and one kernel of each pattern on several
// threads, and none that is all arithmetic.
func TestBrief(t *testing.T) {
	o := tiny()
	o.Brief, o.Groups, o.Types = true, []string{record.Kernel}, Types
	o.Kernels = []string{"SGD", "Axpy", "Adam", "ExpSlice"}
	o.Backends, o.Threads = o.Backends[len(o.Backends)-1:], []int{1, 2}
	o.Machine.L2 = 64 << 10
	o.Levels = []ceiling.Level{{Name: "L2", Bytes: 32 << 10}, {Name: "L3", Bytes: 128 << 10}}
	var got, want []string
	share := map[string]float64{} // of a kernel's last row from L2, by which it is all arithmetic or not
	err := Run(context.Background(), o, func(r record.Row) {
		kernel := fmt.Sprint(r.Name, " ", r.Type[5:])
		got = append(got, fmt.Sprint(kernel, " ", r.Level, " ", r.Threads))
		if r.Level == "L2" {
			share[kernel] = r.Share
		}
	})
	for _, typ := range []string{"32", "64"} {
		for _, name := range []string{"SGD", "Adam", "Axpy", "ExpSlice"} {
			kernel := name + " " + typ
			want = append(want, kernel+" L2 1", kernel+" L2 2")
			if typ == "64" || share[kernel] < slow {
				continue
			}
			if want = append(want, kernel+" L3 1"); name != "Axpy" { // whose streams are SGD's
				want = append(want, kernel+" L3 2")
			}
		}
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %q\nwant %q", err, got, want)
	}
}

// A pattern whose first kernel is all arithmetic is measured on several threads with the next one, at every level.
func TestBriefBehindSlow(t *testing.T) {
	o := tiny()
	o.Brief, o.Kernels, o.Threads, o.Machine.L2 = true, []string{"SGD", "Axpy"}, []int{1, 2}, 64<<10
	o.Levels = []ceiling.Level{{Name: "L2", Bytes: 32 << 10}, {Name: "L3", Bytes: 1 << 20},
		{Name: "DRAM", Bytes: 1 << 30}}
	var got []string
	r := &run{Options: o}
	err := r.kernelsOf(o.Types[0], 4, func(row table.Row, l ceiling.Level, threads int) (float64, error) {
		got = append(got, fmt.Sprint(row.Name, " ", l.Name, " ", threads))
		if row.Name == "SGD" {
			return slow / 2, nil
		}
		return 1, nil
	})
	want := []string{"SGD L2 1", "SGD L2 2", "Axpy L2 1", "Axpy L2 2", "Axpy L3 1", "Axpy L3 2", "Axpy DRAM 1",
		"Axpy DRAM 2"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %q\nwant %q", err, got, want)
	}
}

// What is interrupted ends, with the rows that are finished.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	err := Run(ctx, tiny(), func(record.Row) {
		if n++; n == 40 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || n < 40 || n > 60 {
		t.Errorf("%d rows, error %v", n, err)
	}
}

// A wrong element is found wherever it is, in every kernel, and in what is only read too.
func TestWrong(t *testing.T) {
	testWrong[float32](t)
	testWrong[float64](t)
}

func testWrong[T kernels.Float](t *testing.T) {
	const n = 3 * period
	for _, row := range table.Rows {
		op := rows.New[T](row, n)
		if _, err := check(bitstep.On[T](bitstep.Active()), row, op); err != nil {
			t.Error(err)
		}
		for i, o := range row.Operands {
			s, ok := op[i].([]T)
			if !ok {
				continue
			}
			want := append([]T(nil), s[:period]...)
			for _, at := range []int{0, period, n - 1} {
				s[at] += 1
				if j, _, _ := differ[T](s, want); j != at {
					t.Errorf("%s: %s[%d] is wrong, found at %d", row.Name, o.Name, at, j)
				}
				s[at] = want[at%period]
			}
		}
	}
}

// A kernel that returns wrong bits ends the run with an error that names it: here a definition that has changed.
func TestWrongError(t *testing.T) {
	err := wrong("%s at %d", "Adam", 7)
	var w *WrongError
	if !errors.As(err, &w) || !strings.Contains(err.Error(), "wrong bits: Adam at 7") {
		t.Error(err)
	}
}

// Bounds count what kernels do: Adam divides once, an Adam of twice as many elements is bound by twice the time.
func TestBounds(t *testing.T) {
	b := bitstep.Active()
	if b == bitstep.Go {
		t.Skip("pure Go has no bounds")
	}
	for _, row := range table.Rows {
		d, l := divider[float32](b, row, 1<<14), lanes[float32](b, row, 1<<14)
		if divides := strings.Contains(strings.Join(row.Lines, " "), "/"); divides != (d.call != nil) {
			t.Errorf("%s has a bound by divisions: %v", row.Name, !divides)
		}
		if adds := row.Kind == table.Reduction && row.Name != "MaxAbs"; adds != (l.call != nil) {
			t.Errorf("%s has a bound by additions that wait: %v", row.Name, !adds)
		}
		if l := lanes[float32](b, row, kernels.ReduceChunk+1); l.call != nil {
			t.Errorf("%s of more than a chunk has a bound by additions that wait", row.Name)
		}
		for _, x := range []bound{d, l} {
			if x.call != nil && (x.scale < .9 || x.scale > 1.1) {
				t.Errorf("%s: %s does %v of the work", row.Name, x.name, x.scale)
			}
		}
	}
}

// Operands are ordinary: no zero, nothing subnormal, variances above the squares of means.
func TestFill(t *testing.T) {
	for _, row := range table.Rows {
		op := rows.New[float32](row, 10000)
		fill[float32](row, op)
		for i, o := range row.Operands {
			s, ok := op[i].([]float32)
			if !ok {
				continue
			}
			for j, x := range s {
				if x < 0 && o.NonNegative || o.NonNegative && x < 1 || x*x < 1./16 || x > 2 || x != s[j%period] {
					t.Fatalf("%s: %s[%d] = %v", row.Name, o.Name, j, x)
				}
			}
		}
	}
}
