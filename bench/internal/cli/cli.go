// Package cli is the command bench: its subcommands, their flags and what they print.
package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/posener/complete/v2"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

// A command is a subcommand of bench.
type command struct {
	name    string             // as it is typed; empty for bench without a subcommand
	summary string             // a line in the list of commands
	about   string             // what it does, in sentences, for -help
	example string             // command lines, for -help
	args    string             // what it takes but for flags; if empty, nothing
	words   complete.Predictor // what a shell offers for args; nil for nothing
	// register declares the flags, and returns what runs the command once they are parsed.
	register func(*flag.FlagSet) runner
}

// A runner runs a subcommand and prints to w. The flags are parsed; args is what is left.
type runner func(ctx context.Context, w io.Writer, args []string) error

// commands are the subcommands; the first is bench without one.
func commands() []command {
	return []command{everything, verifyCommand, measureCommand, compareCommand, machinesCommand, peersCommand,
		trainCommand, auditCommand, randomSearchCommand, optimizersCommand, raceCommand, pageCommand, completionCommand}
}

// Main runs bench with these arguments and returns the exit status: 1 after an error, 2 after a mistake in the
// command line, 130 after an interrupt.
func Main(args []string) int {
	if completed(os.Getenv("COMP_LINE"), os.Getenv("COMP_POINT")) {
		return 0
	}
	all := commands()
	chosen := all[0]
	if len(args) > 0 && args[0] == "help" {
		if len(args) == 1 {
			stdout := &printed{w: os.Stdout}
			help(stdout)
			return stdout.status("bench help")
		}
		if len(args) > 2 {
			fmt.Fprintf(os.Stderr, "%s help: unexpected argument %q; it takes one command\n", program(), args[2])
			return 2
		}
		args = []string{args[1], "-help"}
	}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name := args[0]
		args = args[1:]
		chosen = command{}
		for _, c := range all[1:] {
			if c.name == name {
				chosen = c
			}
		}
		if chosen.register == nil {
			fmt.Fprintf(os.Stderr, "%s: there is no subcommand %q; %s help lists them\n", program(), name, program())
			return 2
		}
	}
	return chosen.execute(args)
}

// help lists the subcommands.
func help(w io.Writer) {
	all := commands()
	fmt.Fprintf(w, "usage: %s [command] [flags]\n\n%s\n\ncommands:\n", program(), all[0].about)
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, c := range all {
		name := c.name
		if name == "" {
			name = "(none)"
		}
		fmt.Fprintf(t, "  %s\t%s\n", name, c.summary)
	}
	t.Flush()
	fmt.Fprintf(w, "\n%s command -help says what a command does and lists its flags.\n", program())
	fmt.Fprintf(w, "eval \"$(%s completion bash)\" makes a shell complete them; so do zsh and fish.\n", program())
	fmt.Fprintf(w, "BITSTEP=NAME in the environment chooses a backend: this machine runs %v.\n", bitstep.Backends())
}

// writeFile replaces a file whole or not at all.
func writeFile(name string, text []byte) error {
	return checkpoint.Replace(name, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}
