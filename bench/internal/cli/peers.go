package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/measure"
	"github.com/bitstep-go/bitstep/bench/internal/peers"
	"github.com/bitstep-go/bitstep/bench/internal/record"
)

var peersCommand = command{
	name:    "peers",
	summary: "measure other ways to compute the same, in turns with bitstep",
	about: `Measures, on one thread and in turns, bitstep beside what else a Go program can call: a loop in Go, gonum's
BLAS, vectors of the compiler (simd/archsimd, if the program was built with GOEXPERIMENT=simd), and OpenBLAS, BLIS and
oneDNN where they are installed (if it was built with cgo; the call from Go is part of their times).

Results of bitstep are checked to the bit against their definitions, those of others against them: they may be off by
what rounding in another order explains, gamma(k) times the sum of the products' absolute values on either side.`,
	example: `  bench peers
  bench peers -quick
  GOEXPERIMENT=simd go run ./bench peers -o peers.json`,
	register: func(set *flag.FlagSet) runner {
		quick := set.Bool("quick", false, "fewer sizes and samples, nothing from memory")
		out := set.String("o", "", "also write the record to this `file`, as JSON")
		replace := set.Bool("f", false, "replace the file if it exists")
		return func(ctx context.Context, w io.Writer, _ []string) error {
			if *out != "" { // better now than when all is measured
				if err := record.Writable(*out, *replace); err != nil {
					return usageError{fmt.Errorf("-o: %w", err)}
				}
			}
			r, err := measurePeers(ctx, w, *quick)
			if *out != "" {
				if err := record.WriteFile(*out, *replace, r.WriteJSON); err != nil {
					return err
				}
				fmt.Fprintf(w, "\nwritten: %s\n", *out)
			}
			return err
		}
	},
}

func measurePeers(ctx context.Context, w io.Writer, quick bool) (record.Record, error) {
	r := newRecording()
	d := measure.Default(r.Machine)
	if quick {
		d = measure.Quick(r.Machine)
	}
	o := peers.Options{Backend: bitstep.Active(), Machine: r.Machine, Quick: quick, Timer: d.Timer,
		Between: r.watch.Sample}
	for _, why := range peers.Missing() {
		fmt.Fprintf(w, "not here: %s\n", why)
	}
	err := r.finish(peers.Run(ctx, o, r.add))
	printPeers(w, r.Rows)
	return r.Record, err
}

// printPeers prints a table for each element type: a line for each task, a column for each peer.
func printPeers(w io.Writer, rows []record.Row) {
	for _, typ := range elementTypes {
		of := slices.DeleteFunc(slices.Clone(rows), func(r record.Row) bool { return r.Type != typ })
		if len(of) == 0 {
			continue
		}
		var names []string
		for _, r := range of {
			if !slices.Contains(names, r.Peer) {
				names = append(names, r.Peer)
			}
		}
		fmt.Fprintf(w, "\n%s, one thread, GFLOP/s (? unstable); bitstep's bits checked, others' values\n", typ)
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintf(t, "\t\t%s\t\n", strings.Join(names, "\t"))
		for len(of) > 0 {
			k := task(of[0])
			cells := make([]string, len(names))
			for len(of) > 0 && task(of[0]) == k {
				cell := fmt.Sprintf("%.1f", of[0].GFLOPs)
				if of[0].Unstable {
					cell += "?"
				} else {
					cell += " "
				}
				cells[slices.Index(names, of[0].Peer)] = cell
				of = of[1:]
			}
			fmt.Fprintf(t, "%s\t%s%s\t%s\t\n", k.Name, k.Shape, k.Level, strings.Join(cells, "\t"))
		}
		t.Flush()
	}
}

// task is what rows of peers have in common.
func task(r record.Row) record.Key {
	k := r.Key()
	k.Peer, k.Backend = "", ""
	return k
}
