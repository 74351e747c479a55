package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/linear"
)

// resumed is a trainer that goes on after the second of two steps an epoch.
type resumed struct{}

func (resumed) Steps() uint64          { return 2 }
func (resumed) Epochs() []linear.Epoch { return []linear.Epoch{{Number: 1, Steps: 2}} }

// The last batch of an epoch may be short: the bar and the rate count its images, not a whole batch's.
func TestTrainReport(t *testing.T) {
	var out bytes.Buffer
	r := &trainReport{w: &out, n: 300, batch: 200}
	r.start(6, resumed{})
	if got := r.bar.GetMax(); got != 600 {
		t.Errorf("the bar has %d images, want those of two epochs, 600", got)
	}
	r.step(linear.Progress{Step: 3, ImagesPerSecond: 100})
	r.step(linear.Progress{Step: 4, ImagesPerSecond: 25, Ended: &linear.Epoch{Number: 2, Steps: 4}})
	for steps, want := range []int{0, 200, 300, 500, 600} {
		if got := r.done(uint64(steps)); got != want {
			t.Errorf("%d steps took %d images, want %d", steps, got, want)
		}
	}
	if !strings.HasSuffix(out.String(), " 50\n") { // 300 images in 2 + 4 seconds
		t.Errorf("want 50 images/s in\n%s", out.String())
	}
}
