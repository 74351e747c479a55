package main

import (
	"fmt"
	"io"

	"github.com/schollz/progressbar/v3"

	"github.com/bitstep-go/bitstep/linear"
)

// A trainReport shows how a run goes: a bar on a terminal, and a line for every epoch.
type trainReport struct {
	w         io.Writer
	n, batch  int // images in an epoch, in a step
	validated bool
	bar       *progressbar.ProgressBar
	before    int     // images that the run had done when it was resumed
	seconds   float64 // of the epoch so far
	images    int
}

// start begins the report of a run over that many images, of which a resumed one has done some.
func (r *trainReport) start(images int, done interface {
	Steps() uint64
	Epochs() []linear.Epoch
}) {
	fmt.Fprintf(r.w, "\n%6s %7s %11s %9s", "epoch", "steps", "train loss", "accuracy")
	if r.validated {
		fmt.Fprintf(r.w, " %11s %9s", "valid. loss", "accuracy")
	}
	fmt.Fprintf(r.w, " %10s\n", "images/s")
	for _, e := range done.Epochs() {
		r.line(e, "-")
	}
	r.before = int(done.Steps()) * r.batch
	r.bar = newImageBar(images - r.before) // rate and time left are those of this run
}

// step takes the trainer's report of one step.
func (r *trainReport) step(p linear.Progress) {
	r.images += r.batch
	if p.ImagesPerSecond > 0 {
		r.seconds += float64(r.batch) / p.ImagesPerSecond
	}
	if p.Step%8 == 0 || p.Ended != nil { // the bar draws seldom, but each call takes time
		r.bar.Describe(fmt.Sprintf("epoch %d/%d, loss %.3f", p.Epoch, p.Epochs, p.Loss))
		r.bar.Set(int(p.Step)*r.batch - r.before)
	}
	if p.Ended == nil {
		return
	}
	rate := "-"
	if r.seconds > 0 {
		rate = thousands(int(float64(r.images) / r.seconds))
	}
	r.bar.Clear()
	r.line(*p.Ended, rate)
	r.images, r.seconds = 0, 0
}

func (r *trainReport) line(e linear.Epoch, rate string) {
	fmt.Fprintf(r.w, "%6d %7d %11.4f %9s", e.Number, e.Steps, e.TrainLoss, percent(e.TrainAccuracy))
	if r.validated {
		fmt.Fprintf(r.w, " %11.4f %9s", e.ValidationLoss, percent(e.ValidationAccuracy))
	}
	fmt.Fprintf(r.w, " %10s\n", rate)
}
