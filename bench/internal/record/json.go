package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

// WriteJSON writes the record as JSON, which [Decode] reads.
func (r Record) WriteJSON(w io.Writer) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// WriteFile makes a file, whole or not at all, by what write writes. It replaces one only if replace is true.
func WriteFile(name string, replace bool, write func(io.Writer) error) error {
	if err := Writable(name, replace); err != nil {
		return err
	}
	return checkpoint.Replace(name, write)
}

// Writable returns why [WriteFile] would fail, as far as is known before.
func Writable(name string, replace bool) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", name)
	} else if err == nil && !replace {
		return fmt.Errorf("%s exists: it is replaced only with -f", name)
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	dir := "."
	if i := strings.LastIndexByte(strings.ReplaceAll(name, string(os.PathSeparator), "/"), '/'); i >= 0 {
		dir = name[:i+1]
	}
	f, err := os.CreateTemp(dir, ".bitstep-*") // permissions alone do not tell
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", name, err)
	}
	f.Close()
	return os.Remove(f.Name())
}

// ReadFile reads a file that [Record.WriteJSON] wrote.
func ReadFile(name string) (Record, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return Record{}, err
	}
	return Decode(name, text)
}

// Decode reads a record, and refuses one that is damaged or of a newer schema. Its errors begin with the name of the
// file, and say at which byte of it which field is wrong. Fields that are unknown are ignored: later versions of the
// same schema have them.
func Decode(name string, text []byte) (r Record, err error) {
	fail := func(offset int64, format string, args ...any) (Record, error) {
		return Record{}, fmt.Errorf("%s: byte %d: %s", name, offset, fmt.Sprintf(format, args...))
	}
	// The schema comes first: a newer one may have other types.
	var schema struct {
		Schema *int `json:"schema"`
	}
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	err = json.Unmarshal(text, &schema)
	switch {
	case errors.As(err, &syntax):
		return fail(syntax.Offset, "not a record of bench: %v", syntax)
	case errors.As(err, &typ):
		return fail(typ.Offset, "not a record of bench: %s is of type %s", field(typ), typ.Value)
	case err != nil:
		return Record{}, fmt.Errorf("%s: %w", name, err)
	case schema.Schema == nil:
		return fail(0, "not a record of bench: schema is missing")
	case *schema.Schema > Schema:
		return fail(locate(text, "schema"), "schema %d is newer than this program, which knows %d", *schema.Schema,
			Schema)
	case *schema.Schema < 1:
		return fail(locate(text, "schema"), "schema is %d", *schema.Schema)
	}
	if err := json.Unmarshal(text, &r); errors.As(err, &typ) {
		return fail(typ.Offset, "%s cannot be %s", field(typ), typ.Value)
	} else if err != nil {
		return Record{}, fmt.Errorf("%s: %w", name, err)
	}
	if path, wrong := r.wrong(); wrong != "" {
		return fail(locate(text, path...), "%s %s", join(path), wrong)
	}
	return r, nil
}

func field(e *json.UnmarshalTypeError) string {
	if e.Field == "" {
		return "the whole"
	}
	return e.Field
}

// wrong returns the path to the first field with a value that no run has, and what is wrong with it.
func (r Record) wrong() (path []any, wrong string) {
	is := func(what string, p ...any) {
		if wrong == "" {
			path, wrong = p, what
		}
	}
	positive := func(x float64, p ...any) {
		if !(x > 0) || !num.Finite(x) {
			is(fmt.Sprintf("is %v, want a positive number", x), p...)
		}
	}
	notNegative := func(x float64, p ...any) {
		if !(x >= 0) || !num.Finite(x) {
			is(fmt.Sprintf("is %v, want no negative number", x), p...)
		}
	}
	for _, f := range []struct{ name, value string }{
		{"cpu", r.Machine.CPU}, {"os", r.Machine.OS}, {"arch", r.Machine.Arch}} {
		if f.value == "" {
			is("is missing or empty", "machine", f.name)
		}
	}
	for i, row := range r.Rows {
		if !slices.Contains(Groups, row.Group) {
			is(fmt.Sprintf("is %q, want one of %s", row.Group, strings.Join(Groups, ", ")), "rows", i, "group")
		}
		if row.Name == "" {
			is("is missing or empty", "rows", i, "name")
		}
		if row.Threads < 1 {
			is(fmt.Sprintf("is %d, want at least 1", row.Threads), "rows", i, "threads")
		}
		if len(row.Samples) == 0 {
			is("is missing or empty", "rows", i, "samples")
		}
		for j, s := range row.Samples {
			positive(s, "rows", i, "samples", j)
		}
		for j, s := range row.Shares {
			positive(s, "rows", i, "shares", j)
		}
		positive(row.Median, "rows", i, "median")
		if len(row.Samples) > 0 && (row.Median < slices.Min(row.Samples) || row.Median > slices.Max(row.Samples)) {
			is(fmt.Sprintf("is %v, outside the samples", row.Median), "rows", i, "median")
		}
		for _, f := range []struct {
			name  string
			value float64
		}{{"spread", row.Spread}, {"ns_per_element", row.NsPerElement}, {"gb_s", row.GBs}, {"gflop_s", row.GFLOPs},
			{"bytes_per_element", row.BytesPerElement}, {"flops_per_element", row.FLOPs}, {"share", row.Share},
			{"images_per_second", row.ImagesPerSecond}, {"versus_go", row.VersusGo}, {"scaling", row.Scaling},
			{"bytes", float64(row.Bytes)}, {"n", float64(row.N)}} {
			notNegative(f.value, "rows", i, f.name)
		}
	}
	return path, wrong
}

// join writes a path as rows[3].median.
func join(path []any) string {
	var s strings.Builder
	for i, p := range path {
		switch p := p.(type) {
		case int:
			fmt.Fprintf(&s, "[%d]", p)
		case string:
			if i > 0 {
				s.WriteByte('.')
			}
			s.WriteString(p)
		}
	}
	return s.String()
}

// locate returns the offset of the value at a path of names and indexes in JSON that is well formed, or of the last
// value on the way to it that is there.
func locate(text []byte, path ...any) int64 {
	d := json.NewDecoder(bytes.NewReader(text))
	at := func() int64 { // of the next value: what is read may end before blanks, a colon or a comma
		offset := d.InputOffset()
		rest := text[min(offset, int64(len(text))):]
		return offset + int64(len(rest)-len(bytes.TrimLeft(rest, " \t\r\n:,")))
	}
	found := at()
	for _, p := range path {
		if _, err := d.Token(); err != nil { // the opening { or [
			return found
		}
		there := false
		for i := 0; d.More() && !there; i++ {
			var key any = i
			if _, ok := p.(string); ok {
				var err error
				if key, err = d.Token(); err != nil {
					return found
				}
			}
			if there = key == p; there {
				break
			}
			var skipped json.RawMessage
			if err := d.Decode(&skipped); err != nil {
				return found
			}
		}
		if !there {
			return found
		}
		found = at()
	}
	return found
}

// Statistics returns the median of samples, and the middle half of them over it.
func Statistics(samples []float64) (median, spread float64) {
	s := slices.Sorted(slices.Values(samples))
	if len(s) == 0 {
		return math.NaN(), math.NaN()
	}
	median = float64(s[(len(s)-1)/2]/2) + float64(s[len(s)/2]/2)
	return median, (s[len(s)*3/4] - s[len(s)/4]) / median
}
