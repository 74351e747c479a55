package cli

import (
	"fmt"
	"io"

	"github.com/schollz/progressbar/v3"

	"github.com/bitstep-go/bitstep/linear"
)

// A trainReport shows how a run goes: a bar on a terminal, and a line for every epoch.
type trainReport struct {
	w         io.Writer
	n, batch  int // images in an epoch; in a step, but for an epoch's last
	validated bool
	bar       *progressbar.ProgressBar
	before    int     // images that the run had done when it was resumed
	seconds   float64 // of the epoch so far
	images    int
}

// done returns how many images that many steps have taken.
func (r *trainReport) done(steps uint64) int {
	epoch := linear.StepsPerEpoch(r.n, r.batch)
	return int(steps/epoch)*r.n + int(steps%epoch)*r.batch
}

// start begins the report of a run of that many steps, of which a resumed one has done some.
func (r *trainReport) start(steps uint64, trained interface {
	Steps() uint64
	Epochs() []linear.Epoch
}) {
	fmt.Fprintf(r.w, "\n%6s %7s %11s %9s", "epoch", "steps", "train loss", "accuracy")
	if r.validated {
		fmt.Fprintf(r.w, " %11s %9s", "valid. loss", "accuracy")
	}
	fmt.Fprintf(r.w, " %10s\n", "images/s")
	for _, e := range trained.Epochs() {
		r.line(e, "-")
	}
	r.before = r.done(trained.Steps())
	r.bar = newImageBar(r.done(steps) - r.before) // rate and time left are those of this run
}

// step takes the trainer's report of one step.
func (r *trainReport) step(p linear.Progress) {
	images := r.done(p.Step) - r.done(p.Step-1)
	r.images += images
	if p.ImagesPerSecond > 0 {
		r.seconds += float64(images) / p.ImagesPerSecond
	}
	if p.Step%8 == 0 || p.Ended != nil { // the bar draws seldom, but each call takes time
		r.bar.Describe(fmt.Sprintf("epoch %d/%d, loss %.3f", p.Epoch, p.Epochs, p.Loss))
		r.bar.Set(r.done(p.Step) - r.before)
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
