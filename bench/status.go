package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/bitstep-go/bitstep/linear"
)

// A usageError is a mistake in the command line.
type usageError struct{ error }

// exitStatus parses the command line, runs a subcommand and returns the exit status: 1 after an error, 2
// after a mistake in the command line, 130 after an interrupt.
func exitStatus(set *flag.FlagSet, args []string, run func(context.Context, io.Writer) error) int {
	if err := set.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if set.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "bench %s: unexpected argument %q; -help lists the flags\n", set.Name(), set.Arg(0))
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	again := resumeCommand(set)
	err := run(ctx, os.Stdout)
	var interrupted *linear.InterruptedError
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &interrupted) && interrupted.Checkpoint != "":
		fmt.Fprintf(os.Stderr, "\nInterrupted after step %d, which is saved in %s.\nTo go on:  %s\n", interrupted.Step,
			interrupted.Checkpoint, again)
		return 130
	case err == context.Canceled:
		fmt.Fprintf(os.Stderr, "\nbench %s: interrupted\n", set.Name())
		return 130
	case errors.Is(err, context.Canceled): // a checkpoint that could not be written is told too
		fmt.Fprintf(os.Stderr, "\nbench %s: interrupted: %v\n", set.Name(), err)
		return 130
	case errors.As(err, &usage):
		fmt.Fprintf(os.Stderr, "bench %s: %v; -help lists the flags\n", set.Name(), err)
		return 2
	}
	fmt.Fprintf(os.Stderr, "bench %s: %v\n", set.Name(), err)
	return 1
}

// resumeCommand returns the command that goes on with an interrupted run: the flags that were given, as a shell
// reads them, and -resume. Another order or spelling of them would do; a run without -resume begins anew and
// replaces the one that was saved.
func resumeCommand(set *flag.FlagSet) string {
	words := []string{"go", "run", "./bench", set.Name(), "-resume"}
	if !strings.Contains(os.Args[0], "go-build") { // where go run puts a program: this one is installed
		words = append([]string{quote(os.Args[0])}, words[3:]...)
	}
	set.Visit(func(f *flag.Flag) { // those that were given
		if f.Name != "resume" {
			words = append(words, quote("-"+f.Name+"="+f.Value.String()))
		}
	})
	return strings.Join(words, " ")
}

var plain = regexp.MustCompile(`^[-+.,:=@/\w]+$`)

// quote returns a word as a POSIX shell, and PowerShell but for a ', reads it.
func quote(word string) string {
	if plain.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
