package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/bench/internal/measure"
)

// runOptimizers runs bench optimizers, printing to w.
func runOptimizers(ctx context.Context, t *testing.T, w io.Writer, args ...string) error {
	t.Helper()
	set, run := optimizersCommand.flags()
	if _, err := parse(set, args); err != nil {
		t.Fatal(err)
	}
	return run(ctx, w, nil)
}

var fewOptimizers = []string{"-optimizers=sgd,adam,muon", "-sizes=16K,64K", "-images=100", "-epochs=1", "-seeds=2"}

// A row says how many bytes a parameter takes, how long a step takes from each size, and what trainings end with.
func TestOptimizers(t *testing.T) {
	var out bytes.Buffer
	if err := runOptimizers(t.Context(), t, &out, append(fewOptimizers, "-format=json")...); err != nil {
		t.Fatal(err)
	}
	var rows []measure.Optimizer
	if err := json.Unmarshal(out.Bytes(), &rows); err != nil {
		t.Fatal(err)
	}
	// A weight and its gradient have 8 bytes, in bfloat16 4; a moment is read and written. A master has 4, and as many
	// for its gradient. Muon has one moment, and as many elements for its iterations as two matrices need.
	type bytes struct {
		held, moved float64
		onePass     bool
	}
	want := map[string]bytes{
		"sgd float32": {0, 12, true}, "sgd bf16": {0, 6, true}, "sgd bf16+master": {8, 18, true},
		"adam float32": {8, 28, true}, "adam bf16-states": {4, 20, true},
		"adam block8-states": {2 + 2./32, 12 + 4 + 4./32, true}, "adam bf16": {4, 14, true},
		"adam bf16+master": {16, 34, true}, "muon float32": {12, 20, false}, "muon bf16+master": {20, 26, false},
	}
	for _, r := range rows {
		name := r.Name + " " + r.Storing
		if got := (bytes{r.Held, r.Moved, r.OnePass}); got != want[name] {
			t.Errorf("%s: %v, want %v", name, got, want[name])
		}
		delete(want, name)
		if len(r.Times) != 2 || r.Times[0].Bytes != 16<<10 || r.Times[1].Bytes != 64<<10 ||
			!(r.Times[0].NsPerParameter > 0) || r.Times[1].N < 256 {
			t.Errorf("%s: times %+v", name, r.Times)
		}
		q := r.Quality
		if q == nil || len(q.Losses) != 2 || q.Losses[0] == q.Losses[1] || !(q.Accuracy() > 0) {
			t.Errorf("%s: quality %+v", name, q)
		} else if r.Storing == "float32" && !q.Within {
			t.Errorf("%s: not within itself: %+v", name, q)
		}
	}
	if len(want) > 0 {
		t.Errorf("no rows of %v", want)
	}
}

// All optimizers have a row in float32, and what a step of one pass moves is 12 bytes and all that is held, twice.
func TestAllOptimizers(t *testing.T) {
	if testing.Short() {
		t.Skip("megabytes for each row")
	}
	var out bytes.Buffer
	err := runOptimizers(t.Context(), t, &out, "-images=0", "-sizes=4K", "-storage=float32", "-format=json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []measure.Optimizer
	if err := json.Unmarshal(out.Bytes(), &rows); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range rows {
		names = append(names, r.Name)
		if r.OnePass && r.Moved != 12+2*r.Held || r.Quality != nil {
			t.Errorf("%+v", r)
		}
	}
	if !slices.Equal(names, algorithmNames()) {
		t.Errorf("rows of %v, want %v", names, algorithmNames())
	}
}

// Formats have the same rows, and columns for what is measured. An interrupt leaves those that are finished.
func TestOptimizersFormats(t *testing.T) {
	for _, images := range []string{"0", "100"} {
		chosen := append(slices.Clone(fewOptimizers), "-images", images, "-storage=bf16,float32")
		rows := []string{"sgd float32", "sgd bf16", "adam float32", "adam bf16", "muon float32"}
		for _, format := range []string{"table", "markdown", "csv"} {
			var out bytes.Buffer
			if err := runOptimizers(t.Context(), t, &out, append(chosen, "-format", format)...); err != nil {
				t.Fatal(err)
			}
			var got []string
			switch format {
			case "csv":
				lines, err := csv.NewReader(&out).ReadAll() // which wants as many cells in each
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range lines[1:] {
					got = append(got, l[0]+" "+l[1])
				}
			case "markdown":
				lines := strings.Split(strings.TrimSpace(out.String()), "\n")
				for i, l := range lines {
					cells := strings.Split(l, "|")
					if len(cells) != strings.Count(lines[0], "|")+1 {
						t.Errorf("%q has other cells than %q", l, lines[0])
					}
					if i > 1 {
						got = append(got, strings.TrimSpace(cells[1])+" "+strings.TrimSpace(cells[2]))
					}
				}
			case "table":
				_, text, _ := strings.Cut(out.String(), "\n\n")
				text, _, _ = strings.Cut(text, "\nnotice")
				for l := range strings.Lines(strings.TrimSpace(text)) {
					words := strings.Fields(l)
					got = append(got, words[0]+" "+words[1])
				}
				got = got[1:]
			}
			trained := strings.Contains(out.String(), "loss")
			if !slices.Equal(got, rows) || format != "csv" && trained != (images != "0") {
				t.Errorf("-images %s -format %s: rows %q, want %q, in\n%s", images, format, got, rows, &out)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out bytes.Buffer
	err := runOptimizers(ctx, t, io.MultiWriter(&out, stopper{"adam ", cancel}), fewOptimizers...)
	if !errors.Is(err, context.Canceled) || !strings.Contains(out.String(), "\nadam ") ||
		strings.Contains(out.String(), "\nmuon ") {
		t.Errorf("interrupted: %v\n%s", err, &out)
	}
	out.Reset()
	err = runOptimizers(ctx, t, &out, append(fewOptimizers, "-format=json")...)
	if !errors.Is(err, context.Canceled) || out.String() != "[]\n" {
		t.Errorf("interrupted before the first row: %v\n%s", err, &out)
	}
	dir := t.TempDir()
	checkFailures(t, dir, []failure{
		{[]string{"optimizers", "-optimizers=newton"}, 2, `"newton" is none of them`},
		{[]string{"optimizers", "-storage=int4"}, 2, `"int4", want float32`},
		{[]string{"optimizers", "-sizes=64K,16K"}, 2, "want the smaller ones first"},
		{[]string{"optimizers", "-sizes=much"}, 2, `"much" is neither`},
		{[]string{"optimizers", "-format=yaml"}, 2, "-format yaml, want table, markdown, csv or json"},
		{[]string{"optimizers", "-images=7"}, 2, "-images 7, want 0 or 50 to"},
		{[]string{"optimizers", "-seeds=0"}, 2, "-epochs 5, -seeds 0, want at least 1"},
		{[]string{"optimizers", "-limit=-1s"}, 2, "-limit -1s, want a time"},
	})
}
