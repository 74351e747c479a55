package main

import (
	"os"

	"github.com/schollz/progressbar/v3"
)

// newProgress returns a bar on standard error, which shows only on a terminal.
func newProgress(what string, steps int) *progressbar.ProgressBar {
	info, err := os.Stderr.Stat()
	visible := err == nil && info.Mode()&os.ModeCharDevice != 0
	return progressbar.NewOptions(steps, progressbar.OptionSetDescription(what),
		progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetVisibility(visible),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))
}
