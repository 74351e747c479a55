package linear

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/optim"
)

// fullSize is CIFAR-10's training set in size: 50,000 images, of noise.
var fullSize = sync.OnceValue(func() *dataset.Images {
	const n = 50000
	d := &dataset.Images{Pixels: mem.Large[uint8](n * dataset.ImageBytes), Labels: make([]uint8, n),
		Classes: make([]string, 10)}
	rand.NewChaCha8([32]byte{}).Read(d.Pixels)
	for i := range d.Labels {
		d.Labels[i] = uint8(i % 10)
	}
	return d
})

func fullSet[T kernels.Float](b *testing.B, resident bool) Set[T] {
	e, err := dataset.NewExamples[T](fullSize(), dataset.NewPreprocess(fullSize()))
	if err != nil {
		b.Fatal(err)
	}
	if resident {
		return NewResidentSet(e, bitstep.On[T](bitstep.Active()), 0)
	}
	return NewSet(e)
}

// An epoch of the lecture's classifier: 50,000 x 3,073, minibatches of 256, SVM, Adam. Rows in memory take
// 614 MB as float32, pixels 154. Milliseconds of the parts are summed over threads.
func BenchmarkEpoch(b *testing.B) {
	b.Run("type=float32", benchmarkEpoch[float32])
	b.Run("type=float64", benchmarkEpoch[float64])
}

func benchmarkEpoch[T kernels.Float](b *testing.B) {
	for _, from := range []string{"pixels", "rows"} {
		var set Set[T]
		for _, sampling := range []string{"shuffled", "sequential"} {
			for _, threads := range []int{1, 2} {
				b.Run(fmt.Sprintf("from=%s/sampling=%s/threads=%d", from, sampling, threads), func(b *testing.B) {
					if set.Source == nil {
						set = fullSet[T](b, from == "rows")
					}
					c := TrainConfig{Optimizer: optim.Adam{LR: 1e-4}, Sampling: sampling, Threads: threads,
						Epochs: 1 << 30}
					measureEpochs(b, trainer(b, c, Data[T]{Train: set}))
				})
			}
		}
	}
}

// measureEpochs measures whole epochs, and the parts of their steps.
func measureEpochs[T kernels.Float](b *testing.B, x *Trainer[T]) {
	x.TakeTimes()
	x.train.pass.hold(x.c.Threads) // as Run does
	defer x.train.pass.dismiss()
	for b.Loop() {
		for range x.StepsPerEpoch() {
			if _, err := x.Step(); err != nil {
				b.Fatal(err)
			}
		}
	}
	t, n := x.TakeTimes(), float64(b.N)
	b.ReportMetric(float64(x.train.Len())*n/b.Elapsed().Seconds(), "images/s")
	b.ReportMetric(b.Elapsed().Seconds()*1e3/n, "ms/epoch")
	b.ReportMetric(t.Fetch.Seconds()*1e3/n, "fetch-ms")
	b.ReportMetric(t.Scores.Seconds()*1e3/n, "scores-ms")
	b.ReportMetric(t.Loss.Seconds()*1e3/n, "loss-ms")
	b.ReportMetric(t.Backward.Seconds()*1e3/n, "backward-ms")
	b.ReportMetric(t.Sum.Seconds()*1e3/n, "sum-ms")
	b.ReportMetric(t.Update.Seconds()*1e3/n, "update-ms")
}

// The same epoch without fusion: the products over whole minibatches, each spread over threads by itself.
func BenchmarkEpochUnfused(b *testing.B) {
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("type=float32/from=rows/sampling=shuffled/threads=%d", threads), func(b *testing.B) {
			const batch, classes, features = 256, 10, dataset.Features
			set := fullSet[float32](b, true)
			k := bitstep.On[float32](bitstep.Active()).Threads(threads)
			m := NewModel[float32](classes, dataset.Features)
			m.Init(InitScale, 1)
			opt, err := optim.New(optim.Adam{LR: 1e-4}, m.W)
			if err != nil {
				b.Fatal(err)
			}
			opt.SetEngine(k)
			sampler := dataset.Shuffled(set.Source.Len(), 1)
			indices, row := make([]int, batch), Row[float32]{Gradient: true, Room: make([]float64, classes)}
			x, s := make([]float32, batch*features), make([]float32, batch*classes)
			grad := make([]float32, len(m.W))
			for b.Loop() {
				for range StepsPerEpoch(set.Source.Len(), batch) {
					n := sampler.Next(indices)
					set.Source.FillRows(k, x, dataset.Features, indices[:n])
					k.Gemm(false, true, n, classes, features, 1, x, features, m.W, features, 0, s, classes)
					for i, at := range indices[:n] {
						row.Scores, row.Class = s[i*classes:][:classes], int(set.Labels[at])
						SVM{}.Loss32(&row)
					}
					k.Gemm(true, false, classes, features, n, 1/float32(n), s, classes, x, features, 0, grad, features)
					opt.Step(grad)
				}
			}
			b.ReportMetric(float64(set.Source.Len())*float64(b.N)/b.Elapsed().Seconds(), "images/s")
			b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N), "ms/epoch")
		})
	}
}

// Loss and gradient of the whole set, what a step of L-BFGS costs, and the loss alone, a try of random
// search.
func BenchmarkWholeSet(b *testing.B) {
	set := fullSet[float32](b, false)
	for _, loss := range classLosses() {
		for _, threads := range []int{1, 2} {
			p, err := NewProblem(set, ProblemConfig{Loss: loss, Threads: threads})
			if err != nil {
				b.Fatal(err)
			}
			w := make([]float32, 10*dataset.Features)
			grad := make([]float32, len(w))
			name := fmt.Sprintf("loss=%s/threads=%d", loss.Name(), threads)
			b.Run("gradient/"+name, func(b *testing.B) {
				for b.Loop() {
					p.LossGradient(w, grad, nil)
				}
			})
			b.Run("value/"+name, func(b *testing.B) {
				for b.Loop() {
					p.Loss(w, nil)
				}
			})
		}
	}
}

// The losses of a block, with their gradient, and what else a pass does for them.
func BenchmarkLoss(b *testing.B) {
	for _, loss := range classLosses() {
		b.Run("type=float32/loss="+loss.Name(), func(b *testing.B) { benchmarkLoss[float32](b, loss) })
		b.Run("type=float64/loss="+loss.Name(), func(b *testing.B) { benchmarkLoss[float64](b, loss) })
	}
}

func benchmarkLoss[T kernels.Float](b *testing.B, loss Loss) {
	const n, classes = 64 * BlockExamples, 10
	set, w := small[T](1, n, 20, classes)
	p, err := NewProblem(set, ProblemConfig{Loss: loss, Threads: 1})
	if err != nil {
		b.Fatal(err)
	}
	grad := make([]T, len(w))
	p.TakeTimes()
	for b.Loop() {
		p.LossGradient(w, grad, nil)
	}
	b.ReportMetric(float64(p.TakeTimes().Loss.Nanoseconds())/float64(b.N)/n, "loss-ns/example")
}

// Losses of several candidates in one pass, tries of random search.
func BenchmarkLosses(b *testing.B) {
	b.Run("type=float32", benchmarkLosses[float32])
	b.Run("type=float64", benchmarkLosses[float64])
}

func benchmarkLosses[T kernels.Float](b *testing.B) {
	for _, from := range []string{"pixels", "rows"} {
		set := fullSet[T](b, from == "rows")
		for _, threads := range []int{1, 2} {
			p := problem(b, set, ProblemConfig{Threads: threads})
			for _, n := range []int{1, 4, p.Candidates(), 2 * p.Candidates()} {
				ws, losses := make([]T, n*p.Classes()*p.Features()), make([]float64, n)
				b.Run(fmt.Sprintf("from=%s/threads=%d/candidates=%d", from, threads, n), func(b *testing.B) {
					for b.Loop() {
						p.Losses(ws, losses, nil)
					}
					b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "candidates/s")
				})
			}
		}
	}
}
