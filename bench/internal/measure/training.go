package measure

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/ceiling"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/bench/internal/turns"
	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/optim"
)

// training times epochs of the lecture's classifier: images of noise, 3,073 features, minibatches of 256 drawn in
// shuffled order, SVM, Adam, float32; from pixels, and from features kept in memory.
func (r *run) training() error {
	examples, err := noise(r.Images)
	if err != nil {
		return err
	}
	for _, b := range r.Backends {
		for _, from := range []string{"pixels", "features"} {
			set := linear.NewSet(examples)
			if from == "features" {
				set = linear.NewResidentSet(examples, bitstep.On[float32](b), 0)
			}
			hash, mistake, err := r.trained(b, from)
			if err != nil {
				return err
			}
			alone := 0.0 // images a second
			for _, threads := range r.Threads {
				// Scores and gradients; what else there is does not count by the number of features and classes.
				flops := 4 * float64(classes*features) * float64(r.Images)
				peak := peakOf[float32](fastest(b), threads, flops)
				epochs, peaks, err := timeEpochs(r.ctx, set, b, threads, r.Timer.Samples, peak.call)
				if err != nil {
					return err
				}
				row := ceiling.NewRow(record.Training, "svm, adam, from "+from, epochs)
				row.Type, row.Backend, row.Threads, row.N = "float32", b.String(), threads, r.Images
				row.ImagesPerSecond = float64(r.Images) / row.Median * 1e9
				row.GFLOPs, row.Hash, row.Checked = flops/row.Median, hash, mistake == nil
				if threads == 1 {
					alone = row.ImagesPerSecond
				} else if alone > 0 {
					row.Scaling = row.ImagesPerSecond / alone
				}
				if peak.call != nil {
					shares := peaks.Over(epochs)
					for i := range shares {
						shares[i] /= peak.scale
					}
					row.Ceiling, row.Share, row.Shares = peak.name, shares.Median(), shares
					row.Unstable = !shares.Stable()
				}
				r.report(row)
			}
			if mistake != nil {
				return mistake
			}
		}
	}
	return nil
}

// noise makes images of noise.
func noise(n int) (*dataset.Examples[float32], error) {
	d := &dataset.Images{Pixels: make([]uint8, n*dataset.ImageBytes), Labels: make([]uint8, n),
		Classes: make([]string, classes)}
	rand.NewChaCha8([32]byte{}).Read(d.Pixels)
	for i := range d.Labels {
		d.Labels[i] = uint8(i % classes)
	}
	return dataset.NewExamples[float32](d, dataset.NewPreprocess(d))
}

// trained trains on a few images, with a backend and with pure Go, and returns the hash of the weights and whether the
// two differ.
func (r *run) trained(b bitstep.Backend, from string) (hash string, mistake, err error) {
	examples, err := noise(1000)
	if err != nil {
		return "", nil, err
	}
	weights := func(b bitstep.Backend) (string, error) {
		set := linear.NewSet(examples)
		if from == "features" {
			set = linear.NewResidentSet(examples, bitstep.On[float32](b), 0)
		}
		trainer, err := linear.NewTrainer(linear.TrainConfig{Optimizer: optim.Adam{LR: 1e-4}, Epochs: 1},
			linear.Data[float32]{Train: set})
		if err != nil {
			return "", err
		}
		trainer.On(b)
		if _, err := trainer.Run(r.ctx); err != nil {
			return "", err
		}
		return hashOf(trainer.Model().W), nil
	}
	want, err := weights(bitstep.Go)
	if err != nil {
		return "", nil, err
	}
	got, err := weights(b)
	if err == nil && got != want {
		mistake = wrong("weights trained from %s on %v: %s, pure Go's are %s", from, b, got, want)
	}
	return got, mistake, err
}

// timeEpochs returns the times of so many epochs after the first, which makes what is kept, and of calls of peak, one
// after each.
func timeEpochs(ctx context.Context, set linear.Set[float32], b bitstep.Backend, threads, epochs int, peak func()) (
	took, peaks turns.Series, err error) {
	start := time.Now()
	since := func() float64 { return float64(time.Since(start).Nanoseconds()) }
	c := linear.TrainConfig{Optimizer: optim.Adam{LR: 1e-4}, Threads: threads, Epochs: epochs + 1,
		ProgressSteps: math.MaxUint64, Progress: func(p linear.Progress) {
			if p.Epoch > 1 {
				took = append(took, since())
			}
			if start = time.Now(); p.Epoch > 1 && peak != nil {
				peak()
				peaks = append(peaks, since())
			}
			start = time.Now()
		}}
	trainer, err := linear.NewTrainer(c, linear.Data[float32]{Train: set})
	if err != nil {
		return nil, nil, err
	}
	if _, err := trainer.On(b).Run(ctx); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, nil, err
	}
	if len(took) != epochs {
		return nil, nil, fmt.Errorf("%d epochs were reported, of %d", len(took), epochs)
	}
	return took, peaks, nil
}
