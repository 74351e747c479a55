package record

import (
	"encoding/csv"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/perf/benchfmt"
)

// Kinds says how many CPUs are of which kind of core, or nothing if all are of one.
func (m Machine) Kinds() string {
	var words []string
	for _, k := range m.CoreKinds {
		words = append(words, fmt.Sprintf("%d %s", k.Count, k.Kind))
	}
	return strings.Join(words, ", ")
}

// Pinned says which CPU threads were pinned to, or nothing if they were not.
func (m Machine) Pinned() string {
	if m.PinnedCPU == nil {
		return ""
	}
	text := fmt.Sprintf("CPU %d", *m.PinnedCPU)
	for _, k := range m.CoreKinds {
		if slices.Contains(k.CPUs, *m.PinnedCPU) {
			text += ", for " + k.Kind
		}
	}
	return text
}

// WriteGo writes the rows in the format of Go's benchmarks, which benchstat reads: a line a sample.
func (r Record) WriteGo(w io.Writer) error {
	out := benchfmt.NewWriter(w)
	var config []benchfmt.Config
	for _, c := range [][2]string{{"goos", r.Machine.OS}, {"goarch", r.Machine.Arch},
		{"pkg", "github.com/bitstep-go/bitstep"}, {"cpu", r.Machine.CPU}, {"bitstep", r.Program.Version},
		{"commit", r.Program.Revision}, {"go", r.Program.Go}} {
		if c[1] != "" {
			config = append(config, benchfmt.Config{Key: c[0], Value: []byte(c[1]), File: true})
		}
	}
	for _, row := range r.Rows {
		name := benchfmt.Name(row.Benchmark())
		for _, s := range row.Samples {
			values := []benchfmt.Value{{Value: s, Unit: "ns/op"}}
			scaled := func(x float64, unit string) { // a rate of the median is that of a sample in proportion
				if x > 0 {
					values = append(values, benchfmt.Value{Value: x * row.Median / s, Unit: unit})
				}
			}
			scaled(row.GBs, "GB/s")
			scaled(row.GFLOPs, "GFLOP/s")
			scaled(row.ImagesPerSecond, "images/s")
			if err := out.Write(&benchfmt.Result{Config: config, Name: name, Iters: 1, Values: values}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Benchmark is the row's name among Go's benchmarks: the group, then what tells the row from others, and at the end, as
// usual there, the threads.
func (row Row) Benchmark() string {
	var s strings.Builder
	s.WriteString(strings.ToUpper(row.Group[:1]) + row.Group[1:])
	part := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&s, "/%s=%s", key, strings.Map(func(c rune) rune {
				if unicode.IsSpace(c) || c == '/' {
					return '_'
				}
				return c
			}, value))
		}
	}
	number := func(key string, n int) {
		if n > 0 {
			part(key, strconv.Itoa(n))
		}
	}
	part("name", row.Name)
	part("peer", row.Peer)
	part("type", row.Type)
	part("backend", row.Backend)
	part("level", row.Level)
	number("bytes", row.Bytes)
	number("n", row.N)
	part("shape", row.Shape)
	fmt.Fprintf(&s, "-%d", row.Threads)
	return s.String()
}

// WriteCSV writes the rows as a table of comma-separated values. Its columns are the fields of a row under their names
// in JSON; samples, and counters as name=value, are separated by blanks.
func (r Record) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	var header []string
	t := reflect.TypeFor[Row]()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		header = append(header, name)
	}
	out.Write(header)
	for _, row := range r.Rows {
		var cells []string
		for i := range t.NumField() {
			cells = append(cells, cell(reflect.ValueOf(row).Field(i)))
		}
		out.Write(cells)
	}
	out.Flush()
	return out.Error()
}

// cell writes a value, and nothing for one that does not apply.
func cell(v reflect.Value) string {
	var words []string
	switch x := v.Interface().(type) {
	case []float64:
		for _, s := range x {
			words = append(words, strconv.FormatFloat(s, 'g', -1, 64))
		}
	case map[string]float64:
		for name, value := range x {
			words = append(words, name+"="+strconv.FormatFloat(value, 'g', -1, 64))
		}
		slices.Sort(words)
	case bool:
		return strconv.FormatBool(x)
	default:
		if v.IsZero() {
			return ""
		}
		return fmt.Sprint(x)
	}
	return strings.Join(words, " ")
}
