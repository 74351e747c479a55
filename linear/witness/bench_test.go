package witness_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/linear/witness"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/schedule"
	"github.com/bitstep-go/bitstep/receipt"
)

// A state of the lecture's classifier: 10 x 3073 weights with Adam.
func BenchmarkState(b *testing.B) {
	w := newSetup(b).witness(b)
	if _, err := w.Replay(b.Context(), 14); err != nil {
		b.Fatal(err)
	}
	to, err := receipt.NewWriter(io.Discard, 1, nil)
	if err != nil {
		b.Fatal(err)
	}
	state, err := w.State()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(state)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if state, err = w.State(); err == nil {
			err = to.Add(uint64(i), nil, state)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// What a receipt adds to a run of ten epochs of the lecture's classifier, as bench train has it: a run without and one
// with a receipt in a file, in turns, b.N of each. The metrics are sums over the steps, each the median of its runs,
// which a disturbed step does not move as it moves its run. Claims about the images are made before.
func BenchmarkRun(b *testing.B) {
	all, _, err := dataset.Synthetic{Seed: 1, Test: 1}.Images(0)
	if err != nil {
		b.Fatal(err)
	}
	train, validation, err := all.Split(5000, 1)
	if err != nil {
		b.Fatal(err)
	}
	var ends []time.Time // of the steps
	s := setup{linear.TrainConfig{Optimizer: optim.Adam{LR: 3e-4}, Lambda: 1e-4, Seed: 1,
		Trace: func(linear.Trace) error { ends = append(ends, time.Now()); return nil }}, train, validation}
	if s.c.Schedule, err = schedule.Parse("cosine", 1760); err != nil {
		b.Fatal(err)
	}
	w := s.witness(b)
	for _, procs := range []int{1, 2} {
		b.Run(fmt.Sprintf("procs=%d", procs), func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			var steps [2][][]float64 // without a receipt and with one: a step's milliseconds in each run
			for n := range b.N {
				for k := range steps {
					k = (k + n) % 2
					if err := w.Start(); err != nil {
						b.Fatal(err)
					}
					runtime.GC()
					ends = append(ends[:0], time.Now())
					if k == 0 {
						_, err = w.Trainer().Run(b.Context())
					} else {
						err = recorded(b, w)
					}
					ends = append(ends, time.Now()) // and what follows the last
					if err != nil {
						b.Fatal(err)
					}
					for i := range ends[1:] {
						if n == 0 {
							steps[k] = append(steps[k], nil)
						}
						steps[k][i] = append(steps[k][i], ends[i+1].Sub(ends[i]).Seconds()*1e3)
					}
				}
			}
			var sum [2]float64
			for k := range steps {
				for _, times := range steps[k] {
					slices.Sort(times)
					sum[k] += times[len(times)/2]
				}
			}
			b.ReportMetric(sum[0], "ms-without")
			b.ReportMetric(sum[1], "ms-with")
			b.ReportMetric(float64((sum[1]/sum[0]-1)*100), "%more")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// recorded runs with a receipt.
func recorded(b *testing.B, w *witness.Witness[float32]) error {
	f, err := os.Create(filepath.Join(b.TempDir(), "receipt"))
	if err != nil {
		return err
	}
	defer f.Close()
	to, err := receipt.NewWriter(f, witness.DefaultEvery, w.Claims())
	if err == nil {
		_, _, err = w.Run(b.Context(), to)
	}
	return err
}
