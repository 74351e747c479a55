package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/lecture"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/internal/golden"
)

var raceCommand = command{
	name:    "race",
	summary: "the lecture in pictures: optimizers on landscapes, as a page",
	about: `Writes a page that tells the source lecture with its pictures: random search, numerical gradients, SGD,
momentum in its forms, Nesterov, AdaGrad, RMSProp, Adam, L-BFGS on a ravine, a saddle, a local minimum, Beale's function
and with noisy gradients, learning rates and schedules, and more optimizers; with animations, and the numbers
of each picture. It needs no script and no network. The page is the same file on every machine: each curve and each
picture is compared with its hash in testdata, and at a difference the status is 1 and nothing is written.`,
	example: `  bench race
  bench race -o race.html -f`,
	register: func(set *flag.FlagSet) runner {
		out := set.String("o", "lecture.html", "write this `file`")
		replace := set.Bool("f", false, "replace the file if it exists")
		return func(ctx context.Context, w io.Writer, _ []string) error {
			if err := record.Writable(*out, *replace); err != nil {
				return usageError{fmt.Errorf("-o: %w", err)}
			}
			return writeLecture(ctx, w, *out, *replace)
		}
	},
}

func writeLecture(ctx context.Context, w io.Writer, out string, replace bool) error {
	b := bitstep.Active()
	f := lecture.Golden()
	bar := newProgress("drawing", len(f.Lines))
	err := f.Compare(b, func() { bar.Add(1) })
	bar.Finish()
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	var page bytes.Buffer
	if err := lecture.Write(&page, b); err != nil {
		return err
	}
	if err := record.WriteFile(out, replace, func(w io.Writer) error {
		_, err := w.Write(page.Bytes())
		return err
	}); err != nil {
		return err
	}
	races := lecture.Races(b)
	printRaces(w, races)
	printField(w, races)
	fmt.Fprintf(w, "\npage      %s, %s bytes\n", out, thousands(page.Len()))
	digest := sha256.Sum256([]byte(golden.List(f.Name)))
	fmt.Fprintf(w, "digest    %s of all pictures, the same on every machine\n", hex.EncodeToString(digest[:]))
	return nil
}

// printRaces prints how many evaluations each optimizer took on each landscape.
func printRaces(w io.Writer, all []lecture.Race) {
	fmt.Fprintln(w, "Evaluations until the loss was near its minimum; - is never, * the fewest")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "\twithin\t")
	for _, s := range all[0].Results {
		fmt.Fprintf(t, "%s\t", s.Name)
	}
	fmt.Fprintln(t)
	for _, r := range all {
		fmt.Fprintf(t, "%s\t%g\t", r.Landscape, r.Target)
		for _, s := range r.Results {
			cell := evaluations(s)
			if s.Evaluations >= 0 && s.Evaluations == r.Fewest() {
				cell = "*" + cell
			}
			fmt.Fprintf(t, "%s\t", cell)
		}
		fmt.Fprintln(t)
	}
	t.Flush()
}

// printField prints the same of the optimizers that are not in the lecture, a line for each.
func printField(w io.Writer, all []lecture.Race) {
	fmt.Fprintln(w, "\nThe same of others, each at the best of several rates")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "\t")
	for _, r := range all {
		fmt.Fprintf(t, "%s\t", r.Landscape)
	}
	fmt.Fprintln(t)
	for i, s := range all[0].Field {
		fmt.Fprintf(t, "%s\t", s.Name)
		for _, r := range all {
			fmt.Fprintf(t, "%s\t", evaluations(r.Field[i]))
		}
		fmt.Fprintln(t)
	}
	t.Flush()
}

// evaluations is how many a result took, as a cell.
func evaluations(s lecture.Result) string {
	if s.Evaluations < 0 {
		return "-"
	}
	return fmt.Sprint(s.Evaluations)
}
