package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/bitstep-go/bitstep/bench/internal/browser"
	"github.com/bitstep-go/bitstep/bench/internal/record"
)

var pageCommand = command{
	name:    "page",
	summary: "build a page that verifies and trains in a browser",
	about: `Builds a page with bitstep as WebAssembly: in a visitor's browser it verifies the kernels, trains a
classifier with a live curve and live pictures of its weights, and compares the digests with those of other machines.
It is one file, which works from a disk and on any server, and makes no request. It takes the go command, and
bitstep's source: a clone, or a module that requires bitstep.`,
	example: `  bench page
  bench page -o index.html -f`,
	register: func(set *flag.FlagSet) runner {
		out := set.String("o", "page.html", "write this `file`")
		replace := set.Bool("f", false, "replace the file if it exists")
		return func(ctx context.Context, w io.Writer, _ []string) error {
			if err := record.Writable(*out, *replace); err != nil {
				return usageError{fmt.Errorf("-o: %w", err)}
			}
			p, err := browser.Build(ctx)
			if err != nil {
				return err
			}
			if err := record.WriteFile(*out, *replace, p.Write); err != nil {
				return err
			}
			info, err := os.Stat(*out)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s: %.1f MB; open it in a browser, or put it on a server\n", *out,
				float64(info.Size())/1e6)
			return nil
		}
	},
}
