package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bitstep-go/bitstep/linear"
)

// percent writes 0.5 as 50.0%.
func percent(x float64) string { return fmt.Sprintf("%.1f%%", 100*x) }

// printEvaluations prints how a model does on each set that there is.
func printEvaluations(w io.Writer, names []string, all []linear.Evaluation) {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\timages\tloss\taccuracy\t")
	for i, e := range all {
		if e.Examples > 0 {
			fmt.Fprintf(t, "%s\t%s\t%.4f\t%s\t\n", names[i], thousands(e.Examples), e.Loss, percent(e.Accuracy()))
		}
	}
	t.Flush()
}

// printConfusion prints a confusion matrix: a row for each class, a column for each prediction.
func printConfusion(w io.Writer, classes []string, e linear.Evaluation) {
	fmt.Fprintln(w, "Confusion on the test set, in images: a row per class, a column per predicted class")
	widest := 0
	for _, c := range classes {
		widest = max(widest, len(c))
	}
	fmt.Fprintf(w, "%*s", widest, "")
	for _, c := range classes {
		fmt.Fprintf(w, " %7s", short(c, 7))
	}
	fmt.Fprintln(w, "    right")
	for i, row := range e.Confusion {
		total := 0
		fmt.Fprintf(w, "%*s", widest, classes[i])
		for j, n := range row {
			total += n
			switch {
			case i == j:
				fmt.Fprintf(w, " %7s", "["+fmt.Sprint(n)+"]")
			case n == 0:
				fmt.Fprintf(w, " %6s ", "·")
			default:
				fmt.Fprintf(w, " %6d ", n)
			}
		}
		share := "-"
		if total > 0 {
			share = percent(float64(row[i]) / float64(total))
		}
		fmt.Fprintf(w, "%9s\n", share)
	}
}

// short cuts a name to n letters.
func short(name string, n int) string {
	if r := []rune(name); len(r) > n {
		return string(r[:n-1]) + "."
	}
	return name
}

// printTimes prints how the time of the steps of so many epochs was spent, as measured over all threads together.
func printTimes(w io.Writer, t linear.Times, images int, epochs float64) {
	all := t.Fetch + t.Scores + t.Loss + t.Backward + t.Sum + t.Update
	fmt.Fprintf(w, "Time in steps, summed over threads, per epoch of %s images\n", thousands(images))
	for _, part := range []struct {
		name string
		time time.Duration
	}{{"fetch", t.Fetch}, {"scores", t.Scores}, {"loss", t.Loss}, {"backward", t.Backward}, {"sum", t.Sum},
		{"update", t.Update}, {"together", all}} {
		ms := part.time.Seconds() * 1e3 / epochs
		share := 0.0
		if all > 0 {
			share = float64(part.time) / float64(all)
		}
		fmt.Fprintf(w, "  %-9s %8.1f ms  %5s  %s\n", part.name, ms, fmt.Sprintf("%.0f%%", 100*share),
			strings.Repeat("#", int(float64(30*share)+0.5)))
	}
}
