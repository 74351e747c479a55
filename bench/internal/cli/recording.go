package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/bitstep-go/bitstep/bench/internal/machine"
	"github.com/bitstep-go/bitstep/bench/internal/page"
	"github.com/bitstep-go/bitstep/bench/internal/record"
)

// A recording is the record of a run that goes on.
type recording struct {
	record.Record
	watch *machine.Watch
}

// newRecording begins the record of this command line.
func newRecording() *recording {
	return &recording{record.Record{Schema: record.Schema, Program: machine.Program(), Command: os.Args[1:],
		Started: time.Now().UTC().Truncate(time.Second), Machine: machine.Describe(), Notices: []string{},
		Rows: []record.Row{}}, machine.NewWatch()}
}

func (r *recording) add(row record.Row) { r.Rows = append(r.Rows, row) }

// finish completes the record of a run that ended with an error or nil. A limit of time is no error, but rows may be
// missing then too.
func (r *recording) finish(err error) error {
	r.Seconds = time.Since(r.Started).Seconds()
	r.Notices = append(append(r.Notices, r.watch.Notices()...), sharedCores(r.Rows)...)
	if errors.Is(err, context.DeadlineExceeded) {
		r.Notices = append(r.Notices, "the limit of time ended the run: rows are missing")
		return nil
	}
	r.Complete = err == nil
	return err
}

// sharedCores tells of CPUs that share cores, which the system need not know: several threads reach less than as many
// times the arithmetic of one.
func sharedCores(rows []record.Row) []string {
	alone := map[record.Key]float64{}
	for _, row := range rows {
		if row.Group != record.Ceiling || row.Name != "fma" {
			continue
		}
		k := row.Key()
		k.Threads, k.N = 1, 0
		if row.Threads == 1 {
			alone[k] = row.GFLOPs
		} else if one := alone[k]; one > 0 && row.GFLOPs < .75*float64(row.Threads)*one {
			return []string{fmt.Sprintf("%d threads reach %.1f times the fma peak of one: they share cores, or other "+
				"processes run", row.Threads, row.GFLOPs/one)}
		}
	}
	return nil
}

// printNotices tells what makes the figures doubtful.
func (r *recording) printNotices(w io.Writer) {
	unstable := 0
	for _, row := range r.Rows {
		if row.Unstable {
			unstable++
		}
	}
	if unstable > 0 {
		fmt.Fprintf(w, "notice    %d of %d rows are unstable\n", unstable, len(r.Rows))
	}
	for _, n := range r.Notices {
		fmt.Fprintf(w, "notice    %s\n", n)
	}
}

// An output is where a record is written to.
type output struct {
	name    string
	replace bool
}

// files are a record's file of JSON and, beside it, its page.
func (o output) files() (data, report string) {
	stem := strings.TrimSuffix(strings.TrimSuffix(o.name, ".json"), ".html")
	return stem + ".json", stem + ".html"
}

// check returns a usageError if the files cannot be written.
func (o output) check() error {
	data, report := o.files()
	for _, name := range []string{data, report} {
		if err := record.Writable(name, o.replace); err != nil {
			return usageError{fmt.Errorf("-o: %w", err)}
		}
	}
	return nil
}

// write writes both files and tells their names.
func (o output) write(w io.Writer, r record.Record) error {
	data, report := o.files()
	if err := record.WriteFile(data, o.replace, r.WriteJSON); err != nil {
		return err
	}
	err := record.WriteFile(report, o.replace, func(w io.Writer) error { return page.Write(w, r) })
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nreport    %s\nrecord    %s\n", report, data)
	return nil
}

// usualOutput is a place among the user's caches, named by time and CPU.
func usualOutput(m record.Machine) (output, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	dir = filepath.Join(dir, "bitstep", "bench")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return output{}, err
	}
	cpu := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(m.CPU), "-"), "-")
	return output{filepath.Join(dir, time.Now().Format("2006-01-02-150405-")+cpu), false}, nil
}
