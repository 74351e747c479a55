package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/posener/complete/v2/predict"

	"github.com/bitstep-go/bitstep/bench/internal/page"
	"github.com/bitstep-go/bitstep/bench/internal/record"
)

var machinesCommand = command{
	name:    "machines",
	summary: "make a table of machines, as HTML, of a folder of records",
	args:    "DIR",
	words:   predict.Dirs("*"),
	about: `Reads all records (*.json) of a folder and writes a page with a row for each machine: whether its digest is
that of the others, its key figures and its shares of ceilings. The first rows are machines that the project measured.`,
	example: `  bench machines records
  bench machines -o table.html -f records`,
	register: func(set *flag.FlagSet) runner {
		out := set.String("o", "machines.html", "write this `file`")
		replace := set.Bool("f", false, "replace the file if it exists")
		alone := set.Bool("alone", false, "without the machines that the project measured")
		return func(_ context.Context, w io.Writer, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("want one folder of records, got %d arguments", len(args))}
			}
			if err := record.Writable(*out, *replace); err != nil { // better now than when all is read
				return usageError{fmt.Errorf("-o: %w", err)}
			}
			given, err := readRecords(args[0])
			if err != nil {
				return err
			}
			all := given
			if !*alone {
				own, err := page.Machines()
				if err != nil {
					return err
				}
				all = append(own, given...)
			}
			err = record.WriteFile(*out, *replace, func(w io.Writer) error { return page.WriteMachines(w, all) })
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s: %s, of which %d from %s\n", *out, count(len(all), "machine"), len(given), args[0])
			return nil
		}
	},
}

// readRecords reads all records of a folder, in the order of their names. It tells of every file that is none.
func readRecords(dir string) (all []record.Record, err error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a folder", dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var bad []error
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".json" || e.IsDir() {
			continue
		}
		r, err := record.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			bad = append(bad, err)
			continue
		}
		all = append(all, r)
	}
	if len(bad) == 0 && len(all) == 0 {
		return nil, fmt.Errorf("%s has no *.json", dir)
	}
	return all, errors.Join(bad...)
}
