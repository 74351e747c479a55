package cli

import (
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
)

// newProgress returns a bar on standard error, which shows only on a terminal.
func newProgress(what string, steps int, more ...progressbar.Option) *progressbar.ProgressBar {
	info, err := os.Stderr.Stat()
	visible := err == nil && info.Mode()&os.ModeCharDevice != 0
	return progressbar.NewOptions(steps, append([]progressbar.Option{progressbar.OptionSetDescription(what),
		progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetVisibility(visible),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true)}, more...)...)
}

// newImageBar returns a bar that counts images and shows their rate.
func newImageBar(images int) *progressbar.ProgressBar {
	return newProgress("training", images, progressbar.OptionShowIts(), progressbar.OptionSetItsString("images"),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetWidth(30))
}
