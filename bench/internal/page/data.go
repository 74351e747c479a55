package page

import (
	"fmt"
	"slices"

	"github.com/bitstep-go/bitstep/bench/internal/record"
)

// types are the element types, as rows and headings have them.
var types = []string{"float32", "float64"}

// levels are where a working set can lie, from the fastest.
var levels = []string{"L1", "L2", "L3", "DRAM"}

// rows returns the rows of r for which keep holds.
func rows(r record.Record, keep func(record.Row) bool) (kept []record.Row) {
	for _, row := range r.Rows {
		if keep(row) {
			kept = append(kept, row)
		}
	}
	return kept
}

// measured returns the rows of a group on one thread, on the backend that the record is about.
func measured(r record.Record, group, typ string) []record.Row {
	return rows(r, func(row record.Row) bool {
		return row.Group == group && row.Type == typ && row.Threads == 1 && row.Backend == r.Machine.Active
	})
}

// shared returns the rows of a group on more threads than one.
func shared(r record.Record, group, typ string) []record.Row {
	return rows(r, func(row record.Row) bool {
		return row.Group == group && row.Type == typ && row.Threads > 1 && row.Scaling > 0 &&
			row.Backend == r.Machine.Active
	})
}

// peak is the highest rate of arithmetic that a ceiling of this type reached on one thread, in GFLOP/s.
func peak(r record.Record, typ string) (most float64) {
	for _, row := range r.Rows {
		if row.Group == record.Ceiling && row.Threads == 1 && (row.Type == typ || row.Type == "") {
			most = max(most, row.GFLOPs)
		}
	}
	return most
}

// bandwidth is the highest rate that a ceiling reached at a level, in GB/s.
func bandwidth(r record.Record, level string, threads int) (most float64) {
	for _, row := range r.Rows {
		if row.Group == record.Ceiling && row.Threads == threads && row.Level == level {
			most = max(most, row.GBs)
		}
	}
	return most
}

// gflops is the rate of arithmetic of a row.
func gflops(r record.Row) float64 {
	if r.GFLOPs == 0 && r.NsPerElement > 0 {
		return r.FLOPs / r.NsPerElement
	}
	return r.GFLOPs
}

// intensity is how many operations a row does per byte that it moves: of a product, per byte of its three matrices,
// which is the least that it can move.
func intensity(r record.Row) float64 {
	var m, n, k float64
	if parsed, err := fmt.Sscanf(r.Shape, "%gx%gx%g", &m, &n, &k); err == nil && parsed == 3 {
		return 2 * m * n * k / ((float64(m*k) + float64(k*n) + float64(m*n)) * float64(sizeOf(r.Type)))
	}
	if r.BytesPerElement == 0 {
		return 0
	}
	return r.FLOPs / r.BytesPerElement
}

func sizeOf(typ string) int {
	if typ == "float64" {
		return 8
	}
	return 4
}

// names are the names of rows in their order, each once.
func names(rows []record.Row) (names []string) {
	for _, r := range rows {
		if !slices.Contains(names, r.Name) {
			names = append(names, r.Name)
		}
	}
	return names
}

// A key figure is what is read first.
type keyFigure struct{ Label, Value, Note string }

// keyFigures are the few figures of a record that say most of it. Those that were not measured are empty.
func keyFigures(r record.Record) []keyFigure {
	all := []keyFigure{
		{"FMA peak, float32", unit(peak(r, "float32"), "GFLOP/s"), "one thread"},
		{"memory", unit(bandwidth(r, "DRAM", 1), "GB/s"), threadsNote(r)},
	}
	for _, level := range []string{"L2", "DRAM"} {
		f := keyFigure{Label: "Adam from " + level}
		for _, row := range measured(r, record.Kernel, "float32") {
			if row.Name == "Adam" && row.Level == level {
				f.Value, f.Note = unit(row.NsPerElement, "ns/element"), ofCeiling(row)
			}
		}
		all = append(all, f)
	}
	product := keyFigure{Label: "best product"}
	best := 0.0
	for _, row := range measured(r, record.Product, "float32") {
		if g := gflops(row); g > best {
			best = g
			product.Value, product.Note = unit(g, "GFLOP/s"), ofCeiling(row)
		}
	}
	epoch := keyFigure{Label: "training"}
	fastest := 0.0
	for _, row := range rows(r, func(row record.Row) bool { return row.Group == record.Training }) {
		if row.ImagesPerSecond > fastest {
			fastest = row.ImagesPerSecond
			epoch.Value, epoch.Note = unit(fastest, "images/s"), plural(row.Threads, "thread")
		}
	}
	return append(all, product, epoch)
}

func threadsNote(r record.Record) string {
	if r.Machine.Threads > 1 {
		if b := bandwidth(r, "DRAM", r.Machine.Threads); b > 0 {
			return fmt.Sprintf("one thread; %s on %d", unit(b, "GB/s"), r.Machine.Threads)
		}
	}
	return "one thread"
}

func ofCeiling(r record.Row) string {
	if r.Share == 0 {
		return ""
	}
	return percent(r.Share) + " of its ceiling"
}

func unit(x float64, of string) string {
	if x == 0 {
		return ""
	}
	return figures(x) + " " + of
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
